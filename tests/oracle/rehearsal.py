"""A scenario played by the naive evaluator, and compared with what it expects."""

from collections.abc import Iterator

from guerdon.program.comparison import differences
from guerdon.program.expectations import Checkpoint, Outcome
from guerdon.program.rehearse import rehearse, told
from guerdon.program.scenario import Scenario, load_scenario
from guerdon.program.yaml_source import Node, Sequence
from oracle.arrivals import Oracle
from oracle.looking import Look

OF_PROGRAM = ("stock", "book", "payouts", "draws", "raffle")


def both_meet(text: str) -> None:
    """Let core and naive evaluator play a scenario, and meet what it expects."""
    scenario = load_scenario(text)
    assert scenario.program is not None, scenario.mistakes
    report = rehearse(scenario)
    assert [line for each in report.mismatches for line in told(each)] == []
    assert list(mismatches(scenario)) == []


def mismatches(scenario: Scenario) -> Iterator[str]:
    """Yield a sentence for each expectation that the evaluator does not meet."""
    assert scenario.program is not None
    oracle = Oracle(scenario.program)
    for reported in sorted(scenario.activities, key=lambda one: one.activity.received):
        oracle.report(reported.activity, reported.external)
    for expected in scenario.expectations:
        if isinstance(expected, Checkpoint):
            yield from _checkpoint(oracle, expected)
    outcomes = oracle.play().outcomes
    for expected in scenario.expectations:
        if isinstance(expected, Outcome):
            found = outcomes[expected.activity][expected.copy - 1]
            if found.result != expected.result or (
                expected.reason is not None and found.reason != expected.reason
            ):
                yield f"line {expected.line}: expected {expected.result} {expected.reason}, {found}"


def _checkpoint(oracle: Oracle, expected: Checkpoint) -> Iterator[str]:
    look = Look(oracle.play(expected.at), expected.at)
    for fact, node in expected.facts:
        if fact == "ranks":
            found, about = look.ranks(expected.leaderboard or ""), expected.leaderboard
        elif fact in OF_PROGRAM:
            found, about = look.whole(fact), fact
        else:
            found, about = look.member(expected.member or "", fact), f"{expected.member}.{fact}"
        wanted = _sorted(node) if fact == "rewards" else node
        for one in differences(wanted, found, str(about)):
            yield f"line {one.line}: {one.path}: expected {one.expected}, found {one.found}"


def _sorted(node: Node) -> Node:
    if not isinstance(node, Sequence):
        return node
    return Sequence(
        node.place, tuple(sorted(node.items, key=lambda one: getattr(one, "text", ""))), node.weight
    )
