"""Members' lives at random, in memory and through the stack: both show the same of everybody.

What a program means is the core's matter, and the naive evaluator judges it. Here it is what lies
between the core and whoever asks: arrival, lanes, commits, pages, reservations, projections. A
world follows from its seed alone. `make test` plays the same few each time; `make chaos` plays on
from SEED for a tenth of SECONDS, and prints each seed before it is played.
"""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from guerdon.core.activity import OWN_TYPES, Activity, Instant
from guerdon.engine.judge import known_types
from guerdon.engine.publish import publish
from guerdon.engine.rehearsal import Stage
from guerdon.engine.world import World
from guerdon.program.arrivals import Arrivals
from guerdon.program.memory import Memory
from guerdon.program.observation import MEMBER_FACTS, Observer
from guerdon.program.scenario import Reported
from guerdon.settings import Settings
from guerdon.wiring import build, discard, prepare
from lives import Storyteller, deeds_at_random
from scenario_files import EXAMPLES, SHARED, STORIES, by_name, scenario_of
from seeds import seeds
from worlds import settings_for

FILES = by_name(*EXAMPLES, *STORIES, *SHARED)
PEOPLE = tuple(f"m{number}" for number in range(5))
DEEDS = 60
LOOKS = 3
WORLDS = 6
DAY = 86_400_000
BEGIN = 1_704_000_000_000
OF_PROGRAM = ("stock", "book", "payouts", "draws")
MANY = 20
NEXT_INSTANT = 2


class Apart(AssertionError):
    """Memory and stack show something different."""


class Both:
    """One program in memory and through the stack."""

    def __init__(self, stage: Stage, memory: Memory) -> None:
        self.stage = stage
        self.program = memory.program
        self.memory = Arrivals(memory)

    async def take(self, told: Reported) -> None:
        await self.tick(told.activity.received)
        self.memory.take(told)
        await self.stage.take(told, self.program.money_scale)

    async def tick(self, to: Instant) -> None:
        self.memory.tick(to)
        await self.stage.tick(to)

    async def differences(self, at: Instant) -> list[str]:
        """Return what differs now, a sentence each."""
        await self.tick(at)
        stored = await self.stage.look()
        mine, theirs = (dict(self._facts(one, at)) for one in (self.memory, stored))
        return [
            f"{name}: in memory {mine.get(name)}, through the stack {theirs.get(name)}"
            for name in sorted(mine.keys() | theirs.keys())
            if mine.get(name) != theirs.get(name)
        ]

    def _facts(self, found: Arrivals, at: Instant) -> Iterator[tuple[str, Any]]:
        observer = Observer(found, at)
        yield "failures", found.failures
        for name, results in found.results.items():
            yield f"result of {name}", [(one.result, one.reason) for one in results]
        for who in PEOPLE:
            if found.memory.is_enrolled(who):
                yield from (
                    (f"{who}.{fact}", _plain(observer.member(who, fact))) for fact in MEMBER_FACTS
                )
        yield from ((fact, _plain(observer.whole(fact))) for fact in OF_PROGRAM)
        if not self.memory.memory.survivors:  # a service names who won by the account of today
            yield "raffle", _plain(observer.whole("raffle"))
        yield from ((board, _plain(observer.ranks(board))) for board in self.program.leaderboards)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.normalize() + 0 if isinstance(value, Decimal) else value


async def play(world: World, seed: int) -> int:
    """Play a world; return how many activities arrived in it.

    Raises:
        Apart: Memory and stack differ; the seed and what led there are told.
    """
    path = FILES[seed % len(FILES)]
    scenario = scenario_of(path)
    program = scenario.program
    assert program is not None
    chance = random.Random(seed)
    story = Storyteller(program, BEGIN + chance.randrange(700) * DAY, PEOPLE)
    await publish(world, scenario.document, program=program.id)
    stage = Stage(world, program.id)
    await stage.prepare()
    memory = Memory(program)
    both, told = Both(stage, memory), list[Reported]()
    kinds = known_types(memory.rulebook) | OWN_TYPES

    def is_taken(activity: Activity) -> bool:
        """Tell whether it is the same to both.

        A service refuses what nobody listens to at its door, and judges anew what it refused
        there because something else has the same `ref` or identity.
        """
        before = both.memory.results.get(activity.id, ())
        is_refused = any(one.reason in ("ref", "identity_taken") for one in before)
        return activity.reporter == "service" and activity.type in kinds and not is_refused

    async def look() -> None:
        found = await both.differences(Instant(story.now))
        if found:
            led = [f"{one.activity} {one.external or ''}" for one in told]
            raise Apart("\n".join([f"SEED={seed} of {path.name}", *found[:MANY], "after", *led]))

    for number, deed in enumerate(deeds_at_random(chance, len(PEOPLE), DEEDS), 1):
        arrival = story.tell(deed)
        if arrival is not None and is_taken(arrival[0]):
            told.append(Reported(activity=arrival[0], line=0, external=arrival[1]))
            await both.take(told[-1])
            story.wait(NEXT_INSTANT)  # in one millisecond, accounts apart have no order
        if number % (DEEDS // LOOKS) == 0:
            await look()
    for gap in (8, 10, 11):
        story.wait(gap)
        await look()
    return len(told)


async def played(settings: Settings, seed: int) -> int:
    await prepare(settings)
    world = build(settings, at_work=True)
    try:
        return await play(world, seed)
    finally:
        await world.close()
        await discard(settings)


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    return settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, lanes=3)


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_lives_show_the_same_in_memory_and_through_the_stack(
    settings: Settings, seed: int
) -> None:
    assert await played(settings, seed) > DEEDS // 4


@pytest.mark.chaos
async def test_lives_show_the_same_for_as_long_as_there_is_time(settings: Settings) -> None:
    for seed in seeds():
        await played(settings, seed)
