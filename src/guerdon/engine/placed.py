"""What a request puts into inboxes: what is new together, what has a place already alone.

Rule: a bundle stands where its first entry does, among all that waits in the lane. So it begins
with an entry that has its place by this request: then nothing in it is decided before what was
accepted, and answered, before the request came.
"""

from collections.abc import Iterable, Mapping

from guerdon.engine.records import Mark, Waiting
from guerdon.engine.world import World


async def write(
    world: World,
    program: str,
    entries: Mapping[tuple[int, str], Waiting],
    given: Iterable[Mark],
) -> None:
    """Write a request's entries, by lane and place, of which these places were given by it.

    What stands before the first of those in its lane, being repeated or an enrollment by another
    process, is alone there; and written first, because what is new may rely on it.
    """
    fronts: dict[int, str] = {}
    for mark in given:
        fronts[mark.lane] = min(fronts.get(mark.lane, mark.order), mark.order)
    alone = []
    together: dict[int, list[Waiting]] = {}
    for (lane, order), entry in entries.items():
        if lane in fronts and order >= fronts[lane]:
            together.setdefault(lane, []).append(entry)
        else:
            alone.append((lane, entry))
    await world.inbox.put(program, alone)
    await world.inbox.put_together(program, together)


async def lost(world: World, program: str, had: Mapping[str, Mark]) -> set[str]:
    """Return which of these receipts lead to nothing: no decision, and no entry that waits.

    To write one again that is decided meanwhile, or on its way in just now, does no harm: it
    counts once.
    """
    if not had:
        return set()
    lanes = {key: mark.lane for key, mark in had.items()}
    decided = await world.journal.results(program, lanes)
    aside = await world.inbox.aside(program, had)
    left = had.keys() - decided.keys() - aside.keys()
    places = {key: (had[key].lane, had[key].order) for key in left}
    return left - (await world.inbox.find(program, places)).keys()
