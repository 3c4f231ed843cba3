"""The working state of one decision: a fork of the standing, and what has come of it so far.

Every module of the core reads and writes through this; nothing outside the core sees it. Rule:
entries outside the head are only touched after they were given; otherwise `Needed` is raised and
the whole decision is made anew, which is why nothing here may have an effect outside itself.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from guerdon.core.activity import Activity, Instant
from guerdon.core.context import member_value
from guerdon.core.decision import (
    Claim,
    Decision,
    Effect,
    Given,
    Needed,
    Posting,
)
from guerdon.core.program import Condition, Program, WindowKind
from guerdon.core.rulebook import Rulebook, Version
from guerdon.core.standing import (
    FRONT,
    LadderState,
    MissionState,
    PageRef,
    PageWrite,
    Plain,
    Shelf,
    Standing,
    WalletState,
)


def sort_text(key: tuple[int, int, int]) -> str:
    """Return an order key as text of fixed width, so that pages sort alike."""
    first_part, second, third = key
    return f"{first_part + _SORT_BASE:017d}{second + _SORT_BASE:017d}{third + _SORT_BASE:017d}"


_SORT_BASE = 10**15
"""Added to each part of a sort, so that negative ones sort before positive ones as text."""


Order = Callable[[Plain], tuple[int, int, int]]
"""The place of an entry among the others of its shelf."""

State = TypeVar("State", LadderState, MissionState)

CAPACITY = {
    "win": 8,
    "limit": 16,
    "taken": 16,
    "record": 0,
    "closed": 16,
    "days": 48,
    "roll": 32,
    "lots": 24,
    "pending": 24,
}
"""How many entries of a shelf stay in the head, by the shelf's prefix; `FRONT` for others."""


def capacity_of(shelf: str) -> int:
    """Return how many entries of a shelf stay in the head."""
    return CAPACITY.get(shelf.partition(":")[0], FRONT)


