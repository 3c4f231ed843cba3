"""What proves that nothing was changed behind our back: prints, the chain, and what must agree.

Rule: each check needs nothing but what is stored; what is being written meanwhile is not taken for
wrong.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from guerdon.core.redemptions import CODE, UNSEEN
from guerdon.core.standing import ERASED, Standing
from guerdon.engine.records import Entry, Person, Seal
from guerdon.engine.seal import AT_ONCE, BEGINNING, chained, root_hash
from guerdon.engine.verified import Progress, Verified
from guerdon.engine.world import World

_DOCUMENTS = 2_000
_LOOKS = 5


async def prints(world: World, program: str, found: Verified, progress: Progress) -> None:
    """Find documents that do not fit their print."""
    collections = world.evidence.collections
    for done, collection in enumerate(collections):
        after: str | None = ""
        while after is not None:
            progress(f"documents of {collection}", done, len(collections))
            spoilt, after, count = await world.evidence.spoilt(
                program, collection, after, _DOCUMENTS
            )
            found.documents += count
            for name in spoilt:
                found.offend(f"{collection} {name}", "was changed: it does not fit its print")


async def chain(
    world: World, program: str, lanes: Sequence[int], found: Verified, progress: Progress
) -> None:
    """Find where the chain over the journal does not hold."""
    ends: dict[tuple[int, int], bytes] = {}
    for done, lane in enumerate(lanes):
        progress("chain", done, len(lanes))
        await _lane(world, program, lane, found, ends)
    before, day = BEGINNING, ""
    for root in await world.seals.roots(program):
        name = f"roots {program}|{root.day}"
        if root.before != before or root.hash != root_hash(root):
            found.offend(name, f"does not follow from the root before it {day}")
        for lane, last, end in root.lanes:
            if ends.get((lane, last)) != end:
                found.offend(name, f"names an end of lane {lane} at {last} that its chain has not")
        before, day = root.hash, root.day


async def _lane(
    world: World, program: str, lane: int, found: Verified, ends: dict[tuple[int, int], bytes]
) -> None:
    last, before = 0, BEGINNING
    while seals := await world.seals.since(program, lane, last, 100):
        for seal in seals:
            name = f"seals {program}|{lane:06x}|{seal.first:012d}"
            if (seal.first, seal.before) != (last + 1, before):
                found.offend(name, f"does not follow the seal before it, which ends at {last}")
                return
            if seal.hash != chained(seal.before, seal.prints):
                found.offend(name, "has a hash that does not come of what it holds")
                return
            for number, said, stored in await _compared(world, program, seal):
                if said != stored:
                    document = f"journal {program}|{lane:06x}|{number:012d}"
                    found.offend(document, "is not what was sealed" if stored else "is missing")
                    return
            last, before = seal.last, seal.hash
            ends[(lane, last)] = before
    found.unsealed += len(await world.seals.prints(program, lane, last, AT_ONCE))


async def _compared(world: World, program: str, seal: Seal) -> Iterator[tuple[int, bytes, bytes]]:
    """Return number, print as it was sealed and as it is now of each entry."""
    count = seal.last - seal.first + 1
    now = await world.seals.prints(program, seal.lane, seal.first - 1, count)
    now += [b""] * (count - len(now))
    return zip(range(seal.first, seal.last + 1), seal.prints, now, strict=True)


def person(program: str, standing: Standing, found: Person | None, verified: Verified) -> None:
    """Compare the directory with a member's standing."""
    name = f"members {program}|{standing.member}"
    if found is None:
        verified.offend(name, "is missing, though the member has a standing")
        return
    # Who was merged into somebody who was erased is forgotten with them.
    allowed = {standing.status, ERASED} if standing.status == "merged" else {standing.status}
    if found.status not in allowed:
        verified.offend(name, f"says {found.status}, the standing says {standing.status}")
    if standing.status == ERASED or found.external is None:
        return
    expected = found.merged_into or standing.member
    if found.led != expected:
        verified.offend(name, f"is {found.external!r}, and that leads to {found.led}")


async def shared(
    world: World, program: str, found: Verified, *, seen: dict[int, int], taken: Counter[str]
) -> None:
    """Compare what is left of everything shared with what the journal says was `taken`.

    Both move on meanwhile, so that the journal is read on from what was `seen` of each lane.
    """
    for _ in range(_LOOKS):
        before = await world.lanes.seqs(program)
        for lane in before:
            seen[lane] = await _count(world, program, lane, seen.get(lane, 0), taken)
        stored = await world.evidence.shared(program)
        pools = await world.codes.counts(program)
        if await world.lanes.seqs(program) == before:
            break
    else:
        return  # too busy to tell; nothing is called wrong that may be right
    for name, (size, left) in stored.items():
        if left != size - taken[name]:
            found.offend(
                f"shared {program}|{name}",
                f"has {left} left of {size}, though {taken[name]} were taken",
            )
    for pool in pools:
        given = sum(count for name, count in taken.items() if _pool_of(name) == pool.pool)
        if pool.taken != given:
            found.offend(
                f"codes {program}|{pool.pool}",
                f"are {pool.taken} taken ones, though {given} were given out",
            )


def _pool_of(name: str) -> str | None:
    """Return the pool that a claim's kind and key name; None for other kinds."""
    kind, pool, *_ = (*name.split("|"), "")
    return pool if kind in (CODE, UNSEEN) else None


def count_claims(entry: Entry, taken: Counter[str]) -> None:
    """Add what an entry took of what is shared, less what it gave back."""
    for kind, key, amount in entry.decision.get("claims", ()):
        taken[f"{kind}|{key}"] += amount


async def _count(world: World, program: str, lane: int, seq: int, taken: Counter[str]) -> int:
    while entries := await world.journal.since(program, lane, seq, AT_ONCE):
        for entry in entries:
            count_claims(entry, taken)
        seq = entries[-1].seq
    return seq
