"""Two accounts of one person become one: as if all had been the survivor's from the start."""

import pytest

from builders import Life, Town, a_line, a_member, a_program, a_town, instant, shown

SHOP = """
    wallets: {points: {expiry: {mode: after, period: P12M}}}
    counters:
      spend: {activity: purchase, sum: net}
      brands: {activity: purchase, distinct: brand}
      days: {activity: visit, streak: day}
      recent: {activity: purchase, window: {rolling: P1M}}
      points_recent: {sum: "points:points", window: {rolling: P1M}}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
    rewards:
      mug: {wallet: points, cost: 5, per_member: {times: 2, per: year}, voucher: {valid: P90D}}
    """


def two(program: str, **attributes: str) -> tuple[Life, Life]:
    """Return two accounts in one town, the second enrolled a month later."""
    town = a_town(program)
    return a_member(town), a_member(town, name="bob", enrolled="2026-02-01", **attributes)


def merge(bob: Life, at: str = "2026-04-01", into: str = "ana") -> str | None:
    decision = bob.does("member_merged", at, id="m", into=into)
    return decision.reason if decision.result == "rejected" else None


class TestTheAccountGivenUp:
    def test_it_is_frozen_and_leads_to_the_survivor(self) -> None:
        ana, bob = two(SHOP)
        bob.buys(10, "2026-03-01")

        assert merge(bob) is None

        given_up = bob.town.standings["bob"]
        assert (given_up.status, given_up.merged_into, given_up.due_at) == ("merged", "ana", None)
        assert ana.standing.absorbed == {"bob": 0}
        assert ana.left("2026-04-01") == {"a1.base": 10}
        assert bob.waits("2028-01-01").effects == []  # time does nothing to it any more

    def test_an_account_is_not_merged_with_itself(self) -> None:
        ana, _ = two(SHOP)

        assert merge(ana, into="ana") == "self_merge"


