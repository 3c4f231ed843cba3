"""What every part of the schema has in common, so that a client learns it once."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
)

from guerdon.api.schema import sdl

SCHEMA = build_schema(sdl())
TYPES: dict[str, Any] = {
    name: type_ for name, type_ in SCHEMA.type_map.items() if not name.startswith("__")
}
FIELDS = {
    f"{name}.{field}": found
    for name, type_ in TYPES.items()
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    for field, found in type_.fields.items()
}
CONNECTIONS = sorted(name for name in TYPES if name.endswith("Connection"))
MUTATIONS = sorted(it for it in FIELDS if it.startswith("Mutation."))
BUILT_IN = {"Boolean", "ID", "Int", "String", "Float"}


def test_everything_is_described_for_a_frontend_developer() -> None:
    silent = [name for name, it in TYPES.items() if name not in BUILT_IN and not it.description]
    silent += [name for name, it in FIELDS.items() if not it.description]
    for coordinate, found in FIELDS.items():
        silent += [f"{coordinate}({it}:)" for it, arg in found.args.items() if not arg.description]
    for name, type_ in TYPES.items():
        if isinstance(type_, GraphQLEnumType):
            silent += [
                f"{name}.{it}" for it, value in type_.values.items() if not value.description
            ]
        if isinstance(type_, GraphQLInputObjectType):
            silent += [
                f"{name}.{it}" for it, value in type_.fields.items() if not value.description
            ]

    assert silent == []


def test_descriptions_are_sentences_in_running_text() -> None:
    described = {**TYPES, **FIELDS}
    bad = [
        name
        for name, it in described.items()
        if name not in BUILT_IN
        and (
            not it.description.endswith((".", "?", "..."))
            or re.search(r"[^\n]\n[^\n]", it.description)
        )
    ]

    assert bad == []


@pytest.mark.parametrize("coordinate", MUTATIONS)
def test_a_mutation_takes_one_input_and_answers_with_a_payload_of_problems(coordinate: str) -> None:
    found = FIELDS[coordinate]
    name = coordinate.removeprefix("Mutation.")
    payload: Any = found.type.of_type

    assert list(found.args) == ["input"]
    assert str(found.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"
    assert payload.name.endswith("Payload")
    assert str(payload.fields["problems"].type) == "[Problem!]!"


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_has_edges_with_cursors_and_page_info(name: str) -> None:
    kind = name.removesuffix("Connection")
    edge = TYPES[f"{kind}Edge"]

    assert str(TYPES[name].fields["edges"].type) == f"[{kind}Edge!]!"
    assert str(TYPES[name].fields["pageInfo"].type) == "PageInfo!"
    assert str(edge.fields["cursor"].type) == "String!"
    assert set(edge.fields) == {"cursor", "node"}


def test_what_returns_a_connection_takes_the_four_arguments_of_relay() -> None:
    wrong = [
        coordinate
        for coordinate, found in FIELDS.items()
        if str(found.type).rstrip("!").endswith("Connection")
        and {
            name: str(it.type)
            for name, it in found.args.items()
            if name not in ("search", "partner", "state")
        }
        != {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    ]

    assert wrong == []


def test_every_scalar_of_our_own_says_where_it_is_specified() -> None:
    own = [it for it in TYPES.values() if isinstance(it, GraphQLScalarType)]

    assert [it.name for it in own if it.name not in BUILT_IN and not it.specified_by_url] == []
