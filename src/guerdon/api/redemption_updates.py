"""Redemption updates: what happens to a partner's own rewards, as it happens.

The rule: a history loses nothing. What was missed since a cursor comes first, then what happens,
each once, and in order for each member. The cursor is opaque and this partner's alone: it holds how
far each lane was read, and how much of the entry behind that, sealed under the partner's key.
"""

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, noun, says, subscription
from guerdon.api.redemptions import Redemption, redemption_noun, redemption_of
from guerdon.api.transport.errors import BadInput
from guerdon.core.decision import RedemptionEffect, VoucherEffect
from guerdon.engine import watch
from guerdon.engine.outcomes import JournalEntry
from guerdon.engine.pseudonyms import opened, sealed

CURSOR_CHARACTERS_MAX = 100_000


@noun
class RedemptionUpdate:
    """One thing that happened to a redemption."""

    cursor: str = says("Where it stands: subscribe again with it as `after`.")
    redemption: Redemption = says("The redemption, in the state that this gave it.")


@noun
class RedemptionSubscriptions:
    """Root fields that follow redemptions."""

    @subscription
    async def redemption_updates(
        self,
        info: Info,
        after: Annotated[
            str | None, argument("A cursor of these updates; absent: only what is new.")
        ] = None,
    ) -> AsyncIterator[RedemptionUpdate]:
        """For a partner: its rewards' redemptions: pending, issued, failed, cancelled or used."""
        context = info.context
        slug, veil = context.caller.partner, context.caller.veil
        assert slug is not None, "the table of permissions lets partners through only"
        assert veil is not None, "a partner's key has a veil"
        told: dict[int, int] = {}
        if after is None:
            places = await watch.places(context.world, context.program)
        else:
            places, told = _places(veil, after)
        entries = watch.partner(context.world, context.program, slug, after=places)
        async with aclosing(entries):
            async for entry in entries:
                found, skipped = await _redemptions(context.fresh(), entry), told.get(entry.lane, 0)
                for number, redemption in enumerate(found[skipped:], skipped + 1):
                    told[entry.lane] = number
                    if number == len(found):
                        _pass(entry, places, told)
                    yield RedemptionUpdate(
                        cursor=_cursor(veil, places, told), redemption=redemption
                    )
                _pass(entry, places, told)


def _pass(entry: JournalEntry, places: dict[int, int], told: dict[int, int]) -> None:
    """Note that an entry was told of as a whole."""
    places[entry.lane] = entry.seq
    told.pop(entry.lane, None)


async def _redemptions(context: Context, entry: JournalEntry) -> list[Redemption]:
    """Return what an entry did to redemptions of the partner, each once."""
    catalogue, member = await context.catalogue(), entry.activity.member
    found: dict[str, Redemption] = {}
    for effect in entry.effects:
        reward = _reward_of(effect)
        known = catalogue.reward(reward) if reward else None
        if known is None or known.partner != context.caller.partner or member is None:
            continue
        if isinstance(effect, RedemptionEffect):
            noun_ = redemption_noun(catalogue, member, effect, context.caller)
            found[effect.redemption] = noun_
        elif isinstance(effect, VoucherEffect) and effect.state == "used":
            present = await redemption_of(context, member, effect.redemption)
            if present is not None:
                found.setdefault(effect.redemption, present)
    return list(found.values())


def _reward_of(effect: object) -> str | None:
    if isinstance(effect, RedemptionEffect):
        return effect.reward
    return effect.kind if isinstance(effect, VoucherEffect) else None


def _cursor(veil: bytes, places: dict[int, int], told: dict[int, int]) -> str:
    """Return the cursor behind everything that was read so far.

    `told` are the lanes behind whose place an entry was told of in part, and how much of it.
    """
    lanes = sorted(places.keys() | told.keys())
    read = [
        (lane, places.get(lane, 0), told[lane]) if lane in told else (lane, places[lane])
        for lane in lanes
    ]
    raw = json.dumps(read, separators=(",", ":")).encode()
    return sealed(veil, zlib.compress(raw).hex())


def _places(veil: bytes, cursor: str) -> tuple[dict[int, int], dict[int, int]]:
    """Return how far each lane was read, and how much of the entry behind that.

    Raises:
        BadInput: The cursor was not given out to this partner.
    """
    text = opened(veil, cursor) if len(cursor) <= CURSOR_CHARACTERS_MAX else None
    try:
        read = json.loads(zlib.decompress(bytes.fromhex(text or "")))
        places = {int(lane): int(seq) for lane, seq, *_ in read}
        return places, {int(lane): int(told[0]) for lane, _, *told in read if told}
    except (ValueError, TypeError, zlib.error):
        raise BadInput("This is no cursor of these updates: pass on one they gave out.") from None
