"""Lots: when each policy lets them die, how they are named, and in which order they are spent."""

from decimal import Decimal

import pytest

from builders import Life, a_member, instant
from guerdon.core.lots import Lot, lot_of


def holder(expiry: str = "", more: str = "", zone: str = "UTC") -> Life:
    policy = f"expiry: {{{expiry}}}" if expiry else ""
    return a_member(f"""
        timezone: {zone}
        wallets: {{points: {{{policy}{more}}}}}
        rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}]
        """)


def gone(life: Life, at: str) -> str | None:
    """Return when the units of a purchase at that time are gone."""
    life.buys(10, at, id=f"p{at}")
    return life.expiries(at)[f"p{at}.base"]


class TestExpiry:
    @pytest.mark.parametrize(
        ("policy", "bought", "is_gone"),
        [
            ("mode: never", "2026-03-10", None),
            ("mode: after, period: P12M", "2026-03-10 15:00", "2027-03-11"),
            ("mode: after, period: P14D", "2026-03-10", "2026-03-25"),
            ("mode: after, period: P2W", "2026-03-10", "2026-03-25"),
            ("mode: after, period: P1Y", "2028-02-29", "2029-03-01"),
            ("mode: after, period: P18M", "2026-08-31", "2028-03-01"),  # through 29 February
            ("mode: after, period: P12M", "2027-02-28", "2028-02-29"),  # the 28th, not the 29th
            ("mode: after, period: P6M, round: day", "2026-03-10", "2026-09-11"),
            ("mode: after, period: P6M, round: month", "2026-03-10", "2026-10-01"),
            ("mode: after, period: P6M, round: month", "2026-12-15", "2027-07-01"),
            ("mode: after, period: P6M, round: quarter", "2026-03-10", "2026-10-01"),
            ("mode: after, period: P6M, round: quarter", "2026-07-10", "2027-04-01"),
            ("mode: after, period: P6M, round: year", "2026-03-10", "2027-01-01"),
            ("mode: after, period: P12M, round: year", "2026-03-10", "2028-01-01"),
            ("mode: date, month_day: '03-31', years: 1", "2026-03-10", "2027-04-01"),
            ("mode: date, month_day: '12-31', years: 0", "2026-03-10", "2027-01-01"),
            ("mode: date, month_day: '02-29', years: 1", "2026-03-10", "2027-03-01"),
        ],
    )
    def test_a_lot_is_gone_at_the_first_instant_after_its_last_day(
        self, policy: str, bought: str, is_gone: str | None
    ) -> None:
        assert gone(holder(policy), bought) == is_gone

    def test_a_policy_of_inactivity_gives_lots_no_date_of_their_own(self) -> None:
        life = holder("mode: inactivity, period: P6M, activity: [purchase]")

        assert gone(life, "2026-03-10") is None

    def test_days_are_those_of_the_programs_zone(self) -> None:
        life = holder("mode: after, period: P1M", zone="Asia/Tokyo")

        life.buys(10, "2026-03-10T16:00:00Z", id="p")  # 01:00 of the 11th in Tokyo

        assert life.lots("2026-03-11")[0].expires == instant("2026-04-12T00:00:00+09:00")

    def test_a_lot_dies_at_day_start_counted_from_the_business_day(self) -> None:
        life = a_member("""
            day_start: "06:00"
            wallets: {points: {expiry: {mode: after, period: P1M, round: month}}}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
            """)

        life.buys(1, "2026-04-01 05:59:59", id="p")  # still 31 March: through the end of April
        life.buys(2, "2026-04-01 06:00", id="q")

        assert life.expiries("2026-04-01 06:00") == {
            "p.base": "2026-05-01 06:00",
            "q.base": "2026-06-01 06:00",
        }

    def test_a_rule_may_have_an_expiry_of_its_own(self) -> None:
        life = a_member("""
            wallets: {points: {expiry: {mode: after, period: P12M}}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
              - {id: promo, activity: purchase, wallet: points, give: {fixed: 5},
                 expiry: {mode: after, period: P7D}}
            """)

        life.buys(10, "2026-03-10", id="p")

        assert life.expiries("2026-03-10") == {"p.promo": "2026-03-18", "p.base": "2027-03-11"}

    def test_units_of_an_old_activity_are_born_expired_if_their_date_has_passed(self) -> None:
        """S14."""
        life = holder("mode: after, period: P1M")

        life.buys(10, "2026-03-10", received="2026-04-11", id="p")

        wallet = life.wallet("2026-04-11")
        assert (wallet.spendable, wallet.earned, wallet.expired) == (0, 10, 10)
        assert life.lots("2026-04-11") == []

    def test_on_its_last_day_an_old_activity_still_brings_living_units(self) -> None:
        life = holder("mode: after, period: P1M")

        life.buys(10, "2026-03-10", received="2026-04-10 23:59:59", id="p")

        assert life.balance("2026-04-10 23:59:59") == 10
        assert life.balance("2026-04-11") == 0


