"""Partners: other brands that report activities and honour rewards.

What a partner and the program owe each other is not here.
"""

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.describe import noun, says
from guerdon.api.ids import global_id
from guerdon.api.nodes import Node


@noun
class Partner(Node):
    """Another brand that takes part in the program."""

    slug: str = says("The partner's short name in the program, unique among its partners.")
    name: str = says("What members read.")
    logo_url: str | None = says("Where its logo is, if it has one.")


def partner_noun(catalogue: Catalogue, slug: str) -> Partner:
    """Return a partner as the API shows it."""
    partner = catalogue.partner(slug)
    return Partner(
        id=strawberry.ID(global_id("Partner", catalogue.id, slug)),
        slug=slug,
        name=partner.name if partner else slug,
        logo_url=None,
    )
