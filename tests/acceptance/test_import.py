"""A file is imported through a whole running guerdon, and every figure is reckoned a second time.

The small file is made here, out of everything that is special: equal lines, ties, purchases of
nothing, points that have expired, months and years that are just over. The large one is real.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from acceptance import readings
from acceptance.oracle import NEW_YORK, Oracle, read
from running import Guerdon, running

REAL = Path(__file__).parents[3] / "shared" / "data" / "cdnow_sample.csv"
HAS_VERIFY = find_spec("guerdon.cli.verify") is not None  # it comes later in this stage
MAPS = "customer=member,date=at,amount=amount,quantity=quantity:number"


def made(path: Path, *, members: int, lines: int, newest: date) -> Path:
    """Write a file of purchases over two years, in order of members and days."""
    chance = Random(11)
    rows = []
    for _ in range(lines):
        member = f"{min(chance.randrange(members), chance.randrange(members)) + 1:04d}"
        near = chance.choice([0, 1, 30, 31, 364, 365, 366, 396, 400, 730])
        days = near if chance.random() < 0.5 else chance.randrange(730)
        amount = chance.choice(["0.00", "0.01", "9.99", "50.00", "100.00", "149.99", "11.77"])
        rows.append((member, newest - timedelta(days=days), 1, amount))
    rows += [("0003", newest, 1, "11.77"), ("0002", newest, 1, "11.77")] * 2
    rows += [(f"{members + extra:04d}", newest, 1, "33.00") for extra in range(1, 4)]  # a tie
    written = "".join(f"{who},{day},{count},{sum_}\n" for who, day, count, sum_ in sorted(rows))
    path.write_text(f"customer,date,quantity,amount\n{written}")
    return path


class Store:
    """A running record store, and the files that are imported into it."""

    def __init__(self, folder: Path, guerdon: Guerdon) -> None:
        self.folder = folder
        self.guerdon = guerdon

    def run(self, *words: str, **environment: str) -> str:
        """Run a command of guerdon's and return what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "guerdon", *words],
            cwd=self.folder,
            env=os.environ | {"XDG_STATE_HOME": str(self.folder / "state")} | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def take(self, path: Path) -> str:
        """Import a file, moved to now, and wait until all of it is decided."""
        ready = ("--ready-file", str(self.guerdon.ready_file))
        options = ("--type", "purchase", "--map", MAPS, "--shift-to-now", "--wait")
        return self.run("import", "activities", str(path), *options, *ready)

    def verify(self) -> str:
        """Let guerdon look at its own books."""
        ready = self.guerdon.ready
        return self.run(
            "verify", GUERDON_MONGO_URL=ready["mongo"], GUERDON_REDIS_URL=ready["redis"]
        )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    with running(folder) as guerdon:
        yield Store(folder, guerdon)


def today() -> date:
    return datetime.now(NEW_YORK).date()


def differences(seen: readings.Seen, wanted: readings.Seen) -> list[str]:
    """Say where two sets of figures differ, the first of them."""
    members = sorted(seen.keys() | wanted.keys())
    return [
        f"{member}: seen {seen.get(member)}, wanted {wanted.get(member)}"
        for member in members
        if seen.get(member) != wanted.get(member)
    ][:3]


def compare(store: Store, path: Path) -> None:
    """Import twice; each time everything must be as the oracle says."""
    first = store.take(path)
    lines = len(path.read_text().splitlines()) - 1
    oracle = Oracle(read(path, newest_on=today()), datetime.now(UTC))
    now = oracle.now
    wanted = {slug: readings.expected(it, now) for slug, it in oracle.standings.items()}
    boards = {"month": oracle.month(), "all_time": oracle.all_time()}

    assert f"{lines:,} accepted" in first
    for again in (False, True):
        if again:
            assert f"{lines:,} duplicates" in store.take(path)
        seen = readings.members(store.guerdon)
        assert differences(seen, wanted) == []
        assert sum(it["points"] for it in seen.values()) == oracle.points
        for slug, places in boards.items():
            assert readings.leaderboard(store.guerdon, slug, oracle) == places
            assert readings.total(store.guerdon, slug) == len(places)
    if HAS_VERIFY:
        assert store.verify()


def test_a_made_file_gives_exactly_what_an_independent_reckoning_gives(store: Store) -> None:
    compare(store, made(store.folder / "made.csv", members=40, lines=300, newest=today()))


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real purchases lie in ../shared/data")
def test_real_purchases_give_exactly_what_an_independent_reckoning_gives(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as guerdon:
        compare(Store(tmp_path, guerdon), REAL)
