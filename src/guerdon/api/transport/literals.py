"""How much is written into the arguments of a field, a directive or a variable.

The rule: nothing here goes deep by calling itself, so that the deepest literal is as harmless as
the longest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    ArgumentNode,
    FieldNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    ValueNode,
)


@dataclass(slots=True)
class Literals:
    """How many values there are, those within lists and objects included, and how deep they lie."""

    values: int = 0
    depth: int = 0

    def add(self, value: ValueNode) -> None:
        """Count one value and all that is in it."""
        waiting: list[tuple[ValueNode, int]] = [(value, 1)]
        while waiting:
            node, depth = waiting.pop()
            self.values += 1
            self.depth = max(self.depth, depth)
            if isinstance(node, ListValueNode):
                waiting.extend((it, depth + 1) for it in node.values)
            elif isinstance(node, ObjectValueNode):
                waiting.extend((it.value, depth + 1) for it in node.fields)

    def add_arguments(self, arguments: Iterable[ArgumentNode] | None) -> None:
        """Count the values of arguments."""
        for argument in arguments or ():
            self.add(argument.value)

    def add_selection(self, node: SelectionNode) -> None:
        """Count what is written at one field or spread, its directives included."""
        if isinstance(node, FieldNode):
            self.add_arguments(node.arguments)
        for directive in node.directives or ():
            self.add_arguments(directive.arguments)

    def add_operation(self, operation: OperationDefinitionNode) -> None:
        """Count the defaults of an operation's variables, and what its directives are given."""
        for directive in operation.directives or ():
            self.add_arguments(directive.arguments)
        for variable in operation.variable_definitions or ():
            if variable.default_value is not None:
                self.add(variable.default_value)
            for directive in variable.directives or ():
                self.add_arguments(directive.arguments)
