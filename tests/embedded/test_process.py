"""Children on a leash: what they leave behind when they end, and when their supervisor does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embedded.processes import all_gone, becomes_true, children_of, runs
from guerdon.embedded.process import Child, Kennel, how_it_ended

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about processes")

# A supervisor with two children, of which one has a child of its own.
SUPERVISOR = """
import sys, time
from pathlib import Path
from guerdon.embedded.process import Kennel
kennel = Kennel()
log = Path(sys.argv[1]) / "log"
kennel.start(["sleep", "1000"], log=log)
kennel.start(["sh", "-c", "sleep 1000 & sleep 1000"], log=log)
print(kennel._watcher.pid, flush=True)
time.sleep(1000)
"""


@pytest.fixture
def own_kennel() -> Iterator[Kennel]:
    with closing(Kennel()) as kennel:
        yield kennel


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int, set[int]]]:
    """A running supervisor, its watcher's id, and the ids of its children and grandchildren."""
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        watcher = int(process.stdout.readline())
        # The two `sleep`s that are direct children, the shell among them, and the shell's own two.
        assert becomes_true(lambda: len(children_of(process.pid) - {watcher}) == 4)
        yield process, watcher, children_of(process.pid) - {watcher}
        process.kill()


@linux_only
def test_killed_supervisor_leaves_no_child_and_no_grandchild(
    supervisor: tuple[subprocess.Popen[str], int, set[int]],
) -> None:
    process, watcher, children = supervisor
    assert all(runs(pid) for pid in children)

    process.kill()

    assert all_gone([*children, watcher])


@linux_only
def test_killed_supervisor_leaves_no_child_where_its_watcher_was_killed_before(
    supervisor: tuple[subprocess.Popen[str], int, set[int]],
) -> None:
    process, watcher, children = supervisor
    direct = {pid for pid in children if _parent(pid) == process.pid}

    os.kill(watcher, signal.SIGKILL)
    process.kill()

    assert len(direct) == 2
    assert all_gone(direct)
    for orphan in children - direct:  # the shell's, which only the watcher knew of
        os.kill(orphan, signal.SIGKILL)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_child_that_ignores_the_request_to_end_is_killed(
    own_kennel: Kennel, tmp_path: Path
) -> None:
    child = own_kennel.start(
        ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], log=tmp_path / "log"
    )
    assert becomes_true(lambda: "deaf" in child.last_lines())

    code = child.stop(patience_seconds=0.2)

    assert how_it_ended(code) == "was killed by SIGKILL"


def test_child_that_ends_well_is_not_hurried(own_kennel: Kennel, tmp_path: Path) -> None:
    child = own_kennel.start(
        ["sh", "-c", "trap 'echo tidied; exit 7' TERM; echo up; while :; do sleep 0.05; done"],
        log=tmp_path / "log",
    )
    assert becomes_true(lambda: "up" in child.last_lines())

    code = child.stop(patience_seconds=10)

    assert how_it_ended(code) == "ended with code 7"
    assert child.last_lines(1) == "tidied"


def test_closing_the_kennel_kills_whatever_still_lives(tmp_path: Path) -> None:
    kennel = Kennel()
    child = kennel.start(["sleep", "1000"], log=tmp_path / "log")

    kennel.close()

    assert how_it_ended(child.wait(10)) == "was killed by SIGKILL"


def test_last_lines_are_the_end_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    with subprocess.Popen(["true"]) as popen:
        child = Child(popen=popen, log=log, release=lambda _: None)

    assert child.last_lines(2) == "line 98\nline 99"
