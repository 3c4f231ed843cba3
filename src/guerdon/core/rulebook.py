"""A program's versions in force over time, each compiled once into what deciding looks up.

Rule: rules, rates, accept rules and draws follow the version in force at an activity's `at`;
counters, ladders, wallets and missions follow the version in force when it is decided. Publishing
is `engine.publish`; the document is `guerdon.program`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from guerdon.core.activity import Instant
from guerdon.core.conditions import Compiled, compile_condition, text
from guerdon.core.context import (
    BoundTest,
    Context,
    Getters,
    LineMatch,
    StateGetter,
    bind,
    is_state,
    state_getter,
)
from guerdon.core.decision import Explanation
from guerdon.core.errors import ProgramMistake
from guerdon.core.forms import Giving, compile_give
from guerdon.core.gives import carry_of, multiplied
from guerdon.core.lots import Purse
from guerdon.core.program import (
    Condition,
    Counter,
    Draw,
    ExpiryByTier,
    GiveByTier,
    Inactivity,
    Ladder,
    Leaderboard,
    Measure,
    Mission,
    Program,
    Rule,
    Wallet,
    Window,
    WindowKind,
)
from guerdon.core.windows import WINDOW_KEYS, Calendar

LAST_YEAR = Window(WindowKind.YEAR)
"""The window that dividends read."""

Item = TypeVar("Item")


class Listening(Protocol):
    """Whatever names the types of activity it listens to."""

    @property
    def activity(self) -> tuple[str, ...]:
        """The types."""


class Refusals(dict[str, Explanation]):
    """Why a rule does not apply by one of its tests, by what the test sees: that often repeats."""

    __slots__ = ("_rule", "_test")

    def __init__(self, rule: str, test: BoundTest) -> None:
        super().__init__()
        self._rule = rule
        self._test = test

    def __missing__(self, seen: str) -> Explanation:
        if len(self) >= _REFUSALS_MAX:
            self.clear()
        test = self._test
        found = Explanation(self._rule, False, "when", test.field, test.op, seen, test.needed)
        self[seen] = found
        return found


_REFUSALS_MAX = 256


class RuleTest(NamedTuple):
    """One test of a rule: how its field is read, tested, said in words, and what refuses."""

    get: Callable[[Context], Any]
    holds: Callable[[Any], bool]
    words: Callable[[Any], str]
    refusals: Refusals


class Earning:
    """A rule, compiled: conditions and gives as functions, explanations as far as they are fixed.

    `place` is its place in the program's order. `is_read` tells that other rules read what it
    gives, `is_alone` that what it gives depends on no rival and no running total, `is_free` that
    nothing limits it and the member gets it. Exactly one of `give` and `by_tier` (ladder and
    gives by tier) is there.
    """

    __slots__ = (
        "applied",
        "by_tier",
        "carry",
        "give",
        "id",
        "is_alone",
        "is_free",
        "is_read",
        "lines",
        "nothing",
        "place",
        "rule",
        "unmatched",
        "when",
    )

    def __init__(self, rule: Rule, place: int, version: "Version", *, is_read: bool) -> None:
        name = rule.id
        self.rule = rule
        self.id = name
        self.place = place
        self.is_read = is_read
        self.is_free = rule.limit is None and not rule.to_referrer
        self.is_alone = rule.best_of is None and carry_of(rule) is None
        self.when = tuple(
            RuleTest(test.get, test.holds, test.words, Refusals(name, test))
            for test in version.bound(rule.when)
        )
        self.lines = version.line_match(rule.lines)
        self.carry = carry_of(rule)
        self.give: Giving | None = None
        self.by_tier: tuple[str, dict[str, Giving]] = ("", {})
        if isinstance(rule.give, GiveByTier):
            gives = rule.give.tiers.items()
            compiled = {tier: compile_give(give, version.getters) for tier, give in gives}
            self.by_tier = (rule.give.ladder, compiled)
        else:
            self.give = compile_give(rule.give, version.getters)
        wanted = "; ".join(
            f"{test.field} {test.op} {text(test.value)}" for test in rule.lines.tests
        )
        self.applied = Explanation(name, True, "applied")
        self.unmatched = Explanation(name, False, "lines", "lines", "in", "", wanted)
        self.nothing = Explanation(name, False, "amount", "points", "gt", "0", "0")


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
        version: "Version",
        *,
        since: Instant | None = None,
        mission: Mission | None = None,
        backfill: bool = False,
    ) -> None:
        self.id = name
        self.measure = measure
        self.window = window
        self.mission = mission
        self.backfill = backfill
        self.fills = Instant(0)
        self.when = version.bound(measure.when)
        self.lines = version.line_match(measure.lines)
        self.rolling = window.kind is WindowKind.ROLLING
        self.is_one_window = self.rolling or window.kind is WindowKind.LIFETIME
        self.keys = WINDOW_KEYS.get(window.kind)
        self.plain_sum = measure.sum == "net" and not measure.once_per_day
        self.begins(since)
        self.win, self.roll = f"win:{name}", f"roll:{name}"
        self.set, self.days = f"set:{name}", f"days:{name}"

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
        self._kept_fields: dict[str, tuple[tuple[str, StateGetter], ...]] = {}
        read = {name for rule in program.rules for name in multiplied(rule)}
        earnings = [
            Earning(rule, place, self, is_read=rule.id in read or rule.best_of is not None)
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
        self.opt_in_by_type: dict[str, tuple[Mission, ...]] = _grouped(
            (mission for mission in program.missions.values() if mission.opt_in),
            lambda mission: mission.measure.activity if mission.measure is not None else (),
        )
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

    def next_begin(self, after: int) -> Instant | None:
        """Return when the next version begins later than an instant; None where none does."""
        if self._begins[-1] <= after:
            return None
        return self._begins[bisect_right(self._begins, after)]

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
                version,
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
            found[name] = Reading(name, mission.measure, mission.window, version, mission=mission)
    return found


def mission_reading(mission: Mission) -> str:
    """Return the name of the reading of a mission's own measure."""
    return f"mission:{mission.id}"


def _inactivity(wallet: Wallet) -> tuple[str, ...]:
    policies = [wallet.expiry]
    kinds: dict[str, None] = {}
    while policies:
        policy = policies.pop()
        if isinstance(policy, Inactivity):
            kinds.update(dict.fromkeys(policy.activity))
        elif isinstance(policy, ExpiryByTier):
            policies += [policy.otherwise, *policy.tiers.values()]
    return tuple(kinds)
