"""Expected nodes against what was found: exact, with the line of each difference.

Rule: maps may be partial, lists and the set of badges are full; numbers compare as numbers,
instants as instants, whatever they are written like.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from guerdon.core.amounts import Rounding, divide, plain, to_decimal
from guerdon.program.scalars import instant
from guerdon.program.yaml_source import Mapping, Node, Scalar, Sequence, is_null, number


class Moment(NamedTuple):
    """An instant that was found, shown in the program's zone."""

    at: int
    zone: str

    def __str__(self) -> str:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.at)
        return moment.astimezone(ZoneInfo(self.zone)).isoformat()


class Rounded(NamedTuple):
    """An exact figure that is compared at as many digits as the expected one has."""

    exact: Fraction

    def at(self, digits: int) -> Decimal:
        """Return the figure rounded to so many digits, halves away from zero."""
        scaled = self.exact * 10**digits
        return to_decimal(divide(scaled.numerator, scaled.denominator, Rounding.HALF_UP), digits)

    def __str__(self) -> str:
        return plain(self.at(_SHOWN_DIGITS))


_SHOWN_DIGITS = 6

Found = Any
"""Decimal, text, None, Moment, Rounded, or lists and maps of them."""


class Full(dict[str, Found]):
    """A map that must be expected in full."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not as expected."""

    line: int
    path: str
    expected: str
    found: str


def differences(expected: Node, found: Found, path: str) -> Iterator[Difference]:
    """Yield each value that differs, in the document's order."""
    if isinstance(expected, Mapping):
        yield from _in_map(expected, found, path)
    elif isinstance(expected, Sequence):
        yield from _in_list(expected, found, path)
    elif not _equal(expected, found):
        yield Difference(expected.place.line, path, shown_node(expected), shown(found))


def _in_map(expected: Mapping, found: Found, path: str) -> Iterator[Difference]:
    line = expected.place.line
    if not isinstance(found, dict):
        yield Difference(line, path, shown_node(expected), shown(found))
        return
    for key, node in expected.entries:
        inner = f"{path}.{key.text}"
        if key.text in found:
            yield from differences(node, found[key.text], inner)
        elif not is_null(node):
            yield Difference(key.place.line, inner, shown_node(node), "nothing")
    if isinstance(found, Full):
        named = {key.text for key, _ in expected.entries}
        for name, value in found.items():
            if name not in named:
                yield Difference(line, f"{path}.{name}", "nothing", shown(value))


def _in_list(expected: Sequence, found: Found, path: str) -> Iterator[Difference]:
    items = found if isinstance(found, list) else []
    if len(items) != len(expected.items):
        told = shown([_narrowed(item, expected) for item in items])
        yield Difference(expected.place.line, path, shown_node(expected), told)
        return
    for i, (node, item) in enumerate(zip(expected.items, items, strict=True)):
        yield from differences(node, item, f"{path}[{i}]")


def _narrowed(item: Found, expected: Sequence) -> Found:
    """Return a found map with only those keys that the expected ones speak of."""
    named = {
        key.text for node in expected.items if isinstance(node, Mapping) for key, _ in node.entries
    }
    if not isinstance(item, dict) or not named:
        return item
    return {name: value for name, value in item.items() if name in named}


def _equal(expected: Scalar, found: Found) -> bool:
    if is_null(expected):
        return found is None
    if isinstance(found, Moment):
        try:
            return instant(expected.text) == found.at
        except ValueError:
            return False
    wanted = number(expected.text)
    if isinstance(found, Rounded):
        if wanted is None:
            return False
        exponent = wanted.as_tuple().exponent
        return isinstance(exponent, int) and found.at(max(-exponent, 0)) == wanted
    if isinstance(found, Decimal):
        return wanted is not None and wanted == found
    if not isinstance(found, str):
        return False
    text = expected.text.lower() if found in ("true", "false") else expected.text
    return text == found


def shown_node(node: Node) -> str:
    """Return an expected node on one line."""
    if isinstance(node, Mapping):
        inner = ", ".join(f"{key.text}: {shown_node(value)}" for key, value in node.entries)
        return f"{{{inner}}}"
    if isinstance(node, Sequence):
        return f"[{', '.join(shown_node(item) for item in node.items)}]"
    return "nothing" if is_null(node) else node.text


def shown(found: Found) -> str:
    """Return what was found on one line, in the same notation."""
    if found is None:
        return "nothing"
    if isinstance(found, Decimal):
        return plain(found)
    if isinstance(found, Moment | Rounded):
        return str(found)
    if isinstance(found, dict):
        return f"{{{', '.join(f'{name}: {shown(value)}' for name, value in found.items())}}}"
    if isinstance(found, list):
        return f"[{', '.join(shown(item) for item in found)}]"
    return str(found)
