"""`guerdon rebuild`: makes what can be made anew, from what cannot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.engine.rebuild import Progress
    from guerdon.engine.standings import Recounted
    from guerdon.engine.world import World

app = typer.Typer(name="rebuild", help="Make again what can be rebuilt.", no_args_is_help=True)

Work = Callable[["World", str, "Progress"], Awaitable[None]]
Program = Annotated[str | None, typer.Option(help="One program; else all of them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what differs and change nothing.")]

_NAMED_MAX = 20


@app.callback()
def rebuild() -> None:
    """Make again what can be rebuilt."""


@app.command()
def leaderboards(program: Program = None, *, dry_run: DryRun = False) -> None:
    """Build the leaderboards in Redis from MongoDB, while everything goes on."""
    _run(_compare_leaderboards if dry_run else _leaderboards, program)


@app.command()
def standings(program: Program = None, *, dry_run: DryRun = False) -> None:
    """Make members' standings anew from the journal, where that is exact, while everything goes on.

    What cannot be decided anew to the last figure is left as it is, and counted.
    """

    async def work(world: "World", name: str, progress: "Progress") -> None:
        from guerdon.engine.standings import rebuild as rebuild_standings

        found = await rebuild_standings(world, name, dry_run=dry_run, progress=progress)
        typer.echo(_summary(name, found, "different" if dry_run else "replaced"))

    _run(work, program)


def _summary(name: str, found: "Recounted", what: str) -> str:
    figures = (
        f"{name}: {found.looked:,} members, {found.same:,} the same,"
        f" {len(found.different):,} {what}, {found.left.total():,} left alone."
    )
    lines = [figures]
    lines += [f"  {what}: {member}" for member in found.different[:_NAMED_MAX]]
    if len(found.different) > _NAMED_MAX:
        lines.append(f"  and {len(found.different) - _NAMED_MAX:,} more")
    lines += [f"  left alone: {count:,}, {why}" for why, count in found.left.most_common()]
    return "\n".join(lines)


async def _leaderboards(world: "World", name: str, progress: "Progress") -> None:
    from guerdon.engine.rebuild import leaderboards as build_leaderboards

    rows = await build_leaderboards(world, name, progress=progress)
    if rows is None:
        typer.echo(f"{name}: another rebuild is under way; this one left it to that.")
    else:
        typer.echo(f"{name}: {rows:,} rows.")


async def _compare_leaderboards(world: "World", name: str, progress: "Progress") -> None:
    from guerdon.engine.drift import differing

    looked, found = await differing(world, name, progress=progress)
    typer.echo(f"{name}: {looked:,} leaderboards, {len(found):,} would be other than they are.")
    for board in found[:_NAMED_MAX]:
        typer.echo(f"  {board.leaderboard}, period {board.period}")
    if len(found) > _NAMED_MAX:
        typer.echo(f"  and {len(found) - _NAMED_MAX:,} more")


def _run(work: Work, program: str | None) -> None:
    from guerdon.engine.growth_ports import LanesRefused
    from guerdon.engine.refusals import BuildLost, LiveDown, NotFound
    from guerdon.engine.world import StoreDown

    try:
        asyncio.run(_each(work, program))
    except LanesRefused as refused:
        stop(str(refused))
    except NotFound:
        stop(f"There is no program {program!r} here.", code=2)
    except BuildLost:
        stop("Redis was emptied, or another rebuilds the leaderboards by now; ask again.")
    except LiveDown:
        stop("Redis does not answer; is GUERDON_REDIS_URL right, and the server up?")
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")


async def _each(work: Work, program: str | None) -> None:
    """Do it for each program, with a bar that shows how far it is."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    from guerdon.wiring import build

    world = build(settings_or_stop(), at_work=True)
    try:
        names = [program] if program is not None else await world.programs.names()
        for name in names:
            await world.rulebooks.layout(name)  # there is such a program
            with Bar(console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task(name, total=None)

                def show(done: int, total: int, *, task: object = task) -> None:
                    bar.update(task, completed=done, total=total)  # type: ignore[arg-type]

                await work(world, name, show)
    finally:
        await world.close()