class TestWhatIsUnited:
    def test_lots_keep_their_dates_and_are_spent_in_order(self) -> None:
        ana, bob = two(SHOP)
        ana.buys(10, "2026-03-05", id="p1")
        bob.buys(10, "2026-03-02", id="p2")

        merge(bob)

        assert ana.expiries("2026-04-01") == {"p2.base": "2027-03-03", "p1.base": "2027-03-06"}
        assert ana.due() == "2027-03-03"
        ana.redeems("mug", "2026-04-02")
        assert ana.left("2026-04-02") == {"p2.base": 5, "p1.base": 10}

    @pytest.mark.parametrize("first", ["ana", "bob"])
    def test_lots_of_the_same_dates_are_spent_in_the_order_in_which_they_came(
        self, first: str
    ) -> None:
        ana, bob = two(SHOP)
        received = {first: "2026-03-05", "ana bob".replace(first, "").strip(): "2026-03-06"}
        for life in sorted((ana, bob), key=lambda each: received[each.name]):
            life.buys(3, "2026-03-05", id=life.name, received=received[life.name])
        ana.buys(9, "2026-03-05", id="last", received="2026-03-07")

        merge(bob)

        assert list(ana.left("2026-04-01")) == [
            *(f"{name}.base" for name in sorted(received, key=received.__getitem__)),
            "last.base",
        ]
        ana.redeems("mug", "2026-04-02", id="r")
        ana.does("redemption_cancelled", "2026-04-03", of="r")
        assert next(iter(ana.left("2026-04-03"))) == f"{first}.base"

    def test_units_of_jobs_of_one_instant_are_spent_in_the_programs_order(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            schedule:
              first: {monthly: 5, when: {member.club: "yes"}, grant: [{wallet: points, fixed: 1}]}
              second: {monthly: 5, grant: [{wallet: points, fixed: 2}]}
            """)
        bob.does("member_updated", "2026-02-02", **{"attrs.club": "yes"})

        merge(bob, "2026-02-06")

        assert list(ana.left("2026-02-06"))[1:] == [
            "first:2026-02-05.bonus",
            "second:2026-02-05.bonus",
        ]

    def test_of_two_terms_of_one_tier_the_longer_holds(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            counters: {spend: {activity: purchase, sum: net}}
            ladders:
              status:
                counter: spend
                window: {rolling: P12M}
                tiers: [{id: base, at: 0}, {id: gold, at: 100}]
                keep: {for: P12M}
            """)
        ana.buys(100, "2026-02-10")
        bob.buys(100, "2026-03-10")

        merge(bob, "2026-03-11")

        assert shown(ana.tier_view("2026-03-11").until) == "2027-03-11"

    def test_three_accounts_keep_the_order_in_which_their_lots_came(self) -> None:
        ana, bob = two(SHOP)
        cid = a_member(ana.town, name="cid")
        for number, life in enumerate((bob, cid, ana, bob, cid)):
            life.buys(1, "2026-03-05", id=f"p{number}", received=f"2026-03-{number + 6:02}")

        merge(bob, into="cid")
        cid.does("member_merged", "2026-04-02", into="ana")

        assert list(ana.left("2026-04-02")) == [f"p{number}.base" for number in range(5)]

    def test_counters_add_up(self) -> None:
        ana, bob = two(SHOP)
        ana.buys(10, "2026-03-05", brand="x")
        bob.buys(20, "2026-03-02", brand="x")
        bob.buys(30, "2026-03-03", brand="y")

        merge(bob)

        assert ana.counter("2026-04-01", "spend") == 6000
        assert ana.counter("2026-04-01", "brands") == 2
        assert ana.counter("2026-04-01", "recent") == 3
        assert ana.counter("2026-04-02", "recent") == 2
        assert ana.counter("2026-04-04", "recent") == 1
        assert ana.counter("2026-04-05", "recent") == 0

    def test_a_streak_is_that_of_all_days_together(self) -> None:
        ana, bob = two(SHOP)
        for day in ("02", "03", "06"):
            ana.does("visit", f"2026-03-{day}")
        for day in ("04", "05"):
            bob.does("visit", f"2026-03-{day}")

        merge(bob)

        assert ana.counter("2026-04-01", "days") == 5
        ana.does("visit", "2026-03-07", received="2026-04-02")
        assert ana.counter("2026-04-02", "days") == 6

    def test_units_of_the_same_instant_leave_a_rolling_window_all(self) -> None:
        """Both accounts' first lots have the same number and the same time."""
        ana, bob = two(SHOP)
        ana.buys(10, "2026-03-05")
        bob.buys(20, "2026-03-05")

        merge(bob)

        assert ana.counter("2026-04-01", "points_recent") == 30
        assert ana.counter("2026-04-05", "points_recent") == 0

    def test_a_refund_of_the_donors_purchase_leaves_a_rolling_window_alike(self) -> None:
        ana, bob = two(SHOP)
        ana.buys(10, "2026-03-05", id="p1")
        bob.buys(20, "2026-03-05", id="p2")
        merge(bob)

        ana.refunds("p2", "2026-04-02", amount=5)

        assert ana.counter("2026-04-02", "points_recent") == 25
        assert ana.counter("2026-04-05", "points_recent") == 0
        assert ana.left("2026-04-02") == {"p1.base": 10, "p2.base": 15}

    def test_nth_and_days_since_enrollment_are_those_of_one_person(self) -> None:
        ana, bob = two(SHOP)
        ana.buys(10, "2026-03-05")
        bob.buys(20, "2026-03-05")

        merge(bob)

        assert ana.standing.counts["purchase"] == 2
        assert shown(ana.standing.enrolled_at) == "2026-01-01"

    def test_the_earlier_enrollment_counts_though_it_was_the_donors(self) -> None:
        town = a_town(SHOP)
        ana, bob = a_member(town, enrolled="2026-02-02"), a_member(town, name="bob")

        merge(bob)

        assert shown(ana.standing.enrolled_at) == "2026-01-01"

    def test_own_attributes_stay_and_missing_ones_come(self) -> None:
        ana, bob = two(SHOP, city="Rome", club="gold")
        ana.does("member_updated", "2026-02-02", attrs__city="Bari")

        merge(bob)

        assert ana.standing.attrs == {"city": "Bari", "club": "gold"}

    def test_limits_count_per_person(self) -> None:
        ana, bob = two(SHOP)
        for life in (ana, bob):
            life.buys(30, "2026-03-02")
            life.redeems("mug", "2026-03-03", id=f"r.{life.name}")

        merge(bob)

        assert ana.redeems("mug", "2026-04-02").reason == "limit"
        assert ana.vouchers("2026-04-02") == {"r.ana": "issued", "r.bob": "issued"}

    def test_a_redemption_of_the_donor_can_be_cancelled_by_the_survivor(self) -> None:
        ana, bob = two(SHOP)
        ana.buys(30, "2026-03-02", id="p1")
        bob.buys(30, "2026-03-02", id="p2")
        bob.redeems("mug", "2026-03-03", id="r", qty=2)
        merge(bob)
        assert ana.left("2026-04-01") == {"p1.base": 30, "p2.base": 20}

        decision = ana.does("redemption_cancelled", "2026-04-02", of="r")

        assert decision.result == "accepted"
        assert ana.left("2026-04-02") == {"p1.base": 30, "p2.base": 30}
        assert ana.vouchers("2026-04-02") == {"r": "void", "r#2": "void"}

    def test_units_of_the_one_pay_the_debt_of_the_other(self) -> None:
        for indebted in ("ana", "bob"):
            ana, bob = two(SHOP)
            owing, rich = (ana, bob) if indebted == "ana" else (bob, ana)
            owing.buys(5, "2026-03-02", id="p")
            owing.redeems("mug", "2026-03-03")
            owing.refunds("p", "2026-03-04")
            rich.buys(12, "2026-03-05")

            merge(bob)

            wallet = ana.wallet("2026-04-01")
            assert (wallet.debt, wallet.spendable, wallet.earned, wallet.redeemed) == (0, 7, 12, 5)

    def test_plans_are_united(self) -> None:
        ana, bob = two("plans: {plus: {period: P1Y}, gym: {period: P1M}}")
        ana.does("plan_purchased", "2026-03-01", plan="plus")
        bob.does("plan_purchased", "2026-02-01", plan="plus")
        bob.does("plan_purchased", "2026-02-01", plan="gym")

        merge(bob)

        assert [shown(begin) for begin, _ in ana.standing.plans["plus"]] == [
            "2026-02-01",
            "2026-03-01",
        ]
        assert shown(ana.view("2026-04-01").plans()["gym"]) == "2026-03-02"

    def test_dead_and_pending_lots_come_too(self) -> None:
        ana, bob = two("""
            wallets: {points: {expiry: {mode: after, period: P1M}}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
              - {id: slow, activity: stay, wallet: points, give: {fixed: 9}, pending: {for: P14D}}
            """)
        bob.buys(5, "2026-02-02", id="dead")
        bob.does("stay", "2026-03-25", id="waits")
        bob.waits("2026-03-25")

        merge(bob)
        wallet = ana.wallet("2026-04-01")
        assert (wallet.expired, wallet.pending) == (5, 9)
        assert ana.balance("2026-04-08") == 9

        ana.refunds("dead", "2026-04-02")
        assert ana.wallet("2026-04-02").expired == 0

    def test_a_merge_of_a_merge_counts_lots_anew_each_time(self) -> None:
        ana, bob = two(SHOP)
        cid = a_member(ana.town, name="cid")
        for life in (ana, bob, cid):
            life.buys(10, "2026-03-02", id=f"p.{life.name}")
        assert merge(cid, into="bob") is None
        bob.does("member_merged", "2026-04-02", id="m2", into="ana")
        assert ana.standing.absorbed == {"bob": 1, "cid": 2}

        ana.refunds("p.cid", "2026-04-03", amount=4)

        assert ana.left("2026-04-03") == {"p.ana.base": 10, "p.bob.base": 10, "p.cid.base": 6}

    def test_the_leaderboard_row_shows_both(self) -> None:
        ana, bob = two("""
            counters: {spend: {activity: purchase, sum: net}}
            leaderboards: {top: {counter: spend, window: calendar_month}}
            """)
        ana.buys(10, "2026-03-05")
        bob.buys(20, "2026-03-07")

        merge(bob)

        scores = ana.town.scores["top", ana.view("2026-03-01").rulebook.calendar.begin(20513)]
        shown = {name: score.value for name, score in scores.items() if score.eligible}
        assert shown == {"ana": 3000}

    def test_no_row_of_the_account_given_up_stays_in_any_window(self) -> None:
        ana, bob = two("""
            counters: {spend: {activity: purchase, sum: net}, visits: {activity: visit}}
            leaderboards:
              top: {counter: spend, window: calendar_month}
              ever: {counter: spend, window: lifetime}
              seen: {counter: visits}
            """)
        ana.buys(10, "2026-03-05")
        for month in range(2, 12):
            bob.buys(20, f"2026-{month:02}-07")

        decision = bob.does("member_merged", "2026-11-20", id="m", into="ana")

        told = [(it.leaderboard, it.eligible) for it in decision.scores]
        assert sorted(told) == [("ever", False), *[("top", False)] * 10]
        assert [each for each in decision.effects if each.tag != "points"] == []

    def test_attributes_that_a_merge_brings_count_for_leaderboards_that_are_pinned(self) -> None:
        ana, bob = two(
            """
            counters: {spend: {activity: purchase, sum: net}}
            leaderboards:
              may: {counter: spend, window: calendar_month, eligible: {member.club: gold},
                    asof: "2026-05-10T00:00:00Z"}
            """,
            club="gold",
        )
        ana.buys(10, "2026-05-05")
        scores = ana.town.scores["may", instant("2026-05-01")]
        assert {name: score.eligible for name, score in scores.items()} == {"ana": False}

        merge(bob, "2026-07-01")

        assert {name: score.eligible for name, score in scores.items()} == {"ana": True}

    def test_inactivity_goes_by_the_last_activity_of_both(self) -> None:
        ana, bob = two("""
            wallets: {points: {expiry: {mode: inactivity, period: P6M, activity: [purchase]}}}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
            """)
        ana.buys(10, "2026-01-05")
        bob.buys(10, "2026-03-05")

        merge(bob)

        assert ana.balance("2026-09-05") == 20
        assert ana.balance("2026-09-06") == 0


