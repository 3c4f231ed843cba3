"""Vouchers in an activity: by code or by name, of the member whom it concerns alone."""

from collections.abc import AsyncIterator

import pytest

from guerdon.engine import accept, code_pools, codes, preview, read, vouchers
from guerdon.engine.inputs import ActivityInput, Identity, MemberRef
from guerdon.engine.outcomes import Receipt, Result
from guerdon.engine.world import Caller, Role, World
from guerdon.settings import Settings
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, drain, report

MUG = "    mug: {wallet: points, cost: 10, stock: 3}\n"
REWARDS = """\
    mug: {wallet: points, cost: 1, voucher: {valid: P30D}}
    pooled: {wallet: points, cost: 1, partner: cafe, voucher: {codes: cafe}}
  partners: {cafe: {}, deli: {}}
"""


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[World]:
    """A World in which Ann and Bob hold a voucher of each reward."""
    async with a_world(settings, document=SHOP.replace(MUG, REWARDS)) as world:
        await code_pools.generate(world, PROGRAM, "cafe", "#" * 12, 9)
        for name in ("ann", "bob"):
            await report(world, [a_purchase(name, member=by(name))])
            await report(
                world,
                [
                    ActivityInput(
                        id=f"{item}-{name}", type="redemption", member=by(name), data={"item": item}
                    )
                    for item in ("mug", "pooled")
                ],
            )
        yield world


async def held(world: World, who: str) -> dict[str, str]:
    """Return the states of a member's vouchers by name."""
    member = await read.find(world, a_caller(), by(who))
    found = await vouchers.held_by(world, PROGRAM, str(member))
    return {name: voucher.state for name, voucher in found.items()}


async def code(world: World, who: str, name: str) -> str:
    member = str(await read.find(world, a_caller(), by(who)))
    voucher = (await vouchers.held_by(world, PROGRAM, member))[name]
    return await vouchers.code_for(world, PROGRAM, member=member, name=name, voucher=voucher)


async def buy(
    world: World,
    id_: str,
    *presented: str,
    who: MemberRef | None = None,
    caller: Caller | None = None,
) -> Receipt:
    purchase = a_purchase(id_, member=who or by("ann"), data={"vouchers": list(presented)})
    (receipt,) = await report(world, [purchase], caller=caller)
    return receipt


def refused(receipt: Receipt) -> str | None:
    assert receipt.entry is not None
    return receipt.entry.reason


async def test_codes_and_names_are_taken_alike(shop: World) -> None:
    mug, pooled = await code(shop, "ann", "mug-ann"), await code(shop, "ann", "pooled-ann")

    receipt = await buy(shop, "p1", f" {mug.lower()} ", pooled)

    assert refused(receipt) is None
    assert receipt.entry is not None
    assert receipt.entry.activity.data["vouchers"] == ("mug-ann", "pooled-ann")
    assert await held(shop, "ann") == {"mug-ann": "used", "pooled-ann": "used"}
    assert refused(await buy(shop, "p2", mug)) == "voucher_used"
    by_name = await buy(shop, "p3", "mug-bob", who=by("bob"))
    assert refused(by_name) is None


async def test_a_repeat_with_the_code_is_the_same_report(shop: World) -> None:
    mug = await code(shop, "ann", "mug-ann")

    first = await buy(shop, "p1", mug)
    again = await accept.record(shop, a_caller(), [a_purchase("p1", data={"vouchers": [mug]})])

    assert refused(first) is None
    assert [it.result for it in again] == [Result.DUPLICATE]


async def test_what_is_no_code_of_this_member_is_refused_and_uses_nothing(shop: World) -> None:
    theirs = await code(shop, "bob", "mug-bob")
    theirs_too = await code(shop, "bob", "pooled-bob")
    own = await code(shop, "ann", "mug-ann")

    for number, wrong in enumerate((theirs, theirs_too, codes.checked("A" * 12), "nonsense", "")):
        assert refused(await buy(shop, f"p{number}", own, wrong)) == "voucher_used"

    assert await held(shop, "ann") == {"mug-ann": "issued", "pooled-ann": "issued"}
    assert await held(shop, "bob") == {"mug-bob": "issued", "pooled-bob": "issued"}


async def test_a_single_text_and_a_reported_use_take_codes_too(shop: World) -> None:
    used = ActivityInput(
        id="u1",
        type="voucher_used",
        member=by("ann"),
        data={"voucher": await code(shop, "ann", "mug-ann")},
    )
    bought = a_purchase("p1", data={"vouchers": await code(shop, "ann", "pooled-ann")})

    receipts = await report(shop, [used, bought])

    assert [refused(it) for it in receipts] == [None, None]


async def test_a_preview_reads_a_code_as_the_report_would(shop: World) -> None:
    purchase = a_purchase("p1", data={"vouchers": [await code(shop, "ann", "mug-ann")]})

    shown = await preview.preview(shop, a_caller(), purchase)

    assert (shown.result, shown.reason) == (Result.ACCEPTED, None)
    assert (await held(shop, "ann"))["mug-ann"] == "issued"


async def test_a_code_waits_with_a_parked_report(shop: World) -> None:
    card = Identity("card", "4711")
    mug = await code(shop, "ann", "mug-ann")
    (parked,) = await accept.record(
        shop,
        a_caller(),
        [a_purchase("p1", member=MemberRef(identity=card), data={"vouchers": [mug]})],
    )
    assert parked.result is Result.PARKED

    linked = ActivityInput(
        id="l1", type="identity_linked", member=by("ann"), data={"scheme": "card", "value": "4711"}
    )
    await report(shop, [linked])
    await drain(shop)

    assert (await held(shop, "ann"))["mug-ann"] == "used"


async def test_a_partner_uses_vouchers_of_its_own_rewards_only_by_whatever_report(
    shop: World,
) -> None:
    cafe, deli = (a_caller(Role.PARTNER, partner=slug) for slug in ("cafe", "deli"))
    ann = MemberRef(id=await read.find(shop, a_caller(), by("ann")))
    pooled = await code(shop, "ann", "pooled-ann")

    def use(id_: str, name: str) -> ActivityInput:
        return ActivityInput(id=id_, type="voucher_used", member=ann, data={"voucher": name})

    for number, name in enumerate((pooled, "pooled-ann")):
        (by_use,) = await report(shop, [use(f"u{number}", name)], caller=deli)
        by_purchase = await buy(shop, f"p{number}", name, who=ann, caller=deli)
        assert {refused(by_use), refused(by_purchase)} == {"voucher_used"}
    (owners,) = await report(shop, [use("u9", "mug-ann")], caller=cafe)
    assert refused(owners) == "voucher_used"
    assert refused(await buy(shop, "p9", pooled, who=ann, caller=cafe)) is None
    assert await held(shop, "ann") == {"mug-ann": "issued", "pooled-ann": "used"}
