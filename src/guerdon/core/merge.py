"""Two accounts of one person become one.

Rule: the survivor stands as if all activities had been theirs from the start: lots keep their
dates, counters add up, badges take the earlier date, one-time grants beyond their limit are
reversed newest first, and a referral between the two was a self-referral.
"""

from collections.abc import Mapping

from guerdon.core import (
    board_rows,
    counters,
    draws,
    extensions,
    fulfilments,
    granting,
    holdings,
    lapses,
    measures,
    rules,
    rungs,
    streaks,
    wallets,
)
from guerdon.core.activity import Activity, Instant
from guerdon.core.backfill import fill_from
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding, first
from guerdon.core.decision import Needed
from guerdon.core.double_grants import end_referral, excess, limit_grants
from guerdon.core.errors import Rejected
from guerdon.core.figures import figure, keep
from guerdon.core.interleaving import interleave
from guerdon.core.lots import Lot, lot_of, order_of
from guerdon.core.readings import Reading
from guerdon.core.rejoining import count_together, joined_apart
from guerdon.core.shelving import Order
from guerdon.core.standing import Figure, PageRef, Plain, Standing
from guerdon.core.vouchers import named, origin_of, source_of, voucher_of
from guerdon.core.windows import FAR

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
            data={"from": d.standing.member, "source": activity.id},
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
    missions = joined_apart(d, donor)
    _heads(d, donor, offset)
    draws.count_together(d, donor)
    _wallets(d, donor, offset)
    _shelves(d, donor, offset)
    count_together(d, missions)
    interleave(d, offset)
    fill_from(d, donor, offset)
    end_referral(d, name, donor.member)
    limit_grants(d)
    _repeat_carries(d, donor, activity)
    for slug in donor.wallets:
        lapses.recount(d, slug)
    _pay_debts(d)
    for reading in d.state.readings.values():
        window = counters.window_key(d, reading, d.now)
        d.touch(reading.id, window or "")
    board_rows.ask_anew(d)
    _trim_everything(d)


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
        return order_of(d.state.wallet(rest))
    if prefix == fulfilments.SHELF:
        return fulfilments.order
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
    person = {mine.member, *mine.absorbed}
    if mine.referrer in person:
        mine.referrer = None
    if mine.referrer is None and donor.referrer not in person:
        mine.referrer = donor.referrer
    for kind, times in donor.counts.items():
        mine.counts[kind] = mine.counts.get(kind, 0) + times
    for badge, at in donor.badges.items():
        mine.badges[badge] = min(at, mine.badges.get(badge, at))
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
            excess(d).extend(paid)
        else:
            excess(d).extend(paid)


def _ladders(d: Deciding, donor: Standing) -> None:
    for slug, given in donor.ladders.items():
        state, theirs = d.ladder(slug), given.fork()
        rungs.move(theirs, _places(d, donor, slug))
        if _term(theirs.earned, theirs.earned_until) > _term(state.earned, state.earned_until):
            state.earned, state.earned_until = theirs.earned, theirs.earned_until
        if _term(theirs.granted, theirs.granted_until) > _term(state.granted, state.granted_until):
            state.granted, state.granted_until = theirs.granted, theirs.granted_until
        if _term(theirs.held, theirs.held_until) > _term(state.held, state.held_until):
            state.held, state.held_until = theirs.held, theirs.held_until
        results = dict(state.results)
        for window, reached in theirs.results.items():
            results[window] = max(reached, results.get(window, 0))
        state.results = results
        state.terms += theirs.terms


def _places(d: Deciding, donor: Standing, ladder: str) -> list[int]:
    """Return for each tier of a donor's ladder its place among the tiers of now."""
    new = rungs.rungs(d.rulebook, ladder, d.state)
    return rungs.places(rungs.rungs_of(d.rulebook, ladder, donor), new)


def _term(tier: int, until: Instant | None) -> tuple[int, int]:
    """Return the place of a tier: the higher one, then the one that is held longer."""
    return tier, FAR if until is None else until


