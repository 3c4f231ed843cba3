"""Answers in instalments: `@defer` and `@stream`, where an operator has switched them on.

The rule: what comes later is masked like what comes first. The library formats later parts by
itself, with the text of whatever exception there was; here every error goes through the same
reader.

Clients that do not ask for instalments get the whole answer at once.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from graphql import ExperimentalIncrementalExecutionResults, GraphQLError

from guerdon.api.transport.encoding import encode_json
from guerdon.api.transport.errors import ErrorReader


def head(results: ExperimentalIncrementalExecutionResults) -> bytes:
    """Return the members that tell a client what will follow, as JSON without braces."""
    pending = [it.formatted for it in results.initial_result.pending]
    return b'"pending":' + encode_json(pending) + b',"hasNext":true'


async def rest(
    results: ExperimentalIncrementalExecutionResults, errors: ErrorReader
) -> AsyncGenerator[bytes, None]:
    """Yield what follows the first instalment, each as JSON."""
    async with aclosing(results.subsequent_results) as instalments:
        async for instalment in instalments:
            shown: dict[str, Any] = dict(instalment.formatted)
            for name in ("incremental", "completed"):
                parts = getattr(instalment, name) or ()
                if parts:
                    shown[name] = _masked(parts, errors)
            yield encode_json(shown)


def _masked(parts: Sequence[Any], errors: ErrorReader) -> list[dict[str, Any]]:
    return [{**part.formatted, **_errors_of(part.errors, errors)} for part in parts]


def _errors_of(found: list[GraphQLError] | None, errors: ErrorReader) -> dict[str, Any]:
    return {"errors": errors.read(found)} if found else {}
