"""Shelves while a decision is made: what lies in the head, what in pages, what moves between.

Rule: an entry outside the head is only touched after it was given; otherwise `Needed` asks for it.
What the entries mean, and the rest of a decision's working state, is in `core.deciding` and above.
"""

from collections.abc import Callable, Iterable

from guerdon.core.decision import Given, Needed
from guerdon.core.standing import FRONT, PageRef, PageWrite, Plain, Shelf, Standing, make, new


def sort_text(key: tuple[int, int, int]) -> str:
    """Return an order key as text of fixed width, so that pages sort alike."""
    first_part, second, third = key
    if first_part >= 0 and second >= 0 and third >= 0:
        # Sixteen digits each, without asking: a third of the time that a width would take.
        return f"0{first_part + SORT_BASE}0{second + SORT_BASE}0{third + SORT_BASE}"
    return f"{first_part + SORT_BASE:017d}{second + SORT_BASE:017d}{third + SORT_BASE:017d}"


SORT_BASE = 10**15
"""Added to each part of a sort, so that negative ones sort before positive ones as text."""
SORT_FRONT = 34
"""How long the text of the first two parts is; that of the third part follows."""


Order = Callable[[Plain], tuple[int, int, int]]
"""The place of an entry among the others of its shelf."""

CAPACITY = {
    "win": 8,
    "limit": 16,
    "taken": 16,
    "record": 0,
    "unfulfilled": 16,
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


class Shelving:
    """The shelves of a standing that is being decided about, and the pages that come of it."""

    __slots__ = ("counted", "forked", "given", "pages", "standing")

    def __init__(self, standing: Standing, given: Given) -> None:
        self.standing = standing
        self.given = given
        self.forked: dict[str, Shelf] = {}
        self.counted: dict[str, Shelf] = {}
        self.pages: dict[tuple[str, str], PageWrite | None] = {}

    def shelf(self, name: str) -> Shelf:
        """Return a shelf that may be changed."""
        found = self.forked.get(name)
        if found is None:
            shelves = self.standing.shelves
            before = shelves.get(name)
            found = new(Shelf)
            if before is None:
                found.items, found.spilled = {}, 0
            else:
                found.items, found.spilled = before.items.copy(), before.spilled
            self.forked[name] = shelves[name] = found
        return found

    def spilled(self, name: str) -> int:
        """Return how many entries of a shelf lie outside the head."""
        found = self.standing.shelves.get(name)
        return found.spilled if found is not None else 0

    def look(self, name: str, key: str) -> Plain:
        """Return an entry or None, asking for its page where it may lie outside the head."""
        found = self.standing.shelves.get(name)
        if found is not None:
            held = found.items.get(key)
            if held is not None:
                return held
        page = (name, key)
        if page in self.pages:
            known = self.pages[page]
            return None if known is None else known.value
        if page in self.given.entries:
            entry = self.given.entries[page]
            return None if entry is None else entry[1]
        if (found is None or not found.spilled) and name != "record":
            return None
        if PageRef(name, "all") in self.given.loaded and name != "record":
            return None
        raise Needed((PageRef(name, "one", key),))

    def expect(self, name: str, keys: Iterable[str]) -> None:
        """Ask at once for all these entries, and keep in mind which are not there.

        Else each that is put would be asked for by itself, once something lies outside the head.
        """
        missing: list[PageRef] = []
        for key in keys:
            try:
                if self.look(name, key) is None:
                    self.pages[name, key] = None
            except Needed as needed:
                missing += needed.pages
        if missing:
            raise Needed(tuple(missing))

    def put(self, name: str, key: str, value: Plain, sort: str = "") -> None:
        """Store an entry: in the head while there is room, else in its page."""
        shelf = self.forked.get(name) or self.shelf(name)
        if key in shelf.items:
            shelf.items[key] = value
            return
        if self.is_paged(name, key):
            self.write(name, key, sort, value)
            return
        capacity = capacity_of(name)
        shelf.items[key] = value
        if len(shelf.items) > capacity:
            oldest = next(iter(shelf.items)) if capacity else key
            self.spill(name, oldest, shelf.items[oldest], sort if oldest == key else "")

    def is_paged(self, name: str, key: str) -> bool:
        """Tell whether an entry is known to lie in a page now."""
        page = (name, key)
        if page in self.pages:
            return self.pages[page] is not None
        return self.given.entries.get(page) is not None

    def write(self, name: str, key: str, sort: str, value: Plain) -> None:
        """Write an entry's page."""
        self.pages[name, key] = make(PageWrite, (name, key, sort, value))

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
        place = order(value)
        held = self.standing.shelves.get(name)
        items = held.items if held is not None else {}
        if key in items:
            self.shelf(name).items[key] = value
            return None
        if not fresh and self.is_paged(name, key):
            self.write(name, key, sort_text(place), value)
            return None
        last = order(items[next(reversed(items))]) if items else None
        if held is not None and held.spilled and (last is None or place > last):
            # With an empty head nobody knows whether what lies outside comes first.
            self.lay_out(name, held, key, value, sort_text(place))
            return value
        items = self.shelf(name).items
        items[key] = value
        if last is not None and place < last:
            self.sort(name, order)
            items = self.shelf(name).items
        if len(items) <= capacity_of(name):
            return None
        end = next(reversed(items))
        moved = items[end]
        self.spill(name, end, moved, sort_text(order(moved)))
        return moved

    def lay_out(self, name: str, shelf: Shelf, key: str, value: Plain, sort: str) -> Shelf:
        """Store an entry of an ordered shelf, new to it, outside the head; return the shelf.

        The head is not copied for it: only how many entries lie outside changes.
        """
        if shelf is not self.forked.get(name) and shelf is not self.counted.get(name):
            shelf = Shelf(shelf.items, shelf.spilled)
            self.counted[name] = self.standing.shelves[name] = shelf
        shelf.spilled += 1
        self.pages[name, key] = make(PageWrite, (name, key, sort, value))
        return shelf

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
        self.write(name, key, sort, value)

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
        known: dict[str, tuple[str, Plain] | None] = {**stored}
        for (owner, key), page in self.pages.items():
            if owner == name:
                known[key] = None if page is None else (page.sort, page.value)
        return {
            key: entry[1]
            for key, entry in known.items()
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
        stored = {page: entry and entry[1] for page, entry in self.given.entries.items()}
        written = {page: entry and entry.value for page, entry in self.pages.items()}
        entries = dict(found.items)
        for (owner, key), value in {**stored, **written}.items():
            if owner == name and key not in found.items and value is not None:
                entries[key] = value
        return entries
