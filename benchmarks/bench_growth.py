"""What an activity costs as members double and as history grows tenfold, and what is stored.

Measured is processor time of the database and of this process, which accepts and decides by the
engine's own verbs; in every phase the same number of activities of the same number of members, so
that batches are alike. The bare driver's line runs in between: a machine that others use is not as
fast from one minute to the next, so that the ratio to it is what can be compared.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Mapping
from typing import Any

from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from guerdon.engine import score
from guerdon.engine.lanes import lanes_of
from guerdon.live.client import LIVE_DB, with_db
from guerdon.wiring import build, collect_rarely
from lines import Bare
from reporter import Reporter
from stack import Stack, lap, machine, running

OF_MEMBERS = ("identities", "members", "member_keys", "standings", "scores")
OF_ACTIVITIES = ("receipts", "journal")
_FILL = 4_000


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


async def measure(arguments: argparse.Namespace, stack: Stack) -> None:
    """Grow, measure in between, and print."""
    settings, members, history = stack.settings, arguments.members, arguments.history
    mongo, redis_url = (url.get_secret_value() for url in (settings.mongo_url, settings.redis_url))
    world = build(settings, at_work=True)
    bare = Bare(mongo, redis_url, members=members)
    await bare.prepare()
    first = Here(Reporter(world, stack, members=members, name="first"))
    more = Here(Reporter(world, stack, members=members, name="more"))
    await first.fill(history)
    collect_rarely()
    count = arguments.each * members
    costs = {"members as they are": await cost(arguments, stack, first, bare, count)}
    await more.fill(history)
    costs["twice the members"] = await cost(arguments, stack, first, bare, count)
    await first.fill(10 * history)
    costs["ten times the history"] = await cost(arguments, stack, first, bare, count)
    base = costs["members as they are"]
    print(f"\r{members:,} members of {history} activities each; {machine()}")
    for name, (own, ratio) in costs.items():
        print(
            f"  {name:22} {own:6,.0f} us of processor an activity, {ratio:.2f} times bare; "
            f"{ratio / base[1]:.2f} of the first"
        )
    activities = first.reporter.next + more.reporter.next
    await stored(mongo, settings.mongo_database, 2 * members, activities)
    await projected(redis_url, 2 * members)
    await bare.close()
    await world.close()


async def cost(
    arguments: argparse.Namespace, stack: Stack, group: Here, bare: Bare, count: int
) -> tuple[float, float]:
    """Return an activity's cost in microseconds, and how many times the bare driver's."""
    ours, ratios = [], []
    for number in range(arguments.rounds):
        print(f"\rround {number + 1} of {arguments.rounds:<20}", end="", flush=True)
        line = (await lap(stack.pids, bare.whole, count)).cost
        ours.append((await lap(stack.pids, group.whole, count)).cost)
        ratios.append(ours[-1] / line)
    return statistics.median(ours), statistics.median(ratios)


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
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    begun = time.monotonic()
    with running(workers=0) as stack:
        asyncio.run(measure(arguments, stack))
    print(f"  in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
