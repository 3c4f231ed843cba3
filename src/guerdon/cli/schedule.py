"""`guerdon schedule`: sweeps and ticks. Any number may run at once."""

import asyncio
import contextlib
import signal
import threading
from typing import Annotated

import typer

from guerdon.cli.stops import format_or_stop, settings_or_stop, tell_ready
from guerdon.cli.watch import Eyes, watched


def schedule(
    ready_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Wake lanes whose hint was lost, and standings that time alone changes, until stopped."""
    settings = settings_or_stop()

    from guerdon.cli.logs import configure_logs

    configure_logs(settings)
    format_or_stop(settings)

    from guerdon.workers.timetable import run

    begun = threading.Event()

    def ready() -> None:
        begun.set()
        tell_ready(ready_fd)

    async def until_stopped(eyes: Eyes) -> None:
        eyes.pulse.start()
        task = asyncio.ensure_future(run(settings, ready, eyes.watched))
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with watched(settings, "scheduler", begun.is_set) as eyes:
        asyncio.run(until_stopped(eyes))
