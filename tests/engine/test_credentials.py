"""Keys and tokens: good ones lead to their program, and nothing else does."""

import asyncio
import time
from typing import Any

import jwt
import pytest
from pymongo import MongoClient

from guerdon.core.activity import Instant
from guerdon.engine import keys, publish, tokens
from guerdon.engine.refusals import InvalidInput, NotFound, Unauthenticated
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from worlds import PROGRAM, SHOP, a_purchase, a_world, report

CAFE, BAKERY = (f"{SHOP}  partners: {{{slug}: {{}}}}\n" for slug in ("cafe", "bakery"))


async def test_a_key_leads_to_its_program_role_and_scopes(world: World) -> None:
    await publish.publish(world, CAFE)
    text, key = await keys.create(
        world, PROGRAM, name="till", role=Role.PARTNER, partner="cafe", scopes=["activities:write"]
    )

    caller = await keys.check(world, text)

    assert text.startswith("gk_test_shop.")
    assert key.last4 == text[-4:]
    assert (caller.program, caller.role, caller.reporter) == (PROGRAM, Role.PARTNER, "partner:cafe")
    assert (caller.partner, caller.scopes) == ("cafe", frozenset({"activities:write"}))
    assert await keys.is_active(world, caller.key_id or "")


async def test_a_key_that_is_wrong_anywhere_is_refused(world: World) -> None:
    text, _ = await keys.create(world, PROGRAM, name="a", role=Role.SERVICE)
    other, _ = await keys.create(world, PROGRAM, name="b", role=Role.SERVICE)
    head, _, secret = text.rpartition("_")
    wrong = [
        "",
        text[:-1],
        text + "x",
        f"{head}_{secret[::-1]}",
        f"{head}_{other.rpartition('_')[2]}",
        text.replace("shop", "shoq"),
    ]

    for each in wrong:
        with pytest.raises(Unauthenticated):
            await keys.check(world, each)


async def test_revoked_and_expired_keys_are_refused(world: World) -> None:
    revoked, key = await keys.create(world, PROGRAM, name="a", role=Role.SERVICE)
    expired, _ = await keys.create(
        world, PROGRAM, name="b", role=Role.SERVICE, expires_at=Instant(world.clock() - 1)
    )
    first = await keys.revoke(world, PROGRAM, key.id)
    again = await keys.revoke(world, PROGRAM, key.id)

    assert first.revoked_at == again.revoked_at
    assert not await keys.is_active(world, key.id)
    for text in (revoked, expired):
        with pytest.raises(Unauthenticated):
            await keys.check(world, text)
    with pytest.raises(NotFound):
        await keys.revoke(world, PROGRAM, "shop.000000000000")


