"""Rewards: what they cost, in which order a redemption or a cancellation is refused, and stock."""

import pytest

from builders import Given, Life, a_member, a_program, a_town, instant
from guerdon.core.decision import Claim, RedemptionEffect
from guerdon.core.rewards import QUANTITY_MAX, VOUCHERS_MAX


def rich(reward: str, points: int = 100, more: str = "") -> Life:
    """Return a member with points and a program with one reward, called mug."""
    life = a_member(f"""
        wallets: {{points: {{}}}}
        rewards: {{mug: {{wallet: points, {reward}}}}}
        {more}
        """)
    if points:
        life.does("adjustment", "2026-03-01", id="gift", wallet="points", points=points)
    return life


def reason(life: Life, at: str = "2026-03-02", **fields: Given) -> str | None:
    decision = life.redeems("mug", at, **fields)
    return decision.reason if decision.result == "rejected" else None


class TestCost:
    def test_a_redemption_takes_its_cost(self) -> None:
        life = rich("cost: 30")

        decision = life.redeems("mug", "2026-03-02", id="r")

        assert decision.result == "accepted"
        assert RedemptionEffect("r", "mug", "issued", 30, 1, instant("2026-03-02")) in (
            decision.effects
        )
        wallet = life.wallet("2026-03-02")
        assert (wallet.spendable, wallet.redeemed, wallet.earned) == (70, 30, 100)

    def test_a_perk_may_cost_nothing(self) -> None:
        life = rich("cost: 0, per_member: {times: 1}, voucher: {valid: P1D}", points=0)

        assert reason(life, id="r") is None
        assert life.vouchers("2026-03-02") == {"r": "issued"}
        assert reason(life) == "limit"

    def test_any_value_may_be_priced_in_parts_of_a_cent(self) -> None:
        # The cost is the value times points by value, and rounded up to the scale of the wallet.
        life = rich("any: {points: 1, value: 0.005}")
        life.redeems("mug", "2026-03-02", value="0.25")
        assert life.balance("2026-03-03") == 50

        life = rich("any: {points: 0.7, value: 0.01}")
        life.redeems("mug", "2026-03-02", value="0.11")
        assert life.balance("2026-03-03") == 92  # 7.7

    def test_a_value_with_more_digits_than_money_counts_as_it_is_named(self) -> None:
        life = rich("any: {points: 1000, value: 1.00}")

        life.redeems("mug", "2026-03-02", value="0.001")

        assert life.balance("2026-03-02") == 99

    def test_a_quantity_multiplies_it(self) -> None:
        life = rich("cost: 30")

        life.redeems("mug", "2026-03-02", qty=3)

        assert life.balance("2026-03-02") == 10

    @pytest.mark.parametrize("quantity", [0, -1, "1.5", "many"])
    def test_a_quantity_that_is_no_count_is_refused(self, quantity: Given) -> None:
        assert reason(rich("cost: 30"), qty=quantity) == "invalid_quantity"

    @pytest.mark.parametrize(
        ("reward", "most"), [("voucher: {}", VOUCHERS_MAX), ("stock: 1000000000", QUANTITY_MAX)]
    )
    def test_a_quantity_has_an_end_that_depends_on_what_it_brings(
        self, reward: str, most: int
    ) -> None:
        life = rich(f"cost: 0, {reward}")

        assert reason(life, qty=most + 1) == "invalid_quantity"
        assert reason(life, qty=10**30) == "invalid_quantity"
        assert reason(life, qty=most) is None

    @pytest.mark.parametrize(
        ("value", "left"), [("10.00", 50), ("10.01", 49), ("0.01", 99), ("0.001", 99)]
    )
    def test_a_named_value_costs_its_share_rounded_up(self, value: str, left: int) -> None:
        life = rich("any: {points: 50, value: 10.00}")

        life.redeems("mug", "2026-03-02", value=value)

        assert life.balance("2026-03-02") == left

    @pytest.mark.parametrize("value", [None, 0, -5, "all"])
    def test_a_value_that_is_none_is_refused(self, value: Given) -> None:
        assert reason(rich("any: {points: 50, value: 10.00}"), value=value) == "invalid_value"

    def test_an_unknown_reward_is_refused(self) -> None:
        life = rich("cost: 30")

        assert life.redeems("moon", "2026-03-02").reason == "unknown_reward"


