"""A process that reports purchases of the shop: `python reporter.py BEGIN END`."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from guerdon.engine import accept
from guerdon.settings import Settings
from guerdon.wiring import build
from worlds import a_caller, a_purchase, by


async def main(begin: int, end: int) -> None:
    """Report in one batch; members take turns."""
    world = build(Settings.load())
    try:
        await accept.record(
            world,
            a_caller(),
            [a_purchase(n, member=by(f"m{n % 7}")) for n in range(begin, end)],
        )
    finally:
        await world.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
