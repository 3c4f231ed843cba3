"""A shop's last months, made up: members with names, and what they bought.

The rule: everything follows from the seed and one instant, so that a demo that is started again on
the same data makes the same activities again. None of these people exist.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

SEED = 280
DAYS = 150
OPENS, CLOSES = 10, 19  # local hours
REGULARS = 12
THIS_MONTH = 3  # visits of each regular since the month began, so that its leaderboard has begun

_NAMES = """
Anouk Verhoeven, Ben Okafor, Chiara Rossi, Daan de Wit, Elif Aydin, Farid Rahimi, Greta Lindqvist,
Hugo Fernandes, Ines Castillo, Jonas Weber, Kaja Nowak, Liam O'Connor, Mira Haddad, Nikos Pappas,
Olga Petrova, Pavel Dvorak, Quinn Murphy, Rosa Almeida, Sami Virtanen, Tove Nielsen, Umar Farooq,
Vera Kovacs, Wim Peeters, Xenia Markou, Yusuf Demir, Zoe Laurent, Amara Diallo, Bruno Costa,
Carla Moreau, Dario Conti, Esther Cohen, Finn Larsen, Gemma Walsh, Hanna Berg, Ivo Marin,
Jana Horvat, Karim Said, Lena Vogel, Marco Bianchi, Nora Haugen, Omar Khalil, Petra Novak,
Rafael Santos, Sina Keller, Tomas Urban, Ulla Holm, Viktor Ilic, Wanda Zielinski, Yara Mansour,
Zeno Ricci, Alba Serra, Boris Tadic, Clara Jansen, Dora Szabo, Emil Popescu, Flora Dubois,
Goran Babic, Heidi Moser, Ilse Maes, Joel Mendes
"""

# What a record shop sells: how likely, from, to (in cents).
_SHELVES = ((30, 600, 1_500), (45, 1_800, 3_400), (15, 3_500, 5_500), (10, 6_000, 14_000))


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up member."""

    external_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Sale:
    """What one of them bought: a name for it, when, and for how many cents."""

    id: str
    person: Person
    at: datetime
    cents: int


def people() -> list[Person]:
    """Return all members; the first `REGULARS` of them come most often."""
    names = [name.strip() for name in _NAMES.replace("\n", " ").split(",")]
    return [Person(name.split()[0].lower(), name) for name in names]


def sales(until: datetime, timezone: str) -> list[Sale]:
    """Return what they bought in the months before an instant, in order of time."""
    chance = Random(SEED)  # noqa: S311 - a sample has to be the same each time
    zone = ZoneInfo(timezone)
    found = []
    for position, person in enumerate(people()):
        keen = chance.uniform(5, 16) if position < REGULARS else chance.uniform(0.5, 6)
        for number in range(1, round(keen) + 1):
            is_recent = position < REGULARS and number <= THIS_MONTH
            choose = _this_month if is_recent else _opening_hour
            at = choose(chance, until, zone)
            found.append(Sale(f"sample-{person.external_id}-{number}", person, at, _price(chance)))
    return sorted(found, key=lambda sale: (sale.at, sale.id))


def _opening_hour(chance: Random, until: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment of the shop's opening hours; recent days have more of them."""
    days = 1 + int(DAYS * chance.random() ** 1.6)
    day = until.astimezone(zone) - timedelta(days=days)
    if day.weekday() == 6:  # noqa: PLR2004 - closed on Sundays
        day -= timedelta(days=1)
    minutes = chance.randrange(OPENS * 60, CLOSES * 60)
    clock = day.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
    return clock.astimezone(UTC)


def _this_month(chance: Random, until: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment since the month began; on its first day that may be at night."""
    begins = until.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    passed = (until - begins).total_seconds()
    return (begins + timedelta(seconds=int(passed * chance.random()))).astimezone(UTC)


def _price(chance: Random) -> int:
    (_, least, most), *_ = chance.choices(_SHELVES, weights=[shelf[0] for shelf in _SHELVES])
    return chance.randrange(least, most, 10) + 9
