"""How documents are named: texts that begin with the program, then the lane, in fixed width.

Rule: keys are made here and taken apart only by cutting a known prefix off, so that no part needs
escaping: only the last one may hold the separator.
"""

SEPARATOR = "|"
_AFTER = "}"  # the character behind the separator: the open end of a prefix's range


def key(*parts: str) -> str:
    """Return the key of these parts."""
    return SEPARATOR.join(parts)


def lane_key(program: str, lane: int, *parts: str) -> str:
    """Return a key within a lane."""
    return SEPARATOR.join((program, f"{lane:06x}", *parts))


def within(prefix: str) -> dict[str, str]:
    """Return the range of all keys that continue `prefix`."""
    return {"$gte": prefix + SEPARATOR, "$lt": prefix + _AFTER}


def lane_in(text: str, program: str) -> int:
    """Return the lane that a key within a lane names."""
    begin = len(program) + 1
    return int(text[begin : begin + 6], 16)


def behind(text: str, prefix: str) -> str:
    """Return what follows a prefix and its separator."""
    return text[len(prefix) + 1 :]
