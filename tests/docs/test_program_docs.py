"""What the pages about programs say is so: snippets run, and the reference is the loader's own."""

import re

import pytest

from docs.blocks import DOCS, Block, blocks_of
from docs.faults import complaints
from docs.reference import PAGE, every_key, generated, updated
from guerdon.program.load import load
from guerdon.program.rehearse import rehearse, told
from guerdon.program.scenario import load_scenario

PAGES = ("program-language.md", "cookbook.md")
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
ROOT = DOCS.parent


def test_generated_reference_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == updated(page), "run scripts/program-reference and commit the page"


def test_every_key_of_the_language_stands_in_the_reference() -> None:
    names = {key.name for key in every_key()}
    told_of = set(re.findall(r"`(\w+)`", generated()))

    assert len(names) > 100
    assert names <= told_of


def test_every_example_of_the_reference_is_accepted_where_it_stands() -> None:
    refused = {
        f"{key.name}: {key.example}": said for key in every_key() if (said := complaints(key))
    }

    assert refused == {}


def test_every_reason_of_a_rejection_is_told_of() -> None:
    core = (ROOT / "src" / "guerdon" / "core").glob("*.py")
    given = {
        reason
        for path in core
        for reason in re.findall(r'Rejected\("(\w+)"\)', path.read_text(encoding="utf-8"))
    }
    given -= {"unknown_rule"}  # of activities that only guerdon itself makes
    page = PAGE.read_text(encoding="utf-8")

    assert len(given) > 20
    assert {reason for reason in given if f"`{reason}`" not in page} == set()


def test_links_of_the_pages_lead_somewhere() -> None:
    lost = []
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, part = target.partition("#")
            if path and not (DOCS / path).exists():
                lost.append(f"{page}: {target}")
            if not path and part not in anchors:
                lost.append(f"{page}: {target}")

    assert lost == []


def test_cookbook_has_a_recipe_that_runs_under_every_heading() -> None:
    text = (DOCS / "cookbook.md").read_text(encoding="utf-8")
    recipes = re.findall(r"^### (.*)$", text, flags=re.MULTILINE)

    assert [block.heading for block in BLOCKS if block.page == "cookbook.md"] == recipes


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block_of_a_page_loads_without_mistakes_or_warnings_and_holds(block: Block) -> None:
    if "\nexpect:" not in block.text:
        assert load(block.text, block.page).mistakes == []
        return
    scenario = load_scenario(block.text, block.page)
    assert scenario.mistakes == []

    report = rehearse(scenario)

    assert report.checks > 0
    assert report.is_ok, "\n".join(line for one in report.mismatches for line in told(one))
