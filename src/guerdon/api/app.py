"""The API process: one Starlette application around one World.

The rule: this is where the parts meet and nothing else happens. What is on the wire is `transport`,
who may ask `auth`, what is answered the nouns; the World is built by `wiring` and closed here.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from guerdon.api.answers import kept_answers, rights_of
from guerdon.api.auth import Bearer, Gate
from guerdon.api.federation import PATH as FEDERATION_PATH
from guerdon.api.federation import federated_schema
from guerdon.api.meter import Meter
from guerdon.api.page import routes as page_routes
from guerdon.api.schema import schema
from guerdon.api.signed_reports import PATH, SignedReports
from guerdon.api.transport import (
    BadInput,
    Forbidden,
    Operation,
    Refused,
    Share,
    Transport,
    TransportHooks,
    TransportOptions,
    TrustedDocuments,
)
from guerdon.api.watching import CountedAnswers, Watching
from guerdon.engine import refusals
from guerdon.engine.formats import FormatUnusable
from guerdon.engine.world import StoreDown, World
from guerdon.settings import Settings

READY_SECONDS_MAX = 2.0
GRACE_SECONDS = 5.0
"""How long an operation may take beyond the time that it may wait for decisions."""


class _Application(Starlette):
    """Starlette with something before all of its own middleware."""

    def __init__(self, front: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        super().__init__(**options)
        self._front = front

    def build_middleware_stack(self) -> ASGIApp:
        """Return what answers, called once by Starlette."""
        return self._front(super().build_middleware_stack())


def create_app(
    world: World, settings: Settings, *, started: Callable[[], None] = lambda: None
) -> Starlette:
    """Return the application; `app.state.stop` ends its streams when the server begins to stop.

    `started` is called on the application's event loop.

    Raises:
        ManifestUnusable: A file of trusted documents cannot be read, or is no manifest.
    """
    gate, watching = Gate(world, settings), Watching(world.meters, world.tracer)
    hooks = TransportHooks(
        authenticate=gate.authenticate,
        is_unchanged=gate.is_unchanged,
        still_valid=gate.still_valid,
        context=gate.context,
        meter=Meter(world.rates),
        share=_sharing(settings),
        answers=kept_answers(settings),
        explain=explain,
        watch=watching.operation,
        count=watching.count,
    )
    trusted = TrustedDocuments.load(map(Path, settings.trusted_documents))
    transport = Transport(schema(), hooks=hooks, options=_options(settings), trusted=trusted)
    transports = [transport]
    if settings.federation:
        options = replace(
            _options(settings), path=FEDERATION_PATH, ide_path=f"{FEDERATION_PATH}/ide"
        )
        transports.append(
            Transport(federated_schema(), hooks=hooks, options=options, trusted=trusted)
        )

    def stop() -> None:
        for each in transports:
            each.stop()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        started()
        try:
            yield
        finally:
            stop()
            await world.close()

    health: list[BaseRoute] = [Route("/healthz", _live), Route("/readyz", _readiness(world))]
    signed = Route(PATH, SignedReports(world, gate, transport).__call__, methods=["POST"])
    graphql = [route for each in transports for route in each.routes]

    def front(app: ASGIApp) -> ASGIApp:
        for each in transports:
            app = each.hot_first(app)
        return CountedAnswers(app, world.meters)

    app = _Application(front, routes=[*graphql, signed, *health, *page_routes()], lifespan=lifespan)
    app.state.stop = stop
    app.state.transport = transport
    return app


def _options(settings: Settings) -> TransportOptions:
    return TransportOptions(
        allowed_origins=settings.allowed_origins,
        execution_seconds_max=settings.wait_seconds_max + GRACE_SECONDS,
        init_seconds_max=settings.socket_init_seconds,
        recheck_seconds=settings.revocation_seconds,
        message_bytes_max=settings.socket_message_bytes_max,
        subscriptions_per_connection_max=settings.socket_subscriptions_max,
    )


def explain(failure: Exception) -> Refused | None:
    """Return what a caller may read of an engine's refusal; nothing for what is a bug."""
    match failure:
        case refusals.NotFound():
            return Refused(str(failure), code="NOT_FOUND", status=404)
        case refusals.InvalidInput():
            return BadInput(str(failure))
        case refusals.Refused():
            return Refused(str(failure), code=failure.reason.upper(), status=409)
        case refusals.Forbidden():
            return Forbidden(str(failure))
        case refusals.ComeBack():
            return _later(str(failure), code="THROTTLED", seconds=failure.retry_after_ms / 1000)
        case refusals.IssuerDown():
            return _later(str(failure), code=failure.code, seconds=30)
        case refusals.Unavailable() | StoreDown():
            return _later(str(refusals.Unavailable()), code="UNAVAILABLE", seconds=1)
        case _:
            return None


def _later(message: str, *, code: str, seconds: float) -> Refused:
    return Refused(
        message,
        code=code,
        status=503,
        headers={"retry-after": str(math.ceil(seconds))},
        extensions={"retryAfter": seconds},
    )


def _sharing(settings: Settings) -> Callable[[Operation, Bearer], Share | None]:
    interval = 1 / settings.leaderboard_updates_per_second

    def share(operation: Operation, bearer: Bearer) -> Share | None:
        """Serve those who see the same leaderboard by one execution."""
        if operation.root_field != "leaderboardUpdates":
            return None
        group = rights_of(operation, bearer)
        return None if group is None else Share(group=group, interval_seconds=interval)

    return share


async def _live(_request: Request) -> Response:
    """Answer that the process runs; it says nothing of the servers behind."""
    return JSONResponse({"status": "live"})


def _readiness(world: World) -> Callable[[Request], object]:
    async def ready(_request: Request) -> Response:
        """Answer whether requests can be served: whether the truth can be read, and is ours."""
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                await world.formats.check()
        except FormatUnusable as error:
            return JSONResponse({"status": str(error)}, status_code=503)
        except (TimeoutError, StoreDown, refusals.Unavailable):
            return JSONResponse(
                {"status": "waiting for the database"},
                status_code=503,
                headers={"retry-after": "1"},
            )
        return JSONResponse({"status": "ready"})

    return ready