class TestTiers:
    PROGRAM = """
        counters: {spend: {activity: purchase, sum: net, window: calendar_year}}
        ladders:
          status:
            counter: spend
            window: calendar_year
            tiers: [{id: basic, at: 0}, {id: silver, at: 50}, {id: gold, at: 100}]
            keep: {until: end_of_next_year}
        """

    def test_what_the_two_reach_together_is_reached_from_the_merge_on(self) -> None:
        ana, bob = two(self.PROGRAM)
        ana.buys(60, "2026-03-05")
        bob.buys(40, "2026-03-06")

        merge(bob)

        view = ana.tier_view("2026-04-01")
        assert (view.tier.id, shown(view.since), shown(view.until)) == (
            "gold",
            "2026-04-01",
            "2028-01-01",
        )

    def test_the_better_result_and_the_better_grant_stay(self) -> None:
        ana, bob = two(self.PROGRAM)
        bob.buys(100, "2026-03-06")
        ana.does("tier_granted", "2026-03-07", tier="silver", until="2029-01-01T00:00:00Z")
        assert ana.tier("2026-03-08") == "silver"

        merge(bob)

        assert ana.tier("2026-04-01") == "gold"
        assert ana.tier("2028-01-01") == "silver"
        assert ana.tier("2029-01-01") == "basic"

    def test_the_donors_grant_is_kept_where_it_is_better(self) -> None:
        ana, bob = two(self.PROGRAM)
        bob.does("tier_granted", "2026-03-07", tier="gold", until="2026-06-01T00:00:00Z")

        merge(bob)

        assert ana.tier("2026-05-31") == "gold"
        assert ana.tier("2026-06-01") == "basic"

    def test_a_rung_held_by_the_donor_is_held_on(self) -> None:
        town = a_town("""
            counters: {visits: {activity: visit}}
            ladders:
              status:
                counter: visits
                window: calendar_month
                tiers: [{id: basic, at: 0}, {id: silver, at: 2}, {id: gold, at: 4}]
                keep: {until: end_of_window}
                drop: one_rung
            """)
        ana, bob = a_member(town), a_member(town, name="bob")
        for day in range(1, 5):
            bob.does("visit", f"2026-03-0{day}")
        assert bob.tier("2026-04-02") == "silver"
        bob.waits("2026-04-02")

        merge(bob, "2026-04-03")

        assert ana.tier("2026-04-03") == "silver"
        assert ana.tier("2026-05-01") == "basic"

    def test_a_term_of_the_donors_goes_on(self) -> None:
        ana, bob = two("""
            counters: {visits: {activity: visit}}
            ladders:
              status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 1}],
                       window: {rolling: P12M}, keep: {for: P12M}}
            """)
        bob.does("visit", "2026-03-01")

        merge(bob)

        assert shown(ana.tier_view("2026-04-01").until) == "2027-03-02"


