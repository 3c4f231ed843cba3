"""Lives in a storm are as the same lives in calm: whatever can be asked for, by several clients.

`make chaos SECONDS=600 SEED=7 ARGS=tests/chaos/test_lives.py` says how long and which.
"""

import asyncio
import json
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest

from api.shop import DOCUMENT
from chaos.deeds import Deeds
from chaos.faults import Storm
from chaos.stack import Stack, a_stack
from chaos.test_chaos import DRAINED_SECONDS, say
from guerdon.embedded.process import Kennel
from guerdon.engine import dead, keys, publish, read
from guerdon.engine.dossier import dossier
from guerdon.engine.drift import differing
from guerdon.engine.lanes import lanes_of
from guerdon.engine.records import StoreDown
from guerdon.engine.refusals import LiveDown
from guerdon.engine.standings import rebuild
from guerdon.engine.verify import verify
from guerdon.engine.world import Role, World
from mutations import Request

STORM, CALM = "storm", "calm"
CLIENTS = 8
_PATIENCE_SECONDS = 15
_HOPS = 3
"""What follows from a request in other lanes, such as both halves of a merge, comes by so many."""
_MEMBERS_MAX = 50


def document(name: str) -> str:
    """Return a program in which whoever buys is enrolled, and nothing runs out."""
    text = DOCUMENT.format(id=name)
    for old, new in (
        ("  wallets:\n", "  enroll: auto\n  wallets:\n"),
        ("cost: 5, partner: cafe,", "cost: 5, partner: cafe, fulfil: {within: P90D},"),
        (" stock: 1}", " stock: 1000000}"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


class Client:
    """Sends one request after the other, each until it is answered and decided."""

    def __init__(self, stack: Stack, program: str, key: str, number: int) -> None:
        self._world = stack.world
        self._program = program
        self._addresses = [f"http://127.0.0.1:{port}/graphql" for port in stack.ports]
        self._headers = {"authorization": f"Bearer {key}"}
        self._chance = Random(f"{program}/{number}")
        self.sent: list[Request] = []
        self.problems: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    async def send(self, request: Request, *, times: int = 1) -> None:
        """Send it, several times at once if need be, until all that follows is decided."""
        limits = httpx2.Limits(max_connections=times)
        async with httpx2.AsyncClient(timeout=_PATIENCE_SECONDS, limits=limits) as http:
            await asyncio.gather(*(self._insist(http, request) for _ in range(times)))
        self.sent.append(request)
        for _ in range(_HOPS):
            await self._rest()

    async def storm(self, draw: Callable[[], Request], over: asyncio.Event) -> None:
        """Send what is drawn until it is over, often more than once."""
        while not over.is_set():
            await self.send(draw(), times=self._chance.choice([1, 1, 1, 2, 3]))

    async def _insist(self, http: httpx2.AsyncClient, request: Request) -> None:
        while True:
            try:
                answer = await http.post(
                    self._chance.choice(self._addresses), json=request, headers=self._headers
                )
                said = answer.json()
            except (httpx2.HTTPError, ValueError) as error:
                self.failures[type(error).__name__] += 1
            else:
                if not said.get("errors"):
                    (payload,) = said["data"].values()
                    self.problems.update(each["code"] for each in payload["problems"])
                    return
                code = said["errors"][0]["extensions"]["code"]
                assert code == "UNAVAILABLE", said
                self.failures[code] += 1
            await asyncio.sleep(self._chance.uniform(0.1, 0.5))

    async def _rest(self) -> None:
        """Wait until each lane was seen with nothing in it."""
        lanes = lanes_of(await _insisting(self._world.rulebooks.layout, self._program))
        for lane in lanes:
            while await _insisting(self._world.inbox.waits, self._program, lane):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _insisting(ask: Callable[..., Any], *words: object) -> Any:
    """Ask the stores until they answer: in a storm they are often away."""
    while True:
        try:
            return await ask(*words)
        except (StoreDown, LiveDown):
            await asyncio.sleep(0.1)


async def clients(stack: Stack, program: str) -> list[Client]:
    key, _ = await keys.create(stack.world, program, name="lives", role=Role.ADMIN)
    return [Client(stack, program, key, number) for number in range(CLIENTS)]


@pytest.mark.chaos
async def test_lives_in_a_storm_are_as_the_same_lives_in_calm(
    kennel: Kennel, tmp_path: Path
) -> None:
    seconds = min(float(os.environ.get("SECONDS") or 60), 240)
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    say(f"\nSEED={seed} SECONDS={seconds:.0f}")
    begun = datetime.now(UTC).replace(microsecond=0)
    async with a_stack(tmp_path, kennel, workers=2, document=document(STORM)) as stack:
        await publish.publish(stack.world, document(CALM))
        day = await _day(stack.world)
        wild = await clients(stack, STORM)
        over = asyncio.Event()
        storm = Storm(seed, stack, stack.settings.redis_url.get_secret_value())
        async with asyncio.TaskGroup() as tasks:
            for number, client in enumerate(wild):
                tasks.create_task(client.storm(Deeds(seed, number, begun).draw, over))
            await storm.rage(seconds)
            over.set()
        _tell(STORM, wild)
        say(f"faults: {dict(sorted(storm.seen.items()))}")
        await _is_whole(stack.world, STORM)

        calm = await clients(stack, CALM)
        await asyncio.gather(
            *(_again(one, each.sent) for one, each in zip(calm, wild, strict=True))
        )
        _tell(CALM, calm)
        await _is_whole(stack.world, CALM)
        if await _day(stack.world) != day:
            # The first day of a month shows another month's window.
            pytest.skip("the shop's day changed meanwhile, and with it which period is the present")
        for number in range(CLIENTS):
            lived = [await _lives(stack.world, each, number, begun) for each in (STORM, CALM)]
            assert lived[0] == lived[1], number


async def _day(world: World) -> int:
    """Return the shop's business day."""
    return (await world.rulebooks.get(STORM)).calendar.day(world.clock())


async def _again(client: Client, requests: Sequence[Request]) -> None:
    for request in requests:
        await client.send(request)


def _tell(program: str, found: Sequence[Client]) -> None:
    sent = sum(len(each.sent) for each in found)
    problems = sum((each.problems for each in found), Counter[str]())
    failures = sum((each.failures for each in found), Counter[str]())
    say(f"{program}: {sent} requests; refused {dict(problems)}; no answer {dict(failures)}")


async def _is_whole(world: World, program: str) -> None:
    """See that nothing was set aside, and that deciding anew comes to what is stored."""
    assert await _insisting(dead.listed, world, program) == []
    until = time.monotonic() + DRAINED_SECONDS
    while wrong := (await _insisting(differing, world, program))[1]:
        assert time.monotonic() < until, wrong
        await asyncio.sleep(0.2)
    assert (await verify(world, program)).offences == ()
    anew = await rebuild(world, program, dry_run=True)
    assert list(anew.different) == []
    say(f"{program}: {anew.looked} members; left alone {dict(anew.left)}")


async def _lives(world: World, program: str, number: int, begun: datetime) -> dict[str, Any]:
    """Return all that is known of a client's members: what hangs on chance or the clock is not."""
    found = await read.directory(world, program, search=f"t{number}-", limit=_MEMBERS_MAX)
    assert len(found.items) < _MEMBERS_MAX
    whole = {}
    for each in found.items:
        seen = await dossier(world, program, each.id)
        seen["identities"].sort(key=json.dumps)
        whole[each.external_id] = _alike(seen, begun - timedelta(days=2))
    return whole


def _alike(value: object, recent: datetime) -> object:
    """Return it without ids made at random, the program's name, and instants since `recent`."""

    def dated(found: re.Match[str]) -> str:
        return "recently or later" if found[0] >= recent.date().isoformat() else found[0]

    text = json.dumps(value, default=str)
    for pattern, instead in (
        (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "id"),
        (r"[0-9a-f]{32}", "digest"),
        (rf"\b({STORM}|{CALM})\b", "program"),
        (r"\b\d{4}-\d\d-\d\d(T[\d:.]+Z)?", dated),
    ):
        text = re.sub(pattern, instead, text)
    return json.loads(text)
