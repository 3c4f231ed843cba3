"""Limits: decided at arrival, counted by whom the rule says, and freed by a whole reversal."""

import pytest

from builders import Life, a_line, a_member, a_town
from guerdon.core.decision import Claim


def limited(limit: str, give: str = "fixed: 10") -> str:
    return f"""
        wallets: {{points: {{}}}}
        rules: [{{id: scan, activity: scan, wallet: points, give: {{{give}}}, limit: {{{limit}}}}}]
        """


def scans(life: Life, *days: str, **fields: str) -> list[int]:
    """Return the balance after each scan."""
    found = []
    for each in days:
        life.does("scan", each, **fields)
        found.append(life.balance(each))
    return found


class TestTimes:
    @pytest.mark.parametrize(
        ("per", "days", "balances"),
        [
            ("day", ("2026-03-02 09:00", "2026-03-02 23:59:59", "2026-03-03"), [10, 10, 20]),
            ("week", ("2026-03-07", "2026-03-08", "2026-03-09"), [10, 10, 20]),
            ("month", ("2026-03-30", "2026-03-31", "2026-04-01"), [10, 10, 20]),
            ("year", ("2026-03-02", "2026-12-31", "2027-01-01"), [10, 10, 20]),
            ("lifetime", ("2026-03-02", "2027-03-02", "2030-01-01"), [10, 10, 10]),
        ],
    )
    def test_a_place_is_free_again_in_the_next_window(
        self, per: str, days: tuple[str, ...], balances: list[int]
    ) -> None:
        assert scans(a_member(limited(f"times: 1, per: {per}")), *days) == balances

    def test_a_refusal_says_that_the_limit_is_reached(self) -> None:
        life = a_member(limited("times: 1, per: day"))
        life.does("scan", "2026-03-02")

        decision = life.does("scan", "2026-03-02 10:00")

        (explanation,) = decision.explanations
        assert (explanation.applied, explanation.cause) == (False, "limit")
        assert (explanation.seen, explanation.needed) == ("0", "10")

    def test_the_window_is_that_of_the_activitys_own_time(self) -> None:
        life = a_member(limited("times: 1, per: day"))
        life.does("scan", "2026-03-02")
        life.does("scan", "2026-03-03")

        life.does("scan", "2026-03-02 18:00", received="2026-03-04", id="late")
        life.does("scan", "2026-03-01 18:00", received="2026-03-04", id="earlier")

        assert life.balance("2026-03-05") == 30