class TestSpendingOrder:
    def bought_and_redeemed(self, spend: str) -> dict[str, int]:
        life = a_member(f"""
            wallets: {{points: {{spend: {spend}, expiry: {{mode: after, period: P12M}}}}}}
            rules:
              - {{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}
              - {{id: promo, activity: promo, wallet: points, give: {{fixed: 10}},
                 expiry: {{mode: after, period: P1M}}}}
              - {{id: ever, activity: gift, wallet: points, give: {{fixed: 10}},
                 expiry: {{mode: never}}}}
            rewards: {{mug: {{wallet: points, cost: 15}}}}
            """)
        life.does("gift", "2026-03-01", id="g")
        life.buys(10, "2026-03-02", id="p")
        life.does("promo", "2026-03-03", id="q")
        life.redeems("mug", "2026-03-04")
        return life.left("2026-03-04")

    def test_first_expiring_units_are_spent_first(self) -> None:
        assert self.bought_and_redeemed("fefo") == {"p.base": 5, "g.ever": 10}

    def test_or_the_oldest_first_where_the_wallet_says_so(self) -> None:
        assert self.bought_and_redeemed("fifo") == {"p.base": 5, "q.promo": 10}

    def test_of_equal_dates_the_older_lot_goes_first_and_of_equal_times_the_first_granted(
        self,
    ) -> None:
        life = holder("mode: never")
        life.buys(10, "2026-03-05", id="b")
        life.buys(10, "2026-03-05", id="c")
        life.buys(10, "2026-03-04", received="2026-03-06", id="a")

        assert list(life.left("2026-03-06")) == ["a.base", "b.base", "c.base"]


def test_a_lot_is_named_by_its_source_and_rule() -> None:
    lot = Lot(1, "p1", "base", "service/p1", instant("2026-03-02"), None, 10, 10)

    assert lot.name == "p1.base"
    assert lot.worth == 10
    assert lot._replace(reversed=4).worth == 6


def test_a_lot_is_read_however_a_database_kept_it() -> None:
    lot = Lot(1, "p1", "base", "k", instant("2026-03-02"), None, 10, 0, cover=((2, 5), (0, 5)))

    assert lot_of(lot) is lot
    assert lot_of([*lot[:15], [[2, 5], [0, 5]], *lot[16:]]) == lot
    assert lot_of([*lot[:15], [[2, 5], [0, 5]], False]) == lot  # as it was kept by 0.1


def test_fractions_of_a_unit_are_kept_where_the_wallet_has_digits() -> None:
    life = a_member("""
        wallets: {stars: {scale: 2}}
        rules: [{id: base, activity: purchase, wallet: stars, give: {rate: 1.2}}]
        """)

    life.buys("3.33", "2026-03-02")  # 3.996

    assert Decimal(life.balance("2026-03-02", "stars")).scaleb(-2) == Decimal("3.99")
