"""What the endpoints share: one of each part, put together once.

The rule: an endpoint keeps no state of its own between connections; what is counted, cached or
shared lies in a part named here.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from guerdon.api.transport.answers import Answers
from guerdon.api.transport.connections import Connections
from guerdon.api.transport.encoding import encode_sorted
from guerdon.api.transport.execution import Execution
from guerdon.api.transport.hooks import Connection, Credential, TransportHooks
from guerdon.api.transport.live import SharedStream, SharedStreams
from guerdon.api.transport.operations import Operation, Operations
from guerdon.api.transport.options import TransportOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one transport."""

    options: TransportOptions
    hooks: TransportHooks[Any]
    operations: Operations
    execution: Execution
    answers: Answers
    connections: Connections
    shared: SharedStreams

    def shared_stream(
        self, operation: Operation, credential: Credential, connection: Connection
    ) -> SharedStream | None:
        """Return the stream that serves this subscription together with others, if one may."""
        share = self.hooks.share(operation, credential)
        variables = encode_sorted(operation.variables)
        if share is None or variables is None:
            return None
        key = (
            operation.document.digest,
            operation.planned.name,
            share.group,
            variables,
        )
        return self.shared.join(
            key,
            lambda: self.execution.stream(operation, credential, connection),
            interval_seconds=share.interval_seconds,
        )

    async def items(
        self, operation: Operation, credential: Credential, connection: Connection
    ) -> AsyncGenerator[bytes, None]:
        """Yield the answers of a subscription as JSON, shared with others where that is allowed.

        Raises:
            Refused: The variables do not fit.
            StreamFailed: The source failed.
        """
        shared = self.shared_stream(operation, credential, connection)
        viewer = credential.viewer
        if shared is not None:
            async with aclosing(shared.states(viewer)) as bodies:
                async for body in bodies:
                    yield body
            return
        alone = self.execution.stream(operation, credential, connection)
        async with aclosing(alone) as answers:
            async for answer in answers:
                yield answer.body(viewer=viewer)
