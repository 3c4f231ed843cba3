"""Dates, zones, changes of clocks, and the shift to now."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from guerdon.cli.importing.instants import Instants
from guerdon.cli.importing.refused import LineRefused
from importing.conftest import Shop


@pytest.mark.parametrize(
    ("zone", "day_start", "text", "instant"),
    [
        ("UTC", "00:00", "2026-03-29", "2026-03-29T00:00:00.000Z"),
        ("America/New_York", "00:00", "2026-03-07", "2026-03-07T05:00:00.000Z"),
        ("America/New_York", "00:00", "2026-03-09", "2026-03-09T04:00:00.000Z"),
        ("America/New_York", "06:00", "2026-03-08", "2026-03-08T10:00:00.000Z"),
        # 02:00 is skipped on that day: the business day begins at the first instant after the gap.
        ("America/New_York", "02:00", "2026-03-08", "2026-03-08T07:00:00.000Z"),
        # 01:00 comes twice: the day begins the first time.
        ("America/New_York", "01:00", "2026-11-01", "2026-11-01T05:00:00.000Z"),
        # There is no midnight on that day.
        ("Asia/Beirut", "00:00", "2026-03-29", "2026-03-28T22:00:00.000Z"),
        ("Europe/Lisbon", "00:00", "20260105", "2026-01-05T00:00:00.000Z"),
        ("Europe/Lisbon", "00:00", "2026-01-05T23:30:00-05:00", "2026-01-06T04:30:00.000Z"),
        ("Europe/Lisbon", "00:00", "2026-01-05 10:00:00.5Z", "2026-01-05T10:00:00.500Z"),
    ],
)
def test_a_date_is_the_start_of_that_business_day_and_a_time_is_itself(
    zone: str, day_start: str, text: str, instant: str
) -> None:
    assert Instants(zone, day_start).read(text, "date") == instant


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "01.02.2026", "2026-W05-1", "1e9"])
def test_no_other_form_of_a_date_is_guessed(text: str) -> None:
    with pytest.raises(LineRefused, match="is no date or time"):
        Instants("UTC", "00:00").read(text, "date")


def test_a_shift_moves_calendar_days_and_keeps_the_time_of_day_across_a_change_of_clocks() -> None:
    instants = Instants("America/New_York", "00:00", shift_days=2)

    assert instants.read("2026-03-07T09:00:00-05:00", "at") == "2026-03-09T13:00:00.000Z"
    assert instants.read("2026-03-07", "at") == "2026-03-09T04:00:00.000Z"


def test_the_newest_line_moves_to_today_but_not_into_the_future() -> None:
    instants = Instants("America/New_York", "00:00")
    now = datetime(2026, 11, 22, 15, tzinfo=UTC)

    assert instants.days_until(datetime(2026, 11, 12, 5, tzinfo=UTC), now) == 10
    assert instants.days_until(datetime(2026, 11, 12, 14, tzinfo=UTC), now) == 10
    assert instants.days_until(datetime(2026, 11, 12, 16, tzinfo=UTC), now) == 9


def test_shifted_import_puts_the_newest_line_on_today_and_keeps_all_distances(shop: Shop) -> None:
    shop.write("sales.csv", "customer,date,amount\na,1997-01-01,1.00\nb,1998-06-30,1.00\n")
    zone = ZoneInfo(shop.intake.timezone)

    outcome = shop.purchases("sales.csv", "--shift-to-now")

    assert outcome.code == 0, outcome.said
    (oldest,), (newest,) = shop.intake.of("a"), shop.intake.of("b")
    days = [datetime.fromisoformat(it["at"]).astimezone(zone).date() for it in (oldest, newest)]
    assert days[1] in {datetime.now(zone).date(), datetime.now(zone).date() - timedelta(days=1)}
    assert days[1] - days[0] == date(1998, 6, 30) - date(1997, 1, 1)


def test_the_shift_of_the_first_run_is_used_again_on_a_later_day(shop: Shop) -> None:
    shop.write("sales.csv", "customer,date,amount\na,1998-06-30,1.00\n")
    shop.purchases("sales.csv", "--shift-to-now")
    (note,) = (shop.folder / "state" / "guerdon" / "imports").glob("*.json")
    # As if the first run had been on another day.
    text = note.read_text()
    days = int(text.split('"shift_days": ')[1].split(",")[0])
    note.write_text(text.replace(str(days), str(days - 3)))
    shop.intake.activities.clear()
    shop.purchases("sales.csv", "--shift-to-now")
    (again,) = shop.intake.of("a")
    fresh = shop.intake.activities.copy()

    outcome = shop.purchases("sales.csv", "--shift-to-now")

    assert "1 duplicates" in outcome.said
    assert shop.intake.activities == fresh
    assert again["at"]


def test_a_file_cannot_be_imported_once_shifted_and_once_not(shop: Shop) -> None:
    shop.write("sales.csv", "customer,date,amount\na,1998-06-30,1.00\n")
    shop.purchases("sales.csv", "--shift-to-now")

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 2
    assert "imported with --shift-to-now: add it" in outcome.said


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]
)
@pytest.mark.parametrize("options", [(), ("--shift-to-now",)])
def test_a_day_at_the_end_of_all_calendars_spoils_its_line_only(
    shop: Shop, text: str, options: tuple[str, ...]
) -> None:
    shop.write("sales.csv", f"customer,date,amount\nada,{text},1.00\nben,2026-01-05,1.00\n")

    outcome = shop.purchases("sales.csv", *options)

    assert outcome.code == 1, outcome.said
    assert [line.split(",")[:2] for line in outcome.errors] == [["2", "date"]]
    assert len(shop.intake.of("ben")) == 1
