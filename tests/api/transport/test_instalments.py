"""`@defer`: off unless switched on, for clients that ask for it, and masked to the last part."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from api.transport.demo import CONNECTION_STRING, Demo
from api.transport.wire import Port, code_of, events, post, serving

PARTS = "multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json"
DEFERRED = '{ hello ... @defer(label: "later") { slow(seconds: 0.01) boom } }'


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    async with serving(Demo(in_instalments=True)) as port:
        yield port


@pytest.fixture
async def wire(port: Port) -> AsyncIterator[httpx2.AsyncClient]:
    async with port.client() as client:
        yield client


def parts(answer: httpx2.Response) -> list[dict[str, object]]:
    assert answer.headers["content-type"].startswith("multipart/mixed")
    pieces = answer.content.split(b"--graphql")[1:-1]
    return [json.loads(piece.split(b"\r\n\r\n")[1]) for piece in pieces]


async def test_what_is_deferred_comes_later(wire: httpx2.AsyncClient) -> None:
    first, *others = parts(await post(wire, {"query": DEFERRED}, accept=PARTS))

    assert first["data"] == {"hello": "Hello world"}
    assert first["pending"] == [{"id": "0", "path": [], "label": "later"}]
    assert first["hasNext"] is True
    assert others[-1]["hasNext"] is False
    assert '"slow": "done"' in json.dumps(others)


async def test_a_failure_in_a_later_part_is_masked_too(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": DEFERRED}, accept=PARTS)

    assert CONNECTION_STRING not in answer.text
    assert "INTERNAL_SERVER_ERROR" in answer.text
    assert "correlationId" in answer.text


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/graphql-response+json",
        "multipart/mixed;deferSpec=20220824,application/json",
        "multipart/mixed;subscriptionSpec=1.0,application/json",
    ],
)
async def test_who_does_not_ask_for_parts_gets_the_whole(
    wire: httpx2.AsyncClient, accept: str
) -> None:
    answer = await post(wire, {"query": DEFERRED}, accept=accept)

    assert answer.json()["data"] == {"hello": "Hello world", "slow": "done", "boom": None}
    assert "pending" not in answer.json()


async def test_an_answer_with_nothing_deferred_is_plain_json(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": "{ hello }"}, accept=PARTS)

    assert answer.json()["data"] == {"hello": "Hello world"}


async def test_sockets_and_event_streams_tell_each_part(
    port: Port, wire: httpx2.AsyncClient
) -> None:
    async with port.socket() as socket:
        await socket.init()
        await socket.subscribe(DEFERRED)
        messages = [it["payload"] for it in (await socket.rest())[:-1]]
    stream = await post(wire, {"query": DEFERRED}, accept="text/event-stream")
    told = [json.loads(data) for name, data in events(stream.text) if name == "next"]

    for parts_told in (messages, told):
        assert parts_told[0]["hasNext"] is True
        assert parts_told[-1]["hasNext"] is False


async def test_it_is_off_unless_switched_on(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": DEFERRED}, accept=PARTS)

    assert code_of(answer.json()) == "GRAPHQL_VALIDATION_FAILED"
