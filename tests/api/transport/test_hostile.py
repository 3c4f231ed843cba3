"""Documents and bodies made to hurt: each is refused at once, and its neighbours notice nothing."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from api.transport.demo import CALLERS, Demo
from api.transport.wire import Port, post, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED_WITHIN_SECONDS = 0.05
NEIGHBOURS_WITHIN_SECONDS = 0.2
ROUNDS = 5  # the best one counts: the machine has other work
FRAME_BYTES_MAX = 65_536

# May send a megabyte and spend much, so that it is the document that is refused.
MIGHTY = replace(CALLERS["service"], key="mighty", introspection=True)


def fragment_bomb(levels: int) -> str:
    """Return what stands for 2^levels paths through a recursive type."""
    fragments = [
        f"fragment F{n} on Badge {{ a: related {{ ...F{n + 1} }} b: related {{ ...F{n + 1} }} }}"
        for n in range(levels)
    ]
    root = '{ badge(by: {code: "b1"}) { ...F0 } }'
    return " ".join([root, *fragments, f"fragment F{levels} on Badge {{ id }}"])


def flat_bomb(levels: int) -> str:
    """Return doubling spreads at one level: no depth, and 2^levels fields at the root."""
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{levels} on Query {{ hello }}"])


def connection_bomb(levels: int) -> str:
    """Return doubling spreads beneath a connection, where careless paging expands them."""
    fragments = [
        f"fragment F{n} on BadgeConnection {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)
    ]
    last = f"fragment F{levels} on BadgeConnection {{ edges {{ cursor }} }}"
    return " ".join(["{ badges(first: 1) { ...F0 } }", *fragments, last])


def cross_product(width: int) -> str:
    """Return fragments that each spread all later ones: quadratic for rules that compare pairs."""
    fragments = [
        f"fragment F{n} on Badge {{ related {{ {' '.join(f'...F{m}' for m in range(n + 1, width))}"
        f" id }} }}"
        for n in range(width)
    ]
    spreads = " ".join(f"...F{n}" for n in range(width))
    return " ".join([f'{{ badge(by: {{code: "b1"}}) {{ {spreads} }} }}', *fragments])


HOSTILE = {
    "2^200 paths": fragment_bomb(200),
    "2^50 paths within the limit of tokens": fragment_bomb(50),
    "2^90 spreads at one level": flat_bomb(90),
    "2^55 spreads, few fragments": flat_bomb(55),
    "2^55 spreads beneath a connection": connection_bomb(55),
    "fragments that spread all others": cross_product(20),
    "20,000 aliases": "{ " + " ".join(f"a{n}: hello" for n in range(20_000)) + " }",
    "16 aliases": "{ " + " ".join(f"a{n}: hello" for n in range(16)) + " }",
    "5,000 repeats": "{ " + "hello " * 5_000 + "}",
    "900 repeats in 300 groups": "{ " + "... { hello hello hello } " * 300 + "}",
    "1,000 directives": "{ hello " + "@include(if: true) " * 1_000 + "}",
    "1,000 unknown directives": "{ hello " + "@x " * 990 + "}",
    "depth 400": '{ badge(by: {code: "b1"}) ' + "{ related " * 399 + "{ id " + "} " * 401,
    "depth 180": '{ badge(by: {code: "b1"}) ' + "{ related " * 179 + "{ id " + "} " * 181,
    "lists 5,000 deep": "{ nodes(ids: " + "[" * 5_000 + "]" * 5_000 + ") { id } }",
    "a cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A hello }",
    "a cycle of 60": "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 60} hello }}" for n in range(60)),
    "a hundred of a hundred of a hundred": "{ badges(first: 100) { edges { node { related {"
    " related { related { related { related { id } } } } } } } } }",
    "ten whole pages": "{ "
    + " ".join(
        f"p{n}: badges(first: 100) {{ edges {{ node {{ related {{ related {{ id }} }} }} }} }}"
        for n in range(10)
    )
    + " }",
    "10,000 operations": " ".join(f"query Q{n} {{ hello }}" for n in range(10_000)),
    "6 operations": " ".join(f"query Q{n} {{ hello }}" for n in range(6)),
    "2,000 fragments that nobody uses": "{ hello } "
    + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(2_000)),
    "500 variables": "query(" + " ".join(f"$v{n}: Int" for n in range(500)) + ") { hello }",
    "introspection of introspection": "{ __schema { types { fields { type { fields { type {"
    " fields { type { fields { type { name } } } } } } } } } } }",
    "15 introspections": "{ "
    + " ".join(f"a{n}: __schema {{ types {{ fields {{ name }} }} }}" for n in range(15))
    + " }",
    "90,000 characters of comment and no field": "#" * 90_000 + "\n{",
    "a string of 90,000 escapes": '{ hello(name: "' + "\\u0041" * 15_000 + '" }',
    "a block string of 20,000 lines": '{ hello(name: """' + "\n  x" * 20_000 + '""" }',
    "a name of 90,000 letters": "{ " + "a" * 90_000 + " }",
    "40,000 brackets": "{ " * 40_000,
}


@pytest.fixture(scope="module", autouse=True)
def _no_collection_in_the_middle() -> Iterator[None]:
    """Keep the collector of this process, with all its test modules, out of the measurements."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port() -> AsyncIterator[Port]:
    demo = Demo(anonymous=None, callers={"mighty": MIGHTY, "member": CALLERS["member"]})
    async with serving(demo) as port:
        yield port


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(port: Port) -> AsyncIterator[httpx2.AsyncClient]:
    async with port.client() as client:
        await post(client, {"query": "{ hello }"}, authorization="Bearer mighty")
        yield client


