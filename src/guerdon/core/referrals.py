"""Referrals: what a friend's activity brings to the one who referred, and how that can change.

Rule: the referrer's side is an activity of its own in the referrer's lane; it carries what the
friend's activity is worth from now on, and the difference to what was granted is posted.
"""

from typing import Any

from guerdon.core import granting, limits, rules
from guerdon.core.activity import Activity, Instant
from guerdon.core.amend import rerate, resell
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding
from guerdon.core.errors import Rejected
from guerdon.core.originals import Original, release_confirmed, take_back
from guerdon.core.program import Limit, Rule
from guerdon.core.windows import per_key


def referral_changed(d: Deciding, activity: Activity) -> None:
    """Give the one who referred what a friend's activity is worth to them now."""
    data = activity.data
    name, source, origin = (text(data[field]) for field in ("rule", "source", "origin"))
    at = Instant(int(text(data["origin_at"])))
    due = int(text(data["points"]))
    earning = d.rulebook.at(at).earning_by_id.get(name)
    if earning is None:
        raise Rejected("unknown_rule")
    rule = earning.rule
    page = f"{origin}.{name}"
    note = _note(d, page)
    fresh = "seen" not in note
    note["seen"] = True
    if fresh and rule.limit is not None and rule.limit.by == "beneficiary":
        due = _admit_beneficiary(d, rule, rule.limit, note, due, at)
    elif "cap" in note:
        due = min(due, note["cap"])
    held = note["points"]
    note["points"] = due
    if due > held:
        lot = granting.grant(
            d,
            rule.wallet,
            due - held,
            granting.Origin(source, name, at, origin, activity.partner or ""),
            granting.Terms(expiry=rule.expiry, pending=rule.pending),
        )
        note["lots"] = [*note["lots"], [lot, due - held]]
        if d.look("referred", page) is None:
            d.put("referred", page, text(data["friend"]))
    elif due < held:
        take_back(d, rule, note, held - due)
    if text(data.get("confirmed")) == "true":
        release_confirmed(d, rule, note)
    limits.shrink(d, rule, note, due)
    d.put("record", page, note)


def _note(d: Deciding, page: str) -> dict[str, Any]:
    """Return what is known of a friend's activity, with lots as the member counts them now."""
    note: dict[str, Any] = dict(d.look("record", page) or {"points": 0})
    shift = d.standing.absorbed.get(note.get("member", ""), 0)
    note["lots"] = [[no + shift, amount] for no, amount in note.get("lots", [])]
    note["member"] = d.standing.member
    return note


def _admit_beneficiary(
    d: Deciding, rule: Rule, limit: Limit, note: dict[str, Any], due: int, at: Instant
) -> int:
    key = per_key(limit.per, d.rulebook.calendar.day(at))
    name = f"limit:{rule.id}"
    held = d.look(name, key) or 0
    whole = limit.times if limit.times is not None else limit.points or 0
    wanted = 1 if limit.times is not None else due
    used = max(min(wanted, whole - held), 0) if due else 0
    if used:
        d.put(name, key, held + used)
        note["place"] = [key, used, False]
    granted = due if used and limit.times is not None else used
    if granted < due:
        note["cap"] = granted
    return granted


def lessen_referral(d: Deciding, rule: Rule, origin: str, part: int) -> None:
    """Let a friend's activity have brought so many fewer units, and bring no more ever again."""
    page = f"{origin}.{rule.id}"
    note = _note(d, page)
    note["points"] = note["cap"] = max(note["points"] - part, 0)
    limits.shrink(d, rule, note, note["points"])
    d.put("record", page, note)


def referral_gone(d: Deciding, page: str) -> None:
    """Take back everything that a friend's activity brought, because it was oneself."""
    note = _note(d, page)
    name = page.rpartition(".")[2]
    versions = d.rulebook.versions
    if not note["points"]:
        return
    rule = next(v.earning_by_id[name].rule for v in versions if name in v.earning_by_id)
    take_back(d, rule, note, note["points"])
    note["points"] = 0
    if "place" in note:
        limits.free(d, name, note.pop("place"))
    d.put("record", page, note)


def unrefer(d: Deciding, original: Original) -> None:
    """Rate an activity anew as one of a member whom nobody referred; a voided one stays void."""
    left, earned = list(original.record["left"]), rules.granted(original.version, original.record)
    original.record["kept"] = {**original.record["kept"], "member.referrer": None}
    if not original.record.get("void"):
        rerate(d, original, before=left, after=left)
        resell(d, original, earned, before=left, after=left)
    original.save(d)
