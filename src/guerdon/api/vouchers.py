"""Vouchers: what a member holds and shows at the till.

When one is issued, used or gone is decided in `core`.
"""

import io
from collections.abc import Collection
from datetime import datetime
from enum import Enum

import segno
import strawberry

from guerdon.api.context import Context, Info
from guerdon.api.describe import field, kind, kinds, noun, says
from guerdon.api.ids import caller_id
from guerdon.api.instants import maybe_datetime
from guerdon.api.nodes import Node
from guerdon.api.permissions import members_and_owner
from guerdon.api.standings import shown
from guerdon.core.activity import Instant
from guerdon.core.views import View
from guerdon.engine.vouchers import code_for
from guerdon.engine.world import Caller, Role


@kinds
class VoucherState(Enum):
    """What became of a voucher."""

    ISSUED = kind("issued", "It can be used.")
    USED = kind("used", "It was used, once.")
    CANCELLED = kind("cancelled", "It was taken back before it was used.")
    EXPIRED = kind("expired", "Its last day is over.")


_OWNERS = members_and_owner("members:read")
_STATES = {state.value: state for state in VoucherState} | {"void": VoucherState.CANCELLED}


@noun
class Voucher(Node):
    """A right that a member holds: a reward that was redeemed, or what a tier or mission gave."""

    kind: str = says("What it is good for: the reward's short name, or the program's own word.")
    state: VoucherState = says("Whether it can still be used.")
    until: datetime | None = says("The first instant at which it is gone; null while it stays.")
    member_id: strawberry.Private[str]
    key: strawberry.Private[str]

    @field
    async def code(self, info: Info) -> str | None:
        """What is shown at the till: short, with a check sign; null for all but its owner.

        Letters may be typed in either case, with or without hyphens.
        """
        return await shown_code(info.context, self.member_id, self.key)

    @field
    async def qr(self, info: Info) -> str | None:
        """The code as a QR code, to be shown and scanned: an SVG document; null as `code` is."""
        code = await self.code(info)
        if code is None:
            return None
        drawn = io.BytesIO()
        qr = segno.make(code, error="m", micro=False)
        # With its namespace and its own ground, it can be a file or an image too, by day and night.
        qr.save(drawn, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, nl=False)
        return drawn.getvalue().decode()


def voucher_state(state: str) -> VoucherState:
    """Return the API's word for a voucher's state."""
    return _STATES[state]


async def shown_code(context: Context, member_id: str, name: str) -> str | None:
    """Return a voucher's code as its owner reads it, None where the caller is another."""
    if not context.permits(_OWNERS):
        return None
    voucher = await shown(context, member_id, lambda view: view.voucher(name))
    if voucher is None:
        return None
    return await code_for(
        context.world, context.program, member=member_id, name=name, voucher=voucher
    )


async def honoured_by(context: Context, kind: str) -> bool:
    """Tell whether the caller may know of vouchers of a kind: partners of their own rewards."""
    caller = context.caller
    if caller.role is not Role.PARTNER:
        return True
    reward = (await context.catalogue()).reward(kind)
    return reward is not None and reward.partner == caller.partner


def voucher_noun(
    caller: Caller,
    member_id: str,
    key: str,
    *,
    kind: str,
    state: str,
    until: Instant | None,
) -> Voucher:
    """Return a voucher as the API shows it."""
    return Voucher(
        id=strawberry.ID(caller_id(caller, "Voucher", member_id, key)),
        kind=kind,
        state=voucher_state(state),
        until=maybe_datetime(until),
        member_id=member_id,
        key=key,
    )


async def vouchers_of(
    context: Context, member_id: str, names: Collection[str] | None = None
) -> list[Voucher]:
    """Return what a member holds, the newest first; with `names` only these."""

    def show(view: View) -> list[Voucher]:
        found = sorted(
            view.vouchers().items(), key=lambda held: (held[1].issued_at, held[0]), reverse=True
        )
        return [
            voucher_noun(
                context.caller,
                member_id,
                name,
                kind=voucher.kind,
                state=voucher.shown(view.now),
                until=voucher.until,
            )
            for name, voucher in found
            if names is None or name in names
        ]

    return await shown(context, member_id, show)
