"""How each type of activity is decided, once everything due before it has happened.

Rule: an activity is refused by the first reason that applies, and then nothing happened at all;
else it joins the history, and what it changes is read off the history.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from guerdon.core.activity import OWN_TYPES, Activity, Instant, Value
from guerdon.core.amounts import Rounding
from guerdon.core.program import (
    After,
    Draw,
    Expiry,
    GrantTier,
    Inactivity,
    Never,
    OnDate,
    Period,
    Reward,
)
from oracle import agreeing, earning, purse
from oracle.calendar import EPOCH, MILLISECOND, plus
from oracle.following import follow
from oracle.granting import Cause, award, grant_tier, issue
from oracle.reading import (
    Look,
    context_of,
    holds,
    matching,
    number,
    seen,
)
from oracle.redeeming import Back, undo, waiting
from oracle.world import (
    Drawn,
    Happened,
    Lot,
    Person,
    Redemption,
    Use,
    World,
)


class Refused(Exception):
    """An activity counts for nothing, with the reason."""


def decide(world: World, person: Person, activity: Activity) -> None:
    """Decide an activity of an enrolled member.

    Raises:
        Refused: It is rejected.
    """
    world.known = len(world.history), len(world.lots)
    kind = DECIDERS.get(activity.type, _earning)
    happened = Happened(activity, person.name, context_of(world, person, activity))
    kind(world, person, happened)


def follow_on(
    world: World,
    person: Person,
    activity: Activity,
    *,
    refunded: bool = False,
    brought: tuple[Happened | Lot, ...] = (),
) -> None:
    """Read ladders, missions and badges after something happened."""
    earning.rate_multiples(world, activity.received)
    follow(world, person, Cause(activity.at, activity.received, brought), refunded=refunded)


def _join_history(world: World, person: Person, happened: Happened) -> None:
    """Let an activity be one: for counters, for inactivity, and for what it extends."""
    world.history.append(happened)
    _listen(world, person, happened)


def _listen(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    for wallet in world.program.wallets.values():
        policy = purse.policy_now(world, person, wallet, None)
        if isinstance(policy, Inactivity) and activity.type in policy.activity:
            happened.kept_alive.add(wallet.id)
            person.used.add(wallet.id)
    purse.bring_to_life(world, person, activity.received)
    for wallet in world.program.wallets.values():
        extend = wallet.extend
        if extend is None or activity.type not in extend.activity:
            continue
        if not holds(extend.when, seen(world, happened, sum(happened.remaining()))):
            continue
        first = world.calendar.day(activity.at).replace(day=1)
        bound = world.calendar.begin(plus(first, extend.through))
        purse.extend(world, person, wallet.id, activity, bound)


# ---------------------------------------------------------------- earning


def _earning(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    look = seen(world, happened, sum(happened.remaining()))
    for rule in world.rules_at(activity.at).accept:
        if activity.type in rule.activity and not holds(rule.when, look):
            raise Refused(rule.reason)
    _use_vouchers(person, activity)
    earning.earn(world, happened, activity.received)
    _join_history(world, person, happened)
    for draw in world.rules_at(activity.at).draws.values():
        if activity.type in draw.activity:
            _draw(world, person, happened, draw)
    if not agreeing.take_issued(world, happened):
        raise Refused("partner_exhausted")
    follow_on(world, person, activity)
    _follow_beneficiaries(world, person, happened)


def _follow_beneficiaries(
    world: World,
    person: Person,
    happened: Happened,
    *,
    cause: Activity | None = None,
    refunded: bool = False,
) -> None:
    """Read the ladders, missions and badges of others who got something, or lose it by `cause`."""
    owners = dict.fromkeys(world.survivor(award.lot.owner) for award in happened.awards)
    for name in owners:
        other = world.person(name)
        if other is not None and other is not person:
            follow_on(world, other, cause or happened.activity, refunded=refunded)


def _use_vouchers(person: Person, activity: Activity, key: str = "vouchers") -> None:
    named = activity.data.get(key)
    names = named if isinstance(named, tuple) else () if named is None else (named,)
    vouchers = []
    for name in names:
        voucher = person.vouchers.get(str(name))
        if voucher is None or voucher in vouchers or voucher.shown(activity.at) != "issued":
            raise Refused("voucher_used")
        vouchers.append(voucher)
    for voucher in vouchers:
        voucher.state = "used"


def _draw(world: World, person: Person, happened: Happened, draw: Draw) -> None:
    activity = happened.activity
    places = matching(world, activity, draw.lines, happened.remaining())
    look = seen(world, happened, sum(happened.remaining()))
    if (draw.lines and not places) or not holds(draw.when, look):
        return
    digest = sha256(f"{draw.seed}|{activity.id}".encode()).digest()
    u = int.from_bytes(digest[:8], "big")
    result, prize, points = "none", None, 0
    reached = Fraction(0)
    for row in draw.table:
        reached += earning.fraction(row.odds)
        if Fraction(u, 2**64) < reached:
            result, prize, points = "won", row.id, row.points
            break
    if result == "won" and not _in_budget(world, draw, activity.at, points):
        result, prize, points = "budget", None, 0
    if result != "won" and draw.pity is not None:
        misses = 1
        for earlier in reversed(world.draws):
            if earlier.draw == draw.id and world.survivor(earlier.member) == person.name:
                if earlier.result in ("won", "pity"):
                    break
                misses += 1
        if misses >= draw.pity_after and _in_budget(world, draw, activity.at, draw.pity.points):
            result, prize, points = "pity", draw.pity.id, draw.pity.points
    world.draws.append(
        Drawn(draw.id, activity.id, person.name, activity.at, u, result, prize, points)
    )
    if points:
        lot = Lot(
            person.name,
            draw.wallet,
            activity.id,
            "draw",
            points,
            activity.at,
            activity=activity.key,
            partner=activity.partner,
        )
        purse.grant(world, person, lot, now=activity.received, pending=None)


def _in_budget(world: World, draw: Draw, at: int, points: int) -> bool:
    if draw.budget is None:
        return True
    span = world.calendar.span(draw.budget_per, at)
    voided = {one.activity.id for one in world.history if one.voided}
    won = sum(
        one.points
        for one in world.draws
        if one.draw == draw.id
        and one.activity not in voided
        and (span is None or span[0] <= one.at < span[1])
    )
    return won + points <= draw.budget


# ---------------------------------------------------------------- what undoes


def _original(world: World, person: Person, activity: Activity) -> Happened:
    for one in world.history_of(person):
        if one.activity.id == activity.data.get("of") and one.activity.type not in OWN_TYPES:
            return one
    raise Refused("unknown_original")


def _refund(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    original = _original(world, person, activity)
    taken = _taken(original, activity)
    credit = str(activity.data.get("as") or "")
    if credit and credit not in world.program.wallets:
        raise Refused("unknown_wallet")
    owed, issued = earning.owed_in_total(world, original), agreeing.issued_by(world, original)
    original.taken.append((activity.at, taken))
    _join_history(world, person, happened)
    earning.rerate(world, original, activity.received, owed)
    agreeing.give_back_issued(world, original, issued)
    money = sum(taken)
    if credit and money > 0:
        wallet = world.program.wallets[credit]
        shift = wallet.scale - world.program.money_scale
        points = Fraction(money) * Fraction(10) ** shift
        lot = Lot(
            person.name,
            credit,
            activity.id,
            "refund",
            int(points),
            activity.at,
            policy=Never(),
            partner=activity.partner,
        )
        purse.grant(world, person, lot, now=activity.received, pending=None)
    follow_on(world, person, activity, refunded=True)
    _follow_beneficiaries(world, person, original, cause=activity, refunded=True)


def _taken(original: Happened, activity: Activity) -> list[int]:
    """Return what a refund takes from each line of its original."""
    lines, left = original.activity.lines, original.remaining()
    if original.voided or original.gone:
        raise Refused("refund_exceeds")
    if not activity.lines:
        original.gone = not any(line.amount for line in lines)
        if not original.gone and not any(left):
            raise Refused("refund_exceeds")
        return left
    taken = [0] * len(left)
    for back in activity.lines:
        rest = back.amount
        for place, line in enumerate(lines):
            fits = all(line.fields.get(key) == value for key, value in back.fields.items())
            if (place == 0) if back.whole else fits:
                there = left[place] - taken[place]
                if rest * there > 0:  # goods reduce goods, discounts reduce discounts
                    part = min(rest, there, key=abs)
                    taken[place] += part
                    rest -= part
        if rest:
            raise Refused("refund_exceeds")
    return taken


def _void(world: World, person: Person, happened: Happened) -> None:
    original = _original(world, person, happened.activity)
    if original.voided:
        raise Refused("unknown_original")
    owed, issued = earning.owed_in_total(world, original), agreeing.issued_by(world, original)
    original.voided = True
    earning.rerate(world, original, happened.activity.received, owed)
    for lot in world.lots_of(person):
        if lot.rule == "draw" and lot.activity == original.activity.key and lot.worth:
            purse.take_back(world, person, lot, lot.worth)
    agreeing.give_back_issued(world, original, issued)
    _join_history(world, person, happened)
    follow_on(world, person, happened.activity, refunded=True)
    _follow_beneficiaries(world, person, original, cause=happened.activity, refunded=True)


def _confirm(world: World, person: Person, happened: Happened) -> None:
    original = _original(world, person, happened.activity)
    _join_history(world, person, happened)
    for lot in [one.lot for one in original.awards]:
        if lot.release == "confirmed":
            lot.release = None
            owner = world.person(lot.owner)
            assert owner is not None
            purse.repay(world, owner, lot.wallet)
    follow_on(world, person, happened.activity)


# ---------------------------------------------------------------- rewards


def price_of(
    world: World, reward: Reward, activity: Activity, look: Look, quantity: int
) -> tuple[str, int]:
    """Return the wallet that pays, and how much: the first price that fits, or the cost."""
    wallet = str(activity.data.get("wallet") or reward.wallet)
    for price in reward.prices:
        if price.wallet == wallet and holds(price.when, look):
            return wallet, price.cost * quantity
    if wallet != reward.wallet:
        raise Refused("unknown_price")
    if reward.cost is not None:
        return wallet, reward.cost * quantity
    value = number(activity.data.get("value")) or Decimal(0)
    money = Fraction(value) * 10**world.program.money_scale
    exact = money * reward.any_points / reward.any_value * quantity
    return wallet, purse.rounded(exact, Rounding.CEIL)


def is_priced(reward: Reward, look: Look) -> bool:
    """Tell whether a price is known before the member names a value."""
    fits = (one for one in reward.prices if one.wallet == reward.wallet and holds(one.when, look))
    return reward.cost is not None or any(fits)


def closed_at(reward: Reward, at: int) -> str:
    """Return why a reward cannot be had at an instant: it is shown and given in spans of time."""
    spans = (reward.visible, reward.redeemable)
    if any(span.begin is not None and at < span.begin for span in spans):
        return "not_yet"
    return "ended" if any(span.end is not None and span.end <= at for span in spans) else ""


def stocks_left(world: World, reward: Reward, at: int) -> list[int]:
    """Return how many there are still, in all and in the period of an instant, where limited."""
    taken = [one for one in world.redemptions if one.reward == reward.id and not one.cancelled]
    left = []
    if reward.stock is not None:
        more = sum(count for slug, count in world.stocked if slug == reward.id)
        left.append(reward.stock + more - sum(one.quantity for one in taken))
    if reward.period_stock is not None:
        assert reward.period_stock_per is not None
        span = world.calendar.span(reward.period_stock_per, at)
        inside = [one for one in taken if span is None or span[0] <= one.at < span[1]]
        left.append(reward.period_stock - sum(one.quantity for one in inside))
    return left


def _redeem(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    reward = world.program.rewards.get(str(activity.data.get("item")))
    if reward is None:
        raise Refused("unknown_reward")
    quantity = int(number(activity.data.get("qty")) or 1)
    look = seen(world, happened, 0)
    if closed := closed_at(reward, activity.at):
        raise Refused(closed)
    if reward.id in world.off_sale:
        raise Refused("off_sale")
    wallet, cost = price_of(world, reward, activity, look, quantity)
    if not holds(reward.when, look):
        raise Refused("not_eligible")
    if reward.per_member_times is not None:
        span = world.calendar.span(reward.per_member_per, activity.at)
        before = sum(
            one.quantity
            for one in world.redemptions
            if one.reward == reward.id
            and world.survivor(one.member) == person.name
            and not one.cancelled
            and (span is None or span[0] <= one.at < span[1])
        )
        if before + quantity > reward.per_member_times:
            raise Refused("limit")
    if any(left < quantity for left in stocks_left(world, reward, activity.at)):
        raise Refused("out_of_stock")
    if purse.spendable(world, person, wallet) < cost:
        raise Refused("insufficient_points")
    use = Use("redemption", activity.id, cost)
    redemption = Redemption(
        activity.id,
        person.name,
        reward.id,
        wallet,
        quantity,
        activity.at,
        activity.partner or reward.partner,
        use,
    )
    if not agreeing.take_redeemed(world, redemption):
        agreeing.give_back_redeemed(world, redemption)
        raise Refused("partner_exhausted")
    person.uses.append((wallet, use))
    purse.spend(world, person, wallet, use, cost)
    world.redemptions.append(redemption)
    if reward.fulfil_within is not None:
        redemption.waits = activity.received + reward.fulfil_within.minutes * 60_000
    else:
        _deliver(world, person, redemption, activity.at, activity.received)
    _join_history(world, person, happened)
    follow_on(world, person, activity)


def _deliver(world: World, person: Person, redemption: Redemption, at: int, now: int) -> None:
    reward = world.program.rewards[redemption.reward]
    for _ in range(redemption.quantity if reward.has_voucher else 0):
        issue(world, person, reward.id, redemption.name, at, reward.voucher_valid)
    if reward.gives_points:
        points = reward.gives_points * redemption.quantity
        lot = Lot(person.name, reward.gives_wallet, redemption.name, "reward", points, at)
        redemption.brought = purse.grant(world, person, lot, now=now, pending=None)


def _waiting(world: World, person: Person, activity: Activity) -> Redemption:
    for one in waiting(world, person):
        if one.name == activity.data.get("of"):
            return one
    raise Refused("not_pending")


def _fulfil(world: World, person: Person, happened: Happened) -> None:
    redemption = _waiting(world, person, happened.activity)
    redemption.waits = None
    _deliver(world, person, redemption, happened.activity.at, happened.activity.received)
    _join_history(world, person, happened)
    follow_on(world, person, happened.activity)


def _refuse(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    redemption = _waiting(world, person, activity)
    undo(world, person, redemption, Back(redemption.name, activity.at, activity.received))
    _join_history(world, person, happened)
    follow_on(world, person, activity)


def _cancel(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    found = [
        one
        for one in world.redemptions
        if one.name == activity.data.get("of")
        and world.survivor(one.member) == person.name
        and not one.cancelled
    ]
    if not found:
        raise Refused("not_redeemed")
    redemption = found[0]
    reward = world.program.rewards[redemption.reward]
    vouchers = [
        voucher
        for name, voucher in person.vouchers.items()
        if name.partition("#")[0] == redemption.name
    ]
    if any(voucher.state == "used" for voucher in vouchers):
        raise Refused("voucher_used")
    if redemption.waits is None:
        if reward.final:
            raise Refused("final")
        if reward.cancel_within is not None and activity.at >= world.calendar.through(
            redemption.at, reward.cancel_within
        ):
            raise Refused("cancel_window")
    for voucher in vouchers:
        voucher.state = "void"
    undo(world, person, redemption, Back(activity.id, activity.at, activity.received))
    _join_history(world, person, happened)
    follow_on(world, person, activity)


# ---------------------------------------------------------------- by hand, and between members


def units(world: World, wallet: str, value: Value) -> int:
    """Return an amount of units that an activity names, in minor units."""
    found = number(value) or Decimal(0)
    return int(found.scaleb(world.program.wallets[wallet].scale))


def own_expiry(activity: Activity) -> Expiry | None:
    """Return what an adjustment says of its expiry: a map, or in short `never` or a period."""
    told = {key.removeprefix("expiry."): str(value) for key, value in activity.data.items()}
    mode, period = told.get("mode"), told.get("period")
    if "expiry" in told:
        mode, period = ("never", None) if told["expiry"] == "never" else ("after", told["expiry"])
    if mode == "after":
        found = PERIOD.fullmatch(period or "")
        assert found is not None
        years, months, days = (int(part or 0) for part in found.groups())
        return After(Period(months=12 * years + months, days=days), told.get("round", "day"))
    if mode == "date":
        month, day = told["month_day"].split("-")
        return OnDate(int(month), int(day), int(told.get("years", 0)))
    return Never() if mode == "never" else None


PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


def _adjust(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    wallet = str(activity.data.get("wallet"))
    points = units(world, wallet, activity.data.get("points"))
    if points > 0:
        lot = Lot(person.name, wallet, activity.id, "adjustment", points, activity.at)
        lot.policy, lot.partner = own_expiry(activity), activity.partner
        purse.grant(world, person, lot, now=activity.received, pending=None)
    elif points < 0:
        use = Use("adjustment", activity.id, -points)
        purse.take(world, person, wallet, use, -points)
    _join_history(world, person, happened)
    follow_on(world, person, activity)


def _transfer(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    wallet = world.program.wallets[str(activity.data.get("wallet"))]
    points = units(world, wallet.id, activity.data.get("points"))
    other = world.person(str(activity.data.get("to")))
    if other is person:
        raise Refused("self_transfer")
    arriving = Fraction(points)
    if wallet.transfer_to is not None:
        arriving *= Fraction(10) ** (world.program.wallets[wallet.transfer_to].scale - wallet.scale)
    if arriving.denominator != 1:
        raise Refused("invalid_points")
    if other is None:
        raise Refused("unknown_member")
    if purse.spendable(world, person, wallet.id) < points:
        raise Refused("insufficient_points")
    use = Use("transfer", activity.id, points)
    person.uses.append((wallet.id, use))
    touched = purse.spend(world, person, wallet.id, use, points)
    if wallet.transfer_to is not None:
        got = int(arriving)
        lot = Lot(other.name, wallet.transfer_to, activity.id, "received", got, activity.at)
        purse.grant(world, other, lot, now=activity.received, pending=None)
    else:
        for lot in touched:
            part = sum(amount for one, amount in lot.uses if one is use)
            moved = Lot(other.name, wallet.id, lot.source, f"xfer.{lot.rule}", part, lot.at)
            moved.expires, moved.policy, moved.moved = lot.expires, lot.policy, True
            moved.since = activity.at
            purse.grant(world, other, moved, now=activity.received, pending=None)
    _join_history(world, person, happened)
    follow_on(world, person, activity)
    follow_on(world, other, activity)


def _grant_tier(world: World, person: Person, happened: Happened) -> None:
    data = happened.activity.data
    written = data.get("until")
    end = None
    if written is not None:
        moment = datetime.fromisoformat(str(written))
        end = Instant(int((moment.astimezone(UTC) - EPOCH) / MILLISECOND))
    effect = GrantTier(ladder=str(data.get("ladder")), tier=str(data.get("tier")), until=end)
    grant_tier(world, person, effect, Cause(happened.activity.at, happened.activity.received))
    _join_history(world, person, happened)
    follow_on(world, person, happened.activity)


def _buy_plan(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    plan = world.program.plans.get(str(activity.data.get("plan")))
    if plan is None:
        raise Refused("unknown_plan")
    terms = person.terms.setdefault(plan.id, [])
    running = terms[-1] if terms else None
    if running is not None and running[1] is None:
        raise Refused("already_for_life")
    if plan.period is None:
        terms.append((activity.at, None))
    elif running is not None and running[1] is not None and activity.at < running[1]:
        day = plus(world.calendar.day(running[1]), plan.period)
        terms[-1] = (running[0], world.calendar.begin(day))
    else:
        terms.append((activity.at, world.calendar.through(activity.at, plan.period)))
    _join_history(world, person, happened)
    follow_on(world, person, activity)


def _cancel_plan(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    terms = person.terms.get(str(activity.data.get("plan")), [])
    if not terms or (terms[-1][1] is not None and terms[-1][1] <= activity.at):
        raise Refused("not_eligible")
    terms[-1] = (terms[-1][0], activity.at)
    _join_history(world, person, happened)
    follow_on(world, person, activity)


def _join_mission(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    mission = world.program.missions[str(activity.data.get("mission"))]
    end = mission.window.end
    if mission.id not in person.joined and end is not None and end <= activity.at:
        raise Refused("not_eligible")
    person.joined.setdefault(mission.id, activity.at)
    person.joined_after.setdefault(mission.id, (len(world.history), len(world.lots)))
    _join_history(world, person, happened)
    follow_on(world, person, activity)


def _update(world: World, person: Person, happened: Happened) -> None:
    take_attributes(person, happened.activity)
    _join_history(world, person, happened)
    follow_on(world, person, happened.activity)


def take_attributes(person: Person, activity: Activity) -> None:
    """Keep the attributes that an activity brings."""
    for name, value in activity.data.items():
        if name.startswith("attrs."):
            person.attrs[name.removeprefix("attrs.")] = value


def _plain(world: World, person: Person, happened: Happened) -> None:
    _join_history(world, person, happened)
    follow_on(world, person, happened.activity)


def _use_voucher(world: World, person: Person, happened: Happened) -> None:
    _use_vouchers(person, happened.activity, "voucher")
    _plain(world, person, happened)


def _award_badge(world: World, person: Person, happened: Happened) -> None:
    activity = happened.activity
    cause = Cause(activity.at, activity.received)
    award(world, person, str(activity.data.get("badge")), cause)
    _plain(world, person, happened)


DECIDERS: dict[str, Callable[[World, Person, Happened], None]] = {
    "refund": _refund,
    "ineligible": _void,
    "confirmation": _confirm,
    "redemption": _redeem,
    "redemption_cancelled": _cancel,
    "redemption_fulfilled": _fulfil,
    "redemption_refused": _refuse,
    "voucher_used": _use_voucher,
    "adjustment": _adjust,
    "transfer": _transfer,
    "tier_granted": _grant_tier,
    "badge_awarded": _award_badge,
    "plan_purchased": _buy_plan,
    "plan_cancelled": _cancel_plan,
    "mission_joined": _join_mission,
    "member_updated": _update,
    "identity_linked": _plain,
}
