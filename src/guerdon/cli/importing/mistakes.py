"""The errors file: each line that was not imported, with its column and the reason.

The rule: it exists only where there is something to mend, it never replaces a file that is not one
of its kind nor a device, whether it can be written is found out before anything is sent, and a
continued import adds to it without saying anything twice.
"""

import contextlib
import csv
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from guerdon.cli.importing.refused import AskedWrongly, CannotGoOn

HEADER = ["line", "column", "reason"]


class Mistakes:
    """Writes the errors file, line by line, from the first mistake on."""

    def __init__(self, path: Path, *, continues: bool) -> None:
        self.path = path
        self.count = 0
        self._said: set[str] = set()
        self._file: TextIO | None = None
        try:
            if path.is_file():
                said = self._earlier()
                if continues:
                    self._said = said
                else:
                    path.unlink()
            self._try()
        except OSError as error:
            raise AskedWrongly(
                f"{path} cannot be written: {error.strerror or error}. "
                "Name another file with --errors."
            ) from None

    def _earlier(self) -> set[str]:
        """Return which lines the file of an earlier run names."""
        with self.path.open(encoding="utf-8", newline="", errors="replace") as earlier:
            rows = csv.reader(earlier)
            try:
                if next(rows, HEADER) == HEADER:
                    return {row[0] for row in rows if row}
            except csv.Error:
                pass
        raise AskedWrongly(f"{self.path} exists and is no errors file: name another with --errors.")

    def _try(self) -> None:
        """Find out before anything is sent whether the file can be there."""
        begins = not self.path.exists()
        with self.path.open("a"):
            pass
        if begins:
            self.path.unlink()

    def __enter__(self) -> Self:
        """Begin; nothing is written yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file if there is one; what could not be written was said by `add`."""
        if self._file:
            with contextlib.suppress(OSError):
                self._file.close()

    def add(self, line: int, column: str, reason: str) -> None:
        """Note that a line is not imported.

        Raises:
            CannotGoOn: The file cannot be written any more.
        """
        self.count += 1
        if str(line) in self._said:
            return
        try:
            if self._file is None:
                begins = not self.path.is_file()
                self._file = self.path.open("a", encoding="utf-8", newline="")
                if begins:
                    csv.writer(self._file).writerow(HEADER)
            csv.writer(self._file).writerow([line, column, reason])
            self._file.flush()
        except OSError as error:
            raise CannotGoOn(f"{self.path} cannot be written: {error.strerror or error}.") from None
