"""Reporting activities to guerdon, by its engine or by GraphQL, until they are on display."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

import orjson

from guerdon.core.activity import Instant
from guerdon.engine import accept
from guerdon.engine.heads import Memory
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.keys import ADMIN_SCOPES
from guerdon.engine.lanes import lane_of, lanes_of
from guerdon.engine.score import visit_lane
from guerdon.engine.world import Caller, Role, World
from stack import Stack

REQUEST = 100
IN_FLIGHT = 16
RECORD = """mutation Record($input: RecordActivitiesInput!) {
  recordActivities(input: $input) { receipts { activityId result reason } problems { message } }
}"""
_LOOK_SECONDS = 0.04


class Quiet:
    """Hints that wake nobody."""

    def wake(self, program: str, lanes: object) -> None:
        """Let it be."""

    async def heard(self, program: str, lane: int) -> None:
        """Let it be."""


class Reporter:
    """Reports purchases of `members` members in turn."""

    def __init__(self, world: World, stack: Stack, *, members: int, name: str = "m") -> None:
        # Nobody is woken while only accepting is measured.
        self.quiet = replace(world, hints=Quiet())
        self.world = world
        self.stack = stack
        self.members = members
        self.name = name
        self.next = 0
        self.chance = random.Random(1)
        self.program = "record_store"
        self.caller = Caller(
            program=self.program, role=Role.SERVICE, reporter="service", scopes=ADMIN_SCOPES
        )

    # ------------------------------------------------------------ by the engine

    async def accept(self, count: int) -> None:
        """Report by hundreds to the engine's own verb, and wake nobody."""
        now = self.world.clock()
        for begin in range(self.next, self.next + count, REQUEST):
            numbers = range(begin, min(begin + REQUEST, self.next + count))
            inputs = [self._input(number, now) for number in numbers]
            await accept.record(self.quiet, self.caller, inputs)
        self.next += count
        self.stack.journal[self.program] += count

    def _input(self, number: int, now: Instant) -> ActivityInput:
        return ActivityInput(
            id=f"{self.name}{number}",
            type="purchase",
            at=now,
            member=MemberRef(external_id=f"{self.name}{number % self.members}"),
            amount=self._amount(),
        )

    async def score(self, count: int) -> None:
        """Have the workers decide what waits, until it is on the leaderboard."""
        del count  # everything that waits is decided
        layout = await self.world.rulebooks.layout(self.program)
        self.world.hints.wake(self.program, lanes_of(layout))
        await self._projected()

    # ------------------------------------------------------------ one transaction an activity

    async def one_by_one(self, count: int) -> None:
        """Accept and decide each by itself, sixteen at a time: the same work without batches."""
        layout = await self.world.rulebooks.layout(self.program)
        alone = replace(self.quiet, limits=replace(self.world.limits, batch_max=1))
        turns = {lane: asyncio.Lock() for lane in lanes_of(layout)}
        memory = Memory()
        now = self.world.clock()
        numbers = iter(range(self.next, self.next + count))
        self.next += count
        self.stack.journal[self.program] += count

        async def work() -> None:
            for number in numbers:
                receipts = await accept.record(alone, self.caller, [self._input(number, now)])
                member = receipts[0].member
                lane = lane_of(member, layout)
                async with turns[lane]:
                    await visit_lane(alone, self.program, lane, memory)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        await self._projected()  # the sweep may have sent a worker for a few of them

    # ------------------------------------------------------------ by GraphQL

    async def whole(self, count: int) -> None:
        """Report by GraphQL in requests of a hundred, until everything is on the leaderboard."""
        await self.report(self.bodies(count))
        await self._projected()

    def bodies(self, count: int) -> list[bytes]:
        """Return the requests for `count` activities."""
        made = []
        for begin in range(self.next, self.next + count, REQUEST):
            activities = [
                {
                    "activityId": f"{self.name}{n}",
                    "type": "purchase",
                    "member": {"externalId": f"{self.name}{n % self.members}"},
                    "amount": str(self._amount()),
                }
                for n in range(begin, min(begin + REQUEST, self.next + count))
            ]
            variables = {"input": {"activities": activities}}
            made.append(orjson.dumps({"query": RECORD, "variables": variables}))
        self.next += count
        self.stack.journal[self.program] += count
        return made

    async def report(self, bodies: Sequence[bytes], *, in_flight: int = 4) -> None:
        """Send requests over as many connections as are in flight."""
        waiting = iter(bodies)

        async def send() -> None:
            async with asyncio.timeout(600):
                at = urlsplit(self.stack.url)
                reader, writer = await asyncio.open_connection(at.hostname, at.port)
                for body in waiting:
                    writer.write(self._head(len(body)) + body)
                    answer = orjson.loads(await _body(reader))
                    receipts = answer["data"]["recordActivities"]["receipts"]
                    assert all(each["result"] == "PENDING" for each in receipts), answer
                writer.close()

        await asyncio.gather(*(send() for _ in range(in_flight)))

    def _head(self, length: int) -> bytes:
        key = self.stack.seeded.keys["service"]
        return (
            f"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {key}\r\ncontent-length: {length}\r\n\r\n"
        ).encode()

    def _amount(self) -> Decimal:
        return Decimal(self.chance.randrange(10_000)).scaleb(-2)

    async def _projected(self) -> None:
        """Wait until the lanes' marks in Redis add up: everything is decided and on display."""
        layout = await self.world.rulebooks.layout(self.program)
        async with asyncio.timeout(600):
            expected = self.stack.journal[self.program]
            while await self._marks(lanes_of(layout)) < expected:  # noqa: ASYNC110 - others decide
                await asyncio.sleep(_LOOK_SECONDS)

    async def _marks(self, lanes: Sequence[int]) -> int:
        marks = await self.world.projection.marks(self.program, lanes)
        return sum(mark or 0 for mark in marks.values())


async def enroll(reporter: Reporter) -> None:
    """Have everybody enrolled by a first purchase, before it counts."""
    await reporter.accept(reporter.members)
    reporter.stack.journal[reporter.program] += reporter.members
    await reporter.score(reporter.members)


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return await reader.readexactly(length)
