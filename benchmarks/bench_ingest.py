"""Ingest beside the bare driver and the naive way: end to end, and stage by stage, in one run.

End to end is GraphQL in requests of a hundred until everything is decided and on the leaderboard;
`accept` is the engine's verb alone, `score` what workers do of a full inbox. Rounds alternate,
figures are medians, ratios are what counts on a machine that others use too; processor time of all
processes stands beside wall time. `naive` writes in one transaction an activity and decides
nothing; `one by one` is guerdon's own engine with batches of one, which is the same work.
"""

import argparse
import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from pymongo import AsyncMongoClient

from guerdon.wiring import build
from lines import REQUEST, Bare, Line, Naive, Sizes, sizes_in
from reporter import Reporter, enroll
from stack import Lap, Stack, lap, machine, running

Work = Callable[[int], Awaitable[None]]
_NAIVE_SHARE = 10  # the naive way gets this part of the activities: it takes as long


async def measure(arguments: argparse.Namespace, stack: Stack) -> None:
    """Run the rounds and print the tables."""
    settings, count = stack.settings, arguments.activities
    mongo, redis_url = (url.get_secret_value() for url in (settings.mongo_url, settings.redis_url))
    world = build(settings, at_work=True)
    bare = Bare(mongo, redis_url, members=arguments.members)
    naive = Naive(mongo, redis_url, members=arguments.members)
    ours = Reporter(world, stack, members=arguments.members)
    hot = Reporter(world, stack, members=1, name="hot")
    await bare.prepare()
    await naive.prepare()
    await enroll(ours)
    await enroll(hot)
    stages: list[tuple[str, Work, int]] = [
        ("naive", naive.whole, max(count // _NAIVE_SHARE, 100)),
        ("one by one", ours.one_by_one, max(count // _NAIVE_SHARE, 100)),
        ("bare", bare.whole, count),
        ("guerdon", ours.whole, count),
        ("bare accept", bare.accept, count),
        ("guerdon accept", ours.accept, count),
        ("bare score", bare.score, count),
        ("guerdon score", ours.score, count),
        ("one hot member", hot.whole, max(count // 4, 100)),
    ]
    laps: dict[str, list[Lap]] = {name: [] for name, _, _ in stages}
    sizes: Sizes | None = None
    for number in range(arguments.rounds):
        if not arguments.unpadded:
            sizes = await _as_large(stack, ours, (bare, naive))
        for name, work, size in stages:
            print(f"\rround {number + 1} of {arguments.rounds}: {name:16}", end="", flush=True)
            laps[name].append(await lap(stack.pids, work, size))
    print(f"\r{count:,} activities of {arguments.members:,} members a round, ", end="")
    print(f"{arguments.workers} workers; medians of {arguments.rounds} rounds; {machine()}")
    print(f"documents of the lines in the last round: {sizes or 'as they are, unpadded'}")
    for name, found in laps.items():
        print(line(name, found))
    for name, than in (
        ("guerdon", "bare"),
        ("guerdon accept", "bare accept"),
        ("guerdon score", "bare score"),
        ("guerdon", "naive"),
        ("guerdon", "one by one"),
    ):
        print(f"{name} is {ratio(laps, name, than):.2f} times {than}")
    for line_of in (bare, naive):
        await line_of.close()
    await world.close()


async def _as_large(stack: Stack, ours: Reporter, lines: Iterable[Line]) -> Sizes:
    """Have the lines write documents of the sizes that guerdon's have by now, and return those."""
    await ours.accept(REQUEST)
    async with AsyncMongoClient[Any](stack.settings.mongo_url.get_secret_value()) as client:
        sizes = await sizes_in(client[stack.settings.mongo_database])
    await ours.score(REQUEST)
    for each in lines:
        each.fill(sizes)
    return sizes


def line(name: str, laps: list[Lap]) -> str:
    """Return one line of the table: a rate, and where the processor time went."""
    rate = statistics.median(each.rate for each in laps)
    cost = statistics.median(each.cost for each in laps)
    shares: dict[str, list[float]] = {}
    for each in laps:
        for process, seconds in _by_kind(each.processor).items():
            shares.setdefault(process, []).append(1e6 * seconds / each.count)
    parts = ", ".join(
        f"{process} {statistics.median(each):.0f}"
        for process, each in shares.items()
        if statistics.median(each) >= 1
    )
    return f"  {name:16} {rate:8,.0f}/s   {cost:6,.0f} us of processor an activity ({parts})"


def _by_kind(processor: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, seconds in processor.items():
        kind = "workers" if name.startswith("worker") else name
        found[kind] = found.get(kind, 0) + seconds
    return found


def ratio(laps: Mapping[str, list[Lap]], name: str, than: str) -> float:
    """Return how many times as fast one was as the other in the same round."""
    pairs = zip(laps[name], laps[than], strict=True)
    return statistics.median(one.rate / other.rate for one, other in pairs)


def main() -> None:
    """Start servers and processes of its own and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--members", type=int, default=2_400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--unpadded", action="store_true", help="let the lines write smaller documents than guerdon"
    )
    arguments = parser.parse_args()
    with running(workers=arguments.workers) as stack:
        asyncio.run(measure(arguments, stack))


if __name__ == "__main__":
    main()
