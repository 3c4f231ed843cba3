"""Filling counters from the journal: what a version brings may count what happened before it.

Rule: a counter that says `backfill: journal` reads once, for each member, all that the journal
holds of them, refunds and voids in their place; from then on it is as if it had been there from
the start. Nothing is granted here: what its value reaches is reached when it is filled.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from guerdon.core import counters, holdings
from guerdon.core.activity import Activity, Instant
from guerdon.core.amend import reduced
from guerdon.core.context import Context
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Needed
from guerdon.core.originals import origin_key
from guerdon.core.plain import activity_from_plain, kept_from_plain
from guerdon.core.readings import Reading
from guerdon.core.standing import PageRef, Plain, Standing

HISTORY = "history"
"""The shelf by which the journal is asked for; a key names the member."""


def fill(d: Deciding) -> bool:
    """Fill what the versions since this standing was last filled brought; tell whether any did."""
    standing = d.standing
    if standing.is_closed:
        return False
    before, standing.filled = standing.filled, d.state.fills
    if standing.enrolled_at is None:
        return False
    brought = [each for each in d.state.readings.values() if each.fills > before]
    _fill(d, brought, (standing.member, *standing.absorbed), 0)
    return bool(brought)


def fill_from(d: Deciding, donor: Standing, offset: int) -> None:
    """Fill what was filled here and not in an account that is merged into this one."""
    brought = [each for each in d.state.readings.values() if each.fills > donor.filled]
    if brought:
        _fill(d, brought, (donor.member, *donor.absorbed), offset)


def _fill(d: Deciding, brought: Sequence[Reading], names: Sequence[str], after: int) -> None:
    """Let readings count all that these accounts did, and their lots numbered above `after`."""
    if any(not reading.measure.points for reading in brought):
        replay = _Replay(d, brought)
        for found in history(d, names):
            replay.take(activity_from_plain(found["activity"]), found["kept"])
    for reading in brought:
        wallet = reading.measure.points
        for lot in holdings.every_lot(d, wallet) if wallet else ():
            if lot.no > after and lot.worth and not lot.silent:
                counters.count_lot(d, reading, lot, lot.worth)


def recount(d: Deciding, reading: Reading, found: Iterable[tuple[Activity, Plain]]) -> None:
    """Let a reading that holds nothing yet count these activities, in order of arrival."""
    replay = _Replay(d, (reading,))
    for activity, kept in found:
        replay.take(activity, kept)


def told(member: str, activity: Plain, kept: Plain, effects: Iterable[Plain]) -> Plain:
    """Return what `history` holds of an accepted entry, whose parts are given as printed.

    Of its effects that is how the draws ended, by the draw's name: whether a budget was spent does
    not follow from the number that was drawn.
    """
    drawn = {effect[1]: effect[3] for effect in effects if effect[0] == "draw"}
    return {"member": member, "activity": activity, "kept": kept, "drawn": drawn}


def history(d: Deciding, names: Sequence[str]) -> list[Plain]:
    """Return what was accepted of these accounts, in order of arrival."""
    wanted = tuple(PageRef(HISTORY, "all", name) for name in names)
    if missing := tuple(ref for ref in wanted if ref not in d.given.loaded):
        raise Needed(missing)
    found = [
        entry
        for (shelf, _), entry in d.given.entries.items()
        if shelf == HISTORY and entry is not None and entry[1]["member"] in names
    ]
    return [value for _, value in sorted(found, key=lambda entry: entry[0])]


class _Replay:
    """Plays what was accepted once more, for some readings only."""

    def __init__(self, d: Deciding, brought: Sequence[Reading]) -> None:
        self._d = d
        self._listening: dict[str, list[Reading]] = {}
        for reading in brought:
            for kind in reading.measure.activity:
                self._listening.setdefault(kind, []).append(reading)
        self._left: dict[str, list[tuple[Instant, Context | None]]] = {}
        """What was left of each activity since when: as it came, and after each refund."""

    def take(self, activity: Activity, kept: Plain) -> None:
        """Take one activity of the journal, with what was kept of it."""
        if activity.type in self._listening:
            self._count(activity, kept)
        if activity.type in ("refund", "ineligible"):
            self._undo(activity)

    def _count(self, activity: Activity, kept: Plain) -> None:
        context = self._context(activity, kept_from_plain(kept or {}), None)
        self._left[activity.key] = [(activity.at, context)]
        for reading in self._listening[activity.type]:
            counters.count_in(self._d, reading, context)

    def _context(self, activity: Activity, kept: Plain, left: list[int] | None) -> Context:
        d = self._d
        return Context(
            activity,
            calendar=d.rulebook.calendar,
            scale=d.program.money_scale,
            kept=kept,
            left=left,
        )

    def _undo(self, activity: Activity) -> None:
        """Take back what a refund or a void took back."""
        known = self._left.get(origin_key(activity))
        if known is None:
            return
        context = known[0][1]
        assert context is not None
        listening = self._listening[context.activity.type]
        if activity.type == "ineligible":
            self._left.pop(context.activity.key)
            for (_, earlier), (at, later) in reversed(list(pairwise(known))):
                for reading in listening:
                    counters.recount_in(self._d, reading, later, earlier, at)
            for reading in listening:
                counters.recount_in(self._d, reading, context, None, None)
            return
        left = known[-1][1]
        assert left is not None, "what is gone as a whole is refunded no more"
        original = context.activity
        rest: Context | None = left
        if any(line.amount for line in original.lines):
            after = reduced(original.lines, left.left, activity)
            rest = self._context(original, context.kept, after)
        elif not activity.lines:  # of what cost nothing, only the whole goes back
            rest = None
        for reading in listening:
            counters.recount_in(self._d, reading, left, rest, activity.at)
        known.append((activity.at, rest))
