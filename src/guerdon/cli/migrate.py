"""`guerdon migrate`: brings the database to this release's format, before a roll-out."""

import asyncio
import socket
from os import getpid
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.engine.formats import Kind
    from guerdon.settings import Settings
    from guerdon.stores.formats import FormatStore, Step


def migrate(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, and to how much.")
    ] = False,
    contract: Annotated[
        bool,
        typer.Option(
            "--contract",
            help="Also take away what only earlier releases read: once none of them runs.",
        ),
    ] = False,
) -> None:
    """Bring the database to this release's format; what runs may go on meanwhile."""
    settings = settings_or_stop()
    asyncio.run(_migrate(settings, dry_run=dry_run, contract=contract))


async def _migrate(settings: "Settings", *, dry_run: bool, contract: bool) -> None:
    from guerdon.engine.formats import FormatUnusable, Kind
    from guerdon.engine.refusals import NotPrepared
    from guerdon.engine.world import StoreDown
    from guerdon.stores.formats import FormatStore, MigrationUnderWay
    from guerdon.wiring import database, let_in

    kinds = [Kind.EXPAND, Kind.CONTRACT] if contract else [Kind.EXPAND]
    mongo = database(settings, latest=True, as_owner=True)
    store = FormatStore(mongo)
    try:
        if dry_run:
            if await store.is_empty():
                typer.echo("Nothing is stored yet: would make what this release's format needs.")
            for step in await store.pending(kinds):
                typer.echo(f"Would do {_named(step)}: {await step.remaining(mongo):,} documents.")
            typer.echo("Nothing was changed.")
            return
        await let_in(settings, mongo)
        await _do(store, kinds)
        await store.check()
        left = await store.pending([Kind.CONTRACT])
        for step in left:
            typer.echo(f"Left for later: {_named(step)}; `guerdon migrate --contract` does it.")
    except (MigrationUnderWay, FormatUnusable, NotPrepared) as error:
        stop(str(error))
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
    finally:
        await mongo.close()


async def _do(store: "FormatStore", kinds: "list[Kind]") -> None:
    def tell(step: "Step", count: int) -> None:
        typer.echo(f"{_named(step)}: {count:,} documents so far")

    done = await store.migrate(kinds, owner=f"{socket.gethostname()}:{getpid()}", progress=tell)
    for step in done:
        typer.echo(f"Done: {_named(step)}.")
    typer.echo("The database is in this release's format.")


def _named(step: "Step") -> str:
    return f"step {step.number} ({step.kind}), {step.name}"
