"""A shop that runs the real API: a port, a program of its own, keys and tokens, and a worker."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from api.transport.wire import PATIENCE, Socket, until
from guerdon.api.app import create_app
from guerdon.api.transport import Transport, server_for
from guerdon.engine import keys, publish, tokens
from guerdon.engine.meters import Meters
from guerdon.engine.score import score_lane
from guerdon.engine.tracing import Tracer, Untraced
from guerdon.engine.world import Role, World
from guerdon.live.client import LIVE_DB, with_db
from guerdon.settings import Settings
from guerdon.wiring import build

DOCUMENT = """\
program:
  id: {id}
  name: Corner Shop
  timezone: Europe/Berlin
  day_start: "06:00"
  money: {{unit: EUR, scale: 2}}
  wallets:
    stars: {{name: Stars, scale: 2, spend: fefo, expiry: {{mode: after, period: P50Y, round: day}}}}
    miles: {{name: Miles, scale: 0, expiry: {{mode: never}}}}
  rules:
    - {{id: base, activity: purchase, wallet: stars, give: {{rate: 1.25}}}}
    - id: big
      activity: purchase
      when: {{net: {{gte: 50}}}}
      wallet: miles
      give: {{fixed: 10}}
    - {{id: survey, activity: survey, wallet: miles, give: {{fixed: 5}}}}
  counters:
    visits: {{activity: purchase}}
    spent: {{name: Spent, activity: purchase, sum: net}}
    spent_month: {{activity: purchase, sum: net, window: calendar_month}}
  ladders:
    status:
      name: Status
      counter: spent
      tiers:
        - {{id: blue, name: Blue, at: 0, perks: [A smile]}}
        - {{id: gold, name: Gold, at: 100, perks: [A chair, Coffee]}}
  missions:
    three: {{name: Three visits, description: Come three times., activity: purchase, goal: 3}}
    club: {{name: Join the club, opt_in: true, activity: purchase, goal: 1}}
  badges:
    first: {{name: First, description: For the first purchase., counter: visits, at: 1}}
    honour: {{name: Honour, counter: visits, at: 1000}}
  leaderboards:
    month: {{name: This month, counter: spent_month, window: calendar_month, ties: earliest}}
    all_time: {{name: All time, counter: spent, window: lifetime, ties: earliest}}
  rewards:
    coffee: {{name: Coffee, wallet: stars, cost: 5, partner: cafe, voucher: {{valid: P30D}}}}
    mug: {{name: Mug, description: Holds coffee., wallet: stars, cost: 10, stock: 1}}
    cake: {{name: Cake, wallet: stars, cost: 8, voucher: {{valid: P30D}}}}
  partners:
    cafe: {{name: Café}}
