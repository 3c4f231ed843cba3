"""The delivery log, and sending again what is in it.

Rule: a message that is sent again keeps its id, so that whoever has had it knows it.
"""

from collections.abc import Collection

from guerdon.core.activity import Instant
from guerdon.engine.outcomes import Page, Problem
from guerdon.engine.refusals import InvalidInput
from guerdon.engine.webhook_records import Delivery
from guerdon.engine.webhooks.endpoints import find
from guerdon.engine.world import Caller, World

NAMES_MAX = 1_000


async def log(
    world: World,
    program: str,
    endpoint: str,
    *,
    limit: int,
    state: str | None = None,
    after: str | None = None,
    before: str | None = None,
) -> Page[tuple[str, Delivery]]:
    """Return deliveries newest first, each with its name: below `after`, or just above `before`."""
    found = await world.webhooks.log(
        program, endpoint, limit=limit + 1, state=state, after=after, before=before
    )
    more = len(found) > limit
    items = tuple(found[:limit])
    if before is not None:
        return Page(items=items[::-1], has_previous=more, has_next=True)
    return Page(items=items, has_previous=after is not None, has_next=more)


async def delivery(
    world: World, caller: Caller, endpoint_id: str, name: str
) -> tuple[str, Delivery] | None:
    """Return one delivery as the log has it, None where there is none of that name.

    Raises:
        NotFound: There is no such endpoint, or it is another's.
    """
    endpoint = await find(world, caller, endpoint_id)
    return await world.webhooks.logged(caller.program, endpoint.id, name)


async def replay(
    world: World,
    caller: Caller,
    endpoint_id: str,
    *,
    names: Collection[str] = (),
    begin: Instant | None = None,
    end: Instant | None = None,
) -> int:
    """Let deliveries be due again, those named or those of a span; return how many are.

    Raises:
        InvalidInput: Too many are named.
        NotFound: There is no such endpoint, or it is another's.
    """
    if len(names) > NAMES_MAX:
        message = f"`ids` names {len(names)}; name at most {NAMES_MAX} at once."
        raise InvalidInput((Problem(code="INVALID_INPUT", message=message, path=("ids",)),))
    endpoint = await find(world, caller, endpoint_id)
    now = world.clock()
    span = None if begin is None else (begin, now if end is None else end)
    return await world.webhooks.replay(caller.program, endpoint.id, now=now, names=names, span=span)
