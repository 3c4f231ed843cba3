"""Which credential may report which type of activity: the committed table.

Rule: whatever is not named here earns, and may be reported by partners and the program's owner, not
by members, who would else report their own purchases. What another activity causes (`tick`,
`member_absorbed`, ...) nobody may report. Scopes come on top: a key reports what its scopes allow.
"""

from typing import NamedTuple

from guerdon.core.activity import CAUSED
from guerdon.engine.world import Caller, Role


class Right(NamedTuple):
    """Who may report a type, and which scope a key needs for it beside its own."""

    roles: frozenset[Role]
    scope: str = "activities:write"


_OWNER = frozenset({Role.SERVICE, Role.ADMIN})
_TILL = _OWNER | {Role.PARTNER}
_SELF = _OWNER | {Role.MEMBER}

EARNING = Right(_TILL)

OWN: dict[str, Right] = {
    "enrollment": Right(_OWNER, "members:write"),
    "member_updated": Right(_OWNER, "members:write"),
    "member_erased": Right(_OWNER, "members:write"),
    "member_merged": Right(_OWNER, "members:write"),
    "identity_linked": Right(_OWNER, "members:write"),
    "mission_joined": Right(_SELF),
    "plan_purchased": Right(_OWNER),
    "plan_cancelled": Right(_OWNER),
    "refund": Right(_TILL),
    "confirmation": Right(_TILL),
    "ineligible": Right(_TILL),
    "redemption": Right(_SELF),
    "redemption_cancelled": Right(_SELF),
    "redemption_fulfilled": Right(_TILL),
    "redemption_refused": Right(_TILL),
    "voucher_used": Right(_TILL),
    "reward_stocked": Right(_TILL),
    "reward_offered": Right(_TILL),
    "transfer": Right(_SELF),
    "clock": Right(_OWNER),
    "adjustment": Right(_OWNER, "ledger:adjust"),
    "tier_granted": Right(_OWNER, "ledger:adjust"),
    "badge_awarded": Right(_OWNER, "ledger:adjust"),
    "estimate": Right(_OWNER, "ledger:adjust"),
    "raffle": Right(_OWNER, "ledger:adjust"),
    **dict.fromkeys(CAUSED, Right(frozenset())),
}


def may_report(caller: Caller, kind: str) -> bool:
    """Tell whether a credential may report a type; a member's token needs no scope."""
    right = OWN.get(kind, EARNING)
    if caller.role not in right.roles:
        return False
    return caller.role is Role.MEMBER or right.scope in caller.scopes


def needed(kind: str) -> str:
    """Return who may report a type, for the refusal."""
    right = OWN.get(kind, EARNING)
    if not right.roles:
        return "nobody: it follows from other activities"
    who = ", ".join(sorted(right.roles))
    return f"{who}; a key needs the scope {right.scope}"
