"""`guerdon inbox`: what could not be decided, tried again or given up."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.in_program import Program, run_in_program
from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.engine.world import World

app = typer.Typer(name="inbox", help="Activities that could not be decided.", no_args_is_help=True)


@app.command(name="list")
def list_all(program: Program = None) -> None:
    """List what failed and was set aside, with the reason."""

    async def work(world: "World", name: str) -> None:
        from guerdon.engine.dead import listed, said

        dead = await listed(world, name)
        for each in dead:
            kind, reason, received = said(each)
            at = datetime.fromtimestamp(received / 1_000, UTC).isoformat(timespec="seconds")
            typer.echo(f"{each.key}  {kind}  received {at}  failed with {reason}")
        typer.echo(f"{len(dead)} set aside.")

    _run(program, work)


@app.command()
def replay(
    keys: Annotated[list[str] | None, typer.Argument(help="As listed: reporter/id.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that is set aside.")] = False,
    program: Program = None,
) -> None:
    """Let activities be decided again: once what they failed at was mended."""
    if bool(keys) == everything:
        stop("Name activities, or say --all.", code=2)

    async def work(world: "World", name: str) -> None:
        from guerdon.engine import dead

        count = await dead.replay(world, name, keys or None)
        typer.echo(f"{count} will be decided again.")

    _run(program, work)


@app.command()
def drop(
    keys: Annotated[list[str], typer.Argument(help="As listed: reporter/id.")],
    *,
    program: Program = None,
) -> None:
    """Give activities up: each is rejected in the journal, with the reason `dropped`."""

    async def work(world: "World", name: str) -> None:
        from guerdon.engine import dead

        typer.echo(f"{await dead.drop(world, name, keys)} will be rejected.")

    _run(program, work)


def _run(program: str | None, work: "Callable[[World, str], Awaitable[None]]") -> None:
    from guerdon.engine.refusals import NotFound

    try:
        run_in_program(program, work)
    except NotFound as error:
        stop(str(error))
