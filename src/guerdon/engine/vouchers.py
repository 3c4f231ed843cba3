"""Vouchers at the till: their codes, and who holds the voucher that a code leads to.

Rule: a code follows from the program's key and from what the voucher was issued as, so that it is
the same whenever it is shown, and nobody can guess another one. What a code leads to is found by a
row that was written with the voucher. Whether a voucher can be used is decided in `core`.
"""

import hmac
from hashlib import sha256

from guerdon.core.activity import Activity
from guerdon.core.decision import Decision, RedemptionEffect, VoucherEffect
from guerdon.core.rulebook import Rulebook
from guerdon.core.views import View
from guerdon.core.vouchers import Voucher, origin_of
from guerdon.engine import code_pools, codes, read
from guerdon.engine.records import VoucherRow
from guerdon.engine.refusals import NotFound
from guerdon.engine.seals import key_for
from guerdon.engine.world import Caller, Role, World

CODE_SIGNS = 13
_BODY = CODE_SIGNS - 1
_BITS = 5 * _BODY


async def code_key(world: World, program: str) -> bytes:
    """Return what a program's voucher codes are made with."""
    return await key_for(world, "voucher", program)


def code_of(key: bytes, origin: str) -> str:
    """Return the code of a voucher that was issued as `member/name`."""
    digest = int.from_bytes(hmac.digest(key, origin.encode(), sha256))
    return codes.checked(codes.body_of(digest & ((1 << _BITS) - 1), _BODY))


def rows_of(key: bytes, activity: Activity, decision: Decision) -> list[VoucherRow]:
    """Return what a decision's vouchers are to be found by."""
    member = activity.member or ""
    return [
        VoucherRow(code_of(key, f"{member}/{effect.voucher}"), member, effect.voucher)
        for effect in decision.effects
        if isinstance(effect, VoucherEffect) and effect.state == "issued"
    ]


def partners_of(rulebook: Rulebook, decision: Decision) -> tuple[str, ...]:
    """Return the partners whose rewards a decision issued, took back or found used."""
    rewards = {
        effect.reward if isinstance(effect, RedemptionEffect) else effect.kind
        for effect in decision.effects
        if isinstance(effect, RedemptionEffect | VoucherEffect)
    }
    found = {rulebook.partner_of(reward) for reward in rewards}
    return tuple(sorted(slug for slug in found if slug is not None))


async def find(world: World, caller: Caller, code: str) -> tuple[str, str, Voucher]:
    """Return who holds the voucher under a code, its name there, and the voucher.

    Raises:
        NotFound: There is none, or it is not honoured by the partner who asks.
    """
    plain = codes.plain(code)
    made = await _made(world, caller, plain) if codes.is_checked(plain) else None
    found = [] if made is None else [made]
    found += await _from_pools(world, caller.program, code)
    usable = [each for each in found if await _may_use(world, caller, each[2])]
    if not usable:
        raise NotFound("voucher", ("code",))
    now = world.clock()
    return min(usable, key=lambda each: each[2].shown(now) != "issued")


async def _may_use(world: World, caller: Caller, voucher: Voucher) -> bool:
    if caller.role is not Role.PARTNER:
        return True
    rulebook = await world.rulebooks.get(caller.program)
    return rulebook.partner_of(voucher.kind) == caller.partner


async def _made(world: World, caller: Caller, code: str) -> tuple[str, str, Voucher] | None:
    rows = await world.vouchers.find(caller.program, [code])
    if code not in rows:
        return None
    member, name = rows[code]
    holder = (await world.members.known(caller.program, [member])).get(member)
    if holder is None:
        return None
    for here, voucher in (await held_by(world, caller.program, holder)).items():
        if origin_of(holder, here, voucher) == f"{member}/{name}":
            return holder, here, voucher
    return None


async def _from_pools(world: World, program: str, code: str) -> list[tuple[str, str, Voucher]]:
    """Return the vouchers whose code was taken from a pool; partners may have the same code."""
    found = []
    for named in await code_pools.references_of(world, program, code):
        taker = named.split("|", 2)[2]
        entry = (await read.activities(world, program, [taker])).get(taker)
        member = None if entry is None else entry.activity.member
        holder = (await world.members.known(program, [member])).get(member) if member else None
        held = {} if holder is None else await held_by(world, program, holder)
        found += [
            (holder or "", it, voucher) for it, voucher in held.items() if voucher.codes == named
        ]
    return found


async def code_for(world: World, program: str, *, member: str, name: str, voucher: Voucher) -> str:
    """Return the code of a voucher as its owner reads it."""
    if voucher.codes:
        return await code_pools.shown(world, program, voucher.codes) or ""
    key = await code_key(world, program)
    return codes.shown(code_of(key, origin_of(member, name, voucher)))


async def held_by(world: World, program: str, member: str) -> dict[str, Voucher]:
    """Return the vouchers of a member, by name."""
    settled = (await read.members(world, program, [member])).get(member)
    if settled is None:
        return {}
    return await read.view(
        world, settled, lambda given: View(settled.rulebook, settled.standing, given).vouchers()
    )
