"""Identities: what linking one sets free, and what merging two members leads on.

Rule: an identity leads to its member from the moment its `identity_linked` is accepted, so that
whatever arrives later queues up behind it; activities parked before follow directly behind it, as
received then. What comes for a member who was merged is decided by the survivor.
"""

from dataclasses import replace

from guerdon.core.activity import Activity
from guerdon.core.conditions import text
from guerdon.core.decision import Decision
from guerdon.core.plain import activity_from_plain, activity_to_plain
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Plain, Standing
from guerdon.core.windows import add
from guerdon.engine import presented
from guerdon.engine.inputs import Identity
from guerdon.engine.lanes import Layout, lane_of
from guerdon.engine.records import Aside, Batch, Moved, Waiting
from guerdon.engine.world import World

PARKED = "parked"
"""Marks the plain form of an activity that waited for its identity."""

_AT_ONCE = 5_000
ERASING = frozenset({"member_erased", "absorbed_erased"})
"""Types that forget who a member is."""


def identity_of(activity: Activity) -> Identity:
    """Return the identity that an `identity_linked` names."""
    return Identity(text(activity.data.get("scheme")), text(activity.data.get("value")))


def slot(identity: Identity) -> str:
    """Return the text under which activities wait for an identity."""
    return f"{identity.scheme}|{identity.value}"


async def released(
    world: World, program: str, activity: Activity, decision: Decision
) -> list[Aside]:
    """Return the parked activities that this decision sets free."""
    if activity.type != "identity_linked" or decision.result != "accepted":
        return []
    found = await world.inbox.parked(program, slot(identity_of(activity)), _AT_ONCE)
    return [
        each._replace(activity=await _presented(world, program, each.activity, activity.member))
        for each in found
    ]


async def _presented(world: World, program: str, parked: Plain, member: str | None) -> Plain:
    """Return a parked activity with the names of vouchers that it presented by their codes."""
    if not presented.FIELDS & {name for name, _ in parked.get("data", ())}:
        return parked
    activity = replace(activity_from_plain(parked), member=member)
    return activity_to_plain(await presented.of(world, program, activity))


def release(
    batch: Batch, parked: list[Aside], *, cause: Activity, order: str, layout: Layout
) -> None:
    """Put parked activities into the inbox, directly behind the activity that set them free."""
    assert cause.member is not None
    lane = lane_of(cause.member, layout)
    for number, each in enumerate(parked):
        activity = replace(
            activity_from_plain(each.activity), member=cause.member, received=cause.received
        )
        place = f"{order}.{number:04d}"
        plain = {**activity_to_plain(activity), PARKED: True}
        batch.follow_ups.append((lane, Waiting(place, plain)))
        batch.released.append(each.key)
        batch.moved.append(Moved(each.key, lane, place, cause.member))


def forward(batch: Batch, place: Waiting, *, into: str, layout: Layout) -> None:
    """Hand an activity on to whom it concerns now, in that member's lane."""
    lane = lane_of(into, layout)
    order = f"{place.order}.m"
    activity = place.activity
    batch.follow_ups.append((lane, Waiting(order, {**activity, "member": into})))
    batch.moved.append(Moved(f"{activity['reporter']}/{activity['id']}", lane, order, into))


def came_too_late(rulebook: Rulebook, activity: Activity) -> bool:
    """Tell whether the claim window of a parked activity was over when it was set free."""
    window = rulebook.at(activity.at).program.claim_window
    if window is None:
        return False
    calendar = rulebook.calendar
    return activity.received >= calendar.through(add(calendar.day(activity.at), window))


def note_decision(batch: Batch, activity: Activity, decision: Decision) -> None:
    """Note what a decision means for who is who."""
    if decision.result == "rejected" and activity.type == "identity_linked" and activity.member:
        batch.unlinked.append((identity_of(activity), activity.member))
    if decision.result == "accepted" and activity.type in ERASING and activity.member:
        batch.erased.append(activity.member)
    if decision.result == "accepted" and activity.type == "member_merged" and activity.member:
        batch.merged.append((activity.member, text(activity.data.get("into"))))


def leads_to(standing: Standing, activity: Activity, *, lane: int, layout: Layout) -> str | None:
    """Return who is to decide an activity in another lane, None where this one does.

    Those are survivors of a merge, and members whose lane is another since there are more lanes.
    """
    if activity.type in ("tick", "absorbed_erased") or activity.member is None:
        return None
    if standing.status == "merged" and standing.merged_into is not None:
        return standing.merged_into
    return activity.member if lane_of(activity.member, layout) != lane else None
