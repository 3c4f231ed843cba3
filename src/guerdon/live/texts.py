"""Where a leaderboard lies in Redis, and how a row is written so that they stand in order.

A sorted set orders by score, then by the bytes of the member text. The score is minus the value,
the text `<instant>:<member id>` with the instant in fixed width: value descending, instant
ascending, member id. A score is a double, exact up to 2^53; beyond that, texts of one score begin
with the exact value, so that the order is right for every 64-bit value. Rule: `prefix_of` and
`read` are each other's inverse.
"""

from guerdon.core.activity import Instant
from guerdon.engine.records import Board

EXACT = 1 << 53
_ERA = 1 << 47  # so that instants before 1970 are not negative
_DESCENDING = 1 << 63


def prefix_of(value: int, at: int) -> str:
    """Return what stands before the member id."""
    return f"{level_of(value)}{at + _ERA:012x}:"


def level_of(value: int) -> str:
    """Return what all texts of a value begin with: nothing, where the score says it all."""
    return "" if abs(value) < EXACT else f"!{_DESCENDING - value:020d}:"


def read(text: str, score: str) -> tuple[int, Instant, str]:
    """Return value, instant and member of a row."""
    value = -int(float(score))
    if text.startswith("!"):
        value = _DESCENDING - int(text[1:21])
        text = text[22:]
    return value, Instant(int(text[:12], 16) - _ERA), text[13:]


def keys_of(namespace: str, program: str, board: Board, *, apart: bool = False) -> tuple[str, str]:
    """Return the keys of the sorted set and the hash, in one slot; or of those built apart."""
    tag = f"{namespace}:{{{program}:{board.leaderboard}:{board.period}}}"
    end = ":new" if apart else ""
    return f"{tag}:z{end}", f"{tag}:h{end}"
