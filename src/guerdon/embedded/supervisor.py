"""The supervisor: starts parts, starts them again when they die, and stops them in order.

A part that ends while it should run is started again and said so in one line. Five deaths of a part
within a minute are no accident any more: everything is stopped and the end of its log is shown.
Not counted is who was ready and was killed by SIGKILL, which comes from outside.
The order of the end is workers and scheduler, API, Valkey, mongod, because each still needs those
behind it to end well. What happens when the supervisor itself is killed is told in `leash`.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from guerdon.embedded.parts import Part
from guerdon.embedded.process import Child, NotReady, how_it_ended

T = TypeVar("T")

DEATHS_MAX = 5
WITHIN_SECONDS = 60.0


class GaveUp(Exception):
    """A part dies again and again; the message ends with the last lines of its log."""


class Supervisor:
    """Keeps parts running from `start` until `stop`. All of it runs on one event loop."""

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        changed: Callable[[], None] = lambda: None,
        gives_up: bool = True,
    ) -> None:
        """Keep parts; without `gives_up` however often they die, for who kills them on purpose."""
        self._say = say
        self._gives_up = gives_up
        self._changed = changed
        self._children: dict[str, Child] = {}
        self._parts: dict[str, Part] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by part, as of now: a part that was started again has a new one."""
        return {name: child.pid for name, child in self._children.items()}

    async def start(self, parts: Sequence[Part]) -> None:
        """Start `parts` side by side and return when all are ready.

        Raises:
            GaveUp: One of the stack's parts dies again and again.
        """
        loop = asyncio.get_running_loop()
        ready: list[asyncio.Future[None]] = [loop.create_future() for _ in parts]
        for part, is_ready in zip(parts, ready, strict=True):
            self._parts[part.name] = part
            keeper = asyncio.create_task(self._keep(part, is_ready))
            keeper.add_done_callback(self._notice)
            self._keepers[part.name] = keeper
        await self.until_failure(_all(ready))

    async def until_failure(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` and return what it returns, but break off when a part fails for good.

        Raises:
            GaveUp: A part failed for good.
        """
        task = asyncio.ensure_future(work)
        try:
            either: set[asyncio.Future[Any]] = {task, self._failure}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        if task.cancelled():
            self._failure.result()  # raises
        return task.result()

    async def stop(self) -> None:
        """Stop all parts in order; returns when none is left."""
        self._stopping = True
        ranks = sorted({part.rank for part in self._parts.values()})
        for rank in ranks:
            names = [name for name, part in self._parts.items() if part.rank == rank]
            await asyncio.gather(*(self._end(name) for name in names))
        if self._failure.done():
            self._failure.exception()  # told already, or not asked for any more

    def kill(self) -> None:
        """End all parts at once, for somebody who will not wait; `stop` then returns soon."""
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

    async def _end(self, name: str) -> None:
        if child := self._children.get(name):
            patience = self._parts[name].patience_seconds
            await asyncio.to_thread(child.stop, patience_seconds=patience)
        keeper = self._keepers[name]
        keeper.cancel()
        await asyncio.wait([keeper])

    async def _keep(self, part: Part, is_ready: asyncio.Future[None]) -> None:
        """Run one part for as long as the stack runs."""
        deaths: deque[float] = deque(maxlen=DEATHS_MAX)
        lives = 0
        while True:
            begun = time.monotonic()
            child = self._children[part.name] = part.start()
            ended = _when_ended(child)
            was_ready = await self._becomes_ready(part, child)
            if was_ready:
                if not is_ready.done():
                    is_ready.set_result(None)
                if lives:
                    self._say(f"{part.name} is back after {time.monotonic() - begun:.1f} s.")
                    self._changed()
            code = await ended
            if self._stopping:
                return
            if not (was_ready and code == -signal.SIGKILL):
                deaths.append(time.monotonic())
            is_often = len(deaths) == DEATHS_MAX and deaths[-1] - deaths[0] <= WITHIN_SECONDS
            if self._gives_up and is_often:
                self._give_up(part, child, code)
                return
            lives += 1
            self._say(f"{part.name} {how_it_ended(code)}; starting it again.")

    async def _becomes_ready(self, part: Part, child: Child) -> bool:
        """Whether the part became ready; one that lives and does not is ended, as a death."""
        try:
            await asyncio.to_thread(part.await_ready, child)
        except NotReady:
            await asyncio.to_thread(child.stop, patience_seconds=1)
            return False
        return True

    def _notice(self, keeper: asyncio.Task[None]) -> None:
        """Let a keeper's own failure (a program that cannot be started) be the stack's."""
        if keeper.cancelled() or not (error := keeper.exception()) or self._failure.done():
            return
        self._failure.set_exception(error)

    def _give_up(self, part: Part, child: Child, code: int) -> None:
        if not self._failure.done():
            self._failure.set_exception(
                GaveUp(
                    f"{part.name} {how_it_ended(code)}, {DEATHS_MAX} times within a minute; "
                    f"giving up. The last lines of its log:\n{child.last_lines()}"
                )
            )


async def _all(ready: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.gather(*ready)


def _when_ended(child: Child) -> asyncio.Future[int]:
    """Return a future of the exit code, set from the thread that waits for the child."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def set_result(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    def tell(code: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(set_result, code)

    child.when_ended(tell)
    return ended
