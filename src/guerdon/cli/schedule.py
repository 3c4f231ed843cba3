"""`guerdon schedule`: sweeps and ticks. Any number may run at once."""

import asyncio
import contextlib
import signal
from typing import Annotated

import typer

from guerdon.cli.stops import format_or_stop, settings_or_stop, tell_ready


def schedule(
    ready_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Wake lanes whose hint was lost, and standings that time alone changes, until stopped."""
    settings = settings_or_stop()

    from guerdon.cli.logs import configure_logs

    configure_logs(settings)
    format_or_stop(settings)

    from guerdon.workers.timetable import run

    async def until_stopped() -> None:
        task = asyncio.ensure_future(run(settings, ready=lambda: tell_ready(ready_fd)))
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_stopped())
