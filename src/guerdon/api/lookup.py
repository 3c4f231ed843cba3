"""Looking things up by global id: `node` and `nodes`.

The rule: an id that leads nowhere, or to what the caller may not see, is null without an error, and
nobody can tell the two apart. Which program is looked in is the credential's word, not the id's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from guerdon.api.activities import load_activity
from guerdon.api.badges import badge_noun
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, field, noun
from guerdon.api.ids import GlobalId, read_id
from guerdon.api.keys import key_node
from guerdon.api.leaderboards import entry_node, leaderboard_noun, period_node
from guerdon.api.members import MEMBER_NODES
from guerdon.api.missions import mission_noun
from guerdon.api.nodes import Node
from guerdon.api.partners import partner_noun
from guerdon.api.permissions import right_of_type
from guerdon.api.programs import program_noun
from guerdon.api.rewards import reward_noun
from guerdon.api.statements import statement_node
from guerdon.api.transport.errors import BadInput
from guerdon.api.webhook_deliveries import delivery_node
from guerdon.api.webhooks import endpoint_node, source_node

NODES_MAX = 100

Load = Callable[[Context, GlobalId], Awaitable[Node | None]]


@noun
class NodeQueries:
    """Root fields that look things up by global id."""

    @field
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, argument("The global id.")]
    ) -> Node | None:
        """Whatever has this global id; null where there is nothing, or nothing for the caller."""
        return await load_node(info.context, id)

    @field
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], argument("Global ids, at most 100.")],
    ) -> list[Node | None]:
        """What has these global ids, in their order; null for those that lead to nothing."""
        if len(ids) > NODES_MAX:
            raise BadInput(f"`ids` holds {len(ids)} ids; ask for at most {NODES_MAX} at once.")
        return list(await asyncio.gather(*(load_node(info.context, id_) for id_ in ids)))


async def load_node(context: Context, text: str) -> Node | None:
    """Return what an id leads to, None where it is nothing that the caller may see.

    Raises:
        BadInput: The text is no id of this service.
    """
    found = read_id(text)
    load = LOADS.get(found.type)
    if load is None or found.program != context.program:
        return None
    if not context.permits(right_of_type(found.type)):
        return None
    return await load(context, found)


async def _program(context: Context, found: GlobalId) -> Node | None:
    return program_noun(await context.catalogue()) if found.key == context.program else None


async def _activity(context: Context, found: GlobalId) -> Node | None:
    return await load_activity(context, found.key)


async def _mission(context: Context, found: GlobalId) -> Node | None:
    catalogue = await context.catalogue()
    return mission_noun(catalogue, found.key) if catalogue.mission(found.key) else None


async def _badge(context: Context, found: GlobalId) -> Node | None:
    catalogue = await context.catalogue()
    return badge_noun(catalogue, found.key) if catalogue.badge(found.key) else None


async def _partner(context: Context, found: GlobalId) -> Node | None:
    catalogue = await context.catalogue()
    return partner_noun(catalogue, found.key) if catalogue.partner(found.key) else None


async def _reward(context: Context, found: GlobalId) -> Node | None:
    return reward_noun(await context.catalogue(), found.key)


async def _leaderboard(context: Context, found: GlobalId) -> Node | None:
    return leaderboard_noun(await context.catalogue(), found.key)


async def _period(context: Context, found: GlobalId) -> Node | None:
    return await period_node(context, found)


async def _entry(context: Context, found: GlobalId) -> Node | None:
    return await entry_node(context, found)


LOADS: dict[str, Load] = {
    "Activity": _activity,
    "ApiKey": key_node,
    "Badge": _badge,
    "Leaderboard": _leaderboard,
    "LeaderboardEntry": _entry,
    "LeaderboardPeriod": _period,
    "Mission": _mission,
    "Partner": _partner,
    "Program": _program,
    "Reward": _reward,
    "WebhookDelivery": delivery_node,
    "WebhookEndpoint": endpoint_node,
    "WebhookSource": source_node,
    "Statement": statement_node,
    **MEMBER_NODES,
}
"""How each type of node is loaded by what its id says."""
