"""Changing one figure of a document: in its program, or in what it expects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from guerdon.core.decision import Decision
from guerdon.program.memory import Memory
from guerdon.program.mistakes import errors
from guerdon.program.rehearse import Report, rehearse
from guerdon.program.scenario import load_scenario
from guerdon.program.yaml_source import (
    SCENARIO_LIMITS,
    Mapping,
    Node,
    Scalar,
    Sequence,
    number,
    parse,
)

_NO_FIGURE = re.compile(r"(^scenario|\.scale)$")
"""Figures that nothing is decided by: the version of the vocabulary, and digits of amounts."""
_PERIOD = re.compile(r"P(\d+)([DWMY])")


@dataclass(frozen=True)
class Change:
    """A document with one value changed; `path` leads to it."""

    path: str
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.after} instead of {self.before}"


def tree(text: str) -> Mapping:
    """Return a document's tree."""
    node, mistakes = parse(text, SCENARIO_LIMITS)
    assert isinstance(node, Mapping), mistakes
    return node


def scalars(node: Node, path: str = "") -> Iterator[tuple[str, Scalar]]:
    """Yield every value with the path that leads to it."""
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Sequence):
        for place, item in enumerate(node.items):
            yield from scalars(item, f"{path}[{place}]")
    else:
        for key, value in node.entries:
            yield from scalars(value, f"{path}.{key.text}".lstrip("."))


def nearest(text: str) -> str | None:
    """Return a figure that is as little greater as its digits tell; None for what is none."""
    value = number(text)
    if value is not None:
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        return str(value + Decimal(1).scaleb(exponent))
    period = _PERIOD.fullmatch(text)
    return f"P{int(period[1]) + 1}{period[2]}" if period else None


def changes(text: str, section: str) -> Iterator[Change]:
    """Yield the document once for each figure of a section, with that figure changed."""
    part = tree(text).get(section)
    assert part is not None
    for path, scalar in scalars(part, section):
        other = nearest(scalar.text)
        if other is not None and not _NO_FIGURE.search(path):
            yield Change(path, scalar.text, other, replaced(text, scalar, other))


def replaced(text: str, scalar: Scalar, other: str) -> str:
    """Return the document with other text in the place of a value on one line."""
    lines = text.split("\n")
    line = lines[scalar.place.line - 1]
    begin = scalar.place.column - 1 + (not scalar.plain)
    assert line[begin:].startswith(scalar.text), (line, scalar)
    lines[scalar.place.line - 1] = line[:begin] + other + line[begin + len(scalar.text) :]
    return "\n".join(lines)


class Play:
    """A scenario file that can be played with its program's text changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        program = tree(self.text).get("program")
        other = path.parent / program.text if isinstance(program, Scalar) else None
        self.program = self.text if other is None else other.read_text(encoding="utf-8")
        self._apart = other is not None

    def rehearse(self, program: str) -> tuple[Report, list[Any]] | None:
        """Return what comes of it, and all that was decided; None where it does not load."""
        text = self.text if self._apart else program
        scenario = load_scenario(text, self.path.name, read=lambda _: program)
        if errors(scenario.mistakes):
            return None
        decided: list[Any] = []

        class Noting(Memory):
            def keep(self, member: str, decision: Decision) -> None:
                super().keep(member, decision)
                standing = decision.standing
                decided.append(
                    (member, decision.result, decision.reason, decision.effects, decision.postings)
                )
                decided.append((decision.scores, decision.payouts, standing.counts))
                decided.append((list(standing.ladders.values()), list(standing.missions.values())))

        return rehearse(scenario, Noting), decided
