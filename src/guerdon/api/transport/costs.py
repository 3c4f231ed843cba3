"""What an operation costs, from its document and variables, before any of it is executed.

The rule: a cost is a bound, never a measurement: objects count 1, lists count as often as their
size arguments say (or, without one, as assumed), mutations 10 more. Fragments are counted once and
added up, so the work is proportional to the document. Introspection costs nothing; whether it is
permitted, and how deep, is decided elsewhere.

The figures themselves are in `options.CostTable`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from guerdon.api.transport.options import CostTable

COST_SHOWN_MAX = 1_000_000_000
_SIZED_FIELDS = frozenset({"edges", "nodes"})


@dataclass(frozen=True, slots=True)
class _Sum:
    """What a selection costs: `fixed`, and `per_item` for each item its connection returns."""

    fixed: int = 0
    per_item: int = 0


class CostPlan:
    """Prices one operation of one document; the same variables are priced once.

    Once it has priced, `coordinates` names every field that the operation reads, as `Type.field`,
    and `beyond_objects` is what it costs however few objects are found.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        table: CostTable,
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = fragments
        self._table = table
        self._sizing_variables: tuple[str, ...] | None = None
        self._known: dict[tuple[Any, ...], int] = {}
        self.coordinates: frozenset[str] = frozenset()
        self.beyond_objects = 0

    def price(self, variables: Mapping[str, Any]) -> int:
        """Return the cost of the operation under `variables`, as the caller sent them."""
        if self._sizing_variables is not None:
            known = self._known.get(self._key(variables))
            if known is not None:
                return known
        pass_ = _Pass(self._schema, self._fragments, self._table, self._with_defaults(variables))
        cost = min(pass_.operation(self._operation), COST_SHOWN_MAX)
        self._sizing_variables = tuple(sorted(pass_.read_variables))
        self.coordinates = frozenset(pass_.coordinates)
        self.beyond_objects = pass_.beyond_objects
        if len(self._known) < 64:  # noqa: PLR2004
            self._known[self._key(variables)] = cost
        return cost

    def _key(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        values = (variables.get(name, Undefined) for name in self._sizing_variables or ())
        return tuple(len(it) if isinstance(it, list) else _as_size(it) for it in values)

    def _with_defaults(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        merged = {
            it.variable.name.value: _literal(it.default_value)
            for it in self._operation.variable_definitions or ()
            if it.default_value is not None
        }
        return {**merged, **variables}


class _Pass:
    """One walk over an operation, with the variables of one request."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        table: CostTable,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._table = table
        self._variables = variables
        self._known: dict[str, _Sum] = {}
        self.read_variables: set[str] = set()
        self.coordinates: set[str] = set()
        self.beyond_objects = 0

    def operation(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            return 0
        sum_ = self._selection(operation.selection_set, root)
        extra = {
            OperationType.MUTATION: self._table.mutation_weight,
            OperationType.SUBSCRIPTION: self._table.subscription_weight,
        }.get(operation.operation, 0)
        self.beyond_objects += extra
        return sum_.fixed + sum_.per_item * self._table.page_size + extra

    def _selection(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> _Sum:
        fixed = per_item = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                inner = self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition
                narrowed = self._schema.get_type(on.name.value) if on else parent
                inner = self._selection(node.selection_set, narrowed or parent)
            elif isinstance(node, FragmentSpreadNode):
                inner = self._fragment(node.name.value, parent)
            else:
                continue
            fixed += inner.fixed
            per_item += inner.per_item
        return _Sum(fixed, per_item)

    def _fragment(self, name: str, parent: GraphQLNamedType) -> _Sum:
        known = self._known.get(name)
        if known is None:
            definition = self._fragments[name]
            on = self._schema.get_type(definition.type_condition.name.value) or parent
            known = self._known[name] = self._selection(definition.selection_set, on)
        return known

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> _Sum:
        name = node.name.value
        field: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        if field is None:  # __typename and introspection
            return _Sum()
        coordinate = f"{parent.name}.{name}"
        self.coordinates.add(coordinate)
        weight = self._weight(field, coordinate)
        size = self._size(node, field, coordinate)
        named = get_named_type(field.type)
        inner = _Sum()
        if node.selection_set is not None and is_composite_type(named):
            inner = self._selection(node.selection_set, named)
        if not _is_list(field.type):
            page = self._table.page_size if size is None else size
            return _Sum(weight + inner.fixed + inner.per_item * page)
        each = weight + inner.fixed + inner.per_item * self._table.page_size
        if size is None and name in _SIZED_FIELDS:
            return _Sum(0, each)
        return _Sum(each * (self._table.list_size if size is None else size))

    def _weight(self, field: GraphQLField, coordinate: str) -> int:
        declared = self._table.weights.get(coordinate, _metadata(field, "cost"))
        is_object = is_composite_type(get_named_type(field.type))
        if declared is None:
            return self._table.object_weight if is_object else 0
        self.beyond_objects += max(declared - (self._table.object_weight if is_object else 0), 0)
        return declared

    def _size(self, node: FieldNode, field: GraphQLField, coordinate: str) -> int | None:
        """Return how many items the field is asked for, or nothing where it does not say."""
        declared = self._table.sizes.get(coordinate, _metadata(field, "size"))
        if declared is not None:
            return declared
        given = {it.name.value: self._value(it.value) for it in node.arguments or ()}
        sizes: list[int] = []
        lists: list[int] = []
        for name, argument in field.args.items():
            value = given.get(name, Undefined)
            if value is Undefined and argument.default_value is not Undefined:
                value = argument.default_value
            if name in self._table.sizing_arguments and isinstance(value, int | float):
                sizes.append(max(int(_as_size(value)), 0))
            elif isinstance(value, list):
                lists.append(len(value))
        if sizes:
            return sum(sizes)
        return max(lists) if lists and _is_list(field.type) else None

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            self.read_variables.add(node.name.value)
            return self._variables.get(node.name.value, Undefined)
        return _literal(node)


def _is_list(type_: GraphQLOutputType) -> bool:
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return isinstance(inner, GraphQLList)


def _metadata(field: GraphQLField, name: str) -> int | None:
    definition = (field.extensions or {}).get("strawberry-definition")
    metadata: Mapping[str, object] = getattr(definition, "metadata", {})
    value = metadata.get(name)
    return value if isinstance(value, int) else None


def _literal(node: ValueNode) -> Any:
    """Return the value of a literal as far as a size can depend on it."""
    if isinstance(node, IntValueNode):
        return int(node.value[:20])
    if isinstance(node, ListValueNode):
        return list(node.values)
    return None


def _as_size(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if abs(value) < COST_SHOWN_MAX else COST_SHOWN_MAX
    return value if isinstance(value, int | None) else None
