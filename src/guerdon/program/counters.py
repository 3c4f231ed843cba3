"""The section `counters`: what is counted of activities, and over which window."""

from dataclasses import replace
from typing import Any

from guerdon.core.program import LIFETIME, Counter, Measure, Window, WindowKind
from guerdon.program.conditions import LINES, WHEN
from guerdon.program.draft import Spot, child, field_scale, reading_scale, written
from guerdon.program.numbers import POSITIVE_READING
from guerdon.program.presentation import readable
from guerdon.program.records import ByForm, ByKey, Fields, Key, Record
from guerdon.program.scalars import INSTANT, LINE, PERIOD, PROSE, WORD, judge_id
from guerdon.program.shapes import Choice, MapOf, Shape, scalar
from guerdon.program.wallets import activities

_CALENDAR: Shape[Window] = Choice(
    {
        kind.value: Window(kind)
        for kind in (
            WindowKind.LIFETIME,
            WindowKind.YEAR,
            WindowKind.MONTH,
            WindowKind.WEEK,
            WindowKind.DAY,
        )
    }
)


def _period(name: str, kind: WindowKind, about: str) -> Record[Window]:
    return Record(
        what="a window",
        keys=(Key(name=name, shape=PERIOD, about=about, example="P12M", required=True),),
        build=lambda fields: _lasting(fields, name, kind),
    )


def _lasting(fields: Fields, name: str, kind: WindowKind) -> Window:
    period = fields[name]
    if not period.months and not period.days:
        raise fields.at(name).wrong("This window has no length.", "Write a period such as P12M.")
    return Window(kind, period=period)


def _fixed(fields: Fields) -> Window:
    begin, end = fields["from"], fields["to"]
    if begin is not None and end is not None and end <= begin:
        raise fields.at("to").wrong(
            "The window ends before it opens.", "`to` is the first instant after it."
        )
    return Window(WindowKind.FIXED, begin=begin, end=end)


_FIXED: Record[Window] = Record(
    what="a window",
    keys=(
        Key(
            name="from",
            shape=INSTANT,
            about="Its first instant.",
            example='"2026-05-01T00:00:00+02:00"',
        ),
        Key(
            name="to",
            shape=INSTANT,
            about="The first instant after it.",
            example='"2026-06-01T00:00:00+02:00"',
        ),
    ),
    build=_fixed,
)
_ROLLING = _period("rolling", WindowKind.ROLLING, "The last such period, at any moment.")

WINDOW: Shape[Window] = ByForm(
    value=_CALENDAR,
    map=ByKey(what="A window", variants={"rolling": _ROLLING, "from": _FIXED, "to": _FIXED}),
)
MISSION_WINDOW: Shape[Window] = ByForm(
    value=_CALENDAR,
    map=ByKey(
        what="A window",
        variants={
            "rolling": _ROLLING,
            "from": _FIXED,
            "to": _FIXED,
            "for": _period("for", WindowKind.JOINED, "So long from joining on."),
        },
    ),
)


class _Summed(Shape[dict[str, Any]]):
    """`net`, a field, or `points:<wallet>` with rules after another colon."""

    def read(self, spot: Spot) -> dict[str, Any]:
        """Return the arguments of the measure."""
        text = scalar(spot, "what is summed").text
        if not text.startswith("points:"):
            return {"sum": WORD.read(spot)}
        _, wallet, *rest = text.split(":")
        names = tuple(name.strip() for part in rest for name in part.split(","))
        spot.refer("wallet", wallet)
        for name in names:
            spot.refer("lot", name)
        return {"points": wallet, "rules": names}

    def schema(self) -> dict[str, Any]:
        """Return a text."""
        return {"type": "string"}


def with_field(spot: Spot) -> Spot:
    """Return the spot with the scale of the field that `sum` names."""
    return replace(spot, reading=field_scale(written_sum(spot), spot.draft))


def written_sum(spot: Spot) -> str:
    """Return the text at `sum`, or nothing."""
    return written(child(spot.node, "sum")) or ""


_EACH = Record(
    what="`each`",
    keys=(
        Key(
            name="sum",
            shape=WORD,
            about="The field that is summed for each value.",
            example="net",
            required=True,
        ),
        Key(
            name="gte",
            shape=POSITIVE_READING,
            about="A value counts once its sum reaches this.",
            example="10.00",
            required=True,
        ),
    ),
    build=lambda fields: (fields["sum"], fields["gte"]),
    scope=with_field,
)

