"""The relay: reads the journal for each endpoint, and delivers what it finds until it arrives.

Rule: what has been read is noted in the same transaction that queues what came of it, so that
nothing is missed and nothing is queued twice; a message is delivered at least once, under one id,
and a member's next message waits until the one before has arrived or was given up. What is sent is
made of the journal at the moment of sending: nothing of a person is kept here. Each endpoint has
turns of its own, so that one that does not answer holds no other up. Any number of relays may run
at once.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple

import orjson
from standardwebhooks import Webhook

from guerdon.core.activity import Instant
from guerdon.core.rulebook import Rulebook
from guerdon.engine.by_program import by_program
from guerdon.engine.lanes import lanes_of
from guerdon.engine.pseudonyms import sealed, veil_of
from guerdon.engine.records import Entry, StoreDown
from guerdon.engine.webhook_records import (
    DEAD,
    DELIVERED,
    WAITING,
    Answered,
    Attempt,
    Delivery,
    Endpoint,
)
from guerdon.engine.webhooks.endpoints import opened
from guerdon.engine.webhooks.messages import body, matches, messages
from guerdon.engine.world import World

log = logging.getLogger(__name__)

SCHEDULE_MS = tuple(
    1_000 * seconds for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long after each failed try the next one comes: ten tries in a little over three days."""

DISABLED_AFTER_MS = 5 * 86_400_000
"""An endpoint to which nothing has come through for so long is switched off."""

KEPT_MS = 30 * 86_400_000
"""How long what has arrived or was given up stays in the log, and can be sent again."""

CONCURRENCY = 4
_CLAIMED = 16
BODY_BYTES_MAX = 20_000
_AT_ONCE = 200
_LEASE_MS = 120_000
_TURN_SECONDS = 10.0
_ATTEMPTS_KEPT = 12
_OK, _MULTIPLE_CHOICES, _GONE = 200, 300, 410


