"""Erasure is real: after it nobody finds a word of the person anywhere, and the books balance."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from redis import Redis

from guerdon.core.decision import RedemptionEffect
from guerdon.engine import accept, read
from guerdon.engine.enroll import enroll, update
from guerdon.engine.inputs import (
    ActivityInput,
    EnrollmentInput,
    Identity,
    MemberRef,
    ProfileInput,
    Wait,
)
from guerdon.engine.outcomes import Result
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.stores.vault import KeyUnreadable
from guerdon.wiring import build
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, drain, report, settings_for

SECRETS = ("Anna Karenina", "anna-4711", "Vronsky Lane 7", "card-990011", "a red hat", "till-77")


async def a_life(world: World) -> str:
    """Let somebody live who tells everything there is a place for; return the member's id."""
    person = EnrollmentInput(
        external_id="anna-4711",
        display_name="Anna Karenina",
        attributes={"street": "Vronsky Lane 7"},
        identities=(Identity("card", "card-990011"),),
    )
    receipt = await enroll(world, a_caller(), person, wait=Wait.ACCEPTED)
    assert receipt.member is not None
    await drain(world)
    await update(
        world,
        a_caller(),
        ProfileInput(member=by("anna-4711"), avatar_url="https://x/1"),
        wait=Wait.ACCEPTED,
    )
    ref = MemberRef(identity=Identity("card", "card-990011"))
    bought = a_purchase(1, member=ref, ref="till-77", data={"gift": "a red hat"})
    await report(
        world,
        [
            bought,
            ActivityInput(
                id="r", type="refund", member=ref, amount=Decimal("1.00"), data={"of": "p1"}
            ),
        ],
    )
    return receipt.member


def erasing(member: str, id_: str = "forget") -> ActivityInput:
    return ActivityInput(id=id_, type="member_erased", member=MemberRef(id=member))


def everything(
    client: MongoClient[dict[str, Any]], settings: Settings
) -> Iterator[tuple[str, bytes]]:
    """Yield every document and every Redis value as bytes, with where it lies."""
    database = client[settings.mongo_database]
    for name in database.list_collection_names():
        for document in database[name].find():
            yield f"{name} {document['_id']}", bson.encode(document)
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        for db in (0, 1):
            redis.select(db)
            for key in redis.scan_iter(count=1_000):
                yield f"redis {key!r}", key + (redis.dump(key) or b"")


def found(client: MongoClient[dict[str, Any]], settings: Settings) -> set[str]:
    return {
        secret
        for _, content in everything(client, settings)
        for secret in SECRETS
        if secret.encode() in content
    }


