"""What README.md asks is asked of a running demo; the answers must have the shape it shows.

Figures differ from day to day, because the sample ends on the day on which the demo is started.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from running import Guerdon, running

README = (Path(__file__).parents[2] / "README.md").read_text()
PAIRS: list[tuple[str, str]] = re.findall(
    r"```graphql\n(.*?)```.*?```json\n(.*?)```", README, re.DOTALL
)


@pytest.fixture(scope="module")
def guerdon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guerdon]:
    with running(tmp_path_factory.mktemp("demo"), "--sample") as demo:
        yield demo


def shape(answer: Any) -> Any:
    """Return what an answer is made of, without its figures."""
    if isinstance(answer, dict):
        return {key: shape(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [shape(answer[0])] if answer else []
    return type(answer).__name__


def first_state(guerdon: Guerdon, query: str) -> dict[str, Any]:
    """Return the first thing that a subscription says."""
    request = urllib.request.Request(
        guerdon.ready["graphql"],
        data=json.dumps({"query": query}).encode(),
        headers={
            "accept": "text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {guerdon.ready['keys']['service']}",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as lines:
        says = next(line for line in lines if line.startswith(b"data: {"))
    data: dict[str, Any] = json.loads(says.removeprefix(b"data: "))["data"]
    return data


@pytest.mark.parametrize(("query", "answer"), PAIRS)
def test_the_readmes_example_is_answered_as_it_says(
    guerdon: Guerdon, query: str, answer: str
) -> None:
    is_followed = query.startswith("subscription")
    got = first_state(guerdon, query) if is_followed else guerdon.ask(query)

    assert shape(got) == shape(json.loads(answer))


def test_the_readme_shows_a_query_a_mutation_and_a_subscription() -> None:
    assert [query.split()[0] for query, _ in PAIRS] == ["query", "mutation", "subscription"]


def test_every_link_of_the_readme_leads_somewhere(root: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert len(links) > 8
    assert [link for link in links if not (root / link).exists()] == []
