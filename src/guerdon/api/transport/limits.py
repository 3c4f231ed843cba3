"""How large a document is: counted once for each text, before it is validated or executed.

The rule: the work is proportional to the text. Each definition is walked once, and fragments are
added up from their own counts, so that nested spreads which stand for 2^200 paths take as long as
any other document of that length. The counts are Python integers and cannot overflow.

What a document costs, which needs the schema and the variables, is in `costs`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from guerdon.api.transport.errors import Refused
from guerdon.api.transport.options import DocumentLimits

INTROSPECTION = frozenset({"__schema", "__type"})


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
    root_fields: int = 0
    spreads: list["Spread"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spread:
    """One use of a fragment: its name, and the depth and nesting it stands at."""

    name: str
    depth: int
    nesting: int
    is_introspection: bool


def too_complex(message: str) -> Refused:
    """Return the refusal of a document that is too large in some direction."""
    return Refused(message, code="QUERY_TOO_COMPLEX", status=422, is_graphql=True)


def check_extent(document: DocumentNode, limits: DocumentLimits) -> bool:
    """Refuse a document beyond `limits`; return whether it asks for introspection.

    Raises:
        Refused: It is beyond one of them; the message names the limit.
    """
    fragments: dict[str, Extent] = {}
    operations: list[tuple[OperationDefinitionNode, Extent]] = []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = _extent_of(definition)
        elif isinstance(definition, OperationDefinitionNode):
            operations.append((definition, _extent_of(definition)))
    extents = [*fragments.values(), *(extent for _, extent in operations)]
    _at_most(len(operations), limits.operations_max, "operations")
    _at_most(len(fragments), limits.fragments_max, "fragments")
    _at_most(sum(it.aliases for it in extents), limits.aliases_max, "aliases")
    _at_most(sum(it.directives for it in extents), limits.directives_max, "directives")
    for extent in extents:
        _at_most(extent.repeats, limits.repeats_max, "repeats of one field in a selection")
    totals = _add_up(fragments)
    for definition, extent in operations:
        _check_operation(definition, _with_spreads(extent, totals), limits)
    return any(extent.uses_introspection for extent in extents)


def _check_operation(
    definition: OperationDefinitionNode, extent: Extent, limits: DocumentLimits
) -> None:
    _at_most(extent.depth, limits.depth_max, "levels of fields")
    _at_most(extent.nesting, limits.nesting_max, "levels of selections")
    _at_most(extent.fields, limits.fields_max, "fields, fragments expanded")
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
    places = [_Place(definition.selection_set, 0, 1, in_introspection=False)]
    while places:
        place = places.pop()
        extent.nesting = max(extent.nesting, place.nesting)
        for node in place.selections.selections:
            extent.directives += len(node.directives or ())
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
    if not exempt:
        extent.depth = max(extent.depth, place.depth + 1)
    if node.selection_set:
        yield _Place(node.selection_set, place.depth + 1, place.nesting + 1, exempt)


def _add_up(fragments: Mapping[str, Extent]) -> dict[str, Extent]:
    """Return each fragment's counts with those of the fragments that it uses.

    A spread that closes a cycle, or names no fragment, adds nothing: validation reports it.
    """
    totals: dict[str, Extent] = {}
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
    return totals


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
    )
    for spread in extent.spreads:
        inner = totals.get(spread.name)
        if inner is None:
            continue
        total.fields += inner.fields
        total.nesting = max(total.nesting, spread.nesting + inner.nesting)
        if not spread.is_introspection:
            total.depth = max(total.depth, spread.depth + inner.depth)
        if spread.depth == 0:
            total.root_fields += inner.root_fields
    return total
