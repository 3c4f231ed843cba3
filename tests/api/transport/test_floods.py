"""Very much of very little: frames, headers and pieces by the thousand, as no client sends them.

Each ends its own connection and nothing else.
"""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from api.transport.demo import Demo
from api.transport.wire import Port, ask, serving
from guerdon.api.transport.protocols import HttpProtocol

NEIGHBOURS_WITHIN_SECONDS = 1.0
PATIENCE = 20.0

UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: shop.example\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
POST = b"POST /graphql HTTP/1.1\r\nhost: shop.example\r\ncontent-type: application/json\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
TEXT, BINARY, PING, PONG, MORE, LAST = 0x81, 0x82, 0x89, 0x8A, 0x00, 0x80


def frame(kind: int, data: bytes = b"") -> bytes:
    """Return a short frame of a client, its mask all zeros."""
    return bytes([kind, 0x80 | len(data)]) + b"\0\0\0\0" + data


@pytest_asyncio.fixture
async def port() -> AsyncIterator[Port]:
    async with serving(Demo()) as port:
        yield port


async def flooded(port: Port, *pieces: bytes) -> bytes:
    """Send until the server has enough of it; return what it said, up to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port.number)
    if pieces[0] is UPGRADE:
        writer.write(UPGRADE)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    said = asyncio.ensure_future(reader.read())
    try:
        for piece in pieces[pieces[0] is UPGRADE :]:
            for start in range(0, len(piece), 65_536):
                writer.write(piece[start : start + 65_536])
                await writer.drain()
                if said.done():
                    break
    except ConnectionError:
        pass
    try:
        async with asyncio.timeout(PATIENCE):
            return await said
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def beside(port: Port, flood: "asyncio.Future[bytes]") -> bytes:
    """Have a neighbour ask while a flood runs; return what the flood was told."""
    took: list[float] = []
    async with port.client() as client:
        while not flood.done() or not took:
            took.append(await _asked(client))
            await asyncio.sleep(0.001)
    took.sort()
    assert took[int(len(took) * 0.99)] < NEIGHBOURS_WITHIN_SECONDS
    return await flood


async def _asked(client: httpx2.AsyncClient) -> float:
    started = time.process_time()  # all that anybody waits for here is done in this process
    answer = await ask(client, "{ hello }")
    assert answer["data"] == {"hello": "Hello world"}
    return time.process_time() - started


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(frame(TEXT, b'{"type":"ping"}') * 20_000, id="pings of ours"),
        pytest.param(frame(PING) * 100_000, id="pings"),
        pytest.param(frame(PONG) * 100_000, id="pongs"),
        pytest.param(frame(MORE | 1) + frame(MORE) * 100_000, id="fragments of nothing"),
        pytest.param(frame(TEXT, b'{"type":"complete","id":"x"}') * 9_000, id="completes"),
    ],
)
async def test_frames_without_end_close_their_socket(port: Port, frames: bytes) -> None:
    init = frame(TEXT, b'{"type":"connection_init"}')
    said = await beside(port, asyncio.ensure_future(flooded(port, UPGRADE, init, frames)))

    assert said == b"" or b"1000 frames a second" in said


async def test_a_thousand_subscriptions_at_once_run_as_many_as_may(port: Port) -> None:
    async with port.socket() as socket:
        await socket.init()
        for number in range(200):
            await socket.subscribe("subscription { idle }", id_=str(number))
        refused = [await socket.read() for _ in range(180)]

    assert {it["type"] for it in refused} == {"error"}


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(POST + b"x: y\r\n" * 101, id="headers"),
        pytest.param(POST + b"x: y\r\n" * 100_000, id="headers without end"),
        pytest.param(POST + b"x: " + b"y" * 1_000_000, id="a header without end"),
        pytest.param(b"GET /" + b"y" * 1_000_000, id="an address without end"),
    ],
)
async def test_heads_without_end_are_refused(port: Port, head: bytes) -> None:
    said = await beside(port, asyncio.ensure_future(flooded(port, head)))

    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")


async def test_a_head_of_many_headers_is_served(port: Port) -> None:
    body = b'{"query": "{ hello }"}'
    many = b"x: y\r\n" * 90 + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)

    assert b"Hello world" in await flooded(port, POST + many + body)


async def test_a_body_in_single_bytes_is_refused(port: Port) -> None:
    said = await beside(port, asyncio.ensure_future(flooded(port, CHUNKED, b"1\r\nx\r\n" * 50_000)))

    assert said == b"" or said.startswith(b"HTTP/1.1 400 ")


class Hasty(HttpProtocol):
    head_seconds_max = 0.2


@pytest.mark.parametrize("beginning", [b"", b"POST /graph", POST])
async def test_a_head_that_never_ends_gives_its_place_up(beginning: bytes) -> None:
    async with serving(Demo(), http=Hasty) as port:
        assert await flooded(port, beginning) == b""


async def test_a_connection_between_two_requests_is_kept() -> None:
    async with serving(Demo(), http=Hasty) as port, port.client() as client:
        await ask(client, "{ hello }")
        await asyncio.wait([asyncio.ensure_future(flooded(port, b""))])
        (before,) = port.server.server_state.connections
        await ask(client, "{ hello }")

        assert port.server.server_state.connections == {before}