class TestOneTimeGrants:
    def test_grants_beyond_a_limit_are_reversed_newest_first(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            rules: [{id: welcome, activity: enrollment, wallet: points, give: {fixed: 100},
                     limit: {times: 1, per: lifetime}}]
            """)

        merge(bob)

        assert ana.left("2026-04-01") == {"ana.enrolled.welcome": 100}

    def test_a_limit_of_points_is_reversed_in_part(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1},
                     limit: {points: 50, per: month}}]
            """)
        ana.buys(30, "2026-03-02", id="p1")
        bob.buys(20, "2026-03-03", id="p2")
        bob.buys(10, "2026-03-04", id="p3")
        bob.buys(40, "2026-03-31", id="p4")  # twenty of them fitted
        ana.buys(10, "2026-04-01", id="other_window")

        merge(bob, "2026-04-02")

        assert ana.left("2026-04-02") == {"p1.base": 30, "p2.base": 20, "other_window.base": 10}

    def test_what_the_merge_reversed_is_not_taken_back_again_by_a_refund(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            rules: [{id: first, activity: purchase, wallet: points, give: {fixed: 30},
                     limit: {times: 1, per: lifetime}}]
            """)
        ana.buys(5, "2026-03-02", id="p1")
        bob.buys(5, "2026-03-03", id="p2")
        merge(bob)
        assert ana.left("2026-04-01") == {"p1.first": 30}

        ana.refunds("p2", "2026-04-02")

        wallet = ana.wallet("2026-04-02")
        assert (wallet.spendable, wallet.earned, wallet.debt) == (30, 30, 0)

    def test_limits_by_subject_are_reversed_subject_by_subject(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            rules: [{id: scan, activity: scan, wallet: points, give: {fixed: 5},
                     limit: {times: 1, per: lifetime, by: subject, subject: shop}}]
            """)
        ana.does("scan", "2026-03-02", id="s1", shop="one")
        bob.does("scan", "2026-03-03", id="s2", shop="one")
        bob.does("scan", "2026-03-04", id="s3", shop="two")

        merge(bob)

        assert ana.left("2026-04-01") == {"s1.scan": 5, "s3.scan": 5}

    def test_limits_over_all_members_are_left_as_they_are(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            rules: [{id: scan, activity: scan, wallet: points, give: {fixed: 5},
                     limit: {times: 2, per: lifetime, by: anyone}}]
            """)
        for life in (ana, bob):
            life.does("scan", "2026-03-02")

        merge(bob)

        assert ana.balance("2026-04-01") == 10

    MISSION = """
        wallets: {points: {}}
        missions: {m: {activity: visit, goal: 1, grant: [{wallet: points, fixed: 30}]}}
        """

    @pytest.mark.parametrize("first", ["ana", "bob"])
    def test_a_mission_both_completed_pays_once_as_the_earlier_did(self, first: str) -> None:
        ana, bob = two(self.MISSION)
        later = "bob" if first == "ana" else "ana"
        for name, day in ((first, "2026-03-02"), (later, "2026-03-03")):
            Life(ana.town, name).does("visit", day)

        merge(bob)

        assert [shown(lot.at) for lot in ana.lots("2026-04-01")] == ["2026-03-02"]
        assert shown(ana.mission("2026-04-01", "m").completed_at) == "2026-03-02"

    @pytest.mark.parametrize("who", ["ana", "bob"])
    def test_a_mission_one_of_them_completed_is_completed(self, who: str) -> None:
        ana, bob = two(self.MISSION)
        Life(ana.town, who).does("visit", "2026-03-02")

        merge(bob)

        assert ana.mission("2026-04-01", "m").state == "completed"
        assert ana.balance("2026-04-01") == 30

    def test_a_mission_joined_by_the_donor_is_joined(self) -> None:
        ana, bob = two("missions: {m: {opt_in: true, activity: visit, goal: 2}}")
        bob.does("mission_joined", "2026-03-01", mission="m")
        bob.does("visit", "2026-03-02")

        merge(bob)

        view = ana.mission("2026-04-01", "m")
        assert (view.state, view.progress) == ("active", 1)

    def test_a_mission_that_only_both_together_complete_is_completed_by_the_merge(self) -> None:
        ana, bob = two(self.MISSION.replace("goal: 1", "goal: 2"))
        ana.does("visit", "2026-03-02")
        bob.does("visit", "2026-03-03")

        merge(bob)

        assert ana.mission("2026-04-01", "m").state == "completed"

    BADGE = """
        wallets: {points: {}}
        counters: {visits: {activity: visit}}
        badges: {b: {counter: visits, at: 1, grant: [{wallet: points, fixed: 7}]}}
        """

    def test_a_badge_takes_the_earlier_date_and_brought_its_grant_once(self) -> None:
        ana, bob = two(self.BADGE)
        ana.does("visit", "2026-03-09")
        bob.does("visit", "2026-03-02")

        merge(bob)

        assert ana.badges() == {"b": "2026-03-02"}
        assert [shown(lot.at) for lot in ana.lots("2026-04-01")] == ["2026-03-02"]

    def test_a_badge_that_only_both_together_reach_has_the_day_of_what_counted_last(self) -> None:
        ana, bob = two(self.BADGE.replace("at: 1", "at: 2"))
        ana.does("visit", "2026-03-09")
        bob.does("visit", "2026-03-02")

        merge(bob)

        assert ana.badges() == {"b": "2026-03-09"}

    def test_a_month_that_is_over_is_looked_at_too(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            counters: {visits: {activity: visit, window: calendar_month}}
            badges: {b: {counter: visits, at: 2}}
            missions: {m: {counter: visits, goal: 2, grant: [{wallet: points, fixed: 7}]}}
            """)
        ana.does("visit", "2026-03-09")
        bob.does("visit", "2026-03-02")

        merge(bob)

        assert ana.badges() == {"b": "2026-03-09"}
        assert ana.balance("2026-04-01") == 7

    def test_what_entering_a_tier_brought_twice_is_reversed_newest_first(self) -> None:
        ana, bob = two("""
            wallets: {points: {}}
            counters: {visits: {activity: visit}}
            ladders:
              status:
                counter: visits
                keep: {}
                tiers:
                  - {id: basic, at: 0}
                  - id: gold
                    at: 1
                    on_enter: [{voucher: treat, valid: P1M}, {wallet: points, fixed: 50},
                               {wallet: points, fixed: 5, per: month, as: monthly}]
            """)
        ana.does("visit", "2026-02-09")
        bob.does("visit", "2026-03-02")

        merge(bob)

        assert [(lot.rule, shown(lot.at)) for lot in ana.lots("2026-04-01")] == [
            ("bonus", "2026-02-09"),
            ("monthly", "2026-02-09"),
            ("monthly", "2026-03-02"),
        ]


