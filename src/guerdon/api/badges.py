"""Badges: what a member can earn once, and what one has earned.

When a badge is given is the program's matter (`core`).
"""

from datetime import datetime

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Context
from guerdon.api.describe import noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import to_datetime
from guerdon.api.nodes import Node
from guerdon.api.standings import shown
from guerdon.core.activity import Instant


@noun
class Badge(Node):
    """A sign of honour that the program gives once and never takes away."""

    slug: str = says("The badge's short name in the program, unique among its badges.")
    name: str = says("What members read.")
    description: str | None = says("How it is earned, in the program's words.")
    image_url: str | None = says("Where its picture is, if it has one.")


@noun
class BadgeAward(Node):
    """A badge that a member has earned."""

    badge: Badge = says("Which badge.")
    awarded_at: datetime = says("When it was earned: the start of that business day.")


def badge_noun(catalogue: Catalogue, slug: str) -> Badge:
    """Return a badge as the API shows it; one that no version knows shows its slug."""
    badge = catalogue.badge(slug)
    return Badge(
        id=strawberry.ID(global_id("Badge", catalogue.id, slug)),
        slug=slug,
        name=badge.name if badge else slug,
        description=badge.description if badge else None,
        image_url=badge.image_url if badge else None,
    )


async def awards_of(context: Context, member_id: str) -> list[BadgeAward]:
    """Return the badges that a member has earned, the first one first."""
    catalogue = await context.catalogue()
    awarded = await shown(context, member_id, lambda view: dict(view.standing.badges))
    return [
        _award_noun(catalogue, member_id, slug, at)
        for slug, at in sorted(awarded.items(), key=lambda found: (found[1], found[0]))
    ]


def _award_noun(catalogue: Catalogue, member_id: str, slug: str, at: Instant) -> BadgeAward:
    """Return a badge that a member earned."""
    return BadgeAward(
        id=strawberry.ID(global_id("BadgeAward", catalogue.id, member_id, slug)),
        badge=badge_noun(catalogue, slug),
        awarded_at=to_datetime(at),
    )