"""

ALL_SCOPES = {
    Role.ADMIN: ("activities:write", "members:read", "members:write", "ledger:adjust",
                 "program:publish", "keys:manage", "webhooks:manage"),
    Role.SERVICE: ("activities:write", "members:read", "members:write", "ledger:adjust"),
    Role.PARTNER: ("activities:write", "webhooks:manage"),
}  # fmt: skip


class WorkersHere:
    """Decides what waits as soon as it is told, in the test's own process."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.awake = True
        self._working: set[asyncio.Task[int]] = set()
        self._turns: dict[tuple[str, int], asyncio.Lock] = {}

    def wake(self, program: str, lanes: Collection[int]) -> None:
        assert self.world is not None
        for lane in lanes if self.awake else ():
            task = asyncio.ensure_future(self._visit(self.world, program, lane))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _visit(self, world: World, program: str, lane: int) -> int:
        """Visit a lane once whoever else is at it has left, as workers do."""
        async with self._turns.setdefault((program, lane), asyncio.Lock()):
            return await score_lane(world, program, lane)

    async def heard(self, program: str, lane: int) -> None:
        """Nobody waits with further hints here."""
        del program, lane

    async def rest(self) -> None:
        """Wait until nothing is being decided."""
        while self._working:
            await asyncio.wait(self._working)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One program, as its clients see it."""

    program: str
    world: World
    workers: WorkersHere
    port: int
    keys: dict[str, str]
    http: httpx2.AsyncClient
    transport: Transport

    async def ask(self, token: str | None, query: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer to a document."""
        answer = await self.post(token, {"query": query, "variables": variables})
        read: dict[str, Any] = answer.json()
        return read

    async def post(self, token: str | None, body: object) -> httpx2.Response:
        """Send a request; text and bytes go as they are."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {self.keys.get(token, token)}"
        return await self.http.post("/graphql", content=content, headers=headers)

    async def get(self, token: str | None, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an answer that must have no errors."""
        answer = await self.ask(token, query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def code(self, token: str | None, query: str, **variables: Any) -> str:
        """Return the code of the first error of an answer that must have one."""
        answer = await self.ask(token, query, **variables)
        assert "errors" in answer, answer
        code: str = answer["errors"][0]["extensions"]["code"]
        return code

    async def enroll(self, external_id: str, **more: Any) -> dict[str, Any]:
        """Return a new member: id and externalId."""
        data = await self.get(
            "service",
            "mutation($i: EnrollMemberInput!) { enrollMember(input: $i)"
            " { member { id externalId displayName } problems { code message path } } }",
            i={"externalId": external_id, **more},
        )
        assert data["enrollMember"]["problems"] == []
        member: dict[str, Any] = data["enrollMember"]["member"]
        return member

    async def record(
        self, *activities: dict[str, Any], token: str = "service", wait: str = "DECIDED"
    ) -> dict[str, Any]:
        """Report activities and return receipts and problems."""
        data = await self.get(
            token,
            "mutation($i: RecordActivitiesInput!) { recordActivities(input: $i) {"
            " receipts { activityId result reason } problems { __typename code message path } } }",
            i={"activities": list(activities), "wait": wait},
        )
        recorded: dict[str, Any] = data["recordActivities"]
        return recorded

    async def buy(self, external_id: str, amount: str, id_: str, **more: Any) -> None:
        """Record a purchase that must be accepted, and wait for its decision."""
        purchase = {
            "activityId": id_,
            "type": "purchase",
            "member": {"externalId": external_id},
            "amount": amount,
            **more,
        }
        recorded = await self.record(purchase)
        assert [it["result"] for it in recorded["receipts"]] == ["ACCEPTED"], recorded

    async def token(self, global_id: str) -> str:
        """Return a member's own token."""
        from guerdon.api.ids import read_id

        return await tokens.issue(self.world, self.program, read_id(global_id).key)

    def socket(self, token: str) -> Socket:
        """Return a socket that will introduce itself with a credential."""
        return Socket(f"ws://127.0.0.1:{self.port}/graphql", token=self.keys.get(token, token))


def decided_here(world: World) -> World:
    """Return a World in which this process decides at once what it accepts."""
    workers = WorkersHere()
    workers.world = replace(world, hints=workers)
    return workers.world


@asynccontextmanager
async def open_shops(
    settings: Settings,
    *programs: str,
    tracer: Tracer | None = None,
    meters: Meters | None = None,
) -> AsyncIterator[list[Shop]]:
    """Serve programs on a free port by the product's own server, and stop it afterwards."""
    workers = WorkersHere()
    world = build(settings)
    world = replace(
        world, hints=workers, tracer=tracer or Untraced(), meters=meters or world.meters
    )
    workers.world = world
    await forget_failures(settings)
    async with served(world, settings) as (port, http, transport):
        try:
            yield [await _open(workers, transport, program, port, http) for program in programs]
        finally:
            await workers.rest()


@asynccontextmanager
async def served(
    world: World, settings: Settings
) -> AsyncIterator[tuple[int, httpx2.AsyncClient, Transport]]:
    """Serve a World on a free port; give the port, a client of it and what serves operations."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(world, settings)
    server = server_for(app, on_stop=app.state.stop, log_level="critical", access_log=False)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    port = listening.getsockname()[1]
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE
        ) as http:
            yield port, http, app.state.transport
    finally:
        server.should_exit = True
        await serving


async def forget_failures(settings: Settings) -> None:
    """Have nobody pay for what other tests failed to find: all of them have one address."""
    async with Redis.from_url(with_db(settings.redis_url.get_secret_value(), LIVE_DB)) as client:
        with suppress(RedisConnectionError):  # some tests have none
            async for key in client.scan_iter(match=f"{settings.redis_namespace}:rate:guess:*"):
                await client.delete(key)


async def _open(
    workers: WorkersHere, transport: Transport, program: str, port: int, http: httpx2.AsyncClient
) -> Shop:
    world = workers.world
    assert world is not None
    await publish.publish(world, DOCUMENT.format(id=program))
    made = {
        role.value: (
            await keys.create(
                world,
                program,
                name=f"test {role}",
                role=role,
                scopes=scopes,
                partner="cafe" if role is Role.PARTNER else None,
            )
        )[0]
        for role, scopes in ALL_SCOPES.items()
    }
    return Shop(
        program=program,
        world=world,
        workers=workers,
        port=port,
        keys=made,
        http=http,
        transport=transport,
    )
