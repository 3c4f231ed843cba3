"""Offering: a partner adds to the stock of its own rewards, and takes them on and off sale.

Rule: what is on sale, and how many there are, members share; so both are claims, changed in the
program's own lane and read where a reward is redeemed. On sale is one that can be had: who takes a
reward off sale holds it. Taking things back is always a partner's right, adding is where the reward
says so (`stocked_by: partner`), because the program pays for what is redeemed. A reward of another
partner, and one that is none, are unknown alike.
"""

from guerdon.core.activity import Activity
from guerdon.core.conditions import number, text
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim
from guerdon.core.errors import Rejected
from guerdon.core.program import Reward
from guerdon.core.vouchers import PARTNER

STOCK = "stock"
ON_SALE = "on_sale"
STOCKED_MAX = 1_000_000


def sale_claim(reward: str, *, peek: bool = False) -> Claim:
    """Return what there is one of as long as a reward is on sale."""
    return Claim(ON_SALE, reward, 1, 1, peek)


def stock(d: Deciding, activity: Activity) -> None:
    """Add to a reward's stock, or take out of what is left there: all of it or nothing."""
    reward = _own(d, activity)
    add = number(activity.data.get("add"))
    if add is None or add != int(add) or not 1 <= abs(add) <= STOCKED_MAX:
        raise Rejected("invalid_quantity")
    if reward.stock is None:
        raise Rejected("not_stocked")
    if add > 0:
        if activity.reporter.startswith(PARTNER) and not reward.stocked_by_partner:
            raise Rejected("not_stocked")
        d.decision.releases.append(Claim(STOCK, reward.id, int(add), reward.stock))
        return
    claim = Claim(STOCK, reward.id, int(-add), reward.stock)
    if d.claim(claim) < claim.amount:
        raise Rejected("out_of_stock")
    d.confirm(claim, claim.amount)


def offer(d: Deciding, activity: Activity) -> None:
    """Put a reward on sale, or take it off; what is so already stays so."""
    reward = _own(d, activity)
    if text(activity.data.get("on_sale")) == "true":
        if not d.claim(sale_claim(reward.id, peek=True)):
            d.decision.releases.append(sale_claim(reward.id))
        return
    claim = sale_claim(reward.id)
    d.confirm(claim, d.claim(claim))


def _own(d: Deciding, activity: Activity) -> Reward:
    """Return the reward that is meant, by the version in force now."""
    reward = d.program.rewards.get(text(activity.data.get("item")))
    if reward is None or reward.partner is None:
        raise Rejected("unknown_reward")
    reporter = activity.reporter
    if reporter.startswith(PARTNER) and reporter != f"{PARTNER}{reward.partner}":
        raise Rejected("unknown_reward")
    return reward
