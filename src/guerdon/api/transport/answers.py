"""Answers that are worked out once for many callers.

The rule: what may be kept, and under which key, is the application's word alone
(`AnswerStore.key`); an answer with errors is never kept. While one caller's answer is being worked
out, others with the same key wait for it, so that a moved revision costs one execution and not a
thousand.

`RecentAnswers` keeps them in the memory of one process.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from graphql import OperationType

from guerdon.api.transport.execution import Answer
from guerdon.api.transport.hooks import AnswerStore, Credential
from guerdon.api.transport.operations import Operation


class Answers:
    """Asks the store before an operation is run, and fills it afterwards."""

    def __init__(self, store: AnswerStore | None) -> None:
        self._store = store
        self._running: dict[Hashable, asyncio.Future[Answer]] = {}

    async def get(
        self, operation: Operation, credential: Credential, run: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Return the kept answer of a query, or the one that `run` gives."""
        key = self._key(operation, credential)
        if self._store is None or key is None:
            return await run()
        while True:
            kept = self._store.get(key)
            if kept is not None:
                return Answer(kept)
            running = self._running.get(key)
            if running is None:
                return await self._first(self._store, key, run)
            await asyncio.wait([running])
            if not running.cancelled():
                return running.result()

    def _key(self, operation: Operation, credential: Credential) -> Hashable | None:
        if self._store is None or operation.kind is not OperationType.QUERY:
            return None
        return self._store.key(operation, credential)

    async def _first(
        self, store: AnswerStore, key: Hashable, run: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Run for all who ask meanwhile; if this fails, each of them tries for itself."""
        running: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._running[key] = running
        try:
            answer = await run()
            if answer.data is not None and not answer.errors and answer.following is None:
                store.put(key, answer.data)
                running.set_result(answer)
            return answer
        finally:
            del self._running[key]
            running.cancel()


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: bytes
    until: float


class RecentAnswers:
    """An `AnswerStore` of bounded size in one process; it keeps nothing beyond `seconds_max`."""

    def __init__(
        self,
        key: Callable[[Operation, Credential], Hashable | None],
        *,
        seconds_max: float = 60.0,
        bytes_max: int = 32_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self._seconds_max = seconds_max
        self._bytes_max = bytes_max
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> bytes | None:
        """Return the `data` under a key, if it is young enough."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock():
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return kept.answer

    def put(self, key: Hashable, answer: bytes) -> None:
        """Keep `data` under a key, and forget those asked for longest ago where memory is full."""
        self._forget(key)
        if len(answer) > self._bytes_max:
            return
        self._kept[key] = _Kept(answer, self._clock() + self._seconds_max)
        self._bytes += len(answer)
        while self._bytes > self._bytes_max:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.answer)
