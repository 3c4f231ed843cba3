"""What partners do with their rewards: more of them, fewer, on sale or not.

Rule: only a partner's own rewards, and more only where the reward says so; the program's owner may.
"""

from guerdon.core.activity import Activity
from guerdon.core.program import Reward
from oracle.deciding import Refused, stocks_left
from oracle.reading import number
from oracle.world import World

MOST = 1_000_000


def stock(world: World, activity: Activity) -> None:
    """Add to a stock, or take of what is left of it."""
    reward = _meant(world, activity)
    more = number(activity.data.get("add"))
    if more is None or more % 1 or not 1 <= abs(more) <= MOST:
        raise Refused("invalid_quantity")
    asks_partner = activity.reporter.startswith("partner:")
    if reward.stock is None or (more > 0 and asks_partner and not reward.stocked_by_partner):
        raise Refused("not_stocked")
    if more < 0 and stocks_left(world, reward, activity.at)[0] < -more:
        raise Refused("out_of_stock")
    world.stocked.append((reward.id, int(more)))


def offer(world: World, activity: Activity) -> None:
    """Put a reward on sale, or take it off."""
    reward = _meant(world, activity)
    if activity.data.get("on_sale") == "true":
        world.off_sale.discard(reward.id)
    else:
        world.off_sale.add(reward.id)


def _meant(world: World, activity: Activity) -> Reward:
    reward = world.program.rewards.get(str(activity.data.get("item")))
    if reward is None or reward.partner is None:
        raise Refused("unknown_reward")
    if activity.reporter not in ("service", f"partner:{reward.partner}"):
        raise Refused("unknown_reward")
    return reward
