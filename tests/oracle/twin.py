"""Core and oracle side by side: the same arrivals, and whatever they show differently."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from guerdon.core.activity import Activity, Instant
from guerdon.core.leaderboards import pinned
from guerdon.core.program import Program
from guerdon.core.rulebook import Rulebook
from guerdon.core.windows import Calendar
from guerdon.program.arrivals import Arrivals
from guerdon.program.comparison import shown
from guerdon.program.memory import Memory
from guerdon.program.observation import MEMBER_FACTS, Observer
from guerdon.program.scenario import Reported
from oracle.arrivals import Identity, Oracle, Play
from oracle.looking import Look
from oracle.rehearsal import OF_PROGRAM
from oracle.world import Later, World

Happening = int | tuple[Activity, Identity | None]
"""Time that passes up to an instant, or something that arrives."""


class Disagreement(AssertionError):
    """Core and oracle show something different."""


def _as_read(program: Program) -> Program:
    """Return a program as the loader hands it to the core: leaderboards that `asof` pins are."""
    calendar = Calendar(program.timezone, program.day_start_minutes)
    boards = {slug: pinned(board, calendar) for slug, board in program.leaderboards.items()}
    return replace(program, leaderboards=boards)


class Twin:
    """A program that lives twice."""

    def __init__(self, program: Program, later: Later | None = None) -> None:
        self.program = program
        first = _as_read(program)
        memory = Memory(first)
        if later is not None:
            second = replace(_as_read(later[1]), version=2, begin=Instant(later[0]))
            memory.rulebook = Rulebook([first, second])
        self.core = Arrivals(memory)
        self.oracle = Oracle(program, later)
        self.play = Play(World(program, later))
        self.now = 0

    def take(self, activity: Activity, external: Identity | None = None) -> None:
        """Let an activity arrive at both, after what is due before it."""
        self.tick(activity.received)
        self.oracle.report(activity, external)
        self.core.take(Reported(activity=activity, line=0, external=external))
        self.play.arrive(activity, external)

    def tick(self, to: int) -> None:
        """Let time pass at both."""
        self.now = to
        self.core.tick(Instant(to))
        self.play.time(to)

    def live(self, happenings: Iterable[Happening]) -> None:
        """Live through what happens, and compare after each.

        Raises:
            Disagreement: Something is shown differently; what led there is told, oldest first.
        """
        for one in happenings:
            if isinstance(one, int):
                self.tick(one)
            else:
                self.take(*one)
            found = self.differences()
            if found:
                raise Disagreement(
                    "\n".join([*found[:20], "after", *map(told, self.oracle.reported)])
                )

    def anew(self) -> None:
        """Let the oracle play its whole list once more, from nothing."""
        self.play = self.oracle.play(self.now)

    # ------------------------------------------------------------ comparing

    def differences(self) -> list[str]:
        """Return what differs now, a sentence each."""
        return [*self._outcomes(), *self._members(), *self._program()]

    def _outcomes(self) -> Iterator[str]:
        for name, outcomes in self.play.outcomes.items():
            found = self.core.results.get(name, [])
            for mine, its in zip(outcomes, found, strict=False):
                if (mine.result, mine.reason) != (its.result, its.reason):
                    yield (
                        f"{name}: core says {its.result} {its.reason}, "
                        f"the oracle {mine.result} {mine.reason}"
                    )
            if len(found) != len(outcomes):
                yield f"{name}: core has {len(found)} results, the oracle {len(outcomes)}"

    def _members(self) -> Iterator[str]:
        observer, look = Observer(self.core, Instant(self.now)), Look(self.play, self.now)
        core = {one.member for one in self.core.memory.members()}
        mine = {one.name for one in self.play.world.members()}
        if core != mine:
            yield f"members: core has {sorted(core)}, the oracle {sorted(mine)}"
        for name in sorted(core & mine):
            for fact in sorted(MEMBER_FACTS):
                yield from _differ(
                    f"{name}.{fact}", observer.member(name, fact), look.member(name, fact)
                )

    def _program(self) -> Iterator[str]:
        observer, look = Observer(self.core, Instant(self.now)), Look(self.play, self.now)
        for fact in OF_PROGRAM:
            yield from _differ(fact, observer.whole(fact), look.whole(fact))
        for board in self.program.leaderboards:
            yield from _differ(board, observer.ranks(board), look.ranks(board))


def told(arrival: tuple[Activity, Identity | None]) -> str:
    """Return an arrival on one line."""
    activity, external = arrival
    lines = [(line.amount, dict(line.fields)) for line in activity.lines]
    parts = [activity.id, activity.type, activity.member or external, f"at {activity.at}"]
    if activity.received != activity.at:
        parts.append(f"received {activity.received}")
    parts += [str(lines)] if lines else []
    parts += [str({name: str(value) for name, value in activity.data.items()})]
    return " ".join(str(part) for part in parts)


def _differ(path: str, core: Any, oracle: Any) -> Iterator[str]:
    if isinstance(core, dict) and isinstance(oracle, dict):
        for key in dict.fromkeys([*core, *oracle]):
            yield from _differ(f"{path}.{key}", core.get(key), oracle.get(key))
    elif core != oracle:
        yield f"{path}: core {shown(core)}, oracle {shown(oracle)}"