MEASURE_KEYS = (
    activities("The types of activity that count.", required=False),
    WHEN,
    LINES,
    Key(
        name="sum",
        shape=_Summed(),
        about="Sums `net`, a field of the activity, or units: points:<wallet>[:rule,rule].",
        example="net",
    ),
    Key(
        name="distinct",
        shape=WORD,
        about="Counts different values of a field of the activity or its lines.",
        example="category",
    ),
    Key(
        name="each",
        shape=_EACH,
        about="Beside `distinct`: a value counts once its own sum is large enough.",
        example="{sum: net, gte: 10.00}",
    ),
    Key(
        name="streak",
        shape=Choice({"day": "day", "week": "week"}),
        about="The longest run of days or weeks without a gap.",
        example="week",
    ),
    Key(
        name="once_per",
        shape=Choice({"day": True}),
        about="Counts at most one a business day.",
        example="day",
        default=False,
    ),
    Key(
        name="refunds",
        shape=Choice({"when_refunded": True}),
        about="A refund lowers the window in which it happens, not that of its original.",
        example="when_refunded",
        default=False,
    ),
)


def with_reading(spot: Spot) -> Spot:
    """Return the spot with the scale of what the record measures."""
    return replace(spot, reading=reading_scale(spot.node, spot.draft))


def measure(fields: Fields) -> Measure:
    """Return what the keys of a measure say together."""
    kinds = [name for name in ("sum", "distinct", "streak") if fields.given(name)]
    if len(kinds) > 1:
        raise fields.at(kinds[1]).wrong(
            f"One thing is counted at a time, not `{kinds[0]}` and `{kinds[1]}`.",
            "Make a second counter of one of them.",
        )
    if fields.given("each") and not fields.given("distinct"):
        raise fields.at("each").wrong(
            "`each` belongs beside `distinct`.", "Add `distinct: FIELD`, or remove it."
        )
    if fields.given("once_per") and kinds not in ([], ["streak"]):
        raise fields.at("once_per").wrong(
            f"`once_per` belongs to a plain count, not to `{kinds[0]}`.", "Remove one of them."
        )
    summed: dict[str, Any] = fields["sum"] or {}
    if not fields["activity"] and "points" not in summed:
        raise fields.spot.wrong(
            "`activity` is missing: nothing is counted.",
            "Add it, for example `activity: purchase`.",
        )
    each: tuple[str | None, int] = fields["each"] or (None, 0)
    scale = fields.spot.reading
    return Measure(
        activity=fields["activity"],
        when=fields["when"],
        lines=fields["lines"],
        **summed,
        distinct=fields["distinct"],
        each_sum=each[0],
        each_least=each[1],
        streak=fields["streak"],
        once_per_day=fields["once_per"] and not kinds,  # a streak counts days anyway
        when_refunded=fields["refunds"],
        scale=scale.digits if scale is not None else 0,
    )


def _counter(fields: Fields) -> Counter:
    name = fields.spot.name
    fields.spot.draft.windows[name] = fields["window"]
    return Counter(
        id=name,
        measure=measure(fields),
        window=fields["window"],
        backfill=fields["backfill"],
        name=fields["name"] or readable(name),
        description=fields["description"],
    )


COUNTERS = MapOf(
    Record(
        what="a counter",
        keys=(
            Key(
                name="name",
                shape=LINE,
                about="What members read; default: the id.",
                example="Spent this year",
            ),
            Key(
                name="description",
                shape=PROSE,
                about="A sentence for members.",
                example="Everything but gift cards.",
            ),
            *MEASURE_KEYS,
            Key(
                name="window",
                shape=WINDOW,
                about="Which activities count together; default: all.",
                example="calendar_year",
                default=LIFETIME,
            ),
            Key(
                name="backfill",
                shape=Choice({"journal": True}),
                about="A counter that a later version brings counts what the journal holds of the "
                "time before, too; default: it begins with that version.",
                example="journal",
                default=False,
            ),
        ),
        build=_counter,
        scope=with_reading,
        about="A figure about each member: a count, a sum, distinct values or a streak.",
    ),
    judge_id,
)
