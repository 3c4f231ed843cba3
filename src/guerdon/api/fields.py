"""The last step of the schema: who is let through to each field, and the short way for large input.

The rule: no field is reachable but through a guard that asks for its right. A guard stands where a
right begins, that is on every field that leads to another right than its own type's; inside a type
nothing is asked again, so that a page of a hundred entries is as fast as one that anybody may read.
A field without a place in the table of permissions stops the start.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    get_named_type,
    is_abstract_type,
)
from strawberry.types.field import StrawberryField

from guerdon.api.describe import BULK
from guerdon.api.permissions import Right, right_of_type, right_to
from guerdon.api.transport.errors import Forbidden

ASKS_ITSELF = frozenset(
    {"Query._entities", "Query.me", "Query.node", "Query.nodes", "Viewer.member"}
)
"""Fields that are null for those who lack the right to what they lead to, by their own doing:
`node` and, for routers, `_entities` ask for the right of what was found (`lookup`), a key is
nobody's `me`."""

_Resolver = Callable[..., Any]


class Guard:
    """A resolver behind the question whether the caller has the rights that begin here."""

    __slots__ = ("coordinate", "resolve", "rights")

    def __init__(self, resolve: _Resolver, coordinate: str, rights: tuple[Right, ...]) -> None:
        self.resolve = resolve
        self.coordinate = coordinate
        self.rights = rights

    def opened(self, context: Any) -> _Resolver:
        """Return what is behind the guard where the context's caller may pass, else the guard."""
        if all(context.permits(right) for right in self.rights):
            return self.resolve
        return self

    def __call__(self, source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """Resolve the field, if the caller may.

        Raises:
            Forbidden: The caller may not.
        """
        for right in self.rights:
            if not info.context.permits(right):
                raise Forbidden(right.refusal(self.coordinate))
        return self.resolve(source, info, **arguments)


def finish(schema: strawberry.Schema) -> None:
    """Put the guards into the schema.

    Raises:
        LookupError: The table of permissions does not name a field.
    """
    for coordinate, found in object_fields(schema).items():
        _take_plain_values(found)
        if coordinate.startswith("Mutation."):
            _read_anew(found)
        rights = rights_that_begin_at(schema, coordinate, found)
        if not rights:
            continue
        if found.subscribe is not None:
            found.subscribe = Guard(found.subscribe, coordinate, rights)
        else:
            assert found.resolve is not None, "Strawberry gives every field a resolver"
            found.resolve = Guard(found.resolve, coordinate, rights)


def object_fields(schema: strawberry.Schema) -> dict[str, GraphQLField]:
    """Return every field of every object type, by its coordinate (`Type.field`)."""
    types: Mapping[str, Any] = schema._schema.type_map  # noqa: SLF001  # no public name for it
    return {
        f"{name}.{field_name}": found
        for name, type_ in sorted(types.items())
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
        for field_name, found in sorted(type_.fields.items())
    }


def rights_that_begin_at(
    schema: strawberry.Schema, coordinate: str, found: GraphQLField
) -> tuple[Right, ...]:
    """Return the rights that a field asks for beyond those of the type it stands on."""
    asked = [right_to(coordinate)]
    if coordinate not in ASKS_ITSELF:
        asked += [right_of_type(name) for name in types_behind(schema, found)]
    had = right_of_type(coordinate.partition(".")[0])
    return tuple(right for right in dict.fromkeys(asked) if right.is_limited and right != had)


def types_behind(schema: strawberry.Schema, found: GraphQLField) -> list[str]:
    """Return the object types that a field can lead to."""
    named: Any = get_named_type(found.type)
    if isinstance(named, GraphQLObjectType):
        return [named.name]
    if is_abstract_type(named):
        possible = schema._schema.get_possible_types(named)  # noqa: SLF001  # as above
        return sorted(type_.name for type_ in possible)
    return []


def _read_anew(found: GraphQLField) -> None:
    """Have a mutation, and what is asked of its answer, read nothing from memory.

    Mutations of one operation run one after the other, and each shows what it has made of things,
    whatever was read for those before it.
    """
    change: Any = found.resolve

    async def resolve(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        info.context.forget()
        answer = await change(source, info, **arguments)
        info.context.forget()
        return answer

    found.resolve = resolve


def _take_plain_values(found: GraphQLField) -> None:
    """Call the resolver of a bulk field with its input as GraphQL has checked it.

    The library would build an object of every item first, which takes three times as long as all
    the rest.
    """
    definition = found.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or not definition.metadata.get(BULK):
        return
    assert definition.base_resolver is not None, "a bulk field has a resolver"
    call = definition.base_resolver.wrapped_func
    assert inspect.iscoroutinefunction(call), "a bulk field waits for the stores"

    def resolve(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return call(source, info, **arguments)

    found.resolve = resolve
