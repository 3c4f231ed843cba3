"""Undoing: refunds, voided and confirmed activities.

Rule: what an activity earned is rated anew with what is left of it, in its own context, and the
difference is posted; nothing is ever edited. Limits, draws, stock and redemptions are not decided
again.
"""

from collections.abc import Sequence
from typing import Any

from guerdon.core import agreements, counters, granting, holdings, limits, rules, wallets
from guerdon.core.activity import Activity, Instant, Line
from guerdon.core.conditions import text
from guerdon.core.context import Context
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, sale
from guerdon.core.earnings import Earning
from guerdon.core.errors import Rejected
from guerdon.core.gives import Carry
from guerdon.core.originals import Original, lots_of, origin_key, release_confirmed, take_back
from guerdon.core.rating import Rating


def refund(d: Deciding, activity: Activity) -> None:
    """Take goods back: in part by lines or amount, else as a whole."""
    original = Original(d, origin_key(activity))
    record = original.record
    before = list(record["left"])
    if record.get("void") or record.get("gone"):
        raise Rejected("refund_exceeds")
    after = reduced(original.activity.lines, before, activity)
    credit = activity.data.get("as")
    if credit is not None and text(credit) not in d.program.wallets:
        raise Rejected("unknown_wallet")
    if not activity.lines and not any(line.amount for line in original.activity.lines):
        record["gone"] = True  # nothing of money tells that it all went back
    record["left"] = after
    record["refunds"] = [*record.get("refunds", ()), [activity.at, before]]
    earned = rules.granted(original.version, record)
    rerate(d, original, before=before, after=after)
    resell(d, original, earned, before=before, after=after)
    rest = None if record.get("gone") else after
    _recount(d, original, before=before, after=rest, at=activity.at)
    agreements.give_back(d, original.version, record)
    original.save(d)
    if credit is not None:
        _store_credit(d, activity, text(credit), sum(before) - sum(after))


def void(d: Deciding, activity: Activity) -> None:
    """Make an activity as if it had never happened, except for its id and what it spent."""
    original = Original(d, origin_key(activity))
    record = original.record
    if record.get("void"):
        raise Rejected("unknown_original")
    record["void"] = True
    before = list(record["left"])
    earned = rules.granted(original.version, record)
    rerate(d, original, before=before, after=None)
    resell(d, original, earned, before=before, after=None)
    left = None if record.get("gone") else before
    for at, earlier in reversed(record.get("refunds", ())):
        # What never happened was never refunded either, in whichever window that counted.
        _recount(d, original, before=left, after=earlier, at=at)
        left = earlier
    _recount(d, original, before=left, after=None, at=None)
    for name, note in record.get("draws", {}).items():
        wallets.reverse(d, note["wallet"], note["lot"], note["points"])
        if note.get("budget"):
            d.decision.releases.append(Claim("budget", note["budget"], note["points"]))
        record["draws"] = {**record["draws"], name: {**note, "points": 0}}
    kind = original.activity.type
    d.standing.counts[kind] = max(d.standing.counts.get(kind, 0) - 1, 0)
    agreements.give_back(d, original.version, record)
    original.save(d)


def resell(
    d: Deciding,
    original: Original,
    earned: dict[str, int],
    *,
    before: list[int],
    after: list[int] | None,
) -> None:
    """Let the book take back the sale as it was, and enter what is left of it."""
    if not original.version.program.book.ifrs15:
        return
    d.decision.sales.append(sale(sum(before), earned, original.activity, kind="return"))
    if after is not None:
        left = rules.granted(original.version, original.record)
        d.decision.sales.append(sale(sum(after), left, original.activity))


def follow_lessened(d: Deciding) -> None:
    """Let what rests on units follow them where a running total fell: their multiples, the book."""
    for key, name, part in d.lessened:
        lessen(d, key, name, part)
        if name in d.state.multiplied:
            _rate_multiples(d, key)
    d.lessened.clear()


def _rate_multiples(d: Deciding, key: str) -> None:
    """Let rules that multiply others give what they give for the units that are left of those."""
    original = Original(d, key)
    earned, left = rules.granted(original.version, original.record), original.record["left"]
    rerate(d, original, before=left, after=left)
    resell(d, original, earned, before=left, after=left)
    original.save(d)


def lessen(d: Deciding, key: str, name: str, part: int) -> None:
    """Let an activity have so many fewer units of a rule, because something else took them.

    What they used of a limit is free, and the book sells anew. It is none that is void: of those
    no units are left to be taken.
    """
    original = Original(d, key)
    earned, left = rules.granted(original.version, original.record), original.record["left"]
    note = dict(original.record["grants"][name])
    note["points"] -= part
    limits.shrink(d, original.version.earning_by_id[name].rule, note, note["points"])
    original.record["grants"][name] = note
    resell(d, original, earned, before=left, after=left)
    original.save(d)


def confirm(d: Deciding, activity: Activity) -> None:
    """Release the units that waited for this confirmation, those of whoever referred too."""
    original = Original(d, origin_key(activity))
    for name, note in original.record["grants"].items():
        earning = original.version.earning_by_id.get(name)
        if earning is None or earning.rule.pending is None or not note["points"]:
            continue
        if "to" in note:
            rules.refer(
                d, name, note["to"], original.activity, points=note["points"], confirmed=True
            )
        else:
            release_confirmed(d, earning.rule, note)


