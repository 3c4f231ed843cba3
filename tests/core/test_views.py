"""What readers see of balances, lots, tiers, missions and offers; looking changes nothing."""

import pytest

from builders import Life, a_member, instant, shown
from guerdon.core.plain import standing_to_plain
from guerdon.core.standing import WalletState
from guerdon.core.views import View


def offers(life: Life, at: str) -> dict[str, tuple[str, int | None]]:
    found = life.town.view(life.name, instant(at), View.offers)
    return {offer.reward.id: (offer.availability, offer.missing) for offer in found}


class TestWallets:
    def test_a_wallet_that_never_moved_shows_zeros(self) -> None:
        assert a_member("wallets: {points: {}}").wallet("2026-03-02") == WalletState()

    def test_pending_lots_are_shown_among_the_living(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules:
              - {id: slow, activity: purchase, wallet: points, give: {fixed: 1},
                 pending: {for: P9D}}
              - {id: base, activity: purchase, wallet: points, give: {fixed: 2}}
            """)
        life.buys(5, "2026-03-02", id="p")

        assert life.left("2026-03-02") == {"p.slow": 1, "p.base": 2}
        assert life.view("2026-03-02").now == instant("2026-03-02")

    def test_the_next_expiry_names_all_units_that_go_then(self) -> None:
        life = a_member("""
            wallets: {points: {expiry: {mode: after, period: P1M}}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {fixed: 2}}
              - {id: slow, activity: purchase, wallet: points, give: {fixed: 3},
                 pending: {for: P60D}}
              - {id: ever, activity: purchase, wallet: points, give: {fixed: 9},
                 expiry: {mode: never}}
            """)
        assert life.view("2026-03-01").next_expiry("points") is None
        life.buys(5, "2026-03-02")
        life.buys(5, "2026-03-03")

        assert life.view("2026-03-03").next_expiry("points") == (instant("2026-04-03"), 5)


class TestTiers:
    PROGRAM = """
        counters: {visits: {activity: visit}}
        ladders:
          status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 2}], keep: {}}
        """

    def test_the_top_has_nothing_above(self) -> None:
        life = a_member(self.PROGRAM)
        life.does("visit", "2026-03-02")
        view = life.tier_view("2026-03-02")
        assert view.next is not None
        assert (view.next.id, view.missing) == ("gold", 1)

        life.does("visit", "2026-03-03")
        view = life.tier_view("2026-03-03")
        assert (view.next, view.missing) == (None, None)

    def test_a_granted_tier_lacks_nothing_below_nothing(self) -> None:
        life = a_member(self.PROGRAM)
        for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
            life.does("visit", day, id=day)
        life.does("ineligible", "2026-03-05", of="2026-03-04")

        assert life.tier_view("2026-03-05").tier.id == "gold"

    def test_who_is_unknown_shows_the_lowest(self) -> None:
        life = a_member(self.PROGRAM)
        ghost = Life(life.town, "ghost")

        view = ghost.tier_view("2026-03-02")

        assert (view.tier.id, view.since, view.until) == ("basic", None, None)


class TestMissions:
    def test_a_completed_mission_of_a_calendar_window_shows_what_completed_it(self) -> None:
        life = a_member("missions: {m: {activity: visit, goal: 2, window: calendar_month}}")
        for day in ("2026-03-02", "2026-03-03"):
            life.does("visit", day)

        view = life.mission("2026-05-01", "m")

        assert (view.state, view.progress, shown(view.completed_at)) == (
            "completed",
            2,
            "2026-03-03",
        )

    def test_one_of_all_time_goes_on_counting(self) -> None:
        life = a_member("missions: {m: {activity: visit, goal: 1}}")
        for day in ("2026-03-02", "2026-03-03"):
            life.does("visit", day)

        assert life.mission("2026-03-04", "m").progress == 2


class TestOffers:
    PROGRAM = """
        wallets: {points: {}}
        rewards:
          cheap: {wallet: points, cost: 10, per_member: {times: 1, per: month}}
          dear: {wallet: points, cost: 100}
          club: {wallet: points, cost: 1, when: {member.club: gold}}
          any: {wallet: points, any: {points: 10, value: 1.00}}
        """

    def test_each_reward_says_whether_it_can_be_taken(self) -> None:
        life = a_member(self.PROGRAM)
        assert offers(life, "2026-03-01") == {
            "cheap": ("insufficient_points", 10),
            "dear": ("insufficient_points", 100),
            "club": ("not_eligible", 1),
            "any": ("insufficient_points", None),
        }

        life.does("adjustment", "2026-03-02", wallet="points", points=30)
        life.does("member_updated", "2026-03-02", attrs__club="gold")
        life.redeems("cheap", "2026-03-03")

        assert offers(life, "2026-03-03") == {
            "cheap": ("limit", 0),
            "dear": ("insufficient_points", 80),
            "club": ("available", 0),
            "any": ("available", None),
        }
        assert offers(life, "2026-04-01")["cheap"] == ("available", 0)


def test_looking_changes_nothing() -> None:
    life = a_member(TestOffers.PROGRAM)
    life.does("adjustment", "2026-03-02", wallet="points", points=30)
    standing = life.standing
    before = standing_to_plain(standing)

    view = View(life.town.rulebook, standing)
    view.offers()
    view.lots("points")
    view.vouchers()
    view.plans()

    assert standing_to_plain(standing) == before
    assert view.standing is standing


@pytest.mark.parametrize("slug", ["visits", "month"])
def test_a_counter_shows_its_current_window(slug: str) -> None:
    life = a_member("""
        counters:
          visits: {activity: visit}
          month: {activity: visit, window: calendar_month}
        """)
    life.does("visit", "2026-03-31")

    assert life.counter("2026-04-01", slug) == {"visits": 1, "month": 0}[slug]


def test_what_is_kept_of_a_redemption_is_found_by_its_key() -> None:
    life = a_member(TestOffers.PROGRAM)
    life.does("adjustment", "2026-03-02", id="x", wallet="points", points=30)
    life.redeems("cheap", "2026-03-03", id="r")

    def kept(key: str) -> object:
        found = life.town.view("ana", instant("2026-03-04"), lambda view: view.redemption(key))
        return found and found["cost"]

    assert kept("service/r") == 10
    assert kept("service/x") is None


def test_a_voucher_is_found_by_its_name() -> None:
    life = a_member("""
        wallets: {points: {}}
        rewards: {mug: {wallet: points, cost: 10, voucher: {valid: P30D}}}
        """)
    life.does("adjustment", "2026-03-02", wallet="points", points=30)
    life.redeems("mug", "2026-03-03", id="r", qty=2)

    def found(name: str) -> object:
        return life.town.view("ana", instant("2026-03-04"), lambda view: view.voucher(name))

    held = life.town.view("ana", instant("2026-03-04"), View.vouchers)
    assert {name: found(name) for name in held} == held
    assert set(held) == {"r", "r#2"}
    assert found("r#3") is None


def test_redemptions_are_found_by_their_keys_at_once_and_others_are_left_out() -> None:
    life = a_member(TestOffers.PROGRAM)
    life.does("adjustment", "2026-03-02", id="x", wallet="points", points=30)
    life.redeems("cheap", "2026-03-03", id="r")
    life.redeems("any", "2026-03-03", id="s", value="1.00")
    keys = ["service/s", "service/x", "service/r", "service/none"]

    found = life.town.view("ana", instant("2026-03-04"), lambda view: view.redemptions(keys))

    assert {key: (kept["reward"], kept["cost"]) for key, kept in found.items()} == {
        "service/s": ("any", 10),
        "service/r": ("cheap", 10),
    }


def test_a_price_is_that_of_the_wallet_that_pays_and_of_who_asks() -> None:
    life = a_member("""
        wallets: {points: {}, stars: {}}
        rewards:
          mug:
            wallet: points
            cost: 10
            prices:
              - {wallet: stars, cost: 2, when: {member.club: gold}}
              - {wallet: stars, cost: 3}
          any: {wallet: points, any: {points: 10, value: 1.00}}
        """)

    def price(slug: str, wallet: str | None = None) -> tuple[str, int | None]:
        return life.town.view("ana", instant("2026-03-04"), lambda view: view.price(slug, wallet))

    assert price("mug") == ("points", 10)
    assert price("mug", "stars") == ("stars", 3)
    life.does("member_updated", "2026-03-02", attrs__club="gold")
    assert price("mug", "stars") == ("stars", 2)
    assert price("any") == ("points", None)
