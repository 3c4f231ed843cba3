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
from guerdon.api.transport.scalars import write_datetime, write_decimal

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


def encode_json(value: Any) -> bytes:
    """Return `value` as JSON.

    Raises:
        TypeError: A resolver returned what JSON cannot hold; that is a mistake of ours.
    """
    return orjson.dumps(value, default=_unknown, option=_OPTIONS)


def encode_sorted(value: Any) -> bytes:
    """Return `value` as JSON with sorted keys, so that equal values are equal bytes."""
    return orjson.dumps(value, default=_unknown, option=_OPTIONS | orjson.OPT_SORT_KEYS)


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
