"""The working state of one decision: a fork of the standing, and what has come of it so far.

Every module of the core reads and writes through this; nothing outside the core sees it. Rule:
entries outside the head are only touched after they were given; otherwise `Needed` is raised and
the whole decision is made anew, which is why nothing here may have an effect outside itself.
"""

from collections.abc import Iterable
from typing import TypeVar

from guerdon.core.activity import Activity, Instant
from guerdon.core.context import member_value
from guerdon.core.decision import (
    Claim,
    Decision,
    Effect,
    Given,
    Needed,
    Posting,
)
from guerdon.core.program import Condition, Program
from guerdon.core.rulebook import Rulebook, Version
from guerdon.core.shelving import Shelving
from guerdon.core.standing import (
    LadderState,
    MissionState,
    PageWrite,
    Standing,
    WalletState,
)

State = TypeVar("State", LadderState, MissionState)


class Deciding(Shelving):
    """One decision in the making, at the instant `now`."""

    __slots__ = (
        "_today",
        "activity",
        "claims",
        "decision",
        "lessened",
        "moved",
        "now",
        "owned",
        "rulebook",
        "scratch",
        "state",
        "touched",
        "wallets",
    )

    def __init__(
        self,
        rulebook: Rulebook,
        standing: Standing,
        *,
        now: Instant,
        given: Given,
        activity: Activity | None = None,
    ) -> None:
        self.rulebook = rulebook
        super().__init__(standing.fork(), given)
        self.now = now
        self.activity = activity
        self.state: Version = rulebook.at(now)
        self.decision = Decision(result="accepted", standing=self.standing)
        self.owned: set[tuple[str, str]] = set()
        self.wallets: dict[str, WalletState] = {}
        self.touched: dict[str, dict[str, int]] = {}
        self.moved: dict[str, dict[str, int]] = {}
        self._today = (_NEVER, 0)
        self.scratch: dict[str, list[tuple[str, str]]] = {}
        self.lessened: list[tuple[str, str, int]] = []
        """Activities of whose units another one took some, with the rule and how many."""

    @property
    def program(self) -> Program:
        """The version in force now: counters, ladders, wallets and missions follow it."""
        return self.state.program

    @property
    def is_merging(self) -> bool:
        """Tell whether another account is being taken in."""
        return self.activity is not None and self.activity.type == "member_absorbed"

    @property
    def today(self) -> int:
        """The business day that holds this instant; reckoned once an instant."""
        at, day = self._today
        if at != self.now:
            day = self.rulebook.calendar.day(self.now)
            self._today = (self.now, day)
        return day

    # ------------------------------------------------------------ parts of the head

    def own(self, group: dict[str, State], kind: str, name: str, fresh: type[State]) -> State:
        """Return a part of the head that may be changed, copied on first touch."""
        mark = (kind, name)
        if mark in self.owned:
            return group[name]
        self.owned.add(mark)
        found = group.get(name)
        state = group[name] = fresh() if found is None else found.fork()
        return state

    def wallet(self, slug: str) -> WalletState:
        """Return the wallet's totals, to be changed."""
        found = self.wallets.get(slug)
        if found is None:
            before = self.standing.wallets.get(slug)
            found = WalletState() if before is None else before.fork()
            self.wallets[slug] = self.standing.wallets[slug] = found
        return found

    def ladder(self, slug: str) -> LadderState:
        """Return the ladder's state, to be changed."""
        return self.own(self.standing.ladders, "ladder", slug, LadderState)

    def mission(self, slug: str) -> MissionState:
        """Return the mission's state, to be changed."""
        return self.own(self.standing.missions, "mission", slug, MissionState)

    def about_member(self, condition: Condition) -> bool:
        """Tell whether a condition on member attributes holds now."""
        if not condition.tests:
            return True
        holds = self.state.holds(condition)
        return holds is None or holds(
            lambda field: member_value(self.standing, field.removeprefix("member."))
        )

    # ------------------------------------------------------------ what comes of it

    def effect(self, effect: Effect) -> None:
        """Record an effect."""
        self.decision.effects.append(effect)

    def post(
        self, wallet: str, source: str, target: str, amount: int, *, lot: int = 0, partner: str = ""
    ) -> None:
        """Record a posting; nothing is posted for nothing."""
        if amount:
            self.decision.postings.append(Posting(wallet, source, target, amount, lot, partner))

    def claim(self, claim: Claim) -> int:
        """Return how much of something shared was got, asking for it first."""
        if claim not in self.given.claims:
            raise Needed(claims=(claim,))
        return self.given.claims[claim]

    def confirm(self, claim: Claim, used: int) -> None:
        """Keep a reservation, in whole or in part."""
        if used:
            self.decision.claims.append(claim._replace(amount=used))

    def touch(self, reading: str, window: str, before: int = 0) -> None:
        """Remember that a reading's value in a window changed, and what it was before."""
        self.touched.setdefault(reading, {}).setdefault(window, before)

    def turn(self) -> None:
        """Let an instant be over: `touched` moves now, `moved` is all that this decision did."""
        if not self.moved:
            self.moved = self.touched
        else:
            for reading, windows in self.touched.items():
                self.moved.setdefault(reading, {}).update(windows)
        self.touched = {}

    def finished(self) -> Decision:
        """Return the decision, with the pages it writes."""
        decision, pages, given = self.decision, self.pages, self.given.entries
        decision.pages = [write for write in pages.values() if write is not None]
        if len(decision.pages) < len(pages):
            gone = [page for page, write in pages.items() if write is None]
            decision.pages += [
                PageWrite(*page, "", None) for page in gone if given.get(page) is not None
            ]
        return decision


_NEVER = Instant(-1)
"""No instant at which anything is decided."""


def earlier(one: Instant | None, other: Instant | None) -> Instant | None:
    """Return the earlier of two instants, as far as they are set."""
    if one is None or (other is not None and other < one):
        return other
    return one


def first(instants: Iterable[Instant | None]) -> Instant | None:
    """Return the earliest of the instants that are set."""
    found: Instant | None = None
    for instant in instants:
        if instant is not None and (found is None or instant < found):
            found = instant
    return found
