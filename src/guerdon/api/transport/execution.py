"""Running operations: with a deadline, a fresh context each, and answers as bytes of JSON.

The rule: whatever a resolver does, an answer comes out. Its exceptions become errors that callers
may read (`errors`), its endlessness ends at the deadline, and its values that JSON cannot hold are
internal errors like any other.

Whether an operation may run at all has been decided in `operations`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from graphql import (
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    InitialIncrementalExecutionResult,
)
from graphql.execution import (
    Executor,
    create_source_event_stream,
    execute_root_selection_set,
    execute_subscription_event,
    map_source_to_response_event,
)
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from guerdon.api.transport.encoding import encode_for_all, encode_json
from guerdon.api.transport.errors import ErrorReader, Refused, refusal_from
from guerdon.api.transport.executor import WholeExecutor
from guerdon.api.transport.hooks import Connection, Credential, TransportHooks
from guerdon.api.transport.incremental import head, rest
from guerdon.api.transport.operations import Operation
from guerdon.api.transport.options import TransportOptions
from guerdon.api.transport.personal import Stencil
from guerdon.api.transport.plans import RecentPlans

_is_awaitable: Any = optimized_is_awaitable


@dataclass(frozen=True, slots=True)
class Following:
    """What follows the first instalment of an answer."""

    head: bytes
    rest: AsyncGenerator[bytes, None]


@dataclass(frozen=True)
class Answer:
    """What an operation gave: `data` as JSON (absent if nothing was executed), and errors.

    `context` is what the resolvers saw.
    """

    data: bytes | Stencil | None
    errors: list[dict[str, Any]] | None = None
    following: Following | None = None
    context: object = None

    @cached_property
    def objects(self) -> int | None:
        """How many objects it holds, counted by their braces; None where more will follow.

        A brace within a text counts too: a cost is at most what was asked for it, and never less
        than what was given.
        """
        data = self.data
        if data is None or self.following is not None:
            return None
        return (data if isinstance(data, bytes) else data.common).count(b"{") - 1

    def body(self, cost: Mapping[str, Any] | None = None, *, viewer: str | None = None) -> bytes:
        """Return the whole answer as JSON, as a viewer sees it."""
        pieces: list[bytes] = []
        data = self.data
        if data is not None:
            pieces += (b',"data":', data if isinstance(data, bytes) else data.seen_by(viewer))
        if self.errors:
            pieces += (b',"errors":', encode_json(self.errors))
        if self.following is not None:
            pieces += (b",", self.following.head)
        if cost is not None:
            pieces += (b',"extensions":{"cost":', encode_json(cost), b"}")
        if not pieces:
            return b"{}"
        pieces[0] = b"{" + pieces[0][1:]
        pieces.append(b"}")
        return b"".join(pieces)


class StreamFailed(Exception):
    """A subscription ended by a failure; `errors` are what the caller may read of it."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("The subscription failed.")
        self.errors = errors


