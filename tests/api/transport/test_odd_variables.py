"""Variables that are JSON and beyond what encoders hold: judged by their types, never broken."""

import json
from collections.abc import AsyncIterator

import pytest

from api.shop import Shop
from api.transport.demo import Demo
from api.transport.wire import Port, events, post, serving

ODD = [
    pytest.param("9" * 30, id="more_than_64_bits"),
    pytest.param("[" * 300 + "]" * 300, id="nested_deeply"),
]
BOARD = "subscription($n: Int!) { board(size: $n) { title } }"


def request(query: str, odd: str) -> str:
    """Return a request whose variable `n` is written so."""
    return f'{{"query": {json.dumps(query)}, "variables": {{"n": {odd}}}}}'


@pytest.fixture
async def port(demo: Demo) -> AsyncIterator[Port]:
    async with serving(demo) as port:
        yield port


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_shared_refuses_them_on_a_socket(port: Port, odd: str) -> None:
    async with port.socket() as socket:
        await socket.init()
        await socket.send(
            f'{{"id": "1", "type": "subscribe", "payload": {request(BOARD, odd)}}}',
        )
        message = await socket.read()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_shared_refuses_them_on_a_stream(port: Port, odd: str) -> None:
    async with port.client() as client:
        answer = await post(client, request(BOARD, odd), accept="text/event-stream")

    (name, data), end = events(answer.text)
    assert (name, end) == ("next", ("complete", ""))
    assert json.loads(data)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("odd", ODD)
async def test_what_is_told_of_the_schema_is_told_whatever_they_are(port: Port, odd: str) -> None:
    async with port.client() as client:
        answer = await post(client, request("{ __schema { queryType { name } } }", odd))

    assert answer.json()["data"] == {"__schema": {"queryType": {"name": "Query"}}}


@pytest.mark.parametrize("odd", ODD)
async def test_what_may_be_kept_refuses_them_where_they_are_used(shop: Shop, odd: str) -> None:
    used = """query($n: Int) { leaderboard(slug: "month") { period { entries(first: $n) {
        totalCount } } } }"""
    refused = await shop.post("service", request(used, odd))
    ignored = await shop.post("service", request("{ program { name } }", odd))

    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert ignored.json()["data"] == {"program": {"name": "Corner Shop"}}
