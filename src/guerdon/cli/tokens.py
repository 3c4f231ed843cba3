"""`guerdon tokens`: members' tokens, made for trying things out and taken back when lost."""

from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.in_program import Program, run_in_program
from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.engine.world import World

app = typer.Typer(name="tokens", help="Issue and revoke members' tokens.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="The member's id in the owner's system.")]


@app.command()
def issue(member: Who, program: Program = None) -> None:
    """Print a token for a member, signed by this installation; it lasts as the settings say."""
    from guerdon.engine import tokens

    async def work(world: "World", slug: str) -> str:
        return await tokens.issue(world, slug, await _member(world, slug, member))

    typer.echo(run_in_program(program, work))


@app.command()
def revoke(member: Who, program: Program = None) -> None:
    """Take all of a member's tokens back; open sockets are closed within half a minute."""

    async def work(world: "World", slug: str) -> str:
        found = await _member(world, slug, member)
        await world.trust.revoked.revoke(slug, found, world.clock())
        return f"All tokens that {member} had until now are taken back."

    typer.echo(run_in_program(program, work))


async def _member(world: "World", program: str, external_id: str) -> str:
    from guerdon.engine.inputs import Identity
    from guerdon.engine.resolve import EXTERNAL

    identity = Identity(EXTERNAL, external_id)
    found = (await world.members.find(program, [identity])).get(identity)
    if found is None:
        stop(f"{program} has no member {external_id!r}.", code=2)
    return found.member
