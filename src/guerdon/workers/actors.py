"""The actors: decode, call the engine, done.

Rule: an actor holds no behaviour. A database that is away is no failure of a message: the sweep
sends another one when it is back.
"""

import logging

import dramatiq
from dramatiq import Broker

from guerdon.engine.rota import Rota
from guerdon.engine.world import StoreDown
from guerdon.live.hints import ACTOR, QUEUE
from guerdon.settings import Settings
from guerdon.wiring import build

log = logging.getLogger(__name__)


class _Rotas:
    """The process's rota, made when the first message comes, on the loop of the actors."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rota: Rota | None = None

    def get(self) -> Rota:
        if self._rota is None:
            self._rota = Rota(build(self._settings, at_work=True))
        return self._rota


def declare(broker: Broker, settings: Settings) -> None:
    """Declare all actors on a broker."""
    rotas = _Rotas(settings)

    @dramatiq.actor(
        broker=broker,
        queue_name=QUEUE,
        actor_name=ACTOR,
        time_limit=int(settings.actor_seconds_max * 1_000),
    )
    async def score(program: str, lane: int) -> None:
        """Decide what waits in a lane."""
        try:
            await rotas.get().visit(program, lane)
        except StoreDown:
            log.warning("the database does not answer; the lane waits", extra={"lane": lane})
