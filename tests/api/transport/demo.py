"""A small schema with fields that fail, count and idle, mounted on the product's own transport.

The outside suites expect such fields, which no real service has. Run it by itself with
`python -m tests.api.transport.demo --port 8811`; the tests mount `application(...)`.

Nothing of the product is replaced here: transport, limits and error handling are the shipped ones.
"""

# Strawberry's decorators lose the type of what they decorate.
# mypy: disable-error-code="untyped-decorator"

import argparse
import asyncio
import base64
import binascii
import enum
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import strawberry
from starlette.applications import Starlette
from strawberry.scalars import JSON

from guerdon.api.transport import (
    Allowance,
    BadInput,
    Connection,
    Credential,
    Entity,
    Forbidden,
    NotAtOnce,
    Operation,
    Share,
    Transport,
    TransportHooks,
    TransportOptions,
    TransportSchema,
    TrustedDocuments,
    Unauthenticated,
    loader,
    server_for,
    subgraph,
)

CONNECTION_STRING = "mongodb://root:hunter2@db.internal:27017/points"
AWARDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
PAGE_MAX = 100


@strawberry.enum(description="How many have it.")
class Rarity(enum.Enum):
    COMMON = "COMMON"
    RARE = "RARE"
    SECRET = strawberry.enum_value("SECRET", deprecation_reason="Use RARE.")


@strawberry.interface(description="Whatever a client's cache keeps under its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The global id.")


@strawberry.type(description="A badge that a member can earn.")
class Badge(Node):
    title: str
    rarity: Rarity
    awarded_at: datetime | None
    worth: Decimal
    code: strawberry.ID

    @strawberry.field(description="Badges that go with this one; the type is recursive.")
    async def related(self, info: strawberry.Info[Any, None]) -> "list[Badge]":
        number = int(self.code[1:]) if self.code[1:].isdigit() else 0
        codes = [f"b{(number + step) % len(BADGES)}" for step in (1, 2)]
        found: list[Badge] = await info.context.badges.load_many(codes)
        return found


def global_id(code: str) -> strawberry.ID:
    return strawberry.ID(base64.b64encode(f"Badge:{code}".encode()).decode())


def _badge(number: int) -> Badge:
    return Badge(
        id=global_id(f"b{number}"),
        code=strawberry.ID(f"b{number}"),
        title=f"Badge {number}",
        rarity=Rarity.RARE if number % 3 == 0 else Rarity.COMMON,
        awarded_at=AWARDED_AT,
        worth=Decimal("1.50"),
    )


BADGES = [_badge(number) for number in range(25)]
BY_CODE: dict[str, Badge] = {badge.code: badge for badge in BADGES}


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class BadgeEdge:
    cursor: str
    node: Badge


@strawberry.type
class BadgeConnection:
    page_info: PageInfo
    edges: list[BadgeEdge]


@strawberry.type
class BadgeNotFound:
    message: str
    code: str


@strawberry.input(one_of=True, description="Look a badge up by exactly one key.")
class BadgeBy:
    code: strawberry.Maybe[str]
    title: strawberry.Maybe[str]


@strawberry.type
class Echo:
    at: datetime | None
    amount: Decimal | None
    data: JSON | None