class Relay:
    """The relay of one process; its turns are tasks of a group, and end with it."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._serving: set[tuple[str, str]] = set()

    async def __call__(self, world: World) -> int:
        """Begin a turn for each endpoint that is not having one; return how many were begun.

        Raises:
            StoreDown: The database does not answer.
        """
        return await by_program(world, self._begin)

    async def _begin(self, world: World, program: str) -> int:
        count = 0
        for endpoint in await world.webhooks.endpoints(program):
            if (program, endpoint.id) not in self._serving:
                self._serving.add((program, endpoint.id))
                self._tasks.create_task(self._serve(world, program, endpoint))
                count += 1
        return count

    async def _serve(self, world: World, program: str, endpoint: Endpoint) -> None:
        told = {"program": program, "endpoint": endpoint.id}
        try:
            if endpoint.disabled is None:
                await queue(world, program, endpoint)
                await deliver(world, program, endpoint)
            await world.webhooks.prune(program, endpoint.id, Instant(world.clock() - KEPT_MS))
        except StoreDown:
            log.warning("the database does not answer: webhooks wait", extra=told)
        except Exception:
            log.exception("a turn failed for an endpoint", extra=told)
        finally:
            self._serving.discard((program, endpoint.id))


async def queue(world: World, program: str, endpoint: Endpoint) -> None:
    """Queue for an endpoint what the journal says since it was looked at last."""
    rulebook = await world.rulebooks.get(program)
    places = await world.webhooks.places(program, endpoint.id)
    seqs = await world.lanes.seqs(program)
    for lane in sorted({*lanes_of(await world.rulebooks.layout(program)), *seqs}):
        place = places.get(lane, 0)
        while place < seqs.get(lane, 0):
            entries = await world.journal.since(program, lane, place, _AT_ONCE)
            if not entries:
                break
            found = [
                delivery
                for entry in entries
                for delivery in _deliveries(rulebook, entry, endpoint, now=world.clock())
            ]
            moved = await world.webhooks.enqueue(
                program,
                endpoint.id,
                lane=lane,
                before=place,
                seq=entries[-1].seq,
                deliveries=found,
            )
            if not moved:
                return  # another relay is at it
            place = entries[-1].seq


def _deliveries(
    rulebook: Rulebook, entry: Entry, endpoint: Endpoint, *, now: Instant
) -> Iterable[Delivery]:
    for message in messages(rulebook, entry, partner=endpoint.partner):
        if any(matches(topic, message.topic) for topic in endpoint.topics):
            yield Delivery(
                endpoint=endpoint.id,
                lane=entry.lane,
                seq=entry.seq,
                number=message.number,
                member=entry.member or "",
                topic=message.topic,
                state=WAITING,
                created_at=now,
                due_at=now,
            )


async def deliver(world: World, program: str, endpoint: Endpoint) -> None:
    """Send what is due to one endpoint, until nothing is or the turn has been long enough.

    Of each member one after the other; different members side by side, as long as it goes well.
    What is left is for the next turn, which reads anew where to send it and whether at all.
    """
    sender = await _sender(world, program, endpoint)
    until = monotonic() + _TURN_SECONDS
    while sender.disabled is None and monotonic() < until:
        now = world.clock()
        at_once = _CLAIMED if sender.failing_since is None else 1
        claimed = await world.webhooks.claim(
            program,
            endpoint.id,
            now=now,
            until=Instant(now + _LEASE_MS),
            limit=at_once,
        )
        if not claimed:
            return
        turns = asyncio.Semaphore(CONCURRENCY)
        await asyncio.gather(*(_in_turn(turns, sender, each) for each in claimed))


async def _in_turn(turns: asyncio.Semaphore, sender: "_Sender", delivery: Delivery) -> None:
    async with turns:
        await sender.send(delivery)


async def _sender(world: World, program: str, endpoint: Endpoint) -> "_Sender":
    signers = [Webhook(secret) for secret in await opened(world, program, endpoint)]
    veil = None if endpoint.partner is None else await veil_of(world, program, endpoint.partner)
    return _Sender(world, program, endpoint, signers, veil)


class Signed(NamedTuple):
    """A request as it goes out."""

    headers: dict[str, str]
    body: bytes


def signed(signers: Sequence[Webhook], message_id: str, at: Instant, content: bytes) -> Signed:
    """Return a request signed by every secret that is good, the newest first."""
    moment = datetime.fromtimestamp(at // 1_000, UTC)
    text = content.decode()
    return Signed(
        {
            "content-type": "application/json",
            "user-agent": "guerdon-webhooks/1",
            "webhook-id": message_id,
            "webhook-timestamp": str(at // 1_000),
            "webhook-signature": " ".join(each.sign(message_id, moment, text) for each in signers),
        },
        content,
    )


class _Sender:
    """Sends to one endpoint, and notes how it is doing."""

    def __init__(
        self,
        world: World,
        program: str,
        endpoint: Endpoint,
        signers: Sequence[Webhook],
        veil: bytes | None,
    ) -> None:
        self._world = world
        self._program = program
        self._endpoint = endpoint
        self._signers = signers
        self._veil = veil
        self.failing_since = endpoint.failing_since
        self.disabled = endpoint.disabled

    async def send(self, delivery: Delivery) -> None:
        """Try one delivery and note what became of it."""
        world, begun = self._world, self._world.clock()
        content = await self._content(delivery)
        if content is None:
            answer = Answered(None, "it has no content any more")
        elif not self._signers:
            answer = Answered(None, "the endpoint has no secret that opens: rotate it")
        else:
            request = signed(self._signers, delivery.message_id, begun, content)
            answer = await world.courier(self._endpoint.url, request.headers, request.body)
        now = world.clock()
        tries = delivery.tries + 1
        attempt = Attempt(now, answer.status, now - begun, answer.error)
        delivery = delivery._replace(
            tries=tries, attempts=(*delivery.attempts, attempt)[-_ATTEMPTS_KEPT:]
        )
        has_arrived = answer.status is not None and _OK <= answer.status < _MULTIPLE_CHOICES
        if has_arrived:
            delivery = delivery._replace(state=DELIVERED)
        elif content is None or tries > len(SCHEDULE_MS):
            delivery = delivery._replace(state=DEAD)
            log.warning(
                "a webhook was given up",
                extra={"program": self._program, "endpoint": self._endpoint.id},
            )
        else:
            wait = max(SCHEDULE_MS[tries - 1], answer.retry_after_ms or 0)
            delivery = delivery._replace(due_at=Instant(now + wait))
        await world.webhooks.settle(self._program, delivery)
        world.meters.sent(self._program, str(delivery.state), (now - begun) / 1_000)
        if content is not None:
            await self._note(answer, now, has_arrived=has_arrived)

    async def _note(self, answer: Answered, now: Instant, *, has_arrived: bool) -> None:
        """Note how the endpoint is doing, where that has changed."""
        failing_since, disabled = None, None
        if not has_arrived:
            failing_since = self.failing_since if self.failing_since is not None else now
            if answer.status == _GONE:
                disabled = "it answered 410 Gone"
            elif now - failing_since >= DISABLED_AFTER_MS:
                disabled = "nothing has come through for five days"
        if (failing_since, disabled) == (self.failing_since, self.disabled):
            return
        self.failing_since, self.disabled = failing_since, disabled
        if disabled is not None:
            log.error(
                "a webhook endpoint was switched off",
                extra={"program": self._program, "endpoint": self._endpoint.id, "why": disabled},
            )
        await self._world.webhooks.note_outcome(
            self._program, self._endpoint.id, failing_since=failing_since, disabled=disabled
        )

    async def _content(self, delivery: Delivery) -> bytes | None:
        """Return the message as it is to be sent; None where the journal says it no more."""
        entries = await self._world.journal.since(self._program, delivery.lane, delivery.seq - 1, 1)
        entry = next((each for each in entries if each.seq == delivery.seq), None)
        if entry is None:
            return None
        rulebook = await self._world.rulebooks.get(self._program)
        for message in messages(rulebook, entry, partner=self._endpoint.partner):
            if message.number == delivery.number:
                member = await self._member(entry)
                content = orjson.dumps(body(message, entry, member))
                return content if len(content) <= BODY_BYTES_MAX else None
        return None

    async def _member(self, entry: Entry) -> dict[str, str] | None:
        """Return what the listener calls the member."""
        if entry.member is None:
            return None
        if self._veil is not None:
            return {"id": sealed(self._veil, entry.member)}
        faces = await self._world.faces.of(self._program, [entry.member])
        face = faces.get(entry.member)
        return {"externalId": entry.member if face is None else face.external_id}
