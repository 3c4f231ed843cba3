"""Ladders and their tiers, and where a member stands on them.

How long a tier is kept is decided in `core`.
"""

from datetime import datetime
from decimal import Decimal

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Context
from guerdon.api.describe import noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount, maybe_datetime
from guerdon.api.nodes import Node
from guerdon.api.standings import shown
from guerdon.core import program as core
from guerdon.core.views import View


@noun
class Tier:
    """A rung of a ladder."""

    slug: str = says("The tier's short name, unique on its ladder.")
    name: str = says("What members read.")
    at: Decimal = says("The value of the ladder's counter that reaches it.")
    perks: list[str] = says("What it brings, in the program's words.")


@noun
class Ladder:
    """Tiers in ascending order, reached by one counter."""

    slug: str = says("The ladder's short name in the program.")
    name: str = says("What members read.")
    tiers: list[Tier] = says("Its tiers, the lowest first.")


@noun
class MemberTier(Node):
    """Where a member stands on a ladder."""

    ladder: Ladder = says("Which ladder.")
    tier: Tier = says("The tier shown now: the best of those earned, granted and guaranteed.")
    since: datetime | None = says("When this tier began; null where it was held from the start.")
    until: datetime | None = says("The first instant without it; null while it has no end.")
    next: Tier | None = says("The next tier above; null on the highest.")
    missing: Decimal | None = says("What is missing to the next tier, in the ladder's counter.")


def tier_noun(rung: core.Rung, scale: int) -> Tier:
    """Return a tier as the API shows it; `scale` is that of the ladder's counter."""
    return Tier(
        slug=rung.id,
        name=rung.name or rung.id,
        at=amount(rung.at, scale),
        perks=list(rung.perks),
    )


def ladder_noun(catalogue: Catalogue, ladder: core.Ladder) -> Ladder:
    """Return a ladder as the API shows it."""
    scale = catalogue.counter_scale(ladder.counter)
    return Ladder(
        slug=ladder.id,
        name=ladder.name,
        tiers=[tier_noun(rung, scale) for rung in ladder.tiers],
    )


async def tiers_of(context: Context, member_id: str) -> list[MemberTier]:
    """Return where a member stands on every ladder of the program."""
    catalogue = await context.catalogue()

    def show(view: View) -> list[MemberTier]:
        return [_tier_of(catalogue, view, slug) for slug in view.program.ladders]

    return await shown(context, member_id, show)


async def tier_of(context: Context, member_id: str, ladder: str | None) -> MemberTier | None:
    """Return where a member stands on one ladder; without a name on the program's first.

    One that a version dropped is found by its name.
    """
    catalogue = await context.catalogue()
    slug = next(iter(catalogue.program.ladders), None) if ladder is None else ladder
    if slug is None or catalogue.ladder(slug) is None:
        return None

    def show(view: View) -> MemberTier | None:
        return _tier_of(catalogue, view, slug) if view.has_ladder(slug) else None

    return await shown(context, member_id, show)


def _tier_of(catalogue: Catalogue, view: View, slug: str) -> MemberTier:
    found, member_id = view.tier(slug), view.standing.member
    scale = catalogue.counter_scale(found.ladder.counter)
    return MemberTier(
        id=strawberry.ID(global_id("MemberTier", catalogue.id, member_id, slug)),
        ladder=ladder_noun(catalogue, found.ladder),
        tier=tier_noun(found.tier, scale),
        since=maybe_datetime(found.since),
        until=maybe_datetime(found.until),
        next=tier_noun(found.next, scale) if found.next else None,
        missing=None if found.missing is None else amount(found.missing, scale),
    )
