"""How attacks are written: bodies of requests, and texts that repeat themselves."""

import json
from collections.abc import Iterator

Bodies = Iterator[tuple[str, bytes]]

BADGE = 'badge(by: {code: "b1"})'
ON_BADGE = "... on Badge"


def body(query: str, **members: object) -> bytes:
    """Return the body of a request."""
    return json.dumps({"query": query, **members}).encode()


def nested(opening: str, inner: str, closing: str, levels: int) -> str:
    """Return `inner` in so many wrappings."""
    return opening * levels + inner + closing * levels


def siblings(count: int, selection: str, on: str = "Query", root: str = "{ $ }") -> str:
    """Return fragments side by side whose selections must all be merged with each other."""
    spreads = " ".join(f"...F{n}" for n in range(count))
    fragments = [f"fragment F{n} on {on} {{ {selection} }}" for n in range(count)]
    return " ".join([root.replace("$", spreads), *fragments])
