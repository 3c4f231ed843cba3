"""The section `missions`: a goal, over a measure of its own or over a counter."""

from dataclasses import replace

from guerdon.core.program import LIFETIME, Mission
from guerdon.program.conditions import matching
from guerdon.program.counters import MEASURE_KEYS, MISSION_WINDOW, measure, with_reading
from guerdon.program.grants import effects
from guerdon.program.numbers import POSITIVE_READING
from guerdon.program.presentation import looks, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import COUNTER, FLAG, PERIOD, judge_id
from guerdon.program.shapes import MapOf

_MEASURED = tuple(key.name for key in MEASURE_KEYS)


def _mission(fields: Fields) -> Mission:
    name = fields.spot.name
    scale = fields.spot.reading
    own = None
    if fields.given("counter"):
        for other in _MEASURED:
            if fields.given(other):
                raise fields.at(other).wrong(
                    f"The mission reads a counter, so `{other}` has no meaning here.",
                    "Remove it, or remove `counter` and measure here.",
                )
    else:
        own = measure(fields)
    return Mission(
        id=name,
        **looks(fields, name),
        goal=fields["goal"],
        scale=scale.digits if scale is not None else 0,
        measure=own,
        **fields.without(*_MEASURED, "name", "description", "image", "goal"),
    )


MISSIONS = MapOf(
    Record(
        what="a mission",
        keys=(
            *shown("Three visits"),
            Key(
                name="opt_in",
                shape=FLAG,
                about="Members join first; what came before does not count.",
                example="true",
                default=False,
            ),
            matching(
                "eligible",
                "Attributes of the member (`member.x`) that must match.",
                "{member.favourite: latte}",
            ),
            *(replace(key, required=False) for key in MEASURE_KEYS),
            Key(
                name="counter",
                shape=COUNTER,
                about="Instead of a measure: a counter whose value is the progress.",
                example="orders",
            ),
            Key(
                name="goal",
                shape=POSITIVE_READING,
                about="Completed when the progress reaches this.",
                example="3",
                required=True,
            ),
            Key(
                name="window",
                shape=MISSION_WINDOW,
                about="When it runs; {for: P7D} counts from joining.",
                example="calendar_month",
                default=LIFETIME,
            ),
            Key(
                name="late",
                shape=PERIOD,
                about="Reports that arrive so long after the end still count; default: always.",
                example="P1D",
            ),
            effects("grant", "Given on completion."),
            Key(
                name="reverse",
                shape=FLAG,
                about="Progress that falls below the goal reopens it and takes back its grants.",
                example="true",
                default=False,
            ),
        ),
        build=_mission,
        scope=with_reading,
        about="A goal that members work towards.",
    ),
    judge_id,
)
