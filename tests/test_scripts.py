"""What `make` says on a machine that lacks something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def preflight(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("sh") or "/bin/sh", root / "scripts" / "preflight"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with what every machine has, and neither git nor mongod nor a linker's cache."""
    for name in ("sh", "uname", "id", "grep"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    (tmp_path / "uname").unlink()
    (tmp_path / "uname").write_text("#!/bin/sh\necho Linux\n")
    (tmp_path / "uname").chmod(0o755)
    return str(tmp_path)


def test_machine_that_has_everything_hears_nothing(root: Path) -> None:
    told = preflight(root)

    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_everything_missing_is_named_in_one_line_that_installs_it(
    root: Path, bare_path: str
) -> None:
    told = preflight(root, PATH=bare_path, PYTHON="python-that-is-not-there")

    (line,) = told.stderr.splitlines()
    assert told.returncode == 1
    assert line.startswith("Missing on this machine: python3 python3-venv git")
    assert "apt-get install -y python3 python3-venv git" in line


def test_old_python_is_named_with_the_way_to_choose_another(root: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)

    told = preflight(root, PYTHON=str(old))

    assert told.returncode == 1
    assert "3.11 or newer" in told.stderr
    assert "make PYTHON=python3.12" in told.stderr
