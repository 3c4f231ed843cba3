"""Reading lines: CSV in its usual spellings, and JSON Lines.

The rule: every value stays as it was written ("0001" is not 1, 29.90 is not 29.9), and each line
keeps its number in the file, so that a person can find it. What a line means is in `columns`.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import orjson

from guerdon.cli.importing.refused import AskedWrongly, LineRefused

DELIMITERS = ",;\t|"
_NO_DELIMITERS = '"\r\n'
_ESCAPE = "surrogateescape"  # bytes that are not UTF-8 are found line by line
_JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}
_FIELD_BYTES_MAX = 1_000_000

Row = list[str] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it was written, which it stays all the way."""

    text: str


def json_of(value: object) -> bytes:
    """Return a value as JSON, numbers as they were written.

    Raises:
        TypeError: It holds a lone surrogate, or an integer beyond 64 bits.
    """
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Written):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not JSON")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number, its content as bytes, and what was read from it."""

    number: int
    content: bytes
    row: Row | LineRefused


def lines_of(path: Path, *, delimiter: str | None = None) -> "CsvLines | JsonLines":
    """Return the lines of a file; its kind is told by its name, else by its first character.

    Raises:
        AskedWrongly: The file is empty or has no header.
    """
    if path.suffix.lower() in _JSON_SUFFIXES:
        return JsonLines(path)
    with path.open("rb") as raw:
        begins = raw.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.suffix.lower() != ".csv" and begins.startswith(b"{"):
        return JsonLines(path)
    return CsvLines(path, delimiter)


class CsvLines:
    """CSV with a header: with or without byte order mark, any line ends, `,` `;` tab or `|`."""

    def __init__(self, path: Path, delimiter: str | None) -> None:
        if delimiter and (len(delimiter) > 1 or delimiter in _NO_DELIMITERS):
            raise AskedWrongly("--delimiter is a single sign, such as ';'; no quote, no line end.")
        self._path = path
        header = next((text for text in self._text() if text.strip()), "")
        self.delimiter = delimiter or max(DELIMITERS, key=header.count)
        _, row = next(self._rows(), (0, None))
        if not isinstance(row, list):
            raise AskedWrongly(f"{path} has no header: its first line must name the columns.")
        self.columns: list[str] = [name.strip() for name in row]

    def _text(self) -> Iterator[str]:
        with self._path.open(encoding="utf-8-sig", errors=_ESCAPE, newline="") as text:
            yield from text

    def _rows(self) -> Iterator[tuple[int, list[str] | LineRefused]]:
        """Give each record with the number of the line that it begins on."""
        csv.field_size_limit(_FIELD_BYTES_MAX)
        # Strict: else a quote that nobody closes takes in the lines behind it, without a word.
        reader = csv.reader(self._text(), delimiter=self.delimiter, strict=True)
        begins = 1
        while True:
            try:
                row: list[str] | LineRefused = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row = LineRefused("", _unread(str(error), begins, reader.line_num))
            if isinstance(row, LineRefused) or any(map(str.strip, row)):
                yield begins, row
            begins = reader.line_num + 1

    def __iter__(self) -> Iterator[Line]:
        rows = self._rows()
        next(rows)
        width = len(self.columns)
        for number, row in rows:
            if isinstance(row, LineRefused):
                yield Line(number, b"", row)
                continue
            try:
                content = "\x1f".join(row).encode()
            except UnicodeEncodeError:
                yield Line(number, b"", LineRefused("", "is not UTF-8: save the file as UTF-8."))
                continue
            if len(row) != width:
                sentence = f"has {len(row)} cells where the header has {width} columns."
                yield Line(number, content, LineRefused("", sentence))
            else:
                yield Line(number, content, row)


def _unread(error: str, first: int, last: int) -> str:
    """Return what is wrong with a record, and which lines were taken for parts of it."""
    upto = "" if last <= first else f" All up to line {last} was taken for one line."
    return (
        f"is not CSV: {error}. Look for a quote that is not closed, or not doubled within a cell."
        f"{upto}"
    )


class JsonLines:
    """JSON Lines: one object a line, numbers kept exactly as they were written."""

    columns: None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decode = json.JSONDecoder(parse_float=Written, parse_constant=refuse_constant).decode

    def __iter__(self) -> Iterator[Line]:
        with self._path.open("rb") as raw:
            for number, written in enumerate(raw, start=1):
                content = (
                    written.removeprefix(b"\xef\xbb\xbf") if number == 1 else written
                ).strip()
                if content:
                    yield Line(number, content, self._read(content))

    def _read(self, content: bytes) -> Row | LineRefused:
        try:
            row = self._decode(content.decode())
        except (ValueError, RecursionError) as error:
            return LineRefused("", f"is not JSON: {error}.")
        if not isinstance(row, dict):
            return LineRefused("", "is not a JSON object: write one activity a line.")
        return row


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no number")
