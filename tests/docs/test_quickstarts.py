"""What the quick starts and the README show is done: documents are asked, programs are run."""

import json
import re
import shlex
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from guerdon.cli import app
from guerdon.program.load import load
from guerdon.program.rehearse import rehearse, told
from guerdon.program.scenario import load_scenario
from running import Guerdon, running

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("quickstart-*.md"))
README = ROOT / "README.md"


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of a language, without the indentation of the list they stand in."""
    fenced = rf"^( *)```{language}\n(.*?)^ *```$"
    found = re.findall(fenced, page.read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(text) for _, text in found]


def documents(name: str) -> list[str]:
    return blocks(ROOT / "docs" / f"quickstart-{name}.md", "graphql")


@pytest.fixture(scope="module")
def guerdon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guerdon]:
    """The demo that all documents are asked of, in the order of the pages."""
    with running(tmp_path_factory.mktemp("demo"), "--sample") as demo:
        yield demo


def first_of(
    guerdon: Guerdon, query: str, meanwhile: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Return the first thing that a subscription says; `meanwhile` is done once it is open."""
    request = urllib.request.Request(
        guerdon.ready["graphql"],
        data=json.dumps({"query": query}).encode(),
        headers={
            "accept": "text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {guerdon.ready['keys']['service']}",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as lines:
        meanwhile()
        said = next(line for line in lines if line.startswith(b"data: {"))
    data: dict[str, Any] = json.loads(said.removeprefix(b"data: "))["data"]
    return data


def test_a_frontend_developers_documents_are_answered(guerdon: Guerdon) -> None:
    standing, board, updates = documents("frontend")

    member = guerdon.ask(standing)["member"]
    assert member["displayName"] == "Anouk Verhoeven"
    assert member["wallets"]
    assert member["missions"]
    assert first_of(guerdon, board)["leaderboardUpdates"]["entries"][0]["rank"] == 1
    buying = (f"buy{number}" for number in count())

    def buy_until_heard() -> None:
        """Something must happen after the subscription has begun, which nobody is told of."""
        for _ in range(5):
            guerdon.buy(next(buying), "anouk", "1.00")

    assert first_of(guerdon, updates, buy_until_heard)["memberUpdates"]["cursor"]


def test_a_partners_documents_are_answered(guerdon: Guerdon) -> None:
    report, take_back, preview = documents("partner")

    reported, again = guerdon.ask(report), guerdon.ask(report)
    assert reported["recordActivities"]["problems"] == []
    assert reported["recordActivities"]["receipts"][0]["result"] == "ACCEPTED"
    assert again["recordActivities"]["receipts"][0]["result"] == "DUPLICATE"
    assert guerdon.ask(take_back)["recordActivities"]["receipts"] == [
        {"result": "ACCEPTED", "reason": None}
    ]
    assert guerdon.ask(preview)["previewActivity"]["result"] == "ACCEPTED"


def test_a_program_managers_program_is_sound_and_its_scenario_comes_true() -> None:
    program, scenario = blocks(ROOT / "docs" / "quickstart-program.md", "yaml")

    assert load(program, "corner.yaml").mistakes == []
    loaded = load_scenario(scenario, "corner.scenario.yaml", read=lambda _path: program)
    assert loaded.mistakes == []
    report = rehearse(loaded)
    assert report.checks > 0
    assert report.is_ok, "\n".join(line for one in report.mismatches for line in told(one))


def commands(text: str) -> set[tuple[str, ...]]:
    """Return every command of guerdon's that a page has one type, as words."""
    lines = text.replace("\\\n", " ").splitlines()
    found = [line.strip().removeprefix("$ ") for line in lines]
    return {
        tuple(shlex.split(line, comments=True)[1:])
        for line in found
        if re.match(r"(\.venv/bin/)?guerdon [a-z]", line)
    }


@pytest.mark.parametrize("page", [*PAGES, README], ids=lambda page: str(page.stem))
def test_every_command_that_is_to_be_typed_exists_with_its_options(page: Path) -> None:
    for words in commands(page.read_text()):
        command: Any = get_command(app)
        rest = list(words)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        assert not hasattr(command, "commands"), f"guerdon {' '.join(words)}"
        options = {name for param in command.params for name in getattr(param, "opts", ())}
        for word in rest:
            if word.startswith("--"):
                assert word.partition("=")[0] in options, f"guerdon {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_links_of_a_quick_start_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())

    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_reader_has_a_quick_start_that_the_readme_names() -> None:
    text = README.read_text()

    assert len(PAGES) == 4
    assert all(f"(docs/{page.name})" in text for page in PAGES)


def test_a_newcomers_own_program_reaches_a_live_leaderboard(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The README's program and the README's request, against a demo of that program."""
    (program,) = blocks(README, "yaml")
    folder = tmp_path_factory.mktemp("cafe")
    (folder / "cafe.yaml").write_text(program)
    curl = re.search(r"-d '(\{\"query\":.*?\})'", README.read_text(), re.DOTALL)
    assert curl is not None
    query = json.loads(curl[1].replace("\n", " "))["query"]

    with running(folder, "--program", str(folder / "cafe.yaml")) as guerdon:
        recorded = guerdon.ask(query)["recordActivities"]["receipts"]
        follow = (
            'subscription { leaderboardUpdates(slug: "month", first: 1) { entries {'
            " score profile { displayName } } } }"
        )
        board = first_of(guerdon, follow)

    assert recorded[0]["result"] == "ACCEPTED"
    assert recorded[0]["activity"]["effects"][0]["summary"].startswith("+8 Beans")
    assert [row["score"] for row in board["leaderboardUpdates"]["entries"]] == ["4.20"]
