"""Lanes: into how many slices a program's members are divided, and which one decides a member.

Rule: a member's lane follows from the id alone; another number of lanes opens a new epoch, and the
numbers of lanes of different epochs never meet. A new epoch has a multiple of the lanes before, so
that all members of a new lane come from the same old one.
"""

from dataclasses import dataclass
from zlib import crc32

LANES_MAX = 4_096
EPOCHS_MAX = 255
"""A lane's number has six hexadecimal digits: two for the epoch, four for the lane in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Into how many lanes a program's members are divided; another number opens a new epoch.

    `earlier` has the numbers of the epochs before, first to last; `outgoing` is the last of them,
    while members still move out of its lanes.
    """

    lanes: int
    epoch: int = 1
    earlier: tuple[int, ...] = ()
    outgoing: int | None = None


_EPOCH = 1 << 16  # more lanes than an epoch may have


def lanes_of(layout: Layout) -> range:
    """Return the numbers of the lanes: those of different epochs never meet."""
    first = (layout.epoch - 1) * _EPOCH
    return range(first, first + layout.lanes)


def outgoing_lanes(layout: Layout) -> range:
    """Return the numbers of the lanes that members move out of; none most of the time."""
    before = before_growth(layout)
    return range(0) if before is None else lanes_of(before)


def before_growth(layout: Layout) -> Layout | None:
    """Return the division that a growing one takes the place of."""
    if layout.outgoing is None:
        return None
    return Layout(lanes=layout.outgoing, epoch=layout.epoch - 1)


def lanes_out_of(lane: int, layout: Layout) -> range:
    """Return the lanes to which the members of an outgoing lane go."""
    assert layout.outgoing is not None
    here = lanes_of(layout)
    return here[lane % _EPOCH :: layout.outgoing]


def lanes_ever(member: str, layout: Layout) -> list[int]:
    """Return the lanes that decided a member, in all epochs up to now, first to last."""
    counts = enumerate((*layout.earlier, layout.lanes), start=1)
    return [lane_of(member, Layout(lanes=lanes, epoch=epoch)) for epoch, lanes in counts]


def lane_of(member: str | None, layout: Layout) -> int:
    """Return the lane that decides a member; what concerns the whole program has the first one."""
    slot = 0 if member is None else crc32(member.encode()) % layout.lanes
    return (layout.epoch - 1) * _EPOCH + slot
