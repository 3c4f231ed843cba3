"""Running the command as people do: a process of its own, with its own state folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from importing.intake import KEY, Intake


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command printed, and how it ended."""

    code: int
    said: str
    errors: list[str]


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder with files to import, and the intake that they go to."""

    folder: Path
    intake: Intake

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def command(self, name: str, *options: str) -> list[str]:
        where = ("--url", self.intake.url)
        return [sys.executable, "-m", "guerdon", "import", "activities", name, *where, *options]

    @property
    def environment(self) -> dict[str, str]:
        state = {"XDG_STATE_HOME": str(self.folder / "state"), "GUERDON_KEY": KEY}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **state}

    def run(self, name: str, *options: str) -> Outcome:
        done = subprocess.run(
            self.command(name, *options),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        errors = self.folder / "errors.csv"
        listed = errors.read_text().splitlines()[1:] if errors.exists() else []
        return Outcome(done.returncode, done.stdout + done.stderr, listed)

    def purchases(self, name: str, *options: str) -> Outcome:
        """Import a file with the columns customer, date and amount."""
        maps = "customer=member,date=at,amount=amount"
        return self.run(name, "--type", "purchase", "--map", maps, *options)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with an empty intake."""
    with Intake() as intake:
        yield Shop(tmp_path, intake)
