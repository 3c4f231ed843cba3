"""An expectation that is wrong is refused or told, at its place: none is ever passed in silence.

`make test` makes some expectations of each scenario wrong, the same each time; `make chaos` all.
"""

import random
from pathlib import Path

import pytest

from guerdon.program.mistakes import Severity, errors
from guerdon.program.rehearse import Mismatch, rehearse
from guerdon.program.scenario import Scenario, load_scenario
from program.documents import PROGRAM
from program.expected import Wrong, wrongs
from program.figures import tree
from scenario_files import EXAMPLES, SHARED, STORIES

PLAYS = {path.name: path for path in (*SHARED, *EXAMPLES, *STORIES)}
SOME = 150


class Played:
    """A scenario file that is played with wrong expectations in the place of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        entries = [(key.text, key.place.line) for key, _ in tree(self.text).entries]
        name, line = entries[-1]
        assert name == "expect"
        self.head = self.text.split("\n")[: line - 1]

    def told(self, chosen: list[Wrong]) -> dict[Wrong, str]:
        """Return where each is refused, or what is said to differ; without those that pass."""
        told: dict[Wrong, str] = {}
        left = chosen
        while True:
            scenario = self._loaded(left)
            refused: dict[int, str] = {}
            for mistake in errors(scenario.mistakes):
                refused.setdefault(mistake.line, mistake.path)
            if not refused:
                break
            before = len(told)
            told |= {one: refused[line] for line, one in self._lines(left) if line in refused}
            assert len(told) > before, scenario.mistakes
            left = [one for one in left if one not in told]
        mismatches: dict[int, Mismatch] = {}
        for mismatch in rehearse(scenario).mismatches:
            mismatches.setdefault(mismatch.line, mismatch)
        found = [(mismatches.get(line), one) for line, one in self._lines(left)]
        return told | {one: mismatch.about for mismatch, one in found if mismatch is not None}

    def _loaded(self, chosen: list[Wrong]) -> Scenario:
        rows = [f"  - {one.text}" for one in chosen]
        text = "\n".join([*self.head, "expect:", *rows, ""])

        def read(other: str) -> str:
            return (self.path.parent / other).read_text(encoding="utf-8")

        return load_scenario(text, self.path.name, read=read)

    def _lines(self, chosen: list[Wrong]) -> list[tuple[int, Wrong]]:
        return list(enumerate(chosen, len(self.head) + 2))


def _not_told(name: str, chosen: list[Wrong]) -> list[str]:
    """Return the wrong expectations that pass, or that are not told by their name."""
    told = Played(PLAYS[name]).told(chosen)
    return [f"{one}: {told.get(one)}" for one in chosen if not _names(one, told.get(one))]


def _names(wrong: Wrong, about: str | None) -> bool:
    """Tell whether a path leads to what is wrong, or to the list or map that holds it."""
    if about is None:
        return False
    keys = [one for one in wrong.place if isinstance(one, str)]
    if not keys or keys[0] in ("activity", "copy", "result", "reason", "member", "leaderboard"):
        return True
    return any(key in about for key in keys) or keys == ["ranks"]


@pytest.mark.parametrize("name", PLAYS)
def test_a_wrong_expectation_is_never_passed_in_silence(name: str) -> None:
    found = list(wrongs(PLAYS[name].read_text(encoding="utf-8")))
    chosen = random.Random(name).sample(found, min(SOME, len(found)))
    assert _not_told(name, chosen) == []


@pytest.mark.chaos
@pytest.mark.parametrize("name", PLAYS)
def test_no_wrong_expectation_is_ever_passed_in_silence(name: str) -> None:
    assert _not_told(name, list(wrongs(PLAYS[name].read_text(encoding="utf-8")))) == []


def _expecting(expect: str) -> Scenario:
    ada = '{id: a1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}'
    return load_scenario(f"{PROGRAM}activities:\n  - {ada}\nexpect:\n  - {expect}\n")


def test_a_member_whom_no_activity_names_is_told_with_the_one_who_was_meant() -> None:
    scenario = _expecting(
        '{at: "2026-01-02T00:00:00Z", member: aad, wallets: {points: {spendable: 0}}}'
    )
    (mismatch,) = rehearse(scenario).mismatches
    assert (mismatch.about, mismatch.expected) == ("aad", "a member")
    assert mismatch.found == "no activity of theirs. Did you mean `ada`?"


@pytest.mark.parametrize("empty", ["wallets: {}", "wallets: {points: {}}", "vouchers: {}"])
def test_a_map_that_is_met_whatever_there_is_is_warned_of(empty: str) -> None:
    scenario = _expecting(f'{{at: "2026-01-02T00:00:00Z", member: ada, {empty}}}')
    (warning,) = scenario.mistakes
    assert warning.severity is Severity.WARNING
    assert "is empty, so that it is met whatever there is." in warning.message


def test_that_a_member_has_no_badge_is_expected_by_an_empty_map() -> None:
    scenario = _expecting('{at: "2026-01-02T00:00:00Z", member: ada, badges: {}}')
    assert scenario.mistakes == []
    assert rehearse(scenario).is_ok
