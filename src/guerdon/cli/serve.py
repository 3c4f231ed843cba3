"""`guerdon serve`: one API process. Any number of them may run behind a load balancer."""

import signal
import sys

from guerdon.cli.stops import format_or_stop, settings_or_stop, stop
from guerdon.cli.watch import watched


def serve() -> None:
    """Answer GraphQL on GUERDON_HOST:GUERDON_PORT until stopped."""
    settings = settings_or_stop()

    from guerdon.cli.logs import configure_logs

    configure_logs(settings)
    format_or_stop(settings)

    from guerdon.api.app import create_app
    from guerdon.api.transport import ManifestUnusable, server_for
    from guerdon.wiring import build, collect_rarely

    # uvicorn sends itself the signal once more when it has finished: this is an end as asked for.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: sys.exit(0))
    with watched(settings, "api") as eyes:
        world = build(settings, watched=eyes.watched)
        try:
            app = create_app(world, settings, started=eyes.pulse.start)
        except ManifestUnusable as error:
            stop(str(error))
        collect_rarely()
        server_for(
            app,
            on_stop=app.state.stop,
            host=settings.host,
            port=settings.port,
            forwarded_allow_ips=list(settings.trusted_proxies),
            log_config=None,
            access_log=False,
            limit_concurrency=settings.connections_max,
            timeout_graceful_shutdown=settings.shutdown_seconds,
            ws_max_size=settings.socket_message_bytes_max,
            ws_ping_interval=settings.socket_ping_seconds,
            ws_ping_timeout=settings.socket_ping_seconds,
        ).run()
