"""Who is who: an identity leads to one member, whoever comes first."""

import asyncio

from guerdon.core.activity import Instant
from guerdon.engine.inputs import Identity
from guerdon.engine.outcomes import Profile
from guerdon.engine.records import Found
from guerdon.stores.client import Mongo
from guerdon.stores.members import MemberStore


def a_profile(number: int, external_id: str = "ann") -> Profile:
    return Profile(
        id=f"m{number}",
        external_id=external_id,
        display_name=f"Ann {number}",
        enrolled_at=Instant(number),
    )


async def test_of_many_who_create_the_same_person_the_first_wins(mongo: Mongo) -> None:
    store = MemberStore(mongo)

    led = await asyncio.gather(
        *(store.create("p", [(a_profile(n), f"service/e{n}")]) for n in range(20))
    )

    (winner,) = {found["ann"] for found in led}
    assert winner.enrollment == f"service/e{winner.member[1:]}"
    profiles = await store.profiles("p", [f"m{n}" for n in range(20)])
    assert list(profiles) == [winner.member]
    assert profiles[winner.member].display_name == f"Ann {winner.member[1:]}"
    assert await store.total("p") == 1


async def test_who_was_first_names_the_member_however_late_the_profile_comes(mongo: Mongo) -> None:
    store = MemberStore(mongo)
    # The first one wrote the identity and not yet the profile when the second one came.
    await store.claim("p", Identity("", "ann"), Found("m1", "service/e1"))

    await store.create("p", [(a_profile(2), "service/e2")])
    second = await store.profiles("p", ["m1", "m2"])
    led = await store.create("p", [(a_profile(1), "service/e1")])
    first = await store.profiles("p", ["m1", "m2"])

    assert led == {"ann": Found("m1", "service/e1")}
    assert [profile.display_name for profile in second.values()] == ["Ann 2"]
    assert [profile.display_name for profile in first.values()] == ["Ann 1"]


async def test_an_enrollment_is_pending_until_it_is_settled(mongo: Mongo) -> None:
    store = MemberStore(mongo)
    ann = Identity("", "ann")
    await store.create("p", [(a_profile(1), "service/e1"), (a_profile(2, "bob"), "service/e2")])
    before = await store.find("p", [ann, Identity("", "nobody")])

    await store.settled("p", ["m1"])

    assert before == {ann: Found("m1", "service/e1")}
    assert await store.find("p", [ann]) == {ann: Found("m1", None)}


async def test_an_identity_is_claimed_once_and_may_hold_any_character(mongo: Mongo) -> None:
    store = MemberStore(mongo)
    odd = Identity("card", "a|b|}c")

    first = await store.claim("p", odd, Found("m1"))
    second = await store.claim("p", odd, Found("m2"))

    assert first == second == Found("m1")
    assert await store.find("p", [odd]) == {odd: Found("m1")}
    assert await store.find("q", [odd]) == {}


async def test_members_of_programs_with_alike_names_do_not_meet(mongo: Mongo) -> None:
    store = MemberStore(mongo)
    await store.create("shop", [(a_profile(1), "e")])
    await store.create("shop2", [(a_profile(2), "e")])

    pages = [
        await store.page(program, limit=10, after=None, before=None, search=None)
        for program in ("shop", "shop2", "sho")
    ]

    assert [[profile.id for profile in page] for page in pages] == [["m1"], ["m2"], []]
