"""What is asked again and again: answered in short, and never otherwise than the long way would."""

import asyncio
from collections.abc import Hashable
from typing import Any

import httpx2
import orjson
import pytest

from api.transport.demo import CALLERS, Demo, Purse, still_true
from api.transport.wire import GRAPHQL_JSON, client_of, post, serving
from guerdon.api.transport import (
    Credential,
    Operation,
    RecentAnswers,
    TransportOptions,
    bodies,
    hot,
)
from guerdon.api.transport.hot import HotRequests

QUERY = "{ badges(first: 3) { edges { node { title } } } }"
LONG_COST = 4
"""What the query is charged at first; three objects of it are there."""


def key(operation: Operation, credential: Credential) -> Hashable | None:
    """Keep answers for each credential by itself, but for those about one badge."""
    if "Query.badge" in operation.coordinates:
        return None
    variables = tuple(sorted(operation.variables.items()))
    return operation.document.digest, variables, credential.key


def demo_with(**hooks: Any) -> Demo:
    return Demo(answers=RecentAnswers(key, still_true=still_true), **hooks)


@pytest.fixture
def demo() -> Demo:
    return demo_with()


def hot_of(demo: Demo) -> HotRequests:
    return demo.transport._hot


async def asked(
    client: httpx2.AsyncClient, request: object | None = None, token: str = "member", **more: str
) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}", **more}
    return await post(client, request or {"query": QUERY}, **headers)


async def test_the_same_request_is_read_once_and_answered_alike(demo: Demo) -> None:
    async with client_of(demo) as client:
        first, *others = [await asked(client) for _ in range(4)]

    assert demo.counts.authenticated == 1
    assert {(it.status_code, it.content) for it in others} == {(200, first.content)}
    assert {tuple(it.headers.items()) for it in others} == {tuple(first.headers.items())}
    assert first.json()["data"]["badges"]["edges"]


@pytest.mark.parametrize(
    "other",
    [
        {"token": "service"},
        {"accept": "application/json"},
        {"content-type": "application/json; charset=utf-8"},
        {"origin": "https://shop.example"},
        {"request": {"query": QUERY, "variables": {}}},
        {"request": {"query": QUERY, "extensions": {"persistedQuery": {"sha256Hash": "0"}}}},
    ],
    ids=["token", "accept", "type", "origin", "body", "digest"],
)
async def test_whatever_differs_is_read_by_itself(demo: Demo, other: dict[str, Any]) -> None:
    async with client_of(demo) as client:
        await asked(client)
        await asked(client)
        before = demo.counts.authenticated
        answer = await asked(client, **other)

    assert demo.counts.authenticated == before + 1
    accepted = other.get("accept", GRAPHQL_JSON)
    assert answer.headers["content-type"].startswith(accepted)


async def test_a_head_that_names_two_credentials_is_read_by_itself(demo: Demo) -> None:
    async with client_of(demo) as client:
        await asked(client)
        twice = [
            ("content-type", "application/json"),
            ("accept", GRAPHQL_JSON),
            ("authorization", "Bearer member"),
            ("authorization", "Bearer service"),
        ]
        await client.post("/graphql", json={"query": QUERY}, headers=twice)

    assert demo.counts.authenticated == 2


async def test_a_credential_that_is_no_longer_good_is_refused_at_once(demo: Demo) -> None:
    async with client_of(demo) as client:
        before = [(await asked(client)).status_code for _ in range(2)]
        del demo.callers["member"]
        after = [(await asked(client)).status_code for _ in range(2)]

    assert (before, after) == ([200, 200], [401, 401])


async def test_every_request_is_charged_and_refused_once_nothing_is_left() -> None:
    purse = Purse(30)
    demo = demo_with(meter=purse)
    async with client_of(demo) as client:
        answers = [await asked(client) for _ in range(12)]

    statuses = [it.status_code for it in answers]
    served = [it.json()["extensions"]["cost"] for it in answers if it.status_code == 200]
    spent = served[0]["actual"]
    assert statuses == [200] * len(served) + [429] * (12 - len(served))
    assert [it["available"] for it in served] == [
        served[0]["available"] - spent * n for n in range(len(served))
    ]
    assert purse.left == served[-1]["available"] < LONG_COST
    assert demo.counts.authenticated == 1 + statuses.count(429)


async def test_a_meter_that_must_ask_is_waited_for_and_charges_once() -> None:
    purse = Purse(100)
    demo = demo_with(meter=purse)
    async with client_of(demo) as client:
        first = await asked(client)
        purse.asks = True
        second = await asked(client)

    assert demo.counts.authenticated == 2
    costs = [it.json()["extensions"]["cost"] for it in (first, second)]
    assert costs[1]["available"] == costs[0]["available"] - costs[0]["actual"] == purse.left


