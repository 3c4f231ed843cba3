"""The committed schema is the one that the code serves, and explains itself."""

import importlib
import importlib.util
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("guerdon.api.schema") is None,
    reason="this stage of the project has no schema yet",
)


@pytest.fixture(scope="module")
def sdl() -> str:
    printed: str = importlib.import_module("guerdon.api.schema").sdl()
    return printed


def test_schema_file_equals_the_printed_schema(sdl: str, root: Path) -> None:
    committed = (root / "schema.graphql").read_text()

    assert committed.strip() == sdl.strip(), "run `make schema` and commit schema.graphql"


def test_every_type_field_and_argument_is_described(sdl: str) -> None:
    silent = []
    for name, kind in build_schema(sdl).type_map.items():
        if name.startswith("__") or not kind.ast_node:
            continue
        if not kind.description and name not in {"Query", "Mutation", "Subscription"}:
            silent.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            silent += [f"{name}.{field}" for field, it in kind.fields.items() if not it.description]

    assert silent == []
