"""How large a document is: counted once for each text, before it is validated or executed.

The rule: the work is proportional to the text. Each definition is walked once, and fragments are
added up from their own counts, so that nested spreads which stand for 2^200 paths take as long as
any other document of that length. The counts are Python integers and cannot overflow.

Texts that are too long are refused before they are parsed (`lengths`), fields that must be compared
are counted in `merging`. What a document costs, which needs the schema and the variables, is in
`costs`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from guerdon.api.transport.errors import too_complex
from guerdon.api.transport.literals import Literals
from guerdon.api.transport.merging import Merging
from guerdon.api.transport.options import DocumentLimits

INTROSPECTION = frozenset({"__schema", "__type"})
_INTROSPECTED_LISTS = frozenset(
    {
        "args",
        "directives",
        "enumValues",
        "fields",
        "inputFields",
        "interfaces",
        "possibleTypes",
        "types",
    }
)


@dataclass(slots=True)
class Extent:
    """The counts of one definition; `spreads` are the fragments it uses and how deep."""

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    repeats: int = 0
    uses_introspection: bool = False
    introspection_lists: int = 0
    root_fields: int = 0
    literals: Literals = field(default_factory=Literals)
    spreads: list["Spread"] = field(default_factory=list)
    steering: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Spread:
    """One use of a fragment: its name, and the depth and nesting it stands at."""

    name: str
    depth: int
    nesting: int
    is_introspection: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What else was seen of a document: `is_circular` where a fragment spreads itself.

    `steering` are the variables that decide what is selected.
    """

    uses_introspection: bool
    is_circular: bool
    steering: tuple[str, ...]


def check_extent(document: DocumentNode, limits: DocumentLimits) -> Reading:
    """Refuse a document beyond `limits`; return what was seen on the way.

    Fields of a circular document are not compared: it is not valid anyway.

    Raises:
        Refused: It is beyond one of them; the message names the limit.
    """
    fragments = [it for it in document.definitions if isinstance(it, FragmentDefinitionNode)]
    operations = [it for it in document.definitions if isinstance(it, OperationDefinitionNode)]
    _at_most(len(operations), limits.operations_max, "operations")
    _at_most(len(fragments), limits.fragments_max, "fragments")
    variables = sum(len(it.variable_definitions or ()) for it in operations)
    _at_most(variables, limits.variables_max, "variables")
    of_operations = [_extent_of(it) for it in operations]
    of_fragments = [_extent_of(it) for it in fragments]
    extents = [*of_operations, *of_fragments]
    _check_text(extents, limits)
    totals, is_circular = _add_up(
        {it.name.value: extent for it, extent in zip(fragments, of_fragments, strict=True)}
    )
    for definition, extent in zip(operations, of_operations, strict=True):
        _check_operation(definition, _with_spreads(extent, totals), limits)
    if not is_circular:
        by_name = {it.name.value: it for it in fragments}
        merging = Merging(by_name, comparisons_max=limits.comparisons_max)
        for definition in operations:
            merging.add(definition)
    return Reading(
        uses_introspection=any(extent.uses_introspection for extent in extents),
        is_circular=is_circular,
        steering=tuple(sorted(set().union(*(extent.steering for extent in extents)))),
    )


def _check_text(extents: list[Extent], limits: DocumentLimits) -> None:
    """Refuse what stands in the text too often, whether an operation uses it or not."""
    _at_most(sum(it.aliases for it in extents), limits.aliases_max, "aliases")
    _at_most(sum(it.directives for it in extents), limits.directives_max, "directives")
    _at_most(sum(len(it.spreads) for it in extents), limits.spreads_max, "spreads of fragments")
    values = sum(it.literals.values for it in extents)
    _at_most(values, limits.values_max, "values in arguments and defaults")
    for extent in extents:
        _at_most(extent.literals.depth, limits.nesting_max, "levels of values")
        _at_most(extent.repeats, limits.repeats_max, "repeats of one field in a selection")


def _check_operation(
    definition: OperationDefinitionNode, extent: Extent, limits: DocumentLimits
) -> None:
    _at_most(extent.depth, limits.depth_max, "levels of fields")
    _at_most(extent.nesting, limits.nesting_max, "levels of selections")
    _at_most(extent.fields, limits.fields_max, "fields, fragments expanded")
    _at_most(
        extent.introspection_lists,
        limits.introspection_lists_max,
        "lists of introspection, fragments expanded",
    )
    is_mutation = definition.operation is OperationType.MUTATION
    roots_max = limits.mutations_max if is_mutation else limits.root_fields_max
    _at_most(extent.root_fields, roots_max, "fields at the root")


