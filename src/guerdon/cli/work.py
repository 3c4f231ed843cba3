"""`guerdon work`: one worker process, which scores lanes. Any number of them share the lanes.

Dramatiq's worker runs in this very process, not under Dramatiq's own command: that one forks, and
when a fork is killed it takes its siblings with it, and when it is killed itself, they stay.
"""

import signal
import threading
from typing import Annotated

import typer

from guerdon.cli.stops import format_or_stop, settings_or_stop, tell_ready
from guerdon.cli.watch import watched


def work(
    ready_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Decide what was reported, lane by lane, until stopped."""
    settings = settings_or_stop()

    from guerdon.cli.logs import configure_logs

    configure_logs(settings)
    format_or_stop(settings)

    from guerdon.workers.broker import build_broker, build_worker

    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    begun = threading.Event()
    with watched(settings, "worker", begun.is_set) as eyes:
        broker = build_broker(settings, eyes.watched, eyes.pulse)
        broker.emit_after("process_boot")
        worker = build_worker(broker, settings)
        worker.start()
        begun.set()
        tell_ready(ready_fd)
        ended.wait()
        begun.clear()
        worker.stop(timeout=settings.worker_shutdown_seconds * 1_000)
        broker.close()
