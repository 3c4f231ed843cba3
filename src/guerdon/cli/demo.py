"""`guerdon demo`: everything on this machine with one command, until Ctrl-C.

The stack is the real one (see `guerdon.embedded`); this file chooses ports and folder, has the
program and its keys put in, and says where everything is. Settings for the parts go by their
environment, as in production.
"""

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.cli.stops import settings_or_stop, stop, text_or_stop

if TYPE_CHECKING:
    from guerdon.cli.seed import Seeded
    from guerdon.embedded.logins import Logins
    from guerdon.embedded.process import Kennel
    from guerdon.embedded.supervisor import Supervisor


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Keep the data in this folder; else it goes at the end.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="The API's port.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of worker processes.")] = 2,
    program: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A program; else the record store."),
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write addresses, keys and process ids here as JSON."),
    ] = None,
    *,
    sample: Annotated[bool, typer.Option(help="Begin with a few members and purchases.")] = False,
) -> None:
    """Start MongoDB, Valkey, the API, workers and the scheduler, and keep them running."""
    from guerdon.embedded.folder import FolderUnusable, data_folder
    from guerdon.embedded.logins import Logins
    from guerdon.embedded.mongod import NoMongod
    from guerdon.embedded.ports import free_ports, is_free
    from guerdon.embedded.process import Kennel, NotReady
    from guerdon.embedded.supervisor import GaveUp
    from guerdon.embedded.valkey import NoValkey

    if program is not None:
        text_or_stop(program)  # before anything is started for it
    if ready_file is not None and not ready_file.parent.is_dir():
        stop(f"{ready_file} cannot be written: there is no folder {ready_file.parent}.", code=2)
    if port is not None and not is_free(port):
        stop(f"Port {port} is taken on this machine; name another with --port.", code=2)
    api_port, mongo_port, redis_port = free_ports(3)
    try:
        with data_folder(data) as folder, contextlib.closing(Kennel()) as kennel:
            plan = Plan(
                folder=folder,
                logins=Logins.of(folder),
                program=program or _record_store(),
                sample=sample,
                workers=workers,
                ready_file=ready_file,
                api_port=port or api_port,
                mongo_port=mongo_port,
                redis_port=redis_port,
            )
            asyncio.run(_run(plan, kennel))
    except (FolderUnusable, GaveUp, NoMongod, NotReady, NoValkey) as error:
        stop(str(error))


def _record_store() -> Path:
    """Return the example that comes with the project."""
    return Path(__file__).parents[3] / "examples" / "record-store.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What this run of the demo starts, and where."""

    folder: Path
    logins: "Logins | None"
    program: Path
    sample: bool
    workers: int
    ready_file: Path | None
    api_port: int
    mongo_port: int
    redis_port: int

    @property
    def page(self) -> str:
        """The address of the live page, without the key it needs."""
        return f"http://127.0.0.1:{self.api_port}/"

    def environment(self) -> dict[str, str]:
        """Return the environment of the parts."""
        from guerdon.embedded import mongod, valkey

        return {
            "GUERDON_ENVIRONMENT": "demo",
            "GUERDON_WEBHOOK_PRIVATE_ADDRESSES": "true",
            "GUERDON_MONGO_URL": mongod.url(self.mongo_port, self.logins),
            "GUERDON_REDIS_URL": valkey.url(self.redis_port),
            "GUERDON_HOST": "127.0.0.1",
            "GUERDON_PORT": str(self.api_port),
            "GUERDON_SHUTDOWN_SECONDS": "5",
            "GUERDON_WORKER_SHUTDOWN_SECONDS": "5",
        }

    def owner_url(self) -> str:
        """Return MongoDB's address for its owner, who alone may change what is in the journal."""
        from guerdon.embedded import mongod
        from guerdon.embedded.logins import OWNER

        return mongod.url(self.mongo_port, self.logins, who=OWNER)

    def partner_page(self, seeded: "Seeded") -> str | None:
        """Return the link of the partner's page; None where the program has no partners."""
        fragment = seeded.till_fragment
        return None if fragment is None else f"{self.page}partner#{fragment}"

    def answer(self, seeded: "Seeded", pids: dict[str, int]) -> dict[str, Any]:
        """Return what the ready file says."""
        environment = self.environment()
        return {
            "graphql": f"{self.page}graphql",
            "ws": f"ws://127.0.0.1:{self.api_port}/graphql",
            "page": f"{self.page}#{seeded.page_fragment}",
            "partner_page": self.partner_page(seeded),
            "keys": dict(seeded.keys),
            "partners": dict(seeded.partners),
            "member_tokens": dict(seeded.member_tokens),
            "mongo": self.owner_url(),
            "mongo_application": environment["GUERDON_MONGO_URL"],
            "redis": environment["GUERDON_REDIS_URL"],
            "pids": {
                "mongod": pids["mongod"],
                "redis": pids["valkey"],
                "api": [pids["api"]],
                "workers": [pids[name] for name in sorted(pids) if name.startswith("worker-")],
                "scheduler": pids["scheduler"],
            },
        }


