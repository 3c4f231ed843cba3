"""The API only grows: against the contract, where that paper is at hand, and the last release."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, find_breaking_changes

from guerdon.api.schema import sdl

LATER = "tests/api/contract_later.txt"
RELEASED = "tests/api/released.graphql"
REMEDY = (
    "clients break by this: keep what there was, deprecated, beside the new"
    " (CONTRIBUTING.md says how a release moves on)"
)


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return build_schema(sdl())


def broken(before: str, after: GraphQLSchema) -> set[str]:
    return {change.description for change in find_breaking_changes(build_schema(before), after)}


def test_all_of_the_contract_is_held_but_for_what_is_listed_as_later(
    root: Path, served: GraphQLSchema
) -> None:
    contract = root.parent / "shared" / "design" / "contract.graphql"
    if not contract.is_file():
        pytest.skip("the contract lies outside of the repository and is not there")
    listed = (root / LATER).read_text().splitlines()
    later = {line for line in listed if line and not line.startswith("#")}
    missing = broken(contract.read_text(), served)

    assert missing - later == set(), "the contract is broken"
    assert later - missing == set(), "these are served now: take them off contract_later.txt"


def test_nothing_of_the_last_release_is_broken(root: Path, served: GraphQLSchema) -> None:
    assert broken((root / RELEASED).read_text(), served) == set(), REMEDY


def test_a_release_takes_its_schema_along(root: Path) -> None:
    """What is released is the newest version of the changelog that is not unreleased."""
    heads = re.findall(
        r"^## (\S+)( \(unreleased\))?", (root / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    versions = [version for version, unreleased in heads if not unreleased]
    named = re.match(r"# guerdon (\S+)\n", (root / RELEASED).read_text())

    assert named is not None
    # Before the first release the schema of its draft is held, so that it only grows as well.
    assert named[1] == (versions[0] if versions else f"{heads[-1][0]}-draft")
    if heads[0][0] == named[1]:
        schema = (root / "schema.graphql").read_text()
        assert (root / RELEASED).read_text() == f"# guerdon {named[1]}\n{schema}"
