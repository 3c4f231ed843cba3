"""The broker of a worker process: Redis with short deadlines, one event loop for all actors.

Rule: an actor cannot outlive its time limit, and a message that fails is dropped (there is no
middleware that would repeat it): time and repetition are MongoDB's matter, because a delayed
message is stranded when Redis restarts.
"""

import dramatiq.worker
from dramatiq import Broker, Worker
from dramatiq.middleware import AsyncIO, Callbacks, ShutdownNotifications, TimeLimit

from guerdon.live.broker import redis_broker
from guerdon.observing.post import Pulse
from guerdon.settings import Settings
from guerdon.wiring import UNWATCHED, Watched
from guerdon.workers.actors import Turns, declare

STOP_MS = 250
"""How long an idle worker takes at most to see that it is to stop."""

RECONNECT_SECONDS = 0.5
"""How long a worker that lost Redis waits before it asks again. Dramatiq's own three seconds would
be a pause in everything that is decided, after each restart of Redis.
"""


def build_broker(
    settings: Settings, watched: Watched = UNWATCHED, pulse: Pulse | None = None
) -> Broker:
    """Return the broker with all actors declared; the World is made on the actors' own loop."""
    broker = redis_broker(
        settings.redis_url.get_secret_value(),
        namespace=settings.redis_namespace,
        timeout_seconds=settings.redis_worker_timeout_seconds,
        heartbeat_ms=int(settings.broker_heartbeat_seconds * 1_000),
    )
    for middleware in (TimeLimit(), ShutdownNotifications(), Callbacks(), AsyncIO()):
        broker.add_middleware(middleware)
    turns = Turns(settings, watched, pulse or Pulse())
    declare(broker, turns, seconds_max=settings.actor_seconds_max)
    return broker


def build_worker(broker: Broker, settings: Settings) -> Worker:
    """Return the worker of this process, not started yet."""
    dramatiq.worker.CONSUMER_RESTART_DELAY_SECS = RECONNECT_SECONDS  # has no parameter
    return Worker(broker, worker_timeout=STOP_MS, worker_threads=settings.worker_threads)
