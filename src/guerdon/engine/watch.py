"""Watching: what subscriptions read from.

Rule: a channel says only that something changed; what is handed out is read from the stores, so
that a lost message costs a short wait and never an entry. No queue grows behind a slow reader: a
watcher holds a position, not a backlog.
"""

from collections.abc import AsyncIterator, Collection

from guerdon.engine.outcomes import JournalEntry
from guerdon.engine.world import Topic, World


def member(
    world: World, program: str, member_id: str, *, after: int | None = None
) -> AsyncIterator[JournalEntry]:
    """Yield a member's entries in order, each once: those after `after`, or new ones from now."""
    raise NotImplementedError


def changes(
    world: World, program: str, topics: Collection[Topic], *, pause_ms: int = 250
) -> AsyncIterator[None]:
    """Yield at once and then after changes of any topic, at most once in `pause_ms`."""
    raise NotImplementedError