async def test_not_a_word_is_left_and_the_books_balance(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    member = await a_life(world)
    await report(world, [a_purchase(2, member=by("ben"))])
    assert found(mongo_client, settings) >= {"Anna Karenina", "anna-4711", "card-990011"}

    (receipt,) = await report(world, [erasing(member)])

    assert receipt.entry is not None
    assert receipt.entry.result is Result.ACCEPTED
    assert found(mongo_client, settings) == set()
    assert (await verify(world, PROGRAM)).offences == ()
    journal = await read.journal(world, PROGRAM, member, limit=20)
    assert {entry.activity.type for entry in journal.items} >= {"enrollment", "purchase", "refund"}
    assert all(not entry.activity.data and not entry.activity.lines for entry in journal.items)
    assert (await world.faces.of(PROGRAM, [member]))[member].display_name is None
    profile = (await read.profiles(world, PROGRAM, [member]))[member]
    assert (profile.status, profile.display_name, profile.external_id) == ("erased", None, member)


async def test_what_the_journal_says_of_a_member_is_sealed_from_the_first_entry_on(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    member = await a_life(world)

    stored = list(mongo_client[settings.mongo_database]["journal"].find())

    assert b"a red hat" not in b"".join(map(bson.encode, stored))
    (bought,) = (await read.activities(world, PROGRAM, ["service/p1"])).values()
    assert bought.activity.data["gift"] == "a red hat"
    assert bought.explanations
    assert bought.activity.member == member


async def test_accounts_that_were_merged_are_forgotten_with_the_member(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await a_life(world)
    await report(world, [a_purchase(2, member=by("ben"))])
    merge = ActivityInput(
        id="m", type="member_merged", member=by("anna-4711"), data={"into": "ben"}
    )
    await report(world, [merge])
    survivor = await read.find(world, a_caller(), by("ben"))
    assert survivor is not None

    await report(world, [erasing(survivor)])
    await drain(world)

    assert found(mongo_client, settings) == set()
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_redemption_that_waits_for_its_partner_does_not_keep_anybody(
    settings: Settings,
) -> None:
    mug = "    mug: {wallet: points, cost: 10, stock: 3}\n"
    assert mug in SHOP
    made = "    mug: {wallet: points, cost: 10, partner: inn, fulfil: {within: PT24H}}\n"
    document = SHOP.replace(mug, made) + "  partners: {inn: {}}\n"
    async with a_world(settings, document=document) as world:
        (bought,) = await report(world, [a_purchase(1)])
        paid = ActivityInput(id="r", type="redemption", member=by("ann"), data={"item": "mug"})
        waits = (await report(world, [paid]))[0].entry

        erased = (await report(world, [erasing(bought.member or "")]))[0].entry

        assert waits is not None
        assert [it.state for it in waits.effects if isinstance(it, RedemptionEffect)] == ["pending"]
        assert erased is not None
        assert erased.result == Result.ACCEPTED
        assert [it.state for it in erased.effects if isinstance(it, RedemptionEffect)] == ["failed"]
        assert (await verify(world, PROGRAM)).offences == ()


async def test_the_name_is_free_again_and_leads_to_somebody_new(world: World) -> None:
    member = await a_life(world)
    await report(world, [erasing(member)])

    (receipt,) = await report(world, [a_purchase(9, member=by("anna-4711"))])

    assert receipt.member != member
    assert receipt.entry is not None
    assert receipt.entry.result is Result.ACCEPTED


async def test_what_waited_for_the_member_is_refused_and_keeps_nothing(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    member = await a_life(world)
    late = a_purchase(5, member=by("anna-4711"), data={"gift": "a red hat"})
    await accept.record(world, a_caller(), [erasing(member), late])

    await drain(world)

    assert found(mongo_client, settings) == set()
    (entry,) = (await read.activities(world, PROGRAM, ["service/p5"])).values()
    assert (entry.result, entry.reason) == (Result.REJECTED, "unknown_member")


async def test_what_waited_and_is_decided_later_brings_no_key_back(
    mongo_url: str,
    mongo_database: str,
    redis_url: str,
    mongo_client: MongoClient[dict[str, Any]],
) -> None:
    alone = settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, batch_max=1
    )
    async with a_world(alone) as world:
        member = await a_life(world)
        late = a_purchase(5, member=by("anna-4711"), data={"gift": "a red hat"})
        await accept.record(world, a_caller(), [erasing(member), late])

        await drain(world)

        assert mongo_client[mongo_database]["member_keys"].count_documents({}) == 0
        journal = await read.journal(world, PROGRAM, member, limit=20)
        assert {entry.activity.id for entry in journal.items} >= {"p1", "forget", "p5"}
        assert (await verify(world, PROGRAM)).offences == ()


async def test_another_storage_key_is_said_so_and_opens_nothing(
    mongo_url: str, mongo_database: str, redis_url: str
) -> None:
    right = settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, storage_key="k" * 32
    )
    wrong = settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, storage_key="j" * 32
    )
    async with a_world(right) as world:
        await a_life(world)
    other = build(wrong)
    try:
        with pytest.raises(KeyUnreadable, match="GUERDON_STORAGE_KEY"):
            await read.activities(other, PROGRAM, ["service/p1"])
    finally:
        await other.close()
