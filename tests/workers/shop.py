"""An installation at work: API processes, workers, a scheduler, and tills that never stop.

What it comes to is held against a World of its own in which the same was reported and nothing
happened to anybody.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from typing import Any

import httpx2

from guerdon.core.activity import Instant
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Child
from guerdon.engine import accept, keys, read
from guerdon.engine.records import Board
from guerdon.engine.verify import verify
from guerdon.engine.world import Role, World
from workers.conftest import Start
from workers.test_crashes import until
from workers.test_rolling_restart import RECORD, serving
from worlds import HOUR, PROGRAM, a_caller, a_purchase, by, drain

THREADS = 4
MEMBERS = 96
REPORTERS = 4
"""Each reports for members of its own, so that what it sent first has to be decided first."""

AT_ONCE = 24
WAITING_MAX = 100
LOOKS = 25


@dataclass
class Shop:
    """An installation, those who report to it, and how many purchases each of them has sent."""

    world: World
    database: Any
    key: str
    begun: int
    ports: list[int]
    workers: list[Child]
    pause: float
    waiting: int = 0
    sent: Counter[int] = field(default_factory=Counter)
    is_over: bool = False

    async def report(self, reporter: int) -> None:
        """Report batch after batch, each until it is answered."""
        ports = cycle(self.ports[reporter % 2 :] + self.ports[: reporter % 2])
        headers = {"authorization": f"Bearer {self.key}"}
        async with httpx2.AsyncClient(timeout=30, headers=headers) as client:
            while not self.is_over:
                first = self.sent[reporter]
                batch = [self.as_sent(reporter, n) for n in range(first, first + AT_ONCE)]
                answer = None
                while answer is None or answer.status_code in (429, 503):
                    answer = await client.post(
                        f"http://127.0.0.1:{next(ports)}/graphql",
                        json={"query": RECORD, "variables": {"i": {"activities": batch}}},
                    )
                receipts = answer.json()["data"]["recordActivities"]["receipts"]
                assert [each["result"] for each in receipts] == ["PENDING"] * AT_ONCE
                self.sent[reporter] += AT_ONCE
                await asyncio.sleep(self.pause)  # how fast people buy
                await until(self.has_room, seconds=180)

    async def has_room(self) -> bool:
        """Tell whether there may be more to do: enough waits for everybody, and no more."""
        return self.is_over or self.waiting < WAITING_MAX

    async def look(self) -> None:
        """Look at how much waits, once for all who report."""
        while not self.is_over:
            self.waiting = await read.waiting(self.world, PROGRAM)
            await asyncio.sleep(0.2)

    def at(self, reporter: int, number: int) -> int:
        """Return when a purchase was made: each at an instant of its own, whenever it arrives."""
        return self.begun - HOUR + number * REPORTERS + reporter

    def as_sent(self, reporter: int, number: int) -> dict[str, Any]:
        """Return a purchase as the API takes it."""
        at = datetime.fromtimestamp(self.at(reporter, number) / 1_000, UTC)
        return {
            "activityId": f"r{reporter}.{number}",
            "type": "purchase",
            "at": at.isoformat(timespec="milliseconds"),
            "member": {"externalId": _member(reporter, number)},
            "amount": f"{_cents(number) / 100:.2f}",
        }

    def held(self) -> Counter[int]:
        """Return how many lanes each worker holds now, by its process id."""
        rows = self.database["lanes"].find(
            {"$expr": {"$and": [{"$gt": ["$u", "$$NOW"]}, {"$ne": ["$o", ""]}]}}, {"o": 1}
        )
        return Counter(int(row["o"].split(":")[1]) for row in rows)

    async def is_shared_evenly(self) -> bool:
        """Tell whether each worker holds as many lanes as the others on average, give or take one.

        Looked at is a while in which there is enough to do for everybody.
        """
        total: Counter[int] = Counter()
        looks = 0
        while looks < LOOKS:
            held = await asyncio.to_thread(self.held)
            if held.total() >= len(self.workers):
                total.update(held)
                looks += 1
            await asyncio.sleep(0.02)
        shares = [total[worker.pid] / LOOKS for worker in self.workers]
        mean = sum(shares) / len(shares)
        return all(abs(share - mean) <= 1 for share in shares)


def _member(reporter: int, number: int) -> str:
    return f"m{reporter}.{number % (MEMBERS // REPORTERS)}"


def _cents(number: int) -> int:
    return 100 + number * 37 % 900


@asynccontextmanager
async def a_shop(
    world: World, start: Start, database: Any, *, workers: int, apis: int, pause: float = 0
) -> AsyncIterator[Shop]:
    """Give an installation at work."""
    key, _ = await keys.create(world, PROGRAM, name="till", role=Role.SERVICE)
    ports = free_ports(apis)
    for port in ports:
        start("-m", "guerdon", "serve", GUERDON_PORT=str(port))
    pack = [a_worker(start) for _ in range(workers)]
    start("-m", "guerdon", "schedule")
    for port in ports:
        await serving(port)
    shop = Shop(world, database, key, world.clock(), ports, pack, pause)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(shop.look())
        for reporter in range(REPORTERS):
            tasks.create_task(shop.report(reporter))
        try:
            yield shop
        finally:
            shop.is_over = True


def a_worker(start: Start) -> Child:
    return start("-m", "guerdon", "work", GUERDON_WORKER_THREADS=str(THREADS))


async def nothing_waits(world: World) -> bool:
    return await read.waiting(world, PROGRAM) == 0


async def is_projected(world: World) -> bool:
    seqs = {lane: seq for lane, seq in (await world.lanes.seqs(PROGRAM)).items() if seq}
    return await world.projection.marks(PROGRAM, seqs) == seqs


async def each_is_there_once_and_in_order(shop: Shop) -> None:
    """Hold every member's journal against what was sent for this member."""
    found = 0
    for reporter, sent in shop.sent.items():
        expected: dict[str, list[str]] = {}
        for number in range(sent):
            expected.setdefault(_member(reporter, number), []).append(f"r{reporter}.{number}")
        for external, ids in expected.items():
            member = await read.find(shop.world, a_caller(), by(external))
            assert member is not None
            entries = await shop.world.journal.of_member(
                PROGRAM, member, limit=2 * len(ids) + 10, before=0
            )
            written = [entry.activity["id"] for entry in entries]
            assert [it for it in written if not it.endswith(".enroll")] == ids
            found += len(entries)
    # Besides the purchases everybody was enrolled, once.
    assert found == sum(shop.sent.values()) + MEMBERS


