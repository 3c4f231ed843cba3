"""Dramatiq's Redis broker, whose idle workers wait to be woken instead of asking again and again.

Dramatiq asks for messages some sixty times a second, in every process, whether there are any or
not; and whoever was just turned away asks no sooner for it. Here each message is followed by a
token on a list, and a worker that found nothing waits on that list. Rule: a token promises
nothing. One that is lost, or a message that comes without, costs the wait of `_WAIT_SECONDS`.
"""

import threading
import time
from collections.abc import Iterable
from typing import Any

from dramatiq import Message
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from guerdon.live.client import BROKER_DB, with_db

_WAIT_SECONDS = 0.25
"""How long a worker waits for a token before it asks anyway; shorter than any deadline."""

_TOKENS_MAX = 16
_ASK_MS = 1
"""What Dramatiq's own consumer sleeps after it found nothing."""


def redis_client(url: str, db: int, timeout_seconds: float) -> Any:
    """Return a blocking client with short deadlines that tries nothing twice."""
    return Redis.from_url(
        with_db(url, db),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


def connect_anew(client: Any) -> None:
    """Let a blocking client's connections go after a failure.

    They may lead to a server that is a replica since another took its place.
    """
    client.connection_pool.disconnect(inuse_connections=False)


def redis_broker(
    url: str, *, namespace: str, timeout_seconds: float, heartbeat_ms: int = 15_000
) -> "WakingBroker":
    """Return a broker without middleware, with deadlines of its own.

    A dead worker's messages are looked for far more often than by default, where it can take half
    an hour.
    """
    return WakingBroker(  # type: ignore[no-untyped-call]
        client=redis_client(url, BROKER_DB, timeout_seconds),
        namespace=f"{namespace}:dramatiq",
        middleware=[],
        heartbeat_timeout=heartbeat_ms,
        maintenance_chance=50_000,
    )


class WakingBroker(RedisBroker):
    """A broker that wakes one waiting worker for each message."""

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue without its twin for delayed messages, which nothing here makes.

        A twin would cost every worker a thread that looks into it.
        """
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Send a message and a token after it.

        Raises:
            ValueError: The message is to be delayed: time is kept in MongoDB, not here.
        """
        if delay is not None:
            raise ValueError("Messages are never delayed: note in MongoDB what is to happen when.")
        sent = super().enqueue(message)
        tokens = self.tokens(message.queue_name)
        with self.client.pipeline(transaction=False) as pipe:
            pipe.rpush(tokens, b"1")
            pipe.ltrim(tokens, -_TOKENS_MAX, -1)
            pipe.execute()
        return sent

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5_000) -> Consumer:
        """Return a consumer that waits for tokens; `timeout` is not used."""
        del timeout
        asking = super().consume(queue_name, prefetch, _ASK_MS)
        return _Consumer(asking, self.client, self.tokens(queue_name), prefetch)

    def tokens(self, queue_name: str) -> str:
        """Return the name of a queue's list of tokens."""
        return f"{self.namespace}-tokens:{queue_name}"


class _Consumer(Consumer):
    """Dramatiq's consumer, with another way to wait."""

    def __init__(self, asking: Any, client: Any, tokens: str, prefetch: int) -> None:
        self._asking = asking
        self._client = client
        self._tokens = tokens
        self._prefetch = prefetch
        self._has_room = threading.Event()

    def ack(self, message: MessageProxy) -> None:
        self._asking.ack(message)
        self._has_room.set()

    def nack(self, message: MessageProxy) -> None:
        self._asking.nack(message)
        self._has_room.set()

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self._asking.requeue(messages)

    def __next__(self) -> MessageProxy | None:
        self._has_room.clear()
        try:
            found: MessageProxy | None = next(self._asking)
        except RedisError:
            connect_anew(self._client)
            raise
        if found is None:
            self._wait()
        return found

    def _wait(self) -> None:
        if self._asking.outstanding_message_count >= self._prefetch:
            self._has_room.wait(_WAIT_SECONDS)
            return
        try:
            self._client.blpop([self._tokens], timeout=_WAIT_SECONDS)
        except RedisError:
            # Asking finds out what is the matter, and says it.
            time.sleep(_WAIT_SECONDS)

    def close(self) -> None:
        self._asking.close()
