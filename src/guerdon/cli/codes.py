"""`guerdon codes`: pools of codes that rewards give out, such as those of a partner's shop.

A code is never printed: what is said of one is the line that it stands on.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.in_program import Program, run_in_program
from guerdon.cli.stops import text_or_stop

if TYPE_CHECKING:
    from guerdon.engine.code_pools import Imported
    from guerdon.engine.records import PoolCount
    from guerdon.engine.world import World

app = typer.Typer(name="codes", help="Fill and watch pools of codes.", no_args_is_help=True)

_TOLD_MAX = 20


@app.command(name="import")
def bring(
    pool: Annotated[str, typer.Argument(help="The pool, as rewards name it.")],
    file: Annotated[Path, typer.Argument(help="One code a line, UTF-8.")],
    program: Program = None,
) -> None:
    """Put codes into a pool; those that are known already are told by line. Again adds nothing."""
    from guerdon.engine import code_pools

    lines = text_or_stop(file).splitlines()

    async def work(world: "World", slug: str) -> "Imported":
        return await code_pools.bring(world, slug, pool, lines)

    found = run_in_program(program, work)
    for line, first in found.twice[:_TOLD_MAX]:
        typer.echo(f"{file}:{line}: the same code as on line {first}", err=True)
    for line in found.known[:_TOLD_MAX]:
        typer.echo(f"{file}:{line}: this code is in a pool already", err=True)
    for line in found.unfit[:_TOLD_MAX]:
        typer.echo(f"{file}:{line}: no code (too long, or signs that cannot be printed)", err=True)
    left_out = len(found.twice) + len(found.known) + len(found.unfit)
    typer.echo(f"{pool}: {found.added} codes added, {left_out} lines left out.")
    if found.twice or found.unfit:
        raise typer.Exit(1)


@app.command()
def generate(
    pool: Annotated[str, typer.Argument(help="The pool, as rewards name it.")],
    count: Annotated[int, typer.Option(help="How many to make.", min=1)],
    pattern: Annotated[
        str, typer.Option(help="Each # is a sign by chance; a check sign follows.")
    ] = "##########",
    program: Program = None,
) -> None:
    """Make codes after a pattern and put them into a pool."""
    from guerdon.engine import code_pools

    async def work(world: "World", slug: str) -> int:
        return await code_pools.generate(world, slug, pool, pattern, count)

    typer.echo(f"{pool}: {run_in_program(program, work)} codes made.")


@app.command()
def status(program: Program = None) -> None:
    """Say how many codes each pool has left; exit 1 where one runs low."""
    from guerdon.engine import code_pools

    async def work(world: "World", slug: str) -> "list[tuple[PoolCount, int | None]]":
        return await code_pools.status(world, slug)

    is_low = False
    for count, low in run_in_program(program, work):
        runs_low = low is not None and count.free <= low
        is_low = is_low or runs_low
        alert = f"  LOW (at {low})" if runs_low else ""
        figures = f"free {count.free}  held {count.held}  taken {count.taken}  void {count.void}"
        typer.echo(f"{count.pool}  {figures}{alert}")
    if is_low:
        raise typer.Exit(1)
