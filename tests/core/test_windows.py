"""The calendar: clamped months, half-open windows, business days, and clocks that jump."""

from datetime import date

import pytest

from builders import instant, shown
from guerdon.core import windows
from guerdon.core.activity import Instant
from guerdon.core.program import Per, Period, Window, WindowKind
from guerdon.core.windows import (
    WINDOW_KEYS,
    Calendar,
    Span,
    WindowKeys,
    add,
    birthday_on,
    date_of,
    day_of,
    parse_instant,
    per_key,
    span_of,
)

UTC = Calendar("UTC")
BERLIN = Calendar("Europe/Berlin")
MIXED = Period(months=1, days=3)
CASINO = Calendar("America/Los_Angeles", 6 * 60)


def day(text: str) -> int:
    on = date.fromisoformat(text)
    return day_of(on.year, on.month, on.day)


def added(text: str, *, months: int = 0, days: int = 0) -> str:
    return date_of(add(day(text), Period(months, days))).isoformat()


class TestAdd:
    def test_months_are_clamped_to_the_last_day_of_the_month(self) -> None:
        assert added("2025-08-31", months=18) == "2027-02-28"
        assert added("2024-02-29", months=12) == "2025-02-28"

    def test_a_month_is_not_stretched_to_the_end_of_a_longer_one(self) -> None:
        assert added("2023-02-28", months=12) == "2024-02-28"

    def test_months_come_first_and_then_days(self) -> None:
        assert added("2026-01-31", months=1, days=1) == "2026-03-01"

    def test_periods_go_over_years_and_backwards(self) -> None:
        assert added("2025-12-15", months=1) == "2026-01-15"
        assert added("2026-01-15", months=-1) == "2025-12-15"
        assert added("2026-03-01", days=-1) == "2026-02-28"


class TestWindows:
    @pytest.mark.parametrize(
        ("kind", "begin", "end"),
        [
            (WindowKind.DAY, "2026-03-01", "2026-03-02"),
            (WindowKind.WEEK, "2026-02-23", "2026-03-02"),  # 1 March 2026 is a Sunday
            (WindowKind.MONTH, "2026-03-01", "2026-04-01"),
            (WindowKind.YEAR, "2026-01-01", "2027-01-01"),
        ],
    )
    def test_calendar_windows_hold_their_first_day_and_not_the_next_ones(
        self, kind: WindowKind, begin: str, end: str
    ) -> None:
        assert span_of(kind, day("2026-03-01")) == Span(day(begin), day(end))

    def test_a_week_begins_on_monday(self) -> None:
        assert span_of(WindowKind.WEEK, day("2026-03-02")).begin == day("2026-03-02")

    def test_a_limit_counts_by_the_window_of_the_day_and_a_lifetime_by_one_key(self) -> None:
        today = day("2026-05-20")

        assert per_key(Per.DAY, today) == str(today)
        assert per_key(Per.WEEK, today) == str(day("2026-05-18"))
        assert per_key(Per.MONTH, today) == str(day("2026-05-01"))
        assert per_key(Per.YEAR, today) == str(day("2026-01-01"))
        assert per_key(Per.LIFETIME, today) == ""

    def test_bounds_are_those_of_the_window_that_holds_the_instant(self) -> None:
        at = instant("2026-05-20 12:00")
        fixed = Window(WindowKind.FIXED, begin=instant("2026-05-01"), end=instant("2026-06-01"))

        assert UTC.bounds(Window(WindowKind.MONTH), at) == (
            instant("2026-05-01"),
            instant("2026-06-01"),
        )
        assert UTC.bounds(fixed, at) == (fixed.begin, fixed.end)
        assert UTC.bounds(Window(WindowKind.FIXED), at) == (0, None)
        assert UTC.bounds(Window(), at) == (0, None)
        assert UTC.bounds(Window(WindowKind.ROLLING, Period(12)), at) == (0, None)

    def test_the_same_window_is_named_the_same_whoever_asks(self) -> None:
        today = day("2026-05-20")

        assert UTC.span(WindowKind.MONTH, today) == span_of(WindowKind.MONTH, today)
        assert UTC.span(WindowKind.MONTH, today) is UTC.span(WindowKind.MONTH, today)
        assert WINDOW_KEYS[WindowKind.MONTH][today] == str(day("2026-05-01"))


