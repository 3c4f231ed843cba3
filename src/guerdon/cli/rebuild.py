"""`guerdon rebuild`: makes what can be made anew, from what cannot."""

import asyncio
from typing import Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop
from guerdon.settings import Settings

app = typer.Typer(name="rebuild", help="Make again what can be rebuilt.", no_args_is_help=True)


@app.callback()
def rebuild() -> None:
    """Make again what can be rebuilt."""


@app.command()
def leaderboards(
    program: Annotated[str | None, typer.Option(help="One program; else all of them.")] = None,
) -> None:
    """Build the leaderboards in Redis from MongoDB, while everything goes on."""
    settings = settings_or_stop()
    for name, rows in asyncio.run(_leaderboards(settings, program)).items():
        if rows is None:
            typer.echo(f"{name}: another rebuild is under way; this one left it to that.")
        else:
            typer.echo(f"{name}: {rows:,} rows.")


async def _leaderboards(settings: Settings, program: str | None) -> dict[str, int | None]:
    from guerdon.engine.rebuild import leaderboards as build_leaderboards
    from guerdon.engine.refusals import LiveDown
    from guerdon.engine.world import StoreDown
    from guerdon.wiring import build

    world = build(settings, at_work=True)
    try:
        names = [program] if program is not None else await world.programs.names()
        return {name: await build_leaderboards(world, name) for name in names}
    except LiveDown:
        stop("Redis does not answer; is GUERDON_REDIS_URL right, and the server up?")
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
    finally:
        await world.close()
