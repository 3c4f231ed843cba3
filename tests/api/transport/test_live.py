"""Shared subscriptions: one execution, one serialised state, and no memory for slow readers."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack

import pytest

from api.transport.demo import Demo
from api.transport.wire import Port, Socket, post, serving, until
from guerdon.api.transport import Operation, Refused, Share
from guerdon.api.transport.execution import Answer, StreamFailed
from guerdon.api.transport.followers import Follower
from guerdon.api.transport.live import SharedStream, SharedStreams

BOARD = "subscription { board(size: 2, interval: 0.01) { title } }"


@pytest.fixture
async def port(demo: Demo) -> AsyncIterator[Port]:
    async with serving(demo) as port:
        yield port


async def _opened(stack: AsyncExitStack, port: Port, count: int) -> list[Socket]:
    return [await (await stack.enter_async_context(port.socket())).init() for _ in range(count)]


class TestOverSockets:
    async def test_those_who_see_the_same_share_one_execution(self, demo: Demo, port: Port) -> None:
        async with AsyncExitStack() as stack:
            sockets = await _opened(stack, port, 20)
            for number, socket in enumerate(sockets):
                await socket.subscribe(BOARD, id_=f"own-{number}")
            messages = [await socket.read() for socket in sockets]

            assert demo.counts.alive == 1
            assert len(demo.transport.parts.shared) == 1
            assert [message["id"] for message in messages] == [f"own-{n}" for n in range(20)]
        await until(lambda: demo.counts.alive == 0)
        assert len(demo.transport.parts.shared) == 0

    @pytest.mark.parametrize(
        "other",
        [
            "subscription { board(size: 3, interval: 0.01) { title } }",
            "subscription { board(size: 2, interval: 0.01) { title id } }",
        ],
    )
    async def test_another_document_is_another_execution(
        self, demo: Demo, port: Port, other: str
    ) -> None:
        async with port.socket() as socket:
            await socket.init()
            await socket.subscribe(BOARD, id_="1")
            await socket.subscribe(other, id_="2")
            await until(lambda: demo.counts.alive == 2)

    async def test_other_variables_are_another_execution(self, demo: Demo, port: Port) -> None:
        query = "subscription($n: Int!) { board(size: $n, interval: 0.01) { title } }"
        async with port.socket() as socket:
            await socket.init()
            for id_, size in (("1", 1), ("2", 2), ("3", 2)):
                await socket.subscribe(query, id_=id_, n=size)
            await until(lambda: demo.counts.states > 4)

            assert demo.counts.alive == 2

    async def test_other_rights_are_another_execution(self) -> None:
        def share(_operation: Operation, credential: object) -> Share:
            return Share(group=getattr(credential, "key", ""))

        demo = Demo(share=share)
        async with (
            serving(demo) as port,
            port.socket(token="member") as one,
            port.socket(token="service") as two,
        ):
            for socket in (one, two):
                await socket.init()
                await socket.subscribe(BOARD)
                await socket.read()

            assert demo.counts.alive == 2

    async def test_who_comes_late_sees_the_present_state_at_once(self) -> None:
        demo = Demo(share=lambda *_: Share(group="all", interval_seconds=60))
        async with serving(demo) as port, port.socket() as early, port.socket() as late:
            for socket in (early, late):
                await socket.init()
                await socket.subscribe(BOARD)
                assert (await socket.read())["payload"]["data"]["board"][0] == {"title": "1"}

    async def test_who_leaves_takes_nothing_from_the_others(self, demo: Demo, port: Port) -> None:
        async with port.socket() as stays:
            await stays.init()
            await stays.subscribe(BOARD)
            async with port.socket() as leaves:
                await leaves.init()
                await leaves.subscribe(BOARD)
                await leaves.read()
            first = await stays.read()
            titles = {first["payload"]["data"]["board"][0]["title"]}
            while len(titles) < 3:
                titles.add((await stays.read())["payload"]["data"]["board"][0]["title"])

            assert demo.counts.alive == 1

    async def test_a_reader_that_stops_skips_states_and_holds_one(self, demo: Demo) -> None:
        query = "subscription { board(size: 25, interval: 0) { id title related { id title } } }"
        async with (
            serving(demo, buffer_bytes=4_096) as port,
            port.narrow_socket(4_096) as slow,
            port.socket() as quick,
        ):
            for socket in (slow, quick):
                await socket.init()
                await socket.subscribe(query)
            slow.raw.transport.pause_reading()
            paused_at = demo.counts.states
            while demo.counts.states < paused_at + 100:
                await quick.read()
            slow.raw.transport.resume_reading()
            old = 0
            while _number(await slow.read()) < paused_at + 100:
                old += 1

        assert old < 50

    async def test_streams_over_http_share_too(self, demo: Demo, port: Port) -> None:
        async with port.client() as client, port.socket() as socket:
            await socket.init()
            await socket.subscribe(BOARD)
            await socket.read()
            async with client.stream(
                "POST",
                "/graphql",
                json={"query": BOARD},
                headers={"accept": "text/event-stream"},
            ) as answer:
                text = ""
                async for piece in answer.aiter_text():
                    text += piece
                    if text.count("event: next") >= 3:
                        break

            assert demo.counts.alive == 1

    async def test_wrong_variables_are_told_to_everybody_who_sent_them(self, port: Port) -> None:
        query = "subscription($n: Int!) { board(size: $n) { title } }"
        async with port.socket() as socket:
            await socket.init()
            for id_ in ("1", "2"):
                await socket.subscribe(query, id_=id_, n="many")
                message = await socket.read()
                assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_the_same_question_as_a_query_is_no_subscription(self, port: Port) -> None:
        async with port.client() as client:
            assert (await post(client, {"query": BOARD})).status_code == 406


def _number(message: dict[str, object]) -> int:
    return int(json.loads(json.dumps(message))["payload"]["data"]["board"][0]["title"])


async def _failing() -> AsyncGenerator[Answer, None]:
    yield Answer(b"{}")
    raise StreamFailed([{"message": "It broke."}])


async def _refused(*, asked: bool = True) -> AsyncGenerator[Answer, None]:
    if asked:
        raise Refused("No.", code="NO")
    yield Answer(b"{}")


class TestSharing:
    async def test_a_failure_reaches_every_follower_and_the_next_one_starts_anew(self) -> None:
        streams = SharedStreams()
        stream = streams.join("key", _failing, interval_seconds=0.01)
        results = await asyncio.gather(
            *(stream.follow(lambda _: None) for _ in range(3)), return_exceptions=True
        )

        assert [type(result) for result in results] == [StreamFailed] * 3
        assert streams.join("key", _failing, interval_seconds=0.01) is not stream

    async def test_who_comes_just_as_the_last_one_leaves_is_served(self) -> None:
        async def source() -> AsyncGenerator[Answer, None]:
            while True:
                yield Answer(b"{}")

        streams = SharedStreams()
        shown = asyncio.Event()
        stream = streams.join("key", source, interval_seconds=0.01)
        last = asyncio.create_task(stream.follow(lambda _: shown.set()))
        await shown.wait()
        coming = streams.join("key", source, interval_seconds=0.01).states(None)
        first = asyncio.create_task(anext(coming))
        last.cancel()
        seen = [await first, *[await anext(coming) for _ in range(3)]]
        await coming.aclose()

        assert seen == [stream.body(None)] * 4
        assert len(streams) == 0

    async def test_a_refusal_of_the_source_is_a_failure_with_its_errors(self) -> None:
        stream = SharedStreams().join("key", _refused, interval_seconds=0)

        with pytest.raises(StreamFailed) as failed:
            await stream.follow(lambda _: None)
        assert failed.value.errors[0]["extensions"] == {"code": "NO"}

    async def test_states_are_no_more_frequent_than_the_interval(self) -> None:
        clock = asyncio.get_running_loop().time
        pulled: list[float] = []

        async def source() -> AsyncGenerator[Answer, None]:
            while True:
                pulled.append(clock())
                yield Answer(b"{}")

        stream = SharedStreams().join("key", source, interval_seconds=0.05)
        following = asyncio.create_task(stream.follow(lambda _: None))
        await until(lambda: len(pulled) >= 5)
        following.cancel()

        assert pulled[4] - pulled[0] >= 4 * 0.05


class _Full:
    """A socket whose buffer is full until it is emptied."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self.written: list[str] = []

    async def send(self, message: dict[str, str]) -> None:
        await self.room.wait()
        self.written.append(message["text"])


