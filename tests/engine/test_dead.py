"""What cannot be decided ends alone, and an operator tries it again or gives it up."""

from dataclasses import replace

import pytest

from guerdon.core.activity import Activity, Instant
from guerdon.core.decide import decide
from guerdon.core.decision import Decision, Given
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing
from guerdon.engine import accept, dead
from guerdon.engine.inputs import ActivityInput, Wait
from guerdon.engine.outcomes import Result
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.settle import tick_due
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.wiring import clock
from worlds import DAY, PROGRAM, a_caller, a_purchase, drain, report


def _poisoned(rulebook: Rulebook, standing: Standing, activity: Activity, given: Given) -> Decision:
    if activity.id.startswith("pbad") or activity.type == "tick":
        raise ValueError("a mistake of ours")
    return decide(rulebook, standing, activity, given)


async def results(world: World, *inputs: ActivityInput) -> list[tuple[Result, str | None]]:
    receipts = await accept.record(world, a_caller(), list(inputs), wait=Wait.DECIDED)
    return [
        (receipt.entry.result, receipt.entry.reason) if receipt.entry else (receipt.result, None)
        for receipt in receipts
    ]


BAD = [a_purchase("bad1"), a_purchase("bad2")]


async def test_what_failed_is_listed_tried_again_and_then_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("guerdon.engine.batches.decide", _poisoned)
        await report(world, [a_purchase(1), *BAD, a_purchase(2)])
        listed = await dead.listed(world, PROGRAM)
        assert [each.key for each in listed] == ["service/pbad1", "service/pbad2"]
        assert {dead.said(each)[:2] for each in listed} == {("purchase", "ValueError")}
        # What is tried too early fails again, and is there again.
        assert await dead.replay(world, PROGRAM) == 2
        await drain(world)
        assert len(await dead.listed(world, PROGRAM)) == 2

    assert await dead.replay(world, PROGRAM, ["service/pbad1"]) == 1
    assert await dead.replay(world, PROGRAM) == 1
    await drain(world)

    assert await dead.listed(world, PROGRAM) == []
    assert await results(world, *BAD) == [(Result.ACCEPTED, None)] * 2
    assert (await verify(world, PROGRAM)).offences == ()


async def test_what_is_given_up_is_rejected_in_the_journal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("guerdon.engine.batches.decide", _poisoned)
        await report(world, [a_purchase(1), *BAD])
        assert await dead.drop(world, PROGRAM, ["service/pbad2"]) == 1
        await drain(world)

        assert await results(world, BAD[1]) == [(Result.REJECTED, "dropped")]
    assert [each.key for each in await dead.listed(world, PROGRAM)] == ["service/pbad1"]
    assert (await verify(world, PROGRAM)).offences == ()


async def test_time_cannot_be_given_up_and_runs_on_once_it_is_replayed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report(world, [a_purchase(1)])
    later = replace(world, clock=lambda: Instant(clock() + 400 * DAY))
    with monkeypatch.context() as patch:
        patch.setattr("guerdon.engine.batches.decide", _poisoned)
        assert await tick_due(later) == 1
        await drain(later)
        assert await tick_due(later) == 0
    (stuck,) = await dead.listed(later, PROGRAM)

    with pytest.raises(InvalidInput, match="passing of time"):
        await dead.drop(later, PROGRAM, [stuck.key])
    assert await dead.replay(later, PROGRAM, [stuck.key]) == 1
    await drain(later)

    assert await dead.listed(later, PROGRAM) == []
    (entry,) = await later.journal.of_member(PROGRAM, stuck.activity["member"], limit=1)
    assert entry.activity["type"] == "tick"


async def test_who_names_what_is_not_set_aside_is_told_so_and_nothing_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report(world, [a_purchase(1)])
    monkeypatch.setattr("guerdon.engine.batches.decide", _poisoned)
    await report(world, BAD)

    with pytest.raises(NotFound, match="service/nothing"):
        await dead.replay(world, PROGRAM, ["service/pbad1", "service/nothing"])

    assert len(await dead.listed(world, PROGRAM)) == 2
