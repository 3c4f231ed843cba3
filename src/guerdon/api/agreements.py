"""Agreements: what a partner's agreement with the program has left.

The rule: a partner reads its own, the program's owner everybody's. What is taken, and what happens
when nothing is left, is decided in `core.agreements`.
"""

from decimal import Decimal
from enum import Enum

from guerdon.api.context import Context
from guerdon.api.describe import kind, kinds, noun, says
from guerdon.engine import agreements
from guerdon.engine.world import Role


@kinds
class AllowanceDirection(Enum):
    """Which way units go."""

    ISSUES = kind("issues", "Units that the partner's activities bring members.")
    REDEEMS = kind("redeems", "Units that members redeem with the partner.")


@kinds
class AllowanceBasis(Enum):
    """What there is an end of."""

    LIMIT = kind("limit", "What was agreed on for the present window.")
    PREPAID = kind("prepaid", "The blocks that were paid for in advance and are good now.")


@noun
class Allowance:
    """How many units a partner's agreement has left, of all wallets and members together."""

    direction: AllowanceDirection = says("Which way the units go.")
    basis: AllowanceBasis = says("What there is an end of.")
    size: Decimal = says("How many there were, in whole units.")
    left: Decimal = says("How many are left, in whole units.")
    low: Decimal | None = says("At how many left somebody is told; null for at none.")


async def allowances_of(context: Context, slug: str) -> list[Allowance] | None:
    """Return what a partner's agreement has left; None where that is another partner's matter."""
    caller = context.caller
    if caller.role is Role.PARTNER and caller.partner != slug:
        return None
    return [
        Allowance(
            direction=AllowanceDirection(each.direction),
            basis=AllowanceBasis(each.of),
            size=Decimal(each.size),
            left=Decimal(each.left),
            low=None if each.low is None else Decimal(each.low),
        )
        for each in await agreements.allowances(context.world, context.program, slug)
    ]
