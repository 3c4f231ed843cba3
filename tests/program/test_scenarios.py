"""Every scenario of the project, and those of ../shared where that folder is there."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guerdon.core.decision import Decision
from guerdon.core.plain import record_to_plain, standing_from_plain, standing_to_plain
from guerdon.program.expectations import Checkpoint, Outcome
from guerdon.program.load import load
from guerdon.program.memory import Memory
from guerdon.program.mistakes import errors
from guerdon.program.rehearse import Report, rehearse, told
from guerdon.program.yaml_source import Mapping, Node, Scalar, Sequence, number
from scenario_files import EXAMPLES, SHARED, STORIES, scenario_of

ROOT = Path(__file__).parents[2]
OWN = [*EXAMPLES, *STORIES]


def complaint(report: Report) -> str:
    return "\n".join(line for mismatch in report.mismatches for line in told(mismatch))


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_every_example_is_without_mistakes_or_warnings(path: Path) -> None:
    assert scenario_of(path).mistakes == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_every_scenario_of_the_project_holds(path: Path) -> None:
    report = rehearse(scenario_of(path))
    assert report.checks > 0
    assert report.is_ok, complaint(report)


def test_the_shared_scenarios_are_where_they_are_expected() -> None:
    if not SHARED:
        pytest.skip("../shared is not there: its scenarios are not part of this repository")
    assert len(SHARED) >= 18


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_every_shared_scenario_loads_without_mistakes_and_holds(path: Path) -> None:
    scenario = scenario_of(path)
    assert errors(scenario.mistakes) == []
    report = rehearse(scenario)
    assert report.checks == len(scenario.expectations)
    assert report.is_ok, complaint(report)


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_the_program_of_a_scenario_file_loads_by_itself(path: Path) -> None:
    loaded = load(path.read_text(encoding="utf-8"), path.name)
    assert loaded.program is not None
    assert loaded.program.id == path.stem


class Stored(Memory):
    """A memory that keeps standings, pages and records as stores do: as JSON."""

    def keep(self, member: str, decision: Decision) -> None:
        head = json.loads(json.dumps(standing_to_plain(decision.standing)))
        pages = [
            write._replace(value=json.loads(json.dumps(record_to_plain(write.value))))
            for write in decision.pages
        ]
        kept = replace(decision, standing=standing_from_plain(head), pages=pages)
        super().keep(member, kept)
        for key, record in self.records.items():
            self.records[key] = json.loads(json.dumps(record_to_plain(record)))


@pytest.mark.parametrize("path", [*OWN, *SHARED], ids=lambda path: path.name)
def test_every_scenario_holds_when_all_is_stored_in_between(path: Path) -> None:
    report = rehearse(scenario_of(path), Stored)
    assert report.is_ok, complaint(report)


# ---------------------------------------------------------------- expectations that must fail


def _leaves(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the node once for each of its values, with that value changed."""
    if isinstance(node, Scalar):
        value = number(node.text)
        wrong = str(value + 1) if value is not None else f"{node.text}x"
        if "T" in node.text and node.text[:2] == "20":
            wrong = f"19{node.text[2:]}"
        yield node, replace(node, text=wrong, plain=False)
    elif isinstance(node, Sequence):
        for i, item in enumerate(node.items):
            for leaf, changed in _leaves(item):
                items = (*node.items[:i], changed, *node.items[i + 1 :])
                yield leaf, replace(node, items=items)
    elif isinstance(node, Mapping):
        for i, (key, value_node) in enumerate(node.entries):
            for leaf, changed in _leaves(value_node):
                pairs = (*node.entries[:i], (key, changed), *node.entries[i + 1 :])
                yield leaf, replace(node, entries=pairs)


def _wrong_ones(expectation: Outcome | Checkpoint) -> Iterator[tuple[int, Any]]:
    """Yield the expectation once for each of its values, wrong there, with that value's line."""
    if isinstance(expectation, Outcome):
        yield expectation.line, replace(expectation, result="parked")
        yield expectation.line, replace(expectation, reason="nonsense")
        return
    for i, (fact, node) in enumerate(expectation.facts):
        for leaf, changed in _leaves(node):
            facts = (*expectation.facts[:i], (fact, changed), *expectation.facts[i + 1 :])
            yield leaf.place.line, replace(expectation, facts=facts)


@pytest.mark.parametrize("path", [*OWN, *SHARED], ids=lambda path: path.name)
def test_every_expected_value_is_really_compared(path: Path) -> None:
    scenario = scenario_of(path)
    wrong = [one for expectation in scenario.expectations for one in _wrong_ones(expectation)]
    # All of them stand in one scenario, so that it is played once.
    report = rehearse(replace(scenario, expectations=tuple(changed for _, changed in wrong)))
    assert report.checks == len(wrong)
    found = Counter(mismatch.line for mismatch in report.mismatches)
    assert found == Counter(line for line, _ in wrong)
