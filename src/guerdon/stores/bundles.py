"""Bundles: the documents of the inbox, each with entries of one lane that came together.

A document is `{_id: program|lane|name, o: orders, a: activities}`, its entries by their orders. Its
name begins with the order of the first one, which is all of the name of an entry that stands alone;
behind that a bundle of several tells their number and a digest of their orders. Rule: bundles of
different entries never have the same name, because who writes takes a name that is there for the
same entries; a bundle of another process may begin with a copy of the same entry. An entry alone
always has the same name, so it is there once however often it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from guerdon.core.activity import Instant
from guerdon.engine.arrivals import stands_at
from guerdon.engine.records import Bundle, Waiting
from guerdon.stores.client import Document
from guerdon.stores.keyed import behind, lane_key
from guerdon.stores.prints import Whole, printed

ENTRIES_MAX = 100
BYTES_MAX = 256 * 1024
"""A bundle of several stays below this; one activity alone may be larger."""

SPAN_MS = 250
"""How much later than its first entry the last one of a bundle may have come."""

_MANY = "#"  # sorts before all that an order is continued by, and is in no order
_BEHIND_MANY = "$"
_DIGEST_BYTES = 8

COUNT: Document = {
    "$toInt": {"$ifNull": [{"$arrayElemAt": [{"$split": ["$_id", _MANY]}, 1]}, 1]},
}
"""How many entries a document has: told by its name, so that counting reads names alone."""


def entry_document(program: str, lane: int, waiting: Waiting) -> Whole:
    """Return an entry alone as it is stored."""
    return _document(program, lane, [waiting])


def bundle_documents(program: str, lane: int, entries: Sequence[Waiting]) -> Iterator[Whole]:
    """Return the documents of entries that came together, in the order of their names."""
    part: list[Waiting] = []
    until = Instant(0)
    for entry in sorted(entries, key=attrgetter("order")):
        came = stands_at(entry.order)
        if part and (came > until or len(part) == ENTRIES_MAX):
            yield from _bounded(program, lane, part)
            part = []
        if not part:
            until = Instant(came + SPAN_MS)
        part.append(entry)
    if part:
        yield from _bounded(program, lane, part)


def _bounded(program: str, lane: int, entries: Sequence[Waiting]) -> Iterator[Whole]:
    document = _document(program, lane, entries)
    if len(document.raw) <= BYTES_MAX or len(entries) == 1:
        yield document
        return
    half = len(entries) // 2
    yield from _bounded(program, lane, entries[:half])
    yield from _bounded(program, lane, entries[half:])


def _document(program: str, lane: int, entries: Sequence[Waiting]) -> Whole:
    orders = [entry.order for entry in entries]
    name = lane_key(program, lane, _name(orders))
    return printed({"_id": name, "a": [entry.activity for entry in entries], "o": orders})


def _name(orders: Sequence[str]) -> str:
    if len(orders) == 1:
        return orders[0]
    digest = blake2b("\n".join(orders).encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{orders[0]}{_MANY}{len(orders)}{_MANY}{digest}"


def first_order(name: str) -> str:
    """Return the order of the first entry of the bundle that has this name."""
    return name.partition(_MANY)[0]


def bundle_from(row: Mapping[str, Any], prefix: str) -> Bundle:
    """Return a stored bundle of the lane with this prefix."""
    name = behind(row["_id"], prefix)
    if isinstance(row["a"], dict):  # written before there were bundles
        return Bundle(name, (Waiting(name, row["a"]),))
    return Bundle(name, tuple(map(Waiting, row["o"], row["a"])))


def holding(program: str, lane: int, orders: Sequence[str]) -> list[Document]:
    """Return the queries that find the bundles of a lane with these entries, none twice.

    A bundle begins no longer than its span before any of its entries; so each query looks at those
    alone that came about the same time.
    """
    queries = []
    begin = end = ""
    some: list[str] = []
    for order in sorted(orders):
        since = f"{max(stands_at(order) - SPAN_MS, 0):012x}"
        if some and since > end:
            queries.append(_holding(program, lane, (begin, end), some))
            some = []
        if not some:
            begin = since
        end = order + _BEHIND_MANY
        some.append(order)
    if some:
        queries.append(_holding(program, lane, (begin, end), some))
    return queries


def _holding(program: str, lane: int, span: tuple[str, str], orders: list[str]) -> Document:
    begin, end = (lane_key(program, lane, each) for each in span)
    alone = [lane_key(program, lane, order) for order in orders]
    named = [{"o": {"$in": orders}}, {"_id": {"$in": alone}}]
    return {"_id": {"$gte": begin, "$lt": end}, "$or": named}
