"""The transport put together: routes for Starlette, and the handle that stops what is open."""

from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from guerdon.api.transport.answers import Answers
from guerdon.api.transport.connections import Connections
from guerdon.api.transport.execution import Execution
from guerdon.api.transport.graphiql import Page
from guerdon.api.transport.hooks import TransportHooks
from guerdon.api.transport.hot import HotFirst, HotRequests
from guerdon.api.transport.http import GraphQLOverHTTP
from guerdon.api.transport.live import SharedStreams
from guerdon.api.transport.operations import Operations
from guerdon.api.transport.options import TransportOptions
from guerdon.api.transport.parts import Parts
from guerdon.api.transport.persisted import TrustedDocuments
from guerdon.api.transport.schema import TransportSchema
from guerdon.api.transport.sockets import GraphQLOverSocket


class Transport:
    """One schema on the wire.

    `routes` go into a Starlette application; `stop` is called when the server begins to stop
    (`serving.Server` does), so that open streams end and clients come back elsewhere.
    """

    def __init__(
        self,
        schema: TransportSchema,
        *,
        hooks: TransportHooks[Any],
        options: TransportOptions | None = None,
        trusted: TrustedDocuments | None = None,
    ) -> None:
        options = options or TransportOptions()
        graphql_schema = schema._schema  # noqa: SLF001  # the library has no public name for it
        self.parts = Parts(
            options=options,
            hooks=hooks,
            operations=Operations(graphql_schema, options, hooks, trusted or TrustedDocuments()),
            execution=Execution(schema, options, hooks),
            answers=Answers(hooks.answers),
            connections=Connections(options, hooks),
            shared=SharedStreams(),
        )
        self._page = Page(options)
        self._hot = HotRequests(self.parts)

    @property
    def routes(self) -> list[BaseRoute]:
        """The endpoint for HTTP, the one for sockets, and the files of the page for developers."""
        options = self.parts.options
        return [
            Route(options.path, self._http()),
            WebSocketRoute(options.path, GraphQLOverSocket(self.parts)),
            Route(f"{options.ide_path}/{{file}}", self._page.file, methods=["GET"]),
        ]

    def hot_first(self, app: ASGIApp) -> ASGIApp:
        """Return an application that answers from memory what it can, and has `app` do the rest.

        `routes` serve everything by themselves; before the whole application, what is asked again
        and again gets past its other middleware.
        """
        return HotFirst(app, self._hot, path=self.parts.options.path)

    def stop(self) -> None:
        """End open sockets and streams, and open no more."""
        self.parts.connections.stop()

    def _http(self) -> ASGIApp:
        endpoint = GraphQLOverHTTP(self.parts, self._page, self._hot)
        if not self.parts.options.allowed_origins:
            return endpoint
        return CORSMiddleware(
            endpoint,
            allow_origins=self.parts.options.allowed_origins,
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=("Retry-After",),
        )