class TestBusinessDays:
    def test_the_day_of_an_instant_is_the_one_in_the_programs_zone(self) -> None:
        till = instant("2026-04-01T02:59:59-04:00")  # New York, still March in Los Angeles
        zone = Calendar("America/Los_Angeles")

        assert zone.day(till) == day("2026-03-31")
        assert zone.day(Instant(till + 1000)) == day("2026-04-01")

    def test_a_business_day_begins_at_day_start(self) -> None:
        assert CASINO.day(instant("2026-05-02T05:59:59-07:00")) == day("2026-05-01")
        assert CASINO.day(instant("2026-05-02T06:00:00-07:00")) == day("2026-05-02")
        assert CASINO.begin(day("2026-05-02")) == instant("2026-05-02T06:00:00-07:00")

    def test_a_business_day_ends_where_the_next_begins(self) -> None:
        assert CASINO.through(day("2026-05-01")) == CASINO.begin(day("2026-05-02"))

    def test_months_begin_at_day_start_too(self) -> None:
        at = instant("2026-05-01T03:00:00-07:00")  # the business day is still 30 April

        assert CASINO.bounds(Window(WindowKind.MONTH), at)[1] == instant(
            "2026-05-01T06:00:00-07:00"
        )
        assert CASINO.month_begin(CASINO.day(at), Period(2)) == instant("2026-06-01T06:00-07:00")

    def test_the_weekday_is_that_of_the_business_day(self) -> None:
        saturday_night = instant("2026-05-03T02:00:00-07:00")

        assert CASINO.weekday(CASINO.day(saturday_night)) == "sat"
        assert [UTC.weekday(day("2026-03-02") + k) for k in range(7)] == [
            "mon",
            "tue",
            "wed",
            "thu",
            "fri",
            "sat",
            "sun",
        ]

    def test_the_clock_shows_local_time(self) -> None:
        assert BERLIN.clock(instant("2026-07-01T09:05:59Z")) == "11:05"
        assert CASINO.clock(instant("2026-05-03T02:00:00-07:00")) == "02:00"


class TestClocksThatJump:
    """Berlin: 29 March 2026 02:00 does not exist, 25 October 2026 02:00 exists twice."""

    def test_a_day_of_23_hours_is_a_whole_day(self) -> None:
        today = day("2026-03-29")

        assert BERLIN.begin(today + 1) - BERLIN.begin(today) == 23 * 3_600_000

    def test_a_day_of_25_hours_is_a_whole_day(self) -> None:
        today = day("2026-10-25")

        assert BERLIN.begin(today + 1) - BERLIN.begin(today) == 25 * 3_600_000
        assert BERLIN.day(instant("2026-10-25T23:59:59+01:00")) == today

    def test_a_reading_that_does_not_exist_is_read_with_the_offset_before_the_gap(self) -> None:
        nightly = Calendar("Europe/Berlin", 150)  # days begin at 02:30

        assert nightly.begin(day("2026-03-29")) == instant("2026-03-29T02:30:00+01:00")
        assert nightly.day(instant("2026-03-29T03:29:59+02:00")) == day("2026-03-28")
        assert nightly.day(instant("2026-03-29T03:30:00+02:00")) == day("2026-03-29")

    def test_a_reading_that_exists_twice_is_the_earlier_one(self) -> None:
        nightly = Calendar("Europe/Berlin", 150)

        assert nightly.begin(day("2026-10-25")) == instant("2026-10-25T02:30:00+02:00")
        assert nightly.day(instant("2026-10-25T02:29:59+02:00")) == day("2026-10-24")
        assert nightly.day(instant("2026-10-25T02:15:00+01:00")) == day("2026-10-25")

    def test_a_day_that_begins_at_midnight_where_midnight_does_not_exist(self) -> None:
        """In Beirut clocks went from 00:00 to 01:00 on 30 March 2025."""
        beirut = Calendar("Asia/Beirut")

        assert beirut.begin(day("2025-03-30")) == instant("2025-03-30T00:00:00+02:00")
        assert beirut.day(beirut.begin(day("2025-03-30"))) == day("2025-03-30")

    def test_zones_off_the_full_hour_have_days_of_their_own(self) -> None:
        nepal = Calendar("Asia/Kathmandu")  # +05:45

        assert nepal.begin(day("2026-03-01")) == instant("2026-02-28T18:15:00Z")

    def test_a_zone_that_skipped_a_whole_day_has_none_for_it(self) -> None:
        """Samoa went from 29 to 31 December 2011."""
        apia = Calendar("Pacific/Apia")

        assert apia.day(instant("2011-12-30T09:59:59Z")) == day("2011-12-29")
        assert apia.day(instant("2011-12-30T10:00:00Z")) == day("2011-12-31")


