"""The actors: decode, call the engine, done.

Rule: an actor holds no behaviour. A database that is away is no failure of a message: the sweep
sends another one when it is back.
"""

import logging

import dramatiq
from dramatiq import Broker, Worker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware
from structlog.contextvars import bind_contextvars

from guerdon.engine.records import StoreDown
from guerdon.engine.rota import Rota
from guerdon.live.hints import ACTOR, QUEUE
from guerdon.observing.post import Pulse
from guerdon.settings import Settings
from guerdon.wiring import Watched, build, collect_rarely

log = logging.getLogger(__name__)


class Turns(Middleware):
    """The process's rota, which lives as long as the actors' event loop."""

    def __init__(self, settings: Settings, watched: Watched, pulse: Pulse) -> None:
        self._settings = settings
        self._watched = watched
        self._pulse = pulse
        self.rota: Rota | None = None

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Connect before the first message comes."""
        del broker, worker
        self.rota = Rota(build(self._settings, at_work=True, watched=self._watched))
        loop = get_event_loop_thread()
        assert loop is not None
        try:
            loop.run_coroutine(self._begin())
            loop.run_coroutine(self.rota.warm_up())
        except StoreDown:
            log.warning("the database does not answer yet")
        collect_rarely()

    async def _begin(self) -> None:
        self._pulse.start()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """Close the connections while their loop still runs."""
        del broker, worker
        loop = get_event_loop_thread()
        if self.rota is not None and loop is not None:
            loop.run_coroutine(self._pulse.stop())
            loop.run_coroutine(self.rota.close())


def declare(broker: Broker, turns: Turns, *, seconds_max: float) -> None:
    """Declare all actors on a broker."""
    broker.add_middleware(turns)

    @dramatiq.actor(
        broker=broker,
        queue_name=QUEUE,
        actor_name=ACTOR,
        time_limit=int(seconds_max * 1_000),
    )
    async def score(program: str, lane: int) -> None:
        """Decide what waits in a lane."""
        assert turns.rota is not None
        bind_contextvars(program=program, lane=lane)
        try:
            await turns.rota.visit(program, lane)
        except StoreDown:
            log.warning("the database does not answer; the lane waits")