REFERRAL = """
    wallets: {points: {}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: friend, activity: purchase, when: {member.referrer: {exists: "true"}},
         wallet: points, give: {fixed: 50}}
      - {id: thanks, activity: purchase, wallet: points, give: {fixed: 100}, to: referrer,
         limit: {times: 5, per: year, by: beneficiary}}
    """


class TestReferrals:
    def test_a_referral_between_the_two_was_a_self_referral(self) -> None:
        ana, bob = two(REFERRAL, referrer="ana")
        bob.buys(20, "2026-03-02", id="p")
        assert ana.balance("2026-03-02") == 100

        merge(bob)

        assert ana.left("2026-04-01") == {"p.base": 20}
        assert ana.standing.referrer is None
        ana.refunds("p", "2026-04-02", amount=5)
        assert ana.left("2026-04-02") == {"p.base": 15}

    def test_also_where_the_survivor_was_the_friend(self) -> None:
        town = a_town(REFERRAL)
        bob = a_member(town, name="bob")
        ana = a_member(town, referrer="bob")
        ana.buys(20, "2026-03-02", id="p")
        bob.buys(7, "2026-03-02", id="q")

        merge(bob)

        assert ana.left("2026-04-01") == {"p.base": 20, "q.base": 7}
        assert ana.standing.referrer is None

    def test_what_was_voided_before_stays_void(self) -> None:
        ana, bob = two(REFERRAL, referrer="ana")
        bob.buys(20, "2026-03-02", id="p")
        bob.does("ineligible", "2026-03-03", of="p")
        assert ana.balance("2026-03-03") == 0

        merge(bob)

        assert ana.left("2026-04-01") == {}

    def test_friends_of_others_stay_friends(self) -> None:
        town = a_town(REFERRAL)
        cid = a_member(town, name="cid")
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="cid")
        dan = a_member(town, name="dan", referrer="bob")
        bob.buys(20, "2026-03-02", id="p")
        dan.buys(20, "2026-03-03", id="q")

        merge(bob)

        assert cid.balance("2026-04-01") == 100
        assert ana.left("2026-04-01") == {"p.base": 20, "p.friend": 50, "q.thanks": 100}
        assert ana.standing.referrer == "cid"

        dan.refunds("q", "2026-04-02")  # told to bob's account, which leads to ana
        assert ana.left("2026-04-02") == {"p.base": 20, "p.friend": 50}

    def test_what_referrals_of_one_person_brought_beyond_a_limit_is_taken_back(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules:
              - {id: once, activity: purchase, wallet: points, give: {fixed: 100}, to: referrer,
                 limit: {times: 1, per: lifetime}}
              - {id: some, activity: purchase, wallet: points, give: {rate: 1}, to: referrer,
                 limit: {points: 30, per: month}}
            """)
        cid = a_member(town, name="cid")
        ana = a_member(town, referrer="cid")
        bob = a_member(town, name="bob", referrer="cid")
        ana.buys(20, "2026-03-02", id="p1")
        bob.buys(25, "2026-03-03", id="p2")
        ana.buys(3, "2026-02-03", received="2026-03-04", id="p3")
        assert cid.balance("2026-03-04") == 100 + 100 + 20 + 25 + 3

        merge(bob)

        assert cid.left("2026-04-01") == {
            "p1.once": 100,
            "p1.some": 20,
            "p2.some": 10,
            "p3.some": 3,
        }
        ana.refunds("p2", "2026-04-02")
        assert cid.balance("2026-04-02") == 100 + 20 + 3

    def test_a_referral_that_was_refunded_before_leaves_nothing_to_take_back(self) -> None:
        ana, bob = two(
            REFERRAL.replace(
                """
         limit: {times: 5, per: year, by: beneficiary}}""",
                "}",
            ),
            referrer="ana",
        )
        bob.buys(20, "2026-03-02", id="p")
        bob.buys(20, "2026-03-03", id="q")
        bob.refunds("p", "2026-03-04")
        assert ana.balance("2026-03-04") == 100

        merge(bob)

        assert ana.left("2026-04-01") == {"q.base": 20}

    def test_a_referrer_who_was_merged_keeps_the_lots_of_a_referral(self) -> None:
        town = a_town(REFERRAL)
        ana, bob = a_member(town), a_member(town, name="bob")
        dan = a_member(town, name="dan", referrer="bob")
        for life in (ana, bob):
            life.buys(7, "2026-03-02", id=f"p.{life.name}")
        dan.buys(20, "2026-03-03", id="q")

        merge(bob)
        dan.refunds("q", "2026-04-02")

        assert ana.left("2026-04-02") == {"p.ana.base": 7, "p.bob.base": 7}

    def test_who_was_referred_by_an_account_merged_before_referred_themselves(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules:
              - {id: hello, activity: purchase, when: {member.referrer: {exists: true}},
                 wallet: points, give: {fixed: 7}}
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
            """)
        ana, bob = a_member(town), a_member(town, name="bob")
        dan = a_member(town, name="dan", referrer="bob")
        dan.buys(20, "2026-03-02", id="p")
        merge(bob)

        dan.does("member_merged", "2026-04-02", into="ana")
        ana.buys(20, "2026-04-03", id="q")

        assert ana.left("2026-04-03") == {"p.base": 20, "q.base": 20}

    def test_the_place_of_a_self_referral_is_free_again(self) -> None:
        ana, bob = two(REFERRAL, referrer="ana")
        bob.buys(20, "2026-03-02", id="p")
        merge(bob)

        shelf = ana.standing.shelves["limit:thanks"]

        assert set(shelf.items.values()) == {0}


