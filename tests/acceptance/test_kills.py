"""Processes are killed in the middle of an import; the figures at the end are the same."""

import csv
import json
import os
import signal
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from acceptance.store import Store, made, said, today
from acceptance.test_import import REAL
from running import Guerdon, running

LINES = 4_000
DECIDED = "{ program { waiting } members(first: 1) { totalCount } }"


def wait_until_half_way(guerdon: Guerdon, members: int) -> None:
    """Wait until some members have come, so that accepting and deciding are under way."""
    deadline = time.monotonic() + 60
    while guerdon.ask(DECIDED)["members"]["totalCount"] < members:
        assert time.monotonic() < deadline, "the import does not begin"
        time.sleep(0.02)


def pids_of(guerdon: Guerdon, part: str) -> list[int]:
    """Return the process ids of a part as of now; there are several workers."""
    pids = json.loads(guerdon.ready_file.read_text())["pids"][part]
    return pids if isinstance(pids, list) else [pids]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["workers", "api", "redis", "mongod"])
def test_a_kill_in_the_middle_of_an_import_changes_no_figure(tmp_path: Path, part: str) -> None:
    path = made(tmp_path / "made.csv", members=400, lines=LINES, newest=today())
    with running(tmp_path) as guerdon:
        store = Store(tmp_path, guerdon)
        importing = store.take(path, "--batch", "200")
        wait_until_half_way(guerdon, 150)

        os.kill(pids_of(guerdon, part)[0], signal.SIGKILL)

        assert "accepted" in said(importing)
        store.compare(path)
        assert "starting it again" in guerdon.output.read_text()


def _ten_times(path: Path) -> int:
    """Write the real purchases ten times, by other people and on other days; return how many."""
    with REAL.open() as rows:
        found = list(csv.DictReader(rows))
    with path.open("w", newline="") as output:
        writer = csv.DictWriter(output, found[0])
        writer.writeheader()
        for copy in range(10):
            for row in found:
                day = date.fromisoformat(row["date"]) - timedelta(days=3 * copy)
                who = f"{copy}-{row['customer']}"  # in order, as they come: ties go by member
                writer.writerow({**row, "customer": who, "date": day.isoformat()})
    return 10 * len(found)


@pytest.mark.chaos
@pytest.mark.skipif(not REAL.exists(), reason="the real purchases lie in ../shared/data")
def test_kills_of_every_part_while_seventy_thousand_purchases_come_change_no_figure(
    tmp_path: Path,
) -> None:
    """The figures are those of a run that nobody disturbed."""
    chance = Random(int(os.environ.get("SEED") or 7))
    path = tmp_path / "ten.csv"
    lines = _ten_times(path)
    killed: Counter[str] = Counter()
    with running(tmp_path) as guerdon:
        store = Store(tmp_path, guerdon)
        importing = store.take(path, "--batch", "500")
        while importing.poll() is None:
            part = chance.choice(["workers", "api", "redis", "mongod"])
            pids = pids_of(guerdon, part)
            os.kill(chance.choice(pids), signal.SIGKILL)
            killed[part] += 1
            # Only who is ready is killed again: dying before that is given up in the end.
            deadline = time.monotonic() + 90
            while pids_of(guerdon, part) == pids:
                assert time.monotonic() < deadline, f"{part} does not come back"
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 4))
        told = said(importing)
        assert f"{lines:,} lines" in told  # a batch whose answer was lost is told as duplicates
        assert "rejected" not in told
        print(told)  # noqa: T201 - `make chaos` is watched
        print(f"killed: {dict(killed)}")  # noqa: T201 - `make chaos` is watched
        assert len(killed) == 4
        store.compare(path)
