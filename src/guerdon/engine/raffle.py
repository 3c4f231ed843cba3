"""Raffles: who won, worked out from the journal whenever it is asked.

Rule: a raffle that was decided says nothing but its seed; who takes part are the redemptions of its
reward that had been issued before it and were not cancelled by then, whatever becomes of them
later. So the answer is the same for everybody who asks, as long as none of these members are
merged.
"""

from guerdon.core.activity import Activity
from guerdon.core.conditions import number, text
from guerdon.core.decision import RedemptionEffect
from guerdon.core.plain import effects_from_plain
from guerdon.core.raffles import Ticket, winners
from guerdon.engine.records import Entry
from guerdon.engine.world import World

_AT_ONCE = 500


async def won(world: World, program: str, raffle: Activity) -> list[tuple[str, str]]:
    """Return the winning (entry, member) pairs of a raffle in the order in which they were drawn.

    It reads the whole journal once, which a raffle is worth. Members merged since are named by the
    account that is theirs now.
    """
    item = text(raffle.data.get("item"))
    tickets: dict[str, Ticket] = {}
    for lane in sorted(await world.lanes.seqs(program)):
        seq = 0
        while entries := await world.journal.since(program, lane, seq, _AT_ONCE):
            seq = entries[-1].seq
            for entry in entries:
                if entry.activity["received"] <= raffle.received:
                    _take_part(entry, item, tickets)
    leads = await world.members.known(program, {ticket.member for ticket in tickets.values()})
    count = number(raffle.data.get("winners"))
    return winners(
        text(raffle.data.get("seed")),
        [each._replace(member=leads.get(each.member, each.member)) for each in tickets.values()],
        int(count) if count is not None else 1,
    )


def _take_part(entry: Entry, item: str, tickets: dict[str, Ticket]) -> None:
    for effect in effects_from_plain(entry.decision.get("effects", ())):
        if not isinstance(effect, RedemptionEffect) or effect.reward != item:
            continue
        if effect.state in ("cancelled", "failed"):
            tickets.pop(effect.redemption, None)
        elif effect.state == "issued" and entry.member is not None:
            tickets[effect.redemption] = Ticket(effect.redemption, entry.member, effect.quantity)
