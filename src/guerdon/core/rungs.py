"""Tiers that a later version has put in other places: who holds one keeps holding it.

Rule: a standing knows a tier by its place among the rungs of the version in force, so that the
places are written anew where a version begins that has other rungs. A tier that is gone is the next
one below that is still there. What was shown before stays as it was: each entry of the history is
read with the version in force at its time.
"""

from collections.abc import Sequence
from itertools import pairwise

from guerdon.core import expiries
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.decision import TierEffect
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import LadderState

Shown = tuple[Instant, int, Instant | None]
"""Since when a tier was shown, its place, and until when."""

HISTORY_MAX = 256


def rungs(rulebook: Rulebook, ladder: str, at: Instant) -> tuple[str, ...]:
    """Return a ladder's tiers at an instant, by the last version until then that has it."""
    until = rulebook.at(at)
    versions = rulebook.versions[: rulebook.versions.index(until) + 1]
    begins = [version.program.begin for version in versions]
    # Of two that begin at one instant, the first was never in force.
    held = [
        one for one, (mine, next_) in zip(versions, pairwise(begins), strict=False) if mine < next_
    ]
    for version in (until, *reversed(held)):
        if ladder in version.program.ladders:
            return tuple(rung.id for rung in version.program.ladders[ladder].tiers)
    return ()


def places(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """Return for each of the old tiers its place among the new ones, or that of the next below."""
    found, place = [], 0
    for name in old:
        place = new.index(name) if name in new else place
        found.append(place)
    return found


def held_since(rulebook: Rulebook, ladder: str, history: Sequence[Shown]) -> Instant:
    """Return since when the tier shown last is held, in whatever places versions had it."""
    since, name = history[-1][0], None
    for begun, place, _ in reversed(history):
        found = rungs(rulebook, ladder, begun)[place]
        if found != (name := name or found):
            break
        since = begun
    return since


def follow_version(d: Deciding, before: Instant) -> None:
    """Let what is held on ladders follow the version that begins now; `before` is settled."""
    for slug in list(d.standing.ladders):
        if slug not in d.program.ladders:
            continue
        old, new = rungs(d.rulebook, slug, before), rungs(d.rulebook, slug, d.now)
        if old and old != new:
            _follow(d, d.ladder(slug), slug, old, new)


def _follow(
    d: Deciding, state: LadderState, slug: str, old: Sequence[str], new: Sequence[str]
) -> None:
    move(state, places(old, new))
    if not state.history:
        return
    _, shown, until = state.history[-1]
    place = places(old, new)[shown]
    if place != shown:
        state.history = (*state.history[1 - HISTORY_MAX :], (d.now, place, until))
    if old[shown] != new[place]:
        d.effect(TierEffect(slug, old[shown], new[place], until, d.now))
        for wallet in list(d.standing.wallets):
            expiries.follow_policy(d, wallet)


def move(state: LadderState, to: Sequence[int]) -> None:
    """Write the places of what holds anew; what is shown is left to the caller."""
    state.earned, state.granted, state.held = to[state.earned], to[state.granted], to[state.held]
    moved = {window: to[reached] for window, reached in state.results.items()}
    state.results = {window: reached for window, reached in moved.items() if reached}
    terms = [(window, until, to[tier]) for window, until, tier in state.terms]
    state.terms = tuple(term for term in terms if term[2])
