"""The client of Redis: what a server that is away costs those who ask."""

import asyncio
import os
import signal

import pytest
from redis.asyncio import Redis

from guerdon.engine.refusals import LiveDown
from guerdon.live.client import Live
from pace import pacing


async def until_answered(live: Live) -> None:
    """Ask until there is an answer: who has little patience gets none from a busy machine."""
    for _ in range(200):
        try:
            assert await live.ask(lambda client: client.ping())
        except LiveDown:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("The server does not answer.")


async def test_only_the_first_waits_for_a_server_that_has_stalled(redis_url: str) -> None:
    live = Live(redis_url, namespace="test", timeout_seconds=0.3)
    await until_answered(live)
    pid = (await live.client.info("server"))["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(LiveDown):
            await live.ask(lambda client: client.ping())
        async with pacing() as pace:
            for _ in range(1_000):
                with pytest.raises(LiveDown):
                    await live.ask(lambda client: client.ping())
    finally:
        os.kill(pid, signal.SIGCONT)
    await until_answered(live)
    await live.close()

    assert pace.seconds < 0.3


async def test_closing_ends_the_waiting_for_a_server_that_is_away() -> None:
    live = Live("redis://127.0.0.1:1", namespace="test", timeout_seconds=1)
    with pytest.raises(LiveDown):
        await live.ask(lambda client: client.ping())
    await live.close()

    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert "Live._probe" not in names


async def test_each_caller_has_a_connection_of_its_own(live: Live) -> None:
    assert isinstance(live.connect(timeout_seconds=None), Redis)


async def test_a_refusal_is_told_by_the_servers_own_word_alone(live: Live) -> None:
    script = "return redis.error_reply('DENIED Ada Lovelace may not')"

    with pytest.raises(LiveDown) as refused:
        await live.ask(lambda client: client.eval(script, 0))

    assert str(refused.value) == "ResponseError DENIED"


@pytest.mark.parametrize("turns", range(12))
async def test_who_is_cancelled_while_asking_ends_at_whatever_step(live: Live, turns: int) -> None:
    async def asks_for_ever() -> None:
        while True:
            await live.ask(lambda client: client.ping())

    await live.ask(lambda client: client.ping())
    asking = asyncio.create_task(asks_for_ever())
    for _ in range(turns):
        await asyncio.sleep(0)
    asking.cancel()
    async with pacing() as pace:
        while not asking.done() and pace.seconds < 1:
            await asyncio.wait([asking], timeout=0.01)
    has_ended = asking.done()
    asking.cancel()

    assert has_ended


async def test_more_who_ask_at_once_than_there_are_connections_wait_for_their_turn(
    live: Live,
) -> None:
    asked = (live.ask(lambda client: client.ping()) for _ in range(500))

    assert await asyncio.gather(*asked) == [True] * 500
    assert (await live.client.info("clients"))["connected_clients"] < 100


async def test_those_who_wait_for_their_turn_wait_no_longer_than_for_a_server_that_stalls(
    redis_url: str,
) -> None:
    live = Live(redis_url, namespace="test", timeout_seconds=0.3)
    await until_answered(live)
    await live.client.client_pause(600_000, all=False)  # whoever writes
    asked = (live.ask(lambda client: client.set("x", 1)) for _ in range(500))
    async with pacing() as pace:
        answers = await asyncio.gather(*asked, return_exceptions=True)
    await live.close()
    async with Redis.from_url(redis_url) as client:
        await client.client_unpause()

    assert {type(answer) for answer in answers} == {LiveDown}
    assert pace.seconds < 1.5, "one deadline, not one after the other"


async def test_who_is_cancelled_while_waiting_takes_nobodys_turn(live: Live) -> None:
    for _ in range(20):
        asking = [asyncio.create_task(live.ask(lambda client: client.ping())) for _ in range(200)]
        await asyncio.sleep(0)
        for task in asking[::2]:
            task.cancel()
        await asyncio.wait(asking)
        assert [task.result() for task in asking[1::2]] == [True] * 100

    assert await live.ask(lambda client: client.ping())


async def test_a_server_that_is_full_refuses_what_it_has_no_room_for_and_nothing_else(
    live: Live,
) -> None:
    await live.ask(lambda client: client.set("x", "1"))
    await live.client.config_set("maxmemory", "1")
    try:
        with pytest.raises(LiveDown, match="OutOfMemoryError"):
            await live.ask(lambda client: client.set("y", "2"))

        assert await live.ask(lambda client: client.get("x")) == b"1"
    finally:
        await live.client.config_set("maxmemory", "0")
