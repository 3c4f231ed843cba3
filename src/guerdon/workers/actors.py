"""The actors: decode, call the engine, done.

Rule: an actor holds no behaviour. A database that is away is no failure of a message: the sweep
sends another one when it is back.
"""

import logging

import dramatiq
from dramatiq import Broker

from guerdon.engine.score import score_lane
from guerdon.engine.world import StoreDown, World
from guerdon.live.hints import ACTOR, QUEUE
from guerdon.settings import Settings
from guerdon.wiring import build

log = logging.getLogger(__name__)


class _Worlds:
    """The process's World, made when the first message comes, on the loop of the actors."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._world: World | None = None

    def get(self) -> World:
        if self._world is None:
            self._world = build(self._settings)
        return self._world


def declare(broker: Broker, settings: Settings) -> None:
    """Declare all actors on a broker."""
    worlds = _Worlds(settings)

    @dramatiq.actor(
        broker=broker,
        queue_name=QUEUE,
        actor_name=ACTOR,
        max_retries=0,
        time_limit=int(settings.actor_seconds_max * 1_000),
    )
    async def score(program: str, lane: int) -> None:
        """Decide what waits in a lane."""
        try:
            await score_lane(worlds.get(), program, lane)
        except StoreDown:
            log.warning("the database does not answer; the lane waits", extra={"lane": lane})
