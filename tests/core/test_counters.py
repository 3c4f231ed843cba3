"""Counters: what is measured, in which window, and what refunds, voids and late reports move."""

import pytest

from builders import Life, a_line, a_member, a_program, a_town, instant
from guerdon.core.streaks import longest_run


def counting(counter: str, more: str = "") -> Life:
    return a_member(f"""
        wallets: {{points: {{}}, gems: {{}}}}
        counters: {{it: {{{counter}}}}}
        {more}
        """)


class TestMeasures:
    def test_a_counter_without_a_measure_counts(self) -> None:
        life = counting("activity: [purchase, login]")

        life.buys(5, "2026-03-02")
        life.does("login", "2026-03-02")
        life.does("logout", "2026-03-02")

        assert life.counter("2026-03-03", "it") == 2

    def test_it_counts_only_what_matches(self) -> None:
        life = counting("activity: purchase, when: {net: {gte: 10}}")

        life.buys(10, "2026-03-02")
        life.buys("9.99", "2026-03-02")

        assert life.counter("2026-03-03", "it") == 1

    def test_net_beside_when_in_a_counter_is_that_of_the_lines_that_match(self) -> None:
        life = counting("activity: purchase, when: {net: {gte: 10}}, lines: {category: toys}")

        life.does("purchase", "2026-03-02", lines=[a_line(9, category="toys"), a_line(50)])
        life.does("purchase", "2026-03-02", lines=[a_line(10, category="toys")])

        assert life.counter("2026-03-03", "it") == 1

    def test_a_sum_of_money_is_that_of_the_lines_that_match(self) -> None:
        life = counting("activity: purchase, sum: net, lines: {category: {ne: tea}}")

        life.does(
            "purchase",
            "2026-03-02",
            lines=[a_line("9.50", category="toys"), a_line(50, category="tea")],
        )
        life.does("purchase", "2026-03-02", lines=[a_line("1.00", category="tea")])

        assert life.counter("2026-03-03", "it") == 950

    def test_a_sum_of_a_field_reads_the_activity_first(self) -> None:
        life = counting("activity: run, sum: km")

        life.does("run", "2026-03-02", km="5.25")
        life.does("run", "2026-03-03", km="far")
        life.does("run", "2026-03-04")

        assert life.counter("2026-03-05", "it") == 5_250_000  # six digits behind the point

    def test_a_sum_of_a_field_reads_the_lines_else(self) -> None:
        life = counting("activity: purchase, sum: pages")
        first, second = a_line(10, sku="a", pages=300), a_line(20, sku="b", pages=120)

        life.does("purchase", "2026-03-02", id="p", lines=[first, second, a_line(5)])
        assert life.counter("2026-03-03", "it") == 420_000_000

        life.refunds("p", "2026-03-04", lines=[a_line(10, sku="a")])
        assert life.counter("2026-03-05", "it") == 120_000_000

    def test_distinct_reads_the_activitys_field_first(self) -> None:
        life = counting("activity: visit, distinct: shop")

        for shop in ("s1", "s2", "s1"):
            life.does("visit", "2026-03-02", shop=shop)
        life.does("visit", "2026-03-02")
        life.does("visit", "2026-03-02", shop=["s3", "s4", "s3"])

        assert life.counter("2026-03-03", "it") == 4

    def test_distinct_can_read_who_reported(self) -> None:
        life = counting("activity: visit, distinct: partner")

        life.does("visit", "2026-03-02", partner="cafe")
        life.does("visit", "2026-03-02", partner="cafe")
        life.does("visit", "2026-03-02", partner="cinema")

        assert life.counter("2026-03-03", "it") == 2

    def test_distinct_reads_the_remaining_lines_else(self) -> None:
        life = counting("activity: purchase, distinct: brand")
        life.does(
            "purchase",
            "2026-03-02",
            id="p",
            lines=[a_line(10, brand="x"), a_line(5, brand="y"), a_line(0, brand="free"), a_line(1)],
        )
        assert life.counter("2026-03-03", "it") == 3

        life.refunds("p", "2026-03-04", lines=[a_line(10, brand="x")])
        assert life.counter("2026-03-05", "it") == 2

    def test_a_value_counts_until_its_last_activity_is_gone(self) -> None:
        life = counting("activity: purchase, distinct: brand")
        life.buys(5, "2026-03-02", id="p1", brand="x")
        life.buys(5, "2026-03-02", id="p2", brand="x")

        life.refunds("p1", "2026-03-03")
        assert life.counter("2026-03-03", "it") == 1

        life.refunds("p2", "2026-03-04")
        assert life.counter("2026-03-04", "it") == 0

    def test_a_distinct_value_counts_once_its_own_sum_reaches_the_least(self) -> None:
        life = counting("activity: purchase, distinct: brand, each: {sum: net, gte: 20}")
        life.does(
            "purchase", "2026-03-02", id="p", lines=[a_line(15, brand="x"), a_line(50, brand="y")]
        )
        assert life.counter("2026-03-02", "it") == 1

        life.buys(5, "2026-03-03", brand="x")
        assert life.counter("2026-03-03", "it") == 2

        life.refunds("p", "2026-03-04", lines=[a_line("0.01", brand="x")])
        assert life.counter("2026-03-04", "it") == 1

    def test_the_sum_of_each_may_be_of_a_field(self) -> None:
        life = counting("activity: run, distinct: city, each: {sum: km, gte: 10}")

        life.does("run", "2026-03-02", city="Rome", km=6)
        life.does("run", "2026-03-03", city="Rome", km="4.5")
        life.does("run", "2026-03-04", city="Bari", km=9)

        assert life.counter("2026-03-05", "it") == 1

    def test_the_sum_of_each_may_be_of_a_field_of_lines(self) -> None:
        life = counting("activity: purchase, distinct: brand, each: {sum: pages, gte: 100}")

        life.does(
            "purchase",
            "2026-03-02",
            lines=[
                a_line(5, brand="x", pages=60),
                a_line(5, brand="y", pages=60),
                a_line(5, brand="x", pages=40),
            ],
        )

        assert life.counter("2026-03-03", "it") == 1

    def test_once_per_day_counts_business_days(self) -> None:
        life = counting("activity: visit, once_per: day", 'day_start: "06:00"')

        life.does("visit", "2026-03-02 07:00", id="v1")
        life.does("visit", "2026-03-03 05:59:59", id="v2")  # still the 2nd
        life.does("visit", "2026-03-03 06:00", id="v3")
        assert life.counter("2026-03-04", "it") == 2

        life.does("ineligible", "2026-03-04", of="v1")
        assert life.counter("2026-03-04", "it") == 2
        life.does("ineligible", "2026-03-04", of="v2")
        assert life.counter("2026-03-04", "it") == 1

    def test_a_set_counts_nothing_that_does_not_match(self) -> None:
        life = counting("activity: purchase, distinct: brand, when: {net: {gte: 5}}")

        life.buys(4, "2026-03-02", brand="x")

        assert life.counter("2026-03-02", "it") == 0

    def test_a_set_counted_when_refunded_loses_values_in_the_window_of_the_refund(self) -> None:
        life = counting(
            "activity: purchase, distinct: brand, window: calendar_month, refunds: when_refunded"
        )
        life.does(
            "purchase", "2026-03-02", id="p", lines=[a_line(5, brand="x"), a_line(5, brand="y")]
        )

        life.refunds("p", "2026-04-02", lines=[a_line(5, brand="y")])
        life.buys(5, "2026-04-03", brand="x")

        assert life.counter("2026-04-03", "it") == 1

    def test_a_refund_lowers_the_span_in_which_it_happens_wherever_its_purchase_lies(self) -> None:
        life = counting(
            "activity: purchase, sum: net, refunds: when_refunded,"
            " window: {from: 2026-03-02T00:00:00Z, to: 2026-03-05T00:00:00Z}"
        )
        life.buys(5, "2026-03-01", id="before")
        life.buys(7, "2026-03-03", id="inside")

        life.refunds("before", "2026-03-04")
        assert life.counter("2026-03-04", "it") == 200

        life.refunds("inside", "2026-03-06")
        assert life.counter("2026-03-06", "it") == 200


