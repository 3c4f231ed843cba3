"""A member's journal decided anew, from nothing: what the standing is by right.

Rule: only what is exact counts. Every entry must come out as the journal has it, to the last
figure; claims are answered by what the journal says was granted, and nothing is reserved. What was
asked then and is not in the journal (an answer that left no trace) may be either; where that makes
a difference to the standing, there is no recount. Ticks that changed nothing have left no entry,
and need none, because deciding settles first.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from guerdon.core.activity import Activity, Instant
from guerdon.core.backfill import HISTORY, told
from guerdon.core.decide import decide
from guerdon.core.decision import Claim, Decision, Given, Needed
from guerdon.core.plain import (
    activity_from_plain,
    page_to_plain,
    record_to_plain,
    standing_from_plain,
    standing_to_plain,
)
from guerdon.core.rulebook import Rulebook
from guerdon.core.settle import settle
from guerdon.core.standing import FRONT, PageRef, Plain, Shelf, Standing
from guerdon.engine.batches import decision_in_journal
from guerdon.engine.dead import DROPPED
from guerdon.engine.fetch import DONOR, RECORD, Claims
from guerdon.engine.identities import ERASING
from guerdon.engine.records import Entry
from guerdon.engine.world import World

Pages = dict[tuple[str, str], tuple[str, Plain]]
Answer = TypeVar("Answer")

_AT_ONCE = 500
_ROUNDS_MAX = 1_000
_CLOCKS_APART_MS = 60_000
_UNDECIDED = frozenset({DROPPED, "claim_window"})
"""Reasons for which the engine rejects without asking the core."""

_GUESSES: tuple[tuple[bool, bool], ...] = (
    (False, False),
    (True, True),
    (True, False),
    (False, True),
)
"""What left no trace: whether looking found all, and whether reserving got all."""


class Inexact(Exception):
    """This member cannot be recounted exactly; the message says why, alike for all such."""


class Recount:
    """The standing of one member as it grows, entry by entry, with its pages."""

    def __init__(self, world: World, rulebook: Rulebook, member: str) -> None:
        self._world = world
        self._rulebook = rulebook
        self._member = member
        self._lanes: dict[str, int] = {}
        self.standing = Standing(member=member)
        self.pages: Pages = {}

    async def run(self) -> None:
        """Decide the whole journal of the member.

        Raises:
            Inexact: It does not come out as it is written.
        """
        journal, program = self._world.journal, self._rulebook.id
        while entries := await journal.of_member(
            program, self._member, limit=_AT_ONCE, before=self.standing.seq
        ):
            for entry in entries:
                await self._add(entry)

    async def settle(self, to: Instant) -> None:
        """Bring the standing up to an instant to which nothing happened that left an entry."""
        if to <= self.standing.settled_at:
            return
        before = self.standing
        decision = await self._answered(
            lambda given: settle(self._rulebook, before, to, given), _nothing
        )
        if decision.effects or decision.postings or decision.scores or decision.follow_ups:
            return  # what is stored claims to be further than the journal
        self._keep(decision, seq=before.seq)

    async def _add(self, entry: Entry) -> None:
        if self.standing.merged_into is not None:
            raise Inexact("goes on after it was merged into another account")
        if entry.member_seq != self.standing.seq + 1:
            raise Inexact("an entry of the journal is missing")
        activity = activity_from_plain(entry.activity)
        if activity.type in ERASING:
            raise Inexact("erased")
        if entry.decision.get("reason") in _UNDECIDED:
            decision = Decision(
                result="rejected",
                reason=entry.decision["reason"],
                standing=self.standing.fork(),
            )
        else:
            decision = await self._decided(entry, activity)
        if decision_in_journal(decision) != entry.decision:
            raise Inexact("the journal does not come out as it is written")
        self._keep(decision, seq=entry.member_seq)
        self._lanes[entry.key] = entry.lane

    async def _donor(self, member: str) -> Standing:
        """Return the whole standing of an account that was given up, itself counted anew.

        What was decided of it ends with the merge, so that its whole journal is what it was then.
        """
        donor = Recount(self._world, self._rulebook, member)
        await donor.run()
        if donor.standing.seq and donor.standing.merged_into is None:
            raise Inexact("took an account in that its journal has not given up")
        self._lanes |= donor._lanes  # its records are the survivor's now
        standing = standing_from_plain(record_to_plain(standing_to_plain(donor.standing)))
        for (name, key), (_, value) in donor.pages.items():
            shelf = standing.shelves.get(name) or Shelf()
            standing.shelves[name] = Shelf({**shelf.items, key: value})
        return standing

    def _keep(self, decision: Decision, *, seq: int) -> None:
        self.standing = decision.standing
        self.standing.seq = seq
        for shelf, key, sort, value in map(page_to_plain, decision.pages):
            if value is None:
                self.pages.pop((shelf, key), None)
            else:
                self.pages[(shelf, key)] = (sort, value)

    async def _decided(self, entry: Entry, activity: Activity) -> Decision:
        """Return the one decision that the journal's entry can have come from."""
        before = self.standing
        found: list[Decision] = []
        for looked, got in _GUESSES:
            granted = _Granted(self._world, self._rulebook.id, entry, looked=looked, got=got)
            decision = await self._answered(
                lambda given: decide(self._rulebook, before, activity, given), granted
            )
            if decision_in_journal(decision) == entry.decision:
                found.append(decision)
            if not granted.guessed:
                break
        if not found:
            raise Inexact("the journal does not come out as it is written")
        if any(_left(decision) != _left(found[0]) for decision in found[1:]):
            raise Inexact("what was looked up then is not in the journal")
        return found[0]

    async def _answered(self, ask: Callable[[Given], Answer], claims: Claims) -> Answer:
        given = Given()
        for _ in range(_ROUNDS_MAX):
            try:
                return ask(given)
            except Needed as needed:
                pages, wanted = needed.pages, needed.claims
            except Exception as error:
                raise Inexact(f"the core fails with {type(error).__name__}") from error
            for ref in pages:
                await self._give(given, ref)
            for claim in wanted:
                given.claims[claim] = await claims(claim)
        raise Inexact("the core does not stop asking")

    async def _give(self, given: Given, ref: PageRef) -> None:
        given.loaded.add(ref)
        if ref.shelf == DONOR:
            given.donors[ref.key] = await self._donor(ref.key)
        elif ref.shelf == HISTORY:
            await self._give_history(given, ref.key)
        elif ref.scope == "one":
            held = self.pages.get((ref.shelf, ref.key))
            if held is None and ref.shelf == RECORD:
                held = await self._record(ref.key)
            given.entries[(ref.shelf, ref.key)] = held
        else:
            found = sorted(
                (held[0], key) for (shelf, key), held in self.pages.items() if shelf == ref.shelf
            )
            if ref.scope == "front":
                found = [each for each in found if not ref.key or each[0] > ref.key][:FRONT]
            given.entries |= {(ref.shelf, key): self.pages[ref.shelf, key] for _, key in found}

    async def _record(self, key: str) -> tuple[str, Plain] | None:
        """Return what the journal keeps of an earlier entry of this member."""
        if key not in self._lanes:
            return None
        found = await self._world.journal.entries(self._rulebook.id, {key: self._lanes[key]})
        entry = found.get(key)
        if entry is None or RECORD not in entry.decision:
            return None
        return "", {**entry.decision[RECORD], "activity": entry.activity}

    async def _give_history(self, given: Given, member: str) -> None:
        """Give what was accepted of the member up to here, or all of an account given up."""
        seq, is_own = 0, member == self._member
        while not is_own or seq < self.standing.seq:
            entries = await self._world.journal.of_member(
                self._rulebook.id, member, limit=_AT_ONCE, before=seq
            )
            if not entries:
                return
            for entry in entries:
                seq = entry.member_seq
                if (not is_own or seq <= self.standing.seq) and entry.decision[
                    "result"
                ] == "accepted":
                    order = f"{entry.activity['received']:015d}{seq:012d}"
                    kept = entry.decision.get(RECORD, {}).get("kept")
                    effects = entry.decision.get("effects", ())
                    said = told(member, entry.activity, kept, effects)
                    given.entries[(HISTORY, entry.key)] = (order, said)


