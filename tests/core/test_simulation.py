"""Years of many members, deterministic: the core against the naive evaluator, world after world.

Each world is a program with some members who earn, spend, refund, void, merge, report late, twice
and under unknown numbers, while time passes and a second version of the rules begins in the midst
of it. A world follows from its seed alone. `make test` plays the same few worlds each time; `make
chaos` plays on from SEED for a tenth of SECONDS, and prints each seed before it is played.
"""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from guerdon.core.amounts import Ratio
from guerdon.core.program import Fixed, Give, GiveByTier, Program, Rate, Rule, Unit
from lives import Storyteller, deeds_at_random
from oracle.twin import Disagreement, Twin, told
from scenario_files import EXAMPLES, SHARED, STORIES, by_name, scenario_of
from seeds import seeds

FILES = by_name(*EXAMPLES, *STORIES, *SHARED)
PEOPLE = tuple(f"m{number:02d}" for number in range(8))
DEEDS = 45
LOOKS = 5
WORLDS = 30
DAY = 86_400_000
BEGIN = 1_704_000_000_000


def _program(path: Path) -> Program:
    found = scenario_of(path).program
    assert found is not None
    return found


def _dearer(give: Give) -> Give:
    """Return a give whose figure is another."""
    form = give.form
    if isinstance(form, Fixed):
        return replace(give, form=Fixed(form.points * 2 + 1))
    if isinstance(form, Rate):
        return replace(give, form=Rate(Ratio(form.ratio.over * 3, form.ratio.under * 2)))
    if isinstance(form, Unit):
        points = Ratio(form.points.over * 2, form.points.under)
        return replace(give, form=replace(form, points=points))
    return give


def second_version(program: Program) -> Program:
    """Return a program whose rules give other figures."""

    def changed(rule: Rule) -> Rule:
        give = rule.give
        if isinstance(give, GiveByTier):
            tiers = {tier: _dearer(one) for tier, one in give.tiers.items()}
            return replace(rule, give=replace(give, tiers=tiers))
        return replace(rule, give=_dearer(give))

    return replace(program, rules=tuple(changed(rule) for rule in program.rules))


def play(seed: int) -> int:
    """Play a world; return how many activities arrived in it.

    Raises:
        Disagreement: Core and evaluator differ; the world's seed and what led there are told.
    """
    chance = random.Random(seed)
    path = FILES[seed % len(FILES)]
    program = _program(path)
    begin = BEGIN + chance.randrange(700) * DAY
    later = (begin + chance.randrange(200, 500) * DAY, second_version(program))
    twin, story = Twin(program, later), Storyteller(program, begin, PEOPLE)
    deeds = deeds_at_random(chance, len(PEOPLE), DEEDS)
    count = 0
    for number, deed in enumerate(deeds, 1):
        arrival = story.tell(deed)
        if arrival is not None:
            twin.take(*arrival)
            count += 1
        if number % (len(deeds) // LOOKS) == 0:
            _look(twin, seed, path)
    for gap in (8, 9, 10, 11):
        twin.tick(story.wait(gap))
        _look(twin, seed, path)
    return count


def _look(twin: Twin, seed: int, path: Path) -> None:
    found = twin.differences()
    if found:
        lines = [f"SEED={seed} of {path.name}", *found[:20], "after"]
        raise Disagreement("\n".join([*lines, *map(told, twin.oracle.reported)]))


def test_years_of_hundreds_of_members_are_decided_as_the_naive_evaluator_decides_them() -> None:
    arrived = sum(play(seed) for seed in range(WORLDS))
    assert arrived > WORLDS * DEEDS // 2


@pytest.mark.chaos
def test_worlds_are_decided_alike_for_as_long_as_there_is_time() -> None:
    for number in seeds():
        play(number)
