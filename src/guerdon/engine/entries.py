"""Journal entries from their stored form; also of what is not decided: pending, parked, failed."""

from guerdon.core.plain import activity_from_plain, effects_from_plain, explanations_from_plain
from guerdon.core.standing import Plain
from guerdon.engine.outcomes import JournalEntry, Result
from guerdon.engine.records import Aside, Entry
from guerdon.engine.tracing import TRACE


def entry_of(entry: Entry) -> JournalEntry:
    """Return a decided activity."""
    decision = entry.decision
    return JournalEntry(
        activity=activity_from_plain(entry.activity),
        result=Result(decision["result"]),
        reason=decision.get("reason"),
        decided_at=entry.decided_at,
        lane=entry.lane,
        seq=entry.seq,
        member_seq=entry.member_seq,
        effects=tuple(effects_from_plain(decision.get("effects", ()))),
        explanations=tuple(explanations_from_plain(decision.get("explanations", ()))),
        trace=entry.activity.get(TRACE),
    )


def failed_entry(aside: Aside) -> JournalEntry:
    """Return an activity that was set aside: parked, or failed."""
    return JournalEntry(
        activity=activity_from_plain(aside.activity),
        result=Result(aside.state),
        reason=aside.reason,
    )


def pending_entry(activity: Plain) -> JournalEntry:
    """Return an activity that is accepted and not yet decided."""
    return JournalEntry(activity=activity_from_plain(activity), result=Result.PENDING)
