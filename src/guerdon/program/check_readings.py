"""Warnings about counters and what reads them: ladders, missions, badges, leaderboards.

Rule: only what the document proves is said. Putting warnings at their places is `check`.
"""

from collections.abc import Iterable, Iterator

from guerdon.core.activity import Instant
from guerdon.core.program import (
    NO_TIER,
    Grant,
    GrantBadge,
    GrantTier,
    KeepKind,
    Measure,
    Mission,
    Program,
    Window,
    WindowKind,
)
from guerdon.core.windows import Calendar
from guerdon.program.contradictions import (
    Path,
    Warned,
    about_lines,
    about_members,
    contradiction,
)


def counters(program: Program) -> Iterator[Warned]:
    """Warn of counters that nobody reads, and of conditions that never hold."""
    read = {
        *(ladder.counter for ladder in program.ladders.values()),
        *(mission.counter for mission in program.missions.values()),
        *(badge.counter for badge in program.badges.values()),
        *(board.counter for board in program.leaderboards.values()),
        *(job.dividend.counter for job in program.jobs.values() if job.dividend is not None),
    }
    for name, counter in program.counters.items():
        path: Path = ("counters", name)
        if name not in read:
            yield (
                path,
                f"Nobody reads the counter `{name}`.",
                "Use it in a ladder, mission, badge or leaderboard, or remove it.",
            )
        yield from _measured(path, counter.measure)


def _measured(path: Path, measure: Measure) -> Iterator[Warned]:
    yield from contradiction(path, "when", measure.when)
    yield from about_lines(path, measure.lines)


_DAYS = {WindowKind.DAY: 1, WindowKind.WEEK: 7, WindowKind.MONTH: 31, WindowKind.YEAR: 366}
_WEEKS = {WindowKind.DAY: 1, WindowKind.WEEK: 1, WindowKind.MONTH: 6, WindowKind.YEAR: 54}


def _most(program: Program, measure: Measure, window: Window) -> int | None:
    """Return the greatest value that a measure can have in a window, None where there is none."""
    if measure.streak == "week":
        return _WEEKS.get(window.kind)
    if measure.streak == "day" or measure.once_per_day:
        return _days(program, window)
    return None


def _days(program: Program, window: Window) -> int | None:
    """Return how many business days a window can hold, None where it has no end."""
    if window.period is not None:
        return window.period.months * 31 + window.period.days + 1
    if window.begin is not None and window.end is not None:
        calendar = Calendar(program.timezone, program.day_start_minutes)
        return calendar.day(Instant(window.end - 1)) - calendar.day(window.begin) + 1
    return _DAYS.get(window.kind)


def _beyond(
    program: Program, path: Path, least: int, measure: Measure, window: Window
) -> Iterator[Warned]:
    most = _most(program, measure, window)
    if most is not None and least > most:
        yield (
            path,
            f"{least} can never be reached: the window holds at most {most}.",
            "Lower it, or choose a longer window.",
        )


def ladders(program: Program) -> Iterator[Warned]:
    """Warn of tiers that cannot be reached, and of terms without effect."""
    for name, ladder in program.ladders.items():
        path: Path = ("ladders", name)
        counter = program.counters[ladder.counter]
        written = [rung for rung in ladder.tiers if rung != NO_TIER]
        for i, rung in enumerate(written):
            tier: Path = (*path, "tiers", i)
            yield from _beyond(program, (*tier, "at"), rung.at, counter.measure, ladder.window)
            yield from effects((*tier, "on_enter"), rung.on_enter)
        endless = ladder.window.kind in (WindowKind.LIFETIME, WindowKind.ROLLING)
        if ladder.keep.kind is KeepKind.END_OF_WINDOW and endless:
            yield (
                (*path, "keep", "until"),
                "This window never ends, so tiers are kept for ever.",
                "Choose a calendar window, or {for: P12M}.",
            )
        for i, floor in enumerate(ladder.floors):
            yield from about_members((*path, "floors", i), "when", floor.when)


