"""Instants and amounts at the edge: milliseconds and minor units inside, dates and decimals out.

The rule: conversions are exact in both directions; what does not fit is refused, never rounded.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from guerdon.core.activity import Instant
from guerdon.core.amounts import to_decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_datetime(at: Instant) -> datetime:
    """Return an instant as a date and time in UTC."""
    return _EPOCH + timedelta(milliseconds=at)


def maybe_datetime(at: Instant | None) -> datetime | None:
    """Return an instant as a date and time in UTC, or None for none."""
    return None if at is None else to_datetime(at)


def to_instant(at: datetime) -> Instant:
    """Return a date and time with an offset as an instant."""
    return Instant((at - _EPOCH) // _MILLISECOND)


def amount(minor: int, scale: int) -> Decimal:
    """Return minor units with exactly as many digits as the wallet or counter has."""
    return to_decimal(minor, scale)
