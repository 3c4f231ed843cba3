"""The command itself: options, the progress bar, the end."""

import asyncio
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.endpoint import address_and_key
from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.cli.importing.run import Import, Order

_INTERRUPTED = 130
_LAST_ANSWERS_SECONDS = 10

importing = typer.Typer(
    name="import",
    help="Bring in what happened elsewhere; running it again changes nothing.",
    no_args_is_help=True,
)


File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or JSON Lines.")]
Kind = Annotated[str | None, typer.Option("--type", help="What each line is, such as purchase.")]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", help="What columns mean: customer=member,date=at,amount=amount."),
]
Url = Annotated[str | None, typer.Option(envvar="GUERDON_URL", help="The GraphQL address.")]
Key = Annotated[
    str | None, typer.Option(envvar="GUERDON_KEY", help="A key that may report activities.")
]
ReadyFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Take address and key from a demo's file."),
]
Errors = Annotated[
    Path, typer.Option(dir_okay=False, help="Where lines that were refused are listed.")
]
BatchSize = Annotated[int, typer.Option(min=1, max=1_000, help="Lines a request.")]
StreamCount = Annotated[
    int, typer.Option(min=1, max=32, help="Requests at a time; with 1 the file's order is kept.")
]
Delimiter = Annotated[
    str | None, typer.Option(help="What separates cells; else found out from the header.")
]
Shift = Annotated[bool, typer.Option(help="Move the newest line to today, and all others as far.")]
DecimalComma = Annotated[bool, typer.Option(help="Amounts are written 29,33.")]
Waits = Annotated[bool, typer.Option(help="Return when everything is decided.")]


@importing.command()
def activities(
    file: File,
    kind: Kind = None,
    maps: Maps = None,
    url: Url = None,
    key: Key = None,
    ready_file: ReadyFile = None,
    errors: Errors = Path("errors.csv"),
    batch: BatchSize = 1_000,
    streams: StreamCount = 1,
    delimiter: Delimiter = None,
    *,
    shift_to_now: Shift = False,
    decimal_comma: DecimalComma = False,
    wait: Waits = False,
) -> None:
    """Report each line of FILE as an activity."""
    from guerdon.cli.importing.refused import AskedWrongly, CannotGoOn
    from guerdon.cli.importing.run import Order

    url, key = _whereto(url, key, ready_file)
    order = Order(
        path=file,
        url=url,
        maps=tuple(maps or ()),
        kind=kind,
        shift_to_now=shift_to_now,
        errors=errors,
        batch=batch,
        streams=streams,
        delimiter=delimiter,
        decimal_comma=decimal_comma,
    )
    try:
        asyncio.run(_import(order, key, wait=wait))
    except AskedWrongly as wrong:
        stop(str(wrong), code=2)
    except CannotGoOn as end:
        stop(f"{end}\nRun the same command again to go on where this run ended.")


@importing.command()
def members(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON Lines.")],
    url: Url = None,
    key: Key = None,
    ready_file: ReadyFile = None,
    errors: Errors = Path("errors.csv"),
    streams: StreamCount = 8,
) -> None:
    """Enroll or update everybody in FILE, as `guerdon export members` writes it."""
    from guerdon.cli.importing.derived import refuse_others
    from guerdon.cli.importing.refused import AskedWrongly, CannotGoOn

    try:
        refuse_others(file, wanted="members")
        asyncio.run(_members(file, _whereto(url, key, ready_file), errors, streams))
    except AskedWrongly as wrong:
        stop(str(wrong), code=2)
    except CannotGoOn as end:
        stop(f"{end}\nRun the same command again: whoever is in changes nothing.")


async def _members(file: Path, whereto: tuple[str, str], errors: Path, streams: int) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from guerdon.cli.importing.mistakes import Mistakes
    from guerdon.cli.importing.people import bring_in
    from guerdon.cli.importing.remote import Remote

    console = Console()
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    with Mistakes(errors, continues=False) as mistakes, bar:
        with file.open("rb") as lines:
            task = bar.add_task(file.name, total=sum(1 for _ in lines))
        async with Remote(*whereto, connections=streams) as remote:
            count = await bring_in(
                file,
                remote,
                mistakes,
                streams=streams,
                step=lambda line: bar.update(task, completed=line),
            )
    typer.echo(f"{count:,} members are in.")
    if mistakes.count:
        typer.echo(f"{mistakes.count:,} lines were refused; they are listed in {errors}.")
        raise typer.Exit(1)


def _whereto(url: str | None, key: str | None, ready_file: Path | None) -> tuple[str, str]:
    """Return address and key, or end the command where they are not said."""
    if ready_file:
        try:
            ready = json.loads(ready_file.read_text())
            url, key = url or str(ready["graphql"]), key or str(ready["keys"]["service"])
        except (OSError, ValueError, KeyError, TypeError):
            stop(f"{ready_file} is not what `guerdon demo --ready-file` writes.", code=2)
    return address_and_key(url, key)


async def _import(order: "Order", key: str, *, wait: bool) -> None:
    """Run the import under a progress bar, and end as it ended."""
    from rich.console import Console
    from rich.progress import Progress, TimeRemainingColumn

    from guerdon.cli.importing.remote import Remote
    from guerdon.cli.importing.run import Import

    console = Console()
    columns = (*Progress.get_default_columns()[:-1], TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    async with Remote(order.url, key, connections=order.streams + 1) as remote:
        with bar:
            task = bar.add_task(order.path.name)
            run = Import(
                order,
                remote,
                say=console.print,
                step=lambda lines: bar.update(task, completed=lines),
            )
            bar.update(task, total=run.total)
            was_stopped = await _until_stopped(run, wait=wait)
    typer.echo("\n".join(run.tally.sentences()))
    if run.tally.refused:
        typer.echo(f"Refused lines are listed in {order.errors}.")
    if was_stopped:
        stop("Interrupted; run the same command again to go on.", code=_INTERRUPTED)
    if run.tally.refused:
        raise typer.Exit(1)


async def _until_stopped(run: "Import", *, wait: bool) -> bool:
    """Run until the end or the first Ctrl-C; tell whether it was stopped.

    What is on its way then gets its answers; a second Ctrl-C, or silence, ends that too.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    ends: list[asyncio.TimerHandle] = []

    def on_signal() -> None:
        if ends:
            task.cancel()
        run.stop()
        ends.append(loop.call_later(_LAST_ANSWERS_SECONDS, task.cancel))

    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, on_signal)
    try:
        await run.run()
        if wait:
            await run.until_decided()
    except asyncio.CancelledError:
        if not ends:
            raise
    finally:
        for end in ends:
            end.cancel()
    return bool(ends)