def _decode(text: str, kind: str) -> str:
    try:
        raw = base64.b64decode(text.encode(), validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise BadInput("The id or cursor is none of ours.") from None
    prefix, _, rest = raw.partition(":")
    if prefix != kind and kind == "at":
        raise BadInput("The id or cursor is none of ours.")
    return rest if prefix == kind else ""


def _position(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    digits = _decode(cursor, "at")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise BadInput("The id or cursor is none of ours.")
    return int(digits)


def _page(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> BadgeConnection:
    if first is not None and last is not None:
        raise BadInput("Give `first` or `last`, not both.")
    size = next((it for it in (first, last) if it is not None), 20)
    if not 0 <= size <= PAGE_MAX:
        raise BadInput(f"A page has 0 to {PAGE_MAX} entries.")
    begin, end = _position(after), _position(before)
    low = 0 if begin is None else begin + 1
    high = len(BADGES) if end is None else min(end, len(BADGES))
    if last is None:
        high = min(high, low + size)
    else:
        low = max(low, high - size)
    edges = [
        BadgeEdge(cursor=base64.b64encode(f"at:{at}".encode()).decode(), node=BADGES[at])
        for at in range(low, high)
    ]
    return BadgeConnection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=high < len(BADGES),
            has_previous_page=low > 0,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


@dataclass
class Counts:
    """What the demo counts for its tests: who came, generators alive, batches, states made."""

    authenticated: int = 0
    alive: int = 0
    batches: int = 0
    states: int = 0
    fail_next_batch: bool = False
    revision: int = 1


class Context:
    """What resolvers of the demo see: the credential, and loaders of this operation alone."""

    def __init__(self, credential: Credential, counts: Counts) -> None:
        self.credential = credential
        self.counts = counts
        self.revision = counts.revision
        self.badges = loader(self._load)

    async def _load(self, codes: list[str]) -> Sequence[Badge]:
        self.counts.batches += 1
        if self.counts.fail_next_batch:
            self.counts.fail_next_batch = False
            raise RuntimeError(CONNECTION_STRING)
        return [BY_CODE[code] for code in codes]


Info = strawberry.Info[Context, None]


@strawberry.type
class Query:
    @strawberry.field(description="Fetches an object by its global id.")
    def node(self, id: strawberry.ID) -> Node | None:  # noqa: A002
        return BY_CODE.get(_decode(id, "Badge"))

    @strawberry.field(description="Fetches objects by global ids.")
    def nodes(self, ids: list[strawberry.ID]) -> list[Node | None]:
        return [BY_CODE.get(_decode(id_, "Badge")) for id_ in ids]

    @strawberry.field(description="Subscription generators alive now.")
    def live(self, info: Info) -> int:
        return info.context.counts.alive

    @strawberry.field(description="Says hello.")
    def hello(self, name: str = "world") -> str:
        return f"Hello {name}"

    @strawberry.field(deprecation_reason="Use `hello`.")
    def greet(self) -> str:
        return "Hello"

    @strawberry.field(description="Always raises.")
    def boom(self) -> str | None:
        raise RuntimeError(CONNECTION_STRING)

    @strawberry.field(description="Always raises, non-null.")
    def boom_strict(self) -> str:
        raise RuntimeError(CONNECTION_STRING)

    @strawberry.field
    def badge(
        self, by: BadgeBy
    ) -> Annotated[Badge | BadgeNotFound, strawberry.union(name="BadgeResult")]:
        wanted_code = by.code.value if by.code else None
        wanted_title = by.title.value if by.title else None
        for badge in BADGES:
            if badge.code == wanted_code or badge.title == wanted_title:
                return badge
        return BadgeNotFound(message="There is no such badge.", code="NOT_FOUND")

    @strawberry.field(description="All badges.")
    def badges(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> BadgeConnection:
        return _page(first, after, last, before)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def award(self, title: str) -> Badge:
        return replace(BADGES[0], id=global_id("new"), code=strawberry.ID("new"), title=title)


@strawberry.type
class Subscription:
    @strawberry.subscription(description="Counts up from 1.")
    async def count(self, info: Info, to: int = 3, delay: float = 0.02) -> AsyncIterator[int]:
        counts = info.context.counts
        counts.alive += 1
        try:
            for number in range(1, to + 1):
                yield number
                await asyncio.sleep(delay)
        finally:
            counts.alive -= 1

    @strawberry.subscription(description="Never yields.")
    async def idle(self, info: Info) -> AsyncIterator[int]:
        counts = info.context.counts
        counts.alive += 1
        try:
            await asyncio.Event().wait()
            yield 0
        finally:
            counts.alive -= 1

    @strawberry.subscription(description="Fails after one item.")
    async def count_then_fail(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError(CONNECTION_STRING)


@strawberry.type(name="Query")
class WiderQuery(Query):
    @strawberry.field(description="Takes its time.")
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    @strawberry.field(description="What the precise scalars make of their input.")
    def echo(
        self, at: datetime | None = None, amount: Decimal | None = None, data: JSON | None = None
    ) -> Echo:
        return Echo(at=at, amount=amount, data=data)


@strawberry.type(name="Subscription")
class WiderSubscription(Subscription):
    @strawberry.subscription(description="A state that everybody sees alike.")
    async def board(
        self, info: Info, size: int = 10, interval: float = 0.05
    ) -> AsyncIterator[list[Badge]]:
        counts = info.context.counts
        counts.alive += 1
        try:
            while True:
                counts.states += 1
                yield [replace(badge, title=f"{counts.states}") for badge in BADGES[:size]]
                await asyncio.sleep(interval)
        finally:
            counts.alive -= 1

    @strawberry.subscription(description="Badges one by one, each through a loader.")
    async def badge_by_badge(self, to: int = 3) -> AsyncIterator[Badge]:
        for number in range(to):
            yield BADGES[number]


def schema(*, wider: bool = True, in_instalments: bool = False) -> TransportSchema:
    """Return what the outside suites know, or with `wider` what only our own tests ask for too."""
    roots = (WiderQuery, Mutation, WiderSubscription) if wider else (Query, Mutation, Subscription)
    return TransportSchema(*roots, types=[Badge], in_instalments=in_instalments)


async def badge_of(_context: Any, code: str) -> Badge | None:
    """Return the badge that a router asks for."""
    return BY_CODE.get(code)


def federated() -> TransportSchema:
    """Return what the outside suites know, as a subgraph."""
    entities = [Entity(Badge, "code", badge_of)]
    return subgraph(
        Query, Mutation, Subscription, entities=entities, shareable=["PageInfo"], types=[Badge]
    )


DEVELOPER = Credential(
    key="developer", introspection=True, ide=True, cost_max=10_000, sockets_max=10_000
)
CALLERS = {
    "member": Credential(key="member"),
    "service": Credential(key="service", cost_max=10_000, body_bytes_max=1_000_000),
    "trusted": Credential(key="trusted", document_mode="trusted"),
    "hybrid": Credential(key="hybrid", document_mode="hybrid"),
    "lonely": Credential(key="lonely", sockets_max=1),
}


def still_true(context: Any) -> bool:
    """Tell whether nothing has moved since an answer was read; see `Counts.revision`."""
    return bool(context.revision == context.counts.revision)


class Purse:
    """A meter with a fixed amount in it, which never fills again; `asks` has it ask somebody."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.asks = False

    async def charge(self, credential: Credential, units: int) -> Allowance:
        self.asks, asks = False, self.asks
        try:
            return self.charge_at_once(credential, units)
        finally:
            self.asks = asks

    def charge_at_once(self, _credential: Credential, units: int) -> Allowance:
        if self.asks:
            raise NotAtOnce
        if units > self.left:
            return Allowance(retry_after_seconds=1.2, available=self.left, restore_rate=50)
        self.left -= units
        return Allowance(available=self.left, restore_rate=50)

    def refund(self, _credential: Credential, asked: int, actual: int) -> int:
        self.left += asked - actual
        return asked - actual


class Demo:
    """The demo's application and the handles that its tests hold."""

    def __init__(
        self,
        *,
        anonymous: Credential | None = DEVELOPER,
        wider: bool = True,
        in_instalments: bool = False,
        options: TransportOptions | None = None,
        trusted: TrustedDocuments | None = None,
        callers: dict[str, Credential] | None = None,
        federation: bool = False,
        **hooks: Any,
    ) -> None:
        self.anonymous = anonymous
        self.callers = callers if callers is not None else dict(CALLERS)
        self.counts = Counts()
        self.transport = Transport(
            federated() if federation else schema(wider=wider, in_instalments=in_instalments),
            hooks=TransportHooks(
                **{
                    "authenticate": self.authenticate,
                    "is_unchanged": self.is_unchanged,
                    "context": lambda credential, _: Context(credential, self.counts),
                    "share": self.share,
                    "still_valid": self.still_valid,
                    **hooks,
                }
            ),
            options=options,
            trusted=trusted,
        )
        self.application = self.transport.hot_first(Starlette(routes=self.transport.routes))

    async def authenticate(self, connection: Connection) -> Credential:
        self.counts.authenticated += 1
        token = connection.token
        if token is None and self.anonymous is not None:
            return self.anonymous
        if token == "suspended":
            raise Forbidden("This credential is suspended.")
        credential = self.callers.get(token or "")
        if credential is None:
            raise Unauthenticated("Send a known token: `Authorization: Bearer <token>`.")
        return credential

    def is_unchanged(self, credential: Credential) -> bool:
        return credential in {*self.callers.values(), self.anonymous}

    async def still_valid(self, credential: Credential) -> bool:
        return self.is_unchanged(credential)

    def share(self, operation: Operation, _credential: Credential) -> Share | None:
        if operation.root_field != "board":
            return None
        return Share(group="everybody", interval_seconds=0.02)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Serve the demo schema.")
    arguments.add_argument("--port", type=int, default=8811)
    arguments.add_argument("--production", action="store_true", help="no introspection, no IDE")
    arguments.add_argument("--trusted-only", action="store_true")
    arguments.add_argument("--instalments", action="store_true", help="serve @defer")
    arguments.add_argument("--federation", action="store_true", help="serve it as a subgraph")
    arguments.add_argument("--draft", action="store_true", help="status codes of the 2026 draft")
    arguments.add_argument("--manifest", type=Path, action="append", default=[])
    given = arguments.parse_args()
    anonymous = Credential(key="anonymous") if given.production else DEVELOPER
    demo = Demo(
        wider=False,
        in_instalments=given.instalments,
        federation=given.federation,
        anonymous=replace(
            anonymous, document_mode="trusted" if given.trusted_only else "open", sockets_max=10_000
        ),
        options=TransportOptions(status_codes="draft" if given.draft else "compat"),
        trusted=TrustedDocuments.load(given.manifest),
    )
    server_for(
        demo.application, on_stop=demo.transport.stop, port=given.port, log_level="warning"
    ).run()


if __name__ == "__main__":
    main()
