"""`guerdon keys`: API keys for the owner's systems and for partners.

A key is printed once, when it is made, alone on stdout; nothing else ever shows it.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.in_program import Program, run_in_program
from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.core.activity import Instant
    from guerdon.engine.world import World

app = typer.Typer(name="keys", help="Make, list, rotate and revoke API keys.", no_args_is_help=True)

_DAY_MS = 86_400_000
_DAYS_MAX = 36_500  # a hundred years: what calendars can show


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, for whoever reads the list.")],
    role: Annotated[str, typer.Option(help="admin, service or partner.")] = "service",
    program: Program = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="One thing the key may do; again for more.")
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="Whose key it is, for the role partner.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=_DAYS_MAX, help="Days until it expires.")
    ] = None,
) -> None:
    """Make a key and print it, this once."""
    from guerdon.engine import keys
    from guerdon.engine.world import Role

    if role not in (Role.ADMIN, Role.SERVICE, Role.PARTNER):
        stop(f"There is no role {role!r} for keys; choose admin, service or partner.", code=2)

    async def work(world: "World", slug: str) -> str:
        text, key = await keys.create(
            world,
            slug,
            name=name,
            role=Role(role),
            scopes=scope,
            partner=partner,
            expires_at=_in(world, days),
        )
        typer.echo(f"{key.id}: {role}, {', '.join(sorted(key.scopes))}.", err=True)
        return text

    typer.echo(run_in_program(program, work))


@app.command(name="list")
def list_keys(program: Program = None) -> None:
    """List keys, newest first; their secrets are nowhere."""
    from guerdon.engine import keys

    async def work(world: "World", slug: str) -> list[str]:
        now = world.clock()
        return [
            f"{key.id}  ...{key.last4}  {key.role}{_of(key.partner)}  {key.name}  "
            f"{_state(key.revoked_at, key.expires_at, now)}  {' '.join(sorted(key.scopes))}"
            for key in await keys.list_all(world, slug)
        ]

    for line in run_in_program(program, work):
        typer.echo(line)


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="The key's id, as the list shows it.")],
    days: Annotated[
        int, typer.Option(min=0, max=90, help="Days for which the old key stays good, too.")
    ] = 7,
) -> None:
    """Make a key in the place of another, which goes on for some days, and print it, this once."""
    from guerdon.engine import keys
    from guerdon.engine.refusals import NotFound, Refused

    async def work(world: "World", slug: str) -> str:
        try:
            text, key = await keys.rotate(world, slug, key_id, overlap_ms=days * _DAY_MS)
        except (NotFound, Refused) as refusal:
            stop(str(refusal), code=2)
        typer.echo(f"{key.id} takes the place of {key_id}, which expires in {days} days.", err=True)
        return text

    typer.echo(run_in_program(key_id.rpartition(".")[0] or None, work))


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as the list shows it.")],
) -> None:
    """Revoke a key for good; whoever holds it is refused within half a minute."""
    from guerdon.engine import keys
    from guerdon.engine.refusals import NotFound

    async def work(world: "World", slug: str) -> str:
        try:
            key = await keys.revoke(world, slug, key_id)
        except NotFound as refusal:
            stop(str(refusal), code=2)
        return f"{key.id} is revoked."

    typer.echo(run_in_program(key_id.rpartition(".")[0] or None, work))


def _in(world: "World", days: int | None) -> "Instant | None":
    from guerdon.core.activity import Instant

    lasts = None if days is None else timedelta(days=days)
    return None if lasts is None else Instant(world.clock() + int(lasts.total_seconds() * 1_000))


def _of(partner: str | None) -> str:
    return "" if partner is None else f" {partner}"


def _state(revoked_at: int | None, expires_at: int | None, now: int) -> str:
    if revoked_at is not None:
        return f"revoked {_day(revoked_at)}"
    if expires_at is None:
        return "does not expire"
    return f"{'expired' if expires_at <= now else 'expires'} {_day(expires_at)}"


def _day(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1_000, UTC).date().isoformat()
