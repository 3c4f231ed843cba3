"""`guerdon backup` and `guerdon restore`: the whole database at one instant, and back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.stores.backup import Copied, Progress
    from guerdon.stores.client import Mongo

Folder = Annotated[Path, typer.Argument(file_okay=False, help="The folder of the copy.")]
Work = Callable[["Mongo", Path, "Progress"], Awaitable[dict[str, "Copied"]]]


def backup(folder: Folder) -> None:
    """Copy the whole database into an empty FOLDER, while everything goes on."""
    from guerdon.stores.backup import backup as write

    copied = asyncio.run(_carry_out(write, folder))
    typer.echo(f"{_count(copied)} in {folder}.")
    typer.echo(
        "It holds personal data and the keys to it: keep it for a bounded time, and apart from "
        "GUERDON_STORAGE_KEY."
    )


def restore(folder: Folder) -> None:
    """Put a copy back into an empty database; Redis is rebuilt from it."""
    from guerdon.stores.backup import restore as put_back

    copied = asyncio.run(_carry_out(put_back, folder, clears_redis=True))
    typer.echo(f"{_count(copied)} put back.")
    typer.echo("Now erase again whoever was erased since the copy was made, and run `verify`.")


def _count(copied: "dict[str, Copied]") -> str:
    documents = sum(each.documents for each in copied.values())
    return f"{documents:,} documents of {len(copied)} collections"


async def _carry_out(
    work: Work, folder: Path, *, clears_redis: bool = False
) -> "dict[str, Copied]":
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from guerdon.engine.refusals import LiveDown
    from guerdon.engine.world import StoreDown
    from guerdon.stores.backup import BackupUnusable
    from guerdon.wiring import clear_live, database

    settings = settings_or_stop()
    mongo = database(settings, as_owner=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,.0f}")
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("")
            copied = await work(
                mongo, folder, lambda name, done: bar.update(task, description=name, completed=done)
            )
        if clears_redis:
            await clear_live(settings)
    except BackupUnusable as reason:
        stop(str(reason))
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
    except LiveDown:
        stop("The copy is put back, but Redis does not answer: run `guerdon rebuild leaderboards`.")
    except OSError as error:
        what = "read" if clears_redis else "written"
        stop(f"{folder} cannot be {what}: {error.strerror or error}.")
    finally:
        await mongo.close()
    return copied
