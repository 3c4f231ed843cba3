"""What the schedule brings: dates, birthdays, for whom, payouts and dividends."""

from dataclasses import replace

import pytest

from builders import Given, Life, a_member, a_program, a_town, instant
from guerdon.core.decision import PointsEffect
from guerdon.core.program import Job
from guerdon.core.rulebook import Rulebook
from guerdon.core.settle import settle
from guerdon.core.standing import Standing


def waiting(job: str, more: str = "", enrolled: str = "2026-01-01", **attributes: Given) -> Life:
    return a_member(
        f"""
        wallets: {{points: {{}}, cash: {{scale: 2}}}}
        schedule: {{gift: {{{job}}}}}
        {more}
        """,
        enrolled=enrolled,
        **attributes,  # type: ignore[arg-type]  # none is called like a parameter
    )


GIFT = "grant: [{wallet: points, fixed: 5}]"


class TestWhen:
    def test_a_yearly_job_runs_as_its_day_begins(self) -> None:
        life = waiting(f'yearly: ["03-01", "09-01"], {GIFT}')
        assert life.due() == "2026-03-01"

        assert life.balance("2026-02-28 23:59:59") == 0
        assert life.left("2027-03-01") == {
            "gift:2026-03-01.bonus": 5,
            "gift:2026-09-01.bonus": 5,
            "gift:2027-03-01.bonus": 5,
        }

    def test_it_runs_at_day_start_in_the_programs_zone(self) -> None:
        life = a_member(f"""
            timezone: America/Los_Angeles
            day_start: "06:00"
            wallets: {{points: {{}}}}
            schedule: {{gift: {{yearly: ["03-01"], {GIFT}}}}}
            """)

        assert life.balance("2026-03-01T05:59:59-08:00") == 0
        assert life.balance("2026-03-01T06:00:00-08:00") == 5

    def test_a_yearly_job_on_29_february_runs_in_leap_years(self) -> None:
        life = waiting(f'yearly: ["02-29"], {GIFT}')

        assert list(life.left("2033-01-01")) == ["gift:2028-02-29.bonus", "gift:2032-02-29.bonus"]

    def test_no_leap_year_is_missed_where_eight_years_lie_between(self) -> None:
        life = waiting(f'yearly: ["02-29"], {GIFT}', enrolled="2097-01-01")

        assert life.due() == "2104-02-29"

    def test_a_job_may_run_on_several_days_of_each_month(self) -> None:
        life = waiting(f'monthly: ["1", 15], {GIFT}')

        assert list(life.left("2026-02-20"))[-3:] == [
            "gift:2026-01-15.bonus",
            "gift:2026-02-01.bonus",
            "gift:2026-02-15.bonus",
        ]

    def test_a_month_without_the_jobs_day_has_no_run(self) -> None:
        life = waiting(f'monthly: "31", {GIFT}')

        assert list(life.left("2026-06-01")) == [
            "gift:2026-01-31.bonus",
            "gift:2026-03-31.bonus",
            "gift:2026-05-31.bonus",
        ]

    @pytest.mark.parametrize(
        ("rule", "days"),
        [
            ("", ["2026-02-28", "2027-02-28", "2028-02-29"]),
            ("leap_birthday: mar1", ["2026-03-01", "2027-03-01", "2028-02-29"]),
        ],
    )
    def test_a_leap_birthday_is_kept_as_the_program_says(self, rule: str, days: list[str]) -> None:
        life = waiting("birthday: [{wallet: points, fixed: 5}]", rule, birthday="02-29")

        assert list(life.left("2028-03-02")) == [f"gift:{day}.bonus" for day in days]

    def test_who_has_no_birthday_gets_nothing(self) -> None:
        life = waiting("birthday: [{wallet: points, fixed: 5}]")

        assert life.due() is None

    def test_a_birthday_that_is_told_later_is_kept_from_then_on(self) -> None:
        life = waiting("birthday: [{wallet: points, fixed: 5}]")
        life.does("member_updated", "2026-06-01", attrs__birthday="05-01")

        assert list(life.left("2027-06-01")) == ["gift:2027-05-01.bonus"]


