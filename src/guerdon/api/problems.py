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
from guerdon.engine.outcomes import Preview, Receipt, Result
from guerdon.engine.outcomes import Problem as Found

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

_TAKEN = frozenset({Result.PENDING, Result.ACCEPTED, Result.DUPLICATE, Result.PARKED})

_SENTENCES = {
    "already_enrolled": "This person takes part already.",
    "already_for_life": "The member has this plan for life.",
    "cancel_window": "It is too late to cancel this redemption.",
    "failed": "It could not be decided and was set aside for an operator.",
    "final": "This reward cannot be given back.",
    "identity_taken": "This identity belongs to another member: merge the two, or use another.",
    "insufficient_points": "The member has too few units.",
    "limit": "The member has had as many as one may.",
    "ended": "This is over.",
    "not_yet": "This has not begun.",
    "unknown_price": "This reward has no price in that wallet for this member.",
    "not_stocked": "This reward has no stock that may be added to by this partner.",
    "off_sale": "Its partner has taken it off sale.",
    "not_eligible": "This is not meant for this member, or not now.",
    "invalid_reason": "Say why in 1 to 200 printable characters.",
    "not_pending": "There is no such redemption that waits to be fulfilled.",
    "not_redeemed": "There is no such redemption that could be cancelled.",
    "out_of_stock": "None are left.",
    "partner_exhausted": "The partner's agreement allows no more of this at present.",
    "payload_differs": "This id was used before with other content: choose a new one.",
    "self_merge": "A member cannot be merged into the same member.",
    "too_many_parked": "Too many activities wait for identities that nobody has: link them.",
    "undecided": "It was accepted and is not decided yet: ask again under the same id.",
    "too_old": "It happened too long ago to be reported.",
    "unknown_badge": "There is no such badge in this program.",
    "unknown_member": "There is no such member in this program: enroll the person first.",
    "unknown_mission": "There is no such mission in this program.",
    "unknown_reward": "There is no such reward in this program.",
    "unknown_tier": "There is no such tier on this ladder.",
    "unknown_wallet": "There is no such wallet in this program.",
    "voucher_used": "The voucher was used before, or is no longer good.",
}
"""What the fixed words of refusals mean to the caller."""

_NAMED = frozenset({"badge", "member", "mission", "reward", "tier", "wallet"})
"""What inputs name by a field of that name."""

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


def outcome_problems(
    receipt: Receipt | Preview, place: Callable[[Sequence[str]], Sequence[str]] = list
) -> list[Problem]:
    """Return why a single activity was refused; nothing where it was taken or came before.

    A repeat is answered with what became of the first. `place` turns a path within an activity
    into one within the input that it was made of.
    """
    if receipt.problems:
        return problem_nouns((problem, place(problem.path)) for problem in receipt.problems)
    result, reason = receipt.result, receipt.reason
    if result is Result.DUPLICATE and receipt.entry is not None:
        result, reason = receipt.entry.result, receipt.entry.reason
    if result in _TAKEN:
        return []
    reason = reason or result.value
    kind = NotFound if reason.startswith("unknown_") else Refused
    named = reason.removeprefix("unknown_")
    path = [named] if named in _NAMED else None
    return [kind(code=reason.upper(), message=_sentence(reason), path=path)]


def undecided(receipt: Receipt) -> list[Problem]:
    """Return that nobody knows yet what became of a change; nothing where somebody does.

    It is for payloads that show what a decision has made, and could be mistaken without one.
    """
    if receipt.entry is not None or receipt.result not in (Result.PENDING, Result.DUPLICATE):
        return []
    return [Refused(code="UNDECIDED", message=_sentence("undecided"), path=None)]


def _sentence(reason: str) -> str:
    return _SENTENCES.get(reason, f"The program refused it: {reason}.")


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