class TestRunningTotals:
    CARRY = """
        wallets: {points: {}}
        rules:
          - {id: steps, activity: purchase, wallet: points,
             give: {step: 10.00, points: 1, remainder: carry}}
          - {id: plain, activity: purchase, wallet: points, give: {fixed: 2}}
        """

    def test_the_remainders_of_both_make_a_step_together(self) -> None:
        ana, bob = two(self.CARRY)
        ana.buys(17, "2026-03-02", id="p1")
        bob.buys(18, "2026-03-03", id="p2")

        merge(bob)

        assert ana.left("2026-04-01") == {
            "p1.steps": 1,
            "p1.plain": 2,
            "p2.steps": 1,
            "p2.plain": 2,
            "m.steps": 1,
        }
        ana.buys(5, "2026-04-02", id="p3")  # 40 in all
        assert ana.left("2026-04-02")["p3.steps"] == 1

        ana.refunds("p2", "2026-04-03")  # 22: two are left of four
        assert ana.balance("2026-04-03") == 2 + 2 + 2

    def test_remainders_that_make_no_step_bring_nothing(self) -> None:
        ana, bob = two(self.CARRY)
        ana.buys(12, "2026-03-02")
        bob.buys(12, "2026-03-03")

        merge(bob)

        assert ana.balance("2026-04-01") == 1 + 1 + 4

    def test_an_account_without_a_total_brings_none(self) -> None:
        ana, bob = two(self.CARRY)
        ana.buys(12, "2026-03-02")

        merge(bob)

        assert ana.balance("2026-04-01") == 3


