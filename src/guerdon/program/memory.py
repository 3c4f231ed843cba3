"""A whole program in memory, for rehearsals: members, their pages, and what they share.

Rule: it answers whatever the core asks for (`Needed`) exactly as stores do, and keeps what a
decision writes, so that a rehearsal decides as the service would. Arrival (duplicates, unknown
numbers, merged accounts) is in `arrivals`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from guerdon.core.accounting import Contract, Settlement
from guerdon.core.activity import Activity, Instant
from guerdon.core.backfill import HISTORY, told
from guerdon.core.decide import decide
from guerdon.core.decision import (
    Claim,
    Decision,
    DrawEffect,
    Given,
    Needed,
    RedemptionEffect,
    Score,
)
from guerdon.core.plain import activity_to_plain, effect_to_plain
from guerdon.core.program import Program
from guerdon.core.raffles import Ticket
from guerdon.core.rulebook import Rulebook
from guerdon.core.settle import settle
from guerdon.core.standing import FRONT, PageRef, PageWrite, Plain, Shelf, Standing
from guerdon.core.views import View

T = TypeVar("T")

ANSWERS_MAX = 10_000
"""How often one decision may ask; a core that asks for ever is a bug, not a reason to hang."""

PROGRAM_LANE = ""
"""The member under which what concerns the whole program is decided."""

Pages = dict[tuple[str, str], tuple[str, Plain]]


class Memory:
    """The state of one program; `now` never goes back."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rulebook = Rulebook([program])
        self.standings: dict[str, Standing] = {}
        self.pages: dict[str, Pages] = {}
        self.records: dict[str, Plain] = {}
        self.history: dict[str, list[tuple[int, Plain]]] = {}
        self.arrived = 0
        self.used: dict[tuple[str, str], int] = {}
        self.survivors: dict[str, str] = {}
        self.scores: dict[tuple[str, Instant], dict[str, Score]] = {}
        self.draws: dict[str, DrawEffect] = {}
        self.redemptions: dict[str, tuple[str, str, Ticket]] = {}
        self.payouts: list[tuple[str, str, Instant, int]] = []
        self.settlement = Settlement()
        self.contract = Contract()

    # ------------------------------------------------------------ members

    def survivor(self, member: str) -> str:
        """Return the member to whom an id leads, after merges."""
        while member in self.survivors:
            member = self.survivors[member]
        return member

    def is_enrolled(self, member: str) -> bool:
        """Tell whether there is such a member."""
        standing = self.standings.get(self.survivor(member))
        return standing is not None and standing.enrolled_at is not None

    def members(self) -> list[Standing]:
        """Return the standings of all members that were not merged into others."""
        return [self.standings[name] for name in self.standings if name not in self.survivors]

    # ------------------------------------------------------------ deciding

    def decide(self, activity: Activity) -> Decision:
        """Decide an activity for its member, and keep what it wrote."""
        member = activity.member or PROGRAM_LANE
        standing = self.standings.get(member) or Standing(member)
        decision = self.answering(
            member, lambda given: decide(self.rulebook, standing, activity, given)
        )
        if decision.record is not None:
            self.records[activity.key] = {
                **decision.record,
                "activity": activity_to_plain(activity),
            }
        if decision.result == "accepted":
            kept = (decision.record or {}).get("kept")
            self.arrived += 1
            effects = map(effect_to_plain, decision.effects)
            said = told(member, activity_to_plain(activity), kept, effects)
            self.history.setdefault(member, []).append((self.arrived, said))
        self.keep(member, decision)
        for effect in decision.effects:
            if isinstance(effect, DrawEffect):
                self.draws[activity.id] = effect
        return decision

    def due(self, to: Instant) -> list[str]:
        """Return the members to whom something happens by time alone up to an instant, in order."""
        found = [
            (standing.due_at, standing.member)
            for standing in self.members()
            if standing.due_at is not None and standing.due_at <= to
        ]
        return [member for _, member in sorted(found)]

    def settle(self, member: str, to: Instant) -> Decision:
        """Bring one member up to an instant."""
        standing = self.standings[member]
        decision = self.answering(member, lambda given: settle(self.rulebook, standing, to, given))
        self.keep(member, decision)
        return decision

    def view(self, member: str, at: Instant, read: Callable[[View], T]) -> T:
        """Return what is read of a member as of an instant; nothing is kept.

        Reading sees the pages that settling would write.
        """
        standing = self.standings.get(member) or Standing(member)
        settled = self.answering(member, lambda given: settle(self.rulebook, standing, at, given))
        held = dict(self.pages.get(member, {}))
        self.turn(member, settled.pages)
        try:
            return self.answering(
                member, lambda given: read(View(self.rulebook, settled.standing, given))
            )
        finally:
            self.pages[member] = held

    def keep(self, member: str, decision: Decision) -> None:
        """Store what a decision leaves behind."""
        if member != PROGRAM_LANE and decision.standing.enrolled_at is not None:
            self.standings[member] = decision.standing
            self.turn(member, decision.pages)
        for claim in decision.claims:
            held = (claim.kind, claim.key)
            self.used[held] = self.used.get(held, 0) + claim.amount
        for claim in decision.releases:
            held = (claim.kind, claim.key)
            left = self.used.get(held, 0) - claim.amount
            # One that names the whole size may give more than was taken.
            self.used[held] = max(left, 0) if claim.capacity is None else left
        for score in decision.scores:
            self.scores.setdefault((score.leaderboard, score.period), {})[member] = score
        for sale in decision.sales:
            self.contract.add(self.program, sale)
        for wallet, at, amount in decision.payouts:
            self.payouts.append((member, wallet, at, amount))
        self.settlement.add(decision.postings)
        for effect in decision.effects:
            if isinstance(effect, RedemptionEffect):
                ticket = Ticket(effect.redemption, member, effect.quantity)
                self.redemptions[effect.redemption] = (effect.reward, effect.state, ticket)
        into = decision.standing.merged_into
        if into is not None and member not in self.survivors:
            self.survivors[member] = self.survivor(into)

    def turn(self, member: str, writes: list[PageWrite]) -> None:
        """Write pages."""
        pages = self.pages.setdefault(member, {})
        for write in writes:
            if write.value is None:
                pages.pop((write.shelf, write.key), None)
            else:
                pages[(write.shelf, write.key)] = (write.sort, write.value)

    # ------------------------------------------------------------ answering

    def answering(self, member: str, ask: Callable[[Given], T]) -> T:
        """Return the outcome of something that may ask for pages and claims."""
        given = Given()
        for _ in range(ANSWERS_MAX):
            try:
                return ask(given)
            except Needed as needed:
                for ref in needed.pages:
                    self.answer_page(member, ref, given)
                for claim in needed.claims:
                    given.claims[claim] = self.available(claim)
        raise RuntimeError(f"the core asked {ANSWERS_MAX} times for pages of {member}")

    def answer_page(self, member: str, ref: PageRef, given: Given) -> None:
        """Put what a reference names into `given`."""
        given.loaded.add(ref)
        if ref.shelf == "donor":
            given.donors[ref.key] = self.whole(ref.key)
            return
        if ref.shelf == HISTORY:
            for place, each in self.history.get(ref.key, ()):
                order = f"{each['activity']['received']:015d}{place:09d}"
                given.entries[HISTORY, f"{ref.key} {place}"] = (order, each)
            return
        pages = self.pages.get(member, {})
        if ref.scope == "one":
            entry = pages.get((ref.shelf, ref.key))
            if entry is None and ref.shelf == "record" and ref.key in self.records:
                entry = ("", self.records[ref.key])
            given.entries[(ref.shelf, ref.key)] = entry
            return
        found = sorted(
            (entry[0], key, entry) for (shelf, key), entry in pages.items() if shelf == ref.shelf
        )
        if ref.scope == "front":
            found = [part for part in found if part[0] > ref.key or not ref.key][:FRONT]
        for _, key, entry in found:
            given.entries[(ref.shelf, key)] = entry

    def available(self, claim: Claim) -> int:
        """Return how much of something shared can be had."""
        if claim.kind == "member":
            return int(self.is_enrolled(claim.key))
        if claim.capacity is None:
            return claim.amount
        left = claim.capacity - self.used.get((claim.kind, claim.key), 0)
        return max(min(claim.amount, left), 0)

    def whole(self, member: str) -> Standing:
        """Return a member's standing with all pages in it."""
        found = self.standings[member].fork()
        shelves: dict[str, Shelf] = {
            name: Shelf(dict(shelf.items)) for name, shelf in found.shelves.items()
        }
        for (name, key), (_, value) in self.pages.get(member, {}).items():
            shelves.setdefault(name, Shelf()).items[key] = value
        return replace(found, shelves=shelves)
