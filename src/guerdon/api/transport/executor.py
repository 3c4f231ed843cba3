"""The executor: graphql-core's, with a shorter way to values that need no resolver.

The rule: the short way gives what the long one gives, or steps aside. It reads an attribute and
serialises it; whatever is not that simple (an error, an awaitable, null where none may be) is done
again by the library, which then also forms the error. A page of a list is mostly such values.

The library offers no public place for this; `tests/api/transport/test_executor.py` holds the two
ways against each other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    is_leaf_type,
)
from graphql.execution.executor import Executor
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from guerdon.api.transport.personal import AboutViewer

_PLAIN = frozenset({str, int, float, bool, Decimal, datetime})
_NULL = object()


class Attribute:
    """The resolver of a field that has none: reads the attribute of its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, source: object, _info: object) -> object:
        """Return the attribute."""
        return getattr(source, self.name)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A field that is an attribute and has no fields of its own; or, with `constant`, no value."""

    key: str
    attribute: str
    serialize: Callable[[Any], Any]
    is_nullable: bool
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one selection is read: in short (`leaves`), or the long way."""

    selection: dict[str, Any]
    leaves: list[_Leaf]
    others: dict[str, Any]


class WholeExecutor(Executor[Any]):
    """Executes everything at once: `@defer` and `@stream` are read over, as they may be."""

    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info

    def __init__(self, *args: Any, operation_extensions: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.operation_extensions = operation_extensions
        self._plans: dict[int, _Plan] = {}
        self.objects = 0

    def execute_fields(  # the library's signature
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        """Return the values of a selection, or what is to be awaited for them."""
        if path is not None:  # the root is no object
            self.objects += 1
        plan = self._plans.get(id(grouped_field_set))
        if plan is None:
            plan = self._planned(parent_type, grouped_field_set)
        read, others = _read(plan, source_value)
        if not others:
            return read
        slow = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not read:
            return slow
        if isinstance(slow, dict):
            return _in_order(grouped_field_set, read, slow)
        return _awaited_in_order(grouped_field_set, read, slow)

    def _planned(self, parent_type: GraphQLObjectType, selection: dict[str, Any]) -> _Plan:
        """Return how a selection is read; it is the same for every item of a list."""
        plan = _Plan(selection, [], {})
        for key, details in selection.items():
            name = details[0].node.name.value
            field = parent_type.fields.get(name)
            type_: Any = field.type if field is not None else None
            is_nullable = not isinstance(type_, GraphQLNonNull)
            named = type_ if is_nullable else type_.of_type
            if name == "__typename":
                plan.leaves.append(_Leaf(key, name, str, is_nullable, parent_type.name))
            elif field and isinstance(field.resolve, Attribute) and is_leaf_type(named):
                serialize = named.coerce_output_value
                plan.leaves.append(_Leaf(key, field.resolve.name, serialize, is_nullable))
            else:
                plan.others[key] = details
        self._plans[id(selection)] = plan
        return plan


def _read(plan: _Plan, source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what could be read in short, and what is left to the long way."""
    read: dict[str, Any] = {}
    others = plan.others
    for leaf in plan.leaves:
        if leaf.constant is not None:
            read[leaf.key] = leaf.constant
            continue
        shown = _shown(leaf, source)
        if shown is None:
            others = {**others, leaf.key: plan.selection[leaf.key]}
        else:
            read[leaf.key] = None if shown is _NULL else shown
    return read, others


def _shown(leaf: _Leaf, source: Any) -> Any:
    """Return a serialised value, or nothing where the library must look at it."""
    try:
        value = getattr(source, leaf.attribute)
        if value is None:
            return _NULL if leaf.is_nullable else None
        if value.__class__ in _PLAIN or isinstance(value, Enum):
            return leaf.serialize(value)
        if value.__class__ is AboutViewer:
            return value  # a Boolean for each who will read it
    except Exception:  # noqa: BLE001, S110  # the library meets it again, and tells it properly
        pass
    return None


def _in_order(
    selection: dict[str, Any], read: dict[str, Any], slow: dict[str, Any]
) -> dict[str, Any]:
    """Return both together, in the order in which the document asks for them."""
    found = {**read, **slow}
    return {key: found[key] for key in selection if key in found}


async def _awaited_in_order(
    selection: dict[str, Any], read: dict[str, Any], slow: Awaitable[dict[str, Any]]
) -> dict[str, Any]:
    return _in_order(selection, read, await slow)
