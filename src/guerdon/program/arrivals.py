"""How activities arrive in a rehearsal: duplicates, unknown people and numbers, merged accounts.

Rule: the same as the service's accept, without its storage: same id and content is a duplicate,
same id and other content a conflict, the same (type, partner, ref) under another id a duplicate;
an unknown number is parked until it is linked.
"""

from dataclasses import dataclass, field, replace

from guerdon.core.activity import NOT_ENROLLING, PROGRAM_WIDE, Activity, Instant, Value
from guerdon.core.conditions import number, text
from guerdon.core.decision import Decision
from guerdon.core.raffles import Ticket, winners
from guerdon.core.windows import add
from guerdon.program.memory import Memory
from guerdon.program.scenario import Reported

Identity = tuple[str, str]
MEMBER_FIELDS = ("to", "into", "referrer")
"""Fields of activities that name another member."""


@dataclass(slots=True)
class Result:
    """What became of an activity."""

    result: str
    reason: str | None = None


@dataclass(slots=True)
class Entry:
    """A line of the rehearsal's journal: what was decided for a member, and when."""

    member: str
    at: Instant
    name: str
    decision: Decision


@dataclass(slots=True)
class _Parked:
    reported: Reported
    result: Result


@dataclass(slots=True)
class Arrivals:
    """The door of a program in memory."""

    memory: Memory
    results: dict[str, list[Result]] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    raffles: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    _contents: dict[str, object] = field(default_factory=dict)
    _refs: dict[tuple[str, str | None, str], str] = field(default_factory=dict)
    _identities: dict[Identity, str] = field(default_factory=dict)
    _parked: list[_Parked] = field(default_factory=list)

    def tick(self, to: Instant) -> None:
        """Let time pass for everybody."""
        for member in self.memory.due(to):
            try:
                decision = self.memory.settle(member, to)
            except Exception as error:  # noqa: BLE001 - a bug fails one member's time, as in service
                self.failures.setdefault(f"time of {member}", repr(error))
            else:
                self.journal.append(Entry(member, to, "time", decision))

    def take(self, reported: Reported) -> Result:
        """Take an activity in and return what becomes of it."""
        activity = reported.activity
        result = self._seen_before(reported)
        self.results.setdefault(activity.id, []).append(result)
        if result.result != "accepted":
            return result
        if reported.external is not None:
            owner = self._identities.get(reported.external)
            if owner is None:
                result.result, result.reason = "parked", "unknown_identity"
                self._parked.append(_Parked(reported, result))
                return result
            activity = replace(activity, member=owner)
        self._decide(activity, result)
        return result

    def _seen_before(self, reported: Reported) -> Result:
        activity = reported.activity
        content = (replace(activity, received=activity.at), reported.external)
        known = self._contents.setdefault(activity.key, content)
        if known is not content:
            if known == content:
                return Result("duplicate")
            return Result("conflict", "payload_differs")
        ref = _ref(activity)
        if ref is not None:
            if ref in self._refs:
                return Result("duplicate", "ref")
            self._refs[ref] = activity.key
        return Result("accepted")

    # ------------------------------------------------------------ deciding

    def _decide(self, activity: Activity, result: Result) -> None:
        activity = self._resolved(activity)
        refusal = self._judge(activity)
        if refusal is None:
            if activity.member is not None:
                self._enroll_unknown(activity)
            try:
                decision = self._run(activity)
            except Exception as error:  # noqa: BLE001 - a bug fails one activity, as in service
                result.result, result.reason = "failed", type(error).__name__
                self.failures.setdefault(activity.id, repr(error))
                return
            result.result, result.reason = decision.result, decision.reason
        else:
            result.result, result.reason = "rejected", refusal
        if result.result == "rejected":
            ref = _ref(activity)
            if ref is not None and self._refs.get(ref) == activity.key:
                del self._refs[ref]
        elif activity.type == "identity_linked":
            self._link(activity)
        elif activity.type == "raffle":
            self._raffle(activity)

    def _run(self, activity: Activity) -> Decision:
        """Decide an activity, and directly after it what it causes for other members."""
        decision = self.memory.decide(activity)
        self.journal.append(Entry(activity.member or "", activity.received, activity.id, decision))
        for follow_up in decision.follow_ups:
            outcome = self._run(self._resolved(follow_up))
            self.results.setdefault(follow_up.id, []).append(Result(outcome.result, outcome.reason))
        return decision

    def _resolved(self, activity: Activity) -> Activity:
        """Return the activity with the members to whom old ids lead."""
        if activity.type == "absorbed_erased":
            return activity  # meant for the very account that was given up
        survivor = self.memory.survivor
        data: dict[str, Value] = dict(activity.data)
        for name in MEMBER_FIELDS:
            value = data.get(name)
            if isinstance(value, str):
                data[name] = survivor(value)
        member = None if activity.member is None else survivor(activity.member)
        return replace(activity, member=member, data=data)

    def _enroll_unknown(self, activity: Activity) -> None:
        if (
            not self.memory.program.enroll_auto
            or activity.type in NOT_ENROLLING
            or activity.member is None
            or self.memory.is_enrolled(activity.member)
        ):
            return
        enrollment = Activity(
            id=f"{activity.id}.enroll",
            type="enrollment",
            at=activity.at,
            received=activity.received,
            member=activity.member,
            reporter=activity.reporter,
        )
        decision = self._run(enrollment)
        self.results.setdefault(enrollment.id, []).append(Result(decision.result, decision.reason))

    def _judge(self, activity: Activity) -> str | None:
        """Return why an activity is refused before it is decided, None where it is not."""
        data = activity.data
        if activity.member is None and activity.type not in PROGRAM_WIDE:
            return "unknown_member"
        if activity.type == "identity_linked":
            owner = self._identities.get(_identity(activity))
            if owner is not None and self.memory.survivor(owner) != activity.member:
                return "identity_taken"
        if activity.type == "member_merged" and not self.memory.is_enrolled(text(data.get("into"))):
            return "unknown_member"
        return None

    # ------------------------------------------------------------ identities

    def _link(self, activity: Activity) -> None:
        """Let a number lead to a member, and bring in what was parked under it, as received now."""
        identity = _identity(activity)
        assert activity.member is not None
        self._identities.setdefault(identity, activity.member)
        waiting = [one for one in self._parked if one.reported.external == identity]
        self._parked = [one for one in self._parked if one.reported.external != identity]
        for parked in waiting:
            waited = parked.reported.activity
            claimed = replace(waited, member=activity.member, received=activity.received)
            if self._too_late(claimed):
                parked.result.result, parked.result.reason = "rejected", "claim_window"
                ref = _ref(waited)
                if ref is not None:
                    self._refs.pop(ref, None)
            else:
                parked.result.reason = None
                self._decide(claimed, parked.result)

    def _too_late(self, activity: Activity) -> bool:
        window = self.memory.program.claim_window
        calendar = self.memory.rulebook.calendar
        return window is not None and activity.received >= calendar.through(
            add(calendar.day(activity.at), window)
        )

    # ------------------------------------------------------------ raffles

    def _raffle(self, activity: Activity) -> None:
        item = text(activity.data.get("item"))
        count = number(activity.data.get("winners"))
        tickets = [
            Ticket(ticket.redemption, self.memory.survivor(ticket.member), ticket.quantity)
            for reward, state, ticket in self.memory.redemptions.values()
            if reward == item and state == "issued"
        ]
        self.raffles[activity.id] = winners(
            text(activity.data.get("seed")), tickets, int(count) if count is not None else 1
        )


def _ref(activity: Activity) -> tuple[str, str | None, str] | None:
    return None if activity.ref is None else (activity.type, activity.partner, activity.ref)


def _identity(activity: Activity) -> Identity:
    return text(activity.data.get("scheme")), text(activity.data.get("value"))
