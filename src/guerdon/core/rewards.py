"""Redeeming: units buy a reward.

Rule: refused in a fixed order, so that the same situation always gets the same answer:
`not_yet`, `ended`, `off_sale`, `not_eligible`, `limit`, `out_of_stock`, `insufficient_points`.
Stock and codes are claimed. What a partner must fulfil is paid and set aside at once, and given
when it is fulfilled: what becomes of a redemption afterwards is decided in `core.redemptions`.
"""

from decimal import Decimal
from typing import Any

from guerdon.core import agreements, fulfilments, granting, vouchers, wallets
from guerdon.core.activity import Activity, Instant
from guerdon.core.amounts import Rounding, divide
from guerdon.core.conditions import number, text
from guerdon.core.context import Context, holds_all, is_state, state_value
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, RedemptionEffect
from guerdon.core.errors import Rejected
from guerdon.core.offering import sale_claim
from guerdon.core.program import Condition, Per, Reward
from guerdon.core.rulebook import Version
from guerdon.core.windows import per_key

QUANTITY_MAX = 1_000_000
VOUCHERS_MAX = 1_000
"""How many one redemption takes at most, and where each brings a voucher: all are made at once."""


def redeem(d: Deciding, activity: Activity) -> dict[str, Any]:
    """Spend units on a reward and return the redemption's record."""
    version = d.rulebook.at(activity.at)
    reward = version.program.rewards.get(text(activity.data.get("item")))
    if reward is None:
        raise Rejected("unknown_reward")
    quantity = _quantity(reward, activity)
    if closed := closed_at(reward, activity.at):
        raise Rejected(closed)
    if reward.partner is not None and not d.claim(sale_claim(reward.id, peek=True)):
        raise Rejected("off_sale")
    wallet, cost = price(d, reward, activity, version, quantity)
    if not matches(d, version, reward.when, activity):
        raise Rejected("not_eligible")
    window = per_key(reward.per_member_per, d.rulebook.calendar.day(activity.at))
    taken = d.look(f"taken:{reward.id}", window) or 0
    if reward.per_member_times is not None and taken + quantity > reward.per_member_times:
        raise Rejected("limit")
    claims = _claims(d, reward, quantity, activity.at)
    _reserve(d, claims, wallet=wallet, cost=cost)
    d.put(f"taken:{reward.id}", window, taken + quantity)
    partner = activity.partner or reward.partner or ""
    claims += agreements.redeem(d, version, partner, wallet, cost, activity.at)
    until = _set_aside(d, reward, activity)
    portions = wallets.take(
        d, wallet, cost, target="redeemed" if until is None else HELD,
        partner=partner if until is None else "",
    )  # fmt: skip
    d.wallet(wallet).redeemed += cost
    state = "issued" if until is None else "pending"
    record = {
        "member": d.standing.member,
        "reward": reward.id,
        "wallet": wallet,
        "taken": [list(pair) for pair in portions],
        "cost": cost,
        "quantity": quantity,
        "vouchers": [],
        "state": state,
        "window": window,
        "partner": partner,
        "at": activity.at,
        "claims": [[claim.kind, claim.key, claim.amount] for claim in claims],
        **({} if until is None else {"until": until}),
    }
    if until is None:
        record |= deliver(d, reward, activity.key, quantity, activity.at)
    paid_by = "" if wallet == reward.wallet else wallet
    d.effect(
        RedemptionEffect(
            activity.id, reward.id, state, cost, quantity, activity.at, paid_by, until=until
        )
    )
    return record


HELD = "held"
"""The account in which units lie that paid for what a partner has yet to fulfil."""


def _set_aside(d: Deciding, reward: Reward, activity: Activity) -> Instant | None:
    """Let a redemption wait where a partner must fulfil it; return how long, None where none."""
    if reward.fulfil_within is None:
        return None
    until = Instant(d.now + reward.fulfil_within.milliseconds)
    fulfilments.wait(d, activity.key, until)
    return until


