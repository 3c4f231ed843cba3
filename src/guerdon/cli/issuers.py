"""`guerdon issuers`: identity providers whose tokens let members of a program in."""

from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.in_program import Program, run_in_program
from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.engine.world import World

app = typer.Typer(name="issuers", help="Say whose tokens let members in.", no_args_is_help=True)


@app.command()
def add(
    issuer: Annotated[str, typer.Argument(help="What the tokens say in `iss`, exactly.")],
    audience: Annotated[str, typer.Option(help="What the tokens say in `aud`.")],
    keys: Annotated[str, typer.Option(help="Where the issuer publishes its keys (JWKS).")],
    scheme: Annotated[
        str,
        typer.Option(help="The scheme of the identities that `sub` names; empty: the owner's ids."),
    ] = "",
    program: Program = None,
) -> None:
    """Let members of a program in with an issuer's tokens, within half a minute."""
    from guerdon.engine.records import Issuer

    async def work(world: "World", slug: str) -> str:
        await world.trust.issuers.add(Issuer(slug, issuer, audience, keys, scheme))
        return f"Tokens of {issuer} for {audience} let members of {slug} in."

    typer.echo(run_in_program(program, work))


@app.command(name="list")
def list_issuers(program: Program = None) -> None:
    """List whose tokens are good for a program, those of the settings included."""

    async def work(world: "World", slug: str) -> list[str]:
        return [
            f"{it.issuer}  {it.audience}  {it.key_set_url}  {it.scheme or 'external id'}"
            for it in await world.trust.issuers.list_all()
            if it.program == slug
        ]

    for line in run_in_program(program, work):
        typer.echo(line)


@app.command()
def remove(
    issuer: Annotated[str, typer.Argument(help="The issuer, as the list shows it.")],
    program: Program = None,
) -> None:
    """Let nobody in with an issuer's tokens any more, within half a minute."""

    async def work(world: "World", slug: str) -> str:
        if not await world.trust.issuers.remove(slug, issuer):
            stop(f"{issuer} is no issuer of {slug}; those in the settings go there.", code=2)
        return f"Tokens of {issuer} are no longer good for {slug}."

    typer.echo(run_in_program(program, work))
