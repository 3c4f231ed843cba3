"""Redemptions that a partner must fulfil: pending, then issued, failed or cancelled."""

from collections import Counter
from collections.abc import Sequence

import pytest

from builders import Given, Life, a_line, a_member, a_program, a_town, instant
from core.test_vouchers import Patient
from guerdon.core.decision import Claim, Decision, PointsEffect, RedemptionEffect, VoucherEffect
from guerdon.core.rulebook import Rulebook
from guerdon.program.load import load

SHOP = """
    wallets:
      points: {expiry: {mode: after, period: P12M}}
      cash: {scale: 2}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
    partners: {inn: {is_paid_per_point: 0.01}, spa: {}}
    rewards:
      night: {wallet: points, cost: 30, partner: inn, stock: 5, fulfil: {within: PT24H},
              voucher: {valid: P30D, codes: inn}, per_member: {times: 2},
              gives: {wallet: cash, points: 1.50}}
      bath: {wallet: points, cost: 10, partner: spa, fulfil: {within: PT1H}}
"""
DUE = "2026-03-04 10:00"


def a_guest(more: str = "") -> Life:
    """Return a member with a hundred points, who takes two nights on 3 March at ten."""
    life = a_member(SHOP.replace("cost: 30,", f"cost: 30, {more},") if more else SHOP)
    life.buys(100, "2026-03-02", id="p")
    life.redeems("night", "2026-03-03 10:00", id="r", qty=2, reporter="member:ana")
    return life


def by_inn(life: Life, type_: str, at: str, **fields: Given | Sequence[object]) -> Decision:
    return life.does(type_, at, reporter="partner:inn", of="r", **fields)  # type: ignore[arg-type]


def state(decision: Decision) -> list[tuple[str, str]]:
    return [(it.state, it.reason) for it in decision.effects if isinstance(it, RedemptionEffect)]


def moved(life: Life) -> Counter[str]:
    """Return what was posted to each account and partner."""
    found: Counter[str] = Counter()
    for decision in life.town.decided:
        for posting in decision.postings:
            found[posting.source] -= posting.amount
            found[f"{posting.target} {posting.partner}".strip()] += posting.amount
    return found


def test_it_is_paid_and_set_aside_until_the_partner_says_so() -> None:
    life = a_guest()
    decision = life.town.decided[-1]

    assert RedemptionEffect(
        "r", "night", "pending", 60, 2, instant("2026-03-03 10:00"), until=instant(DUE)
    ) in (decision.effects)
    assert decision.claims == [Claim("stock", "night", 2, 5), Claim("code", "inn", 2)]
    assert life.balance("2026-03-03 11:00") == 40
    assert life.vouchers("2026-03-03 11:00") == {}
    assert life.balance("2026-03-03 11:00", "cash") == 0
    assert moved(life)["held"] == 60
    assert life.due() == DUE


def test_fulfilled_it_brings_what_it_promised_and_is_the_partners() -> None:
    life = a_guest()

    decision = by_inn(life, "redemption_fulfilled", "2026-03-03 12:00")

    assert state(decision) == [("issued", "")]
    assert life.vouchers("2026-03-04") == {"r": "issued", "r#2": "issued"}
    held = life.view("2026-03-04").vouchers()
    assert [it.codes for it in held.values()] == ["inn|0|member:ana/r", "inn|1|member:ana/r"]
    assert {it.redemption for it in held.values()} == {"r"}
    assert life.balance("2026-03-04", "cash") == 300
    assert (moved(life)["held"], moved(life)["redeemed inn"]) == (0, 60)
    assert life.due() != DUE
    assert life.waits("2026-03-05").effects == []
    assert by_inn(life, "redemption_refused", "2026-03-05", reason="late").reason == "not_pending"
    back = life.does("redemption_cancelled", "2026-03-05", of="r", reporter="member:ana")
    assert (state(back), life.balance("2026-03-05")) == ([("cancelled", "")], 100)
    assert life.balance("2026-03-05", "cash") == 0


@pytest.mark.parametrize("way", ["refused", "deadline", "cancelled"])
def test_what_comes_to_nothing_gives_back_points_stock_codes_and_the_place(way: str) -> None:
    life = a_guest()

    if way == "refused":
        decision = by_inn(life, "redemption_refused", "2026-03-04 09:59:59", reason="full house")
        expected = ("failed", "full house")
    elif way == "deadline":
        decision = life.waits(DUE)
        expected = ("failed", "deadline")
    else:
        decision = life.does("redemption_cancelled", "2026-03-04", of="r", reporter="member:ana")
        expected = ("cancelled", "")

    assert state(decision) == [expected]
    assert decision.releases == [
        Claim("stock", "night", 2),
        Claim("unseen_code", "inn|member:ana/r", 2),
    ]
    assert life.left("2026-03-05") == {"p.base": 100}
    assert life.expiries("2026-03-05") == {"p.base": "2027-03-03"}
    wallet = life.wallet("2026-03-05")
    assert (wallet.spendable, wallet.redeemed, wallet.earned) == (100, 0, 100)
    assert all(not posting.partner for posting in decision.postings)
    assert life.vouchers("2026-03-05") == {}
    assert [it for it in decision.effects if isinstance(it, VoucherEffect)] == []
    assert life.standing.due_at != instant(DUE)
    for again in ("redemption_fulfilled", "redemption_refused"):
        assert by_inn(life, again, "2026-03-05", reason="x").reason == "not_pending"
    assert life.redeems("night", "2026-03-05", qty=2).result == "accepted"