class TestRolling:
    def test_an_entry_leaves_at_the_same_clock_time_a_period_later(self) -> None:
        bought = instant("2026-01-10 15:30")

        assert UTC.leaves(bought, Period(12)) == instant("2027-01-10 15:30")
        assert UTC.leaves(bought, Period(days=7)) == instant("2026-01-17 15:30")

    def test_the_same_clock_time_holds_when_clocks_change_in_between(self) -> None:
        bought = instant("2026-03-25T12:00:00+01:00")

        assert BERLIN.leaves(bought, Period(days=7)) == instant("2026-04-01T12:00:00+02:00")

    def test_an_entry_of_a_day_that_a_shorter_month_lacks_leaves_as_the_next_month_begins(
        self,
    ) -> None:
        """A month before any clock time of 28 February is 28 January: it never reaches the 31st."""
        bought = instant("2026-01-31 12:00")

        assert UTC.back(instant("2026-02-28 23:00"), Period(1)) == instant("2026-01-28 23:00")
        assert UTC.leaves(bought, Period(1)) == instant("2026-03-01")

    def test_a_month_and_three_days_leave_when_the_way_back_leads_to_them(self) -> None:
        # A month before 2 May, and three days, is 30 March; from 2 May on, not from 3 May.
        assert UTC.leaves(instant("2026-03-30 11:00"), MIXED) == instant("2026-05-02 11:00")
        # A month before 31 March is 28 February, and three days the 25th; before 3 April, the 28th.
        assert UTC.leaves(instant("2026-02-28 11:00"), MIXED) == instant("2026-04-03 11:00")

    def test_what_happened_in_the_hour_that_comes_twice_leaves_behind_that_hour(self) -> None:
        first, second = instant("2026-10-25T02:30:00+02:00"), instant("2026-10-25T02:30:00+01:00")

        # 02:30 a week later leads back to the first 02:30, 03:00 behind the second.
        assert BERLIN.leaves(first, Period(days=7)) == instant("2026-11-01T02:30:00+01:00")
        assert BERLIN.leaves(second, Period(days=7)) == instant("2026-11-01T03:00:00+01:00")

    def test_what_left_before_an_hour_came_again_stays_out(self) -> None:
        bought = instant("2026-10-18T02:45:00+02:00")

        assert BERLIN.leaves(bought, Period(days=7)) == instant("2026-10-25T02:45:00+02:00")

    def test_an_entry_whose_clock_time_is_left_out_leaves_with_the_gap(self) -> None:
        bought = instant("2026-03-22T02:45:00+01:00")  # a week later it is 03:00 at once

        assert BERLIN.leaves(bought, Period(days=7)) == instant("2026-03-29T03:00:00+02:00")

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
    def test_what_is_remembered_of_a_quarter_of_an_hour_is_what_would_be_reckoned(
        self, zone: str
    ) -> None:
        calendar, forgetful = Calendar(zone), Calendar(zone)
        begin, period = instant("2026-01-27 12:00"), Period(1)

        for hour in range(0, 24 * 70, 5):
            for part in (0, 1, 899_999, 900_000):
                at = Instant(begin + hour * 3_600_000 + part)
                assert calendar.leaves(at, period) == forgetful._leaves(at, period)

    def test_where_a_day_began_within_a_quarter_of_an_hour_nothing_is_remembered(self) -> None:
        """Amsterdam kept its own mean time, nineteen minutes and a half before Greenwich's."""
        calendar = Calendar("Europe/Amsterdam")
        midnight = calendar.begin(day("1930-01-29"))

        before = calendar.leaves(Instant(midnight - 1000), Period(1))
        after = calendar.leaves(Instant(midnight + 1000), Period(1))

        assert before == calendar.begin(day("1930-03-01")) - 1000
        assert after == calendar.begin(day("1930-03-01"))

    def test_looking_back_keeps_the_clock_time(self) -> None:
        assert UTC.back(instant("2026-03-31 10:00"), Period(1)) == instant("2026-02-28 10:00")


