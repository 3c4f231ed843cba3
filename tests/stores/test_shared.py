"""What members share is never given out twice, and never lost."""

import asyncio
from collections import Counter

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine.records import Reserved
from guerdon.stores.client import Mongo
from guerdon.stores.shared import SharedStore, confirm, give_back

LATER = Instant(10_000)


def a_claim(amount: int = 1, *, capacity: int | None = 10) -> Claim:
    return Claim("stock", "mug", amount, capacity)


async def test_two_hundred_buyers_of_a_hundred_get_exactly_a_hundred(mongo: Mongo) -> None:
    store = SharedStore(mongo)
    # Connections are there before it counts, or the race would be decided by opening them.
    await asyncio.gather(*(store.peek("p", a_claim()) for _ in range(40)))

    got = await asyncio.gather(
        *(store.reserve("p", Reserved(a_claim(capacity=100), f"a{n}"), LATER) for n in range(200))
    )

    assert Counter(got) == {1: 100, 0: 100}
    assert await store.peek("p", a_claim()) == 0


async def test_asking_again_gives_the_same_answer_and_takes_nothing_more(mongo: Mongo) -> None:
    store = SharedStore(mongo)

    answers = [await store.reserve("p", Reserved(a_claim(4), "a1"), LATER) for _ in range(3)]

    assert answers == [4, 4, 4]
    assert await store.peek("p", a_claim()) == 6


async def test_the_last_one_in_gets_what_is_left(mongo: Mongo) -> None:
    store = SharedStore(mongo)
    await store.reserve("p", Reserved(a_claim(7), "a1"), LATER)

    assert await store.reserve("p", Reserved(a_claim(7), "a2"), LATER) == 3
    assert await store.reserve("p", Reserved(a_claim(7), "a3"), LATER) == 0


async def test_what_is_given_back_is_there_again_once(mongo: Mongo) -> None:
    store = SharedStore(mongo)
    held = Reserved(a_claim(4), "a1")
    await store.reserve("p", held, LATER)

    for _ in range(2):
        await store.release("p", [held])

    assert await store.peek("p", a_claim()) == 10
    assert await store.stale("p", Instant(LATER + 1), 10) == []


async def test_confirming_a_part_gives_the_rest_back(mongo: Mongo) -> None:
    store = SharedStore(mongo)
    await store.reserve("p", Reserved(a_claim(4), "a1"), LATER)

    kept = await mongo["shared"].update_one(*confirm("p", Reserved(a_claim(3), "a1")))
    again = await mongo["shared"].update_one(*confirm("p", Reserved(a_claim(3), "a1")))

    assert (kept.matched_count, again.matched_count) == (1, 0)
    assert await store.peek("p", a_claim()) == 7
    back = give_back("p", a_claim(3, capacity=None))
    await mongo["shared"].update_one(back["q"], back["u"])
    assert await store.peek("p", a_claim()) == 10


async def test_reservations_whose_time_has_passed_are_found(mongo: Mongo) -> None:
    store = SharedStore(mongo)
    await store.reserve("p", Reserved(a_claim(1), "old"), Instant(1_000))
    await store.reserve("p", Reserved(a_claim(2), "new"), Instant(3_000))

    stale = await store.stale("p", Instant(2_000), 10)

    assert [(each.holder, each.claim.kind, each.claim.key) for each in stale] == [
        ("old", "stock", "mug")
    ]
    assert await store.stale("q", Instant(9_000), 10) == []


async def test_what_has_no_size_cannot_be_had(mongo: Mongo) -> None:
    store = SharedStore(mongo)

    assert await store.reserve("p", Reserved(a_claim(capacity=None), "a1"), LATER) == 0
    assert await store.peek("p", a_claim(capacity=None)) == 0