async def test_the_database_holds_no_secret(
    world: World, mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> None:
    text, _ = await keys.create(world, PROGRAM, name="a", role=Role.ADMIN)

    stored = repr(list(mongo_client[settings.mongo_database]["keys"].find()))

    assert text.rpartition("_")[2] not in stored
    assert len(stored) > 100


async def test_keys_that_make_no_sense_are_refused(world: World) -> None:
    for role, scopes, partner in (
        (Role.MEMBER, None, None),
        (Role.SERVICE, ["world:rule"], None),
        (Role.PARTNER, None, None),
        (Role.SERVICE, None, "cafe"),
        (Role.PARTNER, None, "bakery"),
    ):
        with pytest.raises(InvalidInput):
            await keys.create(world, PROGRAM, name="x", role=role, scopes=scopes, partner=partner)

    assert await keys.list_all(world, PROGRAM) == []


async def test_a_partners_key_is_made_before_the_version_that_brings_the_partner_begins(
    world: World,
) -> None:
    await publish.publish(world, BAKERY, begin=Instant(world.clock() + 86_400_000))
    text, _ = await keys.create(world, PROGRAM, name="till", role=Role.PARTNER, partner="bakery")

    assert (await keys.check(world, text)).partner == "bakery"


async def test_a_key_is_rotated_also_where_its_partner_has_gone(world: World) -> None:
    await publish.publish(world, CAFE)
    _, key = await keys.create(world, PROGRAM, name="till", role=Role.PARTNER, partner="cafe")
    await publish.publish(world, BAKERY)

    text, _ = await keys.rotate(world, PROGRAM, key.id, overlap_ms=0)

    assert (await keys.check(world, text)).partner == "cafe"


async def test_a_seeded_key_is_the_same_again(world: World) -> None:
    one, _ = await keys.create(world, PROGRAM, name="a", role=Role.SERVICE, seed=b"x" * 32)
    two, _ = await keys.create(world, PROGRAM, name="a", role=Role.SERVICE, seed=b"x" * 32)

    assert one == two
    assert len(await keys.list_all(world, PROGRAM)) == 1


async def test_a_token_leads_to_its_member(world: World) -> None:
    (receipt,) = await report(world, [a_purchase(1)])
    assert receipt.member is not None

    caller = await tokens.check(world, await tokens.issue(world, PROGRAM, receipt.member))

    assert (caller.program, caller.role, caller.member) == (PROGRAM, Role.MEMBER, receipt.member)
    assert caller.reporter == f"member:{receipt.member}"
    assert caller.expires_at is not None
    assert caller.expires_at <= world.clock() + 3_600_000 + 1_000


async def test_a_token_issued_right_after_all_were_taken_back_is_good(world: World) -> None:
    (receipt,) = await report(world, [a_purchase(1)])
    assert receipt.member is not None
    into = time.time() % 1
    await asyncio.sleep(1.01 - into if into > 0.8 else 0)  # all of it lies within one second
    before = await tokens.issue(world, PROGRAM, receipt.member)
    await asyncio.sleep(0.002)
    await world.trust.revoked.revoke(PROGRAM, receipt.member, world.clock())
    await asyncio.sleep(0.002)

    after = await tokens.issue(world, PROGRAM, receipt.member)

    assert (await tokens.check(world, after)).member == receipt.member
    with pytest.raises(Unauthenticated):
        await tokens.check(world, before)


async def test_tokens_that_are_not_ours_are_refused(world: World) -> None:
    (receipt,) = await report(world, [a_purchase(1)])
    secret = await world.secrets.token_secret()
    now = int(time.time())
    good = {"iss": "guerdon", "aud": PROGRAM, "sub": receipt.member, "iat": now, "exp": now + 60}
    assert (await tokens.check(world, jwt.encode(good, secret, "HS256"))).member == receipt.member

    wrong = [
        jwt.encode(good, "another secret of thirty-two bytes", "HS256"),
        jwt.encode(good, secret.ljust(64, b"\0"), "HS512"),  # to HMAC the same key
        jwt.encode(good, "", "none"),
        jwt.encode({**good, "exp": now - 120}, secret, "HS256"),
        jwt.encode({**good, "exp": now + 7_200}, secret, "HS256"),
        jwt.encode({**good, "iss": "someone"}, secret, "HS256"),
        jwt.encode({**good, "sub": "nobody"}, secret, "HS256"),
        jwt.encode({**good, "aud": "other"}, secret, "HS256"),
        jwt.encode({**good, "aud": [PROGRAM]}, secret, "HS256"),
        *(
            jwt.encode({k: v for k, v in good.items() if k != name}, secret, "HS256")
            for name in good
        ),
        "no.token.atall",
    ]
    for token in wrong:
        with pytest.raises(Unauthenticated):
            await tokens.check(world, token)


async def test_processes_without_secrets_of_their_own_agree(
    world: World, settings: Settings
) -> None:
    async with a_world(settings) as other:
        assert await other.secrets.key_pepper() == await world.secrets.key_pepper()
        assert await other.secrets.token_secret() == await world.secrets.token_secret()
    assert await world.secrets.token_secret() != await world.secrets.key_pepper()