async def all_is_right(shop: Shop, calm: World) -> None:
    """Hold what came of it, once all is decided, against an undisturbed run."""
    await until(lambda: nothing_waits(shop.world))
    await until(lambda: is_projected(shop.world))
    assert (await verify(shop.world, PROGRAM)).offences == ()
    await each_is_there_once_and_in_order(shop)
    await play_undisturbed(calm, shop)
    assert await figures(shop.world) == await figures(calm)


async def play_undisturbed(calm: World, shop: Shop) -> None:
    for reporter, sent in shop.sent.items():
        for begin in range(0, sent, 960):
            await accept.record(
                calm,
                a_caller(Role.SERVICE),
                [
                    a_purchase(
                        n,
                        id=f"r{reporter}.{n}",
                        at=Instant(shop.at(reporter, n)),
                        member=by(_member(reporter, n)),
                        amount=Decimal(_cents(n)) / 100,
                    )
                    for n in range(begin, min(begin + 960, sent))
                ],
            )
    await drain(calm)


async def figures(world: World) -> dict[str, tuple[int, int, int, int]]:
    """Return each member's rank, value, points and number of entries, by external id."""
    page = await world.boards.page(PROGRAM, Board("all_time", 0), limit=MEMBERS + 1)
    people = await read.members(world, PROGRAM, [row.member for row in page.rows])
    return {
        str(people[row.member].profile.external_id): (
            row.rank,
            row.value,
            people[row.member].standing.wallets["points"].spendable,
            people[row.member].standing.seq,
        )
        for row in page.rows
    }
