"""Time that passes for members: what cannot be decided stands in nobody's way."""

from dataclasses import replace
from decimal import Decimal

import pytest

from guerdon.core.activity import Activity, Instant
from guerdon.core.decide import decide
from guerdon.core.decision import Decision, Given
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.outcomes import Result
from guerdon.engine.settle import tick_due
from guerdon.engine.world import World
from guerdon.wiring import clock
from worlds import DAY, drain, report


def _timeless(rulebook: Rulebook, standing: Standing, activity: Activity, given: Given) -> Decision:
    if activity.type == "tick":
        raise ValueError("time itself is a mistake of ours")
    return decide(rulebook, standing, activity, given)


def a_purchase(name: str) -> ActivityInput:
    return ActivityInput(
        id=name, type="purchase", member=MemberRef(external_id="ada"), amount=Decimal(10)
    )


async def test_a_members_time_that_cannot_be_decided_again_and_again_holds_up_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report(world, [a_purchase("first")])
    monkeypatch.setattr("guerdon.engine.batches.decide", _timeless)
    later = replace(world, clock=lambda: Instant(clock() + 400 * DAY))

    assert await tick_due(later) == 1
    assert await drain(later) == 1
    for _ in range(2):
        # It waits for an operator, and nobody is told of it again every second.
        assert await tick_due(later) == 0
    (receipt,) = await report(later, [a_purchase("second")])

    assert receipt.entry is not None
    assert receipt.entry.result is Result.ACCEPTED
