"""A roll-out under load: every process is replaced, one after the other, and nobody notices.

Clients do what clients do: they send again what got no answer, under the same id and to whoever
answers, and sockets that are closed come back with their last cursor.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from api.transport.wire import Socket
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Child
from guerdon.engine import keys, read
from guerdon.engine.verify import verify
from guerdon.engine.world import Role, World
from workers.conftest import Start
from workers.test_crashes import until
from worlds import PROGRAM, a_caller, by

MEMBERS = 10
REPORTERS = 3
EXIT_SECONDS_MAX = 25
RECORD = """mutation($i: RecordActivitiesInput!) {
  recordActivities(input: $i) { receipts { result } problems { message } } }"""
NEWEST = """query($m: MemberRef!) { member(ref: $m) { journal(first: 1) { edges { cursor } } } }"""
UPDATES = """subscription($m: MemberRef!, $after: String!) {
  memberUpdates(member: $m, after: $after) { cursor activity { activityId } } }"""
# What a client takes for "somebody else, or later"; anything else is noticed.
LATER = {429, 502, 503}


@dataclass
class Roll:
    """An installation of two API processes and two workers, and those who use it."""

    world: World
    key: str
    ports: list[int]
    results: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    reported: dict[str, list[str]] = field(default_factory=dict)
    heard: dict[int, list[str]] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)
    is_over: bool = False

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return an answer, asked for until there is one."""
        async with httpx2.AsyncClient(timeout=30) as client:
            for port in cycle(self.ports):
                data = await self._once(client, port, query, variables)
                if data is not None:
                    return data
                await asyncio.sleep(0.05)
        raise AssertionError

    async def _once(
        self, client: httpx2.AsyncClient, port: int, query: str, variables: dict[str, Any]
    ) -> dict[str, Any] | None:
        try:
            answer = await client.post(
                f"http://127.0.0.1:{port}/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {self.key}"},
            )
        except httpx2.TransportError:
            return None
        if answer.status_code in LATER:
            return None
        found = answer.json()
        if answer.status_code != 200 or "errors" in found:
            self.refused.append(json.dumps(found))
            return {}
        data: dict[str, Any] = found["data"]
        return data

    async def report(self, number: int) -> None:
        """Report purchases one after the other, each until it is answered."""
        count = 0
        async with httpx2.AsyncClient(timeout=30) as client:
            while not self.is_over:
                member = f"m{count % MEMBERS}"
                activity_id = f"r{number}.{count}"
                activity = {
                    "activityId": activity_id,
                    "type": "purchase",
                    "member": {"externalId": member},
                    "amount": "1.00",
                }
                data = None
                for port in cycle(self.ports if number % 2 else self.ports[::-1]):
                    variables = {"i": {"activities": [activity], "wait": "DECIDED"}}
                    data = await self._once(client, port, RECORD, variables)
                    if data is not None:
                        break
                    await asyncio.sleep(0.05)
                if data:
                    (receipt,) = data["recordActivities"]["receipts"]
                    self.results[receipt["result"]] += 1
                    self.reported.setdefault(member, []).append(activity_id)
                count += 1

    async def follow(self, number: int) -> None:
        """Follow a member for as long as it takes, over every end of a socket."""
        member = {"externalId": f"m{number % MEMBERS}"}
        data = await self.ask(NEWEST, m=member)
        cursor = data["member"]["journal"]["edges"][0]["cursor"]
        heard: list[str] = []
        self.heard[number] = heard
        for turn in cycle(range(len(self.ports))):
            port = self.ports[(number + turn) % len(self.ports)]
            try:
                async with Socket(f"ws://127.0.0.1:{port}/graphql", token=self.key) as socket:
                    await socket.init()
                    await socket.subscribe(UPDATES, m=member, after=cursor)
                    while True:
                        message = json.loads(await socket.raw.recv())
                        if message["type"] != "next":
                            break
                        update = message["payload"]["data"]["memberUpdates"]
                        heard.append(update["activity"]["activityId"])
                        cursor = update["cursor"]
            except ConnectionClosed as closed:
                self.codes[closed.rcvd.code if closed.rcvd else 0] += 1
            except (OSError, InvalidHandshake, TimeoutError):
                pass  # nobody is there at present, or it stops: the other one then
            await asyncio.sleep(0.05)

    async def settled(self) -> bool:
        """Tell whether everybody has heard all there is of whom they follow."""
        if await read.waiting(self.world, PROGRAM):
            return False
        return all(
            Counter(heard) == Counter(self.reported[f"m{number % MEMBERS}"])
            for number, heard in self.heard.items()
        )