def missions(program: Program) -> Iterator[Warned]:
    """Warn of goals that cannot be reached, and of windows that never open."""
    for name, mission in program.missions.items():
        path: Path = ("missions", name)
        measure = mission.measure
        if measure is not None:
            yield from _measured(path, measure)
            yield from _beyond(program, (*path, "goal"), mission.goal, measure, mission.window)
        else:
            counter = program.counters[mission.counter or ""]
            yield from _beyond(
                program, (*path, "goal"), mission.goal, counter.measure, counter.window
            )
        yield from about_members(path, "eligible", mission.eligible)
        yield from _mission_window(path, mission, _window_read(program, mission))
        yield from effects((*path, "grant"), mission.grant)


def _window_read(program: Program, mission: Mission) -> Window:
    """Return the window over which a mission's progress is read."""
    counter = program.counters.get(mission.counter or "")
    return mission.window if counter is None else counter.window


def _mission_window(path: Path, mission: Mission, read: Window) -> Iterator[Warned]:
    if mission.window.kind is WindowKind.JOINED and not mission.opt_in:
        yield (
            (*path, "window"),
            "This window opens when a member joins, but nobody can: `opt_in` is missing.",
            "Add `opt_in: true`.",
        )
    if mission.late is not None and read.kind in (WindowKind.LIFETIME, WindowKind.ROLLING):
        yield (
            (*path, "late"),
            "`late` has no effect: this window has no end of its own.",
            "Remove it, or write a window {from, to}.",
        )


def badges(program: Program) -> Iterator[Warned]:
    """Warn of badges that nobody can earn, or that everybody has."""
    granted = {
        effect.badge for _, effect in _all_effects(program) if isinstance(effect, GrantBadge)
    }
    for name, badge in program.badges.items():
        path: Path = ("badges", name)
        if badge.counter is not None:
            counter = program.counters[badge.counter]
            yield from _beyond(program, (*path, "at"), badge.at, counter.measure, counter.window)
            if badge.at == 0:
                yield (
                    (*path, "at"),
                    "Everybody has this badge from the start.",
                    "Write a value above 0.",
                )
        elif badge.mission is None and badge.ladder is None and name not in granted:
            yield (
                path,
                f"Nothing gives the badge `{name}`; only an operator can.",
                "Add `counter` and `at`, `mission`, or `ladder` and `tier`.",
            )
        yield from effects((*path, "grant"), badge.grant)


def _all_effects(program: Program) -> Iterator[tuple[str, Grant]]:
    for ladder in program.ladders.values():
        for rung in ladder.tiers:
            yield from ((ladder.id, effect) for effect in rung.on_enter)
    for mission in program.missions.values():
        yield from ((mission.id, effect) for effect in mission.grant)
    for badge in program.badges.values():
        yield from ((badge.id, effect) for effect in badge.grant)
    for job in program.jobs.values():
        yield from ((job.id, effect) for effect in job.grant)


def effects(path: Path, given: Iterable[Grant]) -> Iterator[Warned]:
    """Warn of what is given without the end that was surely meant."""
    for i, effect in enumerate(given):
        if isinstance(effect, GrantTier) and effect.until is None:
            yield (
                (*path, i),
                f"The tier `{effect.tier}` is given for ever.",
                "Add `until: P12M` if it should end.",
            )


def leaderboards(program: Program) -> Iterator[Warned]:
    """Warn of leaderboards that never show anybody, or not what was meant."""
    for name, board in program.leaderboards.items():
        path: Path = ("leaderboards", name)
        yield from about_members(path, "eligible", board.eligible)
        window = board.window
        if window.kind is WindowKind.FIXED and board.asof is not None:
            early = window.begin is not None and board.asof < window.begin
            late = window.end is not None and board.asof >= window.end
            if early or late:
                yield (
                    (*path, "asof"),
                    "`asof` has no effect: this window is the same at any instant.",
                    "Remove it, or choose the window that is meant.",
                )