def reduced(lines: Sequence[Line], left: Sequence[int], activity: Activity) -> list[int]:
    """Return what is left of each line after a refund.

    Goods reduce goods and discounts reduce discounts, so that no refund adds to a purchase.
    """
    after = list(left)
    if not activity.lines:
        if lines and not any(after) and any(line.amount for line in lines):
            raise Rejected("refund_exceeds")
        return [0] * len(after)
    for back in activity.lines:
        rest = back.amount
        for index, line in enumerate(lines):
            if rest * after[index] > 0 and (index == 0 if back.whole else _same_line(back, line)):
                part = min(rest, after[index], key=abs)
                after[index] -= part
                rest -= part
        if rest:
            raise Rejected("refund_exceeds")
    return after


def _same_line(back: Line, line: Line) -> bool:
    return all(line.fields.get(name) == value for name, value in back.fields.items())


# ---------------------------------------------------------------- points


def rerate(d: Deciding, original: Original, *, before: list[int], after: list[int] | None) -> None:
    """Post, rule by rule, the difference between what was granted and what is still due."""
    grants = original.record["grants"]
    context = original.context(d, after if after is not None else [0] * len(before))
    caps = {name: note["cap"] for name, note in grants.items() if "cap" in note}
    rating = Rating(original.version, context, caps)
    gone = after is None or bool(original.record.get("gone"))
    for earning in rating.earnings:
        step = rules.step_of(earning, context) if earning.carry else None
        if step is not None:
            _recarry(d, original, earning, step, before=before, after=after)
            note = grants.get(earning.id)
            rating.carried[earning.id] = _worth(d, earning.rule.wallet, note) if note else 0
            continue
        rule = earning.rule
        note = grants.get(rule.id)
        held = note["points"] if note is not None else 0
        due = 0 if gone else rating.paid(earning)
        if rule.limit is not None:
            due = min(due, held)
        if due != held:
            _settle_difference(d, original, earning, context, due=due)


def _settle_difference(
    d: Deciding, original: Original, earning: Earning, context: Context, *, due: int
) -> None:
    grants = original.record["grants"]
    rule = earning.rule
    note: dict[str, Any] = dict(grants.get(rule.id) or {"points": 0})
    held = note["points"]
    note["points"] = due
    if "to" in note:
        rules.refer(d, rule.id, note["to"], original.activity, points=due)
    elif rule.to_referrer:
        note["to"] = referrer = text(context.kept.get("member.referrer"))
        rules.refer(d, rule.id, referrer, original.activity, points=due)
    elif due < held:
        take_back(d, rule, note, held - due)
    else:
        lot = rules.grant(d, earning, context, due - held)
        note["lots"] = [*note.get("lots", []), [lot, due - held]]
    limits.shrink(d, rule, note, due)
    grants[rule.id] = note


def _recarry(
    d: Deciding,
    original: Original,
    earning: Earning,
    step: Carry,
    *,
    before: list[int],
    after: list[int] | None,
) -> None:
    """Follow the running total down (or up): own lot first, then the rule's newest lots."""
    rule = earning.rule
    rated = Rating(original.version, original.context(d, before)).base(earning)
    kept = 0
    if after is not None and not original.record.get("gone"):
        kept = Rating(original.version, original.context(d, after)).base(earning)
    total = d.standing.carries.get(rule.id, 0)
    d.standing.carries[rule.id] = total - rated + kept
    change = step.owed(total - rated + kept) - step.owed(total)
    note = dict(original.record["grants"].get(rule.id) or {"points": 0})
    if change > 0:
        context = original.context(d, after or before)
        note["lots"] = [*note.get("lots", []), [rules.grant(d, earning, context, change), change]]
        note["points"] += change
        original.record["grants"][rule.id] = note
        return
    own = min(-change, _worth(d, rule.wallet, note))
    if own:
        take_back(d, rule, note, own)
        note["points"] -= own
        original.record["grants"][rule.id] = note
    rules.take_from_newest(d, rule, -change - own)


def _worth(d: Deciding, slug: str, note: dict[str, Any]) -> int:
    """Return what is left of the points that an activity brought, whoever took some of them."""
    return sum(holdings.find(d, slug, no).worth for no in lots_of(note))


# ---------------------------------------------------------------- counters


def _recount(
    d: Deciding,
    original: Original,
    *,
    before: list[int] | None,
    after: list[int] | None,
    at: Instant | None,
) -> None:
    """Move the counters; they follow the version in force now, in the original's context."""
    counters.recount(
        d,
        None if before is None else _state_context(d, original, before),
        None if after is None else _state_context(d, original, after),
        at,
        apart=original.record.get("apart", ()),
    )


def _state_context(d: Deciding, original: Original, left: Sequence[int]) -> Context:
    return Context(
        original.activity,
        calendar=d.rulebook.calendar,
        scale=d.program.money_scale,
        kept=original.record["kept"],
        left=left,
    )


def _store_credit(d: Deciding, activity: Activity, slug: str, money: int) -> None:
    """Pay a refund as units that never expire, one for one with the money."""
    scale = d.state.wallet(slug).scale - d.program.money_scale
    points = money * 10**scale if scale >= 0 else money // 10**-scale
    granting.grant(
        d,
        slug,
        points,
        granting.Origin(activity.id, "refund", activity.at, activity.key, activity.partner or ""),
        granting.Terms(dated=True),
    )
