"""A running record store, files for it, and the comparison of what it shows with the oracle."""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from random import Random

from acceptance import readings
from acceptance.oracle import NEW_YORK, Oracle, Place, read
from running import Guerdon

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
    written = "".join(f"{who},{day},{count},{paid}\n" for who, day, count, paid in sorted(rows))
    path.write_text(f"customer,date,quantity,amount\n{written}")
    return path


def today() -> date:
    """Return the present day in the store's zone."""
    return datetime.now(NEW_YORK).date()


class Store:
    """A running record store, and the folder that files are imported from."""

    def __init__(self, folder: Path, guerdon: Guerdon) -> None:
        self.folder = folder
        self.guerdon = guerdon

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command of guerdon's."""
        return subprocess.Popen(
            [sys.executable, "-m", "guerdon", *words],
            cwd=self.folder,
            env=os.environ | {"XDG_STATE_HOME": str(self.folder / "state")} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def take(self, path: Path, *options: str) -> subprocess.Popen[str]:
        """Start to import a file, moved to now, until all of it is decided."""
        ready = ("--ready-file", str(self.guerdon.ready_file))
        how = ("--type", "purchase", "--map", MAPS, "--shift-to-now", "--wait")
        return self.start("import", "activities", str(path), *how, *ready, *options)

    def verify(self) -> str:
        """Let guerdon look at its own books."""
        ready = self.guerdon.ready
        return said(
            self.start("verify", GUERDON_MONGO_URL=ready["mongo"], GUERDON_REDIS_URL=ready["redis"])
        )

    def compare(self, path: Path) -> None:
        """Everything must be as the oracle says."""
        oracle = Oracle(read(path, newest_on=today()), datetime.now(UTC))
        wanted = {slug: readings.expected(it, oracle.now) for slug, it in oracle.standings.items()}
        seen = readings.members(self.guerdon)
        found = differences(seen, wanted)
        assert not found, "\n".join(found)
        assert sum(it["points"] for it in seen.values()) == oracle.points
        for slug, places in (("month", oracle.month()), ("all_time", oracle.all_time())):
            assert self._leaderboard(slug, oracle, places) == places
            assert readings.total(self.guerdon, slug) == len(places)
        if HAS_VERIFY:
            assert self.verify()

    def _leaderboard(self, slug: str, oracle: Oracle, wanted: list[Place]) -> object:
        """Return a leaderboard as soon as it is as wanted: it follows the ledger.

        After a fault it does so within half a minute, and may be written while it is read.
        """
        deadline = time.monotonic() + 30
        while (seen := readings.leaderboard(self.guerdon, slug, oracle)) != wanted:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return seen


def said(process: subprocess.Popen[str], *, seconds: float = 300) -> str:
    """Wait for a command and return what it said."""
    output, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, output
    return output


def differences(seen: readings.Seen, wanted: readings.Seen) -> list[str]:
    """Say where two sets of figures differ, the first of them."""
    members = sorted(seen.keys() | wanted.keys())
    return [
        f"{member}: seen {seen.get(member)}, wanted {wanted.get(member)}"
        for member in members
        if seen.get(member) != wanted.get(member)
    ][:3]
