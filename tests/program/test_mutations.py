"""Documents with accidents: whatever happens to a valid one, it is judged and nothing breaks."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.program.load import load
from guerdon.program.mistakes import errors
from guerdon.program.scenario import load_scenario
from program.documents import PROGRAM

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
    lines = text.count("\n") + text.count("\r") + 2
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