class Deciding:
    """One decision in the making, at the instant `now`."""

    __slots__ = (
        "activity",
        "claims",
        "decision",
        "forked",
        "given",
        "now",
        "owned",
        "pages",
        "rulebook",
        "scratch",
        "standing",
        "state",
        "tier_changes",
        "touched",
        "wallets",
        "windows_now",
    )

    def __init__(
        self,
        rulebook: Rulebook,
        standing: Standing,
        *,
        now: Instant,
        given: Given,
        activity: Activity | None = None,
    ) -> None:
        self.rulebook = rulebook
        self.standing = standing.fork()
        self.now = now
        self.given = given
        self.activity = activity
        self.state: Version = rulebook.at(now)
        self.decision = Decision(result="accepted", standing=self.standing)
        self.owned: set[tuple[str, str]] = set()
        self.forked: dict[str, Shelf] = {}
        self.wallets: dict[str, WalletState] = {}
        self.pages: dict[tuple[str, str], tuple[str, Plain] | None] = {}
        self.touched: dict[str, dict[str, None]] = {}
        self.tier_changes: set[str] = set()
        self.windows_now: tuple[Instant, dict[WindowKind, str]] = (now, {})
        self.scratch: dict[str, list[tuple[str, str]]] = {}

    @property
    def program(self) -> Program:
        """The version in force now: counters, ladders, wallets and missions follow it."""
        return self.state.program

    def window_now(self, kind: WindowKind) -> str:
        """Return the key of the calendar window that holds this instant; asked once an instant."""
        at, keys = self.windows_now
        if at != self.now:
            self.windows_now = (self.now, keys := {})
        found = keys.get(kind)
        if found is None:
            calendar = self.rulebook.calendar
            found = keys[kind] = calendar.window_key(kind, calendar.day(self.now))
        return found

    # ------------------------------------------------------------ parts of the head

    def own(self, group: dict[str, State], kind: str, name: str, fresh: type[State]) -> State:
        """Return a part of the head that may be changed, copied on first touch."""
        mark = (kind, name)
        if mark in self.owned:
            return group[name]
        self.owned.add(mark)
        found = group.get(name)
        state = group[name] = fresh() if found is None else found.fork()
        return state

    def wallet(self, slug: str) -> WalletState:
        """Return the wallet's totals, to be changed."""
        found = self.wallets.get(slug)
        if found is None:
            before = self.standing.wallets.get(slug)
            found = WalletState() if before is None else before.fork()
            self.wallets[slug] = self.standing.wallets[slug] = found
        return found

    def ladder(self, slug: str) -> LadderState:
        """Return the ladder's state, to be changed."""
        return self.own(self.standing.ladders, "ladder", slug, LadderState)

    def mission(self, slug: str) -> MissionState:
        """Return the mission's state, to be changed."""
        return self.own(self.standing.missions, "mission", slug, MissionState)

    def about_member(self, condition: Condition) -> bool:
        """Tell whether a condition on member attributes holds now."""
        holds = self.state.holds(condition)
        return holds is None or holds(
            lambda field: member_value(self.standing, field.removeprefix("member."))
        )

    # ------------------------------------------------------------ shelves

    def shelf(self, name: str) -> Shelf:
        """Return a shelf that may be changed."""
        found = self.forked.get(name)
        if found is None:
            before = self.standing.shelves.get(name)
            found = Shelf() if before is None else before.fork()
            self.forked[name] = self.standing.shelves[name] = found
        return found

    def spilled(self, name: str) -> int:
        """Return how many entries of a shelf lie outside the head."""
        found = self.standing.shelves.get(name)
        return found.spilled if found is not None else 0

    def look(self, name: str, key: str) -> Plain:
        """Return an entry or None, asking for its page where it may lie outside the head."""
        found = self.standing.shelves.get(name)
        if found is not None and key in found.items:
            return found.items[key]
        page = (name, key)
        if page in self.pages:
            known = self.pages[page]
            return None if known is None else known[1]
        if page in self.given.entries:
            entry = self.given.entries[page]
            return None if entry is None else entry[1]
        if (found is None or not found.spilled) and name != "record":
            return None
        if PageRef(name, "all") in self.given.loaded and name != "record":
            return None
        raise Needed((PageRef(name, "one", key),))

    def put(self, name: str, key: str, value: Plain, sort: str = "") -> None:
        """Store an entry: in the head while there is room, else in its page."""
        shelf = self.shelf(name)
        if key in shelf.items:
            shelf.items[key] = value
            return
        if self.paged(name, key) is not None:
            self.pages[name, key] = (sort, value)
            return
        capacity = capacity_of(name)
        shelf.items[key] = value
        if len(shelf.items) > capacity:
            oldest = next(iter(shelf.items)) if capacity else key
            self.spill(name, oldest, shelf.items[oldest], sort if oldest == key else "")

    def paged(self, name: str, key: str) -> tuple[str, Plain] | None:
        """Return an entry's page as it is known to be now; None where none is known."""
        page = (name, key)
        return self.pages[page] if page in self.pages else self.given.entries.get(page)

    def put_ordered(
        self,
        name: str,
        key: str,
        value: Plain,
        order: Order,
        *,
        fresh: bool = False,
    ) -> Plain:
        """Store an entry of a shelf whose head holds the first ones by `order`, in that order.

        Return what moved out of the head for it, which may be the entry itself; None if nothing
        did. `fresh` tells that the entry lies nowhere yet.
        """
        shelf = self.shelf(name)
        items = shelf.items
        if key in items:
            items[key] = value
            return None
        place = order(value)
        if not fresh and self.paged(name, key) is not None:
            self.pages[name, key] = (sort_text(place), value)
            return None
        last = order(next(reversed(items.values()))) if items else None
        if shelf.spilled and (last is None or place > last):
            # With an empty head nobody knows whether what lies outside comes first.
            self.spill(name, key, value, sort_text(place))
            return value
        items[key] = value
        if last is not None and place < last:
            self.sort(name, order)
            items = shelf.items
        if len(items) <= capacity_of(name):
            return None
        end = next(reversed(items))
        moved = items[end]
        self.spill(name, end, moved, sort_text(order(moved)))
        return moved

    def sort(self, name: str, order: Order) -> None:
        """Put the head of an ordered shelf in order again."""
        shelf = self.shelf(name)
        shelf.items = dict(sorted(shelf.items.items(), key=lambda item: order(item[1])))

    def trim(self, name: str, order: Order | None = None) -> list[Plain]:
        """Move what is too much for the head into pages and return it.

        Of an ordered shelf these are the last ones, of others the oldest.
        """
        items = self.shelf(name).items
        extra = len(items) - capacity_of(name)
        if extra <= 0:
            return []
        if order is None:
            keys = list(items)[:extra]
        else:
            keys = sorted(items, key=lambda key: order(items[key]))[-extra:]
        moved = [items[key] for key in keys]
        for key, value in zip(keys, moved, strict=True):
            self.spill(name, key, value, "" if order is None else sort_text(order(value)))
        return moved

    def spill(self, name: str, key: str, value: Plain, sort: str) -> None:
        """Move an entry of the head into a page."""
        shelf = self.shelf(name)
        shelf.items.pop(key, None)
        shelf.spilled += 1
        self.pages[(name, key)] = (sort, value)

    def drop(self, name: str, key: str) -> None:
        """Remove an entry that is known to exist."""
        shelf = self.shelf(name)
        if shelf.items.pop(key, None) is None:
            shelf.spilled -= 1
            self.pages[(name, key)] = None

    def pull(self, name: str, scope: str, order: Order | None = None) -> None:
        """Bring pages of a shelf into the head, asking for them first.

        `scope` is "all", or "front" for the next ones in order, as far as they are known.
        """
        if not self.spilled(name):
            return
        ref = PageRef(name, scope)
        if ref not in self.given.loaded:
            raise Needed((ref,))
        shelf = self.shelf(name)
        brought = self._known_pages(name, whole=scope == "all")
        if not brought:
            self.pull(name, "all", order)
        for key, value in brought.items():
            shelf.items[key] = value
            shelf.spilled -= 1
            self.pages[(name, key)] = None
        if order is not None:
            self.sort(name, order)

    def _known_pages(self, name: str, *, whole: bool) -> dict[str, Plain]:
        """Return the pages of a shelf as they are now, before which no unknown one can lie.

        What was asked for by itself may lie anywhere; so of the stored ones that are known only
        the first `FRONT` are surely the first.
        """
        stored = {
            key: entry
            for (owner, key), entry in self.given.entries.items()
            if owner == name and entry is not None
        }
        last = None
        if not whole and len(stored) >= FRONT:
            last = sorted((entry[0], key) for key, entry in stored.items())[FRONT - 1]
        written = {key: entry for (owner, key), entry in self.pages.items() if owner == name}
        return {
            key: entry[1]
            for key, entry in {**stored, **written}.items()
            if entry is not None and (last is None or (entry[0], key) <= last)
        }

    def everything(self, name: str) -> dict[str, Plain]:
        """Return all entries of a shelf, those outside the head included; nothing is moved."""
        found = self.standing.shelves.get(name)
        if found is None:
            return {}
        if not found.spilled:
            return found.items
        if PageRef(name, "all") not in self.given.loaded:
            raise Needed((PageRef(name, "all"),))
        entries = dict(found.items)
        for source in (self.given.entries, self.pages):
            for (owner, key), entry in source.items():
                if owner == name and key not in found.items:
                    if entry is None:
                        entries.pop(key, None)
                    else:
                        entries[key] = entry[1]
        return entries

    # ------------------------------------------------------------ what comes of it

    def effect(self, effect: Effect) -> None:
        """Record an effect."""
        self.decision.effects.append(effect)

    def post(
        self, wallet: str, source: str, target: str, amount: int, *, lot: int = 0, partner: str = ""
    ) -> None:
        """Record a posting; nothing is posted for nothing."""
        if amount:
            self.decision.postings.append(Posting(wallet, source, target, amount, lot, partner))

    def claim(self, claim: Claim) -> int:
        """Return how much of something shared was got, asking for it first."""
        if claim not in self.given.claims:
            raise Needed(claims=(claim,))
        return self.given.claims[claim]

    def confirm(self, claim: Claim, used: int) -> None:
        """Keep a reservation, in whole or in part."""
        if used:
            self.decision.claims.append(claim._replace(amount=used))

    def touch(self, reading: str, window: str) -> None:
        """Remember that a reading's value in a window changed."""
        self.touched.setdefault(reading, {})[window] = None

    def finished(self) -> Decision:
        """Return the decision, with the pages it writes."""
        decision = self.decision
        decision.pages = [
            PageWrite(
                shelf, key, "" if entry is None else entry[0], None if entry is None else entry[1]
            )
            for (shelf, key), entry in self.pages.items()
            if entry is not None or self.given.entries.get((shelf, key)) is not None
        ]
        return decision


def first(instants: Iterable[Instant | None]) -> Instant | None:
    """Return the earliest of the instants that are set."""
    found: Instant | None = None
    for instant in instants:
        if instant is not None and (found is None or instant < found):
            found = instant
    return found
