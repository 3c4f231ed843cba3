"""What is remembered between decisions stays bounded, and is what would be reckoned anew."""

import pytest

from builders import instant
from guerdon.core import earnings, lots, readings
from guerdon.core.conditions import text
from guerdon.core.context import BoundTest
from guerdon.core.decision import Explanation
from guerdon.core.earnings import Verdicts
from guerdon.core.lots import Purse
from guerdon.core.program import After, Measure, Period, Wallet, Window, WindowKind
from guerdon.core.readings import Reading
from guerdon.core.windows import Calendar

UTC = Calendar("UTC")


def test_what_a_test_said_is_kept_for_few_values_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earnings, "_VERDICTS_MAX", 2)
    asked = BoundTest(
        lambda context: context.net, lambda seen: seen == "app", "channel", "eq", "app", text
    )
    verdicts = Verdicts("base", asked)

    for seen in ("web", "till", "phone", "web"):
        assert verdicts[seen] == Explanation("base", False, "when", "channel", "eq", seen, "app")
        assert verdicts["app"] is None
        assert len(verdicts) <= 2


def test_dates_of_lots_are_kept_for_few_days_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "_DATES_MAX", 2)
    purse = Purse(Wallet(id="points", name="", expiry=After(Period(days=1))), UTC)

    for _ in range(2):
        assert [purse.expiry(day) for day in range(4)] == [UTC.begin(day + 2) for day in range(4)]


def test_bounds_of_windows_are_kept_for_few_windows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_BOUNDS_MAX", 1)
    daily = Reading("visits", Measure(), Window(WindowKind.DAY), when=(), lines=None)
    day = UTC.day(instant("2026-03-02"))

    for key in (day, day + 1, day):
        assert daily.bounds(str(key), UTC) == (UTC.begin(key), UTC.begin(key + 1))
