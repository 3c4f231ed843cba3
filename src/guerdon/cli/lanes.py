"""`guerdon lanes`: into how many slices members are divided, and how to have more of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.engine.world import World

app = typer.Typer(
    name="lanes", help="Slices of the members, each decided in order.", no_args_is_help=True
)

Program = Annotated[str | None, typer.Option(help="One program; else all of them.")]
Work = Callable[["World", str], Awaitable[None]]


@app.callback()
def lanes() -> None:
    """See and change into how many lanes members are divided."""


@app.command(name="list")
def show(program: Program = None) -> None:
    """Say how many lanes there are, and in how many of them something waits."""

    async def work(world: "World", name: str) -> None:
        layout = await world.rulebooks.layout(name)
        waiting = await world.inbox.lanes(name, layout)
        growing = "" if layout.outgoing is None else f", growing from {layout.outgoing}"
        typer.echo(
            f"{name}: {layout.lanes} lanes, epoch {layout.epoch}{growing};"
            f" something waits in {len(waiting)}."
        )

    _run(work, program)


@app.command()
def grow(
    number: Annotated[int, typer.Argument(min=2, help="Lanes to have: a multiple of those now.")],
    program: Program = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be moved.")
    ] = False,
    settling: Annotated[
        float,
        typer.Option(
            min=0, max=600, help="Seconds that processes get to see the new division, twice."
        ),
    ] = 10.0,
) -> None:
    """Divide members into more lanes, while everything goes on.

    Every process must be of this release. Whoever ends before it is done asks again for the same
    number to go on. Meanwhile everything is accepted; the members of one old lane after the other
    wait until theirs have moved.
    """

    async def work(world: "World", name: str) -> None:
        if dry_run:
            await _foretell(world, name, number)
        else:
            await _grow(world, name, number, settling)

    _run(work, program)


async def _foretell(world: "World", name: str, number: int) -> None:
    from guerdon.engine.grow import census

    layout, found = await census(world, name, number)
    if found is None:
        typer.echo(f"{name}: has {layout.lanes} lanes already.")
        return
    before = layout.lanes if layout.outgoing is None else layout.outgoing
    typer.echo(
        f"{name}: would have {number} lanes instead of {before}. {found.standings:,} standings,"
        f" {found.pages:,} pages and {found.scores:,} leaderboard rows change lanes. Nothing was"
        " changed."
    )


async def _grow(world: "World", name: str, number: int, settling: float) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from guerdon.engine.grow import grow as grow_lanes

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        has_grown = await grow_lanes(
            world,
            name,
            number,
            settling_seconds=settling,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if has_grown:
        typer.echo(f"{name}: has {number} lanes now.")
    else:
        typer.echo(f"{name}: has {number} lanes already.")


def _run(work: Work, program: str | None) -> None:
    from guerdon.engine.growth_ports import LanesRefused
    from guerdon.engine.refusals import NotFound
    from guerdon.engine.world import StoreDown

    try:
        asyncio.run(_each(work, program))
    except NotFound:
        stop(f"There is no program {program!r} here.", code=2)
    except LanesRefused as refused:
        stop(str(refused))
    except StoreDown:
        stop("MongoDB does not answer. What was done so far is whole; ask again to go on.")


async def _each(work: Work, program: str | None) -> None:
    from guerdon.wiring import build

    world = build(settings_or_stop(), at_work=True)
    try:
        for name in [program] if program is not None else await world.programs.names():
            await work(world, name)
    finally:
        await world.close()