class TestStreaks:
    def test_a_streak_is_the_longest_run_of_days(self) -> None:
        life = counting("activity: login, streak: day")

        seen = []
        for on in ("02", "02", "03", "04", "06", "07"):
            life.does("login", f"2026-03-{on}")
            seen.append(life.counter(f"2026-03-{on}", "it"))

        assert seen == [1, 1, 2, 3, 3, 3]

    def test_a_streak_may_say_that_it_counts_days(self) -> None:
        life = counting("activity: login, streak: day, once_per: day")

        for on in ("02", "02", "03"):
            life.does("login", f"2026-03-{on}")

        assert life.counter("2026-03-03", "it") == 2

    def test_a_late_report_closes_the_gap(self) -> None:
        life = counting("activity: login, streak: day")
        for on in ("02", "03", "05", "06"):
            life.does("login", f"2026-03-{on}")

        life.does("login", "2026-03-04", received="2026-03-08")

        assert life.counter("2026-03-08", "it") == 5
        life.does("login", "2026-03-07", received="2026-03-09")
        assert life.counter("2026-03-09", "it") == 6

    def test_a_voided_day_breaks_it(self) -> None:
        life = counting("activity: login, streak: day")
        for on in ("02", "03", "04"):
            life.does("login", f"2026-03-{on}", id=f"l{on}")
        life.does("login", "2026-03-03", id="again")

        life.does("ineligible", "2026-03-05", of="l03")
        assert life.counter("2026-03-05", "it") == 3
        life.does("ineligible", "2026-03-05", of="again")
        assert life.counter("2026-03-05", "it") == 1

        life.does("login", "2026-03-05")
        assert life.counter("2026-03-06", "it") == 2

    def test_a_streak_of_which_nothing_is_left_begins_anew(self) -> None:
        life = counting("activity: login, streak: day")
        life.does("login", "2026-03-02", id="l")
        life.does("ineligible", "2026-03-03", of="l")
        assert life.counter("2026-03-03", "it") == 0

        life.does("login", "2026-03-04")

        assert life.counter("2026-03-04", "it") == 1

    def test_weeks_begin_on_monday(self) -> None:
        life = counting("activity: login, streak: week")

        for on in ("2026-03-08", "2026-03-09", "2026-03-15", "2026-03-16"):
            life.does("login", on)

        assert life.counter("2026-03-17", "it") == 3

    def test_a_streak_counts_within_its_window(self) -> None:
        life = counting("activity: login, streak: day, window: calendar_month")

        for on in ("2026-03-30", "2026-03-31"):
            life.does("login", on)
        assert life.counter("2026-03-31", "it") == 2

        life.does("login", "2026-04-01")
        assert life.counter("2026-04-02", "it") == 1

    def test_a_void_in_one_window_does_not_touch_another(self) -> None:
        life = counting("activity: login, streak: day, window: calendar_month")
        for on in ("2026-03-31", "2026-04-01", "2026-04-02"):
            life.does("login", on, id=on)

        life.does("ineligible", "2026-04-03", of="2026-04-01")

        assert life.counter("2026-04-03", "it") == 1

    def test_days_leave_a_rolling_window_with_their_last_activity(self) -> None:
        life = counting("activity: login, streak: day, window: {rolling: P5D}")
        for at in ("2026-03-02 08:00", "2026-03-02 20:00", "2026-03-03 08:00", "2026-03-04 08:00"):
            life.does("login", at, id=at)

        assert life.counter("2026-03-04 08:00", "it") == 3
        assert life.counter("2026-03-07 08:00", "it") == 3  # the evening of the 2nd is in it yet
        assert life.counter("2026-03-07 20:00", "it") == 2
        assert life.counter("2026-03-09 08:00", "it") == 0

    def test_a_voided_day_leaves_a_rolling_window_once(self) -> None:
        life = counting("activity: login, streak: day, window: {rolling: P5D}")
        for day in ("02", "03", "04"):
            life.does("login", f"2026-03-{day}", id=day)

        life.does("ineligible", "2026-03-04", of="03")
        assert life.counter("2026-03-04", "it") == 1

        life.does("login", "2026-03-08", id="08")
        assert life.counter("2026-03-08", "it") == 1
        assert life.counter("2026-03-13", "it") == 0

    def test_a_day_of_another_window_is_no_day_of_the_one_in_which_it_was_refunded(self) -> None:
        life = counting(
            "activity: purchase, streak: day, window: calendar_month, refunds: when_refunded"
        )
        life.buys(5, "2026-03-31", id="p")
        for day in ("2026-04-01", "2026-04-02"):
            life.buys(5, day)

        life.refunds("p", "2026-04-03")

        assert life.counter("2026-04-03", "it") == 2

    def test_the_longest_run_and_the_last_one(self) -> None:
        assert longest_run([]) == (0, 0)
        assert longest_run([1, 2, 3, 7, 8]) == (3, 2)


