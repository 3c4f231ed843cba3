"""Accepting activities: judged item by item, written durably, decided later.

Rule: a receipt that says PENDING is a promise; nothing is promised before it is written by
majority. A receipt is written before the inbox entry, under its place in the inbox, so that a
repeat after a crash between the two writes the same entry again. What an activity means is not
decided here.
"""

from collections.abc import Sequence

from guerdon.engine.inputs import ActivityInput, Wait
from guerdon.engine.outcomes import Receipt
from guerdon.engine.world import Caller, World


async def record(
    world: World,
    caller: Caller,
    inputs: Sequence[ActivityInput],
    *,
    wait: Wait = Wait.ACCEPTED,
    wait_ms: int | None = None,
) -> list[Receipt]:
    """Take up to 1,000 activities; one receipt each, in input order.

    Raises:
        InvalidInput: More than a batch holds.
        Forbidden: The credential may report nothing at all.
        ComeBack: Too much is waiting already; nothing was taken.
    """
    raise NotImplementedError
