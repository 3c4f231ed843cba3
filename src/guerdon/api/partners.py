"""Partners: other brands that report activities and honour rewards.

What a partner and the program owe each other is not here.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

from guerdon.api.agreements import Allowance, allowances_of
from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import After, Before, First, Last, read_range
from guerdon.api.context import Info
from guerdon.api.describe import field, noun, says
from guerdon.api.ids import global_id
from guerdon.api.nodes import Node

if TYPE_CHECKING:
    from guerdon.api.rewards import RewardConnection


@noun
class Partner(Node):
    """Another brand that takes part in the program."""

    slug: str = says("The partner's short name in the program, unique among its partners.")
    name: str = says("What members read.")
    logo_url: str | None = says("Where its logo is, if it has one.")

    @field
    async def allowances(self, info: Info) -> list[Allowance] | None:
        """What its agreement has left at present; null for other partners."""
        return await allowances_of(info.context, self.slug)

    @field
    async def rewards(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Annotated["RewardConnection", strawberry.lazy("guerdon.api.rewards")]:
        """The rewards that it honours, by short name."""
        asked = read_range("rewards", (str,), first=first, after=after, last=last, before=before)
        return await info.context.links.partner_rewards(info.context, self.slug, asked)


def partner_noun(catalogue: Catalogue, slug: str) -> Partner:
    """Return a partner as the API shows it."""
    partner = catalogue.partner(slug)
    return Partner(
        id=strawberry.ID(global_id("Partner", catalogue.id, slug)),
        slug=slug,
        name=partner.name if partner else slug,
        logo_url=None,
    )
