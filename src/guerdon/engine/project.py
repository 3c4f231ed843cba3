"""Projecting what was committed: leaderboards in Redis, and the news to whoever listens.

Rule: everything here happens after the commit, may happen twice or late, and may be lost: each lane
has a mark of how far it is projected, and whoever finds it behind replays the journal from there.
Nothing waits for it, and a failure here never touches what was decided.
"""

import logging
from collections.abc import Sequence

from guerdon.engine.crash import CrashPoint
from guerdon.engine.faces import FACES
from guerdon.engine.identities import ERASING
from guerdon.engine.rebuild import complete, restore
from guerdon.engine.records import Batch, Entry, Projected, StoreDown, Topic
from guerdon.engine.refusals import LiveDown
from guerdon.engine.replay import replay
from guerdon.engine.watched import trace
from guerdon.engine.world import World

MERGERS = Topic("mergers", "")
"""Told when a member of a program goes on as another."""

log = logging.getLogger(__name__)


async def project(world: World, batch: Batch, *, catches_up: bool = True) -> None:
    """Bring Redis up to a batch that was committed; what cannot be done now is caught up later.

    `catches_up` also brings what others should have: where that is under way, the batch is enough.
    """
    program, lane, _, before = batch.hold
    begun_ms = world.clock()
    seq = before + len(batch.entries)
    try:
        projected = await world.projection.write(
            program, batch.scores, lane=lane, before=before, seq=seq
        )
        await announce(world, program, lane, batch.entries)
        if catches_up and not is_up_to(projected, seq):
            await catch_up(world, program, lane, seq=seq, projected=projected)
        world.meters.projected(program, (world.clock() - begun_ms) / 1_000)
        trace(world, batch, "project", begun_ms)
    except (LiveDown, StoreDown):
        log.warning("leaderboards wait for a server that is away", extra={"program": program})
    world.crash(CrashPoint.AFTER_PROJECT)


def is_up_to(projected: Projected, seq: int) -> bool:
    """Tell whether everything up to a sequence is projected."""
    return not projected.missing and projected.mark is not None and projected.mark >= seq


async def catch_up(
    world: World, program: str, lane: int, *, seq: int, projected: Projected
) -> None:
    """Replay what a lane committed and nobody projected; build what is not there.

    Raises:
        LiveDown: Redis does not answer; the mark stays where it is.
    """
    if projected.mark is None:
        # Redis was emptied: what it held of this lane, nobody knows.
        await restore(world, program)
        return
    missing = set(projected.missing)
    missing |= await replay(world, program, lane, mark=projected.mark, seq=seq)
    if missing:
        await complete(world, program, sorted(missing))


async def announce(world: World, program: str, lane: int, entries: Sequence[Entry]) -> None:
    """Say which members and leaderboards changed, each once, and that the lane moved on.

    Raises:
        LiveDown: Redis does not answer; listeners read again by themselves after a while.
    """
    topics = {Topic("lane", str(lane)): None}
    for entry in entries:
        if entry.member is not None:
            topics[Topic("member", entry.member)] = None
        for fields in entry.decision.get("scores", ()):
            topics[Topic("board", fields[0])] = None
        kind = entry.activity.get("type")
        if kind == "member_merged":
            topics[MERGERS] = None
        elif kind in ERASING:
            topics[FACES] = None
    await world.channels.announce(program, list(topics))


async def if_behind(world: World, program: str) -> bool:
    """Bring Redis up to MongoDB where it is behind; tell whether it was.

    Raises:
        LiveDown: Redis does not answer.
    """
    seqs = {lane: seq for lane, seq in (await world.lanes.seqs(program)).items() if seq}
    marks = await world.projection.marks(program, seqs)
    if any(marks[lane] is None for lane in seqs):
        return await restore(world, program)
    behind = {lane: seq for lane, seq in seqs.items() if (marks[lane] or 0) < seq}
    world.meters.behind(program, sum(seq - (marks[lane] or 0) for lane, seq in behind.items()))
    for lane, seq in behind.items():
        mark = Projected(mark=marks[lane])
        await catch_up(world, program, lane, seq=seq, projected=mark)
    # Their builders are at work, or were killed at it.
    unbuilt = await world.projection.unbuilt(program)
    await complete(world, program, unbuilt)
    return bool(behind or unbuilt)