GIVEN = """
    counters: {visits: {activity: visit, window: calendar_month}}
    ladders:
      status:
        counter: visits
        window: calendar_month
        tiers: [{id: low, at: 0}, {id: high, at: 1, on_enter: [{voucher: ride, per: month}]}]
        keep: {until: end_of_window}
    missions: {m: {activity: visit, goal: 1, grant: [{voucher: treat, valid: P90D}]}}
    schedule:
      gift: {monthly: "5", grant: [{voucher: card}, {voucher: card}, {wallet: points, fixed: 9}]}
    wallets: {points: {}}
"""


def test_what_both_were_given_once_stays_once_the_older_of_the_two() -> None:
    ana, bob = two(GIVEN)
    bob.does("visit", "2026-01-02")
    ana.does("visit", "2026-01-03")
    ana.does("visit", "2026-02-03")

    merge(bob, "2026-02-10")

    assert ana.vouchers("2026-02-10") == {
        "mission:m": "issued",
        "mission:m#2": "void",
        "status:high": "issued",  # of January
        "status:high#2": "issued",  # of February
        "status:high#3": "void",
        **{f"gift:2026-{month}-05": "issued" for month in ("01", "02")},
        **{f"gift:2026-{month}-05#2": "issued" for month in ("01", "02")},
        "gift:2026-02-05#3": "void",
        "gift:2026-02-05#4": "void",
    }
    assert ana.balance("2026-02-10") == 18


def test_of_several_too_many_the_newest_go_whatever_they_are_called() -> None:
    ana, bob = two("""
        wallets: {points: {}}
        missions: {m: {activity: purchase, sum: net, goal: 10,
                       grant: [{voucher: treat}, {voucher: treat}]}}
        """)
    ana.buys(10, "2026-02-10")
    bob.buys(10, "2026-02-03")

    merge(bob, "2026-02-11")

    held = ana.view("2026-02-11").vouchers()
    living = {name: shown(it.issued_at) for name, it in held.items() if it.state == "issued"}
    assert living == {"mission:m": "2026-02-03", "mission:m#4": "2026-02-03"}


def test_a_voucher_that_was_used_stays_used_and_the_other_goes() -> None:
    ana, bob = two(GIVEN)
    bob.does("visit", "2026-01-02")
    ana.does("visit", "2026-01-03")
    ana.does("voucher_used", "2026-01-04", voucher="mission:m")

    merge(bob, "2026-01-04")

    assert ana.vouchers("2026-01-04") == {
        "mission:m": "used",
        "mission:m#2": "void",
        "status:high": "issued",
        "status:high#2": "void",
    }


def test_what_an_earlier_version_counted_stays_behind() -> None:
    old = a_program("counters: {visits: {activity: visit}, rest: {activity: nap}}")
    new = a_program("counters: {visits: {activity: visit}}", version=2, begin="2026-03-15")
    town: Town = a_town(old, new)
    ana, bob = a_member(town), a_member(town, name="bob")
    for life in (ana, bob):
        life.does("visit", "2026-03-02")
        life.does("nap", "2026-03-02")

    merge(bob)

    assert ana.counter("2026-04-01", "visits") == 2


def test_a_distinct_value_that_only_both_together_reach_counts() -> None:
    ana, bob = two(
        "counters: {it: {activity: purchase, distinct: brand, each: {sum: net, gte: 20}}}"
    )
    ana.does("purchase", "2026-03-02", lines=[a_line(15, brand="x"), a_line(30, brand="y")])
    bob.does("purchase", "2026-03-02", lines=[a_line(5, brand="x"), a_line(30, brand="y")])

    merge(bob)

    assert ana.counter("2026-04-01", "it") == 2


def test_lots_that_a_refund_brought_are_the_survivors_too() -> None:
    ana, bob = two("""
        wallets: {points: {}}
        rules: [{id: small, activity: purchase, when: {net: {lt: 50}}, wallet: points,
                 give: {rate: 1}}]
        draws: {d: {activity: purchase, seed: s, wallet: points,
                    table: [{id: all, p: 1, fixed: 2}]}}
        """)
    ana.buys(5, "2026-03-01", id="p1")
    bob.buys(60, "2026-03-02", id="p2")
    bob.refunds("p2", "2026-03-03", amount=20)
    merge(bob)

    ana.refunds("p2", "2026-04-02", amount=10)
    assert ana.left("2026-04-02") == {"p1.small": 5, "p1.draw": 2, "p2.draw": 2, "p2.small": 30}
    ana.does("ineligible", "2026-04-03", of="p2")
    assert ana.left("2026-04-03") == {"p1.small": 5, "p1.draw": 2}


