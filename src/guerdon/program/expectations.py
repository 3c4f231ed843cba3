"""What a scenario expects: results of activities, and what checkpoints must find.

Rule: an expected value stays the node that was written, with its line and its digits; whatever
can be seen to be impossible (a wallet that the program lacks, a date that is none) is a mistake.
Comparing is `rehearse`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from guerdon.core.activity import Instant
from guerdon.program.draft import Spot
from guerdon.program.mistakes import Severity
from guerdon.program.numbers import ANY_NUMBER, Whole
from guerdon.program.records import ByKey, Fields, Key, Record
from guerdon.program.scalars import FLAG, INSTANT, Reference, Text, TierReference
from guerdon.program.shapes import Choice, ListOf, MapOf, Parsed, Schema, Shape, kind_of
from guerdon.program.yaml_source import Mapping, Node, Sequence, is_null

RESULTS = ("accepted", "duplicate", "conflict", "parked", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of the `copy`-th activity of an id, at last."""

    line: int
    activity: str
    copy: int
    result: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What must hold at an instant; `facts` are the expected nodes by what they are about."""

    line: int
    at: Instant
    written_at: str
    facts: tuple[tuple[str, Node], ...]
    member: str | None = None
    leaderboard: str | None = None
    why: str | None = None


T = TypeVar("T")


@dataclass(frozen=True)
class AsWritten(Shape[Node]):
    """Judges a node by a shape and keeps the node itself; `full` where {} says that none is."""

    inner: Shape[Any]
    full: bool = False

    def read(self, spot: Spot) -> Node:
        """Return the node, warning of maps that can be met by anything."""
        self.inner.read(spot)
        if not self.full:
            for empty in _empty(spot):
                empty.note(
                    f"`{empty.name}` is empty, so that it is met whatever there is.",
                    "Name what must hold, or remove it.",
                    severity=Severity.WARNING,
                )
        return spot.node

    def schema(self) -> Schema:
        """Return the shape's."""
        return self.inner.schema()


def _empty(spot: Spot) -> Iterator[Spot]:
    """Yield the maps without a key, at any depth."""
    if isinstance(spot.node, Mapping):
        if not spot.node.entries:
            yield spot
        for key, node in spot.node.entries:
            yield from _empty(spot.key(key.text, node))


@dataclass(frozen=True)
class OrNull(Shape[T | None], Generic[T]):
    """A value, or null for none."""

    inner: Shape[T]

    def read(self, spot: Spot) -> T | None:
        """Return the value, None for null."""
        return None if is_null(spot.node) else self.inner.read(spot)

    def schema(self) -> Schema:
        """Return the shape's or null."""
        return {"anyOf": [self.inner.schema(), {"type": "null"}]}


@dataclass(frozen=True)
class Row(Shape[tuple[Any, ...]]):
    """A list of a fixed length, such as [rank, member, value]."""

    like: str
    items: tuple[Shape[Any], ...]

    def read(self, spot: Spot) -> tuple[Any, ...]:
        """Return the parts."""
        node = spot.node
        if not isinstance(node, Sequence) or len(node.items) != len(self.items):
            raise spot.wrong(
                f"Here stands {kind_of(node)} instead of a row.", f"Write it like {self.like}."
            )
        return tuple(
            shape.read(spot.item(i, item))
            for i, (shape, item) in enumerate(zip(self.items, node.items, strict=True))
        )

    def schema(self) -> Schema:
        """Return a list of that length."""
        count = len(self.items)
        return {"type": "array", "minItems": count, "maxItems": count}


def _dated(text: str) -> str:
    INSTANT.parse(f"{text}T00:00:00Z")
    return text


_DATE = Parsed("a date", 'Write it like "2026-05-01".', _dated, "^[0-9-]{10}$")


def _figures(what: str, *names: str) -> tuple[Key, ...]:
    return tuple(
        Key(name=name, shape=ANY_NUMBER, about=f"{what}: {name}.", example="10") for name in names
    )


def _named(name: str, shape: Shape[Any], about: str, example: str) -> Key:
    return Key(name=name, shape=shape, about=about, example=example)


def _judge(kind: str) -> Any:
    def judge(spot: Spot, text: str) -> None:
        spot.refer(kind, text)

    return judge


def _seen(_: Fields) -> None:
    return None


_MOMENT: Shape[Instant | None] = OrNull(INSTANT)
_WALLET = Record(
    what="a wallet",
    keys=_figures("In units", "spendable", "pending", "debt", "earned", "redeemed", "expired"),
    build=_seen,
)
_LOT = Record(
    what="a lot",
    keys=(
        _named("from", Text(), "Where it came from: <source>.<rule>.", "a2.base"),
        *_figures("In units", "left", "granted", "spent", "expired", "reversed"),
        _named("earned", INSTANT, "When it was earned.", '"2026-05-01T09:00:00+02:00"'),
        _named("expires", _MOMENT, "The first instant without it.", "null"),
        _named("pending", FLAG, "Whether it waits.", "false"),
    ),
    build=_seen,
)


class _Ladder(Shape[None]):
    """What is shown of a ladder, judging its tier."""

    def read(self, spot: Spot) -> None:
        """Judge the map."""
        _LADDER.read(replace(spot, ladder=spot.name))

    def schema(self) -> Schema:
        """Return the map's."""
        return _LADDER.schema()


