"""Reads that are asked for together go together: one round trip for a whole turn of the loop.

Rule: whoever asks waits for nobody; what is asked for in the same turn of the event loop is sent as
one pipeline, and equal questions are one. So a thousand who are woken by the same news cost one
round trip, and one who comes alone costs what it did.
"""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from guerdon.live.client import Live, Scripts

Question = tuple[str, tuple[str, ...], tuple[str | int, ...]]
"""A script's name, its keys, and its words."""

_AT_ONCE = 500

_Waiting = dict[Question, asyncio.Future[Any]]


class Together:
    """Asks scripts that only read."""

    def __init__(self, live: Live, scripts: Scripts) -> None:
        self._live = live
        self._scripts = scripts
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting] = WeakKeyDictionary()
        self._sending: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Any:
        """Return what a script answers.

        Raises:
            LiveDown: Redis does not answer.
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = {}
            loop.call_soon(self._send, loop)
        answer = waiting.get(question)
        if answer is None:
            answer = waiting[question] = loop.create_future()
            # Who asked may be gone by then, and nobody else need look at the failure.
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(answer)

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = list(self._waiting.pop(loop).items())
        for begin in range(0, len(waiting), _AT_ONCE):
            task = loop.create_task(self._answer(waiting[begin : begin + _AT_ONCE]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _answer(self, waiting: list[tuple[Question, asyncio.Future[Any]]]) -> None:
        try:
            answers = await self._scripts.run(lambda client: self._pipeline(client, waiting))
        except BaseException as failure:
            for _, future in waiting:
                if isinstance(failure, Exception):
                    future.set_exception(failure)
                else:
                    future.cancel()
            if not isinstance(failure, Exception):
                raise
            return
        for (_, future), answer in zip(waiting, answers, strict=True):
            future.set_result(answer)

    async def _pipeline(
        self, client: Any, waiting: list[tuple[Question, asyncio.Future[Any]]]
    ) -> list[Any]:
        if len(waiting) == 1:
            ((script, keys, words), _) = waiting[0]
            return [await client.evalsha(self._scripts.hash(script), len(keys), *keys, *words)]
        async with client.pipeline(transaction=False) as pipe:
            for (script, keys, words), _ in waiting:
                pipe.evalsha(self._scripts.hash(script), len(keys), *keys, *words)
            answers: list[Any] = await pipe.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        return answers
