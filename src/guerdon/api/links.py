"""The ways back: from what a member or a reward shows, to the member or to other rewards.

The rule: nouns import what they show, never what shows them; where the graph goes in a circle, one
side of it comes through here.
"""

from guerdon.api.connections import Range
from guerdon.api.context import Context
from guerdon.api.members import Member, load_member
from guerdon.api.rewards import RewardConnection, reward_page


class Links:
    """What `Context.links` is in the running API."""

    async def member(self, context: Context, member_id: str) -> Member | None:
        """Return a member as the API shows it."""
        return await load_member(context, member_id)

    async def partner_rewards(self, context: Context, slug: str, asked: Range) -> RewardConnection:
        """Return a page of the rewards that a partner honours."""
        catalogue = await context.catalogue()
        rewards = [it for it in catalogue.program.rewards.values() if it.partner == slug]
        return await reward_page(catalogue, rewards, asked)
