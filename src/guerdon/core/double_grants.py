"""What two accounts of one person were granted twice: reversed newest first after a merge.

Rule: limits count per person; a mission, a badge, an entered tier and a run of a job pay a person
once, in units and in vouchers; a referral between the two was a self-referral. How the accounts are
united is in `core.merge`.
"""

from collections import Counter

from guerdon.core import holdings, rules, vouchers, wallets
from guerdon.core.activity import Instant
from guerdon.core.amend import lessen
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding
from guerdon.core.lots import Lot
from guerdon.core.originals import Original
from guerdon.core.program import Grant, GrantPoints, GrantVoucher, Per, Rule
from guerdon.core.referrals import lessen_referral, referral_gone, unrefer
from guerdon.core.vouchers import origin_of, voucher_of
from guerdon.core.windows import per_key


def excess(d: Deciding) -> list[tuple[str, str]]:
    """Return the list of (wallet, lot) that were granted twice and are reversed in the end."""
    held: list[tuple[str, str]] = d.scratch.setdefault("excess", [])
    return held


def end_referral(d: Deciding, name: str, other: str) -> None:
    """Treat a referral between the two as a self-referral, for both sides."""
    members = {name, other, d.standing.member, *d.standing.absorbed}
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
    _limit_units(d)
    _limit_vouchers(d)


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
        else:
            _limit_lots(d, rule, key, over)
        d.put(name, key, limit.times if limit.times is not None else limit.points or 0)


def _limit_lots(d: Deciding, rule: Rule, key: str, over: int) -> None:
    """Take back, newest first, what somebody was given beyond a limit of their own."""
    assert rule.limit is not None
    for lot in _newest(d, rule, key):
        if over <= 0:
            break
        part = lot.worth if rule.limit.times is not None else min(over, lot.worth)
        wallets.reverse(d, rule.wallet, lot.no, part)
        over -= 1 if rule.limit.times is not None else part
        if rule.to_referrer:
            lessen_referral(d, rule, lot.key, part)
        else:
            lessen(d, lot.key, rule.id, part)


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
    window, has_subject, subject = key.partition("|")
    found = []
    for lot in holdings.every_lot(d, rule.wallet):
        if lot.rule != rule.id or not lot.worth:
            continue
        if per_key(limit.per, calendar.day(lot.at)) != window:
            continue
        if has_subject and _subject(d, lot, limit.subject or "") != subject:
            continue
        found.append(lot)
    return sorted(found, key=lambda lot: (-lot.at, -lot.place))


def _subject(d: Deciding, lot: Lot, field: str) -> str:
    original = Original(d, lot.key)
    context = original.context(d, original.record["left"])
    return text(original.version.getters.measured(field)(context))


# ---------------------------------------------------------------- effects


def _effects_of(d: Deciding, source: str) -> tuple[Grant, ...]:
    """Return the effects by which a source grants: of a tier, a badge, a mission or a job."""
    kind, _, name = source.partition(":")
    program = d.program
    if kind == "badge" and name in program.badges:
        return program.badges[name].grant
    if kind == "mission" and name in program.missions:
        return program.missions[name].grant
    if kind in program.ladders:
        rungs = program.ladders[kind].tiers
        return next((rung.on_enter for rung in rungs if rung.id == name), ())
    return program.jobs[kind].grant if kind in program.jobs else ()


def _limit_units(d: Deciding) -> None:
    """Reverse what an effect brought twice within its window, newest first.

    What missions brought is known by their state, and reversed as `excess`.
    """
    for slug in d.program.wallets:
        seen: Counter[tuple[str, str, str]] = Counter()
        for lot in sorted(holdings.every_lot(d, slug), key=lambda each: (each.at, each.no)):
            if not lot.worth or lot.source.startswith("mission:"):
                continue
            found = [
                effect
                for effect in _effects_of(d, lot.source)
                if isinstance(effect, GrantPoints)
                and (effect.wallet, effect.as_name) == (slug, lot.rule)
            ]
            if not found:
                continue
            place = (lot.source, lot.rule, _window(d, found[0].per, lot.at))
            seen[place] += 1
            if seen[place] > len(found):
                wallets.reverse(d, slug, lot.no, lot.worth)


def _limit_vouchers(d: Deciding) -> None:
    """Make void what an effect gave twice within its window: the newest that was not used.

    What stays is called by the source's plain name, whichever account it comes from.
    """
    held: dict[tuple[str, str, str], list[tuple[Instant, str]]] = {}
    times: dict[tuple[str, str, str], int] = {}
    for name, value in d.everything("voucher").items():
        voucher, source = voucher_of(value), name.partition("#")[0]
        found = [
            effect
            for effect in _effects_of(d, source)
            if isinstance(effect, GrantVoucher) and effect.kind == voucher.kind
        ]
        if not found or voucher.redemption or voucher.state == "void":
            continue
        place = (source, voucher.kind, _window(d, found[0].per, voucher.issued_at))
        held.setdefault(place, []).append((voucher.issued_at, name))
        times[place] = len(found)
    for place, found_here in held.items():
        over = len(found_here) - times[place]
        names = [name for _, name in sorted(found_here, reverse=True)]
        unused = [name for name in names if _voucher(d, name).state == "issued"]
        for name in unused[: max(over, 0)]:
            vouchers.cancel(d, name)
        _move_up(d, place[0], [name for _, name in found_here])


def _move_up(d: Deciding, source: str, names: list[str]) -> None:
    """Give the plain name to one that stays: there is one, since only what is too much goes.

    Only once all that goes is gone, because names are what it is chosen by.
    """
    held = {name: _voucher(d, name) for name in names}
    if source not in held or held[source].state != "void":
        return
    other = next(name for name, one in held.items() if one.state != "void")
    living, void, member = held[other], held[source], d.standing.member
    d.put("voucher", source, living._replace(origin=origin_of(member, other, living)))
    d.put("voucher", other, void._replace(origin=origin_of(member, source, void)))


def _voucher(d: Deciding, name: str) -> vouchers.Voucher:
    return voucher_of(d.look("voucher", name))


def _window(d: Deciding, per: Per | None, at: Instant) -> str:
    return per_key(per or Per.LIFETIME, d.rulebook.calendar.day(at))
