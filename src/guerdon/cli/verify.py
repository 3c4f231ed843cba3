"""`guerdon verify`: do the books balance, and does everything else say the same?

It reads and repairs nothing; it may run beside everything else.
"""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.engine.verify import Verified
    from guerdon.settings import Settings


def verify(
    program: Annotated[str | None, typer.Option(help="One program; else all of them.")] = None,
) -> None:
    """Check sums, lots, sequences and leaderboards; name what is wrong and end with 1."""
    settings = settings_or_stop()
    found = asyncio.run(_verify(settings, program))
    if not found:
        stop("There is no program here yet; publish one first.")
    for name, verified in found.items():
        typer.echo(_summary(name, verified))
        for offence in verified.offences:
            typer.echo(f"  {offence.document}: {offence.message}", err=True)
    if any(verified.offences for verified in found.values()):
        raise typer.Exit(1)


def _summary(name: str, verified: "Verified") -> str:
    said = "is in order" if not verified.offences else "is NOT in order"
    redis = "" if verified.has_redis else "; Redis does not answer, so its rows were not compared"
    unsealed = f"; {verified.unsealed:,} entries are not sealed yet" if verified.unsealed else ""
    if verified.unbuilt:
        redis += f"; {verified.unbuilt} leaderboards are not built in Redis yet"
    return (
        f"{name} {said}: {verified.entries:,} journal entries, {verified.members:,} members, "
        f"{verified.lots:,} lots, {verified.rows:,} leaderboard rows, {verified.documents:,} prints"
        f"{unsealed}{redis}."
    )


async def _verify(settings: "Settings", program: str | None) -> "dict[str, Verified]":
    from rich.console import Console
    from rich.progress import Progress

    from guerdon.engine.refusals import NotFound
    from guerdon.engine.verify import verify as verify_program
    from guerdon.engine.world import StoreDown
    from guerdon.wiring import build

    world = build(settings)
    found: dict[str, Verified] = {}
    try:
        names = [program] if program is not None else await world.programs.names()
        with Progress(console=Console(stderr=True), transient=True) as bar:
            for name in names:
                task = bar.add_task(name, total=None)

                def show(what: str, done: int, total: int, *, task: object = task) -> None:
                    bar.update(task, description=what, completed=done, total=total)  # type: ignore[arg-type]

                found[name] = await verify_program(world, name, progress=show)
    except NotFound:
        stop(f"There is no program {program!r} here.", code=2)
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
    finally:
        await world.close()
    return found
