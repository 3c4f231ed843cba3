"""Answers that are worked out once for many callers.

The rule: what may be kept, and under which key, is the application's word alone
(`AnswerStore.key`); an answer with errors is never kept. While one caller's answer is being worked
out, others with the same key wait for it, so that a moved revision costs one execution and not a
thousand.

`RecentAnswers` keeps them in the memory of one process. What is told of the schema is always kept:
it depends on nothing else.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from math import inf
from typing import Any

from graphql import OperationType

from guerdon.api.transport.encoding import encode_sorted
from guerdon.api.transport.execution import Answer
from guerdon.api.transport.hooks import AnswerStore, Credential
from guerdon.api.transport.operations import Operation
from guerdon.api.transport.personal import Stencil

SCHEMA_BYTES_MAX = 4_000_000


@dataclass(frozen=True, slots=True)
class _OfSchema:
    """The key of what is told of the schema."""

    digest: str
    name: str | None
    variables: bytes


def _introspection_key(operation: Operation, _credential: Credential) -> _OfSchema | None:
    variables = encode_sorted(operation.variables)
    if variables is None:
        return None
    return _OfSchema(operation.document.digest, operation.planned.name, variables)


class Answers:
    """Asks the store before an operation is run, and fills it afterwards."""

    def __init__(self, store: AnswerStore | None) -> None:
        self._store = store
        self._of_schema = RecentAnswers(
            _introspection_key, seconds_max=inf, bytes_max=SCHEMA_BYTES_MAX
        )
        self._running: dict[Hashable, asyncio.Future[Answer]] = {}

    def key(self, operation: Operation, credential: Credential) -> Hashable | None:
        """Return under what the answer of an operation may be kept, None where it may not."""
        if operation.is_introspection:
            return self._of_schema.key(operation, credential)
        if self._store is None or operation.kind is not OperationType.QUERY:
            return None
        return self._store.key(operation, credential)

    def kept(self, key: Hashable) -> Answer | None:
        """Return the answer that is kept under a key and is still true."""
        store = self._store_of(key)
        return None if store is None else store.get(key)

    def _store_of(self, key: Hashable | None) -> AnswerStore | None:
        return self._of_schema if isinstance(key, _OfSchema) else self._store

    async def get(self, key: Hashable | None, run: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer that is kept under a key, or the one that `run` gives.

        Who asks while others wait may have changed something before asking; an answer that was
        begun earlier is good enough only if nothing moved since it was read.
        """
        store = self._store_of(key)
        if store is None or key is None:
            return await run()
        while True:
            kept = store.get(key)
            if kept is not None:
                return kept
            running = self._running.get(key)
            if running is None:
                return await self._first(store, key, run)
            await asyncio.wait([running])
            if not running.cancelled() and store.is_current(running.result()):
                return running.result()

    async def _first(
        self, store: AnswerStore, key: Hashable, run: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Run for all who ask meanwhile; if this fails, each of them tries for itself."""
        running: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._running[key] = running
        begun = time.monotonic()
        try:
            answer = await run()
            if answer.data is not None and not answer.errors and answer.following is None:
                store.put(key, answer, age_seconds=time.monotonic() - begun)
                running.set_result(answer)
            return answer
        finally:
            del self._running[key]
            running.cancel()


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    until: float

    @property
    def size(self) -> int:
        """How many bytes it holds; a text with holes is there whole and in pieces."""
        data = self.answer.data
        return 2 * len(data.common) if isinstance(data, Stencil) else len(data or b"")


def _always(_context: Any) -> bool:
    return True


class RecentAnswers:
    """An `AnswerStore` of bounded size in one process; it keeps nothing beyond `seconds_max`.

    `still_true` is given what the resolvers of an answer saw as their context.
    """

    def __init__(
        self,
        key: Callable[[Operation, Credential], Hashable | None],
        *,
        still_true: Callable[[Any], bool] = _always,
        seconds_max: float = 60.0,
        bytes_max: int = 32_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self._still_true = still_true
        self._seconds_max = seconds_max
        self._bytes_max = bytes_max
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0

    def is_current(self, answer: Answer) -> bool:
        """Tell whether nothing that the answer shows has changed since it was read."""
        return self._still_true(answer.context)

    def get(self, key: Hashable) -> Answer | None:
        """Return the answer under a key, if it is young enough and nothing has moved."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock() or not self._still_true(kept.answer.context):
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return kept.answer

    def put(self, key: Hashable, answer: Answer, *, age_seconds: float = 0.0) -> None:
        """Keep an answer, and forget those asked for longest ago where memory is full."""
        self._forget(key)
        kept = _Kept(answer, self._clock() + self._seconds_max - age_seconds)
        if kept.size > self._bytes_max or age_seconds >= self._seconds_max:
            return
        self._kept[key] = kept
        self._bytes += kept.size
        now = self._clock()
        while self._bytes > self._bytes_max or next(iter(self._kept.values())).until <= now:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size
