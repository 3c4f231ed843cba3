"""DataLoaders that forget failures, and whose values outlive those who gave up waiting for them.

The rule: a batch that failed is asked again by the next `load`. The library's own loader keeps the
failed future and repeats its error for as long as the loader lives. And who is cancelled while it
waits, because a field beside it failed, does not take the value from others who wait for the same.

Loaders live as long as one operation, or one item of a subscription: `hooks.context` makes them.
"""

from asyncio import Future, shield
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader, DefaultCache

K = TypeVar("K")
T = TypeVar("T")


class _SuccessesOnly(DefaultCache[K, T]):
    """The library's cache, without the futures that failed."""

    def get(self, key: K) -> Future[T] | None:
        """Return the future of a key, unless it has failed."""
        kept = super().get(key)
        if kept is None or not kept.done():
            return kept
        return None if kept.cancelled() or kept.exception() is not None else kept


class _Unshared(DataLoader[K, T]):
    """The library's loader; each who asks waits by itself."""

    def load(self, key: K) -> Awaitable[T]:
        """Return the value of a key, in a batch with others that are asked for meanwhile."""
        return shield(super().load(key))


def loader(
    load: Callable[[list[K]], Awaitable[Sequence[T | BaseException]]],
    *,
    batch_max: int = 1_000,
    cache_key: Callable[[K], Hashable] | None = None,
) -> DataLoader[K, T]:
    """Return a loader for one operation; `load` takes keys and returns values in their order."""
    return _Unshared(load, max_batch_size=batch_max, cache_map=_SuccessesOnly(cache_key))
