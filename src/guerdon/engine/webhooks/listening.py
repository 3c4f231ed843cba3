"""Listening from a desk: what happens from now on goes to an address of whoever asks.

Rule: nothing is stored; the secret lives as long as the listener, and what does not arrive is said
and forgotten. It is a tool for building the other side.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

import orjson
from standardwebhooks import Webhook

from guerdon.engine.webhook_records import Delivery
from guerdon.engine.webhooks.endpoints import PREFIX
from guerdon.engine.webhooks.messages import body, matches, messages
from guerdon.engine.webhooks.relay import signed
from guerdon.engine.world import World

Say = Callable[[str, str, str], None]
"""What became of a message: its id, its topic, the status or what went wrong."""

_LOOK_SECONDS = 0.25
_AT_ONCE = 200
_SECRET_BYTES = 32


@asynccontextmanager
async def listening(
    world: World, program: str, url: str, topics: Collection[str]
) -> AsyncIterator[tuple[str, Callable[[Say], Awaitable[None]]]]:
    """Give a secret and what sends everything that is decided from here on, until cancelled."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    places = await world.lanes.seqs(program)

    async def run(say: Say) -> None:
        while True:
            for lane, seq in (await world.lanes.seqs(program)).items():
                while places.get(lane, 0) < seq:
                    places[lane] = await _forward(
                        world, program, lane, places.get(lane, 0), send=(url, secret, topics, say)
                    )
            await asyncio.sleep(_LOOK_SECONDS)

    yield secret, run


async def _forward(
    world: World,
    program: str,
    lane: int,
    place: int,
    *,
    send: tuple[str, str, Collection[str], Say],
) -> int:
    """Send what a lane says behind a place; return how far it was read."""
    url, secret, topics, say = send
    rulebook = await world.rulebooks.get(program)
    entries = await world.journal.since(program, lane, place, _AT_ONCE)
    for entry in entries:
        faces = await world.faces.of(program, [entry.member] if entry.member else [])
        member = None
        if entry.member is not None:
            face = faces.get(entry.member)
            member = {"externalId": face.external_id if face else entry.member}
        for message in messages(rulebook, entry, partner=None):
            if not any(matches(topic, message.topic) for topic in topics):
                continue
            now = world.clock()
            name = Delivery("", lane, entry.seq, message.number, "", message.topic, "", now, now)
            request = signed(
                [Webhook(secret)], name.message_id, now, orjson.dumps(body(message, entry, member))
            )
            answer = await world.courier(url, request.headers, request.body)
            say(name.message_id, message.topic, str(answer.status or answer.error))
    return entries[-1].seq if entries else place
