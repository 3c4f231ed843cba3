"""What reporters are told, item by item, and that nothing is taken twice."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from guerdon.core.activity import CAUSED, OWN_TYPES, Instant
from guerdon.engine import accept, read
from guerdon.engine.inputs import ActivityInput, Identity, LineInput, MemberRef, Wait
from guerdon.engine.outcomes import Receipt, Result
from guerdon.engine.parking import PARKED_MAX
from guerdon.engine.records import Batch, Board, Found, Mark
from guerdon.engine.refusals import ComeBack, InvalidInput
from guerdon.engine.rights import OWN
from guerdon.engine.verify import verify
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from worlds import (
    DAY,
    PROGRAM,
    SHOP,
    a_caller,
    a_purchase,
    a_world,
    by,
    drain,
    report,
    settings_for,
)


def results(receipts: list[Receipt]) -> list[tuple[str, str | None]]:
    return [(receipt.result.value, receipt.reason) for receipt in receipts]


async def test_receipts_come_in_input_order_and_bad_items_take_nothing_from_good_ones(
    world: World,
) -> None:
    receipts = await accept.record(
        world,
        a_caller(),
        [
            a_purchase(1),
            a_purchase(2, type="purchse"),
            a_purchase("x" * 200),
            a_purchase(4, amount=Decimal("1.005")),
            a_purchase(5, at=Instant(world.clock() + 301_000)),
            a_purchase(6, member=None),
            a_purchase(7, member=MemberRef(id="nobody")),
            a_purchase(8),
        ],
    )

    assert results(receipts) == [
        ("pending", None),
        ("rejected", "unknown_type"),
        ("rejected", "invalid"),
        ("rejected", "invalid"),
        ("rejected", "invalid"),
        ("rejected", "invalid"),
        ("rejected", "unknown_member"),
        ("pending", None),
    ]
    assert [receipt.problems[0].path for receipt in receipts[1:7]] == [
        ("type",),
        ("activityId",),
        ("amount",),
        ("at",),
        ("member",),
        ("member",),
    ]
    assert await drain(world) == 3  # two purchases, and the enrollment of their buyer


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"weight": Decimal("NaN")}, "weight"),
        ({"note": "x" * 2_001}, "note"),
        ({"deep": [[1]]}, "deep"),
        ({"shade": 1.5}, "shade"),
    ],
)
async def test_a_value_that_cannot_be_kept_is_named(
    world: World, data: dict[str, object], field: str
) -> None:
    (receipt,) = await accept.record(world, a_caller(), [a_purchase(1, data=data)])

    assert receipt.reason == "invalid"
    assert receipt.problems[0].path == ("data", field)


async def test_a_refused_id_may_come_again_mended(world: World) -> None:
    await accept.record(world, a_caller(), [a_purchase(1, amount=Decimal(-1))])

    (receipt,) = await accept.record(world, a_caller(), [a_purchase(1)])

    assert receipt.result is Result.PENDING


async def test_more_than_a_batch_holds_is_refused_as_a_whole(world: World) -> None:
    with pytest.raises(InvalidInput, match="at most 1000"):
        await accept.record(world, a_caller(), [a_purchase(n) for n in range(1_001)])

    assert await drain(world) == 0


async def test_the_same_id_is_a_duplicate_or_a_conflict_within_a_batch_and_after_it(
    world: World,
) -> None:
    first = await accept.record(
        world, a_caller(), [a_purchase(1), a_purchase(1), a_purchase(1, amount=Decimal(11))]
    )
    assert await drain(world) == 2
    second = await accept.record(
        world,
        a_caller(),
        [a_purchase(1), a_purchase(1, amount=Decimal(11))],
        wait=Wait.DECIDED,
    )

    assert results(first) == [
        ("pending", None),
        ("duplicate", None),
        ("conflict", "payload_differs"),
    ]
    assert results(second) == [("duplicate", None), ("conflict", "payload_differs")]
    assert second[0].entry is not None
    assert second[0].entry.result is Result.ACCEPTED
    assert await drain(world) == 0


async def test_equal_content_is_equal_however_its_numbers_are_written(world: World) -> None:
    await accept.record(world, a_caller(), [a_purchase(1, data={"a": Decimal("1.50"), "b": True})])

    (receipt,) = await accept.record(
        world,
        a_caller(),
        [a_purchase(1, amount=Decimal(10), data={"b": "true", "a": Decimal("1.5")})],
    )

    assert receipt.result is Result.DUPLICATE


async def test_ids_are_each_reporters_own(world: World) -> None:
    one, other = a_caller(), a_caller(Role.PARTNER, partner="cafe")

    mine = await accept.record(world, one, [a_purchase(1)])
    theirs = await accept.record(world, other, [a_purchase(1)])

    assert results(mine + theirs) == [("pending", None), ("pending", None)]


async def test_two_processes_reporting_the_same_take_it_once(
    world: World, settings: Settings
) -> None:
    purchases = [a_purchase(n, member=by(f"m{n % 5}")) for n in range(100)]
    async with a_world(settings) as other:
        both = await asyncio.gather(
            *(accept.record(each, a_caller(), purchases) for each in (world, other) for _ in "ab")
        )
        await asyncio.gather(drain(world), drain(other))

    for number in range(100):
        told = [receipts[number].result.value for receipts in both]
        assert sorted(told) == ["duplicate", "duplicate", "duplicate", "pending"]
    page = await read.board_page(world, PROGRAM, _board(), limit=10)
    assert [(row.rank, row.value) for row in page.rows] == [(n, 20_000) for n in range(1, 6)]


async def test_a_reference_is_used_once_and_free_again_when_its_activity_was_rejected(
    world: World,
) -> None:
    first = await report(
        world, [a_purchase(1, ref="r1", data={"country": "NO"}), a_purchase(2, ref="r2")]
    )
    second = await accept.record(
        world,
        a_caller(),
        [a_purchase(3, ref="r1"), a_purchase(4, ref="r2"), a_purchase(5, ref="r1")],
    )

    assert [receipt.entry and receipt.entry.reason for receipt in first] == ["elsewhere", None]
    assert results(second) == [("pending", None), ("duplicate", "ref"), ("duplicate", "ref")]


async def test_an_id_whose_reference_was_taken_is_not_used_up(world: World) -> None:
    await report(world, [a_purchase(1, ref="r1")])
    await accept.record(world, a_caller(), [a_purchase(2, ref="r1")])

    (receipt,) = await accept.record(world, a_caller(), [a_purchase(2, ref="r2")])

    assert receipt.result is Result.PENDING


async def test_an_unknown_person_is_enrolled_first(world: World) -> None:
    (receipt,) = await report(world, [a_purchase(1)])

    assert receipt.member is not None
    page = await read.journal(world, PROGRAM, receipt.member, limit=10)
    assert [entry.activity.id for entry in page.items] == ["p1", "p1.enroll"]
    assert [entry.result for entry in page.items] == [Result.ACCEPTED, Result.ACCEPTED]


async def test_a_receipt_without_inbox_entry_heals_when_it_is_repeated(world: World) -> None:
    await accept.record(world, a_caller(), [a_purchase(1)])
    for lane, order in (
        await world.inbox.lanes(PROGRAM, await world.rulebooks.layout(PROGRAM))
    ).items():
        assert order
        for name in (await world.inbox.take(PROGRAM, lane, 10)).names:
            await _lose(world, lane, name)
    assert await drain(world) == 0

    (receipt,) = await report(world, [a_purchase(1)])

    assert receipt.result is Result.DUPLICATE
    assert receipt.entry is not None
    assert receipt.entry.result is Result.ACCEPTED
    again = await report(world, [a_purchase(1)])
    assert again[0].entry == receipt.entry


async def test_an_unknown_identity_is_parked_and_processed_when_it_is_linked(world: World) -> None:
    card = MemberRef(identity=Identity("card", "77"))
    partner = a_caller(Role.PARTNER, partner="cafe")
    parked = await accept.record(
        world, partner, [a_purchase(1, member=card), a_purchase(2, member=card, at=_ago(world, 40))]
    )
    assert results(parked) == [("parked", "unknown_identity")] * 2
    await report(world, [a_purchase(3)])

    await report(world, [_link("l1", "ann", "77")])
    await drain(world)
    after = await accept.record(
        world, partner, [a_purchase(1, member=card), a_purchase(4, member=card)]
    )
    await drain(world)

    entries = await read.activities(world, PROGRAM, [f"partner:cafe/p{n}" for n in (1, 2, 4)])
    told = {key[-1]: (entry.result.value, entry.reason) for key, entry in entries.items()}
    assert told == {
        "1": ("accepted", None),
        "2": ("rejected", "claim_window"),
        "4": ("accepted", None),
    }
    assert results(after) == [("duplicate", None), ("pending", None)]


async def test_an_identity_belongs_to_one_member(world: World) -> None:
    await report(world, [a_purchase(1), a_purchase(2, member=by("bob")), _link("l1", "ann", "77")])

    (receipt,) = await accept.record(world, a_caller(), [_link("l2", "bob", "77")])

    assert (receipt.result, receipt.reason) == (Result.REJECTED, "identity_taken")


async def test_a_refused_link_or_merge_makes_no_member(world: World) -> None:
    await report(world, [_link("l1", "ann", "77")])
    merge = ActivityInput(id="m1", type="member_merged", member=by("zoe"), data={"into": "ann"})

    receipts = await accept.record(world, a_caller(), [_link("l2", "dot", "77"), merge])

    assert results(receipts) == [("rejected", "identity_taken"), ("rejected", "unknown_member")]
    assert [await read.find(world, a_caller(), by(name)) for name in ("dot", "zoe")] == [None, None]
    assert await drain(world) == 0


@pytest.mark.parametrize("type_", ["purchase", "member_merged", "enrollment"])
async def test_whatever_brings_an_enrollment_again_makes_the_profile_that_a_crash_left_out(
    world: World, type_: str
) -> None:
    await report(world, [a_purchase(1)])
    bob = world.new_member("bob")
    left = Found(bob, f"{a_caller().reporter}/p2.enroll")
    await world.members.claim(PROGRAM, Identity("", "bob"), left)
    data = {"into": "ann"} if type_ == "member_merged" else {}
    next_one = a_purchase(3, type=type_, member=by("bob"), data=data)

    await report(world, [next_one if type_ == "purchase" else replace(next_one, amount=None)])

    profile = (await world.members.profiles(PROGRAM, [bob]))[bob]
    assert profile.external_id == "bob"
    assert (await verify(world, PROGRAM)).offences == ()


async def test_members_report_for_themselves_only_and_no_purchases(world: World) -> None:
    first = await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    ann = a_caller(Role.MEMBER, member=first[0].member)

    receipts = await accept.record(
        world,
        ann,
        [
            a_purchase(3),
            _redeem(4, member=None),
            _redeem(5, member=by("bob")),
            _redeem(6, member=by("nobody")),
        ],
    )

    assert results(receipts) == [
        ("rejected", "forbidden"),
        ("pending", None),
        ("rejected", "unknown_member"),
        ("rejected", "unknown_member"),
    ]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SERVICE, Role.PARTNER])
async def test_nobody_reports_what_only_other_activities_cause(world: World, role: Role) -> None:
    caller = a_caller(role, partner="cafe" if role is Role.PARTNER else None)
    kinds = sorted(CAUSED)
    receipts = await accept.record(
        world, caller, [a_purchase(i, type=kind) for i, kind in enumerate(kinds)]
    )
    assert results(receipts) == [("rejected", "forbidden")] * len(kinds)
    assert {"absorbed_erased", "member_absorbed", "tick"} <= CAUSED


def test_every_type_with_a_meaning_of_its_own_stands_in_the_table_of_rights() -> None:
    assert set(OWN) == OWN_TYPES


async def test_partners_cannot_correct_balances_nor_speak_for_others(world: World) -> None:
    partner = a_caller(Role.PARTNER, partner="cafe")

    receipts = await accept.record(
        world,
        partner,
        [a_purchase(1, type="adjustment"), a_purchase(2, partner="bakery"), a_purchase(3)],
    )

    assert results(receipts) == [
        ("rejected", "forbidden"),
        ("rejected", "invalid"),
        ("pending", None),
    ]


async def test_lines_and_amount_must_agree(world: World) -> None:
    lines = (LineInput(amount=Decimal("4.00"), sku="a"), LineInput(amount=Decimal("6.00"), sku="b"))

    receipts = await accept.record(
        world,
        a_caller(),
        [a_purchase(1, lines=lines), a_purchase(2, lines=lines, amount=Decimal(11))],
    )

    assert results(receipts) == [("pending", None), ("rejected", "invalid")]


async def test_who_waits_gets_the_decision(world: World) -> None:
    reporting = asyncio.create_task(
        accept.record(world, a_caller(), [a_purchase(n) for n in range(3)], wait=Wait.DECIDED)
    )
    while not reporting.done():
        await drain(world)
        await asyncio.sleep(0.01)

    receipts = await reporting
    assert results(receipts) == [("accepted", None)] * 3
    assert all(receipt.entry and receipt.entry.effects for receipt in receipts)


async def test_waiting_is_bounded_and_loses_nothing(world: World) -> None:
    (receipt,) = await accept.record(
        world, a_caller(), [a_purchase(1)], wait=Wait.DECIDED, wait_ms=100
    )
    pending = await read.activities(world, PROGRAM, [receipt.key])
    await drain(world)
    decided = await read.activities(world, PROGRAM, [receipt.key])

    assert receipt.result is Result.PENDING
    assert pending[receipt.key].result is Result.PENDING
    assert decided[receipt.key].result is Result.ACCEPTED


async def test_too_much_waiting_is_refused_until_it_is_decided(
    mongo_url: str, mongo_database: str, redis_url: str
) -> None:
    settings = settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, waiting_max=1_000
    )
    async with a_world(settings) as world:
        for batch in range(2):
            await accept.record(
                world, a_caller(), [a_purchase(f"{batch}.{n}") for n in range(1_000)]
            )

        assert await _becomes(world, refused=True)
        await drain(world)
        assert await _becomes(world, refused=False)


async def test_no_more_is_parked_for_an_identity_than_one_transaction_sets_free(
    world: World,
) -> None:
    card = MemberRef(identity=Identity("card", "9"))
    await report(world, [a_purchase("ann")])
    many = [a_purchase(n, member=card) for n in range(PARKED_MAX)]
    taken = await accept.record(world, a_caller(), many)
    more = [a_purchase("more", member=card), a_purchase("own"), a_purchase(3, member=card)]
    refused, own, again = await accept.record(world, a_caller(), more)

    assert {receipt.result for receipt in taken} == {Result.PARKED}
    assert (refused.result, refused.reason) == (Result.REJECTED, "too_many_parked")
    assert (refused.problems[0].code, refused.problems[0].path[-1]) == ("TOO_MANY_PARKED", "member")
    assert own.result is Result.PENDING
    assert again.result is Result.DUPLICATE
    link = ActivityInput(
        id="link", type="identity_linked", member=by("ann"), data={"scheme": "card", "value": "9"}
    )
    await report(world, [link])
    (receipt,) = await report(world, [a_purchase("more", member=card)])
    assert receipt.entry is not None
    assert receipt.entry.result is Result.ACCEPTED
    assert (await verify(world, PROGRAM)).offences == ()


async def test_no_more_is_parked_in_a_program_than_may_wait(
    mongo_url: str, mongo_database: str, redis_url: str
) -> None:
    settings = settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, waiting_max=1_000
    )
    async with a_world(settings) as world:
        cards = [MemberRef(identity=Identity("card", str(n))) for n in range(1_000)]
        many = [a_purchase(n, member=card) for n, card in enumerate(cards)]
        taken = await accept.record(world, a_caller(), many)
        assert {receipt.result for receipt in taken} == {Result.PARKED}

        async def is_refused() -> bool:
            late = a_purchase(f"late{world.next_order()}", member=cards[0])
            (receipt,) = await accept.record(world, a_caller(), [late])
            return results([receipt]) == [("rejected", "too_many_parked")]

        async with asyncio.timeout(20):
            while not await is_refused():  # noqa: ASYNC110  # it is looked at once a second
                await asyncio.sleep(0.1)


async def test_who_loses_the_race_to_enroll_a_person_is_decided_after_the_enrollment(
    world: World,
) -> None:
    # Another process meets the same person in the midst of our request: its receipt of the
    # enrollment comes between our two writes, with a later place than our activity has.
    late = LateReceipts(world)
    (receipt,) = await accept.record(replace(world, receipts=late), a_caller(), [a_purchase(1)])
    await drain(world)

    entries = await read.activities(world, PROGRAM, [receipt.key, "service/p1.enroll"])
    assert [entry.result for entry in entries.values()] == [Result.ACCEPTED, Result.ACCEPTED]


async def test_whom_another_process_enrolls_meanwhile_is_enrolled_before_all_of_a_batch(
    world: World,
) -> None:
    # Our places are given before theirs, our receipts are written after theirs: the enrollment
    # stands before the purchase that both report, and behind the one that is ours alone.
    theirs = [a_purchase(1)]
    other = Preceded(world.receipts, "enter", lambda: accept.record(world, a_caller(), theirs))
    ours = [a_purchase(1), a_purchase(2)]
    both, own = await accept.record(replace(world, receipts=other), a_caller(), ours)
    await drain(world)

    entries = await read.activities(world, PROGRAM, [both.key, own.key])
    assert [entry.result for entry in entries.values()] == [Result.ACCEPTED, Result.ACCEPTED]


async def test_who_repeats_what_is_on_its_way_in_brings_the_enrollment_before_it(
    world: World,
) -> None:
    # Ours has its place before theirs, who enroll the person first. It is repeated, and decided,
    # between our two writes: whoever repeats it comes after both.
    ours, theirs = a_purchase(2), a_purchase(1)

    async def repeat() -> None:
        await accept.record(world, a_caller(), [ours])
        await drain(world)

    paused = replace(
        world,
        receipts=Preceded(
            world.receipts, "enter", lambda: accept.record(world, a_caller(), [theirs])
        ),
        inbox=Preceded(world.inbox, "put", repeat),
    )
    (receipt,) = await accept.record(paused, a_caller(), [ours])
    await drain(world)

    entries = await read.activities(world, PROGRAM, [receipt.key, "service/p1"])
    assert [entry.result for entry in entries.values()] == [Result.ACCEPTED, Result.ACCEPTED]


class Preceded:
    """A store of the World in which something else goes on before one of its methods."""

    def __init__(self, store: object, method: str, work: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._method = method
        self._work = work

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name != self._method:
            return method

        async def later(*args: object) -> object:
            await self._work()
            return await method(*args)

        return later


class LateReceipts:
    """The receipts, where somebody else enters the enrollment's just before we do."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.receipts, name)

    async def enter(
        self, program: str, marks: Mapping[str, Mark], refs: Mapping[str, str]
    ) -> tuple[dict[str, Mark], dict[str, str]]:
        enrollment = marks["service/p1.enroll"]
        theirs = enrollment._replace(order=self._world.next_order())
        await self._world.receipts.enter(program, {"service/p1.enroll": theirs}, {})
        return await self._world.receipts.enter(program, marks, refs)


