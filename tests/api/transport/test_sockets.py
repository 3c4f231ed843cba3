"""graphql-transport-ws, message by message, over a real port."""

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from api.transport.demo import CALLERS, CONNECTION_STRING, Demo
from api.transport.wire import Port, Socket, outlived, serving, until
from guerdon.api.transport import Credential, Operation, Share, TransportOptions
from pace import pacing


@pytest.fixture
async def port(demo: Demo) -> AsyncIterator[Port]:
    async with serving(demo) as port:
        yield port


@pytest.fixture
async def socket(port: Port) -> AsyncIterator[Socket]:
    async with port.socket() as socket:
        yield await socket.init()


def broken(_operation: Operation, _credential: Credential) -> Share | None:
    """Fail as only a mistake of ours does."""
    raise RuntimeError(CONNECTION_STRING)


class TestOperations:
    async def test_a_subscription_delivers_every_item_and_completes(self, socket: Socket) -> None:
        await socket.subscribe("subscription { count(to: 3, delay: 0) }")
        messages = await socket.rest()

        assert [message["type"] for message in messages] == ["next"] * 3 + ["complete"]
        assert [message["payload"]["data"] for message in messages[:3]] == [
            {"count": 1},
            {"count": 2},
            {"count": 3},
        ]

    @pytest.mark.parametrize("query", ["{ hello }", 'mutation { award(title: "t") { title } }'])
    async def test_queries_and_mutations_are_answered_once(
        self, socket: Socket, query: str
    ) -> None:
        await socket.subscribe(query)
        messages = await socket.rest()

        assert [message["type"] for message in messages] == ["next", "complete"]
        assert messages[0]["payload"]["data"]

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("subscription {", "GRAPHQL_PARSE_FAILED"),
            ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($n: Int!) { badges(first: $n) { __typename } }", "BAD_USER_INPUT"),
            ("subscription($n: Int!) { count(to: $n) }", "BAD_USER_INPUT"),
            ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ],
    )
    async def test_a_wrong_document_ends_its_operation_and_not_the_socket(
        self, socket: Socket, query: str, code: str
    ) -> None:
        await socket.subscribe(query)
        message = await socket.read()
        await socket.subscribe("{ hello }", id_="2")

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code
        assert (await socket.rest())[-1] == {"id": "2", "type": "complete"}

    async def test_a_source_that_fails_ends_its_operation_and_tells_nothing(
        self, socket: Socket
    ) -> None:
        await socket.subscribe("subscription { countThenFail }")
        messages = await socket.rest()

        assert [message["type"] for message in messages] == ["next", "error"]
        assert CONNECTION_STRING not in json.dumps(messages)
        assert messages[1]["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"

    async def test_a_part_that_fails_ends_the_operation_and_not_the_socket(self) -> None:
        async with serving(Demo(share=broken)) as port, port.socket() as socket:
            await socket.init()
            await socket.subscribe("subscription { count(delay: 0) }")
            (message,) = await socket.rest()
            await socket.subscribe("{ hello }", id_="2")
            after = await socket.rest()

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert CONNECTION_STRING not in json.dumps(message)
        assert [it["type"] for it in after] == ["next", "complete"]

    async def test_several_run_side_by_side(self, socket: Socket) -> None:
        for id_ in ("a", "b"):
            await socket.subscribe("subscription { count(to: 3, delay: 0.005) }", id_=id_)
        messages = [*await socket.rest(), *await socket.rest()]

        assert {message["id"] for message in messages} == {"a", "b"}
        assert len(messages) == 8

    async def test_an_id_is_free_again_once_its_operation_has_ended(self, socket: Socket) -> None:
        for _ in range(3):
            await socket.subscribe("{ hello }", id_="same")
            assert (await socket.rest())[-1]["type"] == "complete"

    async def test_each_item_has_loaders_of_its_own(self, demo: Demo, socket: Socket) -> None:
        await socket.subscribe("subscription { badgeByBadge(to: 3) { related { title } } }")
        await socket.rest()

        assert demo.counts.batches == 3

    async def test_persisted_documents_are_known_here_too(self, socket: Socket) -> None:
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
        payload = {"query": "", "extensions": extensions}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})

        assert (await socket.read())["payload"][0]["message"] == "PersistedQueryNotFound"

    async def test_unsubscribing_closes_the_source(self, demo: Demo, socket: Socket) -> None:
        await socket.subscribe("subscription { idle }", id_="x")
        await until(lambda: demo.counts.alive == 1)
        await socket.send({"type": "complete", "id": "x"})

        await until(lambda: demo.counts.alive == 0)

    async def test_a_client_that_leaves_closes_all_its_sources(
        self, demo: Demo, port: Port
    ) -> None:
        sockets = [await (await port.socket().__aenter__()).init() for _ in range(10)]
        for number, socket in enumerate(sockets):
            await socket.subscribe("subscription { idle }", id_="a")
            await socket.subscribe("subscription { count(to: 9999, delay: 0.001) }", id_="b")
            assert await socket.read()
            if number % 2:
                socket.raw.transport.abort()
            else:
                await socket.raw.close()

        await until(lambda: demo.counts.alive == 0)
        await until(lambda: len(demo.transport.parts.connections) == 0)


