"""Sealing: a chain of hashes over what each lane decided, made beside the deciding.

A seal covers the entries of a lane since the seal before: its hash is of that one's hash and of the
entries' prints, so that none can be changed, taken out or put in without changing every hash after
it. Once a day one root is made of all lanes; whoever keeps roots elsewhere can tell later that
nothing before them was made anew as a whole. Rule: any number of sealers may run, and none for a
while; a seal is named by its first entry, so that a chain never forks.
"""

import hashlib
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from guerdon.engine.by_program import by_program
from guerdon.engine.records import Root, Seal
from guerdon.engine.world import World

log = logging.getLogger(__name__)

BEGINNING = bytes(32)
"""What stands before the first seal of a lane, and before the first root."""

AT_ONCE = 1_000


def chained(before: bytes, prints: Iterable[bytes]) -> bytes:
    """Return the hash of a seal."""
    return hashlib.sha256(before + b"".join(prints)).digest()


def root_hash(root: Root) -> bytes:
    """Return the hash of a root."""
    text = "".join(f"{lane}:{last}:{seal.hex()};" for lane, last, seal in root.lanes)
    return hashlib.sha256(root.before + f"{root.day};{text}".encode()).digest()


class Sealer:
    """Remembers where each lane's chain ends, so that quiet lanes cost nothing."""

    def __init__(self) -> None:
        self._ends: dict[tuple[str, int], tuple[int, bytes]] = {}

    async def __call__(self, world: World) -> int:
        """Seal what is not sealed yet, make the day's root, and return how many entries it was.

        Raises:
            StoreDown: The database does not answer; what is not sealed is sealed later.
        """
        return await by_program(world, self._seal)

    async def _seal(self, world: World, program: str) -> int:
        count = 0
        for lane, seq in (await world.lanes.seqs(program)).items():
            count += await self._lane(world, program, lane, seq)
        await self._root(world, program)
        return count

    async def _lane(self, world: World, program: str, lane: int, seq: int) -> int:
        count = 0
        while True:
            last, before = await self._end(world, program, lane)
            if last >= seq:
                break
            prints = await world.seals.prints(program, lane, last, min(AT_ONCE, seq - last))
            if not prints:
                break
            seal = Seal(
                lane=lane,
                first=last + 1,
                last=last + len(prints),
                before=before,
                hash=chained(before, prints),
                prints=tuple(prints),
                at=world.clock(),
            )
            if await world.seals.add(program, seal):
                self._ends[(program, lane)] = (seal.last, seal.hash)
                count += len(prints)
            else:
                del self._ends[(program, lane)]  # another sealer was first
        return count

    async def _end(self, world: World, program: str, lane: int) -> tuple[int, bytes]:
        known = self._ends.get((program, lane))
        if known is None:
            seal = await world.seals.last(program, lane)
            known = (0, BEGINNING) if seal is None else (seal.last, seal.hash)
            self._ends[(program, lane)] = known
        return known

    async def _root(self, world: World, program: str) -> None:
        day = datetime.fromtimestamp(world.clock() / 1_000, UTC).date().isoformat()
        latest = await world.seals.root(program)
        if latest is not None and latest.day >= day:
            return
        lanes = tuple(
            (lane, last, end)
            for (name, lane), (last, end) in sorted(self._ends.items())
            if name == program and last
        )
        if not lanes:
            return
        before = BEGINNING if latest is None else latest.hash
        root = Root(day=day, before=before, hash=b"", lanes=lanes)
        root = root._replace(hash=root_hash(root))
        if await world.seals.add_root(program, root):
            log.info(
                "the journal's root of the day",
                extra={"program": program, "day": day, "root": root.hash.hex()},
            )