class TestBirthdays:
    @pytest.mark.parametrize(("march", "kept"), [(False, "2027-02-28"), (True, "2027-03-01")])
    def test_a_leap_birthday_is_kept_in_common_years_as_the_program_says(
        self, *, march: bool, kept: str
    ) -> None:
        assert birthday_on(2, 29, 2027, leap_in_march=march) == day(kept)
        assert birthday_on(2, 29, 2028, leap_in_march=march) == day("2028-02-29")

    def test_other_birthdays_stay(self) -> None:
        assert birthday_on(2, 28, 2027, leap_in_march=True) == day("2027-02-28")


class TestInstants:
    def test_texts_need_an_offset(self) -> None:
        assert parse_instant("1970-01-01T00:00:01Z") == 1000
        assert parse_instant("1970-01-01T01:00:00+01:00") == 0
        with pytest.raises(ValueError, match="has no offset"):
            parse_instant("2026-03-01T00:00:00")

    def test_milliseconds_are_read_as_they_are(self) -> None:
        assert parse_instant("1700000000000") == 1_700_000_000_000
        assert parse_instant("-5") == -5

    def test_what_is_neither_is_refused(self) -> None:
        with pytest.raises(ValueError, match="Invalid isoformat"):
            parse_instant("soon")


def test_caches_are_emptied_before_they_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_CACHE_MAX", 2)
    calendar = Calendar("Europe/Berlin")
    keys = WindowKeys(WindowKind.DAY)
    days = [day("2026-03-28") + k for k in range(5)]

    for _ in range(2):
        assert [shown(calendar.begin(each)) for each in days] == [
            "2026-03-27 23:00",
            "2026-03-28 23:00",
            "2026-03-29 22:00",
            "2026-03-30 22:00",
            "2026-03-31 22:00",
        ]
        assert [calendar.span(WindowKind.DAY, each).begin for each in days] == days
        assert [keys[each] for each in days] == list(map(str, days))
        assert len(keys) <= 2
        assert [calendar.later(each, Period(days=1)) for each in days] == [e + 1 for e in days]


def test_what_is_remembered_of_leaving_is_forgotten_before_it_grows_without_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(windows, "_CACHE_MAX", 2)
    calendar, period = Calendar("Europe/Berlin"), Period(days=1)
    hours = [Instant(instant("2026-03-27 22:00") + k * 3_600_000) for k in range(5)]

    for _ in range(2):
        assert [calendar.leaves(at, period) for at in hours] == [
            calendar._leaves(at, period) for at in hours
        ]
        assert len(calendar._leaving[period]) <= 2