def test_an_account_that_nobody_enrolled_takes_all_over() -> None:
    ana, bob = two(SHOP)
    bob.buys(10, "2026-03-02", id="p")

    bob.does("member_absorbed", "2026-04-01", member="new", **{"from": "bob"})

    new = Life(ana.town, "new")
    assert new.standing.status == "active"
    assert new.left("2026-04-01") == {"p.base": 10}


def test_a_limit_of_which_the_lots_are_gone_already_reverses_nothing_more() -> None:
    ana, bob = two("""
        wallets: {points: {}}
        rules:
          - {id: first, activity: visit, wallet: points, give: {fixed: 30},
             limit: {times: 1, per: lifetime}}
          - {id: other, activity: visit, wallet: points, give: {fixed: 1}}
        """)
    for life in (ana, bob):
        life.does("visit", "2026-03-02", id=f"v.{life.name}")
    merge(bob)
    cid = a_member(ana.town, name="cid")
    cid.does("visit", "2026-04-02", id="v.cid")

    cid.does("member_merged", "2026-04-03", id="m2", into="ana")

    assert ana.left("2026-04-03") == {
        "v.ana.first": 30,
        "v.ana.other": 1,
        "v.bob.other": 1,
        "v.cid.other": 1,
    }


SLEEPY = """
    wallets: {points: {expiry: {mode: inactivity, period: P6M, activity: [purchase]}}}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
"""


@pytest.mark.parametrize("sleeper", ["ana", "bob"])
def test_what_one_account_did_keeps_alive_what_lapsed_in_the_other(sleeper: str) -> None:
    town = a_town(SLEEPY)
    who = {"ana": a_member(town), "bob": a_member(town, name="bob")}
    other = who["bob" if sleeper == "ana" else "ana"]
    who[sleeper].buys(10, "2026-01-10")
    other.buys(5, "2026-05-01")
    who[sleeper].waits("2026-08-01")
    assert who[sleeper].balance("2026-08-01") == 0

    merge(who["bob"], "2026-08-02")

    assert who["ana"].balance("2026-08-02") == 15
    assert who["ana"].balance("2026-11-01") == 15
    assert who["ana"].balance("2026-11-02") == 0


def test_wallets_that_lapsed_at_the_same_instant_are_merged() -> None:
    ana, bob = two(SLEEPY)
    for life in (ana, bob):
        life.buys(10, "2026-03-02", id=f"p.{life.name}")
    ana.waits("2026-10-01")
    bob.buys(5, "2026-10-02", id="q")

    merge(bob, "2026-10-03")

    assert ana.left("2026-10-03") == {"q.base": 5}


def test_what_lapsed_before_the_other_account_did_anything_stays_expired() -> None:
    ana, bob = a_member(town := a_town(SLEEPY)), a_member(town, name="bob")
    ana.buys(10, "2026-01-10")
    bob.buys(5, "2026-07-20")
    ana.waits("2026-08-01")

    merge(bob, "2026-08-02")

    assert ana.balance("2026-08-02") == 5
    assert ana.wallet("2026-08-02").expired == 10


def test_what_lapsed_comes_back_no_more_once_a_later_version_knows_no_inactivity() -> None:
    new = SLEEPY.replace("mode: inactivity, period: P6M, activity: [purchase]", "mode: never")
    town = a_town(a_program(SLEEPY), a_program(new, version=2, begin="2026-08-01"))
    ana, bob = a_member(town), a_member(town, name="bob")
    ana.buys(10, "2026-01-10")
    bob.buys(5, "2026-05-01")
    ana.waits("2026-08-01")

    merge(bob, "2026-08-02")

    assert ana.balance("2026-08-02") == 5
    assert ana.wallet("2026-08-02").expired == 10


def test_what_running_totals_bring_together_waits_as_the_rule_says() -> None:
    ana, bob = two("""
        wallets: {points: {}}
        rules:
          - id: base
            activity: purchase
            wallet: points
            give: {step: 2.00, points: 10, remainder: carry}
            pending: {for: P14D}
            expiry: {mode: after, period: P30D}
        """)
    ana.buys("1.00", "2026-03-02")
    bob.buys("1.00", "2026-03-03")

    merge(bob)

    wallet = ana.wallet("2026-04-02")
    assert (wallet.spendable, wallet.pending) == (0, 10)
    assert ana.balance("2026-04-20") == 10
    assert ana.balance("2026-05-02") == 0


def test_running_totals_that_were_both_rounded_up_are_worth_less_together() -> None:
    ana, bob = two("""
        wallets: {points: {}}
        rules:
          - id: base
            activity: purchase
            wallet: points
            give: {step: 1.00, points: 1.5, remainder: carry, round: ceil}
        """)
    ana.buys("1.00", "2026-03-02")
    bob.buys("1.00", "2026-03-03")

    merge(bob)

    assert ana.balance("2026-04-02") == 3  # 1.5 and 1.5, where 2 and 2 were given
