"""How operations that come again are executed: the plans of the last ones.

The rule: plans depend on the document, the operation, the rights, and the variables that decide
what is selected, and on nothing else; they hold nothing of who asked or what was found. What is
held is bounded by the documents' tokens.

What a plan is, and how it is used, is in `executor`.
"""

from collections import OrderedDict
from typing import Any

from graphql.execution.values import VariableValues

from guerdon.api.transport.executor import Plans
from guerdon.api.transport.operations import Operation


class RecentPlans:
    """The plans of the operations that were executed last."""

    def __init__(self, tokens_max: int) -> None:
        self._tokens_max = tokens_max
        self._known: OrderedDict[tuple[Any, ...], tuple[Plans, int]] = OrderedDict()
        self._tokens = 0

    def __len__(self) -> int:
        return len(self._known)

    def of(self, operation: Operation, rights: str, variables: VariableValues) -> Plans:
        """Return the plans of an operation under some rights; empty ones where it is new."""
        document = operation.document
        steering = tuple(variables.coerced.get(name) for name in document.steering)
        key = document.digest, operation.planned.name, rights, steering
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Plans(), document.weight
            self._tokens += document.weight
            while self._tokens > self._tokens_max and len(self._known) > 1:
                _, (_, weight) = self._known.popitem(last=False)
                self._tokens -= weight
        else:
            self._known.move_to_end(key)
        return known[0]
