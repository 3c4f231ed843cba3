"""Documents: each text is parsed, limited and validated once, and remembered.

The rule: what is asked again is not worked out again, and what is refused is not kept, so that
nobody can push valid documents out with invalid ones. Suggestions are formed only for callers who
may read the schema anyway.

Which document an id stands for is in `persisted`.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule

from guerdon.api.transport.costs import CostPlan
from guerdon.api.transport.errors import Refused, refusal_from, too_complex
from guerdon.api.transport.lengths import check_length
from guerdon.api.transport.limits import check_extent
from guerdon.api.transport.options import TransportOptions

CHARACTERS_A_TOKEN = 400  # a parsed token is about as large as so much text

_RULES = (*specified_rules, MaybeNullValidationRule)
_CIRCLES = (NoFragmentCyclesRule,)


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One operation of a valid document, and what it will cost."""

    node: OperationDefinitionNode
    name: str | None
    cost: CostPlan

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is valid and within the limits. `digest` is its SHA-256 in hex.

    `steering` are the variables that decide which of its fields are selected.
    """

    text: str
    digest: str
    node: DocumentNode
    operations: Mapping[str | None, PlannedOperation]
    uses_introspection: bool
    steering: tuple[str, ...]

    @property
    def weight(self) -> int:
        """What it holds of memory, in tokens; a long comment is not free either."""
        return (self.node.token_count or 0) + len(self.text) // CHARACTERS_A_TOKEN

    def operation(self, name: str | None) -> PlannedOperation:
        """Return the operation of that name, or the only one where none is named.

        Raises:
            Refused: There is none of that name, or it is undecided which one is meant.
        """
        if not name:
            if len(self.operations) == 1:
                return next(iter(self.operations.values()))
            raise _undecided("The document has several operations: name one in `operationName`.")
        found = self.operations.get(name)
        if found is None:
            raise _undecided("The document has no operation of the name in `operationName`.")
        return found


def _undecided(message: str) -> Refused:
    return Refused(message, code="OPERATION_RESOLUTION_FAILURE", status=422, is_graphql=True)


def digest_of(text: str) -> str:
    """Return the SHA-256 of a document in hex, by which it is registered and shared."""
    return hashlib.sha256(text.encode()).hexdigest()


class Documents:
    """The valid documents that were asked for last, by their text."""

    def __init__(self, schema: GraphQLSchema, options: TransportOptions) -> None:
        self._schema = schema
        self._options = options
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._held = 0
        self.hits = 0
        self.misses = 0

    def knows(self, text: str) -> bool:
        """Tell whether the document of that text has been read."""
        return text in self._known

    def get(self, text: str, *, suggestions: bool = False) -> Document:
        """Return the document of that text.

        Raises:
            Refused: It cannot be parsed, is beyond a limit, or is not valid for the schema.
        """
        known = self._known.get(text)
        if known is not None:
            self.hits += 1
            self._known.move_to_end(text)
            return known
        self.misses += 1
        document = self._read(text, suggestions=suggestions)
        self._known[text] = document
        self._held += document.weight
        while self._held > self._options.documents_cached_tokens_max:
            _, forgotten = self._known.popitem(last=False)
            self._held -= forgotten.weight
        return document

    def _read(self, text: str, *, suggestions: bool) -> Document:
        node = self._parsed(text)
        try:
            reading = check_extent(node, self._options.documents)
            errors = validate(
                self._schema,
                node,
                _CIRCLES if reading.is_circular else _RULES,
                max_errors=self._options.validation_errors_max,
                hide_suggestions=not suggestions,
            )
        except RecursionError:
            raise too_complex("The document is nested too deeply.") from None
        if errors:
            raise refusal_from(
                errors[: self._options.validation_errors_max],
                code="GRAPHQL_VALIDATION_FAILED",
                status=422,
            )
        return Document(
            text=text,
            digest=digest_of(text),
            node=node,
            operations=self._planned(node),
            uses_introspection=reading.uses_introspection,
            steering=reading.steering,
        )

    def _parsed(self, text: str) -> DocumentNode:
        limit = self._options.documents.tokens_max
        check_length(text, characters_max=self._options.documents.characters_max, tokens_max=limit)
        try:
            return parse(text, max_tokens=limit)
        except GraphQLSyntaxError as error:
            if "token" in error.message and str(limit) in error.message:
                raise too_complex(
                    f"The document has more than {limit} tokens; it is not parsed further."
                ) from None
            raise refusal_from([error], code="GRAPHQL_PARSE_FAILED", status=400) from None
        except RecursionError:
            raise too_complex("The document is nested too deeply.") from None
        except GraphQLError as error:
            raise refusal_from([error], code="GRAPHQL_PARSE_FAILED", status=400) from None

    def _planned(self, node: DocumentNode) -> dict[str | None, PlannedOperation]:
        fragments = {
            it.name.value: it for it in node.definitions if isinstance(it, FragmentDefinitionNode)
        }
        planned: dict[str | None, PlannedOperation] = {}
        for it in node.definitions:
            if isinstance(it, OperationDefinitionNode):
                name = it.name.value if it.name else None
                plan = CostPlan(self._schema, it, fragments, self._options.cost)
                planned[name] = PlannedOperation(it, name, plan)
        return planned


def root_field_of(operation: PlannedOperation, document: Document) -> str:
    """Return the name of a subscription's only root field."""
    fragments: dict[str, Any] = {
        it.name.value: it
        for it in document.node.definitions
        if isinstance(it, FragmentDefinitionNode)
    }
    selections: Any = operation.node.selection_set.selections
    while True:
        node = selections[0]
        if node.kind == "field":
            return str(node.name.value)
        inner = fragments[node.name.value] if node.kind == "fragment_spread" else node
        selections = inner.selection_set.selections
