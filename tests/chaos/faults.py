"""Faults at random: any process killed or halted at any moment, Redis emptied; one at a time."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Protocol

from redis import Redis
from redis.exceptions import RedisError

HALTED_SECONDS = (0.5, 5.0)
CALM_SECONDS = (0.2, 2.5)


class Victims(Protocol):
    """Where the processes are now."""

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids by part."""
        ...


class Storm:
    """Faults drawn from a seed: the same seed draws the same ones, in the same rhythm."""

    def __init__(self, seed: int, victims: Victims, redis_url: str) -> None:
        self._chance = Random(seed)
        self._victims = victims
        self._redis_url = redis_url
        self.seen: Counter[str] = Counter()

    async def rage(self, seconds: float) -> None:
        """Do one fault after the other."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(self._chance.uniform(*CALM_SECONDS))
            await self._one(self._chance.random())

    async def _one(self, draw: float) -> None:
        part = self._chance.choice(sorted(self._victims.pids))
        halted = self._chance.uniform(*HALTED_SECONDS)
        if draw < 0.1:
            self.seen["flushall"] += 1
            await asyncio.to_thread(self._flush)
        elif draw < 0.7:
            self.seen[f"kill {_kind(part)}"] += 1
            self._send(part, signal.SIGKILL)
        else:
            self.seen[f"halt {_kind(part)}"] += 1
            pid = self._send(part, signal.SIGSTOP)
            await asyncio.sleep(halted)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _send(self, part: str, number: signal.Signals) -> int:
        pid = self._victims.pids[part]
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def _flush(self) -> None:
        with (
            contextlib.suppress(RedisError, OSError),
            Redis.from_url(self._redis_url, socket_timeout=1) as client,
        ):
            client.flushall()


def _kind(part: str) -> str:
    return part.partition("-")[0]
