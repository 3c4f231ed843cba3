"""Flags about the viewer: one answer for all, and each sees itself in it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import strawberry
from starlette.applications import Starlette

from api.transport.wire import Socket, serving, until
from guerdon.api.transport import (
    AboutViewer,
    Connection,
    Credential,
    RecentAnswers,
    Share,
    Transport,
    TransportHooks,
    TransportSchema,
)
from guerdon.api.transport.encoding import encode_for_all
from guerdon.api.transport.personal import Stencil


def test_a_text_without_flags_stays_a_text() -> None:
    assert encode_for_all({"a": [True, "\0"]}) == b'{"a":[true,"\\u0000"]}'


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        (None, b'[false,"\\u0000",false,false]'),
        ("cyd", b'[false,"\\u0000",false,false]'),
        ("ada", b'[true,"\\u0000",false,true]'),
        ("bob", b'[false,"\\u0000",true,false]'),
    ],
)
def test_each_viewer_sees_its_own_flags_and_no_others(viewer: str | None, seen: bytes) -> None:
    text = encode_for_all([AboutViewer("ada"), "\0", AboutViewer("bob"), AboutViewer("ada")])

    assert isinstance(text, Stencil)
    assert text.seen_by(viewer) == seen


@strawberry.type
class Row:
    """A row of a list that several read."""

    name: str
    is_me: bool


class Lists:
    """How often the list was read, and a way to have it read again."""

    def __init__(self) -> None:
        self.reads = 0
        self.again = asyncio.Event()

    def rows(self) -> list[Row]:
        self.reads += 1
        return [Row(name=name, is_me=cast("bool", AboutViewer(name))) for name in ("ada", "bob")]


@strawberry.type
class Query:
    @strawberry.field
    def rows(self, info: strawberry.Info[Lists, None]) -> list[Row]:
        return info.context.rows()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def rows(self, info: strawberry.Info[Lists, None]) -> AsyncIterator[list[Row]]:
        while True:
            yield info.context.rows()
            await info.context.again.wait()
            info.context.again.clear()


class Served:
    """What `serving` serves: a list, the same for all whose token is a name."""

    def __init__(self) -> None:
        self.lists = Lists()

        async def authenticate(connection: Connection) -> Credential:
            return Credential(key=str(connection.token), viewer=connection.token)

        self.transport = Transport(
            TransportSchema(Query, None, Subscription),
            hooks=TransportHooks(
                authenticate=authenticate,
                context=lambda *_: self.lists,
                share=lambda *_: Share(group="all", interval_seconds=0),
                answers=RecentAnswers(lambda operation, _: operation.document.digest),
            ),
        )
        self.application = Starlette(routes=self.transport.routes)


def _me(answer: dict[str, Any]) -> list[str]:
    return [row["name"] for row in answer["data"]["rows"] if row["isMe"]]


async def test_one_execution_shows_every_subscriber_itself() -> None:
    served = Served()
    async with serving(served) as port:  # type: ignore[arg-type]  # it has what is asked for
        sockets: list[Socket] = []
        for name in ("ada", "bob", "cyd"):
            socket = await port.socket(token=name).__aenter__()
            sockets.append(await socket.init())
            await socket.subscribe("subscription { rows { name isMe } }")
        first = [_me((await socket.read())["payload"]) for socket in sockets]
        served.lists.again.set()
        second = [_me((await socket.read())["payload"]) for socket in sockets]
        for socket in sockets:
            await socket.raw.close()
        await until(lambda: len(served.transport.parts.shared) == 0)

    assert first == second == [["ada"], ["bob"], []]
    assert served.lists.reads == 2


async def test_one_kept_answer_shows_every_asker_itself() -> None:
    served = Served()
    async with serving(served) as port, port.client() as client:  # type: ignore[arg-type]
        seen = [
            _me(
                (
                    await client.post(
                        "/graphql",
                        json={"query": "{ rows { name isMe } }"},
                        headers={"authorization": f"Bearer {name}"},
                    )
                ).json()
            )
            for name in ("ada", "bob", "cyd", "ada")
        ]

    assert seen == [["ada"], ["bob"], [], ["ada"]]
    assert served.lists.reads == 1
