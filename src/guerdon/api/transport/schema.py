"""The schema that a transport serves: Strawberry's, with precise scalars and a quiet log.

The rule: what a client did wrong is the client's news and not the log's. Only what `errors` hides
from a caller is logged, there, with its correlation id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import strawberry
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from guerdon.api.transport.resolvers import shorten
from guerdon.api.transport.scalars import SCALAR_MAP


class TransportSchema(strawberry.Schema):
    """A Strawberry schema as the transport serves it: precise scalars, no suggestions.

    The library's own `sort_schema` is not used: it copies types, after which enums refuse their
    members and unions their types. `sdl` sorts what it prints.

    `in_instalments` serves `@defer` and `@stream`, which are not part of the specification yet.
    """

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        types: Iterable[type] = (),
        scalars: Mapping[object, Any] | None = None,
        config: StrawberryConfig | None = None,
        in_instalments: bool = False,
    ) -> None:
        chosen = config or StrawberryConfig()
        super().__init__(
            query,
            mutation,
            subscription,
            types=types,
            config=replace(
                chosen,
                scalar_map={**SCALAR_MAP, **chosen.scalar_map, **(scalars or {})},
                disable_field_suggestions=True,
                enable_experimental_incremental_execution=in_instalments,
            ),
        )
        _tell_one_of(self._schema)
        shorten(self)

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,
    ) -> None:
        """Log nothing: most errors are the client's, and ours are logged where they are hidden."""

    def sdl(self) -> str:
        """Return the schema in its definition language, sorted, for `schema.graphql`."""
        return print_schema(lexicographic_sort_schema(self._schema)) + "\n"


def _tell_one_of(schema: GraphQLSchema) -> None:
    """Tell graphql-core which inputs take exactly one member.

    Strawberry checks them by a rule of its own and does not mark them, so the printed schema
    would not say it.
    """
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            definition = type_.extensions.get("strawberry-definition")
            type_.is_one_of = bool(getattr(definition, "is_one_of", False))