async def test_what_has_moved_is_read_again(demo: Demo) -> None:
    async with client_of(demo) as client:
        await asked(client)
        demo.counts.revision += 1
        await asked(client)
        read = demo.counts.authenticated
        await asked(client)

    assert (read, demo.counts.authenticated) == (2, 2)


async def test_only_kept_answers_of_small_posts_are_hot() -> None:
    demo = demo_with(options=TransportOptions(request_cached_bytes_max=200), in_instalments=True)
    async with client_of(demo) as client:
        for request in (
            {"query": '{ badge(code: "b1") { title } }'},
            {"query": 'mutation { award(title: "x") { title } }'},
            {"query": "{ boom }"},
            {"query": "{ nothing }"},
            {"query": QUERY + " " * 200},
        ):
            await asked(client, request)
        await client.get("/graphql", params={"query": QUERY}, headers={"accept": GRAPHQL_JSON})
        none = len(hot_of(demo))
        await asked(client)

    assert (none, len(hot_of(demo))) == (0, 1)


async def test_no_more_is_remembered_than_the_limit() -> None:
    demo = demo_with(options=TransportOptions(hot_requests_max=3))
    async with client_of(demo) as client:
        for n in range(5):
            await asked(client, {"query": QUERY.replace("3", str(n))})
        for token in CALLERS:
            await asked(client, token=token)
        hot = hot_of(demo)

    assert len(hot) == len(hot._credentials) == 3


async def test_tokens_are_not_held(demo: Demo) -> None:
    async with client_of(demo) as client:
        await asked(client, token="service")
        hot = hot_of(demo)

    assert len(hot) == 1
    assert "Bearer" not in repr(vars(hot))


async def test_a_body_that_comes_in_pieces_is_read_to_its_end(demo: Demo) -> None:
    async def pieces() -> Any:
        yield b'{"query": '
        yield f'"{QUERY}"}}'.encode()

    async with client_of(demo) as client:
        whole = await asked(client)
        headers = {
            "content-type": "application/json", "accept": GRAPHQL_JSON,
            "authorization": "Bearer member",
        }  # fmt: skip
        answer = await client.post("/graphql", content=pieces(), headers=headers)

    assert answer.json() == whole.json()


async def test_who_hangs_up_before_the_body_came_is_no_error(demo: Demo) -> None:
    async with client_of(demo) as client:
        await asked(client)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    head = [
        (b"accept", GRAPHQL_JSON.encode()),
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer member"),
    ]
    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": head,
    }  # fmt: skip
    await demo.application(scope, receive, send)

    assert sent == []


async def test_what_is_told_of_the_schema_is_told_from_memory() -> None:
    demo = Demo()
    async with client_of(demo) as client:
        answers = [await post(client, {"query": "{ __schema { types { name } } }"}) for _ in "abc"]
        mixed = [
            await post(client, {"query": '{ live __type(name: "Badge") { name } }'}) for _ in "ab"
        ]

    assert demo.counts.authenticated == 1 + len(mixed)
    assert {it.content for it in answers} == {answers[0].content}
    assert answers[0].json()["data"]["__schema"]["types"]


async def test_what_is_told_of_the_schema_is_told_to_nobody_else() -> None:
    demo = Demo()
    async with client_of(demo) as client:
        await post(client, {"query": "{ __schema { types { name } } }"})
        refused = await asked(client, {"query": "{ __schema { types { name } } }"})

    assert refused.json()["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"


@pytest.mark.parametrize("sent", [b"", b'{"query": '], ids=["nothing", "the_beginning"])
@pytest.mark.parametrize("asked_before", [False, True], ids=["by_a_stranger", "by_who_is_known"])
async def test_a_body_that_does_not_come_is_waited_for_so_long_and_no_longer(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, sent: bytes, *, asked_before: bool
) -> None:
    for module in (bodies, hot):
        monkeypatch.setattr(module, "BODY_SECONDS_MAX", 0.3)
    whole = orjson.dumps({"query": QUERY})
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: shop.example\r\ncontent-type: application/json\r\n"
        b"accept: application/graphql-response+json\r\nauthorization: Bearer member\r\n"
        b"content-length: %d\r\n\r\n" % len(whole)
    )
    async with serving(demo) as port, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port.number)
        if asked_before:
            writer.write(head + whole)
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        assert bool(hot_of(demo)._credentials) == asked_before

        writer.write(head + sent)

        assert b" 408 " in await reader.read()
        writer.close()
