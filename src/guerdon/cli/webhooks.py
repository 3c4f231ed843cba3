"""`guerdon webhooks`: endpoints, what was sent to them, sending it again, listening from a desk.

A secret is printed once, when it is made, alone on stdout; nothing else ever shows it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from guerdon.cli.in_program import program_or_stop
from guerdon.cli.stops import settings_or_stop, stop

if TYPE_CHECKING:
    from guerdon.core.activity import Instant
    from guerdon.engine.world import Caller, World

app = typer.Typer(
    name="webhooks",
    help="Tell other systems what happens, by signed requests.",
    no_args_is_help=True,
)

Answer = TypeVar("Answer")
Program = Annotated[
    str | None, typer.Option(help="The program; may be left out where there is only one.")
]
EndpointId = Annotated[str, typer.Argument(help="The endpoint's id, as `list` shows it.")]
Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="Such as points.*; again for more.")
]


@app.command()
def create(
    url: Annotated[str, typer.Argument(help="An https address on the public internet.")],
    topic: Topics = None,
    partner: Annotated[str | None, typer.Option(help="The partner whose own it is.")] = None,
    program: Program = None,
) -> None:
    """Make an endpoint and print its signing secret, this once."""

    async def work(world: "World", caller: "Caller") -> str:
        from guerdon.engine.webhooks import endpoints

        secret, made = await endpoints.create(world, caller, url=url, topics=topic or ())
        typer.echo(f"{made.id}: {made.url}, {' '.join(made.topics)}.", err=True)
        return secret

    typer.echo(_run(program, work, partner=partner))


@app.command(name="list")
def list_endpoints(program: Program = None) -> None:
    """List endpoints, newest first, and how they are doing."""

    async def work(world: "World", caller: "Caller") -> list[str]:
        from guerdon.engine.webhooks import endpoints

        found = []
        for each in await endpoints.listed(world, caller):
            state = f"off: {each.disabled}" if each.disabled else "on"
            if each.failing_since and not each.disabled:
                state = f"failing since {_shown(each.failing_since)}"
            whose = f" ({each.partner})" if each.partner else ""
            found.append(f"{each.id}  {each.url}{whose}  {' '.join(each.topics)}  {state}")
        return found

    for line in _run(program, work) or ["There are no endpoints yet."]:
        typer.echo(line)


@app.command()
def rotate(endpoint: EndpointId, program: Program = None) -> None:
    """Give an endpoint a new secret and print it, this once; for a day both sign."""

    async def work(world: "World", caller: "Caller") -> str:
        from guerdon.engine.webhooks import endpoints

        return (await endpoints.rotate(world, caller, endpoint))[0]

    typer.echo(_run(program, work))


@app.command()
def switch(
    endpoint: EndpointId,
    program: Program = None,
    *,
    on: Annotated[bool, typer.Option("--on/--off", help="On again, or off.")],
) -> None:
    """Switch an endpoint on or off; what waits while it is off is sent when it is on again."""

    async def work(world: "World", caller: "Caller") -> None:
        from guerdon.engine.webhooks import endpoints

        await endpoints.update(world, caller, endpoint, enabled=on)

    _run(program, work)


@app.command()
def remove(endpoint: EndpointId, program: Program = None) -> None:
    """Forget an endpoint, with its log and all that was on its way to it."""

    async def work(world: "World", caller: "Caller") -> None:
        from guerdon.engine.webhooks import endpoints

        await endpoints.remove(world, caller, endpoint)

    _run(program, work)


@app.command()
def log(
    endpoint: EndpointId,
    state: Annotated[
        str | None, typer.Option(help="waiting, delivered or dead; absent: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 20,
    program: Program = None,
) -> None:
    """Show what was sent to an endpoint and what became of it, newest first."""

    async def work(world: "World", caller: "Caller") -> list[str]:
        from guerdon.engine.webhooks import endpoints, replays

        found = await endpoints.find(world, caller, endpoint)
        page = await replays.log(world, caller.program, found.id, limit=limit, state=state)
        lines = []
        for name, each in page.items:
            last = each.attempts[-1] if each.attempts else None
            outcome = "" if last is None else f"  {last.status or last.error}"
            made = _shown(each.created_at)
            own = name.partition("|")[2]
            lines.append(f"{own}  {made}  {each.topic}  {each.state} ({each.tries}){outcome}")
        return lines

    for line in _run(program, work) or ["Nothing was sent yet."]:
        typer.echo(line)


@app.command()
def replay(
    endpoint: EndpointId,
    delivery: Annotated[
        list[str] | None, typer.Argument(help="Deliveries, as `log` names them.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Or all that were queued since an instant with offset.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="The end of that span; absent: now.")] = None,
    program: Program = None,
) -> None:
    """Send messages again, under the ids that they had."""
    if bool(delivery) is (since is not None):
        stop("Name deliveries, or say --since.", code=2)
    begin, end = _instant(since), _instant(until)

    async def work(world: "World", caller: "Caller") -> int:
        from guerdon.engine.webhooks import replays

        return await replays.replay(
            world, caller, endpoint, names=delivery or (), begin=begin, end=end
        )

    typer.echo(f"{_run(program, work):,} messages are due again.")


@app.command()
def listen(
    forward_to: Annotated[
        str, typer.Option("--forward-to", help="Where to: http://127.0.0.1:3000/hooks.")
    ],
    topic: Topics = None,
    program: Program = None,
) -> None:
    """Send what happens from now on to an address on this machine, until Ctrl-C."""

    async def work(world: "World", caller: "Caller") -> None:
        from guerdon.engine.webhooks.listening import listening

        def say(message_id: str, kind: str, outcome: str) -> None:
            typer.echo(f"{kind}  {message_id}  {outcome}")

        async with listening(world, caller.program, forward_to, topic or ("*",)) as (secret, run):
            typer.echo(f"Signed with {secret}; Ctrl-C ends it.", err=True)
            await run(say)

    try:
        _run(program, work, allows_private=True)
    except KeyboardInterrupt:
        typer.echo("Ended.", err=True)


def _run(
    program: str | None,
    work: "Callable[[World, Caller], Awaitable[Answer]]",
    *,
    partner: str | None = None,
    allows_private: bool = False,
) -> Answer:
    from guerdon.engine.refusals import InvalidInput, NotFound
    from guerdon.engine.world import StoreDown

    given = {"webhook_private_addresses": True} if allows_private else {}
    settings = settings_or_stop(**given)

    async def carry_out() -> Answer:
        from guerdon.engine.keys import ADMIN_SCOPES
        from guerdon.engine.world import Caller, Role, reporter_of
        from guerdon.wiring import build

        world = build(settings)
        try:
            name = await program_or_stop(world, program)
            role = Role.ADMIN if partner is None else Role.PARTNER
            caller = Caller(
                program=name,
                role=role,
                reporter=reporter_of(role, partner=partner),
                partner=partner,
                scopes=ADMIN_SCOPES,
            )
            return await work(world, caller)
        finally:
            await world.close()

    try:
        return asyncio.run(carry_out())
    except (InvalidInput, NotFound) as error:
        stop(str(error), code=2)
    except StoreDown:
        stop("MongoDB does not answer; is GUERDON_MONGO_URL right, and the server up?")


def _instant(text: str | None) -> "Instant | None":
    from guerdon.core.activity import Instant

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        stop(f"{text!r} is no instant: write it like 2026-12-31T23:59:59+01:00.", code=2)
    return Instant(int(moment.timestamp() * 1_000))


def _shown(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1_000, UTC):%Y-%m-%d %H:%M:%S}Z"