def test_the_time_counts_from_the_arrival_however_late_the_report_is() -> None:
    life = a_member(SHOP)
    life.buys(100, "2026-03-02")

    life.redeems("night", "2026-03-02 12:00", id="r", received="2026-03-10 12:00")

    assert life.due() == "2026-03-11 12:00"


def test_an_instant_before_its_end_it_can_be_fulfilled_and_then_no_more() -> None:
    for at, reason in (("2026-03-04 09:59:59", None), (DUE, "not_pending")):
        life = a_guest()

        decision = by_inn(life, "redemption_fulfilled", at)

        assert (decision.reason, life.vouchers("2026-03-05") != {}) == (reason, reason is None)
        assert life.balance("2026-03-05") == (40 if reason is None else 100)


def test_a_partner_answers_for_its_own_rewards_and_the_owner_for_all() -> None:
    life = a_guest()
    life.redeems("bath", "2026-03-03 10:00", id="r", reporter="service")

    stranger = life.does(
        "redemption_fulfilled", "2026-03-03 10:01", of="r", reporter="partner:nobody"
    )
    assert stranger.reason == "not_pending"
    spa = life.does("redemption_fulfilled", "2026-03-03 10:01", of="r", reporter="partner:spa")
    assert [it.reward for it in spa.effects if isinstance(it, RedemptionEffect)] == ["bath"]
    owner = life.does("redemption_fulfilled", "2026-03-03 10:02", of="r")
    assert [it.reward for it in owner.effects if isinstance(it, RedemptionEffect)] == ["night"]


@pytest.mark.parametrize("reason", [None, " ", "x" * 201, "two\nlines"])
def test_a_refusal_says_why(reason: str | None) -> None:
    life = a_guest()

    assert by_inn(life, "redemption_refused", "2026-03-03 12:00", reason=reason).reason == (
        "invalid_reason"
    )
    assert life.balance("2026-03-03 13:00") == 40


def test_pending_the_owner_may_cancel_what_a_member_may_not() -> None:
    life = a_guest("on_cancel: final")

    asked = life.does("redemption_cancelled", "2026-03-03 11:00", of="r", reporter="member:ana")
    assert asked.reason == "final"
    done = life.does("redemption_cancelled", "2026-03-03 11:00", of="r", of_key="member:ana/r")
    assert (done.result, life.balance("2026-03-03 12:00")) == ("accepted", 100)

    life.redeems("night", "2026-03-03 12:00", id="r2")
    life.does("redemption_fulfilled", "2026-03-03 12:01", of="r2")
    assert life.does("redemption_cancelled", "2026-03-03 12:02", of="r2").reason == "final"


def test_units_that_died_meanwhile_come_back_dead() -> None:
    life = a_member(SHOP.replace("PT24H", "P60D"))
    life.buys(100, "2025-03-15", received="2026-01-02")
    life.redeems("night", "2026-03-01", id="r")

    decision = life.waits("2026-06-01")

    found = [(it.how, it.amount) for it in decision.effects if isinstance(it, PointsEffect)]
    assert found == [("expired", -70), ("returned", 30), ("expired", -30)]
    assert life.balance("2026-06-01") == 0


def test_many_wait_in_the_order_in_which_their_time_ends() -> None:
    life = a_member(SHOP)
    life.buys(3000, "2026-03-02")
    many = 100
    for number in range(many):
        life.redeems("bath", f"2026-03-03 10:{number // 60:02d}:{number % 60:02d}", id=f"b{number}")
    shelf = life.standing.shelves["unfulfilled"]
    assert len(shelf.items) + shelf.spilled == many
    assert len(shelf.items) <= 16

    for number in (99, 0, 50, 3):  # in the head and outside it
        done = life.does("redemption_fulfilled", "2026-03-03 11:00:00", of=f"b{number}")
        assert done.reason == (None if number else "not_pending")
    decision = life.waits("2026-03-03 11:00:58")
    assert len(state(decision)) == 56
    assert life.due() == "2026-03-03 11:00:59"
    life.waits("2026-03-04")

    assert "unfulfilled" not in life.standing.shelves
    assert life.balance("2026-03-04") == 3000 - 30
    assert life.due() != "2026-03-04"


