"""docs/api.md: its documents run, its codes are all there are, its limits are those of the code."""

import ast
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.conftest import settings, shop
from api.shop import DOCUMENT, Shop
from guerdon.api import auth, connections, guesses, leaderboard_updates
from guerdon.api.problems import _SENTENCES
from guerdon.api.transport import DocumentLimits
from guerdon.engine.refusals import NotFound
from guerdon.settings import Settings

__all__ = ["settings", "shop"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
_BLOCK = re.compile(
    r"```graphql (\w+)( subscription)?\n(.*?)```(?:\n```json\n(.*?)```)?", re.DOTALL
)
_CODE_ROW = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
_LIMIT = re.compile(r"<!-- (\w+) -->([\d,]+)")


class Document(NamedTuple):
    """One document of the page: who asks, what, with which variables."""

    who: str
    is_subscription: bool
    text: str
    variables: dict[str, Any]


def documents() -> list[Document]:
    return [
        Document(who, bool(live), text, json.loads(variables or "{}"))
        for who, live, text, variables in _BLOCK.findall(PAGE)
    ]


def test_every_document_of_the_page_is_found() -> None:
    assert len(documents()) == PAGE.count("```graphql")
    assert len(documents()) > 20


async def test_every_document_of_the_page_runs_and_nothing_is_refused(shop: Shop) -> None:
    changed = DOCUMENT.format(id=shop.program).replace("Corner Shop", "Corner Shop 2")
    token = None
    for document in documents():
        variables = {
            name: changed if value == "$document" else value
            for name, value in document.variables.items()
        }
        if document.who == "member" and token is None:
            found = await shop.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
            token = await shop.token(found["member"]["id"])
        who = token if document.who == "member" else document.who
        assert who is not None
        if document.is_subscription:
            await _subscribed(shop, who, document.text, variables)
            continue
        data = await shop.get(who, document.text, **variables)
        for field in data.values():
            assert field is not None, document.text
            assert not (isinstance(field, dict) and field.get("problems")), (document.text, field)


async def _subscribed(shop: Shop, who: str, text: str, variables: dict[str, Any]) -> None:
    """Subscribe and wait for the first state, or, where news must come first, see it accepted."""
    async with shop.socket(who) as socket:
        await socket.init()
        await socket.subscribe(text, **variables)
        if "leaderboardUpdates" in text:
            assert (await socket.read())["type"] == "next"
            return
        # Messages come in order: a refusal of the first would stand before the second's answer.
        await socket.subscribe("{ viewer { role } }", id_="2")
        assert (await socket.read())["id"] == "2"


def _table(heading: str) -> set[str]:
    begin = PAGE.index(f"**{heading}.**")
    end = PAGE.find("\n**", begin + 5)
    return set(_CODE_ROW.findall(PAGE[begin : end if end > 0 else None]))


def _strings(folder: str, wanted: Any) -> set[str]:
    found: set[str] = set()
    for path in sorted((ROOT / "src" / "guerdon" / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= {it for it in wanted(node) if isinstance(it, str)}
    return found


def _keyword(name: str) -> Any:
    def wanted(node: ast.AST) -> list[Any]:
        if not isinstance(node, ast.Call):
            return []
        return [
            it.value.value
            for it in node.keywords
            if it.arg == name and isinstance(it.value, ast.Constant)
        ]

    return wanted


def _first_argument(*names: str) -> Any:
    def wanted(node: ast.AST) -> list[Any]:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            return []
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        is_it = name in names and node.args and isinstance(node.args[0], ast.Constant)
        return [node.args[0].value] if is_it else []  # type: ignore[attr-defined]

    return wanted


_OURS = {"INTERNAL_SERVER_ERROR"}


def test_the_page_lists_every_error_code() -> None:
    raised = _strings("api", _keyword("code")) | _OURS
    problems = _table("Problems")
    errors = _table("Errors")

    assert raised - problems <= errors, "codes that the page lacks"
    assert errors <= raised, "codes that nobody raises"


def test_the_page_lists_every_problem_code() -> None:
    codes = {NotFound.code, guesses.TooManyTries(1).code, *(it.upper() for it in _SENTENCES)}
    codes |= {it.upper() for it in _strings("core", _first_argument("Rejected"))}
    codes |= {it.upper() for it in _strings("engine", _first_argument("Refused"))}
    codes |= _strings("engine", _keyword("code"))
    codes |= {it.upper() for it in _strings("engine", _keyword("reason"))}

    codes -= {"LANES"}  # said by commands alone

    assert {it for it in codes if it.isidentifier()} == _table("Problems")


def test_the_limits_are_those_of_the_code() -> None:
    given = Settings.load(mongo_url="mongodb://x", redis_url="redis://x").model_dump()
    known = {
        **{name: getattr(DocumentLimits(), name) for name in DocumentLimits.__slots__},
        **vars(auth),
        **vars(guesses),
        **vars(connections),
        **vars(leaderboard_updates),
        **given,
    }
    told = {name: int(figure.replace(",", "")) for name, figure in _LIMIT.findall(PAGE)}

    assert told == {name: known[name] for name in told}
    assert len(told) > 15


@pytest.mark.parametrize(
    "noun", ["Program", "Members", "Activities", "Wallets", "Tiers", "Leaderboards", "Keys"]
)
def test_every_noun_has_a_query_and_a_way_to_change(noun: str) -> None:
    section = PAGE.split(f"\n## {noun}\n", 1)[1].split("\n## ", 1)[0]

    assert "\nquery " in section
    assert "\nmutation " in section or "no mutation" in section
