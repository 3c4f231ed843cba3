"""Documents with accidents: whatever happens to a valid one, it is judged and nothing breaks."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.program.load import load
from guerdon.program.mistakes import MOST, errors
from guerdon.program.scenario import load_scenario
from guerdon.program.yaml_source import Mapping, Node, Scalar, Sequence
from program.documents import PROGRAM
from program.figures import replaced, scalars, tree

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))

Accident = Callable[[random.Random, str], str]


def _drop_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _swap_lines(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    i, j = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]
    return "\n".join(lines)


def _repeat_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    i = chance.randrange(len(lines))
    return "\n".join([*lines[:i], lines[i], *lines[i:]])


def _indent_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    i = chance.randrange(len(lines))
    lines[i] = " " * chance.randrange(1, 5) + lines[i]
    return "\n".join(lines)


def _drop_letter(chance: random.Random, text: str) -> str:
    i = chance.randrange(len(text))
    return text[:i] + text[i + 1 :]


def _change_letter(chance: random.Random, text: str) -> str:
    i = chance.randrange(len(text))
    return text[:i] + chance.choice("{}[]:,-&*!|>'\"#%@`~ \t\n0x.é\x00") + text[i + 1 :]


def _replace_word(chance: random.Random, text: str) -> str:
    words = text.split(" ")
    i = chance.randrange(len(words))
    words[i] = chance.choice(
        [
            "null",
            "~",
            "true",
            "1e9",
            "-1",
            ".inf",
            "9" * 40,
            "P99999Y",
            "[]",
            "{}",
            "''",
            "a b",
            "0x1F",
        ]
    )
    return " ".join(words)


ACCIDENTS: tuple[Accident, ...] = (
    _drop_line,
    _swap_lines,
    _repeat_line,
    _indent_line,
    _drop_letter,
    _change_letter,
    _replace_word,
)


def _judge(text: str) -> None:
    """A document is accepted, or every mistake in it has a place within it and a sentence."""
    loaded = load(text)
    lines = len(text.splitlines()) + 2
    assert (loaded.program is None) == bool(errors(loaded.mistakes))
    for mistake in loaded.mistakes:
        assert 1 <= mistake.line <= lines
        assert mistake.column >= 1
        assert mistake.message.endswith(".")


@pytest.mark.parametrize("seed", range(200))
def test_a_document_with_accidents_is_judged_without_a_traceback(seed: int) -> None:
    chance = random.Random(seed)
    text = chance.choice([PROGRAM, *(path.read_text() for path in EXAMPLES)])
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        text = chance.choice(ACCIDENTS)(chance, text)
    _judge(text)
    load_scenario(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_at_all_is_judged_without_a_traceback(text: str) -> None:
    _judge(text)
    _judge(f"program:\n  id: x\n  rules: {text}")


# ---------------------------------------------------------------- breakages with a place

DOCUMENTS = [PROGRAM, *(path.read_text() for path in EXAMPLES if "scenario" not in path.name)]
WRONG = ("[[]]", "{a: {b: 1}}", "-0.5e3", "9" * 30, "null", '"\\t"', "''", "é" * 300, "!!int 5")
_FREE = ("name", "description", "id", "seed", "as", "reason", "unit", "image")
"""Keys whose texts may be anything, or which other places refer to."""


def _found(text: str) -> list[tuple[int, str]]:
    loaded = load(text)
    assert (loaded.program is None) == bool(errors(loaded.mistakes))
    return [(one.line, one.message) for one in errors(loaded.mistakes)]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_of_another_kind_is_refused_on_its_line_or_rightly_accepted(wrong: str) -> None:
    """Whatever stands in the place of a single value, what is said of it is said there."""
    chance = random.Random(wrong)
    for text in DOCUMENTS:
        values = [
            (path, scalar)
            for path, scalar in scalars(tree(text))
            if path.rpartition(".")[2].partition("[")[0] not in _FREE
        ]
        for path, scalar in chance.sample(values, 6):
            if not scalar.plain:
                continue
            found = _found(replaced(text, scalar, wrong))
            assert not found or scalar.place.line in [line for line, _ in found], (path, found)


def _maps(node: Node, path: str = "") -> list[tuple[str, Mapping]]:
    if isinstance(node, Scalar):
        return []
    if isinstance(node, Sequence):
        return [each for item in node.items for each in _maps(item, f"{path}[]")]
    inner = [each for key, value in node.entries for each in _maps(value, f"{path}.{key.text}")]
    return [(path, node), *inner] if node.entries else []


def test_a_key_that_is_not_known_is_refused_on_its_line() -> None:
    """Maps of names and conditions hold any key; all others know theirs."""
    chance = random.Random(11)
    refused = 0
    for text in DOCUMENTS:
        for path, mapping in chance.sample(_maps(tree(text)), 12):
            key = mapping.entries[0][0]
            lines = text.split("\n")
            line = lines[key.place.line - 1]
            before, rest = line[: key.place.column - 1], line[key.place.column - 1 :]
            flow = "{" in before and not before.strip().endswith(("- ", "-"))
            lines[key.place.line - 1] = (
                f"{before}zzzz: 1, {rest}" if flow else f"{before}zzzz: 1\n{_under(before)}{rest}"
            )
            found = _found("\n".join(lines))
            is_free = path.rpartition(".")[2] in ("when", "lines", "eligible", "value")
            assert found or is_free or "unfold" in path, (path, line)
            assert not found or key.place.line in [one for one, _ in found], (path, found)
            refused += bool(found)
    assert refused > 8 * len(DOCUMENTS)


def _under(before: str) -> str:
    return before.replace("-", " ")


def test_a_key_that_stands_twice_is_refused_where_it_stands_again() -> None:
    chance = random.Random(12)
    for text in DOCUMENTS:
        lines = text.split("\n")
        plain = [
            i
            for i, line in enumerate(lines)
            if line.strip().endswith("}")
            and ": {" in line
            and not line.strip().startswith(("-", "{"))
        ]
        for i in chance.sample(plain, min(4, len(plain))):
            twice = "\n".join([*lines[: i + 1], lines[i], *lines[i + 1 :]])
            assert any(line == i + 2 and "second time" in what for line, what in _found(twice))


REFERENCES = ("wallet", "ladder", "counter", "mission", "tier", "badge", "transfer_to")


def test_a_name_that_nothing_has_is_refused_where_it_stands() -> None:
    checked = 0
    for text in DOCUMENTS:
        for path, scalar in scalars(tree(text)):
            if path.rpartition(".")[2] in REFERENCES:
                found = _found(replaced(text, scalar, "nobody_has_it"))
                assert scalar.place.line in [line for line, _ in found], (path, found)
                checked += 1
    assert checked > 100


# ---------------------------------------------------------------- documents as large as may be

N = 999_000
LARGE = {
    "one word": "a" * N,
    "brackets": "[" * N,
    "braces": "{" * N,
    "nested lists": "- " * (N // 2),
    "a quote that never ends": '"' + "x" * N,
    "ten thousand keys": "".join(f"k{i}: 1\n" for i in range(N // 10)),
    "remarks": "# x\n" * (N // 4),
    "empty lines": "\n" * N,
    "spaces": " " * N,
    "tabs": "\t" * N,
    "colons": ":" * N,
    "questions": "? " * (N // 2),
    "anchors": "&a " * (N // 3),
    "aliases": "*a " * (N // 3),
    "tags": "!" * N,
    "a long text": "a: |\n" + " x\n" * (N // 3),
    "a long list": "program: [" + "1," * (N // 2) + "]",
    "unknown keys": "program:\n  id: x\n" + "".join(f"  zz{i}: 1\n" for i in range(60_000)),
    "one key again and again": "program:\n  id: x\n" + "  id: y\n" * 100_000,
    "rules": "program:\n  id: x\n  wallets: {points: {}}\n  rules:\n"
    + "".join(
        f"  - {{id: r{i}, activity: buy, wallet: points, give: {{rate: 1}}}}\n" for i in range(3000)
    ),
    "a number": "program: {id: x, max_age: " + "9" * N + "}",
    "a second too large": "x" * (N + 2_000),
}
PATIENCE_SECONDS = 20
"""A generous bound on a busy machine; what is read by libyaml takes a fraction of a second."""


@pytest.mark.parametrize("what", LARGE)
def test_a_document_as_large_as_may_be_is_judged_in_a_moment(what: str) -> None:
    begun = time.process_time()
    _judge(LARGE[what])
    assert time.process_time() - begun < PATIENCE_SECONDS


def test_more_mistakes_than_anybody_mends_are_cut_off_and_said_to_be() -> None:
    found = load("program:\n  id: x\n" + "  nonsense: 1\n" * 300).mistakes
    assert len(found) == MOST + 1
    assert (
        found[-1].message
        == f"There are {MOST} mistakes up to here; what follows was not looked at."
    )
