"""Pages of lists that grow: Relay's arguments in, a keyset range out.

The rule: a cursor names a place by the sort key of the entry it stands on, so that pages neither
skip nor repeat when entries come and go; it also says which list it belongs to, and a cursor of
another list, or one that nobody gave out, is refused.

Which sort key a list has is in the module of its noun.
"""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

import orjson

from guerdon.api.describe import argument, noun, says
from guerdon.api.transport.errors import BadInput

PAGE_DEFAULT = 20
PAGE_MAX = 100
_CURSOR_CHARACTERS_MAX = 1_200
_NUMBER_FAR = 2**63
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
TEXT_END = "\U0010ffff"
"""Comes behind every text that is a key."""

_FOREIGN = "This cursor does not belong to this list: pass on one that it gave out."

First = Annotated[
    int | None, argument("How many from the start, at most 100; 20 where neither is given.")
]
After = Annotated[str | None, argument("Only what comes after this cursor.")]
Last = Annotated[int | None, argument("How many from the end, at most 100; not with `first`.")]
Before = Annotated[str | None, argument("Only what comes before this cursor.")]

Key = tuple[str | int, ...]
_T = TypeVar("_T")
_Item_co = TypeVar("_Item_co", covariant=True)


@noun
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = says("Whether entries follow this page.")
    has_previous_page: bool = says("Whether entries come before this page.")
    start_cursor: str | None = says("The cursor of the first entry; null on an empty page.")
    end_cursor: str | None = says("The cursor of the last entry; null on an empty page.")


@dataclass(frozen=True, slots=True)
class Range:
    """What a page asks for: at most `limit` entries strictly between two keys.

    Backward means the last ones of the range instead of the first; entries are shown in the order
    of the list either way.
    """

    limit: int
    after: Key | None = None
    before: Key | None = None
    backward: bool = False

    @property
    def is_from_start(self) -> bool:
        """Whether nothing of the list can come before the page."""
        return not self.backward and self.after is None

    @property
    def is_from_end(self) -> bool:
        """Whether nothing of the list can come behind the page."""
        return self.backward and self.before is None


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page: the entries in the list's order, each with its key, and whether there are more."""

    entries: Sequence[_T]
    keys: Sequence[Key]
    has_next: bool
    has_previous: bool

    def cursors(self, kind: str) -> list[str]:
        """Return the cursor of each entry."""
        return [write_cursor(kind, key) for key in self.keys]


class Stretch(Protocol[_Item_co]):
    """What a verb of the engine returns for a page."""

    @property
    def items(self) -> Sequence[_Item_co]:
        """The entries in the list's order."""
        ...

    @property
    def has_previous(self) -> bool:
        """Whether the list has entries before these."""
        ...

    @property
    def has_next(self) -> bool:
        """Whether the list has entries behind these."""
        ...


class Fetch(Protocol[_Item_co]):
    """Reads up to `limit` entries behind one key, or those just before the other."""

    def __call__(
        self, *, limit: int, after: Key | None, before: Key | None
    ) -> Awaitable[Stretch[_Item_co]]:
        """Return the stretch; at most one of the keys is given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[_T]):
    """A list that grows: its name and the types of its keys, for cursors; and its order.

    `order` makes keys comparable, ascending in the order of the list; `end` is a key behind every
    entry, where reading the last ones begins.
    """

    kind: str
    shape: tuple[type, ...]
    key: Callable[[_T], Key]
    order: Callable[[Key], Any]
    end: Key

    def range(
        self, *, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> Range:
        """Return what Relay's four arguments ask of this list."""
        return read_range(self.kind, self.shape, first=first, after=after, last=last, before=before)

    async def page(self, asked: Range, fetch: Fetch[_T]) -> Page[_T]:
        """Return the page that was asked for; one read, whatever the arguments."""
        limit = max(asked.limit, 1)
        if asked.backward:
            end = self.end if asked.before is None else asked.before
            found = await fetch(limit=limit, after=None, before=end)
        else:
            found = await fetch(limit=limit, after=asked.after, before=None)
        return self._cut(asked, found)

    def _cut(self, asked: Range, found: Stretch[_T]) -> Page[_T]:
        """Leave out what lies beyond the other bound, or beyond a page of no entries at all."""
        keys = [self.key(entry) for entry in found.items]
        begin, end = 0, len(keys)
        if asked.backward and asked.after is not None:
            bound = self.order(asked.after)
            begin = sum(self.order(key) <= bound for key in keys)
        elif not asked.backward and asked.before is not None:
            bound = self.order(asked.before)
            end = sum(self.order(key) < bound for key in keys)
        has_next = not asked.is_from_end and (found.has_next or end < len(keys))
        has_previous = not asked.is_from_start and (found.has_previous or begin > 0)
        if asked.limit == 0:
            has_next = has_next or (end > begin and not asked.backward)
            has_previous = has_previous or (end > begin and asked.backward)
            begin = end = 0
        return Page(found.items[begin:end], keys[begin:end], has_next, has_previous)


