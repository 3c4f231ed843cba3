"""The whole stack, several processes of each kind, kept running while somebody kills them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.shop import DOCUMENT
from guerdon.embedded import mongod, valkey
from guerdon.embedded.logins import OWNER, Logins
from guerdon.embedded.parts import OwnParts, Part, mongod_part, valkey_part
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.embedded.supervisor import Supervisor
from guerdon.engine import keys, publish
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from guerdon.wiring import build, prepare

NAMESPACE = "storm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running stack; `world` looks at it by the stores, as the owner."""

    supervisor: Supervisor
    world: World
    settings: Settings
    key: str
    ports: tuple[int, ...]
    logs: Path

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids by part, as of now."""
        return self.supervisor.pids


@asynccontextmanager
async def a_stack(
    folder: Path,
    kennel: Kennel,
    *,
    workers: int = 4,
    apis: int = 2,
    document: str = DOCUMENT,
    say: Callable[[str], None] = lambda _: None,
    more: Callable[[Settings], list[Part]] = lambda _: [],
    **given: str,
) -> AsyncIterator[Stack]:
    """Give a stack whose parts come back when they die; `more` are parts beside it.

    Its key reports to the program of `document`.
    """
    mongo_port, redis_port, *ports = free_ports(2 + apis)
    logins = Logins.of(folder)
    supervisor = Supervisor(say, gives_up=False)  # a storm kills whom it likes, ready or not
    try:
        await supervisor.start(
            [
                mongod_part(
                    kennel, folder=folder, port=mongo_port, options=mongod.Options(logins=logins)
                ),
                valkey_part(kennel, folder=folder, port=redis_port),
            ]
        )
        settings = {
            "environment": "test",
            "mongo_url": mongod.url(mongo_port, logins),
            "redis_url": valkey.url(redis_port),
            "redis_namespace": NAMESPACE,
            "lane_lease_seconds": "3",
            "broker_heartbeat_seconds": "3",
            "sweep_seconds": "0.5",
            "log_format": "text",
            **given,
        }
        owner = mongod.url(mongo_port, logins, who=OWNER)
        loaded = Settings.load(**{**settings, "mongo_owner_url": owner})
        await prepare(loaded)
        world = build(Settings.load(**{**settings, "mongo_url": owner}), at_work=True)
        try:
            program = (await publish.publish(world, document)).program
            key, _ = await keys.create(world, program, name="storm", role=Role.SERVICE)
            environment = {f"GUERDON_{name.upper()}": value for name, value in settings.items()}
            own = OwnParts(kennel=kennel, folder=folder, environment=environment)
            await supervisor.start(
                [
                    *(own.api(port=port, key=key, number=n) for n, port in enumerate(ports, 1)),
                    *(own.worker(number) for number in range(1, workers + 1)),
                    own.scheduler(),
                    *more(loaded),
                ]
            )
            yield Stack(
                supervisor=supervisor,
                world=world,
                settings=loaded,
                key=key,
                ports=tuple(ports),
                logs=folder,
            )
        finally:
            await world.close()
    finally:
        supervisor.kill()
        await asyncio.wait_for(supervisor.stop(), 60)