class TestProtocol:
    async def test_ping_is_answered_before_and_after_initialisation(self, port: Port) -> None:
        async with port.socket() as socket:
            await socket.send({"type": "ping"})
            assert await socket.read() == {"type": "pong"}
            await socket.init()
            await socket.send({"type": "ping", "payload": {"a": 1}})
            assert await socket.read() == {"type": "pong"}

    async def test_unasked_pongs_and_unknown_ids_are_ignored(self, socket: Socket) -> None:
        await socket.send({"type": "pong", "payload": None})
        await socket.send({"type": "complete", "id": "never-heard-of"})
        await socket.send({"type": "ping"})

        assert await socket.read() == {"type": "pong"}

    async def test_the_payload_of_initialisation_may_be_null(self, port: Port) -> None:
        async with port.socket() as socket:
            await socket.send({"type": "connection_init", "payload": None})
            assert await socket.read() == {"type": "connection_ack"}

    @pytest.mark.parametrize(
        "message",
        [
            "{nope",
            "[1]",
            "null",
            "5",
            b'{"type":"ping"}',
            {},
            {"type": 5},
            {"type": "nope"},
            {"type": "connection_ack"},
            {"type": "next", "id": "1", "payload": {}},
            {"type": "ping", "payload": "x"},
            {"type": "subscribe", "id": "1"},
            {"type": "subscribe", "id": "1", "payload": "x"},
            {"type": "subscribe", "id": "1", "payload": ["x"]},
            {"type": "subscribe", "id": "1", "payload": {"query": 5}},
            {"type": "subscribe", "id": "1", "payload": {}},
            {"type": "subscribe", "id": 7, "payload": {"query": "{ hello }"}},
            {"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}},
            {"type": "subscribe", "id": "x" * 101, "payload": {"query": "{ hello }"}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": [1]}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 1}},
            {"type": "complete"},
            {"type": "complete", "id": 3},
            '{"type": "ping", "payload": ' + "[" * 20_000 + "]" * 20_000 + "}",
        ],
    )
    async def test_what_is_no_message_closes_the_socket(
        self, socket: Socket, message: object
    ) -> None:
        await socket.send(message)

        assert (await socket.closed())[0] == 4400

    async def test_to_subscribe_before_initialisation_closes_it(self, port: Port) -> None:
        async with port.socket() as socket:
            await socket.subscribe("{ hello }")
            assert (await socket.closed())[0] == 4401

    async def test_to_initialise_twice_closes_it(self, socket: Socket) -> None:
        await socket.send({"type": "connection_init"})

        assert (await socket.closed())[0] == 4429

    async def test_an_id_in_use_closes_it(self, socket: Socket) -> None:
        await socket.subscribe("subscription { idle }", id_="d")
        await socket.subscribe("subscription { idle }", id_="d")

        assert (await socket.closed())[0] == 4409

    async def test_nobody_waits_for_initialisation_for_ever(self) -> None:
        demo = Demo(options=TransportOptions(init_seconds_max=0.05))
        async with serving(demo) as port, port.socket() as socket:
            assert (await socket.closed())[0] == 4408

    async def test_the_older_protocol_is_not_served(self, port: Port) -> None:
        async with port.socket(protocol="graphql-ws") as socket:
            assert socket.raw.subprotocol is None
            assert (await socket.closed())[0] == 4406

    async def test_a_message_larger_than_allowed_closes_it(self) -> None:
        demo = Demo(options=TransportOptions(message_bytes_max=1_000))
        async with serving(demo) as port, port.socket() as socket:
            await socket.init()
            await socket.subscribe("{ hello }", filler="x" * 1_000)
            assert (await socket.closed())[0] == 1009


class TestOrigin:
    async def test_a_foreign_page_is_refused_at_the_handshake(self, port: Port) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with port.socket(origin="https://evil.example"):
                pass

        assert refused.value.response.status_code == 403

    async def test_the_servers_own_pages_may(self, port: Port) -> None:
        async with port.socket(origin=f"http://127.0.0.1:{port.number}") as socket:
            await socket.init()

    async def test_pages_that_are_listed_may(self) -> None:
        demo = Demo(options=TransportOptions(allowed_origins=("https://shop.example",)))
        async with serving(demo) as port, port.socket(origin="https://shop.example") as socket:
            await socket.init()


class TestCredentials:
    async def test_the_token_comes_in_the_payload(self, port: Port) -> None:
        async with port.socket(token="member") as socket:
            await socket.init()
            await socket.subscribe("{ __schema { __typename } }")
            assert "INTROSPECTION_DISABLED" in json.dumps(await socket.read())

    async def test_a_token_in_the_handshake_is_not_read(self) -> None:
        headers = {"authorization": "Bearer member"}
        async with (
            serving(Demo(anonymous=None)) as port,
            port.socket(additional_headers=headers) as socket,
        ):
            await socket.send({"type": "connection_init"})
            assert (await socket.closed())[0] == 4403

    @pytest.mark.parametrize("token", ["nobody", "suspended"])
    async def test_a_wrong_one_closes_the_socket(self, port: Port, token: str) -> None:
        async with port.socket() as socket:
            payload = {"Authorization": f"Bearer {token}"}
            await socket.send({"type": "connection_init", "payload": payload})
            assert (await socket.closed())[0] == 4403

    async def test_the_socket_closes_when_the_token_expires(self) -> None:
        callers = dict(CALLERS)
        async with serving(Demo(callers=callers)) as port:

            async def briefly(seconds: int) -> tuple[Socket, float]:
                ends = time.time() + seconds
                callers["brief"] = replace(CALLERS["member"], key="brief", expires_at=ends)
                return port.socket(token="brief"), ends

            code, reason = await outlived(briefly, "subscription { idle }")

        assert (code, reason) == (4403, "The token has expired.")

    async def test_a_token_that_has_expired_opens_nothing(self) -> None:
        callers = {"late": replace(CALLERS["member"], key="late", expires_at=time.time() - 1)}
        async with serving(Demo(callers=callers)) as port, port.socket() as socket:
            payload = {"authorization": "Bearer late"}
            await socket.send({"type": "connection_init", "payload": payload})
            assert (await socket.closed())[0] == 4403

    async def test_a_revoked_credential_loses_its_sockets_and_others_keep_theirs(self) -> None:
        demo = Demo(options=TransportOptions(recheck_seconds=0.05))
        async with (
            serving(demo) as port,
            port.socket(token="member") as revoked,
            port.socket(token="service") as kept,
        ):
            await revoked.init()
            await kept.init()
            del demo.callers["member"]
            code, reason = await revoked.closed()
            await kept.send({"type": "ping"})

            assert (code, reason) == (4403, "The credential has been revoked.")
            assert await kept.read() == {"type": "pong"}

    async def test_a_credential_opens_no_more_sockets_than_it_may(self, port: Port) -> None:
        async with port.socket(token="lonely") as first:
            await first.init()
            async with port.socket() as second:
                payload = {"authorization": "Bearer lonely"}
                await second.send({"type": "connection_init", "payload": payload})
                assert (await second.closed())[0] == 4429
        async with port.socket(token="lonely") as third:
            await third.init()

    async def test_a_socket_runs_no_more_operations_than_it_may(self) -> None:
        demo = Demo(options=TransportOptions(subscriptions_per_connection_max=2))
        async with serving(demo) as port, port.socket() as socket:
            await socket.init()
            for id_ in ("1", "2"):
                await socket.subscribe("subscription { idle }", id_=id_)
            await until(lambda: demo.counts.alive == 2)
            await socket.subscribe("subscription { idle }", id_="3")
            message = await socket.read()

            assert message["id"] == "3"
            assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"


async def test_a_slow_reader_holds_back_its_own_source_and_nothing_else(
    port: Port,
) -> None:
    async with port.socket() as slow, port.socket() as quick:
        await slow.init()
        await quick.init()
        slow.raw.transport.pause_reading()
        await slow.subscribe("subscription { badgeByBadge(to: 25) { title } }")
        async with pacing() as pace:
            await quick.subscribe("{ hello }")
            await quick.rest()

        assert pace.seconds < 1
        slow.raw.transport.resume_reading()
        assert len(await slow.rest()) == 26


async def test_a_stopping_server_closes_sockets_so_that_clients_come_back(demo: Demo) -> None:
    async with serving(demo) as port:
        async with port.socket() as socket:
            await socket.init()
            await socket.subscribe("subscription { idle }")
            await until(lambda: demo.counts.alive == 1)
            port.server.should_exit = True
            assert (await socket.closed())[0] == 1012
        await until(lambda: demo.counts.alive == 0)


async def test_hundreds_of_connections_that_break_leave_no_task_behind(
    demo: Demo, port: Port
) -> None:
    tasks = len(asyncio.all_tasks())
    held_mb = 0.0
    for turn in range(10):
        if turn == 2:  # what is made once is made by now
            gc.collect()
            held_mb = _resident_mb()
        sockets = [await (await port.socket().__aenter__()).init() for _ in range(50)]
        for number, socket in enumerate(sockets):
            await socket.subscribe("subscription { count(to: 9999, delay: 0.001) }")
            await socket.subscribe("subscription { board(interval: 0.001) { title } }", id_="2")
            if number % 2:
                socket.raw.transport.abort()
            else:
                await socket.raw.close()

    await until(lambda: demo.counts.alive == 0)
    await until(lambda: len(demo.transport.parts.connections) == 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    gc.collect()
    assert _resident_mb() - held_mb < 20


def _resident_mb() -> float:
    """Return the memory of this process, in which client and server both run."""
    status = Path("/proc/self/status").read_text()
    return next(int(it.split()[1]) for it in status.splitlines() if it.startswith("VmRSS")) / 1024
