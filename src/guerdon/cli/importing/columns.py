"""What columns mean, as `--map` says it: `customer=member,date=at,amount=amount`.

A column is given to a field of an activity (`id`, `type`, `at`, `member`, `ref`, `partner`,
`amount`, and `sku`, `category`, `brand` of what was bought). Any other name becomes a value for the
program's conditions: text, unless `units=units:number` says that it is a number. Columns that are
not mapped are not sent. JSON Lines need no map: what has a field's name is that field.

How values are read is in `activities`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from guerdon.cli.importing.refused import AskedWrongly

# Our names of fields, and the API's where it has another.
API_NAMES = {"id": "activityId"}
FIELDS = ("id", "type", "at", "member", "ref", "partner", "amount", "lines", "data")
OF_A_LINE = ("sku", "category", "brand")
NEEDED = ("id", "type", "at", "member", "amount")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the file, the field it fills, whether it holds numbers.

    A line in which a needed column says nothing is refused.
    """

    name: str
    field: str
    is_number: bool = False
    is_needed: bool = False


class Columns:
    """All columns that are sent; `kind` is the type of every line, None where a column says it."""

    def __init__(self, columns: Iterable[Column], *, kind: str | None) -> None:
        self.kind = kind
        self._of: dict[str, Column] = {}
        for column in columns:
            if column.field in self._of:
                both = f"{self._of[column.field].name!r} and {column.name!r}"
                raise AskedWrongly(f"--map gives both {both} to {column.field!r}.")
            self._of[column.field] = column
        if "at" not in self._of:
            raise AskedWrongly("--map must say which column holds the date: DATE=at.")
        if (kind is None) is ("type" not in self._of):
            raise AskedWrongly(
                "Say what the lines are, either with --type, such as --type purchase, or by giving "
                "a column to `type`."
            )

    def __iter__(self) -> Iterator[Column]:
        """Give each column once."""
        return iter(self._of.values())

    def named(self, path: Iterable[str]) -> str:
        """Return the file's name for a path of the API, such as ("member", "externalId")."""
        ours = {api: name for name, api in API_NAMES.items()}
        found = (self._of.get(ours.get(part, part)) for part in path)
        return next((column.name for column in found if column), "")


def columns_from(maps: Iterable[str], *, header: list[str] | None, kind: str | None) -> Columns:
    """Return what `--map` says about a file; `header` is None where lines name their own fields.

    Raises:
        AskedWrongly: A pair is not one, names no column of the header, or one field comes twice.
    """
    columns = [_column(pair, header) for text in maps for pair in text.split(",") if pair.strip()]
    if header is None:
        columns = columns or _of_json(kind)
    elif not columns:
        raise AskedWrongly(
            f"Say what the columns mean, such as --map {header[0]}=member,...=at. "
            f"The file has: {', '.join(header)}."
        )
    return Columns(columns, kind=kind)


def _column(pair: str, header: list[str] | None) -> Column:
    name, equals, field = (part.strip() for part in pair.rpartition("="))
    field, _, kind = field.partition(":")
    if not (name and equals and field) or kind not in ("", "number"):
        raise AskedWrongly(
            f"--map {pair.strip()!r} is not COLUMN=FIELD or COLUMN=FIELD:number, "
            "such as customer=member."
        )
    if header is not None and header.count(name) != 1:
        raise AskedWrongly(_no_column(name, header))
    return Column(name, field, is_number=kind == "number", is_needed=field in NEEDED)


def _no_column(name: str, header: list[str]) -> str:
    if name in header:
        return f"Two columns of the file are called {name!r}: rename one of them."
    if not "".join(header).isprintable():
        return f"The file's first line is no header in UTF-8, which should name {name!r}."
    near = get_close_matches(name, header, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"The file has no column {name!r}; it has: {', '.join(header)}.{hint}"


def _of_json(kind: str | None) -> list[Column]:
    names = [name for name in (*FIELDS, *OF_A_LINE) if not (kind and name == "type")]
    return [
        Column(API_NAMES.get(name, name), name, is_needed=name in ("at", "type")) for name in names
    ]
