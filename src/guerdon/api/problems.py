"""Refusals as data: what the caller can act on, in the payload of a mutation.

The rule: a problem says what is wrong and what would help, and its path leads to the field. Missing
rights and our own mistakes are GraphQL errors instead (`permissions`, `transport.errors`).
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from guerdon.api.describe import interface, noun, says
from guerdon.core.errors import GuerdonError
from guerdon.engine import refusals
from guerdon.engine.outcomes import Problem as Found
from guerdon.engine.outcomes import Receipt, Result

_Given = ParamSpec("_Given")
_Payload = TypeVar("_Payload")
_Mutation = Callable[_Given, Awaitable[_Payload]]

_CODE = "What is wrong, as a fixed word that code can compare."
_MESSAGE = "What is wrong and what would help, as a sentence."
_PATH = "Where in the input, from the outermost field inwards; list positions are numbers as text."


@interface
class Problem:
    """A refusal the caller can act on.

    Programming errors and missing rights come as GraphQL errors with `extensions.code`.
    """

    code: str = says(_CODE)
    message: str = says(_MESSAGE)
    path: list[str] | None = says(_PATH)


@noun
class InvalidInput(Problem):
    """The input itself cannot be right, whatever is stored."""


@noun
class NotFound(Problem):
    """What the input names does not exist in this program."""


@noun
class Refused(Problem):
    """The request is well formed, and the program or the state of things does not allow it."""


@noun
class InsufficientPoints(Problem):
    """The member holds fewer points than are needed."""

    held: Decimal = says("What the member can spend now, in the wallet's units.")
    needed: Decimal = says("What it costs, in the wallet's units.")


PROBLEMS = (InvalidInput, NotFound, Refused, InsufficientPoints)

_REFUSALS = {
    Result.CONFLICT: "This activityId was used before with other content: choose a new one.",
    Result.REJECTED: "The program refused it: {reason}.",
    Result.FAILED: "It could not be decided and was set aside for an operator: {reason}.",
}

_KINDS: dict[str, type[InvalidInput | NotFound]] = {
    "INVALID_INPUT": InvalidInput,
    "NOT_FOUND": NotFound,
    "UNKNOWN_MEMBER": NotFound,
}


def problem_noun(problem: Found, path: Sequence[str]) -> Problem:
    """Return a problem of the engine as the API shows it."""
    kind = _KINDS.get(problem.code.upper(), Refused)
    return kind(code=problem.code.upper(), message=problem.message, path=list(path))


def problem_nouns(found: Iterable[tuple[Found, Sequence[str]]]) -> list[Problem]:
    """Return problems of the engine, each with its whole path, as the API shows them."""
    return [problem_noun(problem, path) for problem, path in found]


def refusal_nouns(refusal: GuerdonError) -> list[Problem]:
    """Return a refusal of the engine as problems; what is none is raised again."""
    match refusal:
        case refusals.InvalidInput():
            return problem_nouns((problem, problem.path) for problem in refusal.problems)
        case refusals.NotFound():
            return [NotFound(code=refusal.code, message=str(refusal), path=list(refusal.path))]
        case refusals.Refused():
            code = refusal.reason.upper()
            return [Refused(code=code, message=str(refusal), path=list(refusal.path))]
        case _:
            raise refusal


def outcome_problems(receipt: Receipt) -> list[Problem]:
    """Return why a single activity was refused; nothing where it was taken or came before."""
    if receipt.problems:
        return problem_nouns((problem, problem.path) for problem in receipt.problems)
    refusal = _REFUSALS.get(receipt.result)
    if refusal is None:
        return []
    reason = receipt.reason or receipt.result.value
    return [Refused(code=reason.upper(), message=refusal.format(reason=reason), path=None)]


def refusing(
    refused: Callable[[list[Problem]], _Payload],
) -> Callable[[_Mutation[_Given, _Payload]], _Mutation[_Given, _Payload]]:
    """Return a decorator of mutations that answers a refusal of the engine with `refused`."""

    def decorate(resolver: _Mutation[_Given, _Payload]) -> _Mutation[_Given, _Payload]:
        @wraps(resolver)
        async def resolve(*args: _Given.args, **kwargs: _Given.kwargs) -> _Payload:
            try:
                return await resolver(*args, **kwargs)
            except GuerdonError as refusal:
                return refused(refusal_nouns(refusal))

        return resolve

    return decorate


def object_of(value: object, *path: str) -> dict[str, Any]:
    """Return a JSON value that must be an object; nothing given is an empty one.

    Raises:
        InvalidInput: It is another kind of value.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        message = f"`{path[-1]}` must be a JSON object, such as {{}}."
        raise refusals.InvalidInput((Found(code="INVALID_INPUT", message=message, path=path),))
    return value
