"""Two accounts of one person become one, and a person who leaves is forgotten.

Rule: the survivor stands as if all activities had been theirs from the start: lots keep their
dates, counters add up, badges take the earlier date, one-time grants beyond their limit are
reversed newest first, and a referral between the two was a self-referral.
"""

from collections import Counter

from guerdon.core import counters, holdings, measures, rules, wallets
from guerdon.core.activity import Activity
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding, Order, first
from guerdon.core.decision import Needed
from guerdon.core.errors import Rejected
from guerdon.core.lots import Lot, lot_of
from guerdon.core.originals import Original
from guerdon.core.program import Grant, GrantPoints, Per, Rule
from guerdon.core.referrals import referral_gone, unrefer
from guerdon.core.rulebook import Reading
from guerdon.core.standing import PageRef, Plain, Standing
from guerdon.core.windows import per_key

_TOTALS = (
    "spendable",
    "pending",
    "debt",
    "earned",
    "redeemed",
    "expired",
    "transferred",
    "adjusted",
    "written_off",
)


def give_up(d: Deciding, activity: Activity) -> None:
    """Close an account in favour of another; its standing is frozen and read from there."""
    into = text(activity.data.get("into"))
    if into == d.standing.member:
        raise Rejected("self_merge")
    d.standing.status = "merged"
    d.standing.merged_into = into
    d.decision.follow_ups.append(
        Activity(
            id=f"{activity.id}.absorb",
            type="member_absorbed",
            at=activity.at,
            received=activity.received,
            member=into,
            reporter=activity.reporter,
            data={"from": d.standing.member},
        )
    )


def absorb(d: Deciding, activity: Activity) -> None:
    """Take in everything of an account that was given up."""
    name = text(activity.data.get("from"))
    ref = PageRef("donor", "all", name)
    if name not in d.given.donors:
        raise Needed((ref,))
    _pull_everything(d)
    donor = d.given.donors[name]
    offset = d.standing.lots_made
    _heads(d, donor, offset)
    _wallets(d, donor, offset)
    _shelves(d, donor, offset)
    _end_referral(d, name, donor.member)
    _limit_grants(d)
    _repeat_carries(d, donor, activity)
    _pay_debts(d)
    for reading in d.state.readings.values():
        window = counters.window_key(d, reading, d.now)
        d.touch(reading.id, window or "")
    _trim_everything(d)


def erase(d: Deciding, activity: Activity) -> None:
    """Forget a person's attributes; the figures stay for the books."""
    del activity
    d.standing.status = "erased"
    d.standing.attrs = {}


def _pull_everything(d: Deciding) -> None:
    needed = tuple(
        PageRef(name, "all")
        for name, shelf in d.standing.shelves.items()
        if name != "record" and shelf.spilled and PageRef(name, "all") not in d.given.loaded
    )
    if needed:
        raise Needed(needed)
    for name in list(d.standing.shelves):
        if name != "record":
            d.pull(name, "all", _order_of(d, name))
    for slug in d.standing.wallets:
        d.wallet(slug).spill_due = None


def _trim_everything(d: Deciding) -> None:
    """Let the head of the survivor be no larger than any other."""
    for slug in d.standing.wallets:
        holdings.evict(d, slug)
    for name in list(d.standing.shelves):
        d.trim(name, _order_of(d, name))


def _order_of(d: Deciding, name: str) -> Order | None:
    """Return the order of an ordered shelf, None of others."""
    prefix, _, rest = name.partition(":")
    if prefix in holdings.LIVING:
        return holdings.order_of(d.rulebook.wallet(rest))
    return counters.leaving if prefix == "roll" else None


