"""Units that change hands, and corrections by an operator."""

import pytest

from builders import Given, Life, Town, a_member, a_town, shown
from guerdon.core.decision import PointsEffect

PROGRAM = """
    wallets:
      points: {expiry: {mode: after, period: P12M}}
      stars: {expiry: {mode: after, period: P12M}, transfer_to: gifts}
      gifts: {expiry: {mode: after, period: P1M}}
      cash: {scale: 2, debt: write_off}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: star, activity: purchase, wallet: stars, give: {rate: 1}}
    counters:
      earned: {sum: "points:points"}
      gifted: {sum: "points:gifts"}
    """


@pytest.fixture
def town() -> Town:
    return a_town(PROGRAM)


@pytest.fixture
def ana(town: Town) -> Life:
    life = a_member(town)
    life.buys(10, "2026-03-02", id="p1")
    life.buys(10, "2026-03-10", id="p2")
    return life


@pytest.fixture
def bob(town: Town) -> Life:
    return a_member(town, name="bob")


def send(life: Life, points: Given, to: str = "bob", wallet: str = "points") -> str | None:
    decision = life.does("transfer", "2026-03-20", id="t", to=to, wallet=wallet, points=points)
    return decision.reason if decision.result == "rejected" else None


class TestTransfers:
    def test_lots_keep_their_dates_and_tell_where_they_come_from(
        self, ana: Life, bob: Life
    ) -> None:
        assert send(ana, 13) is None

        assert ana.left("2026-03-20") == {"p2.base": 7}
        assert bob.left("2026-03-20") == {"p1.xfer.base": 10, "p2.xfer.base": 3}
        assert bob.expiries("2026-03-20") == {
            "p1.xfer.base": "2027-03-03",
            "p2.xfer.base": "2027-03-11",
        }
        assert [shown(lot.at) for lot in bob.lots("2026-03-20")] == ["2026-03-02", "2026-03-10"]

    def test_lots_moved_within_the_same_wallet_are_not_counted_again(
        self, ana: Life, bob: Life
    ) -> None:
        send(ana, 13)

        assert ana.counter("2026-03-20", "earned") == 20
        assert bob.counter("2026-03-20", "earned") == 0

    def test_into_another_wallet_it_is_one_new_lot_under_that_ones_policy(
        self, ana: Life, bob: Life
    ) -> None:
        assert send(ana, 13, wallet="stars") is None

        assert bob.left("2026-03-20", "gifts") == {"t.received": 13}
        assert bob.expiries("2026-03-20", "gifts") == {"t.received": "2026-04-21"}
        assert bob.counter("2026-03-20", "gifted") == 13

    def test_units_on_their_way_are_in_transit(self, ana: Life, bob: Life) -> None:
        send(ana, 13)
        sent, received = ana.town.decided[-2:]

        assert {(p.source, p.target) for p in sent.postings} == {("spendable", "transit")}
        assert {(p.source, p.target) for p in received.postings} == {("transit", "spendable")}
        assert [e.how for e in sent.effects if isinstance(e, PointsEffect)] == ["sent"]
        assert [e.how for e in received.effects if isinstance(e, PointsEffect)] == ["received"] * 2
        assert ana.wallet("2026-03-20").transferred == 13
        assert bob.balance("2026-03-20") == 13

    def test_what_was_sent_of_a_refunded_purchase_is_owed_by_the_sender(
        self, ana: Life, bob: Life
    ) -> None:
        send(ana, 20)

        ana.refunds("p1", "2026-03-21")

        assert ana.wallet("2026-03-21").debt == 10
        assert bob.balance("2026-03-21") == 20

    def test_what_is_received_pays_a_debt(self, ana: Life, bob: Life) -> None:
        bob.does("adjustment", "2026-03-11", wallet="points", points=-4)

        send(ana, 10)

        assert (bob.wallet("2026-03-20").debt, bob.balance("2026-03-20")) == (0, 6)

    @pytest.mark.usefixtures("bob")
    def test_a_transfer_counts_in_no_lot_that_is_dead(self, ana: Life) -> None:
        ana.waits("2027-03-05")

        decision = ana.does("transfer", "2027-03-05", to="bob", wallet="points", points=11)
        assert decision.reason == "insufficient_points"

    @pytest.mark.parametrize(
        ("points", "to", "wallet", "reason"),
        [
            (5, "ana", "coins", "unknown_wallet"),
            ("much", "ana", "points", "invalid_points"),
            ("0.5", "ana", "points", "invalid_points"),
            (0, "ana", "points", "self_transfer"),
            (0, "nobody", "points", "invalid_points"),
            (-5, "bob", "points", "invalid_points"),
            (99, "nobody", "points", "unknown_member"),
            (21, "bob", "points", "insufficient_points"),
            (1, "bob", "cash", "insufficient_points"),
        ],
    )
    def test_refusals_come_in_a_fixed_order(
        self, ana: Life, bob: Life, *, points: Given, to: str, wallet: str, reason: str
    ) -> None:
        assert send(ana, points, to, wallet) == reason
        assert (ana.balance("2026-03-20"), bob.balance("2026-03-20")) == (20, 0)