async def test_an_identity_that_is_linked_while_an_activity_is_being_parked_is_not_missed(
    world: World,
) -> None:
    await report(world, [a_purchase(1), _link("l1", "ann", "77")])
    blind = replace(world, members=BlindOnce(world))
    card = MemberRef(identity=Identity("card", "77"))

    (receipt,) = await accept.record(blind, a_caller(), [a_purchase(2, member=card)])
    await drain(world)

    entries = await read.activities(world, PROGRAM, [receipt.key])
    assert entries[receipt.key].result is Result.ACCEPTED
    assert await world.inbox.aside(PROGRAM, [receipt.key]) == {}


class BlindOnce:
    """The members, whose first look finds nobody: the link comes a moment later."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._looks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.members, name)

    async def find(self, program: str, identities: Collection[Identity]) -> dict[Identity, Found]:
        self._looks += 1
        return {} if self._looks == 1 else await self._world.members.find(program, identities)


async def test_one_that_was_parked_and_lost_goes_to_the_member_who_has_the_identity_now(
    world: World,
) -> None:
    card = MemberRef(identity=Identity("card", "77"))
    (parked,) = await accept.record(world, a_caller(), [a_purchase(2, member=card)])
    await world.inbox.unpark(PROGRAM, [parked.key])
    await report(world, [a_purchase(1), _link("l1", "ann", "77")])

    (receipt,) = await report(world, [a_purchase(2, member=card)])

    assert receipt.result is Result.DUPLICATE
    assert receipt.entry is not None
    assert receipt.entry.result is Result.ACCEPTED


# ---------------------------------------------------------------- parts


def _board() -> Board:
    return Board("all_time", 0)


async def _becomes(world: World, *, refused: bool) -> bool:
    """Report until it is refused, or taken; the depth is looked at once a second."""
    for _ in range(250):
        try:
            await accept.record(world, a_caller(), [a_purchase("late")])
            found = False
        except ComeBack:
            found = True
        if found == refused:
            return True
        await asyncio.sleep(0.02)
    return False


def _ago(world: World, days: int) -> Instant:
    return Instant(world.clock() - days * DAY)


def _link(name: str, external_id: str, value: str) -> ActivityInput:
    return ActivityInput(
        id=name,
        type="identity_linked",
        member=by(external_id),
        data={"scheme": "card", "value": value},
    )


def _redeem(number: int, *, member: MemberRef | None) -> ActivityInput:
    return ActivityInput(id=f"r{number}", type="redemption", member=member, data={"item": "mug"})


async def _lose(world: World, lane: int, name: str) -> None:
    """Delete a bundle of the inbox, as if the process had ended before writing it."""
    hold = await world.lanes.take(PROGRAM, lane)
    assert hold is not None
    await world.commit(Batch(hold=hold, taken=[name]))
    await world.lanes.release(hold)


async def test_a_members_token_parks_nothing_for_whoever_gets_an_identity_later(
    world: World,
) -> None:
    """Else what a thief reports under a stranger's card were the stranger's transfer one day."""
    first = await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    ann = a_caller(Role.MEMBER, member=first[0].member)
    card = MemberRef(identity=Identity("card", "4711"))

    (stolen,) = await accept.record(world, ann, [_redeem(3, member=card)])
    linked = {"scheme": "card", "value": "4711"}
    await report(
        world, [a_purchase(4, type="identity_linked", member=by("bob"), amount=None, data=linked)]
    )

    assert results([stolen]) == [("rejected", "unknown_member")]


async def test_a_members_token_makes_nobody_known(world: World) -> None:
    first = await report(world, [a_purchase(1)])
    ann = a_caller(Role.MEMBER, member=first[0].member)

    await accept.record(world, ann, [_redeem(2, member=by("nobody"))])

    assert await world.members.find(PROGRAM, {Identity("", "nobody")}) == {}


async def test_what_a_members_token_reports_happens_when_it_arrives(world: World) -> None:
    """Else members would choose prices, limits and the time to take things back."""
    first = await report(world, [a_purchase(1)])
    ann = a_caller(Role.MEMBER, member=first[0].member)
    long_ago = replace(_redeem(2, member=None), at=Instant(world.clock() - 30 * 86_400_000))

    (taken,) = await report(world, [long_ago], caller=ann)
    (again,) = await report(world, [long_ago], caller=ann)

    entry = (await read.activities(world, PROGRAM, [taken.key]))[taken.key]
    assert entry.activity.received - entry.activity.at < 10_000
    assert again.result is Result.DUPLICATE


async def test_no_activity_stands_where_the_enrollment_of_somebody_unknown_belongs(
    world: World,
) -> None:
    """Else whoever is reported next under the id before `.enroll` were refused for good."""
    cafe = a_caller(Role.PARTNER, partner="cafe")
    await report(world, [a_purchase(1)])
    sale = a_purchase(2, id="sale", member=by("bob"))

    (taken,) = await report(world, [replace(sale, id="sale.enroll", member=by("ann"))], caller=cafe)
    (bob,) = await report(world, [sale], caller=cafe)

    assert (taken.reason, taken.problems[0].path) == ("invalid", ("activityId",))
    assert bob.entry is not None
    assert bob.entry.result is Result.ACCEPTED
    assert (await verify(world, PROGRAM)).offences == ()


@pytest.mark.parametrize("ending", [".transfer", ".absorb", ".erase.0", ".friend"])
async def test_no_activity_stands_where_that_belongs_which_another_one_causes(
    settings: Settings, ending: str
) -> None:
    """Else the units of transfer `x` were lost, where `x.transfer` had been reported before."""
    rule = "{id: friend, activity: purchase, to: referrer, wallet: points, give: {fixed: 5}}"
    document = SHOP.replace("  rules:\n", f"  rules:\n    - {rule}\n")
    async with a_world(settings, document=document) as world:
        await report(world, [a_purchase(1)])

        taken, other = await report(
            world, [a_purchase(2, id=f"x{ending}"), a_purchase(3, id=f"x{ending}.1.base")]
        )

    assert (taken.reason, taken.problems[0].path) == ("invalid", ("activityId",))
    assert f"`{ending}`" in taken.problems[0].message
    assert other.result is Result.PENDING


@pytest.mark.parametrize("scheme", ["", "a|b", "x" * 101, "a\n"])
async def test_an_identity_is_linked_only_under_a_scheme_by_which_it_can_be_named(
    world: World, scheme: str
) -> None:
    """`a|b` and `c` would be the same as `a` and `b|c`; none would be an id of the owner's."""
    await report(world, [a_purchase(1)])
    data = {"scheme": scheme, "value": "c"}

    (linked,) = await report(world, [a_purchase(2, type="identity_linked", amount=None, data=data)])

    assert linked.reason == "invalid"
    assert linked.problems[0].path == ("data", "scheme")
    assert await world.members.find(PROGRAM, {Identity("a", "b|c"), Identity("", "c")}) == {}
