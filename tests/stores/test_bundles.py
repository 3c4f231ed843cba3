"""Bundles: what comes together is stored together, and an inbox keeps what it promises."""

from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.engine.lanes import Layout
from guerdon.engine.records import Waiting
from guerdon.stores.bundles import BYTES_MAX, ENTRIES_MAX, SPAN_MS, bundle_documents, holding
from guerdon.stores.client import Mongo
from guerdon.stores.inbox import InboxStore
from guerdon.stores.keyed import lane_key
from guerdon.stores.prints import is_intact, printed

Db = Any
BEGIN = 1_700_000_000_000


def an_entry(ms: int, count: int = 0, *, size: int = 0) -> Waiting:
    """Return an entry that came so many milliseconds after the beginning."""
    order = f"{BEGIN + ms:012x}{count:05x}abcdef"
    return Waiting(order, {"id": f"{ms}-{count}", "text": "x" * size})


def some(ms: int, count: int) -> list[Waiting]:
    """Return entries that came one after the other within one millisecond."""
    return [an_entry(ms, number) for number in range(count)]


@pytest.fixture
def inbox(mongo: Mongo) -> InboxStore:
    """An inbox in which nothing was yet."""
    return InboxStore(mongo)


async def stored(mongo: Mongo) -> list[dict[str, Any]]:
    """Return the documents with entries, by name."""
    rows: list[dict[str, Any]] = (
        await mongo["inbox"].find({"a": {"$exists": True}}).sort("_id", 1).to_list(None)
    )
    return rows


async def test_what_comes_together_is_one_document_a_lane_and_counts_as_what_it_holds(
    mongo: Mongo, inbox: InboxStore
) -> None:
    await inbox.put_together("p", {3: some(5, 4), 9: some(6, 1)})
    await inbox.put("p", [(9, an_entry(2))])

    rows = await stored(mongo)
    assert [len(row["a"]) for row in rows] == [4, 1, 1]
    assert all(map(is_intact, rows))
    assert await inbox.depth("p", 100) == 6
    assert await inbox.depth("p", 3) == 3
    first = {3: an_entry(5).order, 9: an_entry(2).order}
    assert await inbox.lanes("p", Layout(lanes=16)) == first
    assert (await inbox.take("p", 3, 10)).waiting == some(5, 4)


async def test_bundles_that_begin_alike_are_both_kept_and_the_same_one_is_there_once(
    mongo: Mongo, inbox: InboxStore
) -> None:
    ours, theirs = some(5, 3), [an_entry(5, 0), an_entry(5, 2), an_entry(5, 7)]
    for entries in (ours, theirs, ours, theirs[:1], theirs[:1]):
        await InboxStore(mongo).put_together("p", {0: entries})

    assert len(await stored(mongo)) == 3
    load = await inbox.take("p", 0, 100)
    assert {each.order for each in load.waiting} == {each.order for each in [*ours, *theirs]}


async def test_bundles_that_lie_in_each_other_are_taken_by_the_order_of_their_entries(
    inbox: InboxStore,
) -> None:
    await inbox.put_together("p", {0: [an_entry(1), an_entry(4), an_entry(7)]})
    await inbox.put_together("p", {0: [an_entry(2), an_entry(3), an_entry(9)]})
    await inbox.put("p", [(0, an_entry(8))])

    load = await inbox.take("p", 0, 100)

    assert load.is_all
    assert load.waiting == [an_entry(ms) for ms in (1, 2, 3, 4, 7, 8, 9)]


