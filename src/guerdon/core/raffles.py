"""Raffles: winners among redemptions, recomputable by anybody from the seed.

Rule: each unit of a redemption is an entry `<redemption id>#<k>`; entries are ordered by the
hexadecimal sha256 of `<seed>|<entry>`, and a member wins once. Which redemptions take part is the
caller's matter.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple


class Ticket(NamedTuple):
    """A redemption that takes part, with its quantity."""

    redemption: str
    member: str
    quantity: int


def winners(seed: str, tickets: Iterable[Ticket], count: int) -> list[tuple[str, str]]:
    """Return up to `count` winning (entry, member) pairs in the order in which they were drawn."""
    entries = [
        (f"{ticket.redemption}#{k}", ticket.member)
        for ticket in tickets
        for k in range(1, ticket.quantity + 1)
    ]
    entries.sort(key=lambda entry: sha256(f"{seed}|{entry[0]}".encode()).hexdigest())
    found: dict[str, str] = {}
    for entry, member in entries:
        if len(found) < count:
            found.setdefault(member, entry)
    return [(entry, member) for member, entry in found.items()]