@pytest.mark.parametrize("name", HOSTILE)
async def test_over_http_it_is_refused_at_once(wire: httpx2.AsyncClient, name: str) -> None:
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answer = await post(wire, {"query": HOSTILE[name]}, authorization="Bearer mighty")
        took.append(time.perf_counter() - started)

    assert 400 <= answer.status_code < 500
    assert "data" not in answer.json()
    assert min(took) < REFUSED_WITHIN_SECONDS


@pytest.mark.parametrize("name", HOSTILE)
async def test_over_a_socket_it_is_refused_at_once(port: Port, name: str) -> None:
    took = []
    for _ in range(ROUNDS):
        async with port.socket(token="mighty") as socket:
            await socket.init()
            started = time.perf_counter()
            await socket.subscribe(HOSTILE[name])
            if len(HOSTILE[name]) + 100 > FRAME_BYTES_MAX:
                assert (await socket.closed())[0] == 1009
            else:
                assert (await socket.read())["type"] == "error"
            took.append(time.perf_counter() - started)

    assert min(took) < REFUSED_WITHIN_SECONDS


async def test_neighbours_notice_nothing(wire: httpx2.AsyncClient, port: Port) -> None:
    async def hurt() -> None:
        async with port.client() as client:
            for document in HOSTILE.values():
                await post(client, {"query": document}, authorization="Bearer mighty")

    attack = asyncio.gather(hurt(), hurt())
    took = []
    while not attack.done():
        started = time.perf_counter()
        answer = await post(wire, {"query": "{ hello }"}, authorization="Bearer member")
        took.append(time.perf_counter() - started)
        assert answer.json()["data"] == {"hello": "Hello world"}
        await asyncio.sleep(0.001)
    await attack

    assert len(took) > 10
    assert sorted(took)[int(len(took) * 0.99)] < NEIGHBOURS_WITHIN_SECONDS


class TestBodies:
    """Sent by hand, because clients that are well made send no such thing."""

    HEAD = (
        b"POST /graphql HTTP/1.1\r\nhost: shop.example\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer mighty\r\n"
    )

    async def _answered(self, port: Port, head: bytes, piece: bytes, pieces: int) -> bytes:
        """Send until the server answers; return the first line of its answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port.number)
        writer.write(head)
        answer = asyncio.ensure_future(reader.readline())
        for _ in range(pieces):
            if answer.done():
                break
            writer.write(piece)
            await asyncio.wait([answer], timeout=0.001)
        async with asyncio.timeout(5):
            line = await answer
        writer.close()
        return line

    async def test_twenty_megabytes_are_refused_before_they_are_read(self, port: Port) -> None:
        started = time.perf_counter()
        head = self.HEAD + b"content-length: 20000000\r\n\r\n"
        line = await self._answered(port, head, b"", 0)

        assert line.startswith(b"HTTP/1.1 413 ")
        assert time.perf_counter() - started < REFUSED_WITHIN_SECONDS

    async def test_chunks_without_end_are_refused_at_the_limit(self, port: Port) -> None:
        head = self.HEAD + b"transfer-encoding: chunked\r\n\r\n"
        piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        line = await self._answered(port, head, piece, 1_000)

        assert line.startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize("length", [b"-1", b"1e9", b"99999999999999999999999999"])
    async def test_lengths_that_are_none_are_refused(self, port: Port, length: bytes) -> None:
        head = self.HEAD + b"content-length: " + length + b"\r\n\r\n"
        line = await self._answered(port, head, b"", 0)

        assert line.split()[1] in {b"400", b"413"}
