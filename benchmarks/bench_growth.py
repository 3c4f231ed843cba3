"""What an activity costs as members double and as history grows tenfold, and what is stored.

Measured is processor time of the database and of this process, which accepts and decides by the
engine's own verbs; everywhere the same number of activities of the same number of members, so that
batches are alike. Each of the three has servers of its own, is filled first and has then put away
what it was filled with; the rounds go from one to the next, and a round is compared with the
round of the first right beside it: a machine that others use is not as fast from one minute to
the next.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from guerdon.engine import score
from guerdon.engine.lanes import lanes_of
from guerdon.live.client import LIVE_DB, with_db
from guerdon.wiring import build, collect_rarely
from reporter import Reporter
from stack import Stack, lap, machine, running

OF_MEMBERS = ("identities", "members", "member_keys", "standings", "scores")
OF_ACTIVITIES = ("receipts", "journal")
_FILL = 4_000
_SETTLE_LOOKS = 60
_REST_SECONDS = 1
_IDLE = 0.05


class Here:
    """Reports for a group of members and decides in this process."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter

    async def whole(self, count: int) -> None:
        """Accept and decide."""
        await self.reporter.accept(count)
        world, program = self.reporter.world, self.reporter.program
        layout = await world.rulebooks.layout(program)
        lanes = list(lanes_of(layout))

        async def work() -> None:
            while lanes:
                await score.score_lane(world, program, lanes.pop())

        await asyncio.gather(work(), work())

    async def fill(self, upto: int) -> None:
        """Bring every member's history up to so many activities, saying how far it is."""
        reporter = self.reporter
        wanted = upto * reporter.members
        while reporter.next < wanted:
            await self.whole(min(_FILL, wanted - reporter.next))
            print(f"\r{reporter.name}: {reporter.next:,} of {wanted:,}", end="", flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Servers that hold so many members of so many activities each, of whom some report."""

    name: str
    stack: Stack
    groups: Sequence[Here]

    @property
    def members(self) -> int:
        """Return how many there are."""
        return sum(each.reporter.members for each in self.groups)

    @property
    def activities(self) -> int:
        """Return how many were reported."""
        return sum(each.reporter.next for each in self.groups)

    async def settle(self) -> None:
        """Have MongoDB write what it has, and wait until it does nothing more of it."""
        mongod = {"mongod": self.stack.pids["mongod"]}
        for _ in range(_SETTLE_LOOKS):
            await self.checkpoint()
            rest = await lap(mongod, asyncio.sleep, _REST_SECONDS)
            if rest.processor["mongod"] < _IDLE * rest.wall:
                return
        message = f"MongoDB is not at rest after {_SETTLE_LOOKS * _REST_SECONDS} s; try again."
        raise SystemExit(message)

    async def checkpoint(self, count: int = 0) -> None:
        """Have MongoDB write all that changed since the last time to its files."""
        del count  # whatever it is
        url = self.stack.settings.mongo_url.get_secret_value()
        async with AsyncMongoClient[Any](url) as client:
            await client.admin.command("fsync")


async def measure(arguments: argparse.Namespace, stacks: Sequence[Stack]) -> None:
    """Grow each, measure in turn, and print."""
    members, history = arguments.members, arguments.history
    worlds = [build(each.settings, at_work=True) for each in stacks]

    def case(number: int, name: str, *groups: str) -> Case:
        stack, world = stacks[number], worlds[number]
        reporters = (Reporter(world, stack, members=members, name=each) for each in groups)
        return Case(name=name, stack=stack, groups=[Here(each) for each in reporters])

    cases = [
        case(0, "members as they are", "first"),
        case(1, "twice the members", "first", "more"),
        case(2, "ten times the history", "first"),
    ]
    for each, times in zip(cases, (1, 1, 10), strict=True):
        for group in each.groups:
            await group.fill(times * history)
    collect_rarely()
    costs = await in_turn(arguments, cases)
    print(f"\r{members:,} members of {history} activities each; {machine()}")
    base = costs[cases[0].name]
    for each in cases:
        print(f"  {each.name:22} {summary(costs[each.name], base)}")
    for each in cases[1:]:
        print(f"  Stored, {each.name}:")
        settings = each.stack.settings
        url, database = settings.mongo_url.get_secret_value(), settings.mongo_database
        await stored(url, database, each.members, each.activities)
        await projected(settings.redis_url.get_secret_value(), each.members)
    for world in worlds:
        await world.close()


class Round(NamedTuple):
    """What a round cost in microseconds an activity: in all, of it MongoDB; and a checkpoint."""

    whole: float
    mongod: float
    checkpoint: float


async def in_turn(arguments: argparse.Namespace, cases: Sequence[Case]) -> dict[str, list[Round]]:
    """Return the rounds of each case: one after the other, after one that only warms."""
    rounds: dict[str, list[Round]] = {each.name: [] for each in cases}
    count = arguments.each * arguments.members
    for number in range(-1, arguments.rounds):
        print(f"\rround {number + 1} of {arguments.rounds:<20}", end="", flush=True)
        for each in cases:
            await each.settle()
        for each in cases:
            taken = await lap(each.stack.pids, each.groups[0].whole, count)
            after = await lap(each.stack.pids, each.checkpoint, count)
            if number >= 0:
                mongod = 1e6 * taken.processor["mongod"] / count
                rounds[each.name].append(Round(taken.cost, mongod, after.cost))
    return rounds


def summary(own: Sequence[Round], first: Sequence[Round]) -> str:
    """Say medians, and how many times the first's cost it is in the round beside it."""
    whole, mongod, checkpoint = (statistics.median(each) for each in zip(*own, strict=True))
    pairs = list(zip(own, first, strict=True))
    ratios = [each.whole / base.whole for each, base in pairs]
    put_away = [sum(each[::2]) / sum(base[::2]) for each, base in pairs]
    return (
        f"{whole:6,.0f} us of processor an activity, of it MongoDB {mongod:,.0f}: "
        f"{statistics.median(ratios):.2f} of the first (rounds {min(ratios):.2f} to "
        f"{max(ratios):.2f}); a checkpoint after it {checkpoint:,.0f}, together "
        f"{statistics.median(put_away):.2f} of the first"
    )


async def stored(url: str, database: str, members: int, activities: int) -> None:
    """Print bytes a member and an activity in MongoDB: as documents, on disk, and of indexes."""
    async with AsyncMongoClient[Any](url) as client:
        await client.admin.command("fsync")
        for name, collections, count in (
            ("member", OF_MEMBERS, members),
            ("activity", OF_ACTIVITIES, activities),
        ):
            found: list[Mapping[str, Any]] = [
                await client[database].command("collStats", each) for each in collections
            ]
            print(f"  MongoDB, a {name}: {_bytes(found, count)}")
            for collection, each in zip(collections, found, strict=True):
                print(f"    {collection:12} {_bytes([each], count)}")


def _bytes(found: list[Mapping[str, Any]], count: int) -> str:
    size, disk, indexes = (
        sum(each[name] for each in found) / count
        for name in ("size", "storageSize", "totalIndexSize")
    )
    return f"{size:,.0f} bytes of documents, {disk:,.0f} on disk, {indexes:,.0f} of indexes"


async def projected(url: str, members: int) -> None:
    """Print bytes a member in Redis: two leaderboards."""
    async with Redis.from_url(with_db(url, LIVE_DB)) as client:
        total = 0
        async for key in client.scan_iter(match="guerdon:{*", count=1_000):
            total += await client.memory_usage(key, samples=0) or 0
    print(f"  Redis, a member: {total / members:,.0f} bytes (two leaderboards)")


def main() -> None:
    """Start servers of its own and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--history", type=int, default=100)
    parser.add_argument("--each", type=int, default=20, help="activities a member and round")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    begun = time.monotonic()
    with ExitStack() as ending:
        stacks = [ending.enter_context(running(workers=0)) for _ in range(3)]
        asyncio.run(measure(arguments, stacks))
    print(f"  in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
