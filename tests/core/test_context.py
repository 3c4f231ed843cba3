"""What conditions can ask: the activity's own fields, the calendar, and the member's state."""

import pytest

from builders import Given, Life, a_line, a_member, a_program, a_town, an_activity
from guerdon.core.context import Context, birthday_of, state_value, tier_at
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing


def matching(when: str, more: str = "", zone: str = "UTC", **attributes: Given) -> Life:
    """Return a member of a program that gives a point where a condition holds."""
    return a_member(
        f"""
        timezone: {zone}
        {more}
        wallets: {{points: {{}}}}
        rules: [{{id: hit, activity: act, when: {{{when}}}, wallet: points, give: {{fixed: 1}}}}]
        """,
        **attributes,  # type: ignore[arg-type]  # none is called like a parameter
    )


def hits(life: Life, *at: str, **fields: Given) -> list[bool]:
    """Return for each instant whether the condition held then."""
    return [life.does("act", each, **fields).explanations[0].applied for each in at]


class TestCalendar:
    def test_a_date_is_the_date_in_the_programs_zone(self) -> None:
        life = matching('date: "2026-03-31"', zone="America/Los_Angeles")

        assert hits(life, "2026-04-01T02:59:59-04:00", "2026-04-01T03:00:00-04:00") == [True, False]

    def test_from_and_to_hold_both_ends(self) -> None:
        life = matching('date: {from: "2026-03-02", to: "2026-03-04"}')

        assert hits(
            life, "2026-03-01 23:59:59", "2026-03-02", "2026-03-04 23:59:59", "2026-03-05"
        ) == [False, True, True, False]

    def test_times_do_not_wrap_around_midnight(self) -> None:
        life = matching('time: {from: "22:00", to: "02:00"}')

        assert hits(life, "2026-03-02 23:00", "2026-03-03 01:00") == [False, False]

    def test_a_time_is_the_local_clock(self) -> None:
        life = matching('time: {from: "07:00", to: "09:59"}', zone="Europe/Berlin")

        assert hits(
            life, "2026-07-01T04:59:00Z", "2026-07-01T05:00:00Z", "2026-07-01T07:59:59Z"
        ) == [
            False,
            True,
            True,
        ]

    def test_weekday_and_date_are_those_of_the_business_day(self) -> None:
        life = matching("weekday: [sat, sun]", 'day_start: "06:00"')

        assert hits(life, "2026-03-07 05:59:59", "2026-03-07 06:00", "2026-03-09 05:59:59") == [
            False,
            True,
            True,
        ]

    def test_a_day_of_the_year_is_month_and_day(self) -> None:
        life = matching('month_day: {gte: "12-24", lte: "12-26"}')

        assert hits(life, "2026-12-24", "2027-12-26", "2027-12-27") == [True, True, False]


class TestMember:
    def test_days_since_enrollment_are_business_days(self) -> None:
        life = matching("days_since_enrollment: {lte: 7}")

        assert hits(life, "2026-01-01", "2026-01-08 23:59:59", "2026-01-09") == [True, True, False]

    def test_the_birthday_is_the_day_itself(self) -> None:
        life = matching('birthday: "true"', birthday="07-04")

        assert hits(life, "2026-07-03 23:59:59", "2026-07-04", "2026-07-05") == [False, True, False]

    @pytest.mark.parametrize(
        ("rule", "on_28_february", "on_1_march"),
        [("", True, False), ("leap_birthday: mar1", False, True)],
    )
    def test_a_leap_birthday_is_kept_in_common_years_where_the_program_says(
        self, rule: str, *, on_28_february: bool, on_1_march: bool
    ) -> None:
        life = matching('birthday: "true"', rule, birthday="02-29")

        assert hits(life, "2027-02-28", "2027-03-01") == [on_28_february, on_1_march]
        assert hits(life, "2028-02-28", "2028-02-29", "2028-03-01") == [False, True, False]

    def test_the_birthday_month_is_the_whole_month(self) -> None:
        life = matching('birthday_month: "true"', birthday="07-04")

        assert hits(life, "2026-06-30", "2026-07-01", "2026-07-31", "2026-08-01") == [
            False,
            True,
            True,
            False,
        ]

    @pytest.mark.parametrize("birthday", ["7 July", "13-01", "02-30", True])
    def test_a_birthday_that_is_no_date_is_none(self, birthday: Given) -> None:
        life = matching('birthday: "true"', birthday=birthday)

        assert hits(life, "2026-03-02") == [False]
        assert hits(matching('birthday: "false"'), "2026-03-02") == [True]

    def test_a_birthday_may_carry_its_year(self) -> None:
        assert birthday_of(Standing("m", attrs={"birthday": "1990-07-04"})) == (7, 4)

    def test_attributes_are_those_of_the_instant_of_deciding(self) -> None:
        life = matching("member.club: gold", club="gold")

        assert hits(life, "2026-03-02") == [True]
        life.does("member_updated", "2026-03-03", attrs__club=None)
        assert hits(life, "2026-03-04") == [False]

    def test_plans_are_asked_as_of_the_activitys_own_time(self) -> None:
        life = matching('plan.plus: "true"', "plans: {plus: {period: P1M}}")
        life.does("plan_purchased", "2026-03-10", plan="plus")

        assert hits(life, "2026-03-10", "2026-04-10 23:59:59", "2026-04-11") == [True, True, False]
        assert (
            life.does("act", "2026-03-09", received="2026-03-12").explanations[0].applied is False
        )

    def test_a_plan_for_life_does_not_end(self) -> None:
        life = matching('plan.plus: "true"', "plans: {plus: {fee: 99}}")
        life.does("plan_purchased", "2026-03-10", plan="plus")

        assert hits(life, "2046-03-10") == [True]

    def test_a_tier_is_that_of_the_activitys_own_time(self) -> None:
        life = matching(
            "status: gold",
            """counters: {orders: {activity: buy}}
        ladders:
          status: {counter: orders, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}""",
        )
        life.does("buy", "2026-03-10")

        assert hits(life, "2026-03-10", "2026-03-11") == [True, True]
        late = life.does("act", "2026-03-09", received="2026-03-12")
        assert late.explanations[0].seen == "basic"

    def test_who_never_rose_holds_the_lowest_tier(self) -> None:
        program = a_program("""
            counters: {orders: {activity: buy}}
            ladders:
              status: {counter: orders, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}
            """)

        assert tier_at(program, Standing("m"), "status", 0) == "basic"


