"""Watching: what subscriptions read from.

Rule: a channel says only that something changed; what is handed out is read from the stores, so
that a lost message costs a short wait and never an entry. No queue grows behind a slow reader: a
watcher holds a position, not a backlog.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection, Mapping

from guerdon.engine.entries import entry_of
from guerdon.engine.lanes import lanes_of
from guerdon.engine.outcomes import JournalEntry
from guerdon.engine.records import StoreDown, Topic
from guerdon.engine.world import World

_LOOK_MS = 2_000
_AT_ONCE = 100


async def member(
    world: World, program: str, member_id: str, *, after: int | None = None
) -> AsyncGenerator[JournalEntry, None]:
    """Yield a member's entries in order, each once: those after `after`, or new ones from now."""
    topic = Topic("member", member_id)
    async with world.channels.listen(program, [topic]) as signal:
        if after is None:
            newest = await world.journal.of_member(program, member_id, limit=1)
            after = newest[0].member_seq if newest else 0
        while True:
            try:
                entries = await world.journal.of_member(
                    program, member_id, limit=_AT_ONCE, before=after
                )
            except StoreDown:
                await asyncio.sleep(_LOOK_MS / 1_000)
                continue
            for entry in entries:
                yield entry_of(entry)
                after = entry.member_seq
            if len(entries) < _AT_ONCE:
                await signal.wait(_LOOK_MS)


async def places(world: World, program: str) -> dict[int, int]:
    """Return the present end of the journal: each lane's sequence."""
    return await world.lanes.seqs(program)


async def partner(
    world: World, program: str, slug: str, *, after: Mapping[int, int]
) -> AsyncGenerator[JournalEntry, None]:
    """Yield what concerns a partner's rewards behind these places: lanes and their sequences.

    In order within a lane, hence for each member. Lanes that are not named are read from their
    beginning, because they came later.
    """
    layout = await world.rulebooks.layout(program)
    places = dict(after)
    topics = [Topic("lane", str(lane)) for lane in lanes_of(layout)]
    async with world.channels.listen(program, topics) as signal:
        while True:
            lanes = dict.fromkeys(lanes_of(await world.rulebooks.layout(program)), 0)
            try:
                entries = await world.journal.concerning(program, slug, lanes | places, _AT_ONCE)
            except StoreDown:
                await asyncio.sleep(_LOOK_MS / 1_000)
                continue
            for entry in entries:
                yield entry_of(entry)
                places[entry.lane] = entry.seq
            if not entries:
                await signal.wait(_LOOK_MS)


async def changes(
    world: World, program: str, topics: Collection[Topic], *, pause_ms: int = 250
) -> AsyncGenerator[None, None]:
    """Yield at once and then after changes of any topic, a second's worth of `pause_ms` at most.

    Single changes are told at once; only who would get more than that in a second waits. Also
    every two seconds without news, because news may have been lost; all who watch look at the same
    instant then, so that what they read goes together.
    """
    clock = asyncio.get_running_loop().time
    told = deque([clock() - 1.0] * max(1_000 // pause_ms, 1), maxlen=max(1_000 // pause_ms, 1))
    async with world.channels.listen(program, topics) as signal:
        while True:
            await asyncio.sleep(told[0] + 1.0 - clock())
            told.append(clock())
            yield
            await signal.wait(_LOOK_MS - round(clock() * 1_000) % _LOOK_MS)
