"""The made-up shop looks alive on whatever day somebody starts it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from guerdon.cli.sample import REGULARS, THIS_MONTH, people, sales

ZONE = "America/New_York"
DAYS = (
    "2026-11-27T12:00:00+00:00",
    "2026-12-01T05:00:01+00:00",
    "2027-02-28T23:30:00+00:00",
    "2028-02-29T17:00:00+00:00",
)


@pytest.mark.parametrize("day", DAYS)
def test_this_months_leaderboard_has_begun_and_nothing_lies_ahead(day: str) -> None:
    now = datetime.fromisoformat(day)
    month = (
        now.astimezone(ZoneInfo(ZONE)).replace(day=1, hour=0, minute=0, second=0).astimezone(UTC)
    )

    found = sales(now, ZONE)

    recent = [sale for sale in found if sale.at >= month]
    regulars = {person.external_id for person in people()[:REGULARS]}
    assert len([it for it in recent if it.person.external_id in regulars]) >= REGULARS * THIS_MONTH
    assert all(sale.at <= now for sale in found)


def test_the_same_instant_makes_the_same_sales() -> None:
    now = datetime.fromisoformat(DAYS[0])

    assert sales(now, ZONE) == sales(now, ZONE)
    assert len({sale.id for sale in sales(now, ZONE)}) == len(sales(now, ZONE))