def _at_most(count: int, limit: int, what: str) -> None:
    if count > limit:
        shown = count if count < 1_000_000 else "over a million"  # noqa: PLR2004
        raise too_complex(f"The document has {shown} {what}; at most {limit} are served.")


@dataclass(slots=True)
class _Place:
    """A selection set on the way: where it stands, and what has been selected beside it."""

    selections: SelectionSetNode
    depth: int
    nesting: int
    in_introspection: bool
    keys: Counter[str] = field(default_factory=Counter)


def _extent_of(definition: OperationDefinitionNode | FragmentDefinitionNode) -> Extent:
    extent = Extent(directives=len(definition.directives or ()))
    if isinstance(definition, OperationDefinitionNode):
        extent.literals.add_operation(definition)
        for variable in definition.variable_definitions or ():
            extent.directives += len(variable.directives or ())
        is_introspection = False
    else:
        is_introspection = definition.type_condition.name.value.startswith("__")
    places = [_Place(definition.selection_set, 0, 1, in_introspection=is_introspection)]
    while places:
        place = places.pop()
        extent.nesting = max(extent.nesting, place.nesting)
        for node in place.selections.selections:
            for directive in node.directives or ():
                extent.directives += 1
                extent.steering |= _variables_of(directive)
            extent.literals.add_selection(node)
            if isinstance(node, FragmentSpreadNode):
                extent.spreads.append(
                    Spread(node.name.value, place.depth, place.nesting, place.in_introspection)
                )
            elif isinstance(node, InlineFragmentNode):
                inner = replace(place, selections=node.selection_set, nesting=place.nesting + 1)
                places.append(inner)
            elif isinstance(node, FieldNode):
                places.extend(_count_field(extent, node, place))
    return extent


def _variables_of(directive: DirectiveNode) -> set[str]:
    values = (argument.value for argument in directive.arguments or ())
    return {value.name.value for value in values if isinstance(value, VariableNode)}


def _count_field(extent: Extent, node: FieldNode, place: _Place) -> Iterator[_Place]:
    """Count one field; yield the place of what is selected beneath it."""
    name, at_root = node.name.value, place.depth == 0
    exempt = place.in_introspection or (at_root and name in INTROSPECTION)
    key = node.alias.value if node.alias else name
    place.keys[key] += 1
    extent.repeats = max(extent.repeats, place.keys[key])
    extent.fields += 1
    extent.aliases += node.alias is not None
    extent.root_fields += at_root
    extent.uses_introspection |= name in INTROSPECTION
    extent.introspection_lists += place.in_introspection and name in _INTROSPECTED_LISTS
    if not exempt:
        extent.depth = max(extent.depth, place.depth + 1)
    if node.selection_set:
        yield _Place(node.selection_set, place.depth + 1, place.nesting + 1, exempt)


def _add_up(fragments: Mapping[str, Extent]) -> tuple[dict[str, Extent], bool]:
    """Return each fragment's counts with those of the fragments that it uses; and any circle.

    A spread that closes a circle, or names no fragment, adds nothing: validation reports it.
    """
    totals: dict[str, Extent] = {}
    is_circular = False
    for root in fragments:
        path: list[tuple[str, Iterator[Spread]]] = []
        entered: set[str] = set()
        _enter(root, path, entered, totals, fragments)
        while path:
            name, spreads = path[-1]
            following = next(spreads, None)
            if following is None:
                path.pop()
                totals[name] = _with_spreads(fragments[name], totals)
            elif following.name not in entered:
                _enter(following.name, path, entered, totals, fragments)
            elif following.name not in totals:
                is_circular = True
    return totals, is_circular


def _enter(
    name: str,
    path: list[tuple[str, Iterator[Spread]]],
    entered: set[str],
    totals: Mapping[str, Extent],
    fragments: Mapping[str, Extent],
) -> None:
    if name in fragments and name not in totals:
        entered.add(name)
        path.append((name, iter(fragments[name].spreads)))


def _with_spreads(extent: Extent, totals: Mapping[str, Extent]) -> Extent:
    total = Extent(
        depth=extent.depth,
        nesting=extent.nesting,
        fields=extent.fields,
        root_fields=extent.root_fields,
        introspection_lists=extent.introspection_lists,
    )
    for spread in extent.spreads:
        inner = totals.get(spread.name)
        if inner is None:
            continue
        total.fields += inner.fields
        total.introspection_lists += inner.introspection_lists
        total.nesting = max(total.nesting, spread.nesting + inner.nesting)
        if not spread.is_introspection:
            total.depth = max(total.depth, spread.depth + inner.depth)
        if spread.depth == 0:
            total.root_fields += inner.root_fields
    return total