class TestWindows:
    @pytest.mark.parametrize(
        ("window", "last", "first"),
        [
            ("day", "2026-03-02 23:59:59", "2026-03-03"),
            ("week", "2026-03-08 23:59:59", "2026-03-09"),
            ("calendar_month", "2026-03-31 23:59:59", "2026-04-01"),
            ("calendar_year", "2026-12-31 23:59:59", "2027-01-01"),
        ],
    )
    def test_the_first_instant_of_a_window_belongs_to_the_new_one(
        self, window: str, last: str, first: str
    ) -> None:
        """S1."""
        life = counting(f"activity: login, window: {window}")

        life.does("login", last)
        assert life.counter(last, "it") == 1
        life.does("login", first)
        assert life.counter(first, "it") == 1

    def test_a_fixed_window_is_half_open(self) -> None:
        life = counting(
            "activity: login, window: {from: 2026-03-02T00:00:00Z, to: 2026-03-05T00:00:00Z}"
        )

        for at in ("2026-03-01 23:59:59", "2026-03-02", "2026-03-04 23:59:59", "2026-03-05"):
            life.does("login", at)

        assert life.counter("2026-03-06", "it") == 2
        assert life.counter("2026-03-03", "it") == 2

    def test_a_rolling_window_leaves_out_its_beginning_and_holds_its_end(self) -> None:
        life = counting("activity: login, window: {rolling: P7D}")

        life.does("login", "2026-03-02 10:00")

        assert life.counter("2026-03-02 10:00", "it") == 1
        assert life.counter("2026-03-09 09:59:59", "it") == 1
        assert life.counter("2026-03-09 10:00", "it") == 0

    def test_a_late_report_counts_in_the_window_of_its_own_time(self) -> None:
        """S11."""
        town = a_town("""
            counters:
              month: {activity: login, window: calendar_month}
              week: {activity: login, window: {rolling: P7D}}
            leaderboards: {board: {counter: month, window: calendar_month}}
            """)
        life = a_member(town)

        decision = life.does("login", "2026-03-31", received="2026-04-10")

        assert life.counter("2026-04-10", "month") == 0
        assert life.counter("2026-04-10", "week") == 0
        assert [(score.period, score.value) for score in decision.scores] == [
            (instant("2026-03-01"), 1)
        ]

    def test_a_new_counter_begins_with_its_version(self) -> None:
        town = a_town(
            a_program("name: Shop"),
            a_program("counters: {orders: {activity: purchase}}", version=2, begin="2026-04-01"),
        )
        life = a_member(town)
        life.buys(5, "2026-03-20")
        life.buys(5, "2026-04-20")

        assert life.counter("2026-05-01", "orders") == 1


