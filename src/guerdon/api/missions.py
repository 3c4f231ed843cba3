"""Missions: goals that members work towards, and how far each has come.

What counts towards a goal is decided in `core`.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Context
from guerdon.api.describe import kind, kinds, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount, maybe_datetime
from guerdon.api.nodes import Node
from guerdon.api.standings import shown
from guerdon.core.views import View


@kinds
class MissionState(Enum):
    """Where a member stands in a mission."""

    AVAILABLE = kind("available", "The member may opt in and has not.")
    ACTIVE = kind("active", "What the member does counts.")
    COMPLETED = kind("completed", "The goal was reached.")
    EXPIRED = kind("expired", "It ended before the goal was reached.")


@noun
class Mission(Node):
    """A goal that the program sets its members."""

    slug: str = says("The mission's short name in the program.")
    name: str = says("What members read.")
    description: str | None = says("What is to be done, in the program's words.")
    goal: Decimal = says("How much is to be done.")
    opt_in: bool = says("Whether a member must join before anything counts.")
    starts_at: datetime | None = says("When it begins; null where it has no fixed beginning.")
    ends_at: datetime | None = says("The first instant after it; null where it has no fixed end.")


@noun
class MissionProgress(Node):
    """How far a member has come in a mission."""

    mission: Mission = says("Which mission.")
    state: MissionState = says("Where the member stands in it.")
    progress: Decimal = says("How much is done.")
    goal: Decimal = says("How much is to be done.")
    completed_at: datetime | None = says("When the goal was reached; null until then.")


def mission_noun(catalogue: Catalogue, slug: str) -> Mission:
    """Return a mission as the API shows it; one that no version knows shows its slug."""
    mission = catalogue.mission(slug)
    id_ = strawberry.ID(global_id("Mission", catalogue.id, slug))
    if mission is None:
        return Mission(
            id=id_,
            slug=slug,
            name=slug,
            description=None,
            goal=Decimal(0),
            opt_in=False,
            starts_at=None,
            ends_at=None,
        )
    return Mission(
        id=id_,
        slug=slug,
        name=mission.name,
        description=mission.description,
        goal=amount(mission.goal, mission.scale),
        opt_in=mission.opt_in,
        starts_at=maybe_datetime(mission.window.begin),
        ends_at=maybe_datetime(mission.window.end),
    )


async def missions_of(context: Context, member_id: str) -> list[MissionProgress]:
    """Return how far a member has come in every mission of the program."""
    catalogue = await context.catalogue()

    def show(view: View) -> list[MissionProgress]:
        return [_progress_noun(catalogue, view, slug) for slug in view.program.missions]

    return await shown(context, member_id, show)


def _progress_noun(catalogue: Catalogue, view: View, slug: str) -> MissionProgress:
    found, member_id = view.mission(slug), view.standing.member
    scale = found.mission.scale
    return MissionProgress(
        id=strawberry.ID(global_id("MissionProgress", catalogue.id, member_id, slug)),
        mission=mission_noun(catalogue, slug),
        state=MissionState(found.state),
        progress=amount(found.progress, scale),
        goal=amount(found.mission.goal, scale),
        completed_at=maybe_datetime(found.completed_at),
    )
