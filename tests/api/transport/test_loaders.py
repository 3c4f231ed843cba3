"""DataLoaders: one batch an operation, and no memory of failures."""

import asyncio

import httpx2
import pytest

from api.transport.demo import Demo
from api.transport.wire import ask
from guerdon.api.transport import loader


async def test_equal_and_different_keys_of_one_operation_are_one_batch(
    demo: Demo, client: httpx2.AsyncClient
) -> None:
    await ask(client, "{ badges(first: 20) { edges { node { related { title } } } } }")

    assert demo.counts.batches == 1


async def test_the_next_operation_loads_anew(demo: Demo, client: httpx2.AsyncClient) -> None:
    for _ in range(3):
        await ask(client, "{ badges(first: 1) { edges { node { related { title } } } } }")

    assert demo.counts.batches == 3


async def test_a_failed_batch_is_asked_again_by_the_next_load() -> None:
    calls = 0

    async def load(keys: list[str]) -> list[str]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError
        return [key.upper() for key in keys]

    names = loader(load)
    with pytest.raises(ConnectionError):
        await names.load("a")

    assert await names.load("a") == "A"
    assert await names.load("a") == "A"
    assert calls == 2


async def test_a_key_that_failed_alone_is_asked_again_alone() -> None:
    asked: list[list[str]] = []

    async def load(keys: list[str]) -> list[str | BaseException]:
        asked.append(keys)
        return [KeyError(key) if key == "b" and len(asked) == 1 else key for key in keys]

    names = loader(load)
    results = [names.load("a"), names.load("b")]
    assert await results[0] == "a"
    with pytest.raises(KeyError):
        await results[1]

    assert await names.load_many(["a", "b"]) == ["a", "b"]
    assert asked == [["a", "b"], ["b"]]


async def test_who_gives_up_waiting_does_not_take_the_value_from_others() -> None:
    given = asyncio.Event()

    async def load(keys: list[str]) -> list[str]:
        await given.wait()
        return keys

    names = loader(load)

    async def wait() -> str:
        return await names.load("a")

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    given.set()

    assert await second == "a"
    assert first.cancelled()