def write_cursor(kind: str, key: Key) -> str:
    """Return the cursor that stands on the entry with this key, whose numbers have 64 bits."""
    text = binascii.b2a_base64(orjson.dumps([kind, *key]), newline=False)
    return text.translate(_URL_SAFE, b"=").decode()


def read_cursor(kind: str, shape: tuple[type, ...], text: str) -> Key:
    """Return the key under a cursor of the list `kind`, whose parts have the types of `shape`.

    Raises:
        BadInput: The cursor was not given out by this list.
    """
    found, key = read_any_cursor(shape, text)
    if found != kind:
        raise BadInput(_FOREIGN)
    return key


def read_any_cursor(shape: tuple[type, ...], text: str) -> tuple[str, Key]:
    """Return the list that gave a cursor out, and the key under it.

    Raises:
        BadInput: The cursor was given out by no list with keys of that shape.
    """
    if len(text) > _CURSOR_CHARACTERS_MAX:
        text = ""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        kind, *key = json.loads(raw)
        fits = isinstance(kind, str) and [type(part) for part in key] == list(shape)
        fits = fits and all(-_NUMBER_FAR <= it < _NUMBER_FAR for it in key if isinstance(it, int))
        fits = fits and write_cursor(kind, tuple(key)) == text
    except (binascii.Error, ValueError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise BadInput(_FOREIGN)
    return kind, tuple(key)


def read_range(
    kind: str,
    shape: tuple[type, ...],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Range:
    """Return what Relay's four arguments ask for.

    Raises:
        BadInput: Both sizes are given, one is out of bounds, or a cursor is not of this list.
    """
    if first is not None and last is not None:
        raise BadInput("Give `first` or `last`, not both: a page has one direction.")
    size = first if last is None else last
    if size is None:
        size = PAGE_DEFAULT
    if not 0 <= size <= PAGE_MAX:
        name = "first" if last is None else "last"
        raise BadInput(f"`{name}` must be between 0 and {PAGE_MAX}; it is {size}.")
    return Range(
        limit=size,
        after=None if after is None else read_cursor(kind, shape, after),
        before=None if before is None else read_cursor(kind, shape, before),
        backward=last is not None,
    )


@dataclass(frozen=True, slots=True)
class Found(Generic[_T]):
    """A stretch of a list."""

    items: Sequence[_T]
    has_previous: bool
    has_next: bool


def whole(entries: Sequence[_T], listing: Listing[_T]) -> Fetch[_T]:
    """Return what reads stretches of a list that is wholly at hand, sorted as it is listed."""
    places = [listing.order(listing.key(entry)) for entry in entries]

    async def fetch(*, limit: int, after: Key | None, before: Key | None) -> Found[_T]:
        if before is not None:
            end = bisect_left(places, listing.order(before))
            begin = max(end - limit, 0)
        else:
            begin = 0 if after is None else bisect_right(places, listing.order(after))
            end = min(begin + limit, len(entries))
        return Found(entries[begin:end], begin > 0, end < len(entries))

    return fetch


def page_info(page: Page[Any], cursors: Sequence[str]) -> PageInfo:
    """Return what a connection says of a page."""
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