async def serving(port: int) -> None:
    """Wait until an API is ready."""

    async def is_ready() -> bool:
        async with httpx2.AsyncClient(timeout=5) as client:
            try:
                return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
            except httpx2.TransportError:
                return False

    await until(is_ready)


async def stopped(child: Child) -> None:
    """Ask a process to stop, as a roll-out does, and wait for its end."""
    code = await asyncio.to_thread(child.stop, patience_seconds=EXIT_SECONDS_MAX)
    assert code == 0, child.last_lines()


@pytest.mark.slow
@pytest.mark.parametrize("sockets", [20, pytest.param(100, marks=pytest.mark.chaos)])
async def test_every_process_is_replaced_under_load_and_nobody_notices(
    world: World, start: Start, sockets: int
) -> None:
    key, _ = await keys.create(world, PROGRAM, name="till", role=Role.SERVICE)
    ports = free_ports(2)
    roll = Roll(world, key, ports)

    def an_api(port: int) -> Child:
        return start("-m", "guerdon", "serve", GUERDON_PORT=str(port))

    apis = [an_api(port) for port in ports]
    workers = [start("-m", "guerdon", "work") for _ in range(2)]
    start("-m", "guerdon", "schedule")
    for port in ports:
        await serving(port)
    for number in range(MEMBERS):
        activity = {
            "activityId": f"first{number}",
            "type": "purchase",
            "member": {"externalId": f"m{number}"},
            "amount": "1.00",
        }
        await roll.ask(RECORD, i={"activities": [activity], "wait": "DECIDED"})
    async with asyncio.TaskGroup() as tasks:
        followers = [tasks.create_task(roll.follow(number)) for number in range(sockets)]
        await _have_begun(roll, sockets)
        reporters = [tasks.create_task(roll.report(number)) for number in range(REPORTERS)]
        for place, port in enumerate(ports):
            await _more(roll)
            await stopped(apis[place])
            apis[place] = an_api(port)
            await serving(port)
        for place in range(len(workers)):
            await _more(roll)
            await stopped(workers[place])
            workers[place] = start("-m", "guerdon", "work")
        await _more(roll)
        roll.is_over = True
        await asyncio.wait(reporters)
        await until(roll.settled)
        for follower in followers:
            follower.cancel()

    assert roll.refused == []
    # DUPLICATE where the first answer got lost, PENDING where deciding took longer than waiting.
    assert set(roll.results) <= {"ACCEPTED", "DUPLICATE", "PENDING"}
    # Every socket was closed by its API's end, and told to come back; cancelling closes the rest.
    assert set(roll.codes) <= {1012}
    assert roll.codes[1012] >= sockets
    await _everybody_heard_the_journal(roll)
    assert (await verify(world, PROGRAM)).offences == ()


async def _have_begun(roll: Roll, sockets: int) -> None:
    async def are_there() -> bool:
        return len(roll.heard) == sockets

    await until(are_there)


async def _more(roll: Roll, *, count: int = 10) -> None:
    """Wait until so many more purchases were answered."""
    wanted = sum(roll.results.values()) + count

    async def reached() -> bool:
        return sum(roll.results.values()) >= wanted

    await until(reached)


async def _everybody_heard_the_journal(roll: Roll) -> None:
    """Hold each socket's hearing against the journal: in its order, without gap or repeat."""
    for number, heard in roll.heard.items():
        member = await read.find(roll.world, a_caller(), by(f"m{number % MEMBERS}"))
        assert member is not None
        page = await read.journal(roll.world, PROGRAM, member, limit=2 * len(heard) + 10)
        written = [entry.activity.id for entry in reversed(page.items)]
        assert heard == [it for it in written if it.startswith("r")]