class TestPoints:
    def test_units_are_awarded_in_part_up_to_what_is_left(self) -> None:
        life = a_member(limited("points: 25, per: month"))

        assert scans(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05") == [
            10,
            20,
            25,
            25,
        ]
        assert scans(life, "2026-04-01") == [35]

    def test_a_refund_takes_back_no_more_than_the_limit_let_through(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1},
                     limit: {points: 50, per: day}}]
            """)
        life.buys(80, "2026-03-02", id="p")
        assert life.balance("2026-03-02") == 50

        life.refunds("p", "2026-03-03", amount=20)  # 60 are left, the limit let 50 through
        assert life.balance("2026-03-03") == 50

        life.refunds("p", "2026-03-04", amount=40)  # 20 are left
        assert life.balance("2026-03-04") == 20


class TestFreedPlaces:
    def test_a_grant_reversed_as_a_whole_frees_its_place_for_the_next(self) -> None:
        """S23."""
        life = a_member(limited("times: 1, per: day"))
        life.does("scan", "2026-03-02 08:00", id="s1")
        life.does("scan", "2026-03-02 09:00", id="s2")  # refused for good

        life.does("ineligible", "2026-03-02 10:00", of="s1")
        assert life.balance("2026-03-02 10:00") == 0

        life.does("scan", "2026-03-02 11:00", id="s3")
        life.does("scan", "2026-03-02 12:00", id="s4")
        assert life.left("2026-03-03") == {"s3.scan": 10}

    def test_a_grant_reversed_in_part_keeps_its_place(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1},
                     limit: {times: 1, per: month}}]
            """)
        life.buys(10, "2026-03-02", id="p")
        life.refunds("p", "2026-03-03", amount=9)

        life.buys(10, "2026-03-04")

        assert life.left("2026-03-05") == {"p.base": 1}

    @pytest.mark.parametrize("by", ["member", "anyone", "beneficiary"])
    def test_points_reversed_in_part_count_no_more(self, by: str) -> None:
        life = a_member(f"""
            wallets: {{points: {{}}}}
            rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: 1}},
                     limit: {{points: 50, per: month, by: {by}}}}}]
            """)
        life.buys(80, "2026-03-02", id="p")
        life.refunds("p", "2026-03-03", amount=50)  # 30 are left, of 50 that were given
        life.buys(80, "2026-03-04", id="q")
        assert life.left("2026-03-05") == {"p.base": 30, "q.base": 20}

        life.refunds("p", "2026-03-06")
        life.refunds("q", "2026-03-06", amount=70)
        life.buys(80, "2026-03-07", id="r")
        assert life.left("2026-03-08") == {"q.base": 10, "r.base": 40}

    def test_what_a_referrers_limit_counted_of_a_refund_is_free_again(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules: [{id: share, activity: purchase, to: referrer, wallet: points, give: {rate: 1},
                     limit: {points: 50, per: month, by: beneficiary}}]
            """)
        ana, bob = a_member(town), a_member(town, name="bob", referrer="ana")
        bob.buys(80, "2026-03-02", id="p")
        bob.refunds("p", "2026-03-03", amount=50)
        bob.buys(80, "2026-03-04", id="q")

        assert ana.left("2026-03-05") == {"p.share": 30, "q.share": 20}

    def test_a_refund_of_what_the_limit_refused_frees_nothing(self) -> None:
        life = a_member(limited("times: 1, per: day"))
        life.does("scan", "2026-03-02 08:00", id="s1")
        life.does("scan", "2026-03-02 09:00", id="s2")

        life.does("ineligible", "2026-03-02 10:00", of="s2")
        life.does("scan", "2026-03-02 11:00", id="s3")

        assert life.left("2026-03-03") == {"s1.scan": 10}


class TestByWhom:
    def test_each_member_has_places_of_their_own(self) -> None:
        town = a_town(limited("times: 1, per: day"))
        ana, bob = a_member(town), a_member(town, name="bob")

        assert scans(ana, "2026-03-02") == scans(bob, "2026-03-02") == [10]

    def test_by_subject_counts_for_each_subject_of_the_acting_member(self) -> None:
        town = a_town(limited("times: 1, per: day, by: subject, subject: shop"))
        ana, bob = a_member(town), a_member(town, name="bob")

        assert scans(ana, "2026-03-02", "2026-03-02", shop="s1") == [10, 10]
        assert scans(ana, "2026-03-02", shop="s2") == [20]
        assert scans(bob, "2026-03-02", shop="s1") == [10]

    def test_by_anyone_counts_over_all_members(self) -> None:
        town = a_town(limited("times: 1, per: lifetime, by: anyone, subject: code"))
        ana, bob = a_member(town), a_member(town, name="bob")

        assert scans(ana, "2026-03-02", code="c1") == [10]
        assert scans(bob, "2026-03-02", code="c1") == [0]
        assert scans(bob, "2026-03-02", code="c2") == [10]

    def test_by_anyone_is_claimed_from_outside_and_given_back_by_a_void(self) -> None:
        town = a_town(limited("times: 1, per: lifetime, by: anyone"))
        ana, bob = a_member(town), a_member(town, name="bob")

        taken = ana.does("scan", "2026-03-02", id="s")
        assert taken.claims == [Claim("limit", "scan|", 1, 1)]

        released = ana.does("ineligible", "2026-03-03", of="s")
        assert released.releases == [Claim("limit", "scan|", 1)]
        assert scans(bob, "2026-03-04") == [10]

    def test_points_by_anyone_are_awarded_as_far_as_they_reach(self) -> None:
        town = a_town(limited("points: 15, per: lifetime, by: anyone"))
        ana, bob = a_member(town), a_member(town, name="bob")

        assert scans(ana, "2026-03-02") == [10]
        assert scans(bob, "2026-03-02") == [5]

    BENEFICIARY = """
        wallets: {points: {}}
        rules: [{id: thanks, activity: purchase, wallet: points, give: {fixed: 100}, to: referrer,
                 limit: {times: 2, per: year, by: beneficiary}}]
        """

    def test_by_beneficiary_counts_by_who_receives(self) -> None:
        town = a_town(self.BENEFICIARY)
        ana = a_member(town)
        friends = [a_member(town, name=f"f{k}", referrer="ana") for k in range(3)]

        for friend in friends:
            friend.buys(5, "2026-03-02", id=f"p.{friend.name}")

        assert ana.left("2026-03-03") == {"p.f0.thanks": 100, "p.f1.thanks": 100}

    def test_a_friends_refund_frees_the_beneficiarys_place(self) -> None:
        town = a_town(self.BENEFICIARY)
        ana = a_member(town)
        friends = [a_member(town, name=f"f{k}", referrer="ana") for k in range(4)]
        for friend in friends[:3]:
            friend.buys(5, "2026-03-02", id=f"p.{friend.name}")

        friends[0].refunds("p.f0", "2026-03-03")
        friends[2].refunds("p.f2", "2026-03-03")  # was refused: nothing to free
        friends[3].buys(5, "2026-03-04", id="p.f3")

        assert ana.left("2026-03-05") == {"p.f1.thanks": 100, "p.f3.thanks": 100}

    def test_points_by_beneficiary_are_awarded_in_part_and_followed_down(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules: [{id: share, activity: purchase, wallet: points, give: {rate: 1}, to: referrer,
                     limit: {points: 30, per: year, by: beneficiary}}]
            """)
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="ana")
        bob.buys(20, "2026-03-02", id="p1")
        bob.buys(20, "2026-03-03", id="p2")
        assert ana.left("2026-03-03") == {"p1.share": 20, "p2.share": 10}

        bob.refunds("p2", "2026-03-04", amount=5)  # 15 are due, 10 were let through
        assert ana.balance("2026-03-04") == 30

        bob.refunds("p2", "2026-03-05", amount=12)  # 3 are due
        assert ana.left("2026-03-05") == {"p1.share": 20, "p2.share": 3}

    def test_a_limit_by_member_on_a_referral_counts_by_the_friend_who_acts(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules: [{id: thanks, activity: purchase, wallet: points, give: {fixed: 100},
                     to: referrer, limit: {times: 1, per: lifetime}}]
            """)
        ana = a_member(town)
        friends = [a_member(town, name=f"f{k}", referrer="ana") for k in range(2)]
        for friend in friends:
            friend.buys(5, "2026-03-02", id=f"p.{friend.name}")
            friend.buys(5, "2026-03-03", id=f"q.{friend.name}")

        assert ana.left("2026-03-03") == {"p.f0.thanks": 100, "p.f1.thanks": 100}


def test_a_limit_is_asked_after_the_rule_applied() -> None:
    life = a_member("""
        wallets: {points: {}}
        rules: [{id: toy, activity: purchase, lines: {category: toys}, wallet: points,
                 give: {fixed: 5}, limit: {times: 1, per: lifetime}}]
        """)
    life.does("purchase", "2026-03-02", lines=[a_line(5, category="tea")])

    life.does("purchase", "2026-03-03", lines=[a_line(5, category="toys")], id="p")

    assert life.left("2026-03-04") == {"p.toy": 5}
