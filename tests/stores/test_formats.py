"""Migrating: step by step, by one runner at a time, from where it was left."""

from collections.abc import Sequence
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from guerdon.engine.formats import FormatUnusable, Kind
from guerdon.stores.client import Mongo
from guerdon.stores.formats import STEPS, FormatStore, MigrationUnderWay, Piece, Step


@pytest.fixture
def mongo(owner: Mongo) -> Mongo:
    """Migrating is the owner's matter."""
    return owner


BOTH = (Kind.EXPAND, Kind.CONTRACT)


async def _copy(mongo: Mongo, after: Any) -> Piece | None:
    """Let `new` stand beside `old`, ten documents at a time."""
    span = {"_id": {"$gt": after}} if after is not None else {}
    rows = await mongo["things"].find(span).sort("_id", 1).limit(10).to_list(None)
    if not rows:
        return None
    for row in rows:
        await mongo["things"].update_one({"_id": row["_id"]}, {"$set": {"new": row["old"]}})
    return Piece(len(rows), rows[-1]["_id"])


async def _copies_left(mongo: Mongo) -> int:
    left: int = await mongo["things"].count_documents({"new": {"$exists": False}})
    return left


async def _drop(mongo: Mongo, _after: Any) -> Piece | None:
    """Take `old` away, and copy first what old code wrote after the copying."""
    late = await mongo["things"].find({"old": {"$exists": True}}).limit(10).to_list(None)
    if not late:
        return None
    for row in late:
        await mongo["things"].update_one(
            {"_id": row["_id"]}, {"$set": {"new": row["old"]}, "$unset": {"old": ""}}
        )
    return Piece(len(late), None)


async def _drops_left(mongo: Mongo) -> int:
    left: int = await mongo["things"].count_documents({"old": {"$exists": True}})
    return left


COPY = Step(2, "new beside old", Kind.EXPAND, _copy, _copies_left)
DROP = Step(3, "old goes", Kind.CONTRACT, _drop, _drops_left)
OLD, NEW = STEPS[:1], (*STEPS[:1], COPY, DROP)


async def an_old_installation(mongo: Mongo, things: int = 35) -> None:
    await mongo["programs"].insert_one({"_id": "shop", "n": 1})
    await mongo["things"].insert_many([{"_id": n, "old": n} for n in range(things)])
    await FormatStore(mongo, OLD).migrate(BOTH, owner="first")


async def is_usable(mongo: Mongo, steps: Sequence[Step]) -> bool:
    try:
        await FormatStore(mongo, steps).check()
    except FormatUnusable:
        return False
    return True


async def test_an_empty_database_begins_in_the_present_format(mongo: Mongo) -> None:
    assert not await is_usable(mongo, NEW)
    assert await FormatStore(mongo, NEW).migrate([Kind.EXPAND], owner="me") == []

    assert await is_usable(mongo, NEW)
    assert await FormatStore(mongo, NEW).pending(BOTH) == []


async def test_old_and_new_code_run_side_by_side_between_expanding_and_contracting(
    mongo: Mongo,
) -> None:
    await an_old_installation(mongo)
    assert (await is_usable(mongo, OLD), await is_usable(mongo, NEW)) == (True, False)

    await FormatStore(mongo, NEW).migrate([Kind.EXPAND], owner="me")
    assert (await is_usable(mongo, OLD), await is_usable(mongo, NEW)) == (True, True)
    await mongo["things"].insert_one({"_id": 99, "old": 99})  # as old code goes on to do

    await FormatStore(mongo, NEW).migrate(BOTH, owner="me")
    assert (await is_usable(mongo, OLD), await is_usable(mongo, NEW)) == (False, True)
    rows = await mongo["things"].find().to_list(None)
    assert len(rows) == 36
    assert all(row == {"_id": row["_id"], "new": row["_id"]} for row in rows)


async def test_what_is_older_or_newer_is_said_with_its_remedy(mongo: Mongo) -> None:
    await an_old_installation(mongo)
    with pytest.raises(FormatUnusable, match=r"older .* step 2 \(new beside old\).* migrate"):
        await FormatStore(mongo, NEW).check()

    await FormatStore(mongo, NEW).migrate(BOTH, owner="me")
    with pytest.raises(FormatUnusable, match=r"newer .* step 3 .* Run the release"):
        await FormatStore(mongo, OLD).check()


async def test_a_step_that_was_broken_off_goes_on_where_it_was(mongo: Mongo) -> None:
    await an_old_installation(mongo)
    begun: list[Any] = []

    async def broken(mongo: Mongo, after: Any) -> Piece | None:
        begun.append(after)
        if len(begun) == 3:
            raise PyMongoError("the third piece fails")
        return await _copy(mongo, after)

    with pytest.raises(PyMongoError):
        await FormatStore(mongo, (*OLD, COPY._replace(work=broken))).migrate(BOTH, owner="one")
    counted: list[int] = []
    await FormatStore(mongo, (*OLD, COPY._replace(work=broken))).migrate(
        BOTH, owner="two", progress=lambda _step, count: counted.append(count)
    )

    assert begun == [None, 9, 19, 19, 29, 34]
    assert counted == [30, 35]
    assert await _copies_left(mongo) == 0


async def test_a_second_runner_is_kept_away_and_told_of_the_first(mongo: Mongo) -> None:
    await an_old_installation(mongo)

    async def interrupted(mongo: Mongo, after: Any) -> Piece | None:
        with pytest.raises(MigrationUnderWay, match="one migrates this database"):
            await FormatStore(mongo, NEW).migrate(BOTH, owner="two")
        return await _copy(mongo, after)

    await FormatStore(mongo, (*OLD, COPY._replace(work=interrupted))).migrate(BOTH, owner="one")
    assert await FormatStore(mongo, NEW).migrate(BOTH, owner="two") == [DROP]


async def test_the_journals_former_index_goes_when_no_earlier_process_runs(mongo: Mongo) -> None:
    await FormatStore(mongo, STEPS[:1]).migrate(BOTH, owner="then")
    await mongo["journal"].create_index([("m", 1), ("n", 1)])
    store = FormatStore(mongo)

    await store.check()
    assert await store.migrate((Kind.EXPAND,), owner="me") == []
    assert "m_1_n_1" in await mongo["journal"].index_information()
    (left,) = await store.pending(BOTH)
    assert await store.migrate(BOTH, owner="me") == [left]
    assert "m_1_n_1" not in await mongo["journal"].index_information()
    assert "l_1_m_1_n_1" in await mongo["journal"].index_information()
    assert await store.pending(BOTH) == []


async def test_a_former_index_that_is_gone_already_is_no_mistake(mongo: Mongo) -> None:
    await FormatStore(mongo, STEPS[:1]).migrate(BOTH, owner="then")

    (done,) = await FormatStore(mongo).migrate(BOTH, owner="me")

    assert done.number == 2
    assert await done.remaining(mongo) == 0
