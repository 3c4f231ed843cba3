"""Limits: how often, or how much, a rule may give per window, and by whom that is counted.

Rule: a limit is decided at arrival and never again; a grant that is reversed as a whole frees its
place for the next activity, and points that are reversed are no longer counted. Limits that all
members share are claimed from the engine.
"""

from typing import Any, NamedTuple

from guerdon.core.conditions import text
from guerdon.core.context import Context, Getters
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim
from guerdon.core.program import Limit, Rule
from guerdon.core.standing import Plain, make
from guerdon.core.windows import per_key


class Place(NamedTuple):
    """What a grant used of a limit: `shared` tells that other members count on it too."""

    key: str
    used: int
    shared: bool


def admit(
    d: Deciding, rule: Rule, limit: Limit, context: Context, points: int
) -> tuple[int, Place]:
    """Return how many points the limit lets through, and the place they take."""
    key = limit_key(limit, context, d.rulebook.at(context.activity.at).getters)
    whole = limit.times if limit.times is not None else limit.points or 0
    wanted = 1 if limit.times is not None else points
    if limit.by == "anyone":
        claim = Claim("limit", f"{rule.id}|{key}", wanted, whole)
        got = d.claim(claim)
        d.confirm(claim, got)
        used = got
    else:
        name = f"limit:{rule.id}"
        held = d.look(name, key) or 0
        used = max(min(wanted, whole - held), 0)
        if used:
            d.put(name, key, held + used)
    granted = used if limit.times is None else points if used else 0
    return granted, make(Place, (key, used, limit.by == "anyone"))


def free(d: Deciding, rule_id: str, place: Plain) -> None:
    """Give back the place of a grant that was reversed as a whole."""
    key, used, shared = place
    if shared:
        d.decision.releases.append(Claim("limit", f"{rule_id}|{key}", used))
        return
    name = f"limit:{rule_id}"
    held = (d.look(name, key) or 0) - used
    d.put(name, key, max(held, 0))


def shrink(d: Deciding, rule: Rule, note: dict[str, Any], left: int) -> None:
    """Give back what a grant no longer uses of its limit, of which so many points are left.

    A place is given back with the last of them, points as they go; a grant without one used none.
    """
    if "place" not in note:
        return
    key, used, shared = note["place"]
    if not left:
        free(d, rule.id, note.pop("place"))
    elif rule.limit is not None and rule.limit.points is not None and left < used:
        free(d, rule.id, [key, used - left, shared])
        note["place"] = [key, left, shared]


def limit_key(limit: Limit, context: Context, getters: Getters) -> str:
    """Return the key under which a limit counts: its window, and its subject where it has one."""
    window = per_key(limit.per, context.day)
    if limit.subject is not None and limit.by in ("subject", "anyone"):
        return f"{window}|{text(getters.measured(limit.subject)(context))}"
    return window
