"""What examples/record-store.yaml makes of a file of purchases, reckoned from the file alone.

Nothing of guerdon is used here, on purpose: this is the second opinion that an import is compared
with. It is written from the program's text, as plainly as can be, for purchases that are all
reported at one moment (`now`) and never refunded.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
TIERS = {"listener": 0, "collector": 15_000, "curator": 40_000}  # cents within twelve months
HEAVY_ROTATION = 3  # purchases within one calendar month
FIRST_HUNDRED = 10_000  # cents in all
REGULAR = 10  # purchases in all


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of the file: who, on which day, for how many cents."""

    member: str
    day: date
    cents: int


@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one purchase or mission, and the first instant at which they are gone."""

    points: int
    expires_at: datetime


@dataclass(slots=True)
class Standing:
    """All that is decided about one member."""

    lots: list[Lot] = field(default_factory=list)
    missions: dict[str, date] = field(default_factory=dict)
    badges: dict[str, date] = field(default_factory=dict)
    purchases: list[Purchase] = field(default_factory=list)

    @property
    def spent(self) -> int:
        return sum(purchase.cents for purchase in self.purchases)

    @property
    def earned(self) -> int:
        return sum(lot.points for lot in self.lots)

    def spendable(self, now: datetime) -> int:
        return sum(lot.points for lot in self.lots if lot.expires_at > now)

    def next_expiry(self, now: datetime) -> tuple[datetime, int] | None:
        """When points next expire, and how many do then."""
        living = [lot for lot in self.lots if lot.expires_at > now]
        if not living:
            return None
        soonest = min(lot.expires_at for lot in living)
        return soonest, sum(lot.points for lot in living if lot.expires_at == soonest)

    def spent_in_a_year(self, now: datetime) -> int:
        """Cents within the twelve months up to now: of the day a year ago, the same clock time."""
        begins = _midnight(_months_later(now.astimezone(NEW_YORK).date(), -12))
        clock = now.astimezone(NEW_YORK).replace(tzinfo=None) - _naive_midnight(now)
        begins += clock
        return sum(it.cents for it in self.purchases if begins < _midnight(it.day) <= now)

    def tier(self, now: datetime) -> str:
        spent = self.spent_in_a_year(now)
        return [slug for slug, least in TIERS.items() if spent >= least][-1]

    def missing(self, now: datetime) -> int | None:
        """Cents to the next tier."""
        spent = self.spent_in_a_year(now)
        above = [least for slug, least in TIERS.items() if least > TIERS[self.tier(now)]]
        return above[0] - spent if above else None

    def bought_this_month(self, now: datetime) -> list[Purchase]:
        month = _month(now.astimezone(NEW_YORK).date())
        return [purchase for purchase in self.purchases if _month(purchase.day) == month]


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a leaderboard."""

    rank: int
    member: str
    cents: int


class Oracle:
    """The record store after all these purchases."""

    def __init__(self, purchases: Iterable[Purchase], now: datetime) -> None:
        self.now = now
        self.standings: dict[str, Standing] = {}
        for purchase in purchases:
            _live_through(self.standings.setdefault(purchase.member, Standing()), purchase)

    @property
    def points(self) -> int:
        """The sum of all points that can be spent."""
        return sum(standing.spendable(self.now) for standing in self.standings.values())

    def all_time(self) -> list[Place]:
        """The leaderboard of everything that was ever spent."""
        return _places({slug: it.purchases for slug, it in self.standings.items()})

    def month(self) -> list[Place]:
        """The leaderboard of the month that now lies in."""
        now = self.now
        return _places({slug: it.bought_this_month(now) for slug, it in self.standings.items()})


def read(path: Path, *, newest_on: date | None = None) -> list[Purchase]:
    """Return the purchases of a file; moved so that the newest lies on a day."""
    with path.open(newline="") as file:
        rows = [
            Purchase(row["customer"], date.fromisoformat(row["date"]), _cents(row["amount"]))
            for row in csv.DictReader(file)
        ]
    newest = max(row.day for row in rows)
    shift = newest_on - newest if newest_on else timedelta(0)
    return [Purchase(row.member, row.day + shift, row.cents) for row in rows]


def _live_through(standing: Standing, purchase: Purchase) -> None:
    """Points, then missions, then badges of one purchase."""
    standing.purchases.append(purchase)
    _give(standing, purchase.cents * 2 // 100, purchase.day)
    same_month = [it for it in standing.purchases if _month(it.day) == _month(purchase.day)]
    if len(same_month) >= HEAVY_ROTATION and "three_in_a_month" not in standing.missions:
        standing.missions["three_in_a_month"] = purchase.day
        _give(standing, 75, purchase.day)
    if standing.spent >= FIRST_HUNDRED and "first_hundred" not in standing.missions:
        standing.missions["first_hundred"] = purchase.day
        _give(standing, 100, purchase.day)
    standing.badges.setdefault("first_record", purchase.day)
    if len(standing.purchases) >= REGULAR:
        standing.badges.setdefault("regular", purchase.day)
    if "first_hundred" in standing.missions:
        standing.badges.setdefault("century", purchase.day)


def _give(standing: Standing, points: int, earned_on: date) -> None:
    """Points can be used to the end of the month, a year later."""
    if points:
        year, month = divmod(earned_on.year * 12 + earned_on.month - 1 + 13, 12)
        standing.lots.append(Lot(points, _midnight(date(year, month + 1, 1))))


def _places(purchases_of: Mapping[str, list[Purchase]]) -> list[Place]:
    """Order by what was spent; of equals whose last purchase is earlier, then the smaller id."""
    rows = []
    for member, purchases in purchases_of.items():
        cents = sum(purchase.cents for purchase in purchases)
        if cents > 0:
            counted_on = max(purchase.day for purchase in purchases)  # one of nothing counts too
            rows.append((-cents, counted_on, member))
    return [Place(rank, member, -cents) for rank, (cents, _, member) in enumerate(sorted(rows), 1)]


def _cents(amount: str) -> int:
    whole, _, rest = amount.partition(".")
    return int(whole + rest.ljust(2, "0"))


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    length = (_first_of_next(first) - first).days
    return first.replace(day=min(day.day, length))


def _first_of_next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> datetime:
    """The instant at which a business day of the shop begins."""
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)


def _naive_midnight(now: datetime) -> datetime:
    return now.astimezone(NEW_YORK).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
