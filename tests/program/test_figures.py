"""One figure of a program changed, and its scenario says so: no figure stands there for nothing.

`make test` changes some figures, the same each time; `make chaos` changes all of them.
"""

import random
from collections.abc import Iterable

import pytest

from program.figures import Change, Play, changes
from scenario_files import EXAMPLES, SHARED, STORIES

PLAYS = {path.name: path for path in (*EXAMPLES, *STORIES, *SHARED)}
SOME = 30
NOT_OURS = {
    f"{name}: program.ladders.{ladder}.tiers[0].at: 1 instead of 0"
    for name, ladder in (("merge.yaml", "status"), ("nike.yaml", "level"))
}
"""What shared scenarios never look at: a member who has not reached the first tier."""


def _all() -> list[tuple[str, Change]]:
    found = [
        (name, change)
        for name, path in PLAYS.items()
        for change in changes(Play(path).program, "program")
    ]
    assert len(found) > 12 * len(PLAYS)
    return found


def _unnoticed(chosen: Iterable[tuple[str, Change]]) -> list[str]:
    """Return the changes that led to other decisions, and that no expectation minds."""
    found = []
    before: dict[str, object] = {}
    for name, change in chosen:
        play = Play(PLAYS[name])
        outcome = play.rehearse(change.text)
        if outcome is None or not outcome[0].is_ok:
            continue  # the document says that this cannot be, or the scenario minds
        if name not in before:
            as_it_is = play.rehearse(play.program)
            assert as_it_is is not None
            assert as_it_is[0].is_ok
            before[name] = as_it_is[1]
        if outcome[1] != before[name] and f"{name}: {change}" not in NOT_OURS:
            found.append(f"{name}: {change}")
    return found


def test_a_changed_figure_of_a_program_fails_its_scenario_where_it_is_reached() -> None:
    assert _unnoticed(random.Random(7).sample(_all(), SOME)) == []


@pytest.mark.chaos
@pytest.mark.parametrize("name", PLAYS)
def test_every_changed_figure_fails_its_scenario_where_it_is_reached(name: str) -> None:
    assert _unnoticed(one for one in _all() if one[0] == name) == []
