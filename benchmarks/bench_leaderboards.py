"""Reading leaderboards of ten thousand to a million members: the time must not grow with them.

The promise: the top ten, and a member between its neighbours, from a million within 1.3 of their
time at ten thousand. Read through the engine, as the API reads them.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

from guerdon.engine import read
from guerdon.engine.records import Board
from guerdon.engine.world import World
from guerdon.wiring import build
from rig import BOARD, PROGRAM, fill, machine, median_of, member, service

SMALL = 10_000
MIDDLE = 100_000
READS = 400


async def reads_us(ask: Callable[[int], Awaitable[object]], numbers: list[int]) -> float:
    """Return microseconds a read, one after the other."""
    began = time.perf_counter()
    for number in numbers:
        assert await ask(number)
    return (time.perf_counter() - began) / len(numbers) * 1e6


async def measure(world: World, members: int, rounds: int) -> None:
    """Print the figures and their ratios."""
    boards = {SMALL: BOARD}
    for size in (MIDDLE, members):
        boards[size] = Board(f"of-{size}", 0, shared_ranks=False)
        await fill(world, board=boards[size], members=size, profiles=0)
    chance = random.Random(1)
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for size, board in boards.items():
            numbers = [chance.randrange(size) for _ in range(READS)]

            async def top(_number: int, board: Board = board) -> object:
                return (await read.board_page(world, PROGRAM, board, limit=10)).rows

            async def around(number: int, board: Board = board) -> object:
                return await read.board_around(world, PROGRAM, board, member(number))

            for name, ask in (("top 10", top), ("around", around)):
                figure = await reads_us(ask, numbers)
                found.setdefault(f"{name} of {size:,}", []).append(figure)
    print(f"{READS} reads a round, medians of {rounds}; {machine()}")
    for name, figures in found.items():
        print(f"  {name:22} {statistics.median(figures):8,.0f} us")
    for name in ("top 10", "around"):
        for size in (MIDDLE, members):
            pairs = zip(found[f"{name} of {size:,}"], found[f"{name} of {SMALL:,}"], strict=True)
            print(f"  {name}, {size:,} / {SMALL:,}: {median_of([a / b for a, b in pairs])}")


def main() -> None:
    """Fill the leaderboards and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    given, _ = parser.parse_known_args()
    with service(members=SMALL, profiles=0) as ours:

        async def run() -> None:
            world = build(ours.settings)
            try:
                await measure(world, given.members, given.rounds)
            finally:
                await world.close()

        asyncio.run(run())


if __name__ == "__main__":
    main()