def deliver(d: Deciding, reward: Reward, key: str, quantity: int, at: Instant) -> dict[str, Any]:
    """Give what a redemption brings, vouchers and units; return what its record says of them."""
    redemption = key.partition("/")[2]
    copies = range(1, 1 + quantity if reward.has_voucher else 1)
    d.expect("voucher", [vouchers.named(redemption, copy) for copy in copies])
    names = [
        vouchers.issue(
            d,
            reward.id,
            source=redemption,
            at=at,
            valid=reward.voucher_valid,
            redemption=redemption,
            codes=f"{reward.codes}|{copy - 1}|{key}" if reward.codes else "",
            copy=copy,
        )
        for copy in copies
    ]
    origin = granting.Origin(redemption, "reward", at, key)
    points = (reward.gives_points or 0) * quantity
    lot = granting.grant(d, reward.gives_wallet, points, origin) if points else 0
    return {"vouchers": names, **({"lot": lot} if lot else {})}


def closed_at(reward: Reward, at: Instant) -> str:
    """Return why a reward cannot be taken at an instant; nothing where it can."""
    places = {reward.visible.place(at), reward.redeemable.place(at)}
    return "not_yet" if -1 in places else "ended" if 1 in places else ""


def price(
    d: Deciding, reward: Reward, activity: Activity, version: Version, quantity: int
) -> tuple[str, int]:
    """Return the wallet that pays and what it pays in its minor units, rounded up.

    The first price that fits the member counts: of the wallet that the activity names, else of the
    reward's own.
    """
    asked = text(activity.data.get("wallet")) or reward.wallet
    for offered in reward.prices:
        if offered.wallet == asked and matches(d, version, offered.when, activity):
            return asked, offered.cost * quantity
    if asked != reward.wallet:
        raise Rejected("unknown_price")
    if reward.cost is not None:
        return asked, reward.cost * quantity
    value = number(activity.data.get("value"))
    if value is None or value <= 0:
        raise Rejected("invalid_value")
    over, under = value.scaleb(version.program.money_scale).as_integer_ratio()
    cost = divide(over * reward.any_points, under * reward.any_value, Rounding.CEIL)
    return asked, cost * quantity


def matches(d: Deciding, version: Version, condition: Condition, activity: Activity) -> bool:
    """Tell whether a condition holds for something that is no earning activity."""
    if not condition:
        return True
    program, calendar = version.program, d.rulebook.calendar
    kept = {
        test.field: state_value(program, calendar, d.standing, activity, field=test.field)
        for test in condition.tests
        if is_state(program, test.field)
    }
    context = Context(activity, calendar=calendar, scale=program.money_scale, kept=kept)
    return holds_all(version.bound(condition), context)


def _quantity(reward: Reward, activity: Activity) -> int:
    value = number(activity.data.get("qty", Decimal(1)))
    most = VOUCHERS_MAX if reward.has_voucher else QUANTITY_MAX
    if value is None or value != int(value) or not 1 <= value <= most:
        raise Rejected("invalid_quantity")
    return int(value)


def _claims(d: Deciding, reward: Reward, quantity: int, at: Instant) -> list[Claim]:
    """Return all that a redemption takes of what members share."""
    day = d.rulebook.calendar.day(at)
    claims = stock_claims(reward, quantity, period_of(reward, day))
    if reward.codes is not None and reward.has_voucher:
        claims.append(Claim("code", reward.codes, quantity))
    return claims


def period_of(reward: Reward, day: int) -> str:
    """Return the period whose stock a day's redemptions are taken from."""
    return per_key(reward.period_stock_per or Per.DAY, day)


def stock_claims(reward: Reward, quantity: int, window: str) -> list[Claim]:
    """Return what taking a reward claims of its stock, in total and within a period."""
    claims = []
    if reward.stock is not None:
        claims.append(Claim("stock", reward.id, quantity, reward.stock))
    if reward.period_stock is not None:
        claims.append(Claim("stock", f"{reward.id}|{window}", quantity, reward.period_stock))
    return claims


def _reserve(d: Deciding, claims: list[Claim], *, wallet: str, cost: int) -> None:
    """Take from the stock what the member can pay; say `out_of_stock` before a lack of points."""
    held = d.standing.wallets.get(wallet)
    enough = not cost or (held is not None and held.spendable >= cost)
    for claim in claims:
        if d.claim(claim._replace(peek=not enough)) < claim.amount:
            raise Rejected("out_of_stock")
    if not enough:
        raise Rejected("insufficient_points")
    for claim in claims:
        d.confirm(claim, claim.amount)
