"""What documents get wrong: each kind of mistake with its place, its sentence and its remedy."""

import pytest

from guerdon.program.load import load
from guerdon.program.mistakes import nearest
from program.cases import CASES, Case
from program.documents import PROGRAM, changed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.after[:50])
def test_a_mistake_is_named_with_its_place_and_remedy(case: Case) -> None:
    text, line, column = changed(case.before, case.after)
    loaded = load(text, "shop.yaml")
    assert loaded.program is None
    mistake = next(
        (one for one in loaded.mistakes if case.message in one.message), loaded.mistakes[0]
    )
    assert case.message in mistake.message
    assert (mistake.line, mistake.column) == (line, column)
    assert mistake.path == f"program.{case.path}"
    assert case.remedy in mistake.remedy


def test_the_program_of_these_tests_is_right() -> None:
    loaded = load(PROGRAM)
    assert loaded.program is not None
    assert not loaded.mistakes


def test_every_mistake_of_a_document_is_named_at_once_in_its_order() -> None:
    text = PROGRAM.replace("{rate: 1}", "{rate: x}").replace("cost: 10}", "cots: 10}")
    text = text.replace("Europe/Berlin", "Atlantis").replace("p: 0.1", "p: 2")
    found = [(one.line, one.path) for one in load(text).mistakes]
    assert found == [
        (4, "program.timezone"),
        (9, "program.rules[0].give.rate"),
        (26, "program.rewards.mug.cots"),
        (28, "program.draws.wheel.table[0].p"),
    ]


def test_a_misspelt_required_key_is_one_mistake() -> None:
    (mistake,) = load(PROGRAM.replace("seed: s,", "sed: s,")).mistakes
    assert mistake.remedy == "Did you mean `seed`?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("just words", "The document is `just words`, not a map."),
        ("[1, 2]", "The document is a list, not a map."),
        ("id: shop\nwallets: {}", "`id` is no key of a document."),
        ("program:", "`id` is missing in a program."),
        ("program: 5", "`program` needs a map; here stands `5`."),
        ("scenario: 2\nprogram: {id: shop}", "This version of the vocabulary is not known."),
    ],
)
def test_a_document_of_another_shape_is_refused(text: str, message: str) -> None:
    assert message in [mistake.message for mistake in load(text).mistakes]


@pytest.mark.parametrize(
    ("word", "choices", "meant"),
    [
        ("perod", ["period", "mode"], "period"),
        ("peroid", ["period", "mode"], "period"),
        ("walets", ["wallets", "rules"], "wallets"),
        ("x", ["at", "id"], None),
        ("completely", ["different"], None),
    ],
)
def test_the_nearest_word_is_found_by_slips(
    word: str, choices: list[str], meant: str | None
) -> None:
    assert nearest(word, choices) == meant
