"""Time for bounds that a service promises: what the machine takes away is not counted.

A test that asks the wall's clock also measures how long its own process was kept from running. What
is counted here is turns of ten milliseconds that its event loop took: whoever waits for the service
takes a hundred of them a second, and a machine that stands still takes none.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TURN_SECONDS = 0.01


class Pace:
    """How long there was time to wait for something."""

    def __init__(self) -> None:
        self._turns = 0
        self.longest = 0.0
        """The seconds that the longest turn took: how long the machine stood still at most."""

    @property
    def seconds(self) -> float:
        """How long that was until now."""
        return self._turns * TURN_SECONDS

    async def run(self) -> None:
        """Count, until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            await asyncio.sleep(TURN_SECONDS)
            self.longest = max(self.longest, clock() - began)
            self._turns += 1


@asynccontextmanager
async def pacing() -> AsyncIterator[Pace]:
    """Count for as long as the block lasts."""
    pace = Pace()
    running = asyncio.create_task(pace.run())
    try:
        yield pace
    finally:
        running.cancel()
        await asyncio.wait([running])
