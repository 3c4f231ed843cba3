"""Draws: random rewards whose odds are published and whose outcome anybody can recompute.

Rule: the number drawn is the first 8 bytes of sha256("<seed>|<activity id>") as a big-endian
integer over 2^64, compared exactly; so a replayed activity can never draw twice. A budget that is
spent turns a win into nothing, and that is recorded as such. Bad luck is counted since the last
prize; of accounts that became one, since the last prize of any of them.
"""

from hashlib import sha256

from guerdon.core import granting
from guerdon.core.backfill import history
from guerdon.core.context import Context, holds_all
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, DrawEffect
from guerdon.core.program import Draw, Prize
from guerdon.core.rulebook import Version
from guerdon.core.rules import Record
from guerdon.core.standing import Standing
from guerdon.core.windows import per_key

_WHOLE = 1 << 64


def drawn(seed: str, activity_id: str) -> int:
    """Return the number drawn, from 0 up to 2^64 exclusive."""
    return int.from_bytes(sha256(f"{seed}|{activity_id}".encode()).digest()[:8], "big")


def won(draw: Draw, number: int) -> Prize | None:
    """Return the first row of the table whose cumulated odds exceed the number."""
    over, under = 0, 1
    for prize in draw.table:
        over = over * prize.odds.under + prize.odds.over * under
        under *= prize.odds.under
        if number * under < over * _WHOLE:
            return prize
    return None


def play(d: Deciding, version: Version, context: Context, record: Record) -> None:
    """Play every draw that the activity takes part in."""
    for draw in version.draws_by_type.get(context.activity.type, ()):
        if context.matched(version.line_match(draw.lines)) is None:
            continue
        context.net = context.whole.net
        if holds_all(version.bound(draw.when), context):
            _play(d, draw, context, record)


def _play(d: Deciding, draw: Draw, context: Context, record: Record) -> None:
    activity = context.activity
    number = drawn(draw.seed, activity.id)
    prize, result = won(draw, number), "won"
    budget = ""
    if prize is not None:
        paid, budget = _within_budget(d, draw, prize, context.day)
        if not paid:
            prize, result = None, "budget"
    else:
        result = "none"
    if prize is None:
        misses = d.standing.misses.get(draw.id, 0) + 1
        if draw.pity is not None and misses >= draw.pity_after:
            paid, budget = _within_budget(d, draw, draw.pity, context.day)
            if paid:
                prize, result, misses = draw.pity, "pity", 0
        d.standing.misses[draw.id] = misses
    else:
        d.standing.misses[draw.id] = 0
    d.effect(DrawEffect(draw.id, number, result, prize.id if prize else None, activity.at))
    if prize is None:
        return
    lot = granting.grant(
        d,
        draw.wallet,
        prize.points,
        granting.Origin(activity.id, "draw", activity.at, activity.key, activity.partner or ""),
    )
    note = {"wallet": draw.wallet, "lot": lot, "points": prize.points, "budget": budget}
    record.setdefault("draws", {})[draw.id] = note


def count_together(d: Deciding, donor: Standing) -> None:
    """Count the misses of accounts that are one by now, as they arrived.

    The journal is asked only where both have played and one of them has missed since a prize of
    its own: no other two counts leave it open what came first.
    """
    mine = d.standing.misses
    for draw, misses in donor.misses.items():
        if draw not in mine:
            mine[draw] = misses
        elif misses or mine[draw]:
            mine[draw] = _misses_in_a_row(d, draw)


def _misses_in_a_row(d: Deciding, draw: str) -> int:
    misses = 0
    for each in history(d, (d.standing.member, *d.standing.absorbed)):
        result = each["drawn"].get(draw)
        if result in ("won", "pity"):
            misses = 0
        elif result is not None:
            misses += 1
    return misses


def _within_budget(d: Deciding, draw: Draw, prize: Prize, day: int) -> tuple[bool, str]:
    """Tell whether the budget pays the prize as a whole, and the key it was taken under."""
    if draw.budget is None:
        return True, ""
    claim = Claim("budget", f"{draw.id}|{per_key(draw.budget_per, day)}", prize.points, draw.budget)
    got = d.claim(claim)
    if got < prize.points:
        return False, ""
    d.confirm(claim, got)
    return True, claim.key
