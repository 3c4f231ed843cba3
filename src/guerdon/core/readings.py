"""Readings: a measure over one window, compiled: where its figures lie and how an activity counts.

Rule: what the version decides of a reading is here once; what an activity contributes is in
`core.measures`, how figures move in `core.counters`.
"""

from collections.abc import Iterable

from guerdon.core.activity import Instant
from guerdon.core.context import BoundTest, Context, LineMatch, holds_all
from guerdon.core.measures import NOTHING, Share, compile_measure
from guerdon.core.program import Measure, Mission, Window, WindowKind
from guerdon.core.windows import WINDOW_KEYS, Calendar

_BOUNDS_MAX = 1_024


class Reading:
    """A measure over one window: a counter's own, or the one a ladder or leaderboard needs.

    `id` names its shelves (`win` the figures, `roll` the entries of a rolling window, `set` the
    values of a distinct measure, `days` those of a streak). `mission` is set where the measure is
    a mission's own. `keys` are the keys of calendar windows by day, None for other windows.
    `direct` tells that an activity simply adds a count or its money to one window's figure,
    `is_always` that whatever is measured counts in the one window there is. `fills` is when the
    version began that brought it, where it is filled from the journal; else 0.
    """

    __slots__ = (
        "_bounds",
        "_measured",
        "backfill",
        "days",
        "direct",
        "fills",
        "id",
        "is_always",
        "is_one_window",
        "keys",
        "lines",
        "measure",
        "mission",
        "plain_sum",
        "roll",
        "rolling",
        "set",
        "since",
        "when",
        "win",
        "window",
    )

    def __init__(
        self,
        name: str,
        measure: Measure,
        window: Window,
        *,
        when: tuple[BoundTest, ...],
        lines: LineMatch | None,
        since: Instant | None = None,
        mission: Mission | None = None,
        backfill: bool = False,
    ) -> None:
        self.id = name
        self.measure = measure
        self._measured = compile_measure(measure)
        self.window = window
        self.mission = mission
        self.backfill = backfill
        self.fills = Instant(0)
        self.when = when
        self.lines = lines
        self.rolling = window.kind is WindowKind.ROLLING
        self.is_one_window = self.rolling or window.kind is WindowKind.LIFETIME
        self.keys = WINDOW_KEYS.get(window.kind)
        self.plain_sum = measure.sum == "net" and not measure.once_per_day
        self._bounds: dict[str, tuple[Instant, Instant | None]] = {}
        self.begins(since)
        self.win, self.roll = f"win:{name}", f"roll:{name}"
        self.set, self.days = f"set:{name}", f"days:{name}"

    def share(self, context: Context) -> Share:
        """Return what an activity contributes with what is left of its lines."""
        matched = context.whole if self.lines is None else context.matched(self.lines)
        if matched is None or matched.gone:
            return NOTHING
        if self.when:
            context.net = matched.net
            if not holds_all(self.when, context):
                return NOTHING
        return self._measured(context, matched)

    def bounds(self, key: str, calendar: Calendar) -> tuple[Instant, Instant | None]:
        """Return the first instant of the window of that key and the first after it, remembered.

        Without a begin it is 0, without an end None.
        """
        found = self._bounds.get(key)
        if found is None:
            if len(self._bounds) >= _BOUNDS_MAX:
                self._bounds.clear()
            found = self._bounds[key] = self._bounds_of(key, calendar)
        return found

    def _bounds_of(self, key: str, calendar: Calendar) -> tuple[Instant, Instant | None]:
        window = self.window
        if self.keys is None:
            return window.begin or Instant(0), window.end
        end = calendar.span(window.kind, int(key)).end
        assert end is not None
        return calendar.begin(int(key)), calendar.begin(end)

    def begins(self, since: Instant | None) -> None:
        """Let it count from an instant on, whatever is reported later of the time before."""
        self.since = since
        measure, mission = self.measure, self.mission
        always = since is None and (
            mission is None or (not mission.opt_in and mission.late is None)
        )
        one_figure = not (
            measure.distinct or measure.streak or measure.points or measure.once_per_day
        )
        one_window = self.keys is not None or self.window.kind is WindowKind.LIFETIME
        self.is_always = always and self.is_one_window
        self.direct = always and one_window and one_figure and measure.sum in (None, "net")


Tally = tuple[LineMatch | None, tuple[BoundTest, ...], tuple[Reading, ...]]
"""Lines, conditions, and the readings that move together by their count or money if these match."""


def tallied(readings: Iterable[Reading]) -> tuple[tuple[Tally, ...], tuple[Reading, ...]]:
    """Return the direct readings by what they ask of an activity, and the others."""
    others = []
    together: dict[tuple[LineMatch | None, tuple[BoundTest, ...]], list[Reading]] = {}
    for reading in readings:
        if reading.direct:
            together.setdefault((reading.lines, reading.when), []).append(reading)
        else:
            others.append(reading)
    tallies = ((lines, when, tuple(found)) for (lines, when), found in together.items())
    return tuple(tallies), tuple(others)
