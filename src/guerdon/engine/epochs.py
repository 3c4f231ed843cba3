"""Between two epochs: handing on what waits in a lane that was, and finding who still moves.

Rule: a lane of an earlier epoch decides nothing any more. Whatever still comes into it, however
late, goes on to the lane that decides the member now, under its old place, so that it stands there
as it arrived; its receipt goes with it, in the same transaction. A receipt that names another lane
says where the activity went before: it is sent after that one, where each id counts once.
"""

from collections.abc import Collection
from typing import NamedTuple

from guerdon.core.standing import Plain
from guerdon.engine.lanes import Layout, before_growth, lane_of
from guerdon.engine.records import Batch, Hold, Load, Moved, Waiting
from guerdon.engine.world import World


class Located(NamedTuple):
    """In which lane a member's standing is, and its head; None where there is none yet."""

    lane: int
    plain: Plain | None


async def hand_on(world: World, hold: Hold, layout: Layout, load: Load) -> Batch:
    """Return the batch that empties these bundles of a lane of an earlier epoch."""
    program = hold.program
    batch = Batch(hold=hold, taken=load.names)
    by_key: dict[str, Waiting] = {}
    for place in load.waiting:
        by_key.setdefault(f"{place.activity['reporter']}/{place.activity['id']}", place)
    marks = await world.receipts.marks(program, by_key)
    went = {key: marks[key].lane if key in marks else hold.lane for key in by_key}
    decided = await world.journal.results(program, went)
    places = {
        key: (_lane(place, went[key], hold, layout), place.order)
        for key, place in by_key.items()
        if key not in decided
    }
    there = await world.inbox.find(program, places)
    for key, (lane, order) in places.items():
        if key not in there:
            batch.follow_ups.append((lane, by_key[key]))
        if key in marks and went[key] == hold.lane:
            batch.moved.append(Moved(key, lane, order, marks[key].member))
    return batch


def _lane(place: Waiting, went: int, hold: Hold, layout: Layout) -> int:
    return went if went != hold.lane else lane_of(place.activity.get("member"), layout)


async def locate(
    world: World, program: str, members: Collection[str], layout: Layout
) -> dict[str, Located]:
    """Return where these members' standings are.

    While lanes grow, the old lane is looked into first: whoever is not there any more is in the
    new one by then.
    """
    found: dict[str, Located] = {}
    before = before_growth(layout)
    if before is not None:
        owners = [(lane_of(member or None, before), member) for member in members]
        heads = await world.standings.load(program, owners)
        found = {member: Located(lane, heads[member]) for lane, member in owners if member in heads}
    owners = [(lane_of(each or None, layout), each) for each in members if each not in found]
    heads = await world.standings.load(program, owners)
    return found | {member: Located(lane, heads.get(member)) for lane, member in owners}
