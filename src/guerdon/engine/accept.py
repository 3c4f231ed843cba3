"""Accepting activities: judged item by item, written durably, decided later.

Rule: a receipt that says PENDING is a promise; nothing is promised before it is written by
majority. A receipt is written before the inbox entry, under its place in the inbox, so that a
repeat after a crash between the two writes the same entry again. What an activity means is not
decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from guerdon.core.activity import Activity, Instant
from guerdon.core.plain import activity_to_plain
from guerdon.engine import placed, presented
from guerdon.engine.arrivals import right_before
from guerdon.engine.crash import CrashPoint
from guerdon.engine.identities import slot
from guerdon.engine.inputs import ActivityInput, Identity, Wait
from guerdon.engine.judge import Draft, Judge, Refusal
from guerdon.engine.lanes import Layout, lane_of
from guerdon.engine.outcomes import Problem, Receipt, Result
from guerdon.engine.parking import NO_ROOM, without_room
from guerdon.engine.records import Aside, Mark, Waiting
from guerdon.engine.refusals import InvalidInput
from guerdon.engine.resolve import Resolved, Unknown, resolve
from guerdon.engine.tracing import carrying
from guerdon.engine.wait import decided
from guerdon.engine.world import Caller, World


async def record(
    world: World,
    caller: Caller,
    inputs: Sequence[ActivityInput],
    *,
    wait: Wait = Wait.ACCEPTED,
    wait_ms: int | None = None,
) -> list[Receipt]:
    """Take up to 1,000 activities; one receipt each, in input order.

    Raises:
        InvalidInput: More than a batch holds.
        ComeBack: Too much is waiting already; nothing was taken.
    """
    if len(inputs) > world.limits.inputs_max:
        message = f"{len(inputs)} activities are too many: send at most {world.limits.inputs_max}."
        problem = Problem(code="INVALID_INPUT", message=message, path=("activities",))
        raise InvalidInput((problem,))
    rulebook = await world.rulebooks.get(caller.program)
    judge = Judge(rulebook, caller, now=world.clock(), skew_ms=world.limits.clock_skew_ms)
    taking = Taking(world, caller, await world.rulebooks.layout(caller.program))
    drafts = []
    for index, given in enumerate(inputs):
        judged = judge.judge(index, given)
        if isinstance(judged, Refusal):
            taking.refuse(index, given.id, judged)
        else:
            drafts.append(judged)
    with world.tracer.span("accept", program=caller.program):
        await taking.take(drafts, enroll_auto=rulebook.at(world.clock()).program.enroll_auto)
    receipts = taking.receipts(len(inputs))
    world.meters.accepted(caller.program, [receipt.result for receipt in receipts])
    if wait is Wait.DECIDED:
        limit = world.limits.wait_ms_max
        wait_ms = limit if wait_ms is None else min(wait_ms, limit)
        return await decided(world, caller.program, receipts, taking.lanes, wait_ms=wait_ms)
    return receipts


@dataclass(slots=True, kw_only=True)
class _Item:
    """One activity on its way in."""

    draft: Draft
    activity: Activity
    mark: Mark
    enrollment: "tuple[Activity, Mark] | None" = None
    parked: Identity | None = None
    is_moved: bool = False
    is_repeat: bool = False
    enrolls_here: bool = False

    def stands_as(self, mark: Mark) -> None:
        """Take the place that an earlier report of the same activity was given.

        One that was parked then and leads to a member now gets a place of its own.
        """
        self.is_repeat = True
        if mark.member is None and self.activity.member is not None:
            self.is_moved = True
            return
        self.mark = mark
        self.activity = replace(self.activity, member=mark.member)

    def enrolls_as(self, mark: Mark, *, is_first: bool) -> None:
        """Take the place that the enrollment was given by whoever met this person first.

        Where that comes after the activity, the enrollment stands right before the activity, too:
        the first one counts. That place follows from the activity's, so that whoever repeats the
        activity brings the enrollment with it. Each activity of a batch looks for itself, because
        whoever was first, in another process, may stand before some of them and behind others.
        """
        assert self.enrollment is not None
        if mark.order > self.mark.order:
            is_first, mark = False, mark._replace(order=right_before(self.mark.order))
        self.enrolls_here = is_first
        self.enrollment = self.enrollment[0], mark

    @property
    def given(self) -> list[Mark]:
        """The places that this request gave, and none before."""
        given = [] if self.is_repeat else [self.mark]
        if self.enrollment is not None and self.enrolls_here:
            given.append(self.enrollment[1])
        return given


@dataclass(slots=True)
class Taking:
    """One request's activities being taken."""

    world: World
    caller: Caller
    layout: Layout
    lanes: dict[str, int] = field(default_factory=dict)
    _receipts: dict[int, Receipt] = field(default_factory=dict)
    _astray: dict[int, int] = field(default_factory=dict)

    def refuse(self, index: int, activity_id: str, refusal: Refusal) -> None:
        """Note an item that is not taken; nothing of it is kept, so that it may come again."""
        self._note(
            index, activity_id, Result.REJECTED, reason=refusal.reason, problems=refusal.problems
        )

    def _note(
        self,
        index: int,
        activity_id: str,
        result: Result,
        *,
        reason: str | None = None,
        problems: tuple[Problem, ...] = (),
        member: str | None = None,
    ) -> None:
        self._receipts[index] = Receipt(
            activity_id=activity_id,
            result=result,
            reason=reason,
            problems=problems,
            reporter=self.caller.reporter,
            member=member,
            astray=self._astray.get(index, 0),
        )

    def receipts(self, count: int) -> list[Receipt]:
        """Return the receipts in input order."""
        return [self._receipts[index] for index in range(count)]

    async def take(self, drafts: Sequence[Draft], *, enroll_auto: bool) -> None:
        """Look up whom they concern, write receipts, then the inbox."""
        if not drafts:
            return
        await self.world.pressure.check(self.caller.program)
        received = self.world.clock()
        found = await resolve(self.world, self.caller, drafts, enroll_auto=enroll_auto)
        items = []
        for draft in drafts:
            resolved = found[draft.index]
            if isinstance(resolved, Unknown):
                self.refuse(draft.index, draft.id, resolved.refusal)
            else:
                if presented.FIELDS & resolved.data.keys():
                    resolved = await self._presented(draft, resolved)
                items.append(self._item(draft, resolved, received))
        fresh = await self._enter(await self._with_room(items))
        self.world.crash(CrashPoint.AFTER_RECEIPTS)
        await self._put(fresh)
        self.world.crash(CrashPoint.AFTER_INBOX)

    async def _presented(self, draft: Draft, resolved: Resolved) -> Resolved:
        """Return it with the names of vouchers that were presented by their codes."""
        data, astray = await presented.named(
            self.world, self.caller.program, resolved.member, draft.type, resolved.data
        )
        self._astray[draft.index] = astray
        return replace(resolved, data=data)

    async def _with_room(self, items: Sequence[_Item]) -> list[_Item]:
        """Return the items without those for which there is no room apart from the inbox."""
        parked = {item.draft.key: item.parked for item in items if item.parked is not None}
        refused = await without_room(self.world, self.caller.program, parked)
        for item in items:
            if item.draft.key in refused:
                self.refuse(item.draft.index, item.draft.id, NO_ROOM)
        return [item for item in items if item.draft.key not in refused]

    def _item(self, draft: Draft, resolved: Resolved, received: Instant) -> _Item:
        enrollment = None
        if resolved.enroll is not None:
            enrollment = self._enrollment(draft, resolved, received)
        activity = Activity(
            id=draft.id,
            type=draft.type,
            at=draft.at,
            received=received,
            member=resolved.member,
            reporter=draft.reporter,
            ref=draft.ref,
            partner=draft.partner,
            lines=draft.lines,
            data=resolved.data,
        )
        lane = lane_of(resolved.member, self.layout)
        mark = Mark(draft.print, lane, self.world.next_order(), resolved.member)
        return _Item(
            draft=draft,
            activity=activity,
            mark=mark,
            enrollment=enrollment,
            parked=resolved.parked,
        )

    def _enrollment(
        self, draft: Draft, resolved: Resolved, received: Instant
    ) -> tuple[Activity, Mark]:
        """Return the enrollment that goes before an unknown person's activity."""
        assert resolved.enroll is not None
        activity = Activity(
            id=resolved.enroll,
            type="enrollment",
            at=draft.at,
            received=received,
            member=resolved.member,
            reporter=draft.reporter,
        )
        lane = lane_of(resolved.member, self.layout)
        return activity, Mark(b"", lane, self.world.next_order(), resolved.member)

    # ------------------------------------------------------------ receipts

    async def _enter(self, items: Sequence[_Item]) -> list[_Item]:
        """Write receipts and references; return the items to be put into the inbox."""
        first: dict[str, _Item] = {}
        refs: dict[str, str] = {}
        marks: dict[str, Mark] = {}
        for item in items:
            key = item.draft.key
            if key in first:
                self._repeat(item, first[key].mark)
                continue
            if item.draft.ref_key is not None and refs.setdefault(item.draft.ref_key, key) != key:
                self._note(item.draft.index, item.draft.id, Result.DUPLICATE, reason="ref")
                continue
            first[key] = item
            marks[key] = item.mark
            if item.enrollment is not None:
                enrollment, mark = item.enrollment
                marks.setdefault(enrollment.key, mark)
        program = self.caller.program
        had, had_refs = await self.world.receipts.enter(program, marks, refs)
        repeated = {key: mark for key, mark in had.items() if key in first}
        lost = await placed.lost(self.world, program, repeated)
        await self._forget_refs(first, had, had_refs)
        fresh = []
        for key, item in first.items():
            if key in had and not self._is_to_be_put_again(item, had[key], lost):
                continue
            if key in had:
                item.stands_as(had[key])
            if item.enrollment is not None:
                name = item.enrollment[0].key
                item.enrolls_as(had.get(name, marks[name]), is_first=name not in had)
            if await self._ref_is_taken(item, had_refs):
                continue
            fresh.append(item)
            if key not in had:
                result = Result.PENDING if item.parked is None else Result.PARKED
                reason = None if item.parked is None else "unknown_identity"
                self._accepted(item, result, reason)
        return fresh

    async def _forget_refs(
        self, items: Mapping[str, _Item], had: Mapping[str, Mark], had_refs: Mapping[str, str]
    ) -> None:
        """Give back references that were just claimed for items in conflict with their id."""
        gone = {
            item.draft.ref_key: key
            for key, item in items.items()
            if key in had and had[key].print != item.mark.print
            if item.draft.ref_key is not None and item.draft.ref_key not in had_refs
        }
        if gone:
            await self.world.receipts.forget_refs(self.caller.program, gone)

    def _accepted(self, item: _Item, result: Result, reason: str | None) -> None:
        self._note(
            item.draft.index,
            item.draft.id,
            result,
            reason=reason,
            member=item.activity.member,
        )
        if item.parked is None:
            self.lanes[item.draft.key] = item.mark.lane

    def _repeat(self, item: _Item, mark: Mark) -> None:
        """Note an item whose id was used before."""
        same = mark.print == item.mark.print
        self._note(
            item.draft.index,
            item.draft.id,
            Result.DUPLICATE if same else Result.CONFLICT,
            reason=None if same else "payload_differs",
            member=mark.member if same else None,
        )
        if same:
            self.lanes[item.draft.key] = mark.lane

    def _is_to_be_put_again(self, item: _Item, mark: Mark, lost: set[str]) -> bool:
        self._repeat(item, mark)
        return mark.print == item.mark.print and item.draft.key in lost

    async def _ref_is_taken(self, item: _Item, had: Mapping[str, str]) -> bool:
        """Tell whether the reference is another activity's; a rejected one's is free again."""
        ref, key = item.draft.ref_key, item.draft.key
        if ref is None or had.get(ref, key) == key:
            return False
        program, holder = self.caller.program, had[ref]
        marks = await self.world.receipts.marks(program, [holder])
        mark = marks.get(holder)
        is_free = mark is None
        if mark is not None:
            results = await self.world.journal.results(program, {holder: mark.lane})
            is_free = results.get(holder) == Result.REJECTED
        if is_free and await self.world.receipts.take_ref(program, ref, old=holder, new=key):
            return False
        self._note(item.draft.index, item.draft.id, Result.DUPLICATE, reason="ref")
        self.lanes.pop(key, None)  # it may be a repeat; what is never decided is not waited for
        await self.world.receipts.withdraw(program, [key])
        return True

    # ------------------------------------------------------------ inbox

    async def _put(self, items: Sequence[_Item]) -> None:
        program, trace = self.caller.program, self.world.tracer.carried()
        entries: dict[tuple[int, str], Waiting] = {}
        for item in items:
            if item.enrollment is not None:
                activity, mark = item.enrollment
                if (mark.lane, mark.order) not in entries:
                    plain = carrying(activity_to_plain(activity), trace)
                    entries[(mark.lane, mark.order)] = Waiting(mark.order, plain)
            if item.parked is None:
                place = Waiting(item.mark.order, carrying(activity_to_plain(item.activity), trace))
                entries[(item.mark.lane, item.mark.order)] = place
        given = [mark for item in items if item.parked is None for mark in item.given]
        await placed.write(self.world, program, entries, given)
        moved = {item.draft.key: item.mark for item in items if item.is_moved}
        if moved:
            await self.world.receipts.move(program, moved)
        if entries:
            self.world.hints.wake(program, {lane for lane, _ in entries})
        await self._park([item for item in items if item.parked is not None])

    async def _park(self, items: Sequence[_Item]) -> None:
        """Keep items apart; those whose identity was linked meanwhile go on to the member."""
        if not items:
            return
        program, members = self.caller.program, self.world.members
        await self.world.inbox.park(
            program, [_aside(item, activity_to_plain(item.activity)) for item in items]
        )
        found = await members.find(program, {item.parked for item in items if item.parked})
        linked = []
        for item in items:
            led = found.get(item.parked) if item.parked is not None else None
            if led is not None:
                item.activity = replace(item.activity, member=led.member)
                lane = lane_of(led.member, self.layout)
                item.mark = item.mark._replace(lane=lane, member=led.member)
                item.parked, item.is_moved = None, True
                linked.append(item)
        if linked:
            await self._put(linked)
            await self.world.inbox.unpark(program, [item.draft.key for item in linked])


def _aside(item: _Item, plain: object) -> Aside:
    assert item.parked is not None
    return Aside(
        key=item.draft.key,
        state=Result.PARKED,
        reason="unknown_identity",
        order=item.mark.order,
        activity=plain,
        identity=slot(item.parked),
    )