class _Granted:
    """Answers claims by what an entry says was granted; `guessed` where it says nothing."""

    def __init__(
        self, world: World, program: str, entry: Entry, *, looked: bool, got: bool
    ) -> None:
        self._world = world
        self._program = program
        self._entry = entry
        self._looked = looked
        self._got = got
        self._said: Mapping[tuple[str, str], int] = {
            (kind, key): amount
            for kind, key, amount in entry.decision.get("claims", ())
            if amount > 0
        }
        self.guessed = False

    async def __call__(self, claim: Claim) -> int:
        """Return how much of a claim was got."""
        if claim.kind == "member":
            known = await self._was_known(claim.key)
            if known is not None:
                return int(known)
        elif not claim.peek and (claim.kind, claim.key) in self._said:
            return min(self._said[claim.kind, claim.key], claim.amount)
        self.guessed = True
        return claim.amount if (self._looked if claim.peek else self._got) else 0

    async def _was_known(self, member: str) -> bool | None:
        """Tell whether there was such a member then; None where that is too close to tell."""
        if not await self._world.members.known(self._program, [member]):
            return False
        first = await self._world.journal.of_member(self._program, member, limit=1, before=0)
        if first and first[0].decided_at + _CLOCKS_APART_MS < self._entry.decided_at:
            return True
        return None


async def _nothing(claim: Claim) -> int:
    """Answer what time alone claims, of which there would be an entry if it had got anything."""
    del claim
    return 0


def _left(decision: Decision) -> tuple[Plain, list[Plain]]:
    """Return all that a decision leaves of a member."""
    return standing_to_plain(decision.standing), [page_to_plain(page) for page in decision.pages]
