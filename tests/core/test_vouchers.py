"""Vouchers: how long they are valid, by whom they are named, and what using them means."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from builders import Town, a_member, a_program, a_town, instant, shown
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Given as Answers
from guerdon.core.rewards import VOUCHERS_MAX
from guerdon.core.vouchers import Voucher, held, voucher_of

T = TypeVar("T")

PROGRAM = """
    wallets: {points: {}}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
    rewards:
      treat: {wallet: points, cost: 1, voucher: {valid: P6D}}
      ever: {wallet: points, cost: 1, voucher: {}}
    """


def test_a_voucher_is_valid_through_its_last_day() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("treat", "2026-03-02 18:00", id="r")

    assert life.vouchers("2026-03-08 23:59:59") == {"r": "issued"}
    assert life.vouchers("2026-03-09") == {"r": "expired"}


def test_a_voucher_without_a_period_does_not_expire() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("ever", "2026-03-02", id="r")

    assert life.vouchers("2036-03-02") == {"r": "issued"}


def test_a_purchase_uses_the_vouchers_it_names() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("ever", "2026-03-02", id="r", qty=3)

    assert life.buys(5, "2026-03-03", vouchers=["r", "r#3"]).result == "accepted"
    assert life.vouchers("2026-03-03") == {"r": "used", "r#2": "issued", "r#3": "used"}

    assert life.buys(5, "2026-03-04", vouchers="r#2").result == "accepted"
    assert life.vouchers("2026-03-04")["r#2"] == "used"


def test_a_purchase_with_a_voucher_that_cannot_be_used_counts_for_nothing() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("treat", "2026-03-02", id="r", qty=2)
    life.does("voucher_used", "2026-03-03", voucher="r")

    for names in (["r"], ["unknown"], ["r#2", "r#2"]):
        decision = life.buys(5, "2026-03-04", vouchers=names)
        assert (decision.result, decision.reason) == ("rejected", "voucher_used")
    assert life.buys(5, "2026-03-09", vouchers=["r#2"]).reason == "voucher_used"  # expired
    assert life.balance("2026-03-09") == 3


def test_a_voucher_may_be_used_by_itself_once() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("ever", "2026-03-02", id="r")

    assert life.does("voucher_used", "2026-03-03", voucher="r").result == "accepted"
    assert life.does("voucher_used", "2026-03-04", voucher="r").reason == "voucher_used"
    assert life.does("voucher_used", "2026-03-04", voucher="x").reason == "voucher_used"


def test_a_used_voucher_is_forfeited_when_the_goods_go_back() -> None:
    """S18."""
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("ever", "2026-03-02", id="r")
    life.buys(5, "2026-03-03", id="p", vouchers=["r"])

    life.refunds("p", "2026-03-04")

    assert life.vouchers("2026-03-04") == {"r": "used"}


BY_TIER = """
    counters: {visits: {activity: visit}}
    ladders:
      status:
        counter: visits
        tiers: [{id: basic, at: 0}, {id: silver, at: 1}, {id: gold, at: 2}]
        keep: {}
    missions:
      m1: {activity: one, goal: 1,
           grant: [{voucher: treat, valid: {basic: P0D, gold: P6D}, ladder: status}]}
    """


@pytest.mark.parametrize(("visits", "until"), [(0, "2026-03-11"), (1, None), (2, "2026-03-17")])
def test_a_granted_vouchers_validity_may_go_by_tier(visits: int, until: str | None) -> None:
    life = a_member(BY_TIER)
    for _ in range(visits):
        life.does("visit", "2026-03-02")

    life.does("one", "2026-03-10")

    found = life.view("2026-03-10").vouchers()
    assert {name: shown(voucher.until) for name, voucher in found.items()} == (
        {} if until is None else {"mission:m1": until}
    )


def test_a_voucher_is_read_however_a_database_kept_it() -> None:
    voucher = Voucher("treat", "issued", None, 0, "r", "CODE")  # type: ignore[arg-type]

    assert voucher_of(voucher) is voucher
    assert voucher_of(list(voucher)) == voucher


def test_a_voucher_that_an_account_never_had_is_called_nothing_there() -> None:
    life = a_member("""
        wallets: {points: {}}
        rewards: {mug: {wallet: points, cost: 1, voucher: {valid: P30D}}}
        """)
    life.does("adjustment", "2026-03-02", wallet="points", points=1)
    life.redeems("mug", "2026-03-03", id="r")
    now = instant("2026-03-04")

    def called(member: str, *names: str) -> list[str]:
        rulebook, standing = life.town.rulebook, life.standing
        return life.town.answering(
            "ana",
            lambda given: held(
                Deciding(rulebook, standing, now=now, given=given), member, "r", names
            ),
        )

    assert called("ana", "r", "r#2") == ["r"]
    assert called("ana", "r#2") == []
    assert called("bob", "r") == []


class Patient(Town):
    """A town that counts how often it is asked anew."""

    asked = 0

    def answering(self, member: str, ask: Callable[[Answers], T]) -> T:
        def counted(given: Answers) -> T:
            self.asked += 1
            return ask(given)

        return super().answering(member, counted)


def test_many_vouchers_at_once_are_made_and_taken_back_in_few_questions() -> None:
    town = Patient(
        a_program("""
        wallets: {points: {}}
        rewards: {treat: {wallet: points, cost: 0, voucher: {valid: P30D}}}
        """)
    )
    life = a_member(town)
    life.redeems("treat", "2026-03-02", id="few", qty=80)

    town.asked = 0
    life.redeems("treat", "2026-03-02", id="many", qty=VOUCHERS_MAX)
    assert town.asked <= 3, "each time all is decided anew"
    assert len(life.vouchers("2026-03-02")) == 80 + VOUCHERS_MAX

    town.asked = 0
    cancelled = life.does("redemption_cancelled", "2026-03-02", of="many")
    assert town.asked <= 5
    assert cancelled.result == "accepted"
    assert list(life.vouchers("2026-03-02").values()).count("void") == VOUCHERS_MAX


@pytest.mark.parametrize(
    ("reporter", "reason"),
    [("partner:cafe", None), ("partner:deli", "voucher_used"), ("service", None)],
)
def test_a_partner_uses_what_its_own_rewards_brought_and_nothing_else(
    reporter: str, reason: str | None
) -> None:
    life = a_member("""
        wallets: {points: {}}
        partners: {cafe: {}, deli: {}}
        rewards: {tea: {wallet: points, cost: 1, partner: cafe, voucher: {valid: P30D}}}
        """)
    life.does("adjustment", "2026-03-01", wallet="points", points=9)
    life.redeems("tea", "2026-03-02", id="r1")
    life.redeems("tea", "2026-03-02", id="r2")

    used = life.does("voucher_used", "2026-03-03", voucher="r1", reporter=reporter)
    bought = life.buys(5, "2026-03-03", vouchers=["r2"], reporter=reporter)

    assert (used.reason, bought.reason) == (reason, reason)


@pytest.mark.parametrize("id_", ["r#late", "#1001", "r#2", "r#2#2", "mission:m1", "r#"])
def test_a_redemption_is_cancelled_with_its_vouchers_whatever_its_id(id_: str) -> None:
    """Else a member would take a reward, show its voucher, and have the units back."""
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("ever", "2026-03-02", id=id_, qty=2)
    life.redeems("ever", "2026-03-02", id="other")

    life.does("redemption_cancelled", "2026-03-03", of=id_)

    states = life.vouchers("2026-03-03")
    assert sorted(states.values()) == ["issued", "void", "void"]
    assert states["other"] == "issued"


def test_a_redemption_whose_voucher_was_used_is_not_cancelled_whatever_its_id() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-03-01")
    life.redeems("ever", "2026-03-02", id="r#late")
    life.does("voucher_used", "2026-03-03", voucher="r#late")

    assert life.does("redemption_cancelled", "2026-03-04", of="r#late").reason == "voucher_used"
    assert life.balance("2026-03-04") == 4


@pytest.mark.parametrize("id_", ["r#late", "#1001", "r#2", "r"])
def test_so_it_is_after_a_merger_with_somebody_whose_vouchers_are_called_the_same(id_: str) -> None:
    town = a_town(PROGRAM)
    ana, ben = a_member(town), a_member(town, name="ben")
    for life in (ana, ben):
        life.buys(5, "2026-03-01")
        life.redeems("ever", "2026-03-02", id=id_, qty=2, reporter=f"member:{life.name}")

    ben.does("member_merged", "2026-03-03", into="ana")
    ana.does("redemption_cancelled", "2026-03-04", of=id_, reporter="member:ben")

    states = ana.vouchers("2026-03-04")
    assert sorted(states.values()) == ["issued", "issued", "void", "void"]
    ana.does("redemption_cancelled", "2026-03-04", of=id_, reporter="member:ana")
    assert set(ana.vouchers("2026-03-04").values()) == {"void"}


def test_a_mission_that_is_taken_back_takes_no_voucher_that_a_redemption_brought() -> None:
    life = a_member("""
        wallets: {points: {}}
        rewards: {mug: {wallet: points, cost: 1, voucher: {valid: P30D}}}
        missions: {m1: {activity: purchase, goal: 1, reverse: true, grant: [{voucher: mug}]}}
        """)
    life.does("adjustment", "2026-03-02", wallet="points", points=1)
    life.redeems("mug", "2026-03-03", id="mission:m1")
    life.buys(5, "2026-03-03", id="p")

    life.refunds("p", "2026-03-04")

    assert life.vouchers("2026-03-04") == {"mission:m1": "issued", "mission:m1#2": "void"}
