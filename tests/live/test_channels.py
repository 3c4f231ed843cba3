"""Live channels: who listens is woken, also by whatever may have been missed."""

import asyncio

import pytest

from guerdon.engine.records import Topic
from guerdon.live.channels import LiveChannels, Wakes
from guerdon.live.client import Live
from live.way import a_way

ANN, BOB = Topic("member", "ann"), Topic("member", "bob")
LOOK_MS = 50


async def hears(signal: Wakes, *, seconds: int) -> bool:
    """Wait in short turns: a machine that stands still costs one of them."""
    for _ in range(seconds * 1_000 // LOOK_MS):
        if await signal.wait(LOOK_MS):
            return True
    return False


async def is_left_alone(signal: Wakes) -> bool:
    """Tell whether a second passes without news; a machine that stands still may have taken one."""
    for _ in range(5):
        if not await signal.wait(1_000):
            return True
    return False


async def test_only_who_listens_to_a_topic_is_woken(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann, channels.listen("p", [BOB]) as bob:
        # The begin of a subscription counts as news.
        assert await hears(ann, seconds=2)
        assert await hears(bob, seconds=2)

        await channels.announce("p", [ANN])

        assert await hears(ann, seconds=2)
        assert not await bob.wait(50)
    await channels.close()


async def test_programs_do_not_hear_each_other(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await hears(ann, seconds=2)

        await channels.announce("q", [ANN])

        assert not await ann.wait(50)
    await channels.close()


async def test_a_lost_connection_wakes_everybody_and_goes_on(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await hears(ann, seconds=2)

        await live.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        assert await hears(ann, seconds=5)
        await channels.announce("p", [ANN])
        assert await hears(ann, seconds=2)
    await channels.close()


async def test_topics_may_come_and_go_while_others_listen(live: Live) -> None:
    channels = LiveChannels(live)

    async def visit(number: int) -> bool:
        topic = Topic("member", str(number))
        async with channels.listen("p", [topic, ANN]) as signal:
            began = await hears(signal, seconds=2)
            await channels.announce("p", [topic])
            return began and await hears(signal, seconds=2)

    assert all(await asyncio.gather(*(visit(number) for number in range(50))))
    await channels.close()


async def test_without_redis_listening_waits_and_says_nothing() -> None:
    live = Live("redis://127.0.0.1:1", namespace="test", timeout_seconds=1)
    channels = LiveChannels(live)

    async with channels.listen("p", [ANN]) as ann:
        assert not await ann.wait(100)

    await channels.close()
    await live.close()


async def test_each_lost_connection_is_made_anew_as_soon_as_the_first(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.live.channels._PAUSE_SECONDS", 0.02)
    monkeypatch.setattr("guerdon.live.channels._PAUSE_SECONDS_MAX", 600)
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await hears(ann, seconds=5)
        for _ in range(10):
            await live.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            assert await hears(ann, seconds=5)
    await channels.close()


async def test_who_is_cancelled_while_beginning_to_listen_leaves_nothing(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await hears(ann, seconds=2)
        listener = channels._listener()
        async with listener._changing:  # as while a connection ends
            beginning = asyncio.create_task(channels.listen("p", [BOB]).__aenter__())
            await asyncio.sleep(0)
            beginning.cancel()
            await asyncio.wait([beginning], timeout=0.1)
        await asyncio.wait([beginning])
        assert len(listener._signals) == 1
    await channels.close()


async def test_a_connection_that_is_lost_without_a_word_is_made_anew(
    live: Live, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.live.channels._SILENCE_SECONDS", 0.3, raising=False)
    async with a_way(redis_url) as way:
        far = Live(way.url, namespace="test", timeout_seconds=2)
        channels = LiveChannels(far)
        async with channels.listen("p", [ANN]) as ann:
            assert await hears(ann, seconds=2)
            assert await is_left_alone(ann), "a connection that is only silent stays"
            way.lose()

            assert await hears(ann, seconds=10)
            await LiveChannels(live).announce("p", [ANN])
            assert await hears(ann, seconds=2)
        await channels.close()
        await far.close()