class TestRefunds:
    def test_a_refund_lowers_the_window_of_the_original(self) -> None:
        life = counting(
            "activity: purchase, sum: net, window: calendar_month",
            "leaderboards: {board: {counter: it, window: calendar_month}}",
        )
        life.buys(30, "2026-03-31", id="p")
        life.buys(10, "2026-04-01")

        decision = life.refunds("p", "2026-04-02", amount=20)

        assert life.counter("2026-04-02", "it") == 1000
        assert [(score.period, score.value) for score in decision.scores] == [
            (instant("2026-03-01"), 1000)
        ]

    def test_with_when_refunded_it_lowers_the_window_of_the_refund(self) -> None:
        life = counting(
            "activity: purchase, sum: net, window: calendar_month, refunds: when_refunded"
        )
        life.buys(30, "2026-03-31", id="p")

        life.refunds("p", "2026-04-02", amount=20)

        assert life.counter("2026-04-02", "it") == -2000

    def test_a_void_lowers_the_window_of_the_original_even_then(self) -> None:
        life = counting(
            "activity: purchase, sum: net, window: calendar_month, refunds: when_refunded"
        )
        life.buys(30, "2026-03-31", id="p")
        life.buys(5, "2026-04-01")

        life.does("ineligible", "2026-04-02", of="p")

        assert life.counter("2026-04-02", "it") == 500

    def test_a_refund_outside_a_fixed_window_lowers_nothing_when_refunded(self) -> None:
        life = counting(
            "activity: purchase, sum: net, refunds: when_refunded,"
            " window: {from: 2026-03-02T00:00:00Z, to: 2026-03-05T00:00:00Z}"
        )
        life.buys(30, "2026-03-03", id="p")

        life.refunds("p", "2026-03-06", amount=20)

        assert life.counter("2026-03-06", "it") == 3000

    def test_a_count_falls_only_when_nothing_is_left(self) -> None:
        life = counting("activity: purchase")
        life.buys(30, "2026-03-02", id="p")

        life.refunds("p", "2026-03-03", amount=29)
        assert life.counter("2026-03-03", "it") == 1
        life.refunds("p", "2026-03-03", amount=1)
        assert life.counter("2026-03-03", "it") == 0

    def test_a_condition_on_net_is_asked_of_what_is_left(self) -> None:
        life = counting("activity: purchase, when: {net: {gte: 10}}")
        life.buys(30, "2026-03-02", id="p")

        life.refunds("p", "2026-03-03", amount=21)

        assert life.counter("2026-03-03", "it") == 0

    def test_an_activity_without_lines_can_be_refunded_once(self) -> None:
        life = counting("activity: flight")
        life.does("flight", "2026-03-02", id="f")

        life.refunds("f", "2026-03-03")
        assert life.counter("2026-03-03", "it") == 0
        assert life.refunds("f", "2026-03-04").reason == "refund_exceeds"

    def test_a_refund_in_a_rolling_window_leaves_with_its_original(self) -> None:
        life = counting("activity: purchase, sum: net, window: {rolling: P7D}")
        life.buys(30, "2026-03-02", id="p")
        life.buys(10, "2026-03-05")

        life.refunds("p", "2026-03-06", amount=20)
        assert life.counter("2026-03-06", "it") == 2000
        assert life.counter("2026-03-09", "it") == 1000

    def test_a_refund_of_what_left_a_rolling_window_moves_nothing(self) -> None:
        life = counting("activity: purchase, sum: net, window: {rolling: P7D}")
        life.buys(30, "2026-03-02", id="p")
        life.waits("2026-03-10")

        life.refunds("p", "2026-03-10", amount=20)

        assert life.counter("2026-03-10", "it") == 0

    def test_distinct_values_leave_a_rolling_window_with_their_last_activity(self) -> None:
        life = counting("activity: visit, distinct: shop, window: {rolling: P7D}")
        life.does("visit", "2026-03-02", shop="s1")
        life.does("visit", "2026-03-04", shop="s1")
        life.does("visit", "2026-03-04", shop="s2", id="v")
        assert life.counter("2026-03-08", "it") == 2
        assert life.counter("2026-03-09", "it") == 2
        assert life.counter("2026-03-11", "it") == 0

        life.does("visit", "2026-03-10", shop="s2")
        assert life.counter("2026-03-10", "it") == 2
        life.does("ineligible", "2026-03-10", of="v")
        assert life.counter("2026-03-10", "it") == 2
        assert life.counter("2026-03-11", "it") == 1