async def test_whole_bundles_are_taken_the_first_in_any_case_and_no_more_than_asked_for(
    inbox: InboxStore,
) -> None:
    for ms in range(3):
        await inbox.put_together("p", {0: some(ms, 5)})

    for limit in (1, 4, 5, 6, 10, 14, 15, 16, 99):
        load = await inbox.take("p", 0, limit)

        bundles = min(max(limit // 5, 1), 3)
        assert [len(bundle.entries) for bundle in load.bundles] == [5] * bundles
        assert load.is_all == (limit > 15)


async def test_as_much_is_taken_as_asked_for_however_much_bundles_hold(
    inbox: InboxStore,
) -> None:
    for ms in range(300):
        await inbox.put_together("p", {0: some(ms, 1), 1: some(ms, 20)})

    for lane, each in ((0, 1), (1, 20)):
        for limit in (500, 40, 200, 6_100):
            await inbox.take("p", lane, limit)  # how much is read at once follows the last time
            load = await inbox.take("p", lane, limit)
            count = len(load.bundles)
            assert min(limit * 3 // 4, 300 * each) <= count * each <= limit
            assert load.is_all <= (count == 300)
            assert load.waiting == [it for ms in range(count) for it in some(ms, each)]


async def test_what_bundles_held_in_a_lane_before_hinders_nothing_now(inbox: InboxStore) -> None:
    await inbox.put_together("p", {0: some(0, ENTRIES_MAX)})
    assert len((await inbox.take("p", 0, 500)).waiting) == ENTRIES_MAX

    # Before that one come some that stand alone, and more than a read is told to bring.
    await inbox.put("p", [(0, an_entry(-ms)) for ms in range(1, 41)])
    waiting: list[Waiting] = []
    while len(waiting) < ENTRIES_MAX + 40:
        load = await inbox.take("p", 0, 500)
        assert load.bundles
        waiting = load.waiting
    assert waiting == [*(an_entry(-ms) for ms in range(40, 0, -1)), *some(0, ENTRIES_MAX)]


async def test_bundles_are_bounded_in_number_in_bytes_and_in_time() -> None:
    def sizes(entries: list[Waiting]) -> list[int]:
        return [len(each["o"]) for each in bundle_documents("p", 0, entries)]

    assert sizes(some(0, ENTRIES_MAX + 1)) == [ENTRIES_MAX, 1]
    assert sizes([an_entry(0), an_entry(SPAN_MS), an_entry(SPAN_MS + 1)]) == [2, 1]
    large = [an_entry(0, number, size=BYTES_MAX // 3) for number in range(4)]
    assert sizes(large) == [2, 2]
    assert sizes([an_entry(0, size=2 * BYTES_MAX), an_entry(1)]) == [1, 1]
    orders = [each["o"] for each in bundle_documents("p", 0, large[::-1])]
    assert [order for part in orders for order in part] == [each.order for each in large]


async def test_what_waits_is_found_in_bundles_alone_and_as_it_was_stored_before(
    mongo: Mongo, inbox: InboxStore
) -> None:
    await inbox.put_together("p", {0: some(0, 5), 1: some(1, 5)})
    await inbox.put("p", [(1, an_entry(2))])
    old = an_entry(3)
    await mongo.insert("inbox", [printed({"_id": lane_key("p", 1, old.order), "a": old.activity})])

    places = {
        "in": (0, an_entry(0, 4).order),
        "alone": (1, an_entry(2).order),
        "old": (1, old.order),
        "not in this lane": (0, an_entry(1, 1).order),
        "nowhere": (1, an_entry(4).order),
    }
    assert await inbox.find("p", places) == {"in": an_entry(0, 4), "alone": an_entry(2), "old": old}
    assert await inbox.find("p", {}) == {}
    load = await inbox.take("p", 1, 100)
    assert load.waiting == [*some(1, 5), an_entry(2), old]
    assert await inbox.depth("p", 100) == 12


async def test_to_find_some_reads_what_came_then_and_to_count_all_reads_no_entry(
    mongo: Mongo, inbox: InboxStore, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    for second in range(100):
        await inbox.put_together("p", {0: some(second * 1_000, 3)})
    wanted = [an_entry(second * 1_000, 2).order for second in (7, 8, 80)]
    queries = holding("p", 0, wanted)

    database = mongo_client[mongo.access.database]
    plan = database["inbox"].find({"$or": queries}).explain()["executionStats"]

    assert plan["nReturned"] == 3
    assert plan["totalDocsExamined"] <= 6
    found = await inbox.find("p", {order: (0, order) for order in wanted})
    assert list(found) == wanted
    database.command("profile", 2)
    assert await inbox.depth("p", 1_000) == 300
    database.command("profile", 0)
    (counted,) = database["system.profile"].find({"command.aggregate": "inbox"})
    assert counted["docsExamined"] <= 101  # a bundle each, and the lane's end