class TestRefusals:
    ALL = "cost: 30, stock: 1, when: {member.club: gold}, per_member: {times: 1, per: month}"

    def test_they_come_in_a_fixed_order(self) -> None:
        """not_eligible, limit, out_of_stock, insufficient_points."""
        town = a_town(f"""
            wallets: {{points: {{}}}}
            rewards: {{mug: {{wallet: points, {self.ALL}}}}}
            """)
        ana, bob = a_member(town, club="gold"), a_member(town, name="bob")
        ana.does("adjustment", "2026-03-01", wallet="points", points=30)
        assert reason(ana) is None  # the last one, the only one a month, and all she had

        assert reason(bob) == "not_eligible"
        assert reason(ana) == "limit"
        bob.does("member_updated", "2026-03-03", attrs__club="gold")
        assert reason(bob, "2026-03-04") == "out_of_stock"

        town.used.clear()  # somebody fills the shelf
        assert reason(bob, "2026-03-05") == "insufficient_points"

    def test_the_loser_of_the_last_item_loses_nothing(self) -> None:
        """S16."""
        town = a_town("""
            wallets: {points: {}}
            rewards: {mug: {wallet: points, cost: 30, stock: 1}}
            """)
        ana, bob = a_member(town), a_member(town, name="bob")
        for life in (ana, bob):
            life.does("adjustment", "2026-03-01", wallet="points", points=30)

        assert reason(ana) is None
        assert reason(bob) == "out_of_stock"
        assert bob.balance("2026-03-02") == 30

    def test_stock_is_reserved_only_for_who_can_pay(self) -> None:
        life = rich("cost: 30, stock: 5", points=0)

        decision = life.redeems("mug", "2026-03-02", qty=2)

        assert decision.reason == "insufficient_points"
        assert decision.claims == []
        life.does("adjustment", "2026-03-03", wallet="points", points=60)
        assert life.redeems("mug", "2026-03-04", qty=2).claims == [Claim("stock", "mug", 2, 5)]

    def test_fewer_than_asked_for_are_out_of_stock(self) -> None:
        assert reason(rich("cost: 1, stock: 2"), qty=3) == "out_of_stock"

    @pytest.mark.parametrize(
        ("per", "again"), [("day", "2026-03-03"), ("month", "2026-04-01"), ("year", "2027-01-01")]
    )
    def test_a_limit_per_member_goes_by_the_redemptions_own_time(
        self, per: str, again: str
    ) -> None:
        life = rich(f"cost: 1, per_member: {{times: 2, per: {per}}}")

        assert reason(life, qty=2) is None
        assert reason(life, "2026-03-02 23:59:59") == "limit"
        assert reason(life, again) is None
        assert reason(life, "2026-03-02", received=again) == "limit"

    def test_a_condition_may_ask_tier_and_plan_of_that_time(self) -> None:
        life = rich(
            'cost: 1, when: {plan.plus: "true", status: gold}',
            more="""plans: {plus: {period: P1M}}
        counters: {visits: {activity: visit}}
        ladders:
          status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}""",
        )
        assert reason(life) == "not_eligible"
        life.does("plan_purchased", "2026-03-03", plan="plus")
        assert reason(life, "2026-03-04") == "not_eligible"
        life.does("visit", "2026-03-05")

        assert reason(life, "2026-03-05") is None

    def test_a_rejected_redemption_counts_for_nothing(self) -> None:
        """S15."""
        life = rich(
            "cost: 300",
            more="""counters: {tries: {activity: redemption}}""",
        )
        reason(life)

        assert life.counter("2026-03-03", "tries") == 0
        assert "redemption" not in life.standing.counts


