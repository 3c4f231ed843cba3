"""What commands about one program share: finding out which one is meant, and a World to work in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.engine.world import World

Answer = TypeVar("Answer")

Program = Annotated[
    str | None, typer.Option(help="The program; may be left out where there is only one.")
]


def run_in_program(
    program: str | None, work: "Callable[[World, str], Awaitable[Answer]]"
) -> Answer:
    """Do some work in a World for one program, and close it; refusals stop the command."""
    settings = settings_or_stop()
    from guerdon.engine.refusals import InvalidInput
    from guerdon.engine.world import StoreDown
    from guerdon.wiring import build

    async def run() -> Answer:
        world = build(settings)
        try:
            return await work(world, await program_or_stop(world, program))
        except InvalidInput as mistakes:
            stop("\n".join(problem.message for problem in mistakes.problems), code=2)
        except StoreDown:
            stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
        finally:
            await world.close()

    return asyncio.run(run())


async def program_or_stop(world: "World", named: str | None) -> str:
    """Return the program that is meant, or end where there is none or it is not said which."""
    names = await world.programs.names()
    if named is not None and named not in names:
        stop(f"There is no program {named!r}; there are: {', '.join(names) or 'none'}.", code=2)
    if named is None and len(names) != 1:
        stop(f"Name the program with --program: {', '.join(names) or 'none is published'}.", code=2)
    return named or names[0]
