"""The control: what one writes who trusts the queue. The same storm must find it wrong.

`python naive.py MONGO_URL REDIS_URL` is a worker: it reads a wallet, notes the entry, writes the
wallet back, and leaves repeating to Dramatiq.
"""

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from pymongo import MongoClient
from redis import Redis
from redis.exceptions import RedisError

from guerdon.embedded.parts import Part
from guerdon.embedded.process import Kennel

DATABASE = "naive"
MEMBERS = 30
_EVENTS_A_SECOND = 40


def broker(redis_url: str) -> RedisBroker:
    """Return a broker as the documentation shows it, except that it looks sooner for the dead."""
    client = Redis.from_url(redis_url, socket_timeout=2)
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client, namespace="naive", heartbeat_timeout=3_000, maintenance_chance=1_000_000
    )


def declare(where: RedisBroker, mongo: MongoClient[dict[str, Any]]) -> dramatiq.Actor[Any, Any]:
    """Declare the actor that books an event."""
    database = mongo[DATABASE]

    @dramatiq.actor(broker=where, actor_name="book", max_retries=10, min_backoff=100)
    def book(event: str, member: str, amount: int) -> None:
        wallet = database["wallets"].find_one({"_id": member}) or {"_id": member, "balance": 0}
        database["entries"].insert_one({"event": event, "member": member, "amount": amount})
        time.sleep(0.01)
        wallet["balance"] += amount
        database["wallets"].replace_one({"_id": member}, wallet, upsert=True)

    return book


def worker_part(
    kennel: Kennel, number: int, *, mongo_url: str, redis_url: str, folder: Path
) -> Part:
    """Return a worker of the control as a part of the stack, to be killed like the others."""
    command = [sys.executable, __file__, mongo_url, redis_url]
    name = f"naive-{number}"
    return Part(
        name=name,
        rank=1,
        start=lambda: kennel.start(command, log=folder / f"{name}.log"),
        await_ready=lambda _: None,
    )


class NaiveReporter:
    """Sends events to the control, and again what it got no answer for."""

    def __init__(self, mongo_url: str, redis_url: str) -> None:
        self._mongo = MongoClient[dict[str, Any]](mongo_url, serverSelectionTimeoutMS=3_000)
        self._book = declare(broker(redis_url), self._mongo)
        self.sent = 0

    async def work(self, until: asyncio.Event) -> None:
        """Send until told to end."""
        while not until.is_set():
            self.sent += 1
            event = (f"e{self.sent}", f"m{self.sent % MEMBERS}", 1)
            await _until_sent(lambda event=event: self._book.send(*event))  # type: ignore[misc]
            await asyncio.sleep(1 / _EVENTS_A_SECOND)

    def found(self) -> tuple[int, int]:
        """Return how many events were booked more than once, and how many wallets are wrong."""
        database = self._mongo[DATABASE]
        events: Counter[str] = Counter()
        owed: Counter[str] = Counter()
        for entry in database["entries"].find():
            events[entry["event"]] += 1
            if events[entry["event"]] == 1:
                owed[entry["member"]] += entry["amount"]
        have = {wallet["_id"]: wallet["balance"] for wallet in database["wallets"].find()}
        wrong = sum(have.get(member, 0) != amount for member, amount in owed.items())
        return sum(count > 1 for count in events.values()), wrong

    def close(self) -> None:
        """Let go of the database."""
        self._mongo.close()


async def _until_sent(send: Callable[[], object]) -> None:
    while True:
        with contextlib.suppress(BrokerConnectionError, RedisError, OSError):
            await asyncio.to_thread(send)
            return
        await asyncio.sleep(0.1)


def main(mongo_url: str, redis_url: str) -> None:
    """Work until killed."""
    where = broker(redis_url)
    declare(where, MongoClient(mongo_url))
    dramatiq.Worker(where, worker_threads=4).start()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
