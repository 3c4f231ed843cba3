"""Credentials that end: sockets end with them, and secrets are nowhere but with their owners."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from pydantic import SecretStr
from pymongo import MongoClient

from api.shop import Shop, open_shops
from api.transport.wire import Socket, outlived, until
from guerdon.api.credentials import Checked, Credentials
from guerdon.api.ids import read_id
from guerdon.core.activity import Instant
from guerdon.engine import keys, tokens
from guerdon.engine.refusals import NotFound, Refused, Unauthenticated
from guerdon.engine.world import Role
from guerdon.settings import Settings

FORBIDDEN = 4403
FOLLOW = 'subscription { leaderboardUpdates(slug: "all_time") { total } }'
DAY_MS = 86_400_000
TOKEN_SECRET = "signs-the-tokens-of-this-one-shop-only"


@pytest.fixture
async def watchful(settings: Settings) -> AsyncIterator[Shop]:
    """A shop that looks for revocations ten times a second."""
    quick = settings.model_copy(
        update={
            "revocation_seconds": 0.1,
            "token_secret": SecretStr(TOKEN_SECRET),
            "key_pepper": SecretStr("hashes-the-keys-of-this-one-shop-only!"),
        }
    )
    async with open_shops(quick, f"watchful_{time.time_ns()}") as (shop,):
        yield shop


async def test_a_socket_ends_when_its_token_expires(watchful: Shop) -> None:
    member = read_id((await watchful.enroll("ada"))["id"]).key

    async def briefly(seconds: int) -> tuple[Socket, float]:
        token = await tokens.issue(watchful.world, watchful.program, member, ttl_seconds=seconds)
        caller = await tokens.check(watchful.world, token)
        assert caller.expires_at is not None
        return watchful.socket(token), caller.expires_at / 1_000

    code, reason = await outlived(briefly, FOLLOW)

    assert (code, reason) == (FORBIDDEN, "The token has expired.")


async def test_a_socket_ends_when_its_key_is_revoked(watchful: Shop) -> None:
    secret, key = await keys.create(
        watchful.world, watchful.program, name="x", role=Role.SERVICE, scopes=["members:read"]
    )
    async with watchful.socket(secret) as socket, watchful.socket("service") as other:
        await socket.init()
        await other.init()
        await socket.subscribe(FOLLOW)
        await socket.read()
        await keys.revoke(watchful.world, watchful.program, key.id)
        code, reason = await socket.closed()
        await other.subscribe("{ viewer { role } }")
        messages = await other.rest()

    assert (code, reason) == (FORBIDDEN, "The credential has been revoked.")
    assert messages[-1]["type"] == "complete"


async def test_a_socket_ends_when_its_members_tokens_are_taken_back(watchful: Shop) -> None:
    global_id = (await watchful.enroll("ada"))["id"]
    token = await watchful.token(global_id)
    async with watchful.socket(token) as socket:
        await socket.init()
        await socket.subscribe(FOLLOW)
        await socket.read()
        now = watchful.world.clock()
        await watchful.world.trust.revoked.revoke(watchful.program, read_id(global_id).key, now)
        code, _ = await socket.closed()

    assert code == FORBIDDEN
    with pytest.raises(Unauthenticated):
        await tokens.check(watchful.world, token)


async def test_a_member_who_signs_in_again_keeps_the_new_socket_and_loses_the_old_one(
    watchful: Shop,
) -> None:
    member = read_id((await watchful.enroll("ada"))["id"]).key
    async with (
        watchful.socket(signed(watchful, member, seconds_ago=10)) as old,
        watchful.socket(signed(watchful, member)) as new,
    ):
        await old.init()
        await new.init()
        await sign_out(watchful, member, seconds_ago=5)
        code, _ = await old.closed()
        await new.subscribe("{ viewer { role } }")
        messages = await new.rest()

    assert code == FORBIDDEN
    assert messages[-1]["type"] == "complete"


async def test_a_merger_brings_no_token_back_that_was_taken_back(watchful: Shop) -> None:
    ada, eva, zoe = [read_id((await watchful.enroll(it))["id"]).key for it in ("ada", "eva", "zoe")]
    lost, found = signed(watchful, ada, seconds_ago=10), signed(watchful, ada)
    signed_out = seconds(5)
    before, after = Instant(signed_out - 1_000), Instant(signed_out + 1_000)
    await watchful.world.trust.revoked.revoke(watchful.program, ada, signed_out)
    await merge(watchful, "ada", "eva")
    me = await watchful.get(found, "{ me { externalId } }")

    covers = watchful.world.trust.revoked.covers
    assert await watchful.code(lost, "{ me { externalId } }") == "UNAUTHENTICATED"
    assert me["me"]["externalId"] == "eva"
    async with asyncio.timeout(20):  # tokens of other issuers name the survivor alone
        while not await covers(watchful.program, eva, before):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await covers(watchful.program, ada, before)
    assert not await covers(watchful.program, eva, after)
    assert not await covers(watchful.program, zoe, before)


async def test_who_is_signed_out_after_a_merger_is_so_on_sockets_of_before(watchful: Shop) -> None:
    ada, eva = [read_id((await watchful.enroll(it))["id"]).key for it in ("ada", "eva")]
    await watchful.enroll("zoe")
    token = signed(watchful, ada, seconds_ago=10)
    async with watchful.socket(token) as socket:
        await socket.init()
        await merge(watchful, "ada", "eva")
        await sign_out(watchful, eva, seconds_ago=5)
        code, _ = await socket.closed()
    await merge(watchful, "eva", "zoe")

    assert code == FORBIDDEN
    assert await watchful.code(token, "{ me { externalId } }") == "UNAUTHENTICATED"


def seconds(ago: int) -> Instant:
    """Return the instant so many whole seconds ago."""
    return Instant((int(time.time()) - ago) * 1_000)


def signed(shop: Shop, member: str, *, seconds_ago: int = 0) -> str:
    """Return a member's token that was signed a while ago."""
    at = int(time.time()) - seconds_ago
    claims = {"iss": "guerdon", "aud": shop.program, "sub": member, "iat": at, "exp": at + 600}
    return jwt.encode(claims, TOKEN_SECRET, algorithm="HS256")


