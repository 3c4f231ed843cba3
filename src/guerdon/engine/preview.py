"""Previewing: what an activity would do now.

Rule: it goes the way of a real one (judged, looked up, decided by the same pure function on the
standing as it is), and nothing is written, reserved or claimed on that way. What waits undecided
for the member is not seen; who asks again after it was decided sees what it did.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from guerdon.core.activity import Activity
from guerdon.core.decide import decide
from guerdon.core.decision import Decision, Given
from guerdon.core.plain import page_to_plain, standing_from_plain
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing
from guerdon.engine import presented
from guerdon.engine.batches import PROGRAM
from guerdon.engine.epochs import locate
from guerdon.engine.fetch import Peeks, Shelves, Undecidable, answer
from guerdon.engine.identities import leads_to
from guerdon.engine.inputs import ActivityInput, Identity
from guerdon.engine.judge import Draft, Judge, Refusal
from guerdon.engine.lanes import lane_of
from guerdon.engine.outcomes import JournalEntry, Preview, Profile, Result
from guerdon.engine.records import Found
from guerdon.engine.resolve import Resolved, Unknown, resolve
from guerdon.engine.world import Caller, World

log = logging.getLogger(__name__)


async def preview(world: World, caller: Caller, given: ActivityInput) -> Preview:
    """Return what would become of an activity if it were reported and decided now."""
    rulebook = await world.rulebooks.get(caller.program)
    now = world.clock()
    judge = Judge(rulebook, caller, now=now, skew_ms=world.limits.clock_skew_ms)
    draft = judge.judge(0, given)
    if isinstance(draft, Refusal):
        return _refused(draft)
    repeated = await _repeated(world, caller.program, draft)
    if repeated is not None:
        return repeated
    found = await resolve(
        world,
        caller,
        [draft],
        enroll_auto=rulebook.at(now).program.enroll_auto,
        registry=_Reading(world),
    )
    resolved = found[draft.index]
    if isinstance(resolved, Unknown):
        return _refused(resolved.refusal)
    if resolved.parked is not None:
        return Preview(result=Result.PARKED, reason="unknown_identity")
    return await _Trial(world, rulebook).play(draft, resolved)


def _refused(refusal: Refusal) -> Preview:
    return Preview(result=Result.REJECTED, reason=refusal.reason, problems=refusal.problems)


async def _repeated(world: World, program: str, draft: Draft) -> Preview | None:
    """Return what a repeat of an id or a reference would be answered, None where it is none."""
    mark = (await world.receipts.marks(program, [draft.key])).get(draft.key)
    if mark is not None:
        if mark.print == draft.print:
            return Preview(result=Result.DUPLICATE)
        return Preview(result=Result.CONFLICT, reason="payload_differs")
    ref = draft.ref_key
    holder = (await world.receipts.refs(program, [ref])).get(ref) if ref is not None else None
    if holder is None:
        return None
    held = (await world.receipts.marks(program, [holder])).get(holder)
    if held is None:
        return None
    results = await world.journal.results(program, {holder: held.lane})
    if results.get(holder) == Result.REJECTED:
        return None
    return Preview(result=Result.DUPLICATE, reason="ref")


class _Reading:
    """Who is who, for looking only: members and identities that would be made are made up."""

    def __init__(self, world: World) -> None:
        self._members = world.members
        self.find = world.members.find
        self.known = world.members.known

    async def claim(self, program: str, identity: Identity, found: Found) -> Found:
        """Return whom the identity leads to, or would from now on."""
        return (await self._members.find(program, [identity])).get(identity, found)

    async def create(
        self, program: str, profiles: Sequence[tuple[Profile, str]]
    ) -> dict[str, Found]:
        """Return whom the external ids would lead to."""
        del program
        return {
            profile.external_id: Found(profile.id, enrollment) for profile, enrollment in profiles
        }


class _Trial:
    """One activity decided for nobody to keep."""

    def __init__(self, world: World, rulebook: Rulebook) -> None:
        self._world = world
        self._rulebook = rulebook
        self._shelves = Shelves(world, rulebook.id)

    async def play(self, draft: Draft, resolved: Resolved) -> Preview:
        activity = Activity(
            id=draft.id,
            type=draft.type,
            at=draft.at,
            received=self._world.clock(),
            member=resolved.member,
            reporter=draft.reporter,
            ref=draft.ref,
            partner=draft.partner,
            lines=draft.lines,
            data=resolved.data,
        )
        data, astray = await presented.named(
            self._world, self._rulebook.id, activity.member, activity.type, activity.data
        )
        activity = replace(activity, data=data)
        try:
            decision = await self._decided(activity, resolved.enroll)
        except Undecidable as error:
            log.exception("an activity cannot be previewed", extra={"program": self._rulebook.id})
            return Preview(result=Result.FAILED, reason=type(error).__name__, astray=astray)
        return Preview(
            result=Result(decision.result),
            reason=decision.reason,
            astray=astray,
            entry=JournalEntry(
                activity=activity,
                result=Result(decision.result),
                reason=decision.reason,
                effects=tuple(decision.effects),
                explanations=tuple(decision.explanations),
            ),
        )

    async def _decided(self, activity: Activity, enroll: str | None) -> Decision:
        activity, lane, standing = await self._whose(activity)
        if enroll is not None and standing.enrolled_at is None:
            enrollment = Activity(
                id=enroll,
                type="enrollment",
                at=activity.at,
                received=activity.received,
                member=activity.member,
                reporter=activity.reporter,
            )
            first = await self._decide(enrollment, standing, lane)
            standing = first.standing
            self._shelves.write(
                standing.member,
                [page_to_plain(page) for page in first.pages],
            )
        return await self._decide(activity, standing, lane)

    async def _whose(self, activity: Activity) -> tuple[Activity, int, Standing]:
        """Return the standing that would decide, and its lane: the survivor's after a merge."""
        layout = await self._world.rulebooks.layout(self._rulebook.id)
        while True:
            member = activity.member or PROGRAM
            lane, plain = (await locate(self._world, self._rulebook.id, [member], layout))[member]
            standing = Standing(member=member) if plain is None else standing_from_plain(plain)
            if self._rulebook.is_behind(standing):
                self._rulebook = await self._world.rulebooks.fresh(self._rulebook.id)
            into = leads_to(
                standing, activity, lane=lane_of(activity.member, layout), layout=layout
            )
            if into is None:
                return activity, lane, standing
            activity = replace(activity, member=into)

    async def _decide(self, activity: Activity, before: Standing, lane: int) -> Decision:
        self._shelves.known_as(before.member, before.absorbed)
        return await answer(
            lambda given: decide(self._rulebook, before, activity, given),
            Given(),
            self._shelves,
            owner=(lane, before.member),
            claims=Peeks(self._world, self._rulebook.id),
        )
