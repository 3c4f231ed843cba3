"""Missions that two accounts of one person had joined at different times, or only one of them.

Rule: the person had joined when the first of the accounts did, and what either did since counts;
the journal tells what that was. A mission that reads a counter needs none of this, and one that
follows units counts those of each account as it did.
"""

from collections.abc import Iterable

from guerdon.core.activity import Activity
from guerdon.core.backfill import history, recount
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Needed
from guerdon.core.originals import Original
from guerdon.core.plain import activity_from_plain
from guerdon.core.program import Mission
from guerdon.core.readings import Reading
from guerdon.core.rulebook import mission_reading
from guerdon.core.standing import PageRef, Plain, Standing


def joined_apart(d: Deciding, donor: Standing) -> list[Mission]:
    """Return the missions that the two, still apart, did not join at one time."""
    return [
        mission
        for mission in d.program.missions.values()
        if mission.opt_in
        and mission.measure is not None
        and not mission.measure.points
        and _joined(d.standing, mission) != _joined(donor, mission)
    ]


def _joins(activity: Activity, mission: Mission) -> bool:
    return activity.type == "mission_joined" and activity.data.get("mission") == mission.id


def _joined(standing: Standing, mission: Mission) -> int | None:
    state = standing.missions.get(mission.id)
    return None if state is None else state.joined_at


def count_together(d: Deciding, missions: Iterable[Mission]) -> None:
    """Count anew, for accounts that are one by now, all that either did since one had joined."""
    for mission in missions:
        since = _since_joining(d, mission)
        reading = d.state.readings[mission_reading(mission)]
        _forget(d, reading)
        recount(d, reading, since)
        listened = reading.measure.activity
        _note(d, mission, [activity.key for activity, _ in since if activity.type in listened])


def _since_joining(d: Deciding, mission: Mission) -> list[tuple[Activity, Plain]]:
    """Return what was done after the first joining, with what was kept of it, as it arrived."""
    found = [
        (activity_from_plain(each["activity"]), each["kept"])
        for each in history(d, (d.standing.member, *d.standing.absorbed))
    ]
    places = (place for place, (activity, _) in enumerate(found, 1) if _joins(activity, mission))
    return found[next(places, len(found)) :]


def _forget(d: Deciding, reading: Reading) -> None:
    d.standing.figures.pop(reading.id, None)
    for name in (reading.win, reading.roll, reading.set, reading.days):
        for key in list(d.everything(name)):
            d.drop(name, key)


def _note(d: Deciding, mission: Mission, keys: list[str]) -> None:
    """Let a later refund of what counts now move the mission, whoever had joined it then."""
    wanted = [key for key in keys if not d.is_paged("record", key)]
    unknown = [key for key in wanted if ("record", key) not in d.given.entries]
    if unknown:
        raise Needed(tuple(PageRef("record", "one", key) for key in unknown))
    for key in keys:
        original = Original(d, key)
        apart = original.record.get("apart", ())
        if mission.id in apart:
            original.record["apart"] = [name for name in apart if name != mission.id]
            original.save(d)