class TestForWhom:
    def test_for_members_enrolled_before_the_instant(self) -> None:
        job = f'yearly: ["03-01"], {GIFT}'

        assert waiting(job, enrolled="2026-03-01").balance("2026-03-02") == 0
        assert waiting(job, enrolled="2026-02-28 23:59:59").balance("2026-03-02") == 5

    def test_for_members_whose_attributes_match_then(self) -> None:
        job = f'monthly: "1", when: {{member.club: gold}}, {GIFT}'
        life = waiting(job)
        life.does("member_updated", "2026-02-15", attrs__club="gold")
        life.does("member_updated", "2026-03-15", attrs__club="none")

        assert list(life.left("2026-05-01")) == ["gift:2026-03-01.bonus"]

    def test_a_late_enrollment_does_not_bring_what_it_missed(self) -> None:
        town = a_town(f"wallets: {{points: {{}}}}\nschedule: {{gift: {{monthly: '1', {GIFT}}}}}")
        life = Life(town, "ana")
        life.does("enrollment", "2026-01-15", received="2026-03-15")

        assert list(life.left("2026-04-01")) == ["gift:2026-04-01.bonus"]


class TestOrder:
    def test_jobs_run_in_the_programs_order_after_what_expires_and_what_is_reviewed(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            counters: {visits: {activity: visit}}
            ladders:
              status:
                counter: visits
                window: {rolling: P12M}
                tiers: [{id: basic, at: 0}, {id: gold, at: 1}]
                keep: {for: P1M}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1},
                 expiry: {mode: date, month_day: "02-28", years: 0}}
              - {id: slow, activity: purchase, wallet: points, give: {fixed: 9},
                 pending: {for: P28D}}
            schedule:
              second: {yearly: ["03-01"], grant: [{wallet: points, fixed: 1}]}
              first: {yearly: ["03-01"], payout: {wallet: points, min: 1}}
            """)
        life.buys(7, "2026-02-01")

        decision = life.waits("2026-03-01")

        assert [e.how for e in decision.effects if isinstance(e, PointsEffect)] == [
            "expired",
            "released",
            "earned",
            "paid_out",
        ]

    def test_an_activity_at_the_same_instant_comes_after_them(self) -> None:
        """S1."""
        life = waiting(
            'yearly: ["03-01"], grant: [{wallet: points, fixed: 5}]',
            "rewards: {mug: {wallet: points, cost: 5}}",
        )

        assert life.redeems("mug", "2026-03-01").result == "accepted"


class TestWhatFollows:
    def test_what_a_job_brings_lifts_a_tier_completes_a_mission_and_earns_a_badge(self) -> None:
        life = waiting(
            'yearly: ["03-01"], grant: [{wallet: points, fixed: 5}]',
            """counters: {all: {sum: "points:points"}}
        ladders:
          status: {counter: all, keep: {},
                   tiers: [{id: basic, at: 0},
                           {id: gold, at: 5, on_enter: [{wallet: cash, fixed: 1.00}]}]}
        missions: {m: {counter: all, goal: 5}}
        badges: {b: {counter: all, at: 5}}""",
        )
        life.does("visit", "2026-04-01")

        assert life.tier("2026-04-01") == "gold"
        assert life.mission("2026-04-01", "m").state == "completed"
        assert life.badges() == {"b": "2026-03-01"}
        assert life.lots("2026-04-01", "cash")[0].at == instant("2026-03-01")

    def test_a_job_may_grant_a_tier_that_is_shown_at_once(self) -> None:
        life = waiting(
            'yearly: ["03-01"], grant: [{ladder: status, tier: gold, until: P1M}]',
            """counters: {all: {activity: visit}}
        ladders:
          status: {counter: all, keep: {}, tiers: [{id: basic, at: 0}, {id: gold, at: 9}]}""",
        )

        assert life.tier("2026-03-01") == "gold"
        assert life.tier("2026-04-01 23:59:59") == "gold"
        assert life.tier("2026-04-02") == "basic"


class TestPayouts:
    JOB = 'monthly: "1", payout: {wallet: cash, min: 5.00}'
    RULE = "rules: [{id: back, activity: purchase, wallet: cash, give: {rate: 0.1}}]"

    def test_the_whole_spendable_balance_is_paid_out_once_it_reaches_the_least(self) -> None:
        life = waiting(self.JOB, self.RULE)
        life.buys("49.90", "2026-03-02")
        assert life.balance("2026-04-01", "cash") == 499

        life.buys("0.10", "2026-04-02")
        decision = life.waits("2026-05-01")

        assert decision.payouts == [("cash", instant("2026-05-01"), 500)]
        wallet = life.wallet("2026-05-01", "cash")
        assert (wallet.spendable, wallet.redeemed) == (0, 500)

    def test_nothing_is_paid_out_of_nothing(self) -> None:
        life = waiting('monthly: "1", payout: {wallet: cash, min: 0}', self.RULE)

        assert life.waits("2026-05-01").payouts == []
        life.buys(10, "2026-05-02")
        assert len(life.waits("2026-07-01").payouts) == 1

    def test_money_out_is_final_and_what_comes_back_later_is_owed(self) -> None:
        """S25."""
        life = waiting(self.JOB, self.RULE)
        life.buys(100, "2026-03-02", id="p")
        life.waits("2026-04-01")

        life.refunds("p", "2026-04-02")

        assert life.wallet("2026-04-02", "cash").debt == 1000
        life.buys(150, "2026-04-03")
        assert life.waits("2026-05-01").payouts == [("cash", instant("2026-05-01"), 500)]


class TestDividends:
    JOB = 'yearly: ["02-15"], dividend: {counter: spend, rate: 0.1, wallet: cash, min: 2.00}'
    COUNTER = """counters: {spend: {activity: purchase, sum: net, window: calendar_year,
                              refunds: when_refunded}}"""

    def test_it_is_a_share_of_the_previous_calendar_year(self) -> None:
        life = waiting(self.JOB, self.COUNTER)
        life.buys("30.05", "2026-12-31")
        life.buys(500, "2027-01-01")

        assert life.left("2027-02-15", "cash") == {"gift:2027-02-15.dividend": 300}  # 3.005
        assert life.balance("2028-02-15", "cash") == 300 + 5000

    def test_less_than_the_least_is_not_paid(self) -> None:
        life = waiting(self.JOB, self.COUNTER)
        life.buys("19.99", "2026-12-31")

        assert life.balance("2027-02-15", "cash") == 0

    def test_a_refund_after_it_was_paid_burdens_the_next_period(self) -> None:
        """S25."""
        life = waiting(self.JOB, self.COUNTER)
        life.buys(100, "2026-12-31", id="p")
        life.buys(100, "2027-03-01")
        assert life.balance("2027-03-01", "cash") == 1000

        life.refunds("p", "2027-03-02", amount=50)

        assert life.balance("2028-02-15", "cash") == 1000 + 500

    def test_a_year_below_nothing_pays_nothing(self) -> None:
        life = waiting(self.JOB, self.COUNTER)
        life.buys(100, "2026-12-31", id="p")
        life.refunds("p", "2027-03-02", amount=50)

        assert life.balance("2028-02-15", "cash") == 1000

    def test_a_dividend_of_another_windows_counter_reads_the_year_all_the_same(self) -> None:
        life = waiting(self.JOB, "counters: {spend: {activity: purchase, sum: net}}")
        life.buys(100, "2026-12-31")
        life.buys(70, "2027-01-01")

        assert life.balance("2027-02-15", "cash") == 1000


class TestVersions:
    def test_a_job_of_a_later_version_runs_from_then_on_for_who_slept_meanwhile(self) -> None:
        new = f"wallets: {{points: {{}}}}\nschedule: {{gift: {{monthly: '1', {GIFT}}}}}"
        town = a_town(
            a_program("wallets: {points: {}}"),
            a_program(new, version=2, begin="2026-03-15"),
        )
        life = a_member(town)

        assert list(life.left("2026-05-02")) == ["gift:2026-04-01.bonus", "gift:2026-05-01.bonus"]

    def test_a_job_that_a_later_version_dropped_runs_no_more(self) -> None:
        old = f"wallets: {{points: {{}}}}\nschedule: {{gift: {{monthly: '1', {GIFT}}}}}"
        town = a_town(
            a_program(old), a_program("wallets: {points: {}}", version=2, begin="2026-03-15")
        )
        life = a_member(town)

        assert list(life.left("2026-05-02")) == ["gift:2026-02-01.bonus", "gift:2026-03-01.bonus"]
        life.waits("2026-05-02")
        assert life.due() is None


def test_a_day_that_no_year_and_no_month_has_never_comes() -> None:
    """No document can name it."""
    program = a_program("wallets: {points: {}}")
    never = Job(id="never", yearly=((2, 30),), monthly=(32,))

    assert a_member(replace(program, jobs={"never": never})).due() is None


def test_nobody_who_is_not_enrolled_has_a_job_before_them() -> None:
    program = a_program(f"wallets: {{points: {{}}}}\nschedule: {{gift: {{monthly: '5', {GIFT}}}}}")
    found = settle(Rulebook([program]), Standing("ghost"), instant("2026-03-06"))

    assert found.effects == []
    assert found.standing.due_at is None
