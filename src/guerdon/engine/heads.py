"""The standings of a lane's members in memory, for as long as nobody else has written them.

Rule: only the lane's holder writes them, so they are good while the lane is held, and also the next
time if its sequence is still the one at which it was given back. Should that ever be wrong, the
commit fails on the standing's version, and they are read anew: memory saves reads and decides
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from guerdon.core.plain import standing_from_plain
from guerdon.core.standing import Standing
from guerdon.engine.projecting import Projecting
from guerdon.engine.records import Hold
from guerdon.engine.world import World

HEADS_MAX = 4_000
"""Standings that a process keeps at most; one takes some ten kilobytes."""


@dataclass(slots=True)
class Head:
    """A standing in memory and the version that is stored."""

    standing: Standing
    version: int


class Heads:
    """The standings of one lane's members."""

    def __init__(self, world: World, hold: Hold) -> None:
        self._world = world
        self._program = hold.program
        self._lane = hold.lane
        self._heads: dict[str, Head] = {}

    def __len__(self) -> int:
        return len(self._heads)

    def __getitem__(self, member: str) -> Head:
        return self._heads[member]

    async def load(self, members: Sequence[str]) -> None:
        """Read those that are not in memory."""
        if len(self._heads) > HEADS_MAX:
            self._heads.clear()
        missing = [member for member in dict.fromkeys(members) if member not in self._heads]
        if not missing:
            return
        found = await self._world.standings.load(
            self._program, [(self._lane, member) for member in missing]
        )
        for member in missing:
            plain = found.get(member)
            standing = Standing(member=member) if plain is None else standing_from_plain(plain)
            self._heads[member] = Head(standing, standing.version)

    def keep(self, standings: dict[str, Standing]) -> None:
        """Remember what was committed."""
        for member, standing in standings.items():
            self._heads[member] = Head(standing, standing.version)


class Memory:
    """What a process has kept of the lanes it visited; the longest unvisited one goes first.

    `sizes` holds how large a lane's batches may be where larger ones came to nothing in time;
    `projecting`, what goes on when a visit is over.
    """

    def __init__(self, projecting: Projecting | None = None) -> None:
        self.projecting = projecting or Projecting()
        self._lanes: dict[tuple[str, int], tuple[int, Heads]] = {}
        self.sizes: dict[tuple[str, int], int] = {}

    def heads(self, world: World, hold: Hold) -> Heads:
        """Return what is known of a lane that was just taken."""
        seq, heads = self._lanes.pop((hold.program, hold.lane), (-1, None))
        if heads is None or seq != hold.seq:
            return Heads(world, hold)
        return heads

    def keep(self, hold: Hold, heads: Heads) -> None:
        """Remember a lane that is given back at this sequence."""
        self._lanes[(hold.program, hold.lane)] = hold.seq, heads
        while len(self._lanes) > 1 and self._count() > HEADS_MAX:
            del self._lanes[next(iter(self._lanes))]

    def _count(self) -> int:
        return sum(len(heads) for _, heads in self._lanes.values())
