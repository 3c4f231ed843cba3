"""The section `leaderboards`: members ordered by a counter's value in a window."""

from typing import Any

from guerdon.core.program import Leaderboard
from guerdon.program.conditions import matching
from guerdon.program.counters import WINDOW
from guerdon.program.presentation import looks, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import COUNTER, INSTANT, judge_id
from guerdon.program.shapes import Choice, MapOf, Shape


def _leaderboard(fields: Fields) -> Leaderboard:
    name = fields.spot.name
    own: dict[str, Any] = fields.without("name", "description", "image", "ties", "window")
    return Leaderboard(
        id=name,
        **looks(fields, name),
        window=fields["window"] or fields.spot.draft.window_of(fields["counter"]),
        shared_ranks=fields["ties"],
        **own,
    )


LEADERBOARDS: Shape[dict[str, Leaderboard]] = MapOf(
    Record(
        what="a leaderboard",
        keys=(
            *shown("This month"),
            Key(
                name="counter",
                shape=COUNTER,
                about="What members are ordered by.",
                example="spend_month",
                required=True,
            ),
            Key(
                name="window",
                shape=WINDOW,
                about="Over which window it is read; default: the counter's own.",
                example="calendar_month",
            ),
            Key(
                name="ties",
                shape=Choice({"earliest": False, "shared": True}),
                about="Equal values: who got there first leads, or they share a rank (1, 1, 3).",
                example="earliest",
                default=False,
            ),
            Key(
                name="asof",
                shape=INSTANT,
                about="Pins the window that holds this instant.",
                example='"2026-05-15T12:00:00+02:00"',
            ),
            matching(
                "eligible",
                "Attributes of the member (`member.x`) that must match.",
                "{member.region: north}",
            ),
        ),
        build=_leaderboard,
        about="Members in order.",
    ),
    judge_id,
)
