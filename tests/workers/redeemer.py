"""A process that redeems and answers: `python redeemer.py MEMBER WAITING NUMBER`."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from guerdon.engine import accept
from guerdon.engine.inputs import ActivityInput
from guerdon.settings import Settings
from guerdon.wiring import build
from worlds import a_caller, by


def wanted(member: str, waiting: str, number: str) -> list[ActivityInput]:
    """Return a redemption of the one, and the answer to what waits for the other."""
    return [
        ActivityInput(id=f"x{member}", type="redemption", member=by(member), data={"item": "mug"}),
        ActivityInput(
            id=f"f{number}",
            type="redemption_fulfilled",
            member=by(waiting),
            data={"of": f"x{waiting}"},
        ),
    ]


async def main(member: str, waiting: str, number: str) -> None:
    """Report both in one batch."""
    world = build(Settings.load())
    try:
        await accept.record(world, a_caller(), wanted(member, waiting, number))
    finally:
        await world.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
