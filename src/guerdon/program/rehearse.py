"""Rehearsals: a scenario played through the pure core under its own clock, and compared.

Rule: in order of time; at one instant what is due, then what arrives, then what is expected. A
mismatch names the line, what was expected, what was found, and what led there.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from guerdon.core.program import Program
from guerdon.core.sentences import effect_sentence, explanation_sentence
from guerdon.program.arrivals import MEMBER_FIELDS, Arrivals, Entry
from guerdon.program.comparison import Difference, differences
from guerdon.program.expectations import Checkpoint, Outcome
from guerdon.program.memory import Memory
from guerdon.program.mistakes import did_you_mean
from guerdon.program.observation import MEMBER_FACTS, Observer
from guerdon.program.scenario import Reported, Scenario
from guerdon.program.yaml_source import Node, Sequence

STORY_MAX = 8
"""How many entries of a member's journal are told with a mismatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One expectation that did not hold; `story` tells what led there, oldest first."""

    line: int
    at: str
    about: str
    expected: str
    found: str
    why: str | None = None
    story: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a rehearsal: how many expectations were checked, and which failed."""

    name: str
    checks: int
    mismatches: tuple[Mismatch, ...]

    @property
    def is_ok(self) -> bool:
        """Tell whether everything held."""
        return not self.mismatches


def rehearse(scenario: Scenario, memory: Callable[[Program], Memory] = Memory) -> Report:
    """Play a scenario that has no mistakes, and compare; `memory` makes the program's state.

    Raises:
        ValueError: The scenario has mistakes; show those instead.
    """
    comparison = Comparison(scenario)
    arrivals = Arrivals(memory(comparison.program))
    for step in steps(scenario):
        if isinstance(step, Checkpoint):
            arrivals.tick(step.at)
            comparison.check(arrivals, step)
        else:
            arrivals.tick(step.activity.received)
            arrivals.take(step)
    return comparison.report(arrivals)


def steps(scenario: Scenario) -> Iterator[Reported | Checkpoint]:
    """Yield what arrives and what is expected, in the order in which it is played.

    At one instant what arrives comes before what is expected; what is due comes before both, and
    is whoever plays it to see to.
    """
    waiting = deque(sorted(scenario.activities, key=lambda one: one.activity.received))
    checkpoints = sorted(
        (one for one in scenario.expectations if isinstance(one, Checkpoint)),
        key=lambda one: one.at,
    )
    for checkpoint in checkpoints:
        while waiting and waiting[0].activity.received <= checkpoint.at:
            yield waiting.popleft()
        yield checkpoint
    yield from waiting


def _failed(name: str, error: str) -> Mismatch:
    """Return that something could not be decided at all, which is never expected."""
    return Mismatch(
        line=1,
        at="in between",
        about=name,
        expected="a decision",
        found=f"a bug in guerdon: {error}",
    )


class Comparison:
    """Compares what a scenario expects with what was played so far, and keeps what differs.

    What was played is an `Arrivals`: the door of a program in memory, or one filled with what a
    service has stored.
    """

    def __init__(self, scenario: Scenario) -> None:
        if scenario.program is None:
            raise ValueError(f"{scenario.name} has mistakes and cannot be rehearsed")
        self.program = scenario.program
        self._scenario = scenario
        self._people = dict.fromkeys(_people(scenario))
        self._mismatches: list[Mismatch] = []

    def check(self, arrivals: Arrivals, checkpoint: Checkpoint) -> None:
        """Note what does not hold at a checkpoint."""
        member = checkpoint.member
        if member is None or member in self._people:
            self._mismatches += _Play(self.program, arrivals).check(checkpoint)
        else:
            self._mismatches.append(self._nobody(checkpoint, member))

    def _nobody(self, checkpoint: Checkpoint, member: str) -> Mismatch:
        """Return that no activity names a member, of whom nothing would be found otherwise."""
        return Mismatch(
            line=checkpoint.line,
            at=checkpoint.written_at,
            about=member,
            expected="a member",
            found=f"no activity of theirs. {did_you_mean(member, self._people)}".rstrip(),
            why=checkpoint.why,
        )

    def note(self, mismatch: Mismatch) -> None:
        """Note something else that is not as it must be."""
        self._mismatches.append(mismatch)

    def report(self, arrivals: Arrivals) -> Report:
        """Return everything that differs, the results of activities at last among it."""
        scenario = self._scenario
        play = _Play(self.program, arrivals)
        for expectation in scenario.expectations:
            if isinstance(expectation, Outcome):
                self._mismatches += play.outcome(expectation)
        self._mismatches += [_failed(name, error) for name, error in arrivals.failures.items()]
        return Report(
            name=scenario.name,
            checks=len(scenario.expectations),
            mismatches=tuple(sorted(self._mismatches, key=lambda mismatch: mismatch.line)),
        )


def _people(scenario: Scenario) -> Iterator[str]:
    """Yield the members whom the activities of a scenario name."""
    for reported in scenario.activities:
        activity = reported.activity
        for name in (activity.member, *(activity.data.get(field) for field in MEMBER_FIELDS)):
            if isinstance(name, str):
                yield name


class _Play:
    """Compares expectations with what was played so far."""

    def __init__(self, program: Program, arrivals: Arrivals) -> None:
        self.program = program
        self.arrivals = arrivals

    def check(self, checkpoint: Checkpoint) -> list[Mismatch]:
        """Return what does not hold at a checkpoint."""
        observer = Observer(self.arrivals, checkpoint.at)
        found = [
            difference
            for fact, expected in checkpoint.facts
            for difference in self._compare(observer, checkpoint, fact, expected)
        ]
        return [
            self._mismatch(checkpoint, difference, is_first=not i)
            for i, difference in enumerate(found)
        ]

    def _compare(
        self, observer: Observer, checkpoint: Checkpoint, fact: str, expected: Node
    ) -> list[Difference]:
        if fact == "ranks":
            board = checkpoint.leaderboard or ""
            return list(differences(expected, observer.ranks(board), board))
        if fact in MEMBER_FACTS:
            member = checkpoint.member or ""
            found = observer.member(member, fact)
            if fact == "rewards":
                expected = _sorted(expected)
            return list(differences(expected, found, f"{member}.{fact}"))
        return list(differences(expected, observer.whole(fact), fact))

    def _mismatch(
        self, checkpoint: Checkpoint, difference: Difference, *, is_first: bool
    ) -> Mismatch:
        """Return a mismatch; the reason and the story are told once a checkpoint."""
        return Mismatch(
            line=difference.line,
            at=checkpoint.written_at,
            about=difference.path,
            expected=difference.expected,
            found=difference.found,
            why=checkpoint.why if is_first else None,
            story=self._story(checkpoint.member) if is_first else (),
        )

    def _story(self, member: str | None) -> tuple[str, ...]:
        if member is None:
            return ()
        person = self.arrivals.memory.survivor(member)
        memory = self.arrivals.memory
        entries = [
            entry for entry in self.arrivals.journal if memory.survivor(entry.member) == person
        ]
        return tuple(
            self._tell(entry)
            for entry in entries[-STORY_MAX:]
            if entry.decision.effects or entry.name != "time"
        )

    def _tell(self, entry: Entry) -> str:
        decision = entry.decision
        parts = [effect_sentence(self.program, effect) for effect in decision.effects]
        parts += [
            explanation_sentence(self.program, explanation).rstrip(".")
            for explanation in decision.explanations
            if not explanation.applied
        ]
        result = decision.result if decision.reason is None else f"rejected: {decision.reason}"
        told = "; ".join(parts) or (result if entry.name != "time" else "")
        return f"{self._clock(entry.at)} {entry.name}: {told}"

    def _clock(self, at: int) -> str:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
        return moment.astimezone(ZoneInfo(self.program.timezone)).isoformat(sep=" ")

    def outcome(self, expectation: Outcome) -> list[Mismatch]:
        """Return what differs from the result expected of an activity."""
        results = self.arrivals.results.get(expectation.activity, [])
        wanted = _words(expectation.result, expectation.reason)
        found = "no such activity"
        if len(results) >= expectation.copy:
            result = results[expectation.copy - 1]
            if result.result == expectation.result and (
                expectation.reason is None or result.reason == expectation.reason
            ):
                return []
            found = _words(result.result, result.reason)
        copy = f" (copy {expectation.copy})" if expectation.copy > 1 else ""
        return [
            Mismatch(
                line=expectation.line,
                at="in the end",
                about=f"{expectation.activity}{copy}",
                expected=wanted,
                found=found,
            )
        ]


def _words(result: str, reason: str | None) -> str:
    return result if reason is None else f"{result} ({reason})"


def _sorted(node: Node) -> Node:
    """Return a list of names in order, because the order of these means nothing."""
    if not isinstance(node, Sequence):
        return node
    ordered = sorted(node.items, key=lambda item: getattr(item, "text", ""))
    return Sequence(node.place, tuple(ordered), node.weight)


def told(mismatch: Mismatch) -> Iterator[str]:
    """Yield the lines in which a mismatch is printed."""
    yield f"line {mismatch.line}, {mismatch.at}: {mismatch.about}"
    yield f"  expected {mismatch.expected}, found {mismatch.found}"
    if mismatch.why:
        yield f"  because {mismatch.why}"
    for line in mismatch.story:
        yield f"  - {line}"
