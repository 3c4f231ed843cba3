"""`guerdon inbox`: what could not be decided, tried again or given up."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.engine.world import World

app = typer.Typer(name="inbox", help="Activities that could not be decided.", no_args_is_help=True)
Program = Annotated[str | None, typer.Option(help="The program, where there are several.")]


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
    settings = settings_or_stop()

    async def run() -> None:
        from guerdon.engine.refusals import InvalidInput, NotFound
        from guerdon.engine.world import StoreDown
        from guerdon.wiring import build

        world = build(settings)
        try:
            await work(world, program or await _only_program(world))
        except NotFound as error:
            stop(str(error))
        except InvalidInput as error:
            stop("\n".join(problem.message for problem in error.problems))
        except StoreDown:
            stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
        finally:
            await world.close()

    asyncio.run(run())


async def _only_program(world: "World") -> str:
    names = await world.programs.names()
    if len(names) != 1:
        stop(f"There are {len(names)} programs here; name one with --program.", code=2)
    return names[0]
