"""A program's versions in force over time, each compiled once into what deciding looks up.

Rule: rules, rates, accept rules and draws follow the version in force at an activity's `at`;
counters, ladders, wallets and missions follow the version in force when it is decided. Publishing
is `engine.publish`; the document is `guerdon.program`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from guerdon.core.activity import Instant
from guerdon.core.conditions import Compiled, compile_condition
from guerdon.core.context import Getters, is_state
from guerdon.core.errors import ProgramMistake
from guerdon.core.program import (
    AcceptRule,
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
    Of,
    Program,
    Rule,
    Wallet,
    Window,
    WindowKind,
)
from guerdon.core.windows import Calendar

LAST_YEAR = Window(WindowKind.YEAR)
"""The window that dividends read."""


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """The compiled conditions of a rule, draw or measure; None where nothing is asked."""

    when: Compiled | None
    lines: Compiled | None


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A measure over one window: a counter's own, or the one a ladder, leaderboard or mission needs.

    `id` names its shelves. `mission` is set where the measure is a mission's own.
    """

    id: str
    measure: Measure
    window: Window
    matching: Matching
    since: Instant | None = None
    mission: Mission | None = None


class Version:
    """One compiled version of the program."""

    def __init__(self, program: Program, calendar: Calendar) -> None:
        self.program = program
        self.calendar = calendar
        self.getters = Getters(program)
        self.matching: dict[str, Matching] = {}
        self.rules_by_type: dict[str, tuple[Rule, ...]] = _by_type(program.rules)
        self.accept_by_type: dict[str, tuple[AcceptRule, ...]] = _by_type(program.accept)
        self.draws_by_type: dict[str, tuple[Draw, ...]] = _by_type(program.draws.values())
        self.rule_by_id = {rule.id: rule for rule in program.rules}
        for rule in program.rules:
            self.matching[f"rule:{rule.id}"] = _matching(rule.when, rule.lines)
        for draw in program.draws.values():
            self.matching[f"draw:{draw.id}"] = _matching(draw.when, draw.lines)
        self.readings = _readings(program)
        self.readings_by_type = _readings_by_type(self.readings.values())
        self.points_readings = _points_readings(self.readings.values())
        self.rolling = tuple(
            reading
            for reading in self.readings.values()
            if reading.window.kind is WindowKind.ROLLING
        )
        self.extends_by_type: dict[str, tuple[Wallet, ...]] = _wallets_by_type(
            program, lambda wallet: wallet.extend.activity if wallet.extend else ()
        )
        self.active_by_type: dict[str, tuple[Wallet, ...]] = _wallets_by_type(program, _inactivity)
        self.badges_by_counter = _group(program.badges.values(), lambda badge: badge.counter)
        self.listened = frozenset(self.rules_by_type) | frozenset(self.readings_by_type)
        self._kept_fields: dict[str, tuple[str, ...]] = {}
        self._compiled: dict[int, Compiled | None] = {}

    def holds(self, condition: Condition) -> Compiled | None:
        """Return a condition compiled, once per version; None where it always holds."""
        key = id(condition)
        if key not in self._compiled:
            self._compiled[key] = compile_condition(condition)
        return self._compiled[key]

    def reading_of(self, counter: str, window: Window) -> Reading:
        """Return the reading of a counter over a window."""
        own = self.program.counters[counter]
        name = counter if own.window == window else _other(counter, window)
        return self.readings[name]

    def kept_fields(self, kind: str) -> tuple[str, ...]:
        """Return the state fields that any condition may ask of activities of a type."""
        found = self._kept_fields.get(kind)
        if found is None:
            found = self._kept_fields[kind] = self._fields_for(kind)
        return found

    def _fields_for(self, kind: str) -> tuple[str, ...]:
        fields: dict[str, None] = {}
        conditions: list[Condition] = []
        for rule in self.rules_by_type.get(kind, ()):
            conditions += [rule.when, rule.lines]
            if isinstance(rule.give, GiveByTier):
                fields[rule.give.ladder] = None
            if rule.to_referrer:
                fields["member.referrer"] = None
        conditions += [rule.when for rule in self.accept_by_type.get(kind, ())]
        for reading in self.readings_by_type.get(kind, ()):
            conditions += [reading.measure.when, reading.measure.lines]
        for draw in self.draws_by_type.get(kind, ()):
            conditions += [draw.when, draw.lines]
        conditions += [w.extend.when for w in self.extends_by_type.get(kind, ()) if w.extend]
        for condition in conditions:
            fields.update(
                (test.field, None) for test in condition.tests if is_state(self.program, test.field)
            )
        return tuple(fields)


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

    def at(self, instant: int) -> Version:
        """Return the version in force at an instant; the first one before any began."""
        if len(self.versions) == 1:
            return self.versions[0]
        return self.versions[max(bisect_right(self._begins, instant) - 1, 0)]

    def wallet(self, slug: str) -> Wallet:
        """Return a wallet's definition, from the newest version that still has it."""
        for version in reversed(self.versions):
            found = version.program.wallets.get(slug)
            if found is not None:
                return found
        raise KeyError(slug)


