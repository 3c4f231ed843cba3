"""Undoing: refunds by line and amount, voids, store credit, and what is refused."""

import pytest

from builders import Given, Life, a_line, a_member, a_program, a_town

BASIC = """
    wallets: {points: {}, credit: {scale: 2}, coins: {}}
    rules: [{id: base, activity: [purchase, flight], wallet: points, give: {rate: 1}}]
    """


def shopper() -> Life:
    return a_member(BASIC)


def reason(life: Life, of: str = "p", **fields: object) -> str | None:
    decision = life.refunds(of, "2026-03-05", **fields)  # type: ignore[arg-type]
    return decision.reason if decision.result == "rejected" else None


class TestWhatIsReduced:
    LINES = (a_line(10, sku="a", size="L"), a_line(20, sku="b"), a_line(5, sku="a", size="S"))

    def bought(self) -> Life:
        life = shopper()
        life.does("purchase", "2026-03-02", id="p", lines=self.LINES)
        return life

    def test_a_refund_of_nothing_named_is_of_everything(self) -> None:
        life = self.bought()

        assert reason(life) is None
        assert life.balance("2026-03-05") == 0

    def test_a_line_is_found_by_the_fields_that_the_refund_names(self) -> None:
        life = self.bought()

        assert reason(life, lines=[a_line(5, sku="a", size="S")]) is None
        assert life.balance("2026-03-05") == 30

    def test_a_refund_may_reach_over_all_lines_that_match(self) -> None:
        life = self.bought()

        assert reason(life, lines=[a_line(12, sku="a")]) is None
        assert life.balance("2026-03-05") == 23
        assert reason(life, lines=[a_line(4, sku="a")]) == "refund_exceeds"
        assert reason(life, lines=[a_line(3, sku="a")]) is None

    @pytest.mark.parametrize(
        "lines",
        [
            [a_line("20.01", sku="b")],
            [a_line(1, sku="c")],
            [a_line(20, sku="b"), a_line(1, sku="b")],
        ],
    )
    def test_more_than_is_left_is_refused_and_changes_nothing(self, lines: list[object]) -> None:
        life = self.bought()

        assert reason(life, lines=lines) == "refund_exceeds"
        assert life.balance("2026-03-05") == 35

    def test_an_amount_reduces_the_first_line(self) -> None:
        life = self.bought()

        assert reason(life, amount=10) is None
        assert life.balance("2026-03-05") == 25
        assert reason(life, amount=1) == "refund_exceeds"

    def test_an_amount_of_an_amount_is_a_part_of_it(self) -> None:
        life = shopper()
        life.buys("50.00", "2026-03-02", id="p", category="toys")

        assert reason(life, amount="49.99") is None
        assert life.balance("2026-03-05") == 0
        assert reason(life, amount="0.02") == "refund_exceeds"
        assert reason(life) is None
        assert reason(life) == "refund_exceeds"

    def test_a_purchase_of_nothing_can_go_back_once(self) -> None:
        life = shopper()
        life.does("purchase", "2026-03-02", id="p", lines=[a_line(0, sku="free")])

        assert reason(life) is None
        assert reason(life) == "refund_exceeds"


class TestRefusals:
    def test_what_is_unknown_cannot_be_refunded(self) -> None:
        life = shopper()
        life.does("adjustment", "2026-03-02", id="x", wallet="points", points=5)
        life.refunds("x", "2026-03-03", id="r")

        assert reason(life, "nothing") == "unknown_original"
        assert reason(life, "x") == "unknown_original"
        assert reason(life, "r") == "unknown_original"

    def test_what_is_of_another_member_is_unknown(self) -> None:
        life = shopper()
        bob = a_member(life.town, name="bob")
        life.buys(10, "2026-03-02", id="p")

        assert reason(bob) == "unknown_original"
        assert bob.does("ineligible", "2026-03-05", of="p").reason == "unknown_original"
        assert bob.does("confirmation", "2026-03-05", of="p").reason == "unknown_original"
        assert life.balance("2026-03-05") == 10

    def test_a_rejected_activity_is_unknown(self) -> None:
        life = a_member(f"""{BASIC}
    accept: [{{activity: purchase, when: {{shop: ours}}, reason: other_shop}}]
    """)
        life.buys(10, "2026-03-02", id="p", shop="theirs")

        assert reason(life) == "unknown_original"

    def test_an_original_may_be_named_with_its_reporter(self) -> None:
        life = shopper()
        life.buys(10, "2026-03-02", id="p", reporter="partner:cafe")

        assert reason(life) == "unknown_original"
        assert life.refunds("p", "2026-03-05", of_key="partner:cafe/p").result == "accepted"
        assert life.balance("2026-03-05") == 0