class TestCancelling:
    def cancel(self, life: Life, at: str = "2026-03-05", of: str = "r") -> str | None:
        decision = life.does("redemption_cancelled", at, of=of)
        return decision.reason if decision.result == "rejected" else None

    def test_units_come_back_into_the_same_lots_with_their_old_dates(self) -> None:
        """S17."""
        life = rich("cost: 30, stock: 3")
        life.redeems("mug", "2026-03-02", id="r", qty=2)

        decision = life.does("redemption_cancelled", "2026-03-05", of="r")

        assert life.left("2026-03-05") == {"gift.adjustment": 100}
        wallet = life.wallet("2026-03-05")
        assert (wallet.spendable, wallet.redeemed, wallet.earned) == (100, 0, 100)
        assert decision.releases == [Claim("stock", "mug", 2)]
        assert RedemptionEffect("r", "mug", "cancelled", 60, 2, instant("2026-03-05")) in (
            decision.effects
        )

    def test_what_was_never_redeemed_or_is_cancelled_already_is_refused(self) -> None:
        life = rich("cost: 30")
        life.redeems("mug", "2026-03-02", id="r")
        life.buys(5, "2026-03-02", id="p")

        assert self.cancel(life, of="nothing") == "not_redeemed"
        assert self.cancel(life, of="p") == "not_redeemed"
        assert self.cancel(life) is None
        assert self.cancel(life) == "not_redeemed"

    def test_somebody_elses_redemption_is_none_of_mine(self) -> None:
        life = rich("cost: 30")
        bob = a_member(life.town, name="bob")
        life.redeems("mug", "2026-03-02", id="r")

        assert self.cancel(bob) == "not_redeemed"
        assert life.balance("2026-03-05") == 70

    def test_refusals_come_in_a_fixed_order(self) -> None:
        """voucher_used, final, cancel_window."""
        life = rich("cost: 10, voucher: {valid: P30D}, on_cancel: final, cancel_within: P2D")
        life.redeems("mug", "2026-03-02", id="r")
        life.redeems("mug", "2026-03-02", id="used")
        life.does("voucher_used", "2026-03-03", voucher="used")

        assert self.cancel(life, "2026-03-20", "used") == "voucher_used"
        assert self.cancel(life, "2026-03-20") == "final"

    def test_the_window_is_open_through_its_last_business_day(self) -> None:
        life = rich("cost: 10, cancel_within: P2D")
        life.redeems("mug", "2026-03-02 15:00", id="r1")
        life.redeems("mug", "2026-03-02 15:00", id="r2")

        assert self.cancel(life, "2026-03-04 23:59:59", "r1") is None
        assert self.cancel(life, "2026-03-05", "r2") == "cancel_window"

    def test_a_cancellation_makes_its_vouchers_void_and_frees_its_place(self) -> None:
        life = rich("cost: 10, voucher: {valid: P30D}, per_member: {times: 2, per: year}")
        life.redeems("mug", "2026-03-02", id="r", qty=2)
        assert life.vouchers("2026-03-02") == {"r": "issued", "r#2": "issued"}
        assert reason(life) == "limit"

        assert self.cancel(life) is None

        assert life.vouchers("2026-03-05") == {"r": "void", "r#2": "void"}
        assert reason(life, "2026-03-06", id="again") is None

    def test_one_used_voucher_of_several_forbids_it(self) -> None:
        life = rich("cost: 10, voucher: {valid: P30D}")
        life.redeems("mug", "2026-03-02", id="r", qty=2)
        life.does("visit", "2026-03-03", vouchers=["r#2"])

        assert self.cancel(life) == "voucher_used"

    def test_the_terms_are_those_of_the_version_in_force_at_the_redemption(self) -> None:
        old = """
            wallets: {points: {}}
            rewards: {mug: {wallet: points, cost: 10}}
            """
        new = a_program(
            old.replace("cost: 10", "cost: 99, on_cancel: final"), version=2, begin="2026-03-04"
        )
        life = a_member(a_town(a_program(old), new))
        life.does("adjustment", "2026-03-01", wallet="points", points=10)
        life.redeems("mug", "2026-03-02", id="r")

        assert self.cancel(life) is None
        assert life.balance("2026-03-05") == 10

    def test_a_reward_that_is_gone_can_still_be_cancelled(self) -> None:
        old = "wallets: {points: {}}\nrewards: {mug: {wallet: points, cost: 10}}"
        new = a_program("wallets: {points: {}}", version=2, begin="2026-03-04")
        life = a_member(a_town(a_program(old), new))
        life.does("adjustment", "2026-03-01", wallet="points", points=10)
        life.redeems("mug", "2026-03-02", id="r")
        assert life.redeems("mug", "2026-03-04").reason == "unknown_reward"

        assert self.cancel(life) is None
        assert life.balance("2026-03-05") == 10


def test_what_a_partner_honours_is_posted_with_its_name() -> None:
    life = a_member("""
        wallets: {points: {}}
        partners: {cafe: {is_paid_per_point: 0.01}}
        rewards:
          latte: {wallet: points, cost: 10, partner: cafe}
          tea: {wallet: points, cost: 10}
        """)
    life.does("adjustment", "2026-03-01", wallet="points", points=30)

    by_reward = life.redeems("latte", "2026-03-02", id="r")
    by_reporter = life.redeems("tea", "2026-03-02", partner="cafe")
    back = life.does("redemption_cancelled", "2026-03-03", of="r")

    assert [posting.partner for posting in by_reward.postings] == ["cafe"]
    assert [posting.partner for posting in by_reporter.postings] == ["cafe"]
    assert [(p.source, p.target, p.partner) for p in back.postings] == [
        ("redeemed", "spendable", "cafe")
    ]


def test_each_item_of_a_redemption_takes_one_code_and_a_cancelled_one_is_nobody_elses() -> None:
    life = rich("cost: 10, voucher: {valid: P30D, codes: partner}")

    decision = life.redeems("mug", "2026-03-02", id="r", qty=2)
    assert Claim("code", "partner", 2) in decision.claims
    decision = life.does("redemption_cancelled", "2026-03-03", of="r")
    assert decision.releases == [Claim("code", "partner|service/r", 2)]


@pytest.mark.parametrize(("stock", "freed"), [(", stock: 3", 2), ("", 0)])
def test_a_redemption_of_before_claims_were_kept_frees_the_stock_it_took(
    stock: str, freed: int
) -> None:
    life = rich(f"cost: 30{stock}")
    life.redeems("mug", "2026-03-02", id="r", qty=2)
    del life.town.records["service/r"]["claims"]

    decision = life.does("redemption_cancelled", "2026-03-05", of="r")

    assert decision.result == "accepted"
    assert sum(claim.amount for claim in decision.releases) == freed
    assert all(claim.key == "mug" for claim in decision.releases)
