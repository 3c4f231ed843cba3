"""The executor: graphql-core's, with a shorter way to values that need no resolver.

The rule: the short way gives what the long one gives, or steps aside. It reads attributes, and
objects and lists made of nothing else; whatever is not that simple (an error, an awaitable, null
where none may be) is done again by the library, which then also forms the error. A page of a list
is mostly such values. What a field needs but the operation's context to be let through is asked
once for the operation, and not for every item; where an operation comes again, its plans do too
(`plans`).

The library offers no public place for this; `tests/api/transport/test_executor.py` holds the two
ways against each other.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution.executor import Executor
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from guerdon.api.transport.plain import Attribute, Reader, field_reader, object_reader


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one selection is read: in short (`plain`, by the answer's key), or the long way."""

    selection: dict[str, Any]
    plain: list[tuple[str, Reader]]
    others: dict[str, Any]


class Plans:
    """What is found out about one operation while it is executed, and is so each time.

    They serve every execution of the same document and operation under the same rights and the same
    values of the variables that decide what is selected (`@include`, `@skip`).
    """

    __slots__ = ("root", "selections", "subfields")

    def __init__(self) -> None:
        self.root: dict[str, Any] | None = None
        self.subfields: dict[Any, Any] = {}
        self.selections: dict[int, _Plan] = {}


class WholeExecutor(Executor[Any]):
    """Executes everything at once: `@defer` and `@stream` are read over, as they may be."""

    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info

    def __init__(self, *args: Any, operation_extensions: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.operation_extensions = operation_extensions
        self.use(Plans())

    def use(self, plans: Plans) -> None:
        """Go by plans that were made before, and add what is missing in them."""
        self._plans = plans
        self._relevant_sub_fields = plans.subfields  # the library's memory of what it collected

    def execute_collected_root_fields(  # the library's signature
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: dict[str, Any],
        serially: bool,  # noqa: FBT001
        new_defer_usages: Any,
    ) -> Any:
        """Execute the operation; plans are found by the selection that they were made for."""
        if self._plans.root is None:
            self._plans.root = grouped_field_set
        return super().execute_collected_root_fields(
            root_type, root_value, self._plans.root, serially, new_defer_usages
        )

    def execute_fields(  # the library's signature
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Any:
        """Return the values of a selection, or what is to be awaited for them."""
        plan = self._plans.selections.get(id(grouped_field_set))
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
            reader = self._reader(parent_type, details)
            if reader is None:
                plan.others[key] = details
            else:
                plan.plain.append((key, reader))
        self._plans.selections[id(selection)] = plan
        return plan

    def _reader(self, parent_type: GraphQLObjectType, details: Any) -> Reader | None:
        """Return what reads a field in short, None where the library must."""
        name = details[0].node.name.value
        if name == "__typename":
            type_name = parent_type.name
            return lambda _source: type_name
        field = parent_type.fields.get(name)
        if field is None:
            return None
        resolve: Any = field.resolve
        opened = getattr(resolve, "opened", None)
        if opened is not None:
            resolve = opened(self.context_value)
        if not isinstance(resolve, Attribute):
            return None
        return field_reader(
            resolve.name, field.type, lambda type_: self._object_reader(type_, details)
        )

    def _object_reader(self, type_: Any, details: Any) -> Reader | None:
        """Return what reads objects of a type whose selected fields are all plain."""
        if not isinstance(type_, GraphQLObjectType):
            return None
        definition = type_.extensions.get("strawberry-definition")
        origin = getattr(definition, "origin", None)
        if not isinstance(origin, type):
            return None
        fields = self.collect_subfields(type_, details).grouped_field_set
        plan = self._plans.selections.get(id(fields)) or self._planned(type_, fields)
        return None if plan.others else object_reader(origin, plan.plain)


def _read(plan: _Plan, source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what could be read in short, and what is left to the long way."""
    read: dict[str, Any] = {}
    others = plan.others
    for key, reader in plan.plain:
        try:
            read[key] = reader(source)
        except Exception:  # noqa: BLE001  # the library meets it again, and tells it properly
            others = {**others, key: plan.selection[key]}
    return read, others


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
