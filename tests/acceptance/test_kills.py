"""One process is killed in the middle of an import; the figures at the end are the same."""

import os
import signal
import time
from pathlib import Path

import pytest

from acceptance.store import Store, made, said, today
from running import Guerdon, running

LINES = 4_000
DECIDED = "{ program { waiting } members(first: 1) { totalCount } }"


def wait_until_half_way(guerdon: Guerdon, members: int) -> None:
    """Wait until some members have come, so that accepting and deciding are under way."""
    deadline = time.monotonic() + 60
    while guerdon.ask(DECIDED)["members"]["totalCount"] < members:
        assert time.monotonic() < deadline, "the import does not begin"
        time.sleep(0.02)


def pid_of(guerdon: Guerdon, part: str) -> int:
    pid = guerdon.ready["pids"][part]
    return int(pid[0] if isinstance(pid, list) else pid)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["workers", "api", "redis", "mongod"])
def test_a_kill_in_the_middle_of_an_import_changes_no_figure(tmp_path: Path, part: str) -> None:
    path = made(tmp_path / "made.csv", members=400, lines=LINES, newest=today())
    with running(tmp_path) as guerdon:
        store = Store(tmp_path, guerdon)
        importing = store.take(path, "--batch", "200")
        wait_until_half_way(guerdon, 150)

        os.kill(pid_of(guerdon, part), signal.SIGKILL)

        assert "accepted" in said(importing)
        store.compare(path)
        assert "starting it again" in guerdon.output.read_text()
