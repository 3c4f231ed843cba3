"""Activities, programs and members for tests: plain functions with good defaults.

`a_program` reads a snippet of YAML as the program language writes it; `a_member` begins a life in
a program that lies in memory. What the core asks for is answered from there; what it leaves behind
is kept as a database would keep it, through text, so that no test rests on a value that could not
have been stored. After every decision it is asked whether an argument was changed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from textwrap import dedent, indent
from typing import TypeVar

from guerdon.core.activity import Activity, Instant, Line, Value
from guerdon.core.amounts import to_minor
from guerdon.core.decision import Decision
from guerdon.core.decision import Given as Answers
from guerdon.core.lots import Lot
from guerdon.core.plain import record_to_plain, standing_from_plain, standing_to_plain
from guerdon.core.program import Program
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import PageWrite, Plain, Standing, WalletState
from guerdon.core.views import MissionView, TierView, View
from guerdon.core.windows import parse_instant
from guerdon.program.load import load
from guerdon.program.memory import Memory
from guerdon.program.mistakes import errors

T = TypeVar("T")
Given = str | int | bool | Decimal | None | Sequence["Given"]
"""A value of an activity as a test writes it; decimals may be written as text in numbers' place."""


def instant(text: str) -> Instant:
    """Return an instant: `2026-03-01`, `2026-03-01 10:00`, both in UTC, or RFC 3339."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return parse_instant(moment.isoformat())


def shown(at: int | None) -> str | None:
    """Return an instant as `instant` reads it: without the time where it is midnight in UTC."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return text.removesuffix(":00").removesuffix(" 00:00")


