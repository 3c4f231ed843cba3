"""Activities that could not be decided: looked at, tried again, or given up, by an operator.

An activity whose decision fails by a mistake of ours is dead: it was set aside alone, with a
reason, and blocks nobody (`batches`). Rule: nothing that was accepted disappears. What is tried
again takes its old place in its lane; what is given up is rejected there, with the reason
`dropped`, and is in the journal like everything else. Time cannot be given up.
"""

from collections.abc import Collection

from guerdon.core.activity import Instant
from guerdon.engine.lanes import lane_of
from guerdon.engine.outcomes import Problem
from guerdon.engine.records import Aside, Waiting
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.world import World

DROPPED = "dropped"
"""Marks an inbox entry that an operator gave up, and is the reason of its rejection."""

_AT_ONCE = 500


async def listed(world: World, program: str, *, limit: int = _AT_ONCE) -> list[Aside]:
    """Return what failed and was set aside, by key."""
    return await world.inbox.failed(program, limit)


async def replay(world: World, program: str, keys: Collection[str] | None = None) -> int:
    """Let activities be decided again, all of them where none is named; return how many.

    Raises:
        NotFound: One of those named is not set aside.
    """
    return await _back(world, program, keys, mark=None)


async def drop(world: World, program: str, keys: Collection[str]) -> int:
    """Give activities up: they will be rejected, in their place; return how many.

    Raises:
        NotFound: One of them is not set aside.
        InvalidInput: One of them is the passing of time, which cannot be given up.
    """
    return await _back(world, program, keys, mark=DROPPED)


async def _back(
    world: World, program: str, keys: Collection[str] | None, *, mark: str | None
) -> int:
    found = {each.key: each for each in await listed(world, program)}
    if keys is not None:
        missing = sorted(set(keys) - set(found))
        if missing:
            raise NotFound(f"activity set aside as {missing[0]}")
        found = {key: found[key] for key in keys}
    if mark is not None:
        for key, each in found.items():
            if each.activity["type"] == "tick":
                message = f"{key} is the passing of time and cannot be dropped; replay it instead."
                raise InvalidInput((Problem(code="INVALID", message=message, path=("key",)),))
    layout = await world.rulebooks.layout(program)
    lanes = set()
    for each in found.values():
        lane = lane_of(each.activity.get("member"), layout)
        activity = each.activity if mark is None else {**each.activity, mark: True}
        await world.inbox.restore(program, lane, each, Waiting(each.order, activity))
        lanes.add(lane)
    if lanes:
        world.hints.wake(program, lanes)
    return len(found)


def said(entry: Aside) -> tuple[str, str, Instant]:
    """Return an activity's type, why it failed, and when it was received; nothing personal."""
    return entry.activity["type"], entry.reason, Instant(entry.activity["received"])
