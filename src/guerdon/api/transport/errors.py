"""Refusals of the transport, and the one place where an exception becomes an answer's error.

The rule: a caller reads the text of an exception only if somebody wrote it for callers, that is a
`Refused`, a GraphQL error that carries a code, or what the application's `explain` translates.
Everything else becomes `INTERNAL_SERVER_ERROR` with a correlation id, and the log keeps the cause.

Which status code a refusal has on HTTP is decided by its fields here; how they are read for the two
editions of GraphQL over HTTP is in `negotiation`.
"""

import logging
import math
import re
import secrets
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import ArgumentNode, GraphQLError, ValueNode

log = logging.getLogger("guerdon.api")

MESSAGE_CHARACTERS_MAX = 1_000
LOCATIONS_MAX = 10

_CREDENTIALS_IN_URL = re.compile(r"://[^@\s/]+@")


class Refused(Exception):
    """What a caller asked for is not done, and the message says why and what would help.

    `status` is what the current draft of GraphQL over HTTP asks for. `is_graphql` marks refusals
    of a well-formed request (its document, variables or operation): editions before 2026 answer
    those with 200 where the client accepts only `application/json`.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 400,
        is_graphql: bool = False,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.is_graphql = is_graphql
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        self.errors: list[dict[str, Any]] = [
            {"message": message, "extensions": {"code": code, **self.extensions}}
        ]


class Unauthenticated(Refused):
    """The request carries no credential that is known and in force."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            code="UNAUTHENTICATED",
            status=401,
            headers={"www-authenticate": "Bearer"},
        )


class Forbidden(Refused):
    """The credential is known and does not permit this."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="FORBIDDEN", status=403)


class RateLimited(Refused):
    """Who asks too often is told when to come back."""

    def __init__(
        self,
        seconds: float,
        *,
        what: str = "The rate limit of this credential is used up",
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        whole = max(1, math.ceil(seconds))
        super().__init__(
            f"{what}: come back in {whole} s.",
            code="RATE_LIMITED",
            status=429,
            headers={"retry-after": str(whole)},
            extensions={"retryAfter": math.ceil(seconds * 1_000) / 1_000, **(extensions or {})},
        )


def too_complex(message: str) -> Refused:
    """Return the refusal of a document that is too large in some direction."""
    return Refused(message, code="QUERY_TOO_COMPLEX", status=422, is_graphql=True)


class BadInput(Refused):
    """A value in a document or in variables cannot be right, whatever is stored."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="BAD_USER_INPUT", status=422, is_graphql=True)


def refusal_from(errors: Iterable[GraphQLError], *, code: str, status: int) -> Refused:
    """Return one refusal that carries all `errors`, each under `code` unless it has its own."""
    formatted = [_formatted(error, {"code": code}) for error in errors]
    refused = Refused(formatted[0]["message"], code=code, status=status, is_graphql=True)
    refused.errors = formatted
    return refused


class ErrorReader:
    """Turns the errors of an execution into what the caller may read."""

    def __init__(self, explain: Callable[[Exception], Refused | None] | None = None) -> None:
        self._explain = explain

    def read(self, errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
        """Return `errors` in the form of an answer, with a code each and no internals."""
        return [self._one(error) for error in errors]

    def unexpected(self, error: Exception) -> list[dict[str, Any]]:
        """Return the errors of an answer for a failure outside of any field."""
        return self.read([GraphQLError(str(error), original_error=error)])

    def _one(self, error: GraphQLError) -> dict[str, Any]:
        cause = _root_cause(error)
        refused = cause if isinstance(cause, Refused) else self.explained(cause)
        if refused is not None:
            shown = GraphQLError(refused.message, error.nodes, path=error.path)
            return _formatted(shown, {"code": refused.code, **refused.extensions})
        if isinstance(cause, GraphQLError):
            if cause.extensions and "code" in cause.extensions:
                return _formatted(error, dict(cause.extensions))
            if _is_about_input(cause):
                return _formatted(error, {"code": "BAD_USER_INPUT"})
        return self._masked(error, cause)

    def explained(self, cause: Exception) -> Refused | None:
        """Return what the application says of an exception, None where it says nothing."""
        if self._explain is None or isinstance(cause, GraphQLError):
            return None
        return self._explain(cause)

    def _masked(self, error: GraphQLError, cause: Exception) -> dict[str, Any]:
        correlation_id = secrets.token_hex(8)
        log.error(
            "An internal error was hidden from the caller. correlation id: %s, path: %s\n%s",
            correlation_id,
            error.path,
            _without_credentials("".join(traceback.format_exception(cause))),
        )
        shown = GraphQLError(
            "Something failed inside. Repeat the request; if it fails again, report the"
            " correlation id.",
            error.nodes,
            path=error.path,
        )
        extensions = {"code": "INTERNAL_SERVER_ERROR", "correlationId": correlation_id}
        return _formatted(shown, extensions)


def _root_cause(error: GraphQLError) -> Exception:
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_about_input(error: GraphQLError) -> bool:
    """Tell whether graphql-core refused an argument, rather than a value that we returned.

    Both are plain errors without a code; only those about input point at a value of the document.
    """
    nodes = error.nodes or []
    return bool(nodes) and isinstance(nodes[0], ArgumentNode | ValueNode)


def _formatted(error: GraphQLError, extensions: dict[str, Any]) -> dict[str, Any]:
    message = error.message
    if len(message) > MESSAGE_CHARACTERS_MAX:  # it quotes what was sent, however long that is
        message = message[: MESSAGE_CHARACTERS_MAX - 1] + "…"
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [
            {"line": at.line, "column": at.column} for at in error.locations[:LOCATIONS_MAX]
        ]
    if error.path is not None:
        shown["path"] = list(error.path)
    shown["extensions"] = {**(error.extensions or {}), **extensions}
    if error.extensions and "code" in error.extensions:
        shown["extensions"]["code"] = error.extensions["code"]
    return shown


def _without_credentials(text: str) -> str:
    return _CREDENTIALS_IN_URL.sub("://***@", text)
