"""Tiers that a later version has put in other places: who holds one keeps holding it.

Rule: a standing knows a tier by its place among the rungs of the version that it follows, so that
the places are written anew where a version begins that has other rungs. A tier that is gone is the
next one below that is still there. What was shown before stays as it was: each entry of the history
is read with the version in force at its time.
"""

from collections.abc import Sequence

from guerdon.core import expiries
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.decision import TierEffect
from guerdon.core.rulebook import Rulebook, Version
from guerdon.core.standing import LadderState, Standing

Shown = tuple[Instant, int, Instant | None]
"""Since when a tier was shown, its place, and until when."""

HISTORY_MAX = 256

PEAKS = "peaks"
"""The shelf of the best tier that each window reached, for ladders whose windows are paid for."""


def rungs(rulebook: Rulebook, ladder: str, until: Version) -> tuple[str, ...]:
    """Return a ladder's tiers in a version, or in the last one before it that has the ladder."""
    version = rulebook.last_with("ladders", ladder, until)
    return () if version is None else tuple(it.id for it in version.program.ladders[ladder].tiers)


def rungs_of(rulebook: Rulebook, ladder: str, standing: Standing) -> tuple[str, ...]:
    """Return the tiers among which a standing writes its places."""
    return rungs(rulebook, ladder, rulebook.followed(standing.follows, standing.settled_at))


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
        found = rungs(rulebook, ladder, rulebook.at(begun))[place]
        if found != (name := name or found):
            break
        since = begun
    return since


def follow_version(d: Deciding, former: Version) -> None:
    """Let what is held on ladders follow the version in force now; `former` was followed so far."""
    for slug in list(d.standing.ladders):
        if slug not in d.program.ladders:
            continue
        old, new = rungs(d.rulebook, slug, former), rungs(d.rulebook, slug, d.state)
        if old and old != new:
            _follow(d, d.ladder(slug), slug, old, new)


def _follow(
    d: Deciding, state: LadderState, slug: str, old: Sequence[str], new: Sequence[str]
) -> None:
    to = places(old, new)
    move(state, to)
    for key, reached in list(d.everything(PEAKS).items()):
        if is_of(key, slug):
            d.put(PEAKS, key, to[reached])
    if not state.history:
        return
    _, shown, until = state.history[-1]
    place, begun = to[shown], d.program.begin
    # What the former version decided beyond this one's begin is read with this one.
    state.history = tuple(
        (since, to[each] if since >= begun else each, end) for since, each, end in state.history
    )
    if state.history[-1][1] != place:
        state.history = (*state.history[1 - HISTORY_MAX :], (d.now, place, until))
    if old[shown] != new[place]:
        d.effect(TierEffect(slug, old[shown], new[place], until, d.now))
        for wallet in list(d.standing.wallets):
            expiries.follow_policy(d, wallet)


def is_of(peak: str, ladder: str) -> bool:
    """Tell whether a key of `PEAKS` is of a ladder."""
    return peak.rpartition("|")[0] == ladder


def move(state: LadderState, to: Sequence[int]) -> None:
    """Write the places of what holds anew; what is shown is left to the caller."""
    state.earned, state.granted, state.held = to[state.earned], to[state.granted], to[state.held]
    moved = {window: to[reached] for window, reached in state.results.items()}
    state.results = {window: reached for window, reached in moved.items() if reached}
    terms = [(window, until, to[tier]) for window, until, tier in state.terms]
    state.terms = tuple(term for term in terms if term[2])
