"""Vouchers: what a member holds and shows at the till.

When one is issued, used or gone is decided in `core`.
"""

from datetime import datetime
from enum import Enum

import strawberry

from guerdon.api.context import Context
from guerdon.api.describe import kind, kinds, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import maybe_datetime
from guerdon.api.nodes import Node
from guerdon.api.standings import shown
from guerdon.core.activity import Instant
from guerdon.core.views import View


@kinds
class VoucherState(Enum):
    """What became of a voucher."""

    ISSUED = kind("issued", "It can be used.")
    USED = kind("used", "It was used, once.")
    CANCELLED = kind("cancelled", "It was taken back before it was used.")
    EXPIRED = kind("expired", "Its last day is over.")


_STATES = {state.value: state for state in VoucherState} | {"void": VoucherState.CANCELLED}


@noun
class Voucher(Node):
    """A right that a member holds: a reward that was redeemed, or what a tier or mission gave."""

    kind: str = says("What it is good for: the reward's short name, or the program's own word.")
    state: VoucherState = says("Whether it can still be used.")
    code: str | None = says("What is shown at the till; null where the program gives no code.")
    until: datetime | None = says("The first instant at which it is gone; null while it stays.")


def voucher_state(state: str) -> VoucherState:
    """Return the API's word for a voucher's state."""
    return _STATES[state]


def voucher_noun(
    program: str,
    member_id: str,
    key: str,
    *,
    kind: str,
    state: str,
    until: Instant | None,
    code: str | None = None,
) -> Voucher:
    """Return a voucher as the API shows it."""
    return Voucher(
        id=strawberry.ID(global_id("Voucher", program, member_id, key)),
        kind=kind,
        state=voucher_state(state),
        code=code,
        until=maybe_datetime(until),
    )


async def vouchers_of(
    context: Context, member_id: str, redemption: str | None = None
) -> list[Voucher]:
    """Return what a member holds, the newest first; with a redemption only what it brought."""

    def show(view: View) -> list[Voucher]:
        found = sorted(
            view.vouchers().items(), key=lambda held: (held[1].issued_at, held[0]), reverse=True
        )
        return [
            voucher_noun(
                context.program,
                member_id,
                name,
                kind=voucher.kind,
                state=voucher.shown(view.now),
                until=voucher.until,
                code=voucher.code or None,
            )
            for name, voucher in found
            if redemption is None or voucher.redemption == redemption
        ]

    return await shown(context, member_id, show)
