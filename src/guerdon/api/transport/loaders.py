"""DataLoaders that forget failures.

The rule: a batch that failed is asked again by the next `load`. The library's own loader keeps the
failed future and repeats its error for as long as the loader lives.

Loaders live as long as one operation, or one item of a subscription: `hooks.context` makes them.
"""

from asyncio import Future
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader, DefaultCache

K = TypeVar("K")
T = TypeVar("T")


class _SuccessesOnly(DefaultCache[K, T]):
    """The library's cache, without the futures that failed."""

    def set(self, key: K, value: Future[T]) -> None:
        """Keep a future until it fails."""
        super().set(key, value)
        value.add_done_callback(lambda done: self._forget_failure(key, done))

    def _forget_failure(self, key: K, done: Future[T]) -> None:
        if (done.cancelled() or done.exception() is not None) and self.get(key) is done:
            self.delete(key)


def loader(
    load: Callable[[list[K]], Awaitable[Sequence[T | BaseException]]],
    *,
    batch_max: int = 1_000,
    cache_key: Callable[[K], Hashable] | None = None,
) -> DataLoader[K, T]:
    """Return a loader for one operation; `load` takes keys and returns values in their order."""
    return DataLoader(load, max_batch_size=batch_max, cache_map=_SuccessesOnly(cache_key))