async def _run(plan: Plan, kennel: "Kennel") -> None:
    """Run the stack until a signal ends it or a part fails for good."""
    from guerdon.embedded.supervisor import Supervisor

    ready_file = ReadyFile(plan)
    supervisor = Supervisor(typer.echo, changed=lambda: ready_file.write(supervisor.pids))
    running = asyncio.ensure_future(_live(plan, kennel, supervisor, ready_file))
    _stop_on_signals(running, supervisor)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await running
    finally:
        typer.echo("Stopping ...")
        await supervisor.stop()
        ready_file.remove()


async def _live(
    plan: Plan, kennel: "Kennel", supervisor: "Supervisor", ready_file: "ReadyFile"
) -> None:
    """Start the servers, put the program in, start our own parts, and stay."""
    from guerdon.embedded import mongod
    from guerdon.embedded.parts import OwnParts, mongod_part, valkey_part

    options = mongod.Options(logins=plan.logins)
    typer.echo("Starting MongoDB and Valkey ...")
    await supervisor.start(
        [
            mongod_part(kennel, folder=plan.folder, port=plan.mongo_port, options=options),
            valkey_part(kennel, folder=plan.folder, port=plan.redis_port),
        ]
    )
    if lacking := _lacking():
        typer.echo(f"This build lacks {', '.join(lacking)}; only the servers run:")
        typer.echo("".join(f"  {name}={value}\n" for name, value in plan.environment().items()))
        await supervisor.until_failure(asyncio.Event().wait())
    seeded = await supervisor.until_failure(_seed(plan))
    typer.echo("Starting the API, workers and the scheduler ...")
    own = OwnParts(kennel=kennel, folder=plan.folder, environment=plan.environment())
    await supervisor.start(
        [
            own.api(port=plan.api_port, key=seeded.keys["service"]),
            *(own.worker(number) for number in range(1, plan.workers + 1)),
            own.scheduler(),
        ]
    )
    ready_file.seeded = seeded
    ready_file.write(supervisor.pids)
    _announce(plan, seeded)
    await supervisor.until_failure(asyncio.Event().wait())


def _lacking() -> list[str]:
    """Name the modules that this stage of the project does not have yet."""
    needed = ("cli/seed.py", "wiring.py", "workers/broker.py", "workers/timetable.py", "api/app.py")
    package = Path(__file__).parents[1]
    return [name for name in needed if not (package / name).exists()]


async def _seed(plan: Plan) -> "Seeded":
    from guerdon.cli.seed import seed

    given = {
        name.removeprefix("GUERDON_").lower(): value for name, value in plan.environment().items()
    }
    if plan.logins is not None:
        given["mongo_owner_url"] = plan.owner_url()
    return await seed(settings_or_stop(**given), plan.program, sample=plan.sample)


def _stop_on_signals(running: asyncio.Future[None], supervisor: "Supervisor") -> None:
    """End `running` at the first signal; at a further Ctrl-C, do not wait for the parts either.

    Only Ctrl-C is impatient: `make` passes SIGTERM on to us, which whoever stops a whole process
    group has sent us already.
    """
    asked = False

    def on_signal(number: signal.Signals) -> None:
        nonlocal asked
        if asked and number is signal.SIGINT:
            supervisor.kill()
        asked = True
        running.cancel()

    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(ending, on_signal, ending)


class ReadyFile:
    """The file that tells a waiting program where everything is; it exists while all answers.

    It is written again when a part was started again, because its process id is another then.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.seeded: Seeded | None = None
        self.remove()  # nobody shall read an earlier run's

    def write(self, pids: dict[str, int]) -> None:
        """Write the whole file or none of it, readable by its owner only: it holds keys."""
        path = self._plan.ready_file
        if path is None or self.seeded is None:
            return
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(self._plan.answer(self.seeded, pids), indent=2))
        draft.replace(path)

    def remove(self) -> None:
        """Take the file away."""
        if self._plan.ready_file:
            self._plan.ready_file.unlink(missing_ok=True)


def _announce(plan: Plan, seeded: "Seeded") -> None:
    kept = "kept" if plan.folder.joinpath("lock").exists() else "removed at the end"
    partner_page = plan.partner_page(seeded)
    lines = [
        "",
        f"  Live page   {plan.page}#{seeded.page_fragment}",
        *([f"  Partner     {partner_page}"] if partner_page else []),
        f"  GraphQL     {plan.page}graphql",
        *(f"  Key         {key}  ({role})" for role, key in seeded.keys.items()),
        f"  Data        {plan.folder} ({kept})",
        "",
        "Everything is running; Ctrl-C stops it.",
    ]
    typer.echo("\n".join(lines))