def value(given: Given) -> Value:
    """Return a value as the door normalises it: numbers as decimals, truth values as words."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int):
        return Decimal(given)
    if isinstance(given, str | Decimal) or given is None:
        return given
    return tuple(value(item) for item in given)


def money(given: str | int, scale: int = 2) -> int:
    """Return an amount of money in minor units: 12 and "12.34" are 1200 and 1234."""
    return to_minor(Decimal(given), scale)


def a_line(amount: str | int, **fields: Given) -> Line:
    """Return one line of a purchase."""
    return Line(amount=money(amount), fields={name: value(each) for name, each in fields.items()})


_LINE_FIELDS = ("sku", "category", "brand")


def an_activity(  # noqa: PLR0913 - what an activity can carry
    type: str = "purchase",  # noqa: A002 - the word of the program language
    at: str = "2026-03-02 10:00",
    *,
    id: str = "a1",  # noqa: A002 - as above
    member: str | None = "ana",
    received: str | None = None,
    amount: str | int | None = None,
    lines: Sequence[Line] = (),
    ref: str | None = None,
    partner: str | None = None,
    reporter: str = "service",
    **data: Given,
) -> Activity:
    """Return an activity; `amount` makes one line, other fields go into `data`.

    `attrs` and other maps are given as keys with `__` for the point: `attrs__birthday="02-29"`.
    """
    values = {name.replace("__", "."): value(each) for name, each in data.items()}
    if amount is not None:
        fields = {name: values.pop(name) for name in _LINE_FIELDS if name in values}
        lines = [Line(amount=money(amount), fields=fields, whole=True)]
    happened = instant(at)
    return Activity(
        id=id,
        type=type,
        at=happened,
        received=happened if received is None else instant(received),
        member=member,
        reporter=reporter,
        ref=ref,
        partner=partner,
        lines=tuple(lines),
        data=values,
    )


@lru_cache(maxsize=1024)
def _loaded(snippet: str) -> Program:
    loaded = load(f"program:\n  id: shop\n{indent(dedent(snippet), '  ')}")
    wrong = [f"line {m.line}: {m.message} {m.remedy}" for m in errors(loaded.mistakes)]
    assert not wrong, wrong
    assert loaded.program is not None
    return loaded.program


def a_program(snippet: str, *, version: int = 1, begin: str | None = None) -> Program:
    """Return a program from what would stand beneath `program:`, its id aside."""
    from_on = Instant(0) if begin is None else instant(begin)
    return replace(_loaded(snippet), version=version, begin=from_on)


class Town(Memory):
    """The members of one program, all in memory, and the versions of its rulebook."""

    def __init__(self, *versions: Program) -> None:
        super().__init__(versions[-1])
        self.rulebook = Rulebook(versions)
        self.count = 0
        self.decided: list[Decision] = []

    def decide(self, activity: Activity) -> Decision:
        """Decide an activity, then what it causes for others; no argument may change."""
        standing = self.standings.get(activity.member or "")
        before = deepcopy((standing and standing_to_plain(standing), activity))
        decision = super().decide(activity)
        assert (standing and standing_to_plain(standing), activity) == before
        self.decided.append(decision)
        for follow_up in decision.follow_ups:
            name = follow_up.member or ""
            if follow_up.type != "absorbed_erased":
                name = self.survivor(name)
            self.decide(replace(follow_up, member=name))
        return decision

    def answering(self, member: str, ask: Callable[[Answers], T]) -> T:
        """Return the outcome of something that asks; what it was given may not change either."""

        def watched(given: Answers) -> T:
            before = deepcopy(_told(given))
            outcome = ask(given)
            assert _told(given) == before
            return outcome

        return super().answering(member, watched)

    def keep(self, member: str, decision: Decision) -> None:
        """Keep what a decision leaves behind as text keeps it."""
        super().keep(member, decision)
        if member in self.standings:
            printed = record_to_plain(standing_to_plain(decision.standing))
            self.standings[member] = standing_from_plain(json.loads(json.dumps(printed)))

    def turn(self, member: str, writes: list[PageWrite]) -> None:
        """Keep pages as text keeps them."""
        super().turn(member, [each._replace(value=_through_text(each.value)) for each in writes])


def _told(given: Answers) -> Plain:
    donors = {name: standing_to_plain(donor) for name, donor in given.donors.items()}
    return given.entries, given.loaded, given.claims, donors


def _through_text(found: Plain) -> Plain:
    return json.loads(json.dumps(record_to_plain(found)))


class Life:
    """One member of a town; activities in order of arrival, and what is seen of them."""

    def __init__(self, town: Town, name: str) -> None:
        self.town = town
        self.name = name

    # ------------------------------------------------------------ what happens

    def does(self, type: str, at: str, **fields: Given | Sequence[Line]) -> Decision:  # noqa: A002 - the word of the language
        """Report an activity and return what was decided; ids count up unless given."""
        if "id" not in fields:
            self.town.count += 1
        named = {"id": f"a{self.town.count}", "member": self.name, **fields}
        return self.town.decide(an_activity(type, at, **named))  # type: ignore[arg-type]

    def buys(self, amount: str | int, at: str, **fields: Given | Sequence[Line]) -> Decision:
        """Report a purchase of one amount."""
        return self.does("purchase", at, amount=str(amount), **fields)

    def refunds(self, of: str, at: str, **fields: Given | Sequence[Line]) -> Decision:
        """Report a refund, of everything unless an amount or lines are given."""
        return self.does("refund", at, of=of, **fields)

    def redeems(self, item: str, at: str, **fields: Given | Sequence[Line]) -> Decision:
        """Report a redemption."""
        return self.does("redemption", at, item=item, **fields)

    def waits(self, until: str) -> Decision:
        """Let time pass."""
        return self.town.settle(self.name, instant(until))

    # ------------------------------------------------------------ what is seen

    @property
    def standing(self) -> Standing:
        """The standing as it was kept last."""
        return self.town.standings[self.town.survivor(self.name)]

    def due(self) -> str | None:
        """Return when time alone changes something next."""
        return shown(self.standing.due_at)

    def view(self, at: str) -> View:
        """Return a reader as of an instant; for shelves that may have spilled use the others."""
        return self.town.view(self.name, instant(at), lambda view: view)

    def wallet(self, at: str, slug: str = "points") -> WalletState:
        """Return a wallet's totals."""
        return self.town.view(self.name, instant(at), lambda view: view.wallet(slug))

    def balance(self, at: str, slug: str = "points") -> int:
        """Return what can be spent, in minor units."""
        return self.wallet(at, slug).spendable

    def lots(self, at: str, slug: str = "points") -> list[Lot]:
        """Return the living lots in spending order."""
        return self.town.view(self.name, instant(at), lambda view: view.lots(slug))

    def left(self, at: str, slug: str = "points") -> dict[str, int]:
        """Return what is left of each living lot by its name, in spending order."""
        return {lot.name: lot.left for lot in self.lots(at, slug)}

    def expiries(self, at: str, slug: str = "points") -> dict[str, str | None]:
        """Return when each living lot is gone."""
        return {lot.name: shown(lot.expires) for lot in self.lots(at, slug)}

    def tier(self, at: str, ladder: str = "status") -> str:
        """Return the id of the tier shown."""
        return self.tier_view(at, ladder).tier.id

    def tier_view(self, at: str, ladder: str = "status") -> TierView:
        """Return the tier shown with its dates."""
        return self.town.view(self.name, instant(at), lambda view: view.tier(ladder))

    def counter(self, at: str, slug: str) -> int:
        """Return a counter's value now, in its minor units."""
        return self.town.view(self.name, instant(at), lambda view: view.counter(slug))

    def mission(self, at: str, slug: str) -> MissionView:
        """Return where the member stands in a mission."""
        return self.town.view(self.name, instant(at), lambda view: view.mission(slug))

    def vouchers(self, at: str) -> dict[str, str]:
        """Return the state of each voucher by name."""
        now = instant(at)
        found = self.town.view(self.name, now, lambda view: view.vouchers())
        return {name: voucher.shown(now) for name, voucher in found.items()}

    def badges(self) -> dict[str, str | None]:
        """Return the instant of each badge."""
        return {slug: shown(at) for slug, at in self.standing.badges.items()}


def a_town(*versions: Program | str) -> Town:
    """Return a program in memory in which nobody is enrolled; newer versions come later."""
    return Town(*(a_program(each) if isinstance(each, str) else each for each in versions))


def a_member(
    where: Town | Program | str,
    *,
    name: str = "ana",
    enrolled: str = "2026-01-01",
    **attributes: Given,
) -> Life:
    """Return a member who enrolled; a program or a snippet of one gives a town of their own."""
    town = where if isinstance(where, Town) else a_town(where)
    life = Life(town, name)
    fields: Mapping[str, Given] = {
        key if key == "referrer" else f"attrs.{key}": each for key, each in attributes.items()
    }
    decision = life.does("enrollment", enrolled, id=f"{name}.enrolled", **fields)
    assert decision.result == "accepted", decision.reason
    return life
