"""Room for what is parked: activities whose identity belongs to nobody yet.

Rule: what is parked waits without anybody working on it, perhaps for ever, so there is an end to
it: for each identity, so that linking it stays one transaction, and for the program, as for what
waits to be decided. What finds no room is refused, and nothing of it is kept; what was parked
before may be repeated all the same.
"""

from collections.abc import Mapping

from guerdon.engine.identities import slot
from guerdon.engine.inputs import Identity
from guerdon.engine.judge import Refusal
from guerdon.engine.outcomes import Problem
from guerdon.engine.world import World

PARKED_MAX = 1_000
"""How many activities may wait for one identity."""

REASON = "too_many_parked"

NO_ROOM = Refusal(
    reason=REASON,
    problems=(
        Problem(
            code=REASON.upper(),
            message=(
                "Too many activities wait for this identity, or for identities that nobody has: "
                "link it to a member, and report this again."
            ),
            path=("member",),
        ),
    ),
)


async def without_room(
    world: World, program: str, wanted: Mapping[str, Identity]
) -> frozenset[str]:
    """Return which of these activities, by key, cannot be parked for their identities."""
    if not wanted:
        return frozenset()
    names = {key: slot(identity) for key, identity in wanted.items()}
    counts = await world.inbox.parked_counts(program, set(names.values()))
    is_full = await world.pressure.is_parking_full(program)
    surplus = set()
    for key, name in names.items():
        counts[name] = counts.get(name, 0) + 1
        if is_full or counts[name] > PARKED_MAX:
            surplus.add(key)
    if not surplus:
        return frozenset()
    return frozenset(surplus - set(await world.receipts.marks(program, surplus)))