class TestPoints:
    PROGRAM = """
        wallets: {points: {}, gems: {}}
        rules:
          - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
          - {id: extra, activity: purchase, when: {cup: "true"}, wallet: points, give: {fixed: 5}}
          - {id: gem, activity: purchase, wallet: gems, give: {fixed: 1}}
        rewards: {mug: {wallet: points, cost: 5}}
        counters:
          all: {sum: "points:points", window: lifetime}
          base_only: {sum: "points:points:base", window: lifetime}
          year: {sum: "points:points", window: calendar_year}
          rolling: {sum: "points:points", window: {rolling: P12M}}
          fixed:
            sum: "points:points"
            window: {from: 2026-03-01T00:00:00Z, to: 2026-04-01T00:00:00Z}
        """

    def test_it_counts_granted_less_reversed_and_spending_never_lowers_it(self) -> None:
        """S19."""
        life = a_member(self.PROGRAM)
        life.buys(20, "2026-03-02", id="p", cup=True)

        life.redeems("mug", "2026-03-03")
        assert life.counter("2026-03-03", "all") == 25
        assert life.counter("2026-03-03", "base_only") == 20

        life.refunds("p", "2026-03-04", amount=8)
        assert life.counter("2026-03-04", "all") == 17
        assert life.counter("2026-03-04", "base_only") == 12
        assert life.counter("2026-03-04", "fixed") == 17

    def test_it_counts_by_the_lots_own_time(self) -> None:
        life = a_member(self.PROGRAM)
        life.buys(20, "2026-12-31", received="2027-01-02", id="p")
        life.buys(7, "2027-01-03")

        assert life.counter("2027-01-03", "year") == 7
        assert life.counter("2027-01-03", "rolling") == 27
        assert life.counter("2027-01-03", "fixed") == 0
        assert life.counter("2027-12-31", "rolling") == 7

        life.refunds("p", "2027-01-04", amount=5)
        assert life.counter("2027-01-04", "rolling") == 22
        assert life.counter("2027-12-31", "rolling") == 7

    def test_what_a_rolling_window_has_left_behind_is_reversed_outside_of_it(self) -> None:
        life = a_member(self.PROGRAM)
        life.buys(20, "2026-03-02", id="p")

        life.refunds("p", "2027-03-02")

        assert life.counter("2027-03-02", "rolling") == 0
        assert life.counter("2027-03-02", "all") == 0

    def test_it_begins_with_its_version(self) -> None:
        rule = (
            "wallets: {points: {}}\n"
            "rules: [{id: b, activity: act, wallet: points, give: {fixed: 3}}]"
        )
        town = a_town(
            a_program(rule),
            a_program(
                f'{rule}\ncounters: {{all: {{sum: "points:points", window: lifetime}}}}',
                version=2,
                begin="2026-04-01",
            ),
        )
        life = a_member(town)
        life.does("act", "2026-03-31", id="old")
        life.does("act", "2026-04-01")

        life.does("ineligible", "2026-04-02", of="old")

        assert life.counter("2026-04-02", "all") == 3


