"""From a mutation to the subscriber's push, on an otherwise idle stack.

A member is followed by `memberUpdates` on a socket; a purchase of theirs is reported by GraphQL.
Measured is from before the request is written until the update with its activity has arrived, so
with acceptance, hint, decision, commit, projection and the push in it. The pauses between two are
drawn at random, so that no rhythm of ours meets one of the service's.
"""

import argparse
import asyncio
import random
import statistics
import time
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from guerdon.wiring import build
from reporter import Reporter, enroll
from stack import Stack, machine, running

FOLLOW = """subscription Follow($member: MemberRef!) {
  memberUpdates(member: $member) { activity { activityId } }
}"""
_PATIENCE_SECONDS = 30


async def measure(arguments: argparse.Namespace, stack: Stack) -> None:
    """Report one purchase after another and print how long each took to arrive."""
    world = build(stack.settings, at_work=True)
    reporter = Reporter(world, stack, members=1, name="followed")
    await enroll(reporter)
    url = stack.url.replace("http", "ws", 1)
    chance = random.Random(2)
    taken: list[float] = []
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await _follow(socket, stack.seeded.keys["service"], reporter.name + "0")
        for number in range(arguments.warm_up + arguments.updates):
            await asyncio.sleep(chance.uniform(0.02, arguments.pause_max))
            activity = f"{reporter.name}{reporter.next}"
            bodies = reporter.bodies(1)
            begun = time.perf_counter()
            arrival = asyncio.create_task(_arrival(socket, activity))
            await reporter.report(bodies)
            arrived = await arrival
            if number >= arguments.warm_up:
                taken.append(1_000 * (arrived - begun))
            print(f"\r{number + 1} of {arguments.warm_up + arguments.updates}", end="", flush=True)
    await world.close()
    taken.sort()
    print(
        f"\rmutation to push: median {statistics.median(taken):.1f} ms, "
        f"95 of 100 within {taken[int(len(taken) * 0.95) - 1]:.1f} ms, "
        f"worst of {len(taken)} {taken[-1]:.1f} ms; {machine()}"
    )


async def _follow(socket: ClientConnection, key: str, external_id: str) -> None:
    await _send(socket, {"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}})
    assert (await _next(socket))["type"] == "connection_ack"
    variables = {"member": {"externalId": external_id}}
    payload = {"query": FOLLOW, "variables": variables}
    await _send(socket, {"id": "1", "type": "subscribe", "payload": payload})


async def _arrival(socket: ClientConnection, activity: str) -> float:
    """Return when the update about an activity came."""
    while True:
        message = await _next(socket)
        came = time.perf_counter()
        assert message["type"] == "next", message
        if message["payload"]["data"]["memberUpdates"]["activity"]["activityId"] == activity:
            return came


async def _send(socket: ClientConnection, message: dict[str, Any]) -> None:
    await socket.send(orjson.dumps(message).decode())


async def _next(socket: ClientConnection) -> Any:
    while True:
        message = orjson.loads(await asyncio.wait_for(socket.recv(), _PATIENCE_SECONDS))
        if message["type"] not in ("ping", "pong"):
            return message


def main() -> None:
    """Start servers and processes of its own and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=10)
    parser.add_argument("--pause-max", type=float, default=0.15, help="seconds")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with running(workers=arguments.workers) as stack:
        asyncio.run(measure(arguments, stack))


if __name__ == "__main__":
    main()