def _heads(d: Deciding, donor: Standing, offset: int) -> None:
    """Unite what lies in the two heads."""
    mine = d.standing
    mine.absorbed[donor.member] = offset
    for name, shift in donor.absorbed.items():
        mine.absorbed[name] = shift + offset
    mine.lots_made = offset + donor.lots_made
    mine.attrs = {**donor.attrs, **mine.attrs}
    mine.enrolled_at = first([mine.enrolled_at, donor.enrolled_at])
    if mine.status == "unknown":
        mine.status = "active"
    if mine.referrer == donor.member:
        mine.referrer = None
    if mine.referrer is None and donor.referrer != mine.member:
        mine.referrer = donor.referrer
    for kind, times in donor.counts.items():
        mine.counts[kind] = mine.counts.get(kind, 0) + times
    for badge, at in donor.badges.items():
        mine.badges[badge] = min(at, mine.badges.get(badge, at))
    for draw, misses in donor.misses.items():
        mine.misses[draw] = max(misses, mine.misses.get(draw, 0))
    for plan, terms in donor.plans.items():
        mine.plans[plan] = tuple(sorted((*terms, *mine.plans.get(plan, ())), key=lambda t: t[0]))
    _missions(d, donor, offset)
    _ladders(d, donor)


def _missions(d: Deciding, donor: Standing, offset: int) -> None:
    for slug, theirs in donor.missions.items():
        state = d.mission(slug)
        state.joined_at = first([state.joined_at, theirs.joined_at])
        paid = tuple((wallet, str(int(lot) + offset)) for wallet, lot in theirs.paid)
        if state.completed_at is None or theirs.completed_at is None:
            state.completed_at = first([state.completed_at, theirs.completed_at])
            state.paid += paid
        elif theirs.completed_at < state.completed_at:
            d.standing.missions[slug] = state
            state.completed_at, state.paid, paid = theirs.completed_at, paid, state.paid
            _excess(d).extend(paid)
        else:
            _excess(d).extend(paid)


def _excess(d: Deciding) -> list[tuple[str, str]]:
    """Return the list of (wallet, lot) that were granted twice and are reversed in the end."""
    held: list[tuple[str, str]] = d.scratch.setdefault("excess", [])
    return held


def _ladders(d: Deciding, donor: Standing) -> None:
    for slug, theirs in donor.ladders.items():
        state = d.ladder(slug)
        if theirs.earned > state.earned:
            state.earned, state.earned_until = theirs.earned, theirs.earned_until
        if theirs.granted > state.granted:
            state.granted, state.granted_until = theirs.granted, theirs.granted_until
        if theirs.held > state.held:
            state.held, state.held_until = theirs.held, theirs.held_until
        results = dict(state.results)
        for window, reached in theirs.results.items():
            results[window] = max(reached, results.get(window, 0))
        state.results = results


def _wallets(d: Deciding, donor: Standing, offset: int) -> None:
    del offset
    for slug, theirs in donor.wallets.items():
        state = d.wallet(slug)
        for total in _TOTALS:
            setattr(state, total, getattr(state, total) + getattr(theirs, total))
        if theirs.active_on is not None:
            state.active_on = max(theirs.active_on, state.active_on or theirs.active_on)
        state.lapses = tuple(sorted({*state.lapses, *theirs.lapses}))
        state.policy = state.policy or theirs.policy
        state.due = first([state.due, theirs.due])


def _shelves(d: Deciding, donor: Standing, offset: int) -> None:
    for name, shelf in donor.shelves.items():
        prefix, _, rest = name.partition(":")
        for key, value in shelf.items.items():
            if prefix in ("lots", "pending", "closed"):
                _move_lot(d, rest, lot_of(value), offset)
            elif prefix == "carried":
                d.put(name, str(int(key) + offset), value)
            elif prefix in ("limit", "taken", "days"):
                d.put(name, key, (d.look(name, key) or 0) + value)
            elif prefix == "roll":
                d.put_ordered(name, _moved_entry(key, offset), value, counters.leaving)
            elif prefix == "voucher":
                _move_voucher(d, key, value)
            elif prefix in ("done", "befriended", "referred", "record"):
                d.put(name, key, value)
    for reading in d.state.readings.values():
        _unite(d, donor, reading)


def _moved_entry(key: str, offset: int) -> str:
    """Return the name of a rolling window's entry: one that names a lot follows its number."""
    at, _, name = key.partition(":")
    return f"{at}:lot {int(name[4:]) + offset}" if name.startswith("lot ") else key


