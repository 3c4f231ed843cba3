"""The way in: what is reported, kept as a plain list and played anew for every question.

Rule: at one instant what is due comes first, then what arrives, in order of arrival.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256

from guerdon.core.activity import Activity
from guerdon.core.amounts import Ratio
from guerdon.core.program import Program
from oracle import agreeing, offering
from oracle.calendar import plus
from oracle.deciding import DECIDERS, Refused, decide, take_attributes
from oracle.merging import merge
from oracle.reading import number
from oracle.timers import pass_time
from oracle.world import Later, Person, World

Identity = tuple[str, str]
WITHOUT_MEMBER = ("clock",)


@dataclass
class Outcome:
    """What became of an activity, at last."""

    result: str
    reason: str | None = None


@dataclass
class Oracle:
    """A program and everything that was reported to it."""

    program: Program
    later: Later | None = None
    reported: list[tuple[Activity, Identity | None]] = field(default_factory=list)

    def report(self, activity: Activity, external: Identity | None = None) -> None:
        """Add an activity to the list."""
        self.reported.append((activity, external))

    def play(self, until: int | None = None) -> "Play":
        """Play the list anew: all that arrived up to an instant, and all that was due."""
        play = Play(World(self.program, self.later))
        for activity, external in self.reported:
            if until is None or activity.received <= until:
                play.time(activity.received)
                play.arrive(activity, external)
        if until is not None:
            play.time(until)
        return play


@dataclass
class Play:
    """One playing of the list."""

    world: World
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    raffles: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    contents: dict[str, object] = field(default_factory=dict)
    refs: dict[object, str] = field(default_factory=dict)
    numbers: dict[Identity, str] = field(default_factory=dict)
    parked: list[tuple[Activity, Identity, Outcome]] = field(default_factory=list)

    def time(self, to: int) -> None:
        """Let time pass for everybody."""
        for person in self.world.members():
            pass_time(self.world, person, to)

    def arrive(self, activity: Activity, external: Identity | None) -> Outcome:
        """Take an activity in."""
        outcome = self._seen_before(activity, external)
        self.outcomes.setdefault(activity.id, []).append(outcome)
        if outcome.result != "accepted":
            return outcome
        if external is not None:
            if external not in self.numbers:
                outcome.result, outcome.reason = "parked", "unknown_identity"
                self.parked.append((activity, external, outcome))
                return outcome
            activity = replace(activity, member=self.numbers[external])
        self._decide(activity, outcome)
        return outcome

    def _seen_before(self, activity: Activity, external: Identity | None) -> Outcome:
        content = (replace(activity, received=activity.at), external)
        if activity.key in self.contents:
            if self.contents[activity.key] == content:
                return Outcome("duplicate")
            return Outcome("conflict", "payload_differs")
        self.contents[activity.key] = content
        if activity.ref is not None:
            ref = (activity.type, activity.partner, activity.ref)
            if ref in self.refs:
                return Outcome("duplicate", "ref")
            self.refs[ref] = activity.key
        return Outcome("accepted")

    def _decide(self, activity: Activity, outcome: Outcome) -> None:
        try:
            self._accept(activity)
            outcome.result, outcome.reason = "accepted", None
        except Refused as refused:
            outcome.result, outcome.reason = "rejected", str(refused)
            self.refs = {ref: key for ref, key in self.refs.items() if key != activity.key}

    def _accept(self, activity: Activity) -> None:
        world = self.world
        if activity.type == "member_merged" and not world.person(str(activity.data.get("into"))):
            raise Refused("unknown_member")
        if activity.type == "identity_linked":
            owner = world.person(self.numbers.get(_number(activity)))
            if owner is not None and owner is not world.person(activity.member):
                raise Refused("identity_taken")
        max_age = world.program.max_age
        if max_age is not None and activity.received >= world.calendar.through(
            activity.at, max_age
        ):
            raise Refused("too_old")
        if activity.type == "estimate":
            rate = number(activity.data.get("redemption_rate"))
            assert rate is not None
            world.rate_changes.append((len(world.history), Ratio.of(rate)))
        elif activity.type == "raffle":
            self._raffle(activity)
        elif activity.type == "reward_stocked":
            offering.stock(world, activity)
        elif activity.type == "reward_offered":
            offering.offer(world, activity)
        elif activity.type not in WITHOUT_MEMBER:
            self._of_member(activity)

    def _of_member(self, activity: Activity) -> None:
        world = self.world
        person = world.person(activity.member)
        if activity.type == "enrollment":
            if agreeing.may_refuse(world, activity.partner):
                _enroll(world.rehearsal(), activity)
            _enroll(world, activity)
            return
        if person is None:
            if not world.program.enroll_auto or activity.type == "member_merged":
                raise Refused("unknown_member")
            self.arrive(
                Activity(
                    id=f"{activity.id}.enroll",
                    type="enrollment",
                    at=activity.at,
                    received=activity.received,
                    member=activity.member,
                ),
                None,
            )
            person = world.person(activity.member)
            assert person is not None
        if activity.type == "member_merged":
            into = world.person(str(activity.data.get("into")))
            assert into is not None
            if into is person:
                raise Refused("self_merge")
            merge(world, person, into, activity)
            return
        if activity.type == "identity_linked":
            self._link(person, activity)
            return
        if activity.type not in DECIDERS and agreeing.may_refuse(world, activity.partner):
            rehearsal = world.rehearsal()
            decide(rehearsal, rehearsal.people[person.name], activity)
        decide(world, person, activity)

    # ------------------------------------------------------------ numbers

    def _link(self, person: Person, activity: Activity) -> None:
        world = self.world
        number_ = _number(activity)
        self.numbers[number_] = person.name
        decide(world, person, activity)
        waiting = [one for one in self.parked if one[1] == number_]
        self.parked = [one for one in self.parked if one[1] != number_]
        for parked, _, outcome in waiting:
            claimed = replace(parked, member=person.name, received=activity.received)
            window = world.program.claim_window
            if window is not None and claimed.received >= world.calendar.after(
                plus(world.calendar.day(claimed.at), window)
            ):
                outcome.result, outcome.reason = "rejected", "claim_window"
                self.refs = {ref: key for ref, key in self.refs.items() if key != parked.key}
            else:
                self._decide(claimed, outcome)

    # ------------------------------------------------------------ raffles

    def _raffle(self, activity: Activity) -> None:
        world, data = self.world, activity.data
        item, seed = data.get("item"), data.get("seed")
        if item not in world.program.rewards:
            raise Refused("unknown_reward")
        tickets = [
            (f"{one.name}#{k}", world.survivor(one.member))
            for one in world.redemptions
            if one.reward == item and not one.cancelled and one.waits is None
            for k in range(1, one.quantity + 1)
        ]
        tickets.sort(key=lambda one: sha256(f"{seed}|{one[0]}".encode()).hexdigest())
        winners: dict[str, str] = {}
        for entry, member in tickets:
            if len(winners) < int(number(data.get("winners")) or 1):
                winners.setdefault(member, entry)
        self.raffles[activity.id] = [(entry, member) for member, entry in winners.items()]


def _enroll(world: World, activity: Activity) -> None:
    if world.person(activity.member) is not None:
        raise Refused("already_enrolled")
    assert activity.member is not None
    person = Person(activity.member, activity.at, activity.received)
    world.people[person.name] = person
    take_attributes(person, activity)
    referrer = world.person(str(activity.data.get("referrer")))
    if referrer is not None and referrer is not person:
        person.attrs["referrer"] = referrer.name
    decide(world, person, activity)


def _number(activity: Activity) -> Identity:
    return str(activity.data.get("scheme")), str(activity.data.get("value"))
