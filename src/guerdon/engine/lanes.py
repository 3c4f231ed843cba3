"""Lanes: into how many slices a program's members are divided, and which one decides a member.

Rule: a member's lane follows from the id alone; another number of lanes opens a new epoch, and the
numbers of lanes of different epochs never meet.
"""

from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Into how many lanes a program's members are divided; another number opens a new epoch."""

    lanes: int
    epoch: int = 1


_EPOCH = 1 << 16  # more lanes than an epoch may have


def lanes_of(layout: Layout) -> range:
    """Return the numbers of the lanes: those of different epochs never meet."""
    first = (layout.epoch - 1) * _EPOCH
    return range(first, first + layout.lanes)


def lane_of(member: str | None, layout: Layout) -> int:
    """Return the lane that decides a member; what concerns the whole program has the first one."""
    slot = 0 if member is None else crc32(member.encode()) % layout.lanes
    return (layout.epoch - 1) * _EPOCH + slot
