"""`guerdon serve`: one API process. Any number of them may run behind a load balancer."""

from guerdon.cli.stops import settings_or_stop


def serve() -> None:
    """Answer GraphQL on GUERDON_HOST:GUERDON_PORT until stopped."""
    settings = settings_or_stop()

    from guerdon.cli.logs import configure_logs

    configure_logs(settings)

    import uvicorn
    from starlette.types import ASGIApp

    from guerdon.api.app import create_app
    from guerdon.wiring import build

    def make_app() -> ASGIApp:
        # Called on the server's event loop, to which the clients of a World belong.
        app: ASGIApp = create_app(build(settings), settings)
        return app

    uvicorn.run(
        make_app,
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=settings.connections_max,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        ws_max_size=settings.socket_message_bytes_max,
        ws_ping_interval=settings.socket_ping_seconds,
        ws_ping_timeout=settings.socket_ping_seconds,
        ws_per_message_deflate=False,  # costs memory a socket, and a slow client's queue
    )
