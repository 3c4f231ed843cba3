"""A schema as a subgraph of a federated graph (Federation 2).

The rule: a representation names an entity by its key and says nothing else. Whatever other fields
come with it are not looked at, because anybody can write them; an unknown key is null, and what is
no representation at all is an error of its own place in the list. An entity is loaded as by any
other field, with the caller's rights and limits.

The specification wants `_service { sdl }` served even where introspection is off: it is meant for
the router, and the SDL is published as a file anyway.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Optional, Union

import strawberry
from graphql import (
    ConstDirectiveNode,
    ObjectTypeDefinitionNode,
    build_schema,
    lexicographic_sort_schema,
    parse,
    print_ast,
    print_schema,
)

from guerdon.api.transport.errors import BadInput
from guerdon.api.transport.schema import TransportSchema

FEDERATION_VERSION = "2.9"
"""The newest that both compositions read: Apollo's and The Guild's."""

REPRESENTATIONS_MAX = 100

_ONE_OF = "directive @oneOf on INPUT_OBJECT"
"""Compositions know no directive of the specification's last edition, unless it is defined."""

Load = Callable[[Any, str], Awaitable[object | None]]
"""Return the entity under a key, None where there is none for the caller; given the context."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A type that other subgraphs may refer to, by one field that is its key."""

    type_: type
    key: str
    load: Load

    @property
    def name(self) -> str:
        """The type's name in the schema."""
        definition: Any = getattr(self.type_, "__strawberry_definition__", None)
        return str(definition.name)


class _Any:
    """The scalar of representations."""


@strawberry.type(name="_Service", description="What a router composes a supergraph of.")
class OwnDescription:
    """The subgraph's own description of itself."""

    sdl: str = strawberry.field(description="The schema in its language, with its keys.")


def subgraph(
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    *,
    entities: Sequence[Entity],
    shareable: Collection[str] = (),
    **options: Any,
) -> TransportSchema:
    """Return a schema that also answers a router; `shareable` types may be in others as well."""
    alone = TransportSchema(query, mutation, subscription, **options)
    text = described(alone, {it.name: it.key for it in entities}, shareable)
    return TransportSchema(
        _with_entities(query, entities, text),
        mutation,
        subscription,
        **{**options, "scalars": {**options.get("scalars", {}), _Any: _ANY}},
    )


def described(
    schema: TransportSchema, keys: Mapping[str, str], shareable: Collection[str] = ()
) -> str:
    """Return the SDL that a router composes: sorted, linked to the specification, with keys."""
    document = parse(print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))))
    definitions = []
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode):
            key = keys.get(node.name.value)
            more = f'@key(fields: "{key}")' if key else ""
            more += " @shareable" if node.name.value in shareable else ""
            definitions.append(print_ast(_directed(node, more)))
        else:
            definitions.append(print_ast(node))
    imports = ", ".join(f'"{it}"' for it in ("@key", "@shareable")[: 2 if shareable else 1])
    link = (
        f'extend schema @link(url: "https://specs.apollo.dev/federation/v{FEDERATION_VERSION}",'
        f" import: [{imports}])"
    )
    return "\n\n".join([link, _ONE_OF, *definitions]) + "\n"


def _directed(node: ObjectTypeDefinitionNode, directives: str) -> ObjectTypeDefinitionNode:
    (model,) = parse(f"type It {directives} {{ it: Int }}").definitions
    assert isinstance(model, ObjectTypeDefinitionNode)
    more: tuple[ConstDirectiveNode, ...] = tuple(model.directives or ())
    return replace(node, directives=(*(node.directives or ()), *more))


_ANY = strawberry.scalar(
    name="_Any",
    description="The representation of an entity: `__typename` and the key.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)


def _with_entities(query: type, entities: Sequence[Entity], text: str) -> type:
    """Return the root of queries with the two fields that a router asks for."""
    by_name = {it.name: it for it in entities}
    union = strawberry.union("_Entity", description="Whatever other subgraphs may refer to.")
    found: Any = Annotated[Union[tuple(it.type_ for it in entities)], union]  # noqa: UP007  # made here

    async def load(info: strawberry.Info[Any, None], representations: list[_Any]) -> list[Any]:
        if len(representations) > REPRESENTATIONS_MAX:
            raise BadInput(f"At most {REPRESENTATIONS_MAX} representations are resolved at once.")
        # An error in a list is that item's; the others are answered.
        return await asyncio.gather(
            *(_one(info.context, by_name, it) for it in representations), return_exceptions=True
        )

    load.__annotations__["return"] = list[Optional[found]]  # noqa: UP045  # as above
    load.__annotations__["representations"] = list[_Any]

    def describe() -> OwnDescription:
        return OwnDescription(sdl=text)

    fields = {
        "_entities": strawberry.field(
            resolver=load,
            name="_entities",
            description="The entities of these representations, in their order; for routers.",
        ),
        "_service": strawberry.field(
            resolver=describe,
            name="_service",
            description="What a router composes a supergraph of.",
        ),
    }
    return strawberry.type(
        type("Query", (query,), fields), name="Query", description=_description_of(query)
    )


def _description_of(type_: type) -> str | None:
    definition: Any = getattr(type_, "__strawberry_definition__", None)
    description: str | None = definition.description
    return description


async def _one(context: Any, by_name: Mapping[str, Entity], representation: Any) -> Any:
    """Return an entity, None where there is none.

    Raises:
        BadInput: This is no representation of one.
    """
    if not isinstance(representation, dict):
        raise BadInput("A representation is an object with `__typename` and the key.")
    entity = by_name.get(str(representation.get("__typename")))
    if entity is None:
        raise BadInput("`__typename` names no entity of this subgraph.")
    key = representation.get(entity.key)
    if not isinstance(key, str):
        raise BadInput(f"A representation of {entity.name} has the key `{entity.key}`, a text.")
    return await entity.load(context, key)