def _wallets(d: Deciding, donor: Standing, offset: int) -> None:
    del offset
    for slug, theirs in donor.wallets.items():
        state = d.wallet(slug)
        for total in _TOTALS:
            setattr(state, total, getattr(state, total) + getattr(theirs, total))
        lapses.unite(d, slug, theirs)
        state.extended = extensions.united(state.extended, theirs.extended)
        state.buried = max(state.buried, theirs.buried)
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
            elif prefix == rungs.PEAKS:
                reached = _places(d, donor, key.rpartition("|")[0])[value]
                d.put(name, key, max(d.look(name, key) or 0, reached))
            elif prefix == "roll":
                d.put_ordered(name, _moved_entry(key, offset), value, counters.leaving)
            elif prefix == fulfilments.SHELF:
                d.put_ordered(name, key, value, fulfilments.order)
            elif prefix == "voucher":
                _move_voucher(d, donor.member, key, value)
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
    turn = lot.turn + offset if lot.turn else 0
    moved = lot._replace(no=lot.no + offset, cover=cover, turn=turn)
    holdings.add(d, d.state.wallet(slug), moved)


def _move_voucher(d: Deciding, donor: str, name: str, value: Plain) -> None:
    voucher = voucher_of(value)
    fresh, copy, source = name, 1, source_of(name, voucher)
    while d.look("voucher", fresh) is not None:
        copy += 1
        fresh = named(source, copy)
    d.put("voucher", fresh, voucher._replace(origin=origin_of(donor, name, voucher)))


def _unite(d: Deciding, donor: Standing, reading: Reading) -> None:
    """Add up the windows of a reading; sets and streaks are reckoned from their union."""
    theirs = _figures(donor, reading)
    if not theirs:
        return
    sets = donor.shelves.get(reading.set)
    shared = _unite_set(d, reading, sets.items if sets is not None else {})
    for window, entry in theirs.items():
        mine = figure(d, reading, window)
        if mine is None:
            keep(d, reading, window, tuple(entry))
        elif reading.measure.streak is not None:
            days = streaks.days_of(d, reading, window)
            best, run = streaks.longest_run(days)
            last = days[-1] if days else None
            keep(d, reading, window, (best, max(mine[1], entry[1]), last, run))
        else:
            value = mine[0] + entry[0] - shared.get(window, 0)
            keep(d, reading, window, (value, max(mine[1], entry[1])))


def _figures(donor: Standing, reading: Reading) -> Mapping[str, Figure]:
    """Return an account's values of a reading by window."""
    if reading.keys is None:
        return {"": donor.figures[reading.id]} if reading.id in donor.figures else {}
    shelf = donor.shelves.get(reading.win)
    return {} if shelf is None else shelf.items


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


def _repeat_carries(d: Deciding, donor: Standing, activity: Activity) -> None:
    """Grant what the two running totals are worth together and were not apart.

    Nobody will confirm a merge, so what waits for a confirmation elsewhere does not wait here.
    """
    source = text(activity.data.get("source"))
    for earning in d.state.earning_by_id.values():
        step, rule = earning.carry, earning.rule
        if step is None or rule.id not in donor.carries:
            continue
        mine, theirs = d.standing.carries.get(rule.id, 0), donor.carries[rule.id]
        d.standing.carries[rule.id] = mine + theirs
        more = step.owed(mine + theirs) - step.owed(mine) - step.owed(theirs)
        if more > 0:
            lot = granting.grant(
                d,
                rule.wallet,
                more,
                granting.Origin(source, rule.id, activity.at, activity.key),
                granting.Terms(
                    expiry=rule.expiry,
                    pending=rule.pending if rule.pending and rule.pending.period else None,
                ),
            )
            d.put(f"carried:{rule.id}", str(lot), 1, str(lot).rjust(12, "0"))
        else:
            rules.take_from_newest(d, rule, -more)  # two totals that were both rounded up


def _pay_debts(d: Deciding) -> None:
    """Let the units of one account pay the debt of the other."""
    for slug, state in list(d.standing.wallets.items()):
        if state.debt and state.spendable:
            wallets.pay_debt_from_lots(d, slug)
