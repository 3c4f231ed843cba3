"""A program's versions in force over time, each compiled once into what deciding looks up.

Rule: rules, rates, accept rules and draws follow the version in force at an activity's `at`;
counters, ladders, wallets and missions follow the version in force when it is decided. Publishing
is `engine.publish`; the document is `guerdon.program`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from guerdon.core.activity import Instant
from guerdon.core.conditions import Compiled, compile_condition
from guerdon.core.context import (
    BoundTest,
    Getters,
    LineMatch,
    StateGetter,
    bind,
    is_state,
    state_getter,
)
from guerdon.core.earnings import Earning
from guerdon.core.errors import ProgramMistake
from guerdon.core.gives import multiplied
from guerdon.core.lots import Purse, policies_of
from guerdon.core.numbering import Numbers
from guerdon.core.program import (
    Condition,
    Counter,
    Draw,
    GiveByTier,
    Inactivity,
    Ladder,
    Leaderboard,
    Mission,
    Program,
    Wallet,
    Window,
    WindowKind,
)
from guerdon.core.readings import Reading, Tally, tallied
from guerdon.core.standing import Standing
from guerdon.core.windows import Calendar

LAST_YEAR = Window(WindowKind.YEAR)
"""The window that dividends read."""

Item = TypeVar("Item")


class Listening(Protocol):
    """Whatever names the types of activity it listens to."""

    @property
    def activity(self) -> tuple[str, ...]:
        """The types."""


class Version:
    """One compiled version of the program."""

    def __init__(self, program: Program, calendar: Calendar) -> None:
        self.program = program
        self.calendar = calendar
        self.fills = Instant(0)
        self.purses = {slug: Purse(one, calendar) for slug, one in program.wallets.items()}
        self.getters = Getters(program)
        self._line_matches: dict[Condition, LineMatch] = {}
        self._bound: dict[Condition, tuple[BoundTest, ...]] = {}
        self._compiled: dict[Condition, Compiled | None] = {}
        self._counting: dict[str, tuple[tuple[Tally, ...], tuple[Reading, ...]]] = {}
        self._kept_fields: dict[str, tuple[tuple[str, StateGetter], ...]] = {}
        self.multiplied = frozenset(name for rule in program.rules for name in multiplied(rule))
        earnings = [
            Earning(
                rule,
                place,
                when=self.bound(rule.when),
                lines=self.line_match(rule.lines),
                getters=self.getters,
                is_read=rule.id in self.multiplied or rule.best_of is not None,
            )
            for place, rule in enumerate(program.rules)
        ]
        self.earning_by_id = {earning.rule.id: earning for earning in earnings}
        self.rules_by_type = _grouped(_multiplied_first(earnings), lambda one: one.rule.activity)
        self.accept_by_type = _by_type(program.accept)
        self.draws_by_type: dict[str, tuple[Draw, ...]] = _by_type(program.draws.values())
        self.readings = _readings(program, self)
        readings = self.readings.values()
        self.readings_by_type = _grouped(readings, lambda reading: reading.measure.activity)
        self.points_readings = _grouped(
            readings, lambda reading: (reading.measure.points,) if reading.measure.points else ()
        )
        self.rolling = tuple(reading for reading in readings if reading.rolling)
        self.boards = tuple(
            (board, self.reading_of(board.counter, board.window))
            for board in program.leaderboards.values()
        )
        wallets = program.wallets.values()
        self.ladder_readings = {
            ladder.id: self.reading_of(ladder.counter, ladder.window)
            for ladder in program.ladders.values()
        }
        self.goals = tuple(
            (mission, self.readings[mission.counter or mission_reading(mission)])
            for mission in program.missions.values()
        )
        self.badges = tuple(
            (badge, self.readings[badge.counter] if badge.counter is not None else None)
            for badge in program.badges.values()
        )
        self.opt_in_by_type: dict[str, tuple[Mission, ...]] = _grouped(
            (mission for mission in program.missions.values() if mission.opt_in),
            lambda mission: mission.measure.activity if mission.measure is not None else (),
        )
        self.rolling_boards = tuple(reading for _, reading in self.boards if reading.rolling)
        self.extends_by_type: dict[str, tuple[Wallet, ...]] = _grouped(
            wallets, lambda wallet: wallet.extend.activity if wallet.extend else ()
        )
        self.active_by_type: dict[str, tuple[Wallet, ...]] = _grouped(wallets, _inactivity)
        self.listened = frozenset(
            {
                *self.rules_by_type,
                *self.readings_by_type,
                *self.accept_by_type,
                *self.draws_by_type,
                *self.extends_by_type,
                *self.active_by_type,
            }
        )

    def wallet(self, slug: str) -> Wallet:
        """Return a wallet's definition, from this version or the last one before that had it."""
        return self.purses[slug].wallet

    def purse(self, slug: str) -> Purse:
        """Return a wallet compiled, as `wallet` defines it."""
        return self.purses[slug]

    def bound(self, condition: Condition) -> tuple[BoundTest, ...]:
        """Return a condition on activities, ready to be asked; compiled once."""
        found = self._bound.get(condition)
        if found is None:
            found = self._bound[condition] = bind(condition, self.getters)
        return found

    def line_match(self, condition: Condition) -> LineMatch | None:
        """Return a condition on lines, ready to be asked; None where every line matches."""
        if not condition:
            return None
        if condition not in self._line_matches:
            self._line_matches[condition] = LineMatch(condition)
        return self._line_matches[condition]

    def holds(self, condition: Condition) -> Compiled | None:
        """Return a condition as a function of a reader; None where it always holds."""
        if condition not in self._compiled:
            self._compiled[condition] = compile_condition(condition)
        return self._compiled[condition]

    def reading_of(self, counter: str, window: Window) -> Reading:
        """Return the reading of a counter over a window."""
        own = self.program.counters[counter]
        return self.readings[counter if own.window == window else _other(counter, window)]

    def counting(self, kind: str) -> tuple[tuple[Tally, ...], tuple[Reading, ...]]:
        """Return the readings that activities of a type move: those together, and the others."""
        found = self._counting.get(kind)
        if found is None:
            found = self._counting[kind] = tallied(self.readings_by_type.get(kind, ()))
        return found

    def kept_fields(self, kind: str) -> tuple[tuple[str, StateGetter], ...]:
        """Return the state fields that any condition may ask of activities of a type, as read."""
        found = self._kept_fields.get(kind)
        if found is None:
            found = self._kept_fields[kind] = self._fields_for(kind)
        return found

    def _fields_for(self, kind: str) -> tuple[tuple[str, StateGetter], ...]:
        fields: dict[str, None] = {}
        for condition in self._conditions_for(kind):
            fields.update((test.field, None) for test in condition.tests)
        for earning in self.rules_by_type.get(kind, ()):
            if isinstance(earning.rule.give, GiveByTier):
                fields[earning.rule.give.ladder] = None
            if earning.rule.to_referrer:
                fields["member.referrer"] = None
        program = self.program
        return tuple(
            (field, state_getter(program, field)) for field in fields if is_state(program, field)
        )

    def _conditions_for(self, kind: str) -> list[Condition]:
        found = [rule.when for rule in self.accept_by_type.get(kind, ())]
        for earning in self.rules_by_type.get(kind, ()):
            found += [earning.rule.when, earning.rule.lines]
        for reading in self.readings_by_type.get(kind, ()):
            found += [reading.measure.when, reading.measure.lines]
        for draw in self.draws_by_type.get(kind, ()):
            found += [draw.when, draw.lines]
        found += [w.extend.when for w in self.extends_by_type.get(kind, ()) if w.extend]
        return found


