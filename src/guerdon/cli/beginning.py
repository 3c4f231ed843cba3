"""`guerdon program create`: the first version of a program, and a key for all else.

Everything after it goes through the service, under that key; only the very first has nobody who
could ask, so this speaks with the database itself, as `guerdon keys` does.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import format_or_stop, settings_or_stop, stop, text_or_stop

if TYPE_CHECKING:
    from guerdon.settings import Settings


def create(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The program's file.")],
) -> None:
    """Publish a new program's first version, and print an admin key for it, this once."""
    settings = settings_or_stop()
    format_or_stop(settings)
    typer.echo(asyncio.run(_create(settings, text_or_stop(file), str(file))))


async def _create(settings: "Settings", text: str, name: str) -> str:
    from guerdon.engine import keys, publish
    from guerdon.engine.refusals import InvalidInput, Refused
    from guerdon.engine.world import Role, StoreDown
    from guerdon.program.load import load
    from guerdon.wiring import build

    loaded = load(text, name)
    if loaded.program is None:
        lines = (f"{name}:{one.line}:{one.column} {one.sentence()}" for one in loaded.mistakes)
        stop("\n".join(lines))
    slug = loaded.program.id
    world = build(settings)
    try:
        if await world.programs.head(slug) is not None:
            stop(
                f"{slug} is published already. Publish a new version with `guerdon program "
                f"publish`; `guerdon keys create NAME --role admin --program {slug}` makes a key."
            )
        await publish.publish(world, text)
        key, _ = await keys.create(
            world, slug, name="first", role=Role.ADMIN, scopes=keys.ADMIN_SCOPES
        )
    except (InvalidInput, Refused) as refusal:
        stop(str(refusal))
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
    finally:
        await world.close()
    typer.echo(f"{slug} is published; it holds from now on. Its admin key:", err=True)
    return key