class Execution:
    """Runs prepared operations against one schema."""

    def __init__(
        self, schema: Schema, options: TransportOptions, hooks: TransportHooks[Any]
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001  # the library has no public name for it
        self._may_defer = schema.config.enable_experimental_incremental_execution
        self._deferring = schema.execution_context_class
        self._seconds_max = options.execution_seconds_max
        self._errors_max = options.validation_errors_max
        self._hooks = hooks
        self._plans = RecentPlans(options.plans_cached_tokens_max)
        self.errors = ErrorReader(hooks.explain)

    async def run(
        self,
        operation: Operation,
        credential: Credential,
        connection: Connection,
        *,
        in_instalments: bool = False,
    ) -> Answer:
        """Return the answer of a query or a mutation, or its first instalment.

        Raises:
            Refused: The variables do not fit, or the deadline has passed.
        """
        chosen = self._deferring if in_instalments and self._may_defer else WholeExecutor
        executor = self._executor(operation, credential, connection, chosen)
        with self._hooks.watch(operation, connection) as told:
            answer = await self._run(executor, apart=operation.is_introspection)
            told(bool(answer.errors))
        if answer.following is None:
            # It refers to the executor; without it, nothing waits for the garbage collector.
            del executor.async_helpers
        return answer

    async def _run(self, executor: Executor[Any], *, apart: bool) -> Answer:
        """Execute; `apart` is for what waits for nothing and takes long, so that others go on."""
        try:
            if apart:
                result: Any = await asyncio.to_thread(execute_root_selection_set, executor)
            else:
                result = execute_root_selection_set(executor)
            if _is_awaitable(result):
                async with asyncio.timeout(self._seconds_max):
                    result = await result
        except TimeoutError:
            raise self._too_slow() from None
        except Exception as error:  # noqa: BLE001  # the boundary: nothing may pass unread
            return Answer(None, self.errors.unexpected(error))
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            following = Following(head(result), rest(result, self.errors))
            return replace(self._answer(result.initial_result), following=following)
        return replace(self._answer(result), context=executor.context_value)

    async def stream(
        self, operation: Operation, credential: Credential, connection: Connection
    ) -> AsyncGenerator[Answer, None]:
        """Yield the answers of a subscription; the source is closed at the end.

        Raises:
            Refused: The variables do not fit.
            StreamFailed: The source failed.
        """
        executor = self._executor(operation, credential, connection, WholeExecutor)

        async def each(event: Executor[Any]) -> ExecutionResult:
            event.context_value = self._hooks.context(credential, connection)
            result: Any = execute_subscription_event(event)
            if _is_awaitable(result):
                async with asyncio.timeout(self._seconds_max):
                    result = await result
            assert isinstance(result, ExecutionResult)
            return result

        try:
            source: Any = create_source_event_stream(executor)
            if _is_awaitable(source):
                source = await source
            if isinstance(source, ExecutionResult):
                raise StreamFailed(self.errors.read(source.errors or []))  # noqa: TRY301
            async with aclosing(map_source_to_response_event(executor, source, each)) as answers:
                async for result in answers:
                    self._hooks.count("item", 1)
                    yield self._answer(result)
        except (StreamFailed, GeneratorExit):
            raise
        except TimeoutError:
            raise StreamFailed(self._too_slow().errors) from None
        except Exception as error:  # noqa: BLE001  # as above
            raise StreamFailed(self.errors.unexpected(error)) from None

    def _executor(
        self,
        operation: Operation,
        credential: Credential,
        connection: Connection,
        chosen: type[Executor[Any]],
    ) -> Executor[Any]:
        executor = chosen.build(
            self._schema,
            operation.document.node,
            None,
            self._hooks.context(credential, connection),
            operation.variables,
            operation.planned.name,
            max_coercion_errors=self._errors_max,
            is_awaitable=_is_awaitable,
            hide_suggestions=not credential.introspection,
            operation_extensions=operation.extensions,
        )
        if isinstance(executor, list):
            errors = executor[: self._errors_max]
            raise refusal_from(errors, code="BAD_USER_INPUT", status=422)
        if isinstance(executor, WholeExecutor) and credential.rights is not None:
            executor.use(self._plans.of(operation, credential.rights, executor.variable_values))
        return executor

    def _answer(self, result: ExecutionResult | InitialIncrementalExecutionResult) -> Answer:
        errors = self.errors.read(result.errors) if result.errors else None
        try:
            return Answer(encode_for_all(result.data), errors)
        except TypeError as error:
            cause = GraphQLError(str(error), original_error=error)
            return Answer(b"null", [*(errors or ()), *self.errors.read([cause])])

    def _too_slow(self) -> Refused:
        return Refused(
            f"The operation took longer than {self._seconds_max:g} s and was stopped. Ask for less"
            " at once; repeat a mutation only under the same id.",
            code="DEADLINE_EXCEEDED",
            status=504,
        )
