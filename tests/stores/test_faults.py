"""The database's own faults: each batch is written once or not at all, whatever fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.core.activity import Instant
from guerdon.core.standing import PageRef
from guerdon.engine.crash import CrashPoints
from guerdon.engine.outcomes import VersionText
from guerdon.engine.records import Batch, Entry, Hold, LaneLost, StandingWrite, StoreDown, Waiting
from guerdon.stores.client import WORK_SECONDS, Access, Mongo, unit_of_work
from guerdon.stores.commit import CommitStore
from guerdon.stores.inbox import InboxStore
from guerdon.stores.installation import Installation
from guerdon.stores.keyed import lane_key
from guerdon.stores.lanes import LaneStore
from guerdon.stores.pages import PageStore
from guerdon.stores.programs import ProgramStore
from guerdon.stores.vault import Vault

SHUTDOWN, CONFLICT = 91, 112
TRANSIENT = ["TransientTransactionError"]


@contextmanager
def failing(
    client: MongoClient[dict[str, Any]], *commands: str, times: int = 1, **how: object
) -> Iterator[None]:
    """Let the next calls of these commands fail."""
    client.admin.command(
        "configureFailPoint",
        "failCommand",
        mode={"times": times},
        data={"failCommands": list(commands), **how},
    )
    try:
        yield
    finally:
        client.admin.command("configureFailPoint", "failCommand", mode="off")


async def held(mongo: Mongo) -> Hold:
    text = VersionText(version=1, begin=Instant(0), text="", published_at=Instant(0))
    await ProgramStore(mongo).publish("p", text, expected=0, lanes=1)
    hold = await LaneStore(mongo, owner="me", lease_ms=10_000).take("p", 0)
    assert hold is not None
    return hold


def a_batch(hold: Hold) -> Batch:
    entry = Entry(
        lane=0,
        seq=hold.seq + 1,
        key="service/a1",
        member="m",
        member_seq=1,
        decided_at=Instant(1),
        activity={"id": "a1"},
        decision={"result": "accepted"},
    )
    return Batch(
        hold=hold,
        entries=[entry],
        standings=[StandingWrite("m", 0, {"seq": 1}, None)],
        taken=["1"],
    )


def a_commit(mongo: Mongo) -> CommitStore:
    installation = Installation(mongo, token_secret=None, key_pepper=None, storage_key="s" * 32)
    vault = Vault(mongo, installation.storage_key)
    return CommitStore(mongo, vault, lease_ms=10_000, crash=CrashPoints())


async def counts(mongo: Mongo) -> dict[str, int]:
    found = {name: await mongo[name].count_documents({}) for name in ("journal", "standings")}
    # An inbox holds the ends of its lanes as well.
    return found | {"inbox": await mongo["inbox"].count_documents({"a": {"$exists": True}})}


FAULTS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("update",), {"errorCode": CONFLICT, "errorLabels": TRANSIENT}),
    (("insert",), {"errorCode": CONFLICT, "errorLabels": TRANSIENT}),
    (("delete",), {"errorCode": CONFLICT, "errorLabels": TRANSIENT}),
    (("update",), {"closeConnection": True}),
    (("insert",), {"closeConnection": True}),
    (("insert",), {"errorCode": SHUTDOWN, "errorLabels": TRANSIENT}),
    (("commitTransaction",), {"closeConnection": True}),
    (("commitTransaction",), {"errorCode": SHUTDOWN}),
    (
        ("commitTransaction",),
        {"writeConcernError": {"code": SHUTDOWN, "errmsg": "Replication is being shut down"}},
    ),
]


@pytest.mark.parametrize(("commands", "how"), FAULTS)
async def test_a_batch_is_written_exactly_once_through_any_fault(
    mongo: Mongo,
    mongo_client: MongoClient[dict[str, Any]],
    commands: tuple[str, ...],
    how: dict[str, Any],
) -> None:
    hold = await held(mongo)
    await InboxStore(mongo).put("p", [(0, Waiting("1", {"id": "a1"}))])
    commit = a_commit(mongo)

    with failing(mongo_client, *commands, **how):
        await commit(a_batch(hold))

    assert await counts(mongo) == {"journal": 1, "standings": 1, "inbox": 0}
    with pytest.raises(LaneLost):
        await commit(a_batch(hold))
    assert await counts(mongo) == {"journal": 1, "standings": 1, "inbox": 0}


async def test_a_database_that_stays_away_is_said_so_and_nothing_is_written(
    mongo: Mongo, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    hold = await held(mongo)
    commit = a_commit(mongo)

    with (
        failing(mongo_client, "insert", times=100_000, errorCode=CONFLICT, errorLabels=TRANSIENT),
        pytest.raises(StoreDown),
        unit_of_work(1),
    ):
        await commit(a_batch(hold))

    assert await counts(mongo) == {"journal": 0, "standings": 0, "inbox": 0}


async def test_a_server_that_cannot_be_reached_is_said_so_in_time() -> None:
    mongo = Mongo(Access(url="mongodb://127.0.0.1:1", selection_seconds=0.3))
    try:
        with pytest.raises(StoreDown):
            await ProgramStore(mongo).names()
    finally:
        await mongo.close()


async def test_a_reading_survives_a_lost_connection(
    mongo: Mongo, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await held(mongo)

    with failing(mongo_client, "find", closeConnection=True):
        assert await ProgramStore(mongo).names() == ["p"]


async def test_what_is_still_under_way_makes_no_new_connection_once_it_is_closed(
    mongo_url: str, mongo_database: str
) -> None:
    mongo = Mongo(Access(url=mongo_url, database=mongo_database))
    await mongo.database.command("ping")
    await mongo.close()

    with pytest.raises(StoreDown, match="closed"):
        await mongo["lanes"].find_one({})


async def test_a_shelf_of_any_length_is_read_with_a_deadline_for_each_part(
    mongo: Mongo, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    folder = lane_key("p", 0, "m", "lots:points")
    names = [f"{n:05d}" for n in range(5_001)]
    pages = [{"_id": f"{folder}|{name}", "f": folder, "s": name, "v": name} for name in names]
    await mongo["pages"].insert_many(pages)

    slow = {"blockConnection": True, "blockTimeMS": int(500 * WORK_SECONDS) + 100}
    with failing(mongo_client, "find", "getMore", times=2, **slow):
        found = await PageStore(mongo).load("p", {(0, "m"): [PageRef("lots:points", "all")]})

    assert [key for _, key, _, _ in found["m"]] == names


async def test_an_address_that_the_driver_refuses_is_a_store_that_is_down_and_not_quoted() -> None:
    mongo = Mongo(Access(url="mongodb://u:hu/sh@db.example/"))

    with pytest.raises(StoreDown) as refusal:
        await mongo.rows("programs", [])

    assert str(refusal.value) in {"InvalidURI", "ValueError"}
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
