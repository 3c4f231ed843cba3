"""The last step of the schema: who is let through to each field, and the short way for large input.

The rule: no field is reachable but through here. One that the table of permissions does not name
stops the start; one that not everybody may read checks the caller before its resolver runs.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from strawberry.types.field import StrawberryField

from guerdon.api.describe import BULK
from guerdon.api.permissions import right_to
from guerdon.api.transport.errors import Forbidden

_Resolver = Callable[..., Any]


def finish(schema: strawberry.Schema) -> None:
    """Put the guards on every field of the schema.

    Raises:
        LookupError: The table of permissions does not name a field.
    """
    for coordinate, found in object_fields(schema).items():
        _take_plain_values(found)
        if not right_to(coordinate).is_limited:
            continue
        if found.subscribe is not None:
            found.subscribe = guarded(found.subscribe, coordinate)
        else:
            assert found.resolve is not None, "Strawberry gives every field a resolver"
            found.resolve = guarded(found.resolve, coordinate)


def object_fields(schema: strawberry.Schema) -> dict[str, GraphQLField]:
    """Return every field of every object type, by its coordinate (`Type.field`)."""
    types: Mapping[str, Any] = schema._schema.type_map  # noqa: SLF001  # no public name for it
    return {
        f"{name}.{field_name}": found
        for name, type_ in sorted(types.items())
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
        for field_name, found in sorted(type_.fields.items())
    }


def guarded(resolve: _Resolver, coordinate: str) -> _Resolver:
    """Return the resolver, behind the question whether the caller may read the field."""
    message = right_to(coordinate).refusal(coordinate)

    def resolve_if_permitted(
        source: object, info: GraphQLResolveInfo[Any], **arguments: Any
    ) -> Any:
        if coordinate in info.context.denied:
            raise Forbidden(message)
        return resolve(source, info, **arguments)

    return resolve_if_permitted


def _take_plain_values(found: GraphQLField) -> None:
    """Call the resolver of a bulk mutation with its input as GraphQL has checked it.

    The library would build an object of every item first, which takes three times as long as all
    the rest.
    """
    definition = found.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or not definition.metadata.get(BULK):
        return
    assert definition.base_resolver is not None, "a mutation has a resolver"
    call = definition.base_resolver.wrapped_func
    assert inspect.iscoroutinefunction(call), "a mutation waits for the stores"

    def resolve(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return call(source, info, **arguments)

    found.resolve = resolve