class TestFollower:
    async def test_a_full_socket_gets_the_newest_state_once_it_has_room(self) -> None:
        socket = _Full()
        follower = Follower('{"payload":', socket.send, viewer=None)  # type: ignore[arg-type]
        stream = SharedStream(lambda: None)
        for number in range(1, 1_001):
            stream.show(Answer(str(number).encode()))
            follower.show(stream)
        socket.room.set()
        await follower.drain()

        assert socket.written == [
            '{"payload":{"data":1}}',
            '{"payload":{"data":1000}}',
        ]

    async def test_a_closed_socket_is_no_error_of_the_stream(self) -> None:
        async def send(_message: object) -> None:
            raise ConnectionResetError

        follower = Follower("{", send, viewer=None)
        stream = SharedStream(lambda: None)
        stream.show(Answer(b"1"))
        follower.show(stream)
        await follower.drain()

        assert stream.is_open

    async def test_what_is_given_up_is_not_written_later(self) -> None:
        socket = _Full()
        follower = Follower("{", socket.send, viewer=None)  # type: ignore[arg-type]
        stream = SharedStream(lambda: None)
        stream.show(Answer(b"1"))
        follower.show(stream)
        follower.stop()
        await asyncio.sleep(0)
        socket.room.set()
        await asyncio.sleep(0)

        assert socket.written == []