class TestOwnFields:
    @pytest.mark.parametrize(
        ("when", "fields", "held"),
        [
            ("partner: cafe", {"partner": "cafe"}, True),
            ("partner: {exists: false}", {}, True),
            ("ref: r1", {"ref": "r1"}, True),
            ("type: act", {}, True),
            ("reporter: service", {}, True),
            ("channel: app", {"channel": "app"}, True),
            ("channel: {ne: app}", {}, True),
            ("gift: true", {"gift": True}, True),
            ("amount: {gte: 5}", {"amount": "5.00"}, True),
            ("amount: {gte: 5}", {}, False),
            ("tags: red", {"tags": ["blue", "red"]}, True),
        ],
    )
    def test_an_activitys_fields_can_be_asked(
        self, when: str, fields: dict[str, Given], *, held: bool
    ) -> None:
        assert hits(matching(when), "2026-03-02", **fields) == [held]

    def test_a_field_that_is_told_to_be_nothing_matches_nothing(self) -> None:
        life = matching("shade: red")

        assert hits(life, "2026-03-02", shade="red") == [True]
        assert hits(life, "2026-03-02", shade=None) == [False]
        assert life.does("act", "2026-03-02", shade=None).explanations[0].seen == ""

    def test_the_amount_of_several_lines_is_their_sum(self) -> None:
        life = matching("amount: 15")

        decision = life.does("act", "2026-03-02", lines=[a_line(10), a_line(5)])

        assert decision.explanations[0].applied


def context(*lines: int, left: list[int] | None = None) -> Context:
    activity = an_activity(lines=[a_line(amount) for amount in lines])
    return Context(
        activity, calendar=Rulebook([a_program("name: Shop")]).calendar, scale=2, kept={}, left=left
    )


def test_lines_are_gone_once_there_was_money_and_none_is_left() -> None:
    assert not context(10, 5).whole.gone
    assert context(10, 5, left=[0, 0]).whole.gone
    assert not context().whole.gone
    assert not context(0).whole.gone


def test_what_a_condition_on_lines_matches_is_asked_once() -> None:
    version = Rulebook(
        [
            a_program("""
        wallets: {points: {}}
        rules: [{id: r, activity: purchase, lines: {sku: a}, wallet: points, give: {rate: 1}}]
        """)
        ]
    ).versions[0]
    match = version.line_match(version.program.rules[0].lines)
    found = context(10)

    assert found.matched(None) is found.whole
    assert found.matched(match) is None
    assert found.matched(match) is None


def test_a_town_without_rules_explains_nothing() -> None:
    life = a_member(a_town("name: Shop"))

    assert life.does("anything", "2026-03-02").explanations == []


def test_who_never_enrolled_has_no_days_since() -> None:
    program = a_program("name: Shop")
    calendar = Rulebook([program]).calendar
    asked = an_activity("raffle", member=None)

    found = state_value(program, calendar, Standing(""), asked, field="days_since_enrollment")

    assert found is None


def test_the_window_of_an_activity_is_asked_once_for_all_counters() -> None:
    life = a_member("""
        counters:
          orders: {activity: act, window: calendar_month}
          spend: {activity: act, sum: net, window: calendar_month}
        """)
    life.does("act", "2026-03-31", amount=5)

    assert (life.counter("2026-03-31", "orders"), life.counter("2026-03-31", "spend")) == (1, 500)


def test_a_late_report_is_judged_by_its_own_version_and_counted_by_the_newest_one_too() -> None:
    """Both ask for the same attribute; it is read once."""
    rules = """
        wallets: {points: {}}
        rules:
          - {id: base, activity: act, when: {member.club: CLUB}, wallet: points, give: {fixed: 1}}
    """
    counter = "    counters: {acts: {activity: act, when: {member.club: gold}}}"
    old = a_program(rules.replace("CLUB", "gold"))
    new = a_program(f"{rules.replace('CLUB', 'tin')}{counter}", version=2, begin="2026-04-01")
    life = a_member(a_town(old, new), club="gold")

    assert hits(life, "2026-03-31", received="2026-04-02") == [True]
    assert hits(life, "2026-04-02") == [False]
    assert life.balance("2026-04-02") == 1
    assert life.counter("2026-04-02", "acts") == 1