class TestVoids:
    def test_a_void_is_as_if_it_had_never_happened(self) -> None:
        life = shopper()
        life.buys(10, "2026-03-02", id="p")
        life.buys(5, "2026-03-03")

        assert life.does("ineligible", "2026-03-04", of="p").result == "accepted"

        assert life.balance("2026-03-04") == 5
        assert life.standing.counts["purchase"] == 1

    def test_what_is_void_cannot_be_voided_or_refunded_again(self) -> None:
        life = shopper()
        life.buys(10, "2026-03-02", id="p")
        life.does("ineligible", "2026-03-04", of="p")

        assert life.does("ineligible", "2026-03-04", of="p").reason == "unknown_original"
        assert reason(life) == "refund_exceeds"

    def test_a_refunded_activity_may_still_be_voided(self) -> None:
        life = a_member(f"{BASIC}\n    counters: {{orders: {{activity: [purchase, flight]}}}}")
        life.buys(10, "2026-03-02", id="p")
        life.does("flight", "2026-03-02", id="f")
        life.refunds("p", "2026-03-03", amount=4)
        life.refunds("f", "2026-03-03")
        assert life.counter("2026-03-03", "orders") == 1

        for each in ("p", "f"):
            assert life.does("ineligible", "2026-03-04", of=each).result == "accepted"

        assert life.balance("2026-03-04") == 0
        assert life.counter("2026-03-04", "orders") == 0

    def test_a_voided_enrollment_takes_its_welcome_back(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: hi, activity: enrollment, wallet: points, give: {fixed: 9}}]
            """)

        life.does("ineligible", "2026-03-04", of="ana.enrolled")

        assert life.balance("2026-03-04") == 0

    def test_what_was_spent_stays_spent(self) -> None:
        life = a_member(f"{BASIC}\n    rewards: {{mug: {{wallet: points, cost: 10}}}}")
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")

        life.does("ineligible", "2026-03-04", of="p")

        wallet = life.wallet("2026-03-04")
        assert (wallet.redeemed, wallet.debt) == (10, 10)


class TestStoreCredit:
    @pytest.mark.parametrize(("wallet", "units"), [("credit", 1234), ("coins", 12)])
    def test_a_refund_may_be_paid_in_units_that_never_expire(self, wallet: str, units: int) -> None:
        life = shopper()
        life.buys(20, "2026-03-02", id="p")

        life.refunds("p", "2026-03-05", id="back", amount="12.34", **{"as": wallet})

        assert life.left("2026-03-05", wallet) == {"back.refund": units}
        assert life.expiries("2026-03-05", wallet) == {"back.refund": None}
        assert life.balance("2026-03-05") == 7


class TestPointsThatARefundBrings:
    """A condition may hold only once something went back."""

    SMALL = """
        wallets: {points: {}}
        rules: [{id: small, activity: purchase, when: {net: {lt: 50}}, wallet: points,
                 give: {rate: 1}}]
        """

    def test_they_are_granted_and_taken_back_again(self) -> None:
        life = a_member(self.SMALL)
        life.buys(60, "2026-03-02", id="p")
        assert life.balance("2026-03-02") == 0

        life.refunds("p", "2026-03-03", amount=15)
        assert life.left("2026-03-03") == {"p.small": 45}
        life.refunds("p", "2026-03-04", amount=5)
        assert life.balance("2026-03-04") == 40
        life.refunds("p", "2026-03-05")
        assert life.balance("2026-03-05") == 0

    def test_lots_of_several_refunds_are_taken_newest_first(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: odd, activity: purchase, wallet: points,
                     give: {bands: [[20.00, 30], [40.00, 20]], above: 10}}]
            """)
        life.buys(60, "2026-03-02", id="p")
        life.refunds("p", "2026-03-03", amount=20)
        life.refunds("p", "2026-03-04", amount=20)
        assert [lot.left for lot in life.lots("2026-03-04")] == [10, 10, 10]

        life.does("ineligible", "2026-03-05", of="p")

        assert life.wallet("2026-03-05").earned == 0

    def test_a_limit_is_not_decided_again(self) -> None:
        life = a_member(
            self.SMALL.replace("give: {rate: 1}", "give: {rate: 1}, limit: {times: 1, per: day}")
        )
        life.buys(60, "2026-03-02", id="p")

        life.refunds("p", "2026-03-03", amount=15)

        assert life.balance("2026-03-03") == 0

    def test_a_referrer_gets_them_too(self) -> None:
        town = a_town(self.SMALL.replace("give: {rate: 1}", "give: {rate: 1}, to: referrer"))
        ana = a_member(town)
        bob, cid = a_member(town, name="bob", referrer="ana"), a_member(town, name="cid")
        for life in (bob, cid):
            life.buys(60, "2026-03-02", id=f"p.{life.name}")
            life.refunds(f"p.{life.name}", "2026-03-03", amount=15)
            assert life.balance("2026-03-03") == 0
        assert ana.left("2026-03-03") == {"p.bob.small": 45}

        cid.refunds("p.cid", "2026-03-04", amount=5)
        bob.refunds("p.bob", "2026-03-04", amount=5)
        assert ana.balance("2026-03-04") == 40

    def test_a_running_total_may_rise_by_a_refund(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: steps, activity: purchase, when: {net: {lt: 50}}, wallet: points,
                     give: {step: 10.00, points: 1, remainder: carry}}]
            """)
        life.buys(60, "2026-03-02", id="p")
        life.refunds("p", "2026-03-03", amount=15)
        assert life.balance("2026-03-03") == 4

        life.refunds("p", "2026-03-04", amount=15)
        assert life.left("2026-03-04") == {"p.steps": 3}
        life.refunds("p", "2026-03-05")
        assert life.balance("2026-03-05") == 0


class TestBook:
    BOOK = f"""{BASIC}
    book: {{value: {{points: 0.01}}, redemption_rate: 0.9, method: ifrs15, point_value: 0.01}}
    """

    def test_goods_that_come_back_leave_the_book_and_what_is_left_enters_it(self) -> None:
        life = a_member(self.BOOK)
        bought = life.buys(100, "2026-03-02", id="p")
        part = life.refunds("p", "2026-03-03", amount=40)
        rest = life.does("ineligible", "2026-03-04", of="p")

        assert [sale.kind for sale in bought.sales] == ["sale"]
        assert [(sale.kind, sale.figures["net"]) for sale in part.sales] == [
            ("return", 10_000),
            ("sale", 6_000),
        ]
        assert [(sale.kind, sale.figures["net"]) for sale in rest.sales] == [("return", 6_000)]

    def test_an_estimate_is_entered_as_it_stands(self) -> None:
        life = a_member(self.BOOK)

        (entered,) = life.does("estimate", "2026-03-02", redemption_rate="0.850").sales

        assert entered.kind == "estimate"
        assert entered.figures["redemption_rate"] == "0.85"

    @pytest.mark.parametrize("rate", [None, "most", "1.01", -1])
    def test_an_estimate_that_is_no_share_is_refused(self, rate: Given) -> None:
        decision = a_member(self.BOOK).does("estimate", "2026-03-02", redemption_rate=rate)

        assert (decision.result, decision.reason) == ("rejected", "invalid_rate")


def test_a_refund_is_rated_by_the_rules_of_the_original_and_counted_by_those_of_now() -> None:
    old = a_program("""
        wallets: {points: {}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 2}}]
        counters: {spend: {activity: purchase, sum: net}}
        """)
    new = a_program(
        """
        wallets: {points: {}}
        counters: {spend: {activity: purchase, sum: net}}
        """,
        version=2,
        begin="2026-03-04",
    )
    life = a_member(a_town(old, new))
    life.buys(10, "2026-03-02", id="p")

    life.refunds("p", "2026-03-05", amount=4)

    assert life.balance("2026-03-05") == 12
    assert life.counter("2026-03-05", "spend") == 600
