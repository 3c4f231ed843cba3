"""Everything that is known of one member, as they may ask to have it.

Rule: one document, complete: who they are, what they hold, all that ever happened, each with what
came of it. Other members are named in it only where they were named when it was reported.
"""

from typing import Any

from guerdon.core.amounts import to_decimal
from guerdon.core.program import Program
from guerdon.core.sentences import effect_sentence
from guerdon.core.views import View
from guerdon.engine import read
from guerdon.engine.export import member_row
from guerdon.engine.outcomes import JournalEntry
from guerdon.engine.reported import Names, Row, instant, maybe, reported
from guerdon.engine.world import World

_AT_ONCE = 500


async def dossier(world: World, program: str, member_id: str) -> Row:
    """Return everything that is known of one member, as they may ask to have it."""
    (settled,) = (await read.members(world, program, [member_id])).values()
    names = Names(world, program)
    state = settled.rulebook.at(settled.at).program
    found = await member_row(world, settled)
    own = {slug: wallet.scale for slug, wallet in state.wallets.items()}

    def lots(given: Any) -> Row:
        view = View(settled.rulebook, settled.standing, given)
        return {
            slug: [
                {
                    "from": lot.name,
                    "left": to_decimal(lot.left, scale),
                    "granted": to_decimal(lot.granted, scale),
                    "earnedAt": instant(lot.at),
                    "expiresAt": maybe(lot.expires),
                }
                for lot in view.lots(slug)
            ]
            for slug, scale in own.items()
        }

    def vouchers(given: Any) -> list[Row]:
        view = View(settled.rulebook, settled.standing, given)
        return [
            {"name": name, "kind": it.kind, "state": it.shown(view.now).upper(),
             "until": maybe(it.until)}
            for name, it in view.vouchers().items()
        ]  # fmt: skip

    found["lots"] = await read.view(world, settled, lots)
    found["vouchers"] = await read.view(world, settled, vouchers)
    journal: list[Row] = []
    after: int | None = None
    while True:
        page = await read.journal(world, program, member_id, limit=_AT_ONCE, after=after)
        await names.learn_from(entry.activity for entry in page.items)
        for entry in page.items:
            journal.append(_happened(entry, names, state))
            after = entry.member_seq
        if not page.has_next:
            break
    found["journal"] = journal[::-1]
    return found


def _happened(entry: JournalEntry, names: Names, state: Program) -> Row:
    return {
        **reported(entry.activity, names, state.money_scale),
        "receivedAt": instant(entry.activity.received),
        "result": entry.result.value.upper(),
        "reason": entry.reason,
        "effects": [effect_sentence(state, effect) for effect in entry.effects],
    }
