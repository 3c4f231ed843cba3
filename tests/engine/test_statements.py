"""Statements: a month of a partner's accounts, proven line by line, and never changed."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import pytest

from guerdon.core.accounting import Settlement, balances, shown
from guerdon.core.activity import Instant
from guerdon.core.plain import postings_from_plain
from guerdon.engine import statements
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.lanes import lanes_of
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from worlds import DAY, PROGRAM, SHOP, a_caller, a_purchase, a_world, by, report

APRIL, MAY, JUNE = (Instant(it) for it in (1_775_001_600_000, 1_777_593_600_000, 1_780_272_000_000))
MUG = "mug: {wallet: points, cost: 10, stock: 3}"
SETTLED = (
    "mug: {wallet: points, cost: 10, partner: cafe}\n"
    "  partners:\n"
    "    cafe: {pays_per_point: 0.0137, is_paid_per_point: 0.0091}\n"
    "    deli: {pays_per_point: 0.02}"
)
CAFE = a_caller(Role.PARTNER, partner="cafe")


@dataclass
class Clock:
    """A time that the test moves on."""

    now: Instant = APRIL

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at the beginning of April 2026."""
    return Clock()


@pytest.fixture
async def world(settings: Settings, clock: Clock) -> AsyncIterator[World]:
    """A shop with two partners, where ann has a card."""
    async with a_world(settings, document=SHOP.replace(MUG, SETTLED), clock=clock) as world:
        yield world


def bought(id_: str, amount: str, at: Instant) -> ActivityInput:
    return a_purchase(id_, amount=Decimal(amount), at=at)


async def busy_spring(world: World, clock: Clock) -> None:
    """In April the cafe sells and honours a mug; in May one of the sales is returned."""
    clock.now = Instant(APRIL + DAY)
    await report(world, [a_purchase("own", amount=Decimal("3.00"))])
    await report(world, [bought("1", "50.00", clock.now), bought("2", "7.00", clock.now)],
                 caller=CAFE)  # fmt: skip
    await report(
        world, [ActivityInput(id="r1", type="redemption", member=by("ann"), data={"item": "mug"})]
    )
    clock.now = Instant(MAY + DAY)
    back = ActivityInput(id="b1", type="refund", member=by("ann"), data={"of": "p1"})
    await report(world, [back], caller=CAFE)


async def test_a_month_is_settled_once_it_is_over_and_a_correction_comes_in_the_next(
    world: World, clock: Clock
) -> None:
    await busy_spring(world, clock)
    clock.now = Instant(MAY + 10 * DAY)
    first = await statements.issue(world)
    (april,) = await world.statements.page(PROGRAM, "cafe", limit=9)
    clock.now = Instant(JUNE + DAY)
    second = await statements.issue_due(world, PROGRAM)
    again = await statements.issue_due(world, PROGRAM)
    both = await world.statements.page(PROGRAM, "cafe", limit=9)

    assert (first, second, again) == (1, 1, 0)
    assert (april.begin, april.end, april.lines) == (APRIL, MAY, 3)
    assert (april.issued, april.redeemed) == ("57", "10")
    assert Fraction(april.until) == 57 * Fraction("0.0137") - 10 * Fraction("0.0091")
    assert both[0] == april
    assert (both[1].issued, both[1].redeemed) == ("-50", "0")
    assert await world.statements.page(PROGRAM, "deli", limit=9) == []


async def test_what_happened_in_a_settled_month_and_comes_late_is_in_the_next(
    world: World, clock: Clock
) -> None:
    await busy_spring(world, clock)
    clock.now = Instant(MAY + 10 * DAY)
    await statements.issue_due(world, PROGRAM)
    (april,) = await world.statements.page(PROGRAM, "cafe", limit=9)
    lines = await statements.lines(world, PROGRAM, april)

    await report(world, [bought("late", "9.00", Instant(APRIL + 20 * DAY))], caller=CAFE)

    assert await statements.lines(world, PROGRAM, april) == lines
    clock.now = Instant(JUNE + DAY)
    await statements.issue_due(world, PROGRAM)
    settled, may = await world.statements.page(PROGRAM, "cafe", limit=9)
    assert settled == april
    assert may.issued == str(9 - 50)


async def test_statements_add_up_to_the_ledger(world: World, clock: Clock) -> None:
    await busy_spring(world, clock)
    clock.now = Instant(JUNE + DAY)
    await statements.issue_due(world, PROGRAM)
    found = await world.statements.page(PROGRAM, "cafe", limit=9)
    rulebook = await world.rulebooks.get(PROGRAM)
    ledger = Settlement()
    for lane in lanes_of(await world.rulebooks.layout(PROGRAM)):
        for entry in await world.journal.since(PROGRAM, lane, 0, 1_000):
            ledger.add(postings_from_plain(entry.decision.get("postings", ())))

    whole = balances(rulebook.at(clock.now).program, ledger)["cafe"]
    assert sum(each.balance for each in found) == shown(whole, 2)


async def test_every_line_has_its_proof_and_no_member_is_named(world: World, clock: Clock) -> None:
    await busy_spring(world, clock)
    clock.now = Instant(JUNE + DAY)
    await statements.issue_due(world, PROGRAM)
    april, may = await world.statements.page(PROGRAM, "cafe", limit=9)
    lines = await statements.lines(world, PROGRAM, april)
    more = await statements.lines(world, PROGRAM, may)

    assert len({line.proof for line in (*lines, *more)}) == 4
    assert [line.activity for line in lines] == ["p1", "p2", ""], "the redemption is not its own"
    assert len({line.member for line in (*lines, *more)}) == 1
    assert not re.search(r"\bann\b", repr((lines, more))), "as a word: digests hold any letters"
    forged = replace(april, digest="0" * 64)
    with pytest.raises(ValueError, match="no longer says"):
        await statements.lines(world, PROGRAM, forged)


async def test_a_dispute_is_noted_beside_the_statement_once(world: World, clock: Clock) -> None:
    await busy_spring(world, clock)
    clock.now = Instant(MAY + DAY + DAY)
    await statements.issue_due(world, PROGRAM)
    (april,) = await world.statements.page(PROGRAM, "cafe", limit=9)
    line = (await statements.lines(world, PROGRAM, april))[0].proof

    async def object_to(*lines: str, reason: str = "Not ours.", partner: str = "cafe") -> object:
        return await statements.dispute(
            world, PROGRAM, partner, april.begin, lines=list(lines), reason=reason
        )

    for wrong in ({"partner": "deli"}, {"lines": ["9-9"]}):
        with pytest.raises(NotFound):
            await object_to(*wrong.get("lines", ()), partner=str(wrong.get("partner", "cafe")))
    with pytest.raises(InvalidInput):
        await object_to(line, reason=" ")
    await object_to(line)
    await object_to(reason="All of it.")
    (kept,) = await world.statements.page(PROGRAM, "cafe", limit=9)

    assert kept.dispute is not None
    assert (kept.dispute.lines, kept.dispute.reason) == ((line,), "Not ours.")
    assert kept.digest == april.digest
