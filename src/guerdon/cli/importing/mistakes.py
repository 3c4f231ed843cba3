"""The errors file: each line that was not imported, with its column and the reason.

The rule: it exists only where there is something to mend, it never replaces a file that is not one
of its kind, and a continued import adds to it without saying anything twice.
"""

import csv
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from guerdon.cli.importing.refused import AskedWrongly

HEADER = ["line", "column", "reason"]


class Mistakes:
    """Writes the errors file, line by line, from the first mistake on."""

    def __init__(self, path: Path, *, continues: bool) -> None:
        self.path = path
        self.count = 0
        self._said: set[str] = set()
        self._file: TextIO | None = None
        if not path.exists():
            return
        with path.open(encoding="utf-8", newline="", errors="replace") as earlier:
            rows = csv.reader(earlier)
            if next(rows, HEADER) != HEADER:
                raise AskedWrongly(
                    f"{path} exists and is no errors file: name another with --errors."
                )
            if continues:
                self._said = {row[0] for row in rows if row}
        if not continues:
            path.unlink()

    def __enter__(self) -> Self:
        """Begin; nothing is written yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file if there is one."""
        if self._file:
            self._file.close()

    def add(self, line: int, column: str, reason: str) -> None:
        """Note that a line is not imported."""
        self.count += 1
        if str(line) in self._said:
            return
        if self._file is None:
            begins = not self.path.exists()
            self._file = self.path.open("a", encoding="utf-8", newline="")
            if begins:
                csv.writer(self._file).writerow(HEADER)
        csv.writer(self._file).writerow([line, column, reason])
        self._file.flush()
