"""`guerdon export`: members, balances, the ledger, activities, or all of one member, as JSON.

Rule: a file is whole or not there: it is written beside its place and moved there at the end, with
`FILE.sha256` beside it, as `sha256sum --check` reads it. Numbers are exact; nothing is rounded.
"""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import orjson
import typer

from guerdon.cli.in_program import program_or_stop
from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guerdon.engine.world import World

app = typer.Typer(name="export", help="Hand data out as JSON Lines.", no_args_is_help=True)

Out = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="The file; absent: standard output.")
]
Of = Annotated[str | None, typer.Option("--program", help="Which program; absent: the only one.")]
Rows = Callable[["World", str], "AsyncIterator[list[dict[str, Any]]]"]


@app.command()
def members(out: Out = None, program: Of = None) -> None:
    """Everybody who takes part, with what they hold now."""
    from guerdon.engine import export

    _lines(export.members, out, program)


@app.command()
def balances(
    out: Out = None,
    program: Of = None,
    at: Annotated[str | None, typer.Option(help="An instant with its offset; absent: now.")] = None,
) -> None:
    """What each member held at an instant, summed up from the ledger."""
    from guerdon.core.activity import Instant
    from guerdon.engine import export

    moment = datetime.now(UTC) if at is None else _moment(at)
    if moment is None or moment.tzinfo is None:
        stop(f"{at!r} is no instant: write it like 2026-12-31T23:59:59+01:00.", code=2)
    instant = Instant(int(moment.timestamp() * 1_000))
    _lines(lambda world, name: export.balances(world, name, instant), out, program)


@app.command()
def ledger(out: Out = None, program: Of = None) -> None:
    """Every decision with its postings, lane by lane in sequence."""
    from guerdon.engine import export

    _lines(export.ledger, out, program)


@app.command()
def activities(out: Out = None, program: Of = None) -> None:
    """All that was reported, in order of arrival, as `guerdon import activities` takes it."""
    from guerdon.engine import export

    _lines(export.activities, out, program)


@app.command()
def member(
    external_id: Annotated[str, typer.Argument(help="The member's id in your own system.")],
    out: Out = None,
    program: Of = None,
) -> None:
    """Everything that is known of one member, for whoever may ask to have it."""
    from guerdon.engine import read
    from guerdon.engine.dossier import dossier
    from guerdon.engine.inputs import MemberRef
    from guerdon.engine.world import Caller, Role

    async def write(world: "World", name: str) -> None:
        caller = Caller(program=name, role=Role.ADMIN, reporter="service")
        found = await read.find(world, caller, MemberRef(external_id=external_id))
        if found is None:
            stop("There is no such member.", code=1)
        with _target(out) as target:
            target.write(_json(await dossier(world, name, found)))

    asyncio.run(_with_world(program, write))


def _lines(rows: Rows, out: Path | None, program: str | None) -> None:
    """Write rows one a line under a count that moves, and say what was written."""

    async def write(world: "World", name: str) -> None:
        from rich.console import Console

        console = Console(stderr=True)
        count = 0
        moving = console.status("") if console.is_terminal else nullcontext()
        with _target(out) as target, moving as status:
            async for batch in rows(world, name):
                for row in batch:
                    target.write(_json(row))
                count += len(batch)
                if status is not None:
                    status.update(f"{count:,} lines")
        typer.echo(f"{count:,} lines{'' if out is None else f' in {out}'}.", err=True)

    asyncio.run(_with_world(program, write))


async def _with_world(program: str | None, work: "Callable[[World, str], Awaitable[None]]") -> None:
    from guerdon.engine.world import StoreDown
    from guerdon.wiring import build

    settings = settings_or_stop()
    world = build(settings)
    try:
        await work(world, await program_or_stop(world, program))
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")
    finally:
        await world.close()


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


class _Summed:
    """A file that is written and summed up at the same time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._file.write(content)
        self.sum.update(content)


@contextmanager
def _target(out: Path | None) -> "Iterator[_Summed]":
    if out is None:
        yield _Summed(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    part = out.with_name(f".{out.name}.part")
    with _written_or_stop(out):
        try:
            with part.open("wb") as file:
                summed = _Summed(file)
                yield summed
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
        out.with_name(f"{out.name}.sha256").write_text(f"{summed.sum.hexdigest()}  {out.name}\n")


@contextmanager
def _written_or_stop(out: Path) -> "Iterator[None]":
    try:
        yield
    except OSError as error:
        stop(f"{out} cannot be written: {error.strerror or error}.")


def _json(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, default=_exact, option=orjson.OPT_APPEND_NEWLINE)


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} is not JSON")
