"""Redemptions: units buy a reward, and a cancelled redemption gives them back to their own lots.

Rule: refused in a fixed order, so that the same situation always gets the same answer:
`not_eligible`, `limit`, `out_of_stock`, `insufficient_points`; a cancellation `not_redeemed`,
`voucher_used`, `final`, `cancel_window`. Stock is claimed from the engine.
"""

from decimal import Decimal
from typing import Any

from guerdon.core import returns, vouchers, wallets
from guerdon.core.activity import Activity
from guerdon.core.amounts import Rounding, divide, to_minor
from guerdon.core.conditions import number, text
from guerdon.core.context import Context, holds_all, is_state, state_value
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, RedemptionEffect
from guerdon.core.errors import Rejected
from guerdon.core.originals import is_own, origin_key
from guerdon.core.program import Condition, Reward
from guerdon.core.rulebook import Version
from guerdon.core.windows import add, per_key


def redeem(d: Deciding, activity: Activity) -> dict[str, Any]:
    """Spend units on a reward and return the redemption's record."""
    version = d.rulebook.at(activity.at)
    reward = version.program.rewards.get(text(activity.data.get("item")))
    if reward is None:
        raise Rejected("unknown_reward")
    quantity = _quantity(activity)
    cost = price(reward, activity, version, quantity)
    if not matches(d, version, reward.when, activity):
        raise Rejected("not_eligible")
    window = per_key(reward.per_member_per, d.rulebook.calendar.day(activity.at))
    taken = d.look(f"taken:{reward.id}", window) or 0
    if reward.per_member_times is not None and taken + quantity > reward.per_member_times:
        raise Rejected("limit")
    _reserve(d, reward, quantity, cost)
    d.put(f"taken:{reward.id}", window, taken + quantity)
    partner = activity.partner or reward.partner or ""
    portions = wallets.take(d, reward.wallet, cost, target="redeemed", partner=partner)
    d.wallet(reward.wallet).redeemed += cost
    names = [
        vouchers.issue(
            d,
            reward.id,
            source=activity.id,
            at=activity.at,
            valid=reward.voucher_valid,
            redemption=activity.id,
        )
        for _ in range(quantity if reward.has_voucher else 0)
    ]
    d.effect(RedemptionEffect(activity.id, reward.id, "issued", cost, quantity, activity.at))
    return {
        "member": d.standing.member,
        "reward": reward.id,
        "wallet": reward.wallet,
        "taken": [list(pair) for pair in portions],
        "cost": cost,
        "quantity": quantity,
        "vouchers": names,
        "state": "issued",
        "window": window,
        "partner": partner,
        "at": activity.at,
    }


def price(reward: Reward, activity: Activity, version: Version, quantity: int) -> int:
    """Return what a redemption costs in the wallet's minor units, rounded up."""
    if reward.cost is not None:
        return reward.cost * quantity
    value = number(activity.data.get("value"))
    if value is None or value <= 0:
        raise Rejected("invalid_value")
    money = to_minor(value, version.program.money_scale, Rounding.CEIL)
    return divide(money * reward.any_points, reward.any_value, Rounding.CEIL) * quantity


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


def _quantity(activity: Activity) -> int:
    value = number(activity.data.get("qty", Decimal(1)))
    if value is None or value < 1 or value != int(value):
        raise Rejected("invalid_quantity")
    return int(value)


def _reserve(d: Deciding, reward: Reward, quantity: int, cost: int) -> None:
    """Take from the stock what the member can pay; say `out_of_stock` before a lack of points."""
    held = d.standing.wallets.get(reward.wallet)
    enough = held is not None and held.spendable >= cost
    if reward.stock is not None:
        claim = Claim("stock", reward.id, quantity, reward.stock, peek=not enough)
        if d.claim(claim) < quantity:
            raise Rejected("out_of_stock")
        if enough:
            d.confirm(claim, quantity)
    if not enough:
        raise Rejected("insufficient_points")


def cancel(d: Deciding, activity: Activity) -> None:
    """Give the units of a redemption back and make its vouchers void."""
    key = origin_key(activity)
    found = d.look("record", key)
    if found is None or "reward" not in found or not is_own(d, found):
        raise Rejected("not_redeemed")
    if found["state"] != "issued":
        raise Rejected("not_redeemed")
    record = dict(found)
    found_here = (vouchers.held(d, record["member"], name) for name in record["vouchers"])
    held = [name for name in found_here if name is not None]
    if any(vouchers.voucher_of(d.look("voucher", name)).state == "used" for name in held):
        raise Rejected("voucher_used")
    reward = d.rulebook.at(record["at"]).program.rewards[record["reward"]]
    if reward.final:
        raise Rejected("final")
    calendar = d.rulebook.calendar
    if reward.cancel_within is not None:
        ends = calendar.through(add(calendar.day(record["at"]), reward.cancel_within))
        if activity.at >= ends:
            raise Rejected("cancel_window")
    _give_back(d, activity, reward, record)
    for name in held:
        vouchers.cancel(d, name)
    record["state"] = "cancelled"
    d.put("record", key, record)
    redemption = key.partition("/")[2]
    d.effect(
        RedemptionEffect(
            redemption, reward.id, "cancelled", record["cost"], record["quantity"], activity.at
        )
    )


def _give_back(d: Deciding, activity: Activity, reward: Reward, record: dict[str, Any]) -> None:
    slug = record["wallet"]
    shift = d.standing.absorbed.get(record["member"], 0)
    portions = [(no + shift if no else 0, amount) for no, amount in record["taken"]]
    d.wallet(slug).redeemed -= record["cost"]
    back = returns.Return(partner=record["partner"], grace=reward.grace)
    returns.restore(d, slug, portions, back, source=activity.id, at=activity.at)
    name = f"taken:{reward.id}"
    d.put(
        name, record["window"], max((d.look(name, record["window"]) or 0) - record["quantity"], 0)
    )
    if reward.stock is not None:
        d.decision.releases.append(Claim("stock", reward.id, record["quantity"], reward.stock))
