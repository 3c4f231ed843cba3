"""One batch of a lane: each activity decided on the standing that the one before left.

Rule: nothing is written here. What comes out is a `Batch`, which is committed as a whole or thrown
away; so deciding may be repeated at will. An activity whose decision fails by a mistake of ours is
set aside alone and stands in nobody's way.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from guerdon.core.activity import Activity
from guerdon.core.decide import decide, prefetch
from guerdon.core.decision import Decision
from guerdon.core.plain import (
    activity_from_plain,
    activity_to_plain,
    decision_to_plain,
    page_to_plain,
    standing_to_plain,
)
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import ERASED, PageRef, Plain, Standing
from guerdon.engine.crash import CrashPoint
from guerdon.engine.dead import DROPPED
from guerdon.engine.fetch import Reservations, Shelves, Undecidable, answer
from guerdon.engine.heads import Heads
from guerdon.engine.identities import (
    PARKED,
    came_too_late,
    forward,
    leads_to,
    note_decision,
    release,
    released,
)
from guerdon.engine.lanes import Layout, lane_of
from guerdon.engine.outcomes import Result
from guerdon.engine.records import (
    Aside,
    Batch,
    Entry,
    Hold,
    Load,
    PageWrites,
    Reserved,
    ScoreRow,
    StandingWrite,
    Waiting,
)
from guerdon.engine.vouchers import code_key, partners_of, rows_of
from guerdon.engine.world import World

log = logging.getLogger(__name__)

PROGRAM = ""
"""The member id under which the standing of the program itself is kept."""


_MARKS = frozenset({PARKED, DROPPED})
_PERSONAL = frozenset({"ref", "lines", "data", "record", "explanations"})


class Frame(NamedTuple):
    """Where a batch is decided: the lane as it is held, among how many lanes."""

    hold: Hold
    layout: Layout


@dataclass(slots=True, kw_only=True)
class Decided:
    """A batch and what is to be known of it once it is committed.

    `left` counts what it puts back because the time was over.
    """

    batch: Batch
    standings: dict[str, Standing]
    left: int = 0
    unused: list[Reserved] = field(default_factory=list)
    enrolled: list[str] = field(default_factory=list)


async def decide_batch(
    world: World,
    rulebook: Rulebook,
    heads: Heads,
    *,
    frame: Frame,
    load: Load,
    known: frozenset[str] = frozenset(),
) -> Decided:
    """Return what these activities come to, in their order; those `known` are decided already.

    After `decide_seconds` the rest stays, each alone in its place: a batch that took longer than
    its lane is held would be decided again and again, by one worker after the other.
    """
    until = monotonic() + world.limits.decide_seconds
    work = _Work(world, rulebook, heads, frame)
    work.code_key = await code_key(world, frame.hold.program)
    activities = work.read(load, known)
    await heads.load([activity.member or PROGRAM for _, activity in activities])
    world.crash(CrashPoint.AFTER_READ)
    await work.prefetch(activities)
    for number, (place, activity) in enumerate(activities):
        if number and monotonic() > until:
            work.leave(activities[number:])
            break
        await work.decide(place, activity)
    world.crash(CrashPoint.AFTER_DECIDE)
    return work.finished()


class _Work:
    """The batch in the making."""

    def __init__(self, world: World, rulebook: Rulebook, heads: Heads, frame: Frame) -> None:
        hold, self._layout = frame
        self._world = world
        self._rulebook = rulebook
        self._heads = heads
        self._hold = hold
        self._now = world.clock()
        self._shelves = Shelves(world, hold.program)
        self._standings: dict[str, Standing] = {}
        self._scores: dict[tuple[str, str, int], ScoreRow] = {}
        self._keys: set[str] = set()
        self.code_key = b""
        self._batch = Batch(hold=hold)
        self._decided = Decided(batch=self._batch, standings=self._standings)

    def read(self, load: Load, known: frozenset[str]) -> list[tuple[Waiting, Activity]]:
        """Return the activities, each id once; the bundles of all of them are taken."""
        found = []
        self._keys |= known
        self._batch.taken += load.names
        for place in load.waiting:
            activity = activity_from_plain(place.activity)
            if activity.key not in self._keys:
                self._keys.add(activity.key)
                found.append((place, activity))
        return found

    def leave(self, activities: Sequence[tuple[Waiting, Activity]]) -> None:
        """Leave these to the next batch."""
        self._batch.follow_ups += [(self._hold.lane, place) for place, _ in activities]
        self._decided.left = len(activities)

    async def prefetch(self, activities: Sequence[tuple[Waiting, Activity]]) -> None:
        """Read at once what the decisions will surely ask for."""
        asked: dict[tuple[int, str], list[PageRef]] = {}
        for _, activity in activities:
            member = activity.member or PROGRAM
            standing = self._heads[member].standing
            self._shelves.known_as(member, standing.absorbed)
            needed = prefetch(self._rulebook, standing, activity)
            if needed.pages:
                asked.setdefault((self._hold.lane, member), []).extend(needed.pages)
        await self._shelves.load(asked)

    async def decide(self, place: Waiting, activity: Activity) -> None:
        """Decide one activity and note all that follows."""
        member = activity.member or PROGRAM
        before = self._standings.get(member) or self._heads[member].standing
        into = leads_to(before, activity, lane=self._hold.lane, layout=self._layout)
        if into is not None:
            # What is here a second time was perhaps decided before its member was merged.
            if not await self._is_decided(activity):
                forward(self._batch, place, into=into, layout=self._layout)
            return
        claims = Reservations(self._world, self._hold.program, activity.key)
        try:
            decision = await self._decision(place, activity, before, claims)
            self._note(place, decision, activity=activity, before=before)
        except Undecidable as error:
            self._fail(place, activity, error)
            self._give_back(activity, claims)
            return
        self._keep_claims(activity, decision, claims)
        await self._follow(place, activity, decision)

    async def _is_decided(self, activity: Activity) -> bool:
        lanes = {activity.key: self._hold.lane}
        return bool(await self._world.journal.results(self._hold.program, lanes))

    async def _decision(
        self, place: Waiting, activity: Activity, before: Standing, claims: Reservations
    ) -> Decision:
        if DROPPED in place.activity:
            return Decision(result="rejected", reason=DROPPED, standing=before.fork())
        if PARKED in place.activity and came_too_late(self._rulebook, activity):
            return Decision(result="rejected", reason="claim_window", standing=before.fork())
        self._shelves.known_as(before.member, before.absorbed)
        return await answer(
            lambda given: decide(self._rulebook, before, activity, given),
            self._shelves.known(before, self._heads[before.member].standing),
            self._shelves,
            owner=(self._hold.lane, before.member),
            claims=claims,
        )

    def _note(
        self, place: Waiting, decision: Decision, *, activity: Activity, before: Standing
    ) -> None:
        """Note a decision as it is stored; nothing is noted unless all of it can be."""
        member = before.member
        standing = decision.standing
        standing.version = self._heads[member].version + 1
        standing.seq = before.seq + (0 if _is_empty_tick(activity, decision) else 1)
        try:
            entry = self._entry(place, activity, decision)
            pages = [page_to_plain(page) for page in decision.pages]
        except Exception as error:
            raise Undecidable(type(error).__name__) from error
        if standing.seq > before.seq:
            self._batch.entries.append(entry)
            self._shelves.note(entry)
        self._standings[member] = standing
        self._shelves.write(member, pages)
        self._batch.vouchers += rows_of(self.code_key, activity, decision)
        for score in decision.scores:
            row = ScoreRow(member, standing.seq, score)
            self._scores[(member, score.leaderboard, score.period)] = row
        if standing.status != before.status and member:
            self._batch.statuses[member] = standing.status
        if activity.type == "enrollment":
            self._decided.enrolled.append(member)
        note_decision(self._batch, activity, decision)

    def _entry(self, place: Waiting, activity: Activity, decision: Decision) -> Entry:
        plain = decision_in_journal(decision)
        said = place.activity
        if PARKED in said:
            said = {name: value for name, value in said.items() if name not in _MARKS}
        if decision.standing.status == ERASED:
            # Of somebody who was forgotten nothing new is kept.
            said = {name: value for name, value in said.items() if name not in _PERSONAL}
            plain = {name: value for name, value in plain.items() if name not in _PERSONAL}
        return Entry(
            lane=self._hold.lane,
            seq=self._hold.seq + len(self._batch.entries) + 1,
            key=activity.key,
            member=activity.member,
            member_seq=decision.standing.seq,
            decided_at=self._now,
            activity=said,
            decision=plain,
            partners=partners_of(self._rulebook, decision),
            settles=tuple(sorted({it.partner for it in decision.postings if it.partner})),
        )

    def _fail(self, place: Waiting, activity: Activity, error: Exception) -> None:
        """Set an activity aside for an operator: deciding it met a mistake of ours."""
        log.error(
            "an activity cannot be decided and is set aside",
            extra={"program": self._hold.program, "activity": activity.key},
            exc_info=error,
        )
        self._batch.failed.append(
            Aside(
                key=activity.key,
                state=Result.FAILED,
                reason=str(error),
                order=place.order,
                activity=place.activity,
            )
        )

    def _keep_claims(self, activity: Activity, decision: Decision, claims: Reservations) -> None:
        wanted = {(claim.kind, claim.key): claim for claim in decision.claims}
        for held in claims.held:
            kept = wanted.get((held.kind, held.key))
            if kept is None:
                self._decided.unused.append(Reserved(held, activity.key))
            else:
                self._batch.confirmed.append(Reserved(kept, activity.key))
        self._batch.given_back += [Reserved(claim, activity.key) for claim in decision.releases]

    def _give_back(self, activity: Activity, claims: Reservations) -> None:
        self._decided.unused += [Reserved(held, activity.key) for held in claims.held]

    async def _follow(self, place: Waiting, activity: Activity, decision: Decision) -> None:
        """Send activities for other members on their way, directly behind their cause."""
        for number, follow_up in enumerate(decision.follow_ups):
            waiting = Waiting(f"{place.order}.{number:04d}", activity_to_plain(follow_up))
            self._batch.follow_ups.append((lane_of(follow_up.member, self._layout), waiting))
        parked = await released(self._world, self._hold.program, activity, decision)
        if parked:
            release(self._batch, parked, cause=activity, order=place.order, layout=self._layout)

    def finished(self) -> Decided:
        """Return the batch."""
        batch = self._batch
        for member, standing in self._standings.items():
            batch.standings.append(
                StandingWrite(
                    member,
                    self._heads[member].version,
                    standing_to_plain(standing),
                    standing.due_at,
                )
            )
        batch.pages = [
            PageWrites(member, writes) for member, writes in self._shelves.writes().items()
        ]
        batch.scores = list(self._scores.values())
        return self._decided


def decision_in_journal(decision: Decision) -> Plain:
    """Return a decision as its journal entry has it; what is given back counts negative."""
    plain = decision_to_plain(decision)
    claims = [
        *decision.claims,
        *(claim._replace(amount=-claim.amount) for claim in decision.releases),
    ]
    if claims:
        plain["claims"] = [[claim.kind, claim.key, claim.amount] for claim in claims]
    if decision.scores:
        plain["scores"] = [list(score) for score in decision.scores]
    return plain


def _is_empty_tick(activity: Activity, decision: Decision) -> bool:
    """Tell whether a tick changed nothing that anybody can see; such ones leave no entry."""
    return activity.type == "tick" and not (
        decision.effects or decision.postings or decision.scores or decision.follow_ups
    )
