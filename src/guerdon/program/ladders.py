"""The section `ladders`: tiers over a counter, how long they are kept, and what entering gives."""

from dataclasses import replace
from itertools import pairwise

from guerdon.core.program import NO_TIER, Floor, Keep, KeepKind, Ladder, Period, Rung
from guerdon.program.conditions import MATCHER
from guerdon.program.counters import WINDOW
from guerdon.program.draft import Spot, child, written
from guerdon.program.grants import effects
from guerdon.program.numbers import READING
from guerdon.program.presentation import looks, shown
from guerdon.program.records import ByKey, Fields, Key, Record
from guerdon.program.scalars import COUNTER, ID, LINE, MONTH_DAY, PERIOD, TIER, judge_id
from guerdon.program.shapes import Choice, ListOf, MapOf, Schema, Shape, UniqueListOf, entries_of


def _rung(fields: Fields) -> Rung:
    name = fields["id"]
    return Rung(
        id=name,
        **looks(fields, name),
        at=fields["at"],
        perks=fields["perks"],
        on_enter=fields["on_enter"],
    )


_RUNG = Record(
    what="a tier",
    keys=(
        Key(name="id", shape=ID, about="The tier's id.", example="gold", required=True),
        *shown("Gold"),
        Key(
            name="at",
            shape=READING,
            about="Reached when the counter is at least this.",
            example="500",
            required=True,
        ),
        Key(
            name="perks",
            shape=ListOf(LINE, lone=True),
            about="What members get, in their words.",
            example="[Free shipping]",
            default=(),
        ),
        effects("on_enter", "Given when a member enters the tier."),
    ),
    build=_rung,
)

_KEPT = {
    "end_of_window": KeepKind.END_OF_WINDOW,
    "end_of_next_year": KeepKind.END_OF_NEXT_YEAR,
}


def _until(fields: Fields) -> Keep:
    kind: KeepKind = fields["until"]
    if fields.given("grace") and kind is not KeepKind.END_OF_NEXT_YEAR:
        raise fields.at("grace").wrong(
            "`grace` belongs to `until: end_of_next_year`.", "Remove it."
        )
    return Keep(kind=kind, grace=fields["grace"])


def _term(fields: Fields) -> Keep:
    period: Period = fields["for"]
    if not period.months and not period.days:
        raise fields.at("for").wrong(
            "A term of no days would never end.",
            "Write a period such as P12M, or `keep: {}` for ever.",
        )
    return Keep(kind=KeepKind.FOR, period=period)


class _Keep(ByKey[Keep]):
    """`{until}`, `{for}`, or nothing at all: for ever."""

    def read(self, spot: Spot) -> Keep:
        """Return how long tiers are kept."""
        return super().read(spot) if entries_of(spot) else Keep()

    def schema(self) -> Schema:
        """Return the variants, or an empty map."""
        return {"anyOf": [super().schema(), {"type": "object", "maxProperties": 0}]}


KEEP: Shape[Keep] = _Keep(
    what="`keep`",
    variants={
        "until": Record(
            what="`keep`",
            keys=(
                Key(
                    name="until",
                    shape=Choice(_KEPT),
                    about="To the end of the window, or of the next year.",
                    example="end_of_next_year",
                    required=True,
                ),
                Key(
                    name="grace",
                    shape=MONTH_DAY,
                    about="With end_of_next_year: through this day of the year after.",
                    example='"01-31"',
                ),
            ),
            build=_until,
        ),
        "for": Record(
            what="`keep`",
            keys=(
                Key(
                    name="for",
                    shape=PERIOD,
                    about="So long from the day it was reached; then it is reviewed.",
                    example="P12M",
                    required=True,
                ),
            ),
            build=_term,
        ),
    },
)

_FLOOR = Record(
    what="a floor",
    keys=(
        Key(
            name="when",
            shape=MATCHER,
            about="Attributes of the member (`member.x`) that must match.",
            example="{member.card: gold}",
            required=True,
        ),
        Key(
            name="tier",
            shape=TIER,
            about="The tier that these members hold at least.",
            example="gold",
            required=True,
        ),
    ),
    build=lambda fields: Floor(when=fields["when"], tier=fields["tier"]),
)


def _ladder(fields: Fields) -> Ladder:
    name = fields.spot.name
    tiers: tuple[Rung, ...] = fields["tiers"]
    for earlier, later in pairwise(tiers):
        if later.at <= earlier.at:
            raise fields.at("tiers").wrong(
                f"The tier `{later.id}` is not above `{earlier.id}`.",
                "Order the tiers by `at`, each higher than the one before.",
            )
    if tiers[0].at > 0 and all(tier.id != NO_TIER.id for tier in tiers):
        tiers = (NO_TIER, *tiers)
    return Ladder(
        id=name,
        **looks(fields, name),
        counter=fields["counter"],
        window=fields["window"] or fields.spot.draft.window_of(fields["counter"]),
        tiers=tiers,
        keep=fields["keep"],
        one_rung=fields["drop"],
        recheck=fields["on_refund"],
        floors=fields["floors"],
    )


def _scope(spot: Spot) -> Spot:
    counter = written(child(spot.node, "counter")) or ""
    return replace(spot, ladder=spot.name, reading=spot.draft.counters.get(counter))


LADDERS = MapOf(
    Record(
        what="a ladder",
        keys=(
            *shown("Status"),
            Key(
                name="counter",
                shape=COUNTER,
                about="What is read.",
                example="spend_year",
                required=True,
            ),
            Key(
                name="window",
                shape=WINDOW,
                about="Over which window it is read; default: the counter's own.",
                example="calendar_year",
            ),
            Key(
                name="tiers",
                shape=UniqueListOf(_RUNG, least=1),
                about="The tiers, ascending; below a first one above 0 there is none.",
                example="[{id: base, at: 0}, {id: gold, at: 500}]",
                required=True,
            ),
            Key(
                name="keep",
                shape=KEEP,
                about="How long a tier is kept; {}: for ever.",
                example="{for: P12M}",
                default=Keep(),
            ),
            Key(
                name="drop",
                shape=Choice({"to_earned": False, "one_rung": True}),
                about="At a review: down to what is earned, or by one tier at most.",
                example="one_rung",
                default=False,
            ),
            Key(
                name="on_refund",
                shape=Choice({"keep": False, "recheck": True}),
                about="A refund may take a tier at once (recheck), or it waits for the review.",
                example="recheck",
                default=False,
            ),
            Key(
                name="floors",
                shape=ListOf(_FLOOR),
                about="Tiers that some members hold at least.",
                example="[{when: {member.card: gold}, tier: gold}]",
                default=(),
            ),
        ),
        build=_ladder,
        scope=_scope,
        about="Tiers, levels or milestones over a counter.",
    ),
    judge_id,
)