def adjust(life: Life, points: Given, **fields: Given) -> str | None:
    decision = life.does(
        "adjustment", "2026-03-20", id="x", points=points, **{"wallet": "points", **fields}
    )
    return decision.reason if decision.result == "rejected" else None


class TestAdjustments:
    def test_up_makes_a_lot_of_its_own_under_the_wallets_policy(self, ana: Life) -> None:
        assert adjust(ana, 5) is None

        assert ana.left("2026-03-20") == {"p1.base": 10, "p2.base": 10, "x.adjustment": 5}
        assert ana.expiries("2026-03-20")["x.adjustment"] == "2027-03-21"
        assert ana.counter("2026-03-20", "earned") == 25

    def test_down_takes_in_spending_order_and_then_makes_a_debt(self, ana: Life) -> None:
        assert adjust(ana, -13) is None
        assert ana.left("2026-03-20") == {"p2.base": 7}

        ana.does("adjustment", "2026-03-21", wallet="points", points=-10)
        wallet = ana.wallet("2026-03-21")
        assert (wallet.spendable, wallet.debt, wallet.redeemed, wallet.adjusted) == (0, 3, 0, 23)

    def test_or_writes_off_where_the_wallet_says_so(self, ana: Life) -> None:
        assert adjust(ana, "-1.50", wallet="cash") is None

        wallet = ana.wallet("2026-03-20", "cash")
        assert (wallet.debt, wallet.written_off) == (0, 150)

    def test_nothing_changes_nothing(self, ana: Life) -> None:
        assert adjust(ana, 0) is None
        assert ana.balance("2026-03-20") == 20

    @pytest.mark.parametrize(
        ("expiry", "gone"),
        [
            ({"expiry.mode": "never"}, None),
            ({"expiry": "never"}, None),
            ({"expiry": "P10D"}, "2026-03-31"),
            ({"expiry.mode": "date", "expiry.month_day": "12-31"}, "2027-01-01"),
            (
                {"expiry.mode": "date", "expiry.month_day": "02-29", "expiry.years": "2"},
                "2028-03-01",
            ),
            ({"expiry.mode": "after", "expiry.period": "P10D"}, "2026-03-31"),
            ({"expiry.mode": "after", "expiry.period": "P2W"}, "2026-04-04"),
            (
                {"expiry.mode": "after", "expiry.period": "P1M", "expiry.round": "month"},
                "2026-05-01",
            ),
            ({"expiry.mode": "after", "expiry.period": "P1Y"}, "2027-03-21"),
        ],
    )
    def test_it_may_name_an_expiry(
        self, ana: Life, expiry: dict[str, str], gone: str | None
    ) -> None:
        assert adjust(ana, 5, **expiry) is None

        assert ana.expiries("2026-03-20")["x.adjustment"] == gone

    @pytest.mark.parametrize(
        "expiry",
        [
            {"expiry": "soon"},
            {"expiry": "PT5H"},
            {"expiry": "P101Y"},
            {"expiry.mode": "sometimes"},
            {"expiry.mode": "after"},
            {"expiry.mode": "after", "expiry.period": "P1M", "expiry.round": "week"},
            {"expiry.mode": "date"},
            {"expiry.mode": "date", "expiry.month_day": "02-30"},
        ],
    )
    def test_an_expiry_that_is_none_is_refused(self, ana: Life, expiry: dict[str, str]) -> None:
        assert adjust(ana, 5, **expiry) == "invalid_expiry"

    @pytest.mark.parametrize(
        ("points", "wallet", "reason"),
        [
            (5, "coins", "unknown_wallet"),
            (None, "points", "invalid_points"),
            ("1.5", "points", "invalid_points"),
        ],
    )
    def test_what_is_no_figure_of_a_wallet_is_refused(
        self, ana: Life, *, points: Given, wallet: str, reason: str
    ) -> None:
        assert adjust(ana, points, wallet=wallet) == reason

    def test_a_partner_who_reports_it_is_posted(self, ana: Life) -> None:
        adjust(ana, 5, partner="cafe")

        assert [p.partner for p in ana.town.decided[-1].postings] == ["cafe"]