def test_what_waits_goes_with_a_merged_account() -> None:
    town = a_town(SHOP)
    ana, bob = a_member(town), a_member(town, name="bob")
    for life in (ana, bob):
        life.buys(70, "2026-03-02", id=f"p.{life.name}")
    bob.redeems("night", "2026-03-03 10:00", id="r", reporter="member:bob")
    bob.redeems("night", "2026-03-03 11:00", id="late", reporter="member:bob")
    bob.does("member_merged", "2026-03-03 12:00", into="ana")
    assert ana.balance("2026-03-03 12:00") == 80

    done = by_inn(ana, "redemption_fulfilled", "2026-03-03 13:00")

    assert state(done) == [("issued", "")]
    assert ana.vouchers("2026-03-03 14:00") == {"r": "issued"}
    assert ana.due() == "2026-03-04 11:00"
    ana.waits("2026-03-05")
    assert ana.left("2026-03-05") == {"p.ana.base": 70, "p.bob.base": 40}
    back = ana.does("redemption_cancelled", "2026-03-05", of="r", of_key="member:bob/r")
    assert state(back) == [("cancelled", "")]
    assert ana.vouchers("2026-03-05") == {"r": "void"}
    assert ana.left("2026-03-05") == {"p.ana.base": 70, "p.bob.base": 70}


def test_what_waits_for_somebody_who_is_forgotten_fails() -> None:
    life = a_guest()

    decision = life.does("member_erased", "2026-03-03 12:00")

    assert state(decision) == [("failed", "erased")]
    assert Claim("stock", "night", 2) in decision.releases
    assert (moved(life)["held"], moved(life)["expired"]) == (0, 100)
    assert life.standing.due_at is None
    assert "unfulfilled" not in life.standing.shelves


def test_the_terms_are_those_of_the_redemption_however_the_reward_changes() -> None:
    old = a_program(SHOP)
    new = a_program(SHOP.partition("rewards:")[0], version=2, begin="2026-03-03 11:00")
    life = a_member(a_town(old, new))
    life.buys(100, "2026-03-02")
    life.redeems("night", "2026-03-03 10:00", id="r")

    assert by_inn(life, "redemption_fulfilled", "2026-03-03 12:00").result == "accepted"
    assert life.vouchers("2026-03-04") == {"r": "issued"}


@pytest.mark.parametrize("answer", ["redemption_fulfilled", "redemption_refused"])
def test_what_was_taken_while_a_version_without_it_was_published_is_still_what_it_was(
    answer: str,
) -> None:
    new = a_program(SHOP.partition("rewards:")[0], version=2, begin="2026-03-03 09:59")
    life = a_guest()
    life.town.rulebook = Rulebook([a_program(SHOP), new])

    assert by_inn(life, answer, "2026-03-03 12:00", reason="full").result == "accepted"
    assert life.balance("2026-03-03 12:00") == (40 if answer == "redemption_fulfilled" else 100)


def test_a_refund_of_what_paid_for_it_takes_nothing_twice() -> None:
    life = a_guest()

    life.refunds("p", "2026-03-03 11:00", lines=[a_line("80")])
    life.waits("2026-03-05")

    wallet = life.wallet("2026-03-05")
    assert (wallet.spendable - wallet.debt, wallet.earned, wallet.redeemed) == (20, 20, 0)


def test_nobody_can_be_asked_to_fulfil_without_a_partner() -> None:
    text = "program: {id: p, wallets: {a: {}}, rewards: {r: {wallet: a, cost: 1, FULFIL}}}"

    def said(fulfil: str) -> str:
        found = load(text.replace("FULFIL", fulfil)).mistakes
        return " ".join(f"{it.message} {it.remedy}" for it in found)

    assert "Nobody is there to fulfil" in said("fulfil: {within: PT24H}")
    assert "a minute at least" in said("fulfil: {within: P91D}, partner: x")
    assert "a minute at least" in said("fulfil: {within: PT0H}, partner: x")
    assert "`within` is missing" in said("fulfil: {}, partner: x")
    assert "not a length of time" in said("fulfil: {within: P}, partner: x")


@pytest.mark.parametrize("ends", ["deadline", "erased"])
def test_many_that_fail_together_are_asked_for_together(ends: str) -> None:
    """Whatever is asked for lets everything be decided anew."""
    town = Patient(
        a_program("""
        wallets: {points: {}}
        partners: {inn: {}}
        rewards: {night: {wallet: points, cost: 1, partner: inn, fulfil: {within: PT24H}}}
        """)
    )
    life = a_member(town)
    for number in range(150):
        life.does("adjustment", "2026-03-02", wallet="points", points=1)
        life.redeems("night", "2026-03-03", id=f"r{number}")
    assert life.balance("2026-03-03") == 0

    town.asked = 0
    ended = (
        life.waits("2026-03-05")
        if ends == "deadline"
        else life.does("member_erased", "2026-03-03 01:00")
    )

    assert town.asked <= 15
    assert len(state(ended)) == 150
    assert set(state(ended)) == {("failed", ends)}