def _move_lot(d: Deciding, slug: str, lot: Lot, offset: int) -> None:
    cover = tuple((no + offset if no else 0, amount) for no, amount in lot.cover)
    holdings.add(d, d.rulebook.wallet(slug), lot._replace(no=lot.no + offset, cover=cover))


def _move_voucher(d: Deciding, name: str, value: Plain) -> None:
    fresh, copy = name, 1
    while d.look("voucher", fresh) is not None:
        copy += 1
        fresh = f"{name}#{copy}"
    d.put("voucher", fresh, value)


def _unite(d: Deciding, donor: Standing, reading: Reading) -> None:
    """Add up the windows of a reading; sets and streaks are reckoned from their union."""
    wins = donor.shelves.get(reading.win)
    if wins is None:
        return
    name = reading.win
    sets = donor.shelves.get(reading.set)
    shared = _unite_set(d, reading, sets.items if sets is not None else {})
    for window, entry in wins.items.items():
        mine = d.look(name, window)
        d.touch(reading.id, window)
        if mine is None:
            d.put(name, window, tuple(entry))
        elif reading.measure.streak is not None:
            days = sorted(
                int(key.rpartition("|")[2])
                for key in d.everything(reading.days)
                if key.rpartition("|")[0] == window
            )
            best, run = counters.longest_run(days)
            last = days[-1] if days else None
            d.put(name, window, (best, max(mine[1], entry[1]), last, run))
        else:
            value = mine[0] + entry[0] - shared.get(window, 0)
            d.put(name, window, (value, max(mine[1], entry[1])))


def _unite_set(d: Deciding, reading: Reading, items: dict[str, Plain]) -> dict[str, int]:
    """Unite the values of a distinct measure; return by how much each window counted twice."""
    name = reading.set
    twice: dict[str, int] = {}
    for key, (held, times) in items.items():
        mine = d.look(name, key) or (0, 0)
        both = (mine[0] + held, mine[1] + times)
        apart = measures.weight(reading.measure, *mine) + measures.weight(
            reading.measure, held, times
        )
        window = key.partition("|")[0]
        extra = apart - measures.weight(reading.measure, *both)
        twice[window] = twice.get(window, 0) + extra
        d.put(name, key, both)
    return twice


# ---------------------------------------------------------------- what was granted twice


def _end_referral(d: Deciding, name: str, other: str) -> None:
    """Treat a referral between the two as a self-referral, for both sides."""
    members = {name, other, d.standing.member}
    for key, friend in list(d.everything("referred").items()):
        if friend in members:
            referral_gone(d, key)
    for key, referrer in list(d.everything("befriended").items()):
        if referrer in members:
            unrefer(d, Original(d, key))


def _limit_grants(d: Deciding) -> None:
    """Reverse, newest first, what the two together were granted beyond a limit per person."""
    for wallet, lot in _excess(d):
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


def _repeat_carries(d: Deciding, donor: Standing, activity: Activity) -> None:
    """Grant what the two running totals are worth together and were not apart."""
    for earning in d.state.earning_by_id.values():
        step, rule = earning.carry, earning.rule
        if step is None or rule.id not in donor.carries:
            continue
        mine, theirs = d.standing.carries.get(rule.id, 0), donor.carries[rule.id]
        d.standing.carries[rule.id] = mine + theirs
        more = rules.owed(step, mine + theirs) - rules.owed(step, mine) - rules.owed(step, theirs)
        if more > 0:
            lot = wallets.grant(
                d,
                rule.wallet,
                more,
                wallets.Origin(activity.id, rule.id, activity.at, activity.key),
            )
            d.put(f"carried:{rule.id}", str(lot), 1, str(lot).rjust(12, "0"))


def _pay_debts(d: Deciding) -> None:
    """Let the units of one account pay the debt of the other."""
    for slug, state in list(d.standing.wallets.items()):
        if state.debt and state.spendable:
            wallets.pay_debt_from_lots(d, slug)