async def sign_out(shop: Shop, member: str, *, seconds_ago: int) -> None:
    await shop.world.trust.revoked.revoke(shop.program, member, seconds(seconds_ago))


async def merge(shop: Shop, one: str, other: str) -> None:
    merged = await shop.get(
        "service",
        """mutation($one: String, $other: String) { mergeMembers(input: {
            from: {externalId: $one}, into: {externalId: $other}}) { problems { code } } }""",
        one=one,
        other=other,
    )
    assert merged["mergeMembers"]["problems"] == []


class Held:
    """The shop's keys, handed over only once it is said so."""

    def __init__(self, shop: Shop) -> None:
        self._keys = shop.world.keys
        self.was_read, self.let_go = asyncio.Event(), asyncio.Event()

    async def find(self, program: str, key_id: str) -> Any:
        found = await self._keys.find(program, key_id)
        self.was_read.set()
        await self.let_go.wait()
        return found


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(shop: Shop) -> None:
    secret, key = await keys.create(shop.world, shop.program, name="x", role=Role.SERVICE)
    held = Held(shop)
    world: Any = replace(shop.world, keys=held)  # type: ignore[arg-type]
    credentials: Credentials[Checked] = Credentials(world, lambda checked: checked)
    of = shop.world.revisions.of
    await until(lambda: of(shop.program, keys.KEYS) is not None)
    before = of(shop.program, keys.KEYS)
    looking = asyncio.create_task(credentials.granted(secret))
    await held.was_read.wait()
    await shop.world.keys.revoke(shop.program, key.id, shop.world.clock())  # as another process
    await shop.world.channels.announce(shop.program, [keys.KEYS])
    await until(lambda: of(shop.program, keys.KEYS) != before)
    held.let_go.set()

    assert not credentials.is_good(await looking)
    with pytest.raises(Unauthenticated):
        await credentials.granted(secret)


async def test_a_rotated_key_and_its_successor_are_both_good_until_the_old_one_expires(
    shop: Shop,
) -> None:
    world, program = shop.world, shop.program
    old, key = await keys.create(
        world, program, name="till", role=Role.PARTNER, partner="cafe", scopes=["activities:write"]
    )
    new, successor = await keys.rotate(world, program, key.id, overlap_ms=DAY_MS)
    both = [await keys.check(world, text) for text in (old, new)]
    third, _ = await keys.rotate(world, program, successor.id, overlap_ms=0)

    assert (successor.name, successor.partner, successor.scopes) == (
        key.name, key.partner, key.scopes,
    )  # fmt: skip
    assert {it.reporter for it in both} == {"partner:cafe"}
    assert both[0].expires_at is not None
    assert abs(both[0].expires_at - world.clock() - DAY_MS) < 60_000
    with pytest.raises(Unauthenticated):
        await keys.check(world, new)
    assert (await keys.check(world, third)).partner == "cafe"
    with pytest.raises(Refused):
        await keys.rotate(world, program, successor.id, overlap_ms=DAY_MS)
    with pytest.raises(NotFound):
        await keys.rotate(world, program, "nobody.000000000000", overlap_ms=DAY_MS)


async def test_no_secret_is_in_the_database_or_in_the_log(
    watchful: Shop,
    mongo_client: MongoClient[dict[str, Any]],
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    token = await watchful.token((await watchful.enroll("ada"))["id"])
    made = await watchful.get(
        "admin",
        'mutation { createApiKey(input: {name: "till", role: SERVICE, scopes: []})'
        " { secret apiKey { id } } }",
    )
    secret = made["createApiKey"]["secret"]
    key_id = secret.removeprefix("gk_test_").rpartition("_")[0]
    rotated, _ = await keys.rotate(watchful.world, watchful.program, key_id, overlap_ms=DAY_MS)
    secrets = [*watchful.keys.values(), secret, rotated]
    for text in (*secrets, token):
        await watchful.ask(text, "{ viewer { role } }")
        await watchful.ask(text, "{ nothing }")
        await watchful.ask(text + "x", "{ viewer { role } }")
        async with watchful.socket(text) as socket:
            await socket.init()
    database = mongo_client[settings.mongo_database]
    dump = "\n".join(
        repr(document)
        for name in database.list_collection_names()
        for document in database[name].find()
    )
    hidden = [
        *(text.rpartition("_")[2] for text in secrets),
        token,
        "signs-the-tokens-of-this-one-shop-only",
        "hashes-the-keys-of-this-one-shop-only!",
    ]

    assert watchful.program in dump
    for each in hidden:
        assert each not in dump
        assert each not in caplog.text