def test_a_rolling_leaderboard_says_when_its_oldest_entry_leaves() -> None:
    town = a_town("""
        counters: {steps: {activity: run, sum: net, window: lifetime}}
        leaderboards: {board: {counter: steps, window: {rolling: P7D}}}
        """)
    life = a_member(town)
    assert life.due() is None

    life.does("run", "2026-03-02 10:00", amount=5)
    life.does("run", "2026-03-04", amount=6)
    assert life.due() == "2026-03-09 10:00"

    decision = life.waits("2026-03-10")
    assert [(score.value, score.eligible) for score in decision.scores] == [(600, True)]
    assert life.waits("2026-03-12").scores[-1].eligible is False
    assert life.due() is None


def test_units_earned_outside_a_fixed_window_do_not_count_in_it() -> None:
    window = '{from: "2026-03-01T00:00:00Z", to: "2026-06-01T00:00:00Z"}'
    program = """
        wallets: {points: {}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        counters:
          spring: {sum: "points:points", window: WINDOW}
        """
    life = a_member(program.replace("WINDOW", window))
    life.buys(5, "2026-02-28")
    life.buys(7, "2026-03-01")
    life.buys(9, "2026-06-01")

    assert life.balance("2026-06-01") == 21
    assert life.counter("2026-05-31", "spring") == 7
