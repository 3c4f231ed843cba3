"""From a line to an activity, as the API takes it.

The rule: what the API would refuse a whole request for (a wrong date, a wrong number) is refused
here, for its line alone. Everything else is for the program to judge.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from guerdon.cli.importing.columns import API_NAMES, OF_A_LINE, Column, Columns
from guerdon.cli.importing.fingerprints import Fingerprints
from guerdon.cli.importing.instants import Instants
from guerdon.cli.importing.lines import Line, Written
from guerdon.cli.importing.refused import LineRefused

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_COMMA_FOR_POINT = str.maketrans(",.", ".,")
_DIGITS_MAX = 34  # the API keeps no more

Activity = dict[str, Any]


class Activities:
    """Makes activities out of the lines of one file, in their order."""

    def __init__(
        self,
        columns: Columns,
        instants: Instants,
        *,
        header: list[str] | None,
        decimal_comma: bool = False,
    ) -> None:
        self._columns = list(columns)
        self._kind = columns.kind
        self._instants = instants
        self._decimal_comma = decimal_comma
        self._places = [header.index(column.name) if header else 0 for column in self._columns]
        self._needed = [column for column in self._columns if column.is_needed]
        has_id = any(column.field == "id" and column.is_needed for column in self._columns)
        self._fingerprints = None if has_id else Fingerprints(columns.kind or "")

    def of(self, line: Line) -> Activity:
        """Return the activity that a line reports.

        Each line must be given once, refused ones too: equal lines are told apart by counting.

        Raises:
            LineRefused: A value is missing or cannot be read.
        """
        activity: Activity = {"type": self._kind}
        if self._fingerprints:
            activity["activityId"] = self._fingerprints.of(line.content)
        bought: dict[str, Any] = {}
        more: dict[str, Any] = {}
        for column, value in self._values(line):
            field = column.field
            if field == "member":
                activity["member"] = {"externalId": _text(value, column)}
            elif field == "at":
                activity["at"] = self._instants.read(_text(value, column), column.name)
            elif field == "amount":
                activity["amount"] = self._decimal(value, column)
            elif field in ("id", "type", "ref", "partner"):
                activity[API_NAMES.get(field, field)] = _text(value, column)
            elif field in OF_A_LINE:
                bought[field] = _text(value, column)
            elif field == "data":
                more |= _checked(value, dict, column, "is no object: write {name: value}.")
            elif field == "lines":
                activity["lines"] = _checked(value, list, column, "is no list of what was bought.")
            else:
                more[field] = self._number(value, column) if column.is_number else value
        for column in self._needed:
            if API_NAMES.get(column.field, column.field) not in activity:
                raise LineRefused(column.name, "says nothing.")
        return _whole(activity, bought, more)

    def instant(self, line: Line) -> datetime | None:
        """Return when a line happened, None where that cannot be read."""
        try:
            at = next((it for it in self._values(line) if it[0].field == "at"), None)
            return at and self._instants.instant(_text(at[1], at[0]), at[0].name)
        except LineRefused:
            return None

    def _values(self, line: Line) -> Iterator[tuple[Column, Any]]:
        """Give each column that says something."""
        row = line.row
        if isinstance(row, LineRefused):
            raise row
        if isinstance(row, dict):
            for column in self._columns:
                value = row.get(column.name)
                if value is not None and value != "":
                    yield column, value
            return
        for column, place in zip(self._columns, self._places, strict=True):
            if text := row[place].strip():
                yield column, text

    def _decimal(self, value: Any, column: Column) -> str:
        written = text = _text(value, column)
        if self._decimal_comma and isinstance(value, str):
            text = written.translate(_COMMA_FOR_POINT)  # 1.234 means a thousand there, or 1,234
        if _DECIMAL.fullmatch(text) is None or len(text) > _DIGITS_MAX:
            like = "29,33" if self._decimal_comma else "29.33"
            raise LineRefused(column.name, f"{written[:40]!r} is no amount: write it like {like}.")
        return text

    def _number(self, value: Any, column: Column) -> Any:
        return Written(self._decimal(value, column))


def _text(value: Any, column: Column) -> str:
    """Return a value as it was written."""
    if isinstance(value, str):
        return value
    if isinstance(value, Written):
        return value.text
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise LineRefused(column.name, "is neither text nor a number.")


def _checked(value: Any, kind: type, column: Column, otherwise: str) -> Any:
    """Return a part of JSON; sent as a value under that name, another would mean nothing."""
    if not isinstance(value, kind):
        raise LineRefused(column.name, otherwise)
    return value


def _whole(activity: Activity, bought: dict[str, Any], more: dict[str, Any]) -> Activity:
    """Put the parts together: what was bought is one line of the purchase."""
    if bought and "amount" in activity:
        activity["lines"] = [bought | {"amount": activity.pop("amount")}]
    else:
        more |= bought
    if more:
        activity["data"] = more
    return activity
