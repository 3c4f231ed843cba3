"""The precise scalars: DateTime, Decimal and JSON.

The rule: what a caller sent is either kept exactly or refused with a sentence; nothing is rounded
through a float, completed by a guess, or shown in a second notation.

The mapping `SCALAR_MAP` puts them in the place of the library's own, which accept more than they
should (bare dates, naive times, NaN, underscores) and show `1E+3`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import strawberry
from graphql import (
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)
from graphql.language import BooleanValueNode, EnumValueNode, StringValueNode
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from guerdon.api.transport.decoding import WrittenNumber

DECIMAL_DIGITS_MAX = 34  # the digits that Decimal128 holds
JSON_DEPTH_MAX = 50
SHOWN_MAX = 40  # characters of a wrong value in its error
JSON_INTEGER_MAX = 2**63 - 1

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_DATETIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)


class _WrongInput(GraphQLError):
    """A value that its scalar refuses, with the sentence for the caller."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})


def _shown(value: object) -> str:
    text = value.text if isinstance(value, WrittenNumber) else repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


# ---------------------------------------------------------------- DateTime


def read_datetime(value: object) -> datetime:
    """Return the instant that an RFC 3339 text names, in UTC, to the millisecond.

    The offset is mandatory because a time without one means another instant in each place. Finer
    digits than milliseconds are cut off: none of the stores behind keeps them.
    """
    match = _DATETIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        msg = (
            f"{_shown(value)} is not a DateTime: write RFC 3339 with an offset,"
            " such as 2026-01-31T09:30:00Z."
        )
        raise _WrongInput(msg)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    millisecond = int((match[7] or "").ljust(3, "0")[:3])
    try:
        written = datetime(
            year, month, day, hour, minute, second, millisecond * 1000, tzinfo=_offset(match)
        )
        return written.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{_shown(value)} is not a DateTime: there is no such day, time or offset."
        raise _WrongInput(msg) from None


def _offset(match: re.Match[str]) -> timezone:
    if match[8] is None:
        return UTC
    minutes = int(match[10])
    if minutes > 59:  # noqa: PLR2004
        raise ValueError
    ahead = timedelta(hours=int(match[9]), minutes=minutes)
    return timezone(ahead if match[8] == "+" else -ahead)


def write_datetime(value: object) -> str:
    """Return an instant in UTC with exactly three digits of fraction and `Z`.

    Raises:
        ValueError: The instant has no offset: a naive time reached the API, a mistake of ours.
    """
    if not isinstance(value, datetime) or value.tzinfo is None:
        msg = "A DateTime must be an aware datetime."
        raise ValueError(msg)
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


# ---------------------------------------------------------------- Decimal


def read_decimal(value: object) -> Decimal:
    """Return the exact number that a text or a JSON number names, without an exponent."""
    text: object = value
    if isinstance(value, WrittenNumber):
        text = value.text
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    if isinstance(text, str) and len(text) > DECIMAL_DIGITS_MAX + 2:
        msg = f"{_shown(value)} is not a Decimal: at most {DECIMAL_DIGITS_MAX} digits are kept."
        raise _WrongInput(msg)
    if not isinstance(text, str) or _DECIMAL.fullmatch(text) is None:
        msg = f'{_shown(value)} is not a Decimal: write plain digits, such as "34.30".'
        raise _WrongInput(msg)
    number = Decimal(text)
    return number or number.copy_abs()  # zero has no sign here


def write_decimal(value: object) -> str:
    """Return a number in plain digits, its trailing zeros kept.

    Raises:
        ValueError: The value is no finite number: a mistake of ours.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        msg = "A Decimal must be a finite decimal number."
        raise ValueError(msg)
    return format(value, "f")


def _decimal_literal(node: ValueNode, _variables: Mapping[str, Any] | None = None) -> Decimal:
    if isinstance(node, IntValueNode | FloatValueNode | StringValueNode):
        return read_decimal(node.value)
    raise _WrongInput('A Decimal is written as plain digits, such as "34.30".')


# ---------------------------------------------------------------- JSON


def read_json(value: object, _depth: int = 0) -> Any:
    """Return a JSON value whose fractions are exact decimals.

    Raises:
        GraphQLError: It is nested too deeply, or holds a number with an exponent or an integer
            beyond 64 bits, which no store keeps exactly.
    """
    if _depth > JSON_DEPTH_MAX:
        raise _WrongInput(f"A JSON value is nested at most {JSON_DEPTH_MAX} deep.")
    if isinstance(value, WrittenNumber):
        return read_decimal(value)
    if isinstance(value, dict):
        return {key: read_json(item, _depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [read_json(item, _depth + 1) for item in value]
    if isinstance(value, int) and abs(value) > JSON_INTEGER_MAX:
        raise _WrongInput(f"{_shown(value)} is beyond 64 bits: write it as a string.")
    return value


def _json_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    return read_json(_untyped(node, variables or {}, 0))


def _small_integer(text: str) -> int:
    if len(text) > DECIMAL_DIGITS_MAX:
        raise _WrongInput(f"{_shown(text)} is beyond 64 bits: write it as a string.")
    return int(text)


def _untyped(node: ValueNode, variables: Mapping[str, Any], depth: int) -> Any:
    if depth > JSON_DEPTH_MAX:
        raise _WrongInput(f"A JSON value is nested at most {JSON_DEPTH_MAX} deep.")
    match node:
        case VariableNode():
            return variables.get(node.name.value)
        case ObjectValueNode():
            return {
                field.name.value: _untyped(field.value, variables, depth + 1)
                for field in node.fields
            }
        case ListValueNode():
            return [_untyped(item, variables, depth + 1) for item in node.values]
        case IntValueNode():
            return _small_integer(node.value)
        case FloatValueNode():
            return WrittenNumber(node.value)
        case BooleanValueNode() | StringValueNode() | EnumValueNode():
            return node.value
        case NullValueNode():
            return None
    raise _WrongInput("This is no JSON value.")


SCALAR_MAP: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant, RFC 3339. Answers are in UTC with exactly three digits of fraction, such"
            ' as "2026-01-31T09:30:00.000Z"; input may use any offset, but must name one.'
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=write_datetime,
        parse_value=read_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            'An exact decimal number as a string of plain digits, such as "34.30": points and'
            " money. Input may also be a JSON number; exponents, NaN and Infinity are refused."
        ),
        specified_by_url="https://scalars.graphql.org/chillicream/decimal.html",
        serialize=write_decimal,
        parse_value=read_decimal,
        parse_literal=_decimal_literal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="A JSON value. Numbers are exact: they are read as decimals, never as floats.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc8259",
        serialize=lambda value: value,
        parse_value=read_json,
        parse_literal=_json_literal,
    ),
}
