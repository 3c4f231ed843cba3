"""guerdon as a subgraph of a federated graph: for a router in front of several services.

The rule: every type with a global id is an entity under it, and leads to what `node` leads to, for
the same callers; a subgraph has no rights of its own. It is served at an address of its own, so
that clients who come directly see a schema without a router's machinery.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Any

from guerdon.api.context import Context
from guerdon.api.fields import finish
from guerdon.api.lookup import LOADS, load_node
from guerdon.api.nodes import Node
from guerdon.api.schema import Mutation, Query, Subscription, more_types, schema
from guerdon.api.transport import Entity, TransportSchema, subgraph

PATH = "/graphql/federation"
SHAREABLE = frozenset({"PageInfo"})
"""Types that other subgraphs are likely to have too, with the same fields."""


@lru_cache(maxsize=1)
def federated_schema() -> TransportSchema:
    """Return the schema with the fields that a router asks for, and the guards on every field."""
    made = subgraph(
        Query,
        Mutation,
        Subscription,
        entities=[Entity(_class_of(name), "id", _load_of(name)) for name in sorted(LOADS)],
        shareable=SHAREABLE,
        types=more_types(),
    )
    finish(made)
    return made


def _class_of(name: str) -> type:
    definition: Any = schema().get_type_by_name(name)
    found: type = definition.origin
    return found


def _load_of(name: str) -> Callable[[Any, str], Awaitable[object | None]]:
    return partial(_load, name)


async def _load(name: str, context: Context, key: str) -> Node | None:
    """Return the node under an id; one of another type is none of this entity."""
    found = await load_node(context, key)
    return found if type(found).__name__ == name else None