class Rulebook:
    """All versions of one program, oldest first; at least one."""

    def __init__(self, versions: Sequence[Program]) -> None:
        if not versions:
            raise ProgramMistake("a rulebook needs at least one version of its program")
        ordered = sorted(versions, key=lambda program: (program.begin, program.version))
        newest = ordered[-1]
        self.id = newest.id
        self.calendar = Calendar(newest.timezone, newest.day_start_minutes)
        self.versions = tuple(Version(program, self.calendar) for program in ordered)
        self._begins = [program.begin for program in ordered]
        self.numbers = Numbers(ordered)
        self._begin_readings()
        last: dict[str, Purse] = {}
        for version in self.versions:
            last |= version.purses
        known: dict[str, Purse] = {}
        for version in self.versions:
            known |= version.purses
            version.purses = {**last, **known}
        self._purses = last

    def _begin_readings(self) -> None:
        """Let what a later version brings count from that version's instant on.

        Otherwise a refund or a late report of the time before would lower or raise what never
        counted the rest of that time. What is filled from the journal has counted it.
        """
        since: dict[str, Instant | None] = {}
        fills: dict[str, Instant] = {}
        for place, version in enumerate(self.versions):
            begin = version.program.begin
            for name, reading in version.readings.items():
                own = reading.since
                if name not in since and place and reading.backfill:
                    fills[name] = begin
                elif own is None and place:
                    own = begin
                reading.begins(since.setdefault(name, own))
                reading.fills = fills.get(name, Instant(0))
            version.fills = max(fills.values(), default=Instant(0))

    def at(self, instant: int) -> Version:
        """Return the version in force at an instant; the first one before any began."""
        if len(self.versions) == 1:
            return self.versions[0]
        return self.versions[max(bisect_right(self._begins, instant) - 1, 0)]

    def followed(self, number: int, settled_at: int) -> Version:
        """Return the version that a standing follows (`Standing.follows`)."""
        found = self.at(settled_at)
        if found.program.version == number or not number:
            return found
        return next((one for one in self.versions if one.program.version == number), found)

    def last_with(self, nouns: str, slug: str, until: Version) -> Version | None:
        """Return a version, or the last one in force before it, that has a noun of this kind."""
        place = self.versions.index(until)
        # Of two that begin at one instant, the first was never in force.
        begins = zip(self.versions[:place], self._begins, self._begins[1:], strict=False)
        held = [version for version, begin, next_ in begins if begin < next_]
        found = (each for each in (until, *reversed(held)) if slug in getattr(each.program, nouns))
        return next(found, None)

    def is_behind(self, standing: Standing) -> bool:
        """Tell whether a standing follows a version that was published since this was read."""
        return standing.follows > max(one.program.version for one in self.versions)

    def next_begin(self, after: int) -> Instant | None:
        """Return when the next version begins later than an instant; None where none does."""
        if self._begins[-1] <= after:
            return None
        return self._begins[bisect_right(self._begins, after)]

    def partner_of(self, reward: str) -> str | None:
        """Return who honours a reward, by the newest version that has it."""
        for version in reversed(self.versions):
            found = version.program.rewards.get(reward)
            if found is not None:
                return found.partner
        return None

    def wallet(self, slug: str) -> Wallet:
        """Return a wallet's definition, from the newest version that still has it."""
        return self._purses[slug].wallet


