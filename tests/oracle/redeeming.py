"""A redemption that comes to nothing: everything goes back where it came from."""

from typing import NamedTuple

from guerdon.core.program import After
from oracle import agreeing, purse
from oracle.world import Lot, Person, Redemption, World


class Back(NamedTuple):
    """What a lot is called in which dead units live on, when it begins, and what time it is."""

    source: str
    at: int
    now: int


def undo(world: World, person: Person, redemption: Redemption, back: Back) -> None:
    """Give the units back into their own lots; dead ones live on with a grace."""
    redemption.cancelled, redemption.waits = True, None
    agreeing.give_back_redeemed(world, redemption)
    reward = world.program.rewards[redemption.reward]
    dead = purse.undo(world, person, redemption.wallet, redemption.use, now=back.now)
    if dead and reward.grace is not None:
        again = sum(part for _, part in dead)
        lot = Lot(person.name, redemption.wallet, back.source, "returned", again, back.at)
        lot.policy = After(reward.grace)
        for old, part in dead:
            old.expired -= part
            old.reversed += part
            old.reborn.append((lot, part))
        purse.grant(world, person, lot, now=back.now, pending=None)
    if redemption.brought is not None:
        purse.take_back(world, person, redemption.brought, redemption.brought.worth)


def waiting(world: World, person: Person) -> list[Redemption]:
    """Return what a member's partners have yet to fulfil."""
    return [
        one
        for one in world.redemptions
        if one.waits is not None and world.survivor(one.member) == person.name
    ]
