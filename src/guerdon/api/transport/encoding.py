"""JSON out: fast, in the order of the document, exact to the last digit.

The rule: a decimal inside a `JSON` value leaves as the number it is, digit by digit. The `Decimal`
scalar has made strings of amounts before they arrive here.

JSON in is in `decoding`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from guerdon.api.transport.decoding import WrittenNumber
from guerdon.api.transport.personal import HOLE, AboutViewer, Stencil
from guerdon.api.transport.scalars import write_datetime, write_decimal

_OPTIONS = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
)
_HOLE = orjson.Fragment(HOLE)


def encode_json(value: Any) -> bytes:
    """Return `value` as JSON.

    Raises:
        TypeError: A resolver returned what JSON cannot hold; that is a mistake of ours.
    """
    return orjson.dumps(value, default=_unknown, option=_OPTIONS)


def encode_for_all(value: Any) -> bytes | Stencil:
    """Return `value` as JSON; where flags in it are about viewers, as a text with holes.

    Raises:
        TypeError: As `encode_json`.
    """
    viewers: list[str] = []

    def unknown(value: Any) -> Any:
        if value.__class__ is AboutViewer:
            viewers.append(value.viewer)
            return _HOLE
        return _unknown(value)

    text = orjson.dumps(value, default=unknown, option=_OPTIONS)
    return Stencil(text, viewers) if viewers else text


def encode_sorted(value: Any) -> bytes | None:
    """Return `value` as JSON with sorted keys, so that equal values are equal bytes.

    None is for what is told apart from nothing: clients may send integers and nesting beyond what
    this encoder holds, and whether they may is for others to say.
    """
    try:
        return orjson.dumps(value, default=_unknown, option=_OPTIONS | orjson.OPT_SORT_KEYS)
    except TypeError:
        return None


def _unknown(value: Any) -> Any:
    if isinstance(value, WrittenNumber):
        return orjson.Fragment(value.text.encode())
    if isinstance(value, Decimal):
        return orjson.Fragment(write_decimal(value).encode())
    if isinstance(value, datetime):
        return write_datetime(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    msg = f"{type(value).__name__} has no form in JSON."
    raise TypeError(msg)
