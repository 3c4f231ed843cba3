"""Forgetting a person: what goes, what the books keep, what comes too late."""

from collections import Counter

from builders import Life, Town, a_line, a_member, a_town
from guerdon.core.decision import VoucherEffect

SHOP = """
    money: {unit: EUR, scale: 2}
    wallets:
      points: {expiry: {mode: after, period: P12M}, debt: allow}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: waits, activity: order, wallet: points, give: {rate: 1}, pending: {for: P14D}}
      - {id: friend, activity: purchase, wallet: points, give: {fixed: 1}, to: referrer}
    counters:
      spent: {activity: purchase, sum: net, window: calendar_month}
      shops: {activity: purchase, distinct: shop}
    ladders:
      status:
        counter: spent
        window: calendar_month
        tiers: [{id: low, at: 0}, {id: top, at: 50}]
        keep: {}
    badges: {shopper: {counter: shops, at: 1}}
    missions: {three: {counter: shops, goal: 3, grant: [{wallet: points, fixed: 5}]}}
    leaderboards: {month: {counter: spent, window: calendar_month, ties: earliest}}
    rewards: {mug: {wallet: points, cost: 4, voucher: {valid: P30D}}}
"""


def two() -> tuple[Life, Life]:
    town = a_town(SHOP)
    return a_member(town, name="ana", city="Bari"), a_member(town, name="ben")


def in_total(town: Town) -> Counter[str]:
    """Return what was posted to each account; all of it adds up to nothing."""
    found: Counter[str] = Counter()
    for decision in town.decided:
        for posting in decision.postings:
            found[posting.source] -= posting.amount
            found[posting.target] += posting.amount
    return found


def test_nothing_is_left_of_an_erased_member_but_lots_and_figures() -> None:
    ana, _ = two()
    ana.buys(60, "2026-03-02", shop="north")
    ana.does("order", "2026-03-02", amount="7")
    ana.redeems("mug", "2026-03-03")
    ana.redeems("mug", "2026-03-03", id="second")
    ana.does("voucher_used", "2026-03-03", voucher="second")

    decision = ana.does("member_erased", "2026-03-04")

    standing = ana.standing
    assert standing.status == "erased"
    assert [standing.attrs, standing.badges, standing.ladders, standing.counts] == [{}] * 4
    assert {name.partition(":")[0] for name in standing.shelves} <= {"lots", "pending", "closed"}
    wallet = standing.wallets["points"]
    assert (wallet.spendable, wallet.pending, wallet.expired) == (0, 0, 59)
    assert standing.due_at is None
    voided = [it for it in decision.effects if isinstance(it, VoucherEffect)]
    assert [it.state for it in voided] == ["void"], "the one that was used stays used"
    assert [(it.value, it.eligible) for it in decision.scores] == [(0, False)]
    assert sum(in_total(ana.town).values()) == 0


def test_a_debt_is_written_off() -> None:
    ana, _ = two()
    ana.buys(10, "2026-03-02", id="p")
    ana.redeems("mug", "2026-03-02")
    ana.refunds("p", "2026-03-02")
    assert ana.wallet("2026-03-02").debt == 4

    ana.does("member_erased", "2026-03-03")

    wallet = ana.standing.wallets["points"]
    assert (wallet.debt, wallet.written_off) == (0, 4)
    accounts = in_total(ana.town)
    assert (accounts["debt"], accounts["spendable"]) == (0, 0)


def test_whatever_comes_later_for_an_erased_member_is_for_nobody() -> None:
    ana, ben = two()
    ana.does("member_erased", "2026-03-01")
    ben.buys(10, "2026-03-02")

    late = ana.buys(10, "2026-03-02")
    again = ana.does("member_erased", "2026-03-02")
    sent = ben.does("transfer", "2026-03-03", to="ana", wallet="points", points=3)

    assert (late.result, late.reason) == ("rejected", "unknown_member")
    assert (again.result, again.reason) == ("rejected", "unknown_member")
    assert sent.result == "accepted"  # it was on its way
    assert ana.standing.wallets["points"].spendable == 0
    assert in_total(ana.town)["transit"] == 0
    assert ana.waits("2028-01-01").effects == []


def test_accounts_merged_into_the_member_are_forgotten_too() -> None:
    ana, ben = two()
    ben.does("member_updated", "2026-02-02", attrs__city="Oslo")
    ben.buys(10, "2026-03-01", shop="south")
    ben.does("member_merged", "2026-03-02", into="ana")

    ana.does("member_erased", "2026-03-03")

    donor = ana.town.standings["ben"]
    assert (donor.status, donor.attrs) == ("merged", {})
    assert {name.partition(":")[0] for name in donor.shelves} <= {"lots", "pending", "closed"}
    assert ana.standing.wallets["points"].spendable == 0


def test_an_account_merged_into_an_erased_member_leaves_nothing_either() -> None:
    ana, ben = two()
    ana.does("member_erased", "2026-03-01")
    ben.buys(10, "2026-03-01")

    ben.does("member_merged", "2026-03-02", into="ana")

    assert ana.standing.wallets["points"].spendable == 0
    assert ana.town.standings["ben"].attrs == {}


def test_nothing_is_forgotten_of_an_account_that_was_not_merged() -> None:
    ana, _ = two()
    ana.buys(10, "2026-03-01")

    decision = ana.does("absorbed_erased", "2026-03-02")

    assert (decision.result, decision.reason) == ("rejected", "unknown_member")
    assert ana.standing.attrs
    assert ana.standing.counts["purchase"] == 1


def test_pages_outside_the_head_go_as_well() -> None:
    ana, _ = two()
    for number in range(90):
        ana.buys(1, "2026-03-02", id=f"p{number}", shop=f"shop {number}")
    ana.refunds("p3", "2026-03-02", lines=[a_line("0.50")])
    ana.refunds("p4", "2026-03-02", amount="0.50")
    assert {"closed", "record", "seen"} & outside(ana)

    ana.does("member_erased", "2026-03-04")

    assert outside(ana) <= {"closed"}
    assert ana.standing.wallets["points"].spendable == 0


def outside(life: Life) -> set[str]:
    """Return the kinds of shelves that have pages outside the head."""
    return {shelf.partition(":")[0] for shelf, _ in life.town.pages[life.name]}


def test_who_is_forgotten_leaves_a_leaderboard_of_all_time_too() -> None:
    ana = a_member("""
        counters: {spent: {activity: purchase, sum: net}, visits: {activity: visit}}
        leaderboards: {top: {counter: spent, ties: shared}, busy: {counter: visits, ties: shared}}
        """)
    ana.buys(50, "2026-03-02")

    decision = ana.does("member_erased", "2026-03-04")

    scores = [(it.leaderboard, it.value, it.eligible) for it in decision.scores]
    assert scores == [("top", 0, False)], "where there never was a row, there is none to take away"
