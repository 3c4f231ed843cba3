"""What two accounts of one person were granted twice: reversed newest first after a merge.

Rule: limits count per person, a mission and an entered tier pay a person once, and a referral
between the two was a self-referral. How the accounts are united is in `core.merge`.
"""

from collections import Counter

from guerdon.core import holdings, rules, wallets
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding
from guerdon.core.lots import Lot
from guerdon.core.originals import Original
from guerdon.core.program import Grant, GrantPoints, Per, Rule
from guerdon.core.referrals import referral_gone, unrefer
from guerdon.core.windows import per_key


def excess(d: Deciding) -> list[tuple[str, str]]:
    """Return the list of (wallet, lot) that were granted twice and are reversed in the end."""
    held: list[tuple[str, str]] = d.scratch.setdefault("excess", [])
    return held


def end_referral(d: Deciding, name: str, other: str) -> None:
    """Treat a referral between the two as a self-referral, for both sides."""
    members = {name, other, d.standing.member}
    for key, friend in list(d.everything("referred").items()):
        if friend in members:
            referral_gone(d, key)
    for key, referrer in list(d.everything("befriended").items()):
        if referrer in members:
            unrefer(d, Original(d, key))


def limit_grants(d: Deciding) -> None:
    """Reverse, newest first, what the two together were granted beyond a limit per person."""
    for wallet, lot in excess(d):
        wallets.reverse(d, wallet, int(lot), holdings.find(d, wallet, int(lot)).worth)
    for rule in d.program.rules:
        if rule.limit is not None and rule.limit.by != "anyone":
            _limit_rule(d, rule)
    _limit_entries(d)


def _limit_rule(d: Deciding, rule: Rule) -> None:
    limit = rule.limit
    assert limit is not None
    name = f"limit:{rule.id}"
    for key, used in list(d.everything(name).items()):
        over = used - (limit.times if limit.times is not None else limit.points or 0)
        if over <= 0:
            continue
        if rule.to_referrer and limit.by != "beneficiary":
            _limit_referrals(d, rule, key, over)
        for lot in _newest(d, rule, key):
            if over <= 0:
                break
            part = lot.worth if limit.times is not None else min(over, lot.worth)
            wallets.reverse(d, rule.wallet, lot.no, part)
            over -= 1 if limit.times is not None else part
        d.put(name, key, limit.times if limit.times is not None else limit.points or 0)


def _limit_referrals(d: Deciding, rule: Rule, key: str, over: int) -> None:
    """Take back, newest first, what was given for one person's activities beyond a limit."""
    assert rule.limit is not None
    found = [Original(d, each) for each in d.everything("befriended")]
    for original in sorted(found, key=lambda each: each.activity.at, reverse=True):
        note = original.record["grants"].get(rule.id)
        if over <= 0 or note is None or note.get("place", [None])[0] != key:
            continue
        used = note["place"][1]
        part = min(over, used)
        over -= part
        left = 0 if rule.limit.times is not None else note["points"] - part
        rules.refer(d, rule.id, note["to"], original.activity, points=left)
        fresh = {**note, "points": left, "place": [key, used - part, False]}
        original.record["grants"][rule.id] = {**fresh, "cap": left}
        original.save(d)


def _newest(d: Deciding, rule: Rule, key: str) -> list[Lot]:
    """Return the lots that count on a limit's key, newest first."""
    limit = rule.limit
    assert limit is not None
    calendar = d.rulebook.calendar
    window, _, subject = key.partition("|")
    found = []
    for lot in holdings.every_lot(d, rule.wallet):
        if lot.rule != rule.id or not lot.worth:
            continue
        if per_key(limit.per, calendar.day(lot.at)) != window:
            continue
        if subject and _subject(d, lot, limit.subject or "") != subject:
            continue
        found.append(lot)
    return sorted(found, key=lambda lot: (-lot.at, -lot.no))


def _subject(d: Deciding, lot: Lot, field: str) -> str:
    original = Original(d, lot.key)
    context = original.context(d, original.record["left"])
    return text(original.version.getters[field](context))


def _limit_entries(d: Deciding) -> None:
    """Reverse what a tier or a badge brought twice within the window of its effect."""
    for ladder in d.program.ladders.values():
        for rung in ladder.tiers:
            _once(d, f"{ladder.id}:{rung.id}", rung.on_enter)
    for badge in d.program.badges.values():
        _once(d, f"badge:{badge.id}", badge.grant)


def _once(d: Deciding, source: str, effects: tuple[Grant, ...]) -> None:
    """Leave of each window as many lots of a source as its effects make, the oldest ones."""
    made = Counter(
        (effect.wallet, effect.as_name, effect.per or Per.LIFETIME)
        for effect in effects
        if isinstance(effect, GrantPoints)
    )
    for (slug, name, per), times in made.items():
        seen: Counter[str] = Counter()
        for lot in sorted(holdings.every_lot(d, slug), key=lambda each: (each.at, each.no)):
            if lot.source == source and lot.rule == name and lot.worth:
                window = per_key(per, d.rulebook.calendar.day(lot.at))
                seen[window] += 1
                if seen[window] > times:
                    wallets.reverse(d, slug, lot.no, lot.worth)