def _by_type(items: Iterable[Item]) -> dict[str, tuple[Item, ...]]:
    return _grouped(items, lambda item: item.activity)  # type: ignore[attr-defined]


def _multiplied_first(earnings: Sequence[Earning]) -> list[Earning]:
    """Return rules in the program's order, but none before those that it multiplies."""
    found: dict[str, Earning] = {}
    waiting = list(earnings)
    while waiting:
        names = {earning.id for earning in waiting}
        ready = [one for one in waiting if not names.intersection(multiplied(one.rule))]
        for earning in ready[:1] or waiting[:1]:
            found[earning.id] = earning
            waiting.remove(earning)
    return list(found.values())


def _grouped(
    items: Iterable[Item], keys_of: Callable[[Item], Iterable[str]]
) -> dict[str, tuple[Item, ...]]:
    grouped: dict[str, list[Item]] = {}
    for item in items:
        for key in dict.fromkeys(keys_of(item)):
            grouped.setdefault(key, []).append(item)
    return {key: tuple(found) for key, found in grouped.items()}


def _other(counter: str, window: Window) -> str:
    parts = [window.kind.value]
    if window.period is not None:
        parts.append(f"{window.period.months}m{window.period.days}d")
    if window.begin is not None or window.end is not None:
        parts.append(f"{window.begin}-{window.end}")
    return f"{counter}@{':'.join(parts)}"


def _readings(program: Program, version: Version) -> dict[str, Reading]:
    found: dict[str, Reading] = {}

    def include(counter: Counter, window: Window) -> None:
        name = counter.id if window == counter.window else _other(counter.id, window)
        if name not in found:
            found[name] = Reading(
                name,
                counter.measure,
                window,
                when=version.bound(counter.measure.when),
                lines=version.line_match(counter.measure.lines),
                since=counter.since,
                backfill=counter.backfill,
            )

    for counter in program.counters.values():
        include(counter, counter.window)
    shown: list[Ladder | Leaderboard] = [*program.ladders.values(), *program.leaderboards.values()]
    for noun in shown:
        include(program.counters[noun.counter], noun.window)
    for job in program.jobs.values():
        if job.dividend is not None:
            include(program.counters[job.dividend.counter], LAST_YEAR)
    for mission in program.missions.values():
        if mission.measure is not None:
            name = mission_reading(mission)
            found[name] = Reading(
                name,
                mission.measure,
                mission.window,
                when=version.bound(mission.measure.when),
                lines=version.line_match(mission.measure.lines),
                mission=mission,
            )
    return found


def mission_reading(mission: Mission) -> str:
    """Return the name of the reading of a mission's own measure."""
    return f"mission:{mission.id}"


def _inactivity(wallet: Wallet) -> tuple[str, ...]:
    found = policies_of(wallet.expiry)
    kinds = (kind for each in found if isinstance(each, Inactivity) for kind in each.activity)
    return tuple(dict.fromkeys(kinds))