def _matching(when: Condition, lines: Condition) -> Matching:
    return Matching(compile_condition(when), compile_condition(lines))


def _by_type(items: Iterable) -> dict:  # type: ignore[type-arg]
    grouped: dict[str, list[object]] = {}
    for item in items:
        for kind in dict.fromkeys(item.activity):
            grouped.setdefault(kind, []).append(item)
    return {kind: tuple(found) for kind, found in grouped.items()}


def _group(items: Iterable, key) -> dict:  # type: ignore[type-arg,no-untyped-def]
    grouped: dict[str, list[object]] = {}
    for item in items:
        grouped.setdefault(key(item), []).append(item)
    return {name: tuple(found) for name, found in grouped.items()}


def _other(counter: str, window: Window) -> str:
    parts = [window.kind.value]
    if window.period is not None:
        parts.append(f"{window.period.months}m{window.period.days}d")
    if window.begin is not None or window.end is not None:
        parts.append(f"{window.begin}-{window.end}")
    return f"{counter}@{':'.join(parts)}"


def _readings(program: Program) -> Mapping[str, Reading]:
    found: dict[str, Reading] = {}

    def include(name: str, counter: Counter, window: Window) -> None:
        measure = counter.measure
        found.setdefault(
            name,
            Reading(name, measure, window, _matching(measure.when, measure.lines), counter.since),
        )

    for counter in program.counters.values():
        include(counter.id, counter, counter.window)
    shown: list[Ladder | Leaderboard] = [*program.ladders.values(), *program.leaderboards.values()]
    for noun in shown:
        counter = program.counters[noun.counter]
        if noun.window != counter.window:
            include(_other(counter.id, noun.window), counter, noun.window)
    for job in program.jobs.values():
        if job.dividend is not None:
            counter = program.counters[job.dividend.counter]
            if counter.window != LAST_YEAR:
                include(_other(counter.id, LAST_YEAR), counter, LAST_YEAR)
    for mission in program.missions.values():
        if mission.measure is not None:
            found[mission_reading(mission)] = Reading(
                mission_reading(mission),
                mission.measure,
                mission.window,
                _matching(mission.measure.when, mission.measure.lines),
                mission=mission,
            )
    return found


def mission_reading(mission: Mission) -> str:
    """Return the name of the reading of a mission's own measure."""
    return f"mission:{mission.id}"


def _readings_by_type(readings: Iterable[Reading]) -> dict[str, tuple[Reading, ...]]:
    grouped: dict[str, list[Reading]] = {}
    for reading in readings:
        for kind in dict.fromkeys(reading.measure.activity):
            grouped.setdefault(kind, []).append(reading)
    return {kind: tuple(found) for kind, found in grouped.items()}


def _points_readings(readings: Iterable[Reading]) -> dict[str, tuple[Reading, ...]]:
    grouped: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.measure.points is not None:
            grouped.setdefault(reading.measure.points, []).append(reading)
    return {wallet: tuple(found) for wallet, found in grouped.items()}


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


def _wallets_by_type(program: Program, kinds_of) -> dict[str, tuple[Wallet, ...]]:  # type: ignore[no-untyped-def]
    grouped: dict[str, list[Wallet]] = {}
    for wallet in program.wallets.values():
        for kind in dict.fromkeys(kinds_of(wallet)):
            grouped.setdefault(kind, []).append(wallet)
    return {kind: tuple(found) for kind, found in grouped.items()}


def rules_read(rule: Rule) -> tuple[str, ...]:
    """Return the rules whose points a rule multiplies."""
    give = rule.give
    forms = [g.form for g in give.tiers.values()] if isinstance(give, GiveByTier) else [give.form]
    return tuple(name for form in forms if isinstance(form, Of) for name in form.rules)
