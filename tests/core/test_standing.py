"""A copy of a state has every field of it, and shares no map that may be changed."""

from dataclasses import fields
from typing import Any

import pytest

from guerdon.core.standing import LadderState, MissionState, Shelf, Standing, WalletState


@pytest.mark.parametrize("kind", [WalletState, LadderState, MissionState, Standing])
def test_a_fork_has_every_field_of_what_it_copies(kind: type[Any]) -> None:
    values: dict[str, Any] = {each.name: f"the {each.name}" for each in fields(kind)}
    for each in fields(kind):
        if kind is Standing and "dict" in str(each.type):
            values[each.name] = {each.name: 1}
    before = kind(**values)

    after = before.fork()

    assert after is not before
    assert {each.name: getattr(after, each.name) for each in fields(kind)} == values


def test_what_a_fork_of_a_standing_is_given_does_not_reach_the_standing() -> None:
    before = Standing(member="m", counts={"purchase": 1}, shelves={"lots": Shelf()})

    after = before.fork()
    for each in fields(Standing):
        held = getattr(after, each.name)
        if isinstance(held, dict):
            held["new"] = 1

    assert before == Standing(member="m", counts={"purchase": 1}, shelves=before.shelves)
    assert list(before.shelves) == ["lots"]