_LADDER = Record(
    what="a ladder",
    keys=(
        _named("tier", OrNull(TierReference()), "The tier shown.", "gold"),
        _named("since", _MOMENT, "When it began.", '"2026-05-01T09:00:00+02:00"'),
        _named("until", _MOMENT, "The first instant without it.", "null"),
    ),
    build=_seen,
)
_MISSION = Record(
    what="a mission",
    keys=(
        _named(
            "state",
            Choice({state: state for state in ("available", "active", "completed", "expired")}),
            "Where the member stands.",
            "active",
        ),
        _named("progress", ANY_NUMBER, "How far.", "2"),
    ),
    build=_seen,
)
_VOUCHER = Record(
    what="a voucher",
    keys=(
        _named("kind", Text(), "What it is for.", "free_coffee"),
        _named(
            "state",
            Choice({state: state for state in ("issued", "used", "void", "expired")}),
            "Its state.",
            "issued",
        ),
        _named("until", _MOMENT, "The first instant without it.", "null"),
    ),
    build=_seen,
)
_DRAWN = Record(
    what="a draw",
    keys=(
        _named("u", ANY_NUMBER, "The number drawn.", "0.395354"),
        _named(
            "result",
            Choice({result: result for result in ("won", "none", "pity", "budget")}),
            "What came of it.",
            "won",
        ),
        _named("prize", OrNull(Text()), "The prize.", "small"),
    ),
    build=_seen,
)

_OF_MEMBER: dict[str, Shape[Any]] = {
    "wallets": MapOf(_WALLET, _judge("wallet")),
    "lots": MapOf(ListOf(_LOT), _judge("wallet")),
    "ladders": MapOf(_Ladder(), _judge("ladder")),
    "counters": MapOf(ANY_NUMBER, _judge("counter")),
    "badges": MapOf(_DATE, _judge("badge")),
    "missions": MapOf(_MISSION, _judge("mission")),
    "vouchers": MapOf(_VOUCHER),
    "rewards": ListOf(Reference("reward")),
    "plans": MapOf(_MOMENT, _judge("plan")),
}
_OF_PROGRAM: dict[str, Shape[Any]] = {
    "stock": MapOf(Whole(), _judge("reward")),
    "book": MapOf(ANY_NUMBER),
    "payouts": ListOf(Row('[ada, "2026-05-01", 12.50]', (Text(), _DATE, ANY_NUMBER))),
    "draws": MapOf(_DRAWN),
    "raffle": MapOf(ListOf(Row('["r1#1", ada]', (Text(), Text())))),
}
_RANKS = ListOf(Row("[1, ada, 67.00]", (Whole(least=1), Text(), ANY_NUMBER)))
_FACTS = (*_OF_MEMBER, *_OF_PROGRAM, "ranks")


def _outcome(fields: Fields) -> Outcome:
    return Outcome(line=fields.spot.node.place.line, **fields.without("why"))


_WHY = Key(
    name="why",
    shape=Text(),
    about="Why this must hold; shown beside a mismatch.",
    example="two visits",
)
_OUTCOME = Record(
    what="an expected result",
    keys=(
        _named("activity", Text(), "The activity's id.", "a4"),
        Key(
            name="copy",
            shape=Whole(least=1),
            about="Which one, where several have this id.",
            example="2",
            default=1,
        ),
        Key(
            name="result",
            shape=Choice({result: result for result in RESULTS}),
            about="What becomes of it at last.",
            example="duplicate",
            required=True,
        ),
        _named("reason", Text(), "The reason given.", "ref"),
        _WHY,
    ),
    build=_outcome,
)


def _checkpoint(fields: Fields) -> Checkpoint:
    spot = fields.spot
    for name in _OF_MEMBER:
        if fields.given(name) and not fields.given("member"):
            raise fields.at(name).wrong(
                f"Whose `{name}` these are is missing.", "Add `member: NAME`."
            )
    if fields.given("ranks") != fields.given("leaderboard"):
        raise spot.wrong(
            "`leaderboard` and `ranks` belong together.", "Add the one that is missing."
        )
    facts = tuple((name, fields[name]) for name in _FACTS if fields.given(name))
    if not facts:
        raise spot.wrong("Nothing is expected here.", "Add what must hold, such as `wallets`.")
    written = fields.at("at").node
    return Checkpoint(
        line=spot.node.place.line,
        at=fields["at"],
        written_at=getattr(written, "text", ""),
        facts=facts,
        member=fields["member"],
        leaderboard=fields["leaderboard"],
        why=fields["why"],
    )


_CHECKPOINT = Record(
    what="a checkpoint",
    keys=(
        Key(
            name="at",
            shape=INSTANT,
            about="When it must hold: after all that arrived and all timers due until then.",
            example='"2026-05-01T12:00:00+02:00"',
            required=True,
        ),
        _WHY,
        _named("member", Text(), "Whose figures these are.", "ada"),
        _named("leaderboard", Reference("leaderboard"), "Whose ranks these are.", "month"),
        *(
            _named(name, AsWritten(shape, full=name == "badges"), f"The expected {name}.", "{...}")
            for name, shape in {**_OF_MEMBER, **_OF_PROGRAM, "ranks": _RANKS}.items()
        ),
    ),
    build=_checkpoint,
)

EXPECTATION: Shape[Outcome | Checkpoint] = ByKey(
    what="An expectation", variants={"activity": _OUTCOME, "at": _CHECKPOINT}
)
