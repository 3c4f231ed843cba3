"""How many fields of a document stand for the same place in the answer, and must be compared.

The rule: GraphQL compares the fields of one response name pair by pair, together with all that is
selected beneath them, which is quadratic in the document and more where it nests. So the pairs are
counted first, and a document with too many is not compared at all. Levels are merged as execution
merges them: each fragment counts once a level, so the count ends where the fields do.

It is meant for documents whose expanded fields are bounded already (`limits`).
"""

from collections.abc import Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from guerdon.api.transport.errors import too_complex
from guerdon.api.transport.literals import Literals

Fragments = Mapping[str, FragmentDefinitionNode]


class Merging:
    """Counts the comparisons of a document's operations, up to a limit.

    A comparison of two fields with arguments is as much work as their arguments hold values.
    """

    def __init__(self, fragments: Fragments, *, comparisons_max: int) -> None:
        self._fragments = fragments
        self._max = comparisons_max
        self.comparisons = 0

    def add(self, operation: OperationDefinitionNode) -> None:
        """Count what one operation adds.

        Raises:
            Refused: Too many fields would have to be compared.
        """
        levels = [[operation.selection_set]]
        while levels:
            for fields in self._merged(levels.pop()):
                beneath = [it.selection_set for it in fields if it.selection_set is not None]
                if beneath:
                    levels.append(beneath)
                if len(fields) > 1:
                    self._compare(fields)

    def _compare(self, fields: list[FieldNode]) -> None:
        others = len(fields) - 1
        self.comparisons += len(fields) * others // 2
        if self.comparisons <= self._max:
            written = Literals()
            for field in fields:
                written.add_arguments(field.arguments)
            self.comparisons += others * written.values
        if self.comparisons > self._max:
            raise too_complex(
                "The document selects the same fields too often: over"
                f" {self._max} pairs of them would have to be compared."
            )

    def _merged(self, level: list[SelectionSetNode]) -> list[list[FieldNode]]:
        """Return the fields of one level by their response names."""
        by_name: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        waiting = list(level)
        while waiting:
            for node in waiting.pop().selections:
                if isinstance(node, FieldNode):
                    name = (node.alias or node.name).value
                    by_name.setdefault(name, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    definition = self._fragments.get(node.name.value)
                    if definition is not None:
                        waiting.append(definition.selection_set)
        return list(by_name.values())
