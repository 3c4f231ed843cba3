"""Shorter ways to what resolves a field.

The rule: a field is resolved as Strawberry would resolve it, without asking on each call what is
the same on every call: whether it has extensions, which parameters it takes, and what its arguments
are converted to. A field that has more than a function and plain parameters keeps the library's
way. `tests/api/transport/test_resolvers.py` holds the two against each other.
"""

import inspect
from collections.abc import Callable
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from strawberry import Schema
from strawberry.relay.types import GlobalID
from strawberry.schema.compat import is_scalar
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField

from guerdon.api.transport.plain import Attribute

_Converter = Callable[[Any, Any], Any]


def shorten(schema: Schema) -> None:
    """Give every field of a schema the shortest resolver that does the same."""
    graphql_schema = schema._schema  # noqa: SLF001  # the library has no public name for it
    subscription = graphql_schema.subscription_type
    for type_ in graphql_schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_ is subscription:
            continue
        for field in type_.fields.values():
            _shorten(schema, field)


def _shorten(schema: Schema, field: GraphQLField) -> None:
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField):
        return
    if getattr(field.resolve, "_is_default", False):
        field.resolve = Attribute(definition.python_name)
        return
    direct = _direct(schema, definition)
    if direct is not None:
        field.resolve = direct


def _direct(schema: Schema, field: StrawberryField) -> Callable[..., Any] | None:
    """Return what calls a field's function at once, None where the library does more than that."""
    resolver = field.base_resolver
    if resolver is None or field.extensions or schema.schema_converter.exception_handlers:
        return None
    if resolver.parent_parameter or resolver.root_parameter or not resolver.self_parameter:
        return None
    function: Any = resolver.wrapped_func
    if not inspect.isfunction(function):
        return None
    converters = {
        schema.config.name_converter.from_argument(argument): (
            argument.python_name,
            _converter(schema, argument),
        )
        for argument in field.arguments
    }
    info_name = resolver.info_parameter.name if resolver.info_parameter else None
    info_class = schema.config.info_class

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        told = info_class(_raw_info=info, _field=field)
        arguments = {}
        for name, value in given.items():
            python_name, convert = converters[name]
            arguments[python_name] = value if convert is None else convert(value, told)
        if info_name is not None:
            arguments[info_name] = told
        return function(source, **arguments)

    return resolve


def _converter(schema: Schema, argument: StrawberryArgument) -> _Converter | None:
    """Return what makes Python's value of an argument; None where it is one already."""
    type_ = argument.type
    name = schema.config.name_converter.from_argument(argument)
    registry, config = schema.schema_converter.scalar_registry, schema.config
    inner = type_.of_type if type(type_) is StrawberryOptional else type_  # not a `Maybe`
    if is_scalar(inner, registry) and inner is not GlobalID:
        return None

    def convert(value: Any, info: Any) -> Any:
        return convert_argument(value, type_, registry, config, info, path=(name,))

    return convert
