"""The database refuses a wrong ledger, whoever writes; and the application cannot change it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo.errors import OperationFailure, WriteError

from guerdon.engine.refusals import NotPrepared
from guerdon.stores.client import Access, Mongo
from guerdon.stores.indexes import COLLECTIONS
from guerdon.stores.lanes import LaneStore
from guerdon.stores.prepare import prepare
from guerdon.stores.programs import ProgramStore
from stores.test_faults import a_batch, a_commit, held

UNAUTHORIZED, INVALID, DUPLICATE = 13, 121, 11000


def a_posting(
    amount: object = 5, *, source: str = "issued", target: str = "spendable"
) -> list[object]:
    return ["points", source, target, amount, 1, ""]


def an_entry(*postings: object, **given: object) -> dict[str, Any]:
    decision = {"result": "accepted", "postings": list(postings)}
    entry = {"_id": "p|000000|000000000001", "l": "p|000000", "k": "service/a", "t": 1, "a": {}}
    return {**entry, "d": decision, **given}


def a_standing(*, spendable: object = 0, pending: object = 0, debt: object = 0) -> dict[str, Any]:
    wallet = ["points", spendable, pending, debt, 0, 0, 0, 0, 0, 0, None, [], None, None, ""]
    return {"_id": "p|000000|m", "p": "p", "v": 1, "s": {"seq": 1, "wallets": [wallet]}}


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("journal", an_entry(a_posting(5.0))),
    ("journal", an_entry(a_posting(0))),
    ("journal", an_entry(a_posting(-5))),
    ("journal", an_entry(a_posting(source="spendable"))),
    ("journal", an_entry(a_posting(), a_posting()[:4])),
    ("journal", an_entry(a_posting(), a_posting(target="issued"))),
    ("journal", an_entry(d={"result": "perhaps"})),
    ("journal", an_entry(t=1.5)),
    ("journal", an_entry(m="p|m", n=0)),
    ("standings", a_standing(spendable=-1)),
    ("standings", a_standing(pending=-1)),
    ("standings", a_standing(debt=-1)),
    ("standings", a_standing(spendable=0.5)),
    ("scores", {"_id": "p|000000|b|0|m", "b": "p|b|0", "m": "m", "q": 1, "t": 1, "v": 1.5}),
    ("shared", {"_id": "p|stock|mug", "n": 0.5, "c": 1, "r": []}),
    ("shared", {"_id": "p|stock|mug", "n": 0, "c": 1, "r": [{"h": "a", "a": 0, "u": 1}]}),
    ("lanes", {"_id": "p|000000", "f": 0, "s": -1, "o": "", "u": 0}),
]


async def test_what_is_no_ledger_is_refused_within_a_transaction_and_without(
    mongo: Mongo,
) -> None:
    for collection, document in WRONG:
        for insert in (_alone, _together):
            with pytest.raises(WriteError) as refused:
                await insert(mongo, collection, document)
            assert refused.value.code == INVALID, document
        assert await mongo[collection].count_documents({}) == 0


async def _alone(mongo: Mongo, collection: str, document: dict[str, Any]) -> None:
    await mongo[collection].insert_one(document)


async def _together(mongo: Mongo, collection: str, document: dict[str, Any]) -> None:
    async def work(session: Any) -> None:
        await mongo[collection].insert_one(document, session=session)

    await mongo.transact(work)


async def test_what_is_right_is_taken(mongo: Mongo) -> None:
    await mongo["journal"].insert_one(an_entry(a_posting(), a_posting(3, source="pending")))
    await mongo["standings"].insert_one(a_standing(spendable=8, pending=1, debt=2))


async def test_an_overdraft_cannot_be_written_over_a_balance(mongo: Mongo) -> None:
    await mongo["standings"].insert_one(a_standing(spendable=8))

    with pytest.raises(WriteError) as refused:
        await mongo["standings"].update_one({}, {"$set": {"s.wallets.0.1": -1}})

    assert refused.value.code == INVALID


async def test_an_activity_and_a_members_number_are_in_the_journal_once(mongo: Mongo) -> None:
    first = an_entry(m="p|m", n=1)
    await mongo["journal"].insert_one(first)

    for second in (
        {**first, "k": "service/b", "n": 2},  # the lane's place
        {**first, "_id": "p|000000|000000000002", "n": 2},  # the activity
        {**first, "_id": "p|000000|000000000002", "k": "service/b"},  # the member's number
    ):
        with pytest.raises(WriteError) as refused:
            await mongo["journal"].insert_one(second)
        assert refused.value.code == DUPLICATE


async def test_the_application_cannot_change_the_journal(mongo: Mongo) -> None:
    hold = await held(mongo)
    await a_commit(mongo)(a_batch(hold))
    before = await mongo["journal"].find_one({})

    changes: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: mongo["journal"].update_one({}, {"$set": {"d.result": "rejected"}}),
        lambda: mongo["journal"].replace_one({}, {**before, "k": "service/other"}),
        lambda: mongo["journal"].delete_one({}),
        mongo["journal"].drop,
        lambda: mongo.database.command("collMod", "journal", validator={}),
        lambda: mongo["elsewhere"].insert_one({}),
    )
    for change in changes:
        with pytest.raises(OperationFailure) as refused:
            await change()
        assert refused.value.code == UNAUTHORIZED

    assert await mongo["journal"].find_one({}) == before


async def test_a_second_preparation_makes_nothing_and_needs_no_owner(mongo: Mongo) -> None:
    before = await _everything(mongo)

    await prepare(mongo)

    assert await _everything(mongo) == before
    assert set(before) == set(COLLECTIONS)


async def test_the_application_says_what_to_do_where_something_is_missing(
    mongo_url: str, mongo_database: str
) -> None:
    mongo = Mongo(Access(url=mongo_url, database=mongo_database))
    try:
        with pytest.raises(NotPrepared, match="guerdon migrate"):
            await prepare(mongo)
    finally:
        await mongo.close()


async def test_the_owner_brings_an_older_database_up_to_date(mongo: Mongo, owner: Mongo) -> None:
    before = await _everything(mongo)
    await owner.database.command("collMod", "journal", validator={"old": {"$exists": False}})
    await owner["journal"].drop_index("l_1_m_1_n_1")

    await prepare(owner)

    assert await _everything(mongo) == before


async def test_a_batch_that_is_no_ledger_leaves_nothing_behind(mongo: Mongo) -> None:
    hold = await held(mongo)
    batch = a_batch(hold)
    batch.standings = [batch.standings[0]._replace(plain={"seq": -1})]

    with pytest.raises(OperationFailure) as refused:
        await a_commit(mongo)(batch)

    assert refused.value.code == INVALID
    assert await mongo["journal"].count_documents({}) == 0
    assert await LaneStore(mongo, owner="me", lease_ms=10_000).take("p", 0)
    assert await ProgramStore(mongo).names() == ["p"]


async def _everything(mongo: Mongo) -> dict[str, Any]:
    answer = await mongo.database.command("listCollections")
    found = {each["name"]: each["options"] for each in answer["cursor"]["firstBatch"]}
    return {
        name: (options.get("validator"), await mongo[name].index_information())
        for name, options in found.items()
    }
