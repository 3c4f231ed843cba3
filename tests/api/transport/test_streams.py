"""Subscriptions over HTTP: server-sent events, and multipart for Apollo."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

from api.transport.demo import CALLERS, CONNECTION_STRING, Demo
from api.transport.wire import LASTS_SECONDS, PATIENCE, Port, events, post, serving, until
from guerdon.api.transport import Credential, Operation, Share, TransportOptions
from pace import pacing

EVENTS = "text/event-stream"
PARTS = "multipart/mixed;subscriptionSpec=1.0,application/json"


@pytest.fixture
async def port(demo: Demo) -> AsyncIterator[Port]:
    async with serving(demo) as port:
        yield port


@pytest.fixture
async def wire(port: Port) -> AsyncIterator[httpx2.AsyncClient]:
    async with port.client() as client:
        yield client


async def test_items_are_next_events_and_the_end_is_told(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": "subscription { count(delay: 0) }"}, accept=EVENTS)

    assert answer.status_code == 200
    assert [(name, data) for name, data in events(answer.text)] == [
        ("next", '{"data":{"count":1}}'),
        ("next", '{"data":{"count":2}}'),
        ("next", '{"data":{"count":3}}'),
        ("complete", ""),
    ]


async def test_nothing_between_keeps_the_stream_back(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": "subscription { count(delay: 0) }"}, accept=EVENTS)

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_lines_end_in_lf_alone(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": "subscription { count(delay: 0) }"}, accept=EVENTS)

    assert "\r" not in answer.text


async def test_a_native_event_source_may_subscribe_by_get(wire: httpx2.AsyncClient) -> None:
    answer = await wire.get(
        "/graphql",
        params={"query": "subscription { count(delay: 0) }"},
        headers={"accept": EVENTS},
    )

    assert events(answer.text)[-1] == ("complete", "")


async def test_a_mutation_by_get_is_not_run(wire: httpx2.AsyncClient) -> None:
    query = 'mutation { award(title: "t") { id } }'
    answer = await wire.get("/graphql", params={"query": query}, headers={"accept": EVENTS})

    assert '"data"' not in answer.text
    assert "METHOD_NOT_ALLOWED" in answer.text


@pytest.mark.parametrize("query", ["{ hello }", 'mutation { award(title: "t") { id } }'])
async def test_single_answers_are_streams_of_one(wire: httpx2.AsyncClient, query: str) -> None:
    answer = await post(wire, {"query": query}, accept=EVENTS)

    assert [name for name, _ in events(answer.text)] == ["next", "complete"]


@pytest.mark.parametrize("query", ["subscription {", "subscription { nope }"])
async def test_refusals_are_told_in_the_stream(wire: httpx2.AsyncClient, query: str) -> None:
    answer = await post(wire, {"query": query}, accept=EVENTS)

    (name, data), end = events(answer.text)
    assert answer.status_code == 200
    assert name == "next"
    assert json.loads(data)["errors"]
    assert end == ("complete", "")


async def test_a_failing_source_is_told_without_its_cause(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": "subscription { countThenFail }"}, accept=EVENTS)

    assert [name for name, _ in events(answer.text)] == ["next", "next", "complete"]
    assert CONNECTION_STRING not in answer.text
    assert "INTERNAL_SERVER_ERROR" in answer.text


async def test_a_part_that_fails_is_told_in_the_stream() -> None:
    def broken(_operation: Operation, _credential: Credential) -> Share | None:
        raise RuntimeError(CONNECTION_STRING)

    async with serving(Demo(share=broken)) as port, port.client() as wire:
        answer = await post(wire, {"query": "subscription { count(delay: 0) }"}, accept=EVENTS)

    assert [name for name, _ in events(answer.text)] == ["next", "complete"]
    assert "INTERNAL_SERVER_ERROR" in answer.text
    assert CONNECTION_STRING not in answer.text


async def test_what_is_no_request_is_an_error_of_http(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, "{nope", accept=EVENTS)

    assert answer.status_code == 400


async def test_a_client_that_lists_a_stream_last_gets_json_for_queries(
    wire: httpx2.AsyncClient,
) -> None:
    accept = "application/json, text/event-stream, multipart/mixed"
    query = await post(wire, {"query": "{ hello }"}, accept=accept)
    subscription = await post(wire, {"query": "subscription { count(delay: 0) }"}, accept=accept)

    assert query.headers["content-type"].startswith("application/json")
    assert subscription.headers["content-type"].startswith(EVENTS)


async def test_apollos_multipart_ends_with_its_closing_boundary(wire: httpx2.AsyncClient) -> None:
    answer = await post(wire, {"query": "subscription { count(delay: 0) }"}, accept=PARTS)

    assert answer.headers["content-type"].startswith("multipart/mixed")
    parts = answer.content.split(b"--graphql")
    assert parts[-1] == b"--\r\n"
    bodies = [json.loads(part.split(b"\r\n\r\n")[1]) for part in parts[1:-1]]
    assert bodies == [{"payload": {"data": {"count": number}}} for number in (1, 2, 3)]


async def test_an_idle_stream_shows_that_it_is_alive() -> None:
    demo = Demo(options=TransportOptions(heartbeat_seconds=0.05))
    async with (
        serving(demo) as port,
        port.client() as client,
        client.stream(
            "POST",
            "/graphql",
            json={"query": "subscription { idle }"},
            headers={"accept": EVENTS},
        ) as answer,
    ):
        seen = ""
        async for text in answer.aiter_text():
            seen += text
            if seen.count(":\n\n") >= 3:
                break

    assert set(seen) == {":", "\n"}


async def test_a_client_that_leaves_closes_the_source(demo: Demo, port: Port) -> None:
    async with (
        port.client() as client,
        client.stream(
            "POST",
            "/graphql",
            json={"query": "subscription { count(to: 9999, delay: 0.01) }"},
            headers={"accept": EVENTS},
        ) as answer,
    ):
        async for _ in answer.aiter_text():
            if demo.counts.alive:
                break

    await until(lambda: demo.counts.alive == 0)
    await until(lambda: len(demo.transport.parts.connections) == 0)


async def test_the_stream_ends_when_its_token_does() -> None:
    callers = dict(CALLERS)
    async with serving(Demo(callers=callers)) as port, port.client() as client:
        for seconds in LASTS_SECONDS:
            ends = time.time() + seconds
            callers["brief"] = replace(CALLERS["member"], key="brief", expires_at=ends)
            async with asyncio.timeout(seconds + PATIENCE):
                answer = await post(
                    client,
                    {"query": "subscription { idle }"},
                    accept=EVENTS,
                    authorization="Bearer brief",
                )
            if answer.status_code == 200:  # it had not ended before it was used
                break

    assert events(answer.text) == [("complete", "")]


async def test_streams_count_among_a_credentials_connections(port: Port) -> None:
    headers = {"authorization": "Bearer lonely"}
    async with port.client() as client, port.socket(token="lonely") as socket:
        await socket.init()
        answer = await post(client, {"query": "subscription { count }"}, accept=EVENTS, **headers)

    assert answer.status_code == 429


async def test_a_stopping_server_ends_its_streams_and_then_itself(demo: Demo) -> None:
    async with serving(demo) as port, port.client() as client:
        request = asyncio.create_task(
            post(client, {"query": "subscription { idle }"}, accept=EVENTS)
        )
        await until(lambda: demo.counts.alive == 1)
        async with pacing() as pace:
            port.server.should_exit = True
            answer = await request

    assert events(answer.text) == [("complete", "")]
    assert pace.seconds < 2
    assert demo.counts.alive == 0


async def test_a_client_that_never_reads_is_cut() -> None:
    demo = Demo(options=TransportOptions(write_seconds_max=0.2))
    body = json.dumps({"query": "subscription { count(to: 10000000, delay: 0) }"}).encode()
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"accept: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(body)
    )
    async with serving(demo, buffer_bytes=4_096) as port:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port.number))
            await loop.sock_sendall(client, head + body)
            await until(lambda: demo.counts.alive == 1)
            await until(lambda: demo.counts.alive == 0)
