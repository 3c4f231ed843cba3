"""One byte changed behind guerdon's back, in any collection: `verify` names the document (G2)."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from guerdon.engine import accept, keys
from guerdon.engine.inputs import ActivityInput, Identity, MemberRef
from guerdon.engine.records import Issuer, VoucherRow
from guerdon.engine.seal import Sealer
from guerdon.engine.verify import verify
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from guerdon.stores.indexes import COLLECTIONS
from guerdon.stores.prints import PRINTED, printed
from guerdon.stores.vouchers import voucher_updates
from worlds import PROGRAM, a_caller, a_purchase, by, report

Db = Database[dict[str, Any]]
NO_TRUTH = {
    "formats": "how far migrations came",
    "revocations": "tokens that are good no more: each lives for an hour at most",
    "statements": "made of the journal, each with the digest of its lines",
    "webhooks": "where messages go to: no part of the books",
    "webhook_places": "how far the journal was read: no part of the books",
    "webhook_deliveries": "references into the journal, which is looked at itself",
    "installation": "secrets: one that was changed opens nothing",
}


@pytest.fixture
def database(mongo_client: MongoClient[dict[str, Any]], settings: Settings) -> Db:
    """The World's database, by the back door."""
    return mongo_client[settings.mongo_database]


async def a_life(world: World, database: Db) -> None:
    """Leave something behind in each collection."""
    await report(world, [a_purchase(n) for n in range(70)])  # more lots than the head holds
    await report(world, [a_purchase("ref", ref="R-1", member=by("bob"), amount=Decimal(50))])
    mug = ActivityInput(id="mug", type="redemption", member=by("bob"), data={"item": "mug"})
    await report(world, [mug])
    nobody = MemberRef(identity=Identity("card", "unknown"))
    await accept.record(world, a_caller(), [a_purchase("parked", member=nobody)])
    await keys.create(world, PROGRAM, name="till", role=Role.SERVICE)
    issuer = Issuer(PROGRAM, "https://id.example", "shop", "https://id.example/keys")
    await world.trust.issuers.add(issuer)
    row = VoucherRow(code="CODE", member="m", name="mug.1")
    database.command({"update": "vouchers", "updates": voucher_updates(PROGRAM, [row])})
    await Sealer()(world)
    await accept.record(world, a_caller(), [a_purchase("waiting")])


def changes(value: Any) -> Iterator[Any]:
    """Give a value with one byte changed; of what is nested, its first and last."""
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
        case bytes() if value:
            yield bytes([value[0] ^ 1, *value[1:]])
        case str() if value:
            yield value[:-1] + chr(ord(value[-1]) ^ 1)
        case dict() if value:
            for name in (next(iter(value)), next(reversed(value))):
                yield from ({**value, name: each} for each in changes(value[name]))
        case list() if value:
            for place in {0, len(value) - 1}:
                for each in changes(value[place]):
                    yield [*value[:place], each, *value[place + 1 :]]


async def offences(world: World) -> list[str]:
    return [offence.document for offence in (await verify(world, PROGRAM)).offences]


async def test_a_byte_changed_in_any_field_of_any_printed_document_is_named(
    world: World, database: Db
) -> None:
    await a_life(world, database)
    assert await offences(world) == []
    # By the back door: what is refused as no ledger could not be tried.
    for name in PRINTED:
        database.command("collMod", name, validator={})

    for collection in PRINTED:
        row = database[collection].find_one({"_id": {"$regex": f"^{PROGRAM}\\|"}})
        assert row is not None, f"nothing was left in {collection}"
        for field in set(row) - {"_id"}:
            for changed in changes(row[field]):
                try:
                    _change(database, collection, {**row, field: changed})
                except DuplicateKeyError:
                    continue  # the database itself would not have it
                assert await offences(world) == [f"{collection} {row['_id']}"], field
        _change(database, collection, row)
    assert await offences(world) == []


def _change(database: Db, collection: str, row: dict[str, Any]) -> None:
    database[collection].replace_one({"_id": row["_id"]}, row)


def _set(collection: str, find: dict[str, Any], **fields: Any) -> Callable[[Db], None]:
    def spoil(database: Db) -> None:
        assert database[collection].update_one(find, {"$set": fields}).modified_count == 1

    return spoil


def _first(collection: str, **fields: Any) -> Callable[[Db], None]:
    return _set(collection, {}, **fields)


def _print_anew(collection: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Db], None]:
    """Change a document and its print, as one does who knows of prints."""

    def spoil(database: Db) -> None:
        row = database[collection].find_one({})
        assert row is not None
        del row["z"]
        change(row)
        database[collection].replace_one({"_id": row["_id"]}, printed(row))

    return spoil


def _later(row: dict[str, Any]) -> None:
    row["t"] += 1


def _richer(row: dict[str, Any]) -> None:
    row["s"]["wallets"][0][1] += 1


def _greater(row: dict[str, Any]) -> None:
    row["v"] += 1


CONTRADICTED: list[tuple[str, Callable[[Db], None], str]] = [
    ("shared", _first("shared", n=1), "shared"),
    ("shared", _first("shared", c=5), "shared"),
    ("members", _first("members", x="shop|anm"), "members"),
    ("members", _first("members", s="closed"), "members"),
    ("identities", _first("identities", m="shop|somebody"), "members"),
    ("lanes", _set("lanes", {"s": {"$gt": 0}}, s=1_000), "lane"),
    ("journal", _print_anew("journal", _later), "journal"),
    ("standings", _print_anew("standings", _richer), "standing"),
    ("scores", _print_anew("scores", _greater), "scores"),
]


async def test_what_carries_no_print_or_a_new_one_is_named_by_what_contradicts_it(
    world: World, database: Db
) -> None:
    mug = ActivityInput(id="mug", type="redemption", member=by("ann"), data={"item": "mug"})
    await report(world, [*(a_purchase(n) for n in range(3)), mug])
    await Sealer()(world)
    assert await offences(world) == []

    for collection, spoil, named in CONTRADICTED:
        before = list(database[collection].find())
        spoil(database)
        first, *_ = await offences(world)
        assert first.startswith(f"{named} {PROGRAM}|")
        database[collection].delete_many({})
        database[collection].insert_many(before)
    assert await offences(world) == []


async def test_what_was_taken_away_is_missed(world: World, database: Db) -> None:
    await report(world, [a_purchase(n) for n in range(3)])
    await Sealer()(world)
    await report(world, [a_purchase(n) for n in range(3, 6)])
    await Sealer()(world)

    for collection in ("journal", "seals", "scores", "standings", "members", "identities"):
        row = database[collection].find_one_and_delete({})
        assert row is not None
        assert await offences(world), collection
        database[collection].insert_one(row)
    assert await offences(world) == []


def test_every_collection_is_looked_at_or_holds_no_truth() -> None:
    agreeing = {"shared", "codes", "members", "identities", "lanes"}

    assert set(COLLECTIONS) == {*PRINTED, *agreeing, *NO_TRUTH}


async def test_chains_of_two_sealers_do_not_fork_and_roots_follow_each_other(
    world: World, database: Db
) -> None:
    one, two = Sealer(), Sealer()
    for begin in range(0, 30, 10):
        await report(
            world, [a_purchase(n, member=by(f"m{n % 7}")) for n in range(begin, begin + 10)]
        )
        await one(world)
        await two(world)

    found = await verify(world, PROGRAM)

    assert found.offences == ()
    assert found.unsealed == 0
    sealed = sum(row["n"] - int(row["_id"][-12:]) + 1 for row in database["seals"].find())
    assert sealed == found.entries
    assert database["roots"].count_documents({}) == 1
