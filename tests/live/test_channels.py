"""Live channels: who listens is woken, also by whatever may have been missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio.connection import parse_url

from guerdon.engine.records import Topic
from guerdon.live.channels import LiveChannels
from guerdon.live.client import Live

ANN, BOB = Topic("member", "ann"), Topic("member", "bob")


async def test_only_who_listens_to_a_topic_is_woken(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann, channels.listen("p", [BOB]) as bob:
        # The begin of a subscription counts as news.
        assert await ann.wait(2_000)
        assert await bob.wait(2_000)

        await channels.announce("p", [ANN])

        assert await ann.wait(2_000)
        assert not await bob.wait(50)
    await channels.close()


async def test_programs_do_not_hear_each_other(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await ann.wait(2_000)

        await channels.announce("q", [ANN])

        assert not await ann.wait(50)
    await channels.close()


async def test_a_lost_connection_wakes_everybody_and_goes_on(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await ann.wait(2_000)

        await live.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        assert await ann.wait(5_000)
        await channels.announce("p", [ANN])
        assert await ann.wait(2_000)
    await channels.close()


async def test_topics_may_come_and_go_while_others_listen(live: Live) -> None:
    channels = LiveChannels(live)

    async def visit(number: int) -> bool:
        topic = Topic("member", str(number))
        async with channels.listen("p", [topic, ANN]) as signal:
            began = await signal.wait(2_000)
            await channels.announce("p", [topic])
            return began and await signal.wait(2_000)

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
        assert await ann.wait(5_000)
        for _ in range(10):
            await live.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            assert await ann.wait(5_000)
    await channels.close()


async def test_who_is_cancelled_while_beginning_to_listen_leaves_nothing(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await ann.wait(2_000)
        listener = channels._listener()
        async with listener._changing:  # as while a connection ends
            beginning = asyncio.create_task(channels.listen("p", [BOB]).__aenter__())
            await asyncio.sleep(0)
            beginning.cancel()
            await asyncio.wait([beginning], timeout=0.1)
        await asyncio.wait([beginning])
        assert len(listener._signals) == 1
    await channels.close()


class Way:
    """The way to the server; what is `lost` passes nothing on, and tells nobody."""

    def __init__(self) -> None:
        self.port = 0
        self._lost: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()

    def lose(self) -> None:
        """Lose the connections that there are."""
        self._lost |= self._open

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes."""
        self._open.add(writer)
        try:
            while words := await reader.read(65_536):
                if writer not in self._lost:
                    writer.write(words)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def a_way(url: str) -> AsyncIterator[Way]:
    """Give a way to a server."""
    way, to = Way(), parse_url(url)
    tasks: list[asyncio.Task[None]] = []

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(to["host"], to["port"])
        tasks.extend(
            asyncio.create_task(way.copy(*each))
            for each in ((reader, there[1]), (there[0], writer))
        )

    async with await asyncio.start_server(both, "127.0.0.1", 0) as server:
        way.port = server.sockets[0].getsockname()[1]
        yield way
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_connection_that_is_lost_without_a_word_is_made_anew(
    live: Live, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.live.channels._SILENCE_SECONDS", 0.3, raising=False)
    async with a_way(redis_url) as way:
        far = Live(f"redis://127.0.0.1:{way.port}", namespace="test", timeout_seconds=2)
        channels = LiveChannels(far)
        async with channels.listen("p", [ANN]) as ann:
            assert await ann.wait(2_000)
            assert not await ann.wait(1_000), "a connection that is only silent stays"
            way.lose()

            assert await ann.wait(10_000)
            await LiveChannels(live).announce("p", [ANN])
            assert await ann.wait(2_000)
        await channels.close()
        await far.close()
