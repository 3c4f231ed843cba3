"""What is promised of live connections, on a whole guerdon whose parts are killed and stalled.

One demo serves all of it: clients that stop reading, an API that is asked to stop, and a history
that is followed while the API and Redis die under it.
"""

import asyncio
import json
import os
import random
import signal
import threading
import time
import urllib.error
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from running import Guerdon, running

BOARD = """subscription { leaderboardUpdates(slug: "month", first: 10) {
    total entries { rank score profile { displayName } } } }"""
FEED = """subscription($after: String) { memberUpdates(member: {externalId: "ada"}, after: $after) {
    cursor activity { activityId type } } }"""
REPORT = """mutation($i: RecordActivitiesInput!) { recordActivities(input: $i) {
    receipts { result } } }"""
NEWEST = '{ member(ref: {externalId: "ada"}) { journal(first: 1) { edges { cursor } } } }'
LOST = (OSError, HTTPException, urllib.error.URLError)
PATIENCE = 60
PACE = 0.05


@pytest.fixture(scope="module")
def guerdon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guerdon]:
    settings = {"GUERDON_SOCKET_PING_SECONDS": "2", "GUERDON_CONNECTIONS_MAX": "5000"}
    with running(tmp_path_factory.mktemp("live"), **settings) as guerdon:
        yield guerdon


def pid_of(guerdon: Guerdon, part: str) -> int:
    """Return the process that is a part now; it is another after a restart."""
    found = json.loads(guerdon.ready_file.read_text())["pids"][part]
    return int(found[0] if isinstance(found, list) else found)


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(it.split()[1]) for it in status.splitlines() if it.startswith("VmRSS")) / 1024


def connected(guerdon: Guerdon) -> int:
    """Return how many connections the API holds, as the kernel counts them."""
    port = urlsplit(guerdon.ready["graphql"]).port
    rows = (it.split() for it in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(it[1].endswith(f":{port:04X}") and it[3] == "01" for it in rows)


def runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def report(guerdon: Guerdon, activity_id: str, member: str = "ada", wait: str = "DECIDED") -> str:
    """Report a purchase until it is answered, whatever dies meanwhile; return the result."""
    activity = {
        "activityId": activity_id,
        "type": "purchase",
        "member": {"externalId": member},
        "amount": "1.00",
    }
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = guerdon.ask(REPORT, {"i": {"activities": [activity], "wait": wait}})
        except (*LOST, AssertionError):
            assert time.monotonic() < deadline, "nobody takes activities any more"
            time.sleep(0.05)
        else:
            result: str = answer["recordActivities"]["receipts"][0]["result"]
            if result != "PENDING" or wait != "DECIDED":
                return result


def until_it_answers(guerdon: Guerdon) -> float:
    """Return when a question was answered again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            guerdon.ask(NEWEST)
        except (*LOST, AssertionError):
            assert time.monotonic() < deadline, "nobody answers questions any more"
            time.sleep(0.05)
        else:
            return time.monotonic()


def break_things(guerdon: Guerdon) -> list[float]:
    """Kill and stall, one after the other; return when questions were answered after each."""
    back = [0.0]
    for part, number in (
        ("redis", signal.SIGKILL),
        ("api", signal.SIGKILL),
        ("redis", signal.SIGSTOP),
    ):
        time.sleep(2)
        pid = pid_of(guerdon, part)
        os.kill(pid, number)
        if number == signal.SIGSTOP:
            time.sleep(3)
            os.kill(pid, signal.SIGCONT)
        back.append(until_it_answers(guerdon))
    time.sleep(2)
    return back


async def opened(guerdon: Guerdon, query: str, **variables: Any) -> ClientConnection:
    """Return a socket that has subscribed."""
    url = guerdon.ready["graphql"].replace("http", "ws", 1)
    protocols = [Subprotocol("graphql-transport-ws")]
    socket = await connect(url, subprotocols=protocols, ping_interval=None, close_timeout=1)
    token = f"Bearer {guerdon.ready['keys']['service']}"
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": token}}))
    await socket.recv()
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
    return socket


async def until(condition: Any, seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # another process has no event to set
            await asyncio.sleep(0.05)


async def test_slow_and_dead_clients_harm_nobody(guerdon: Guerdon) -> None:
    """Thirty never read; memory stands, and who reads is served until they are cut."""
    await asyncio.to_thread(report, guerdon, "before")
    api = pid_of(guerdon, "api")
    quick = await opened(guerdon, BOARD)
    await quick.recv()
    slow = [await opened(guerdon, BOARD) for _ in range(30)]
    for socket in slow:
        socket.transport.pause_reading()
    before, held = resident_mb(api), connected(guerdon)
    delays = []
    for number in range(40):
        await asyncio.to_thread(report, guerdon, f"slow-{number}", f"m{number % 5}")
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            await quick.recv()
        delays.append(time.monotonic() - began)
    await until(lambda: connected(guerdon) <= held - 30, 45)
    grown = resident_mb(api) - before
    await quick.close()
    for socket in slow:
        socket.transport.abort()

    assert grown < 20, "megabytes that grew while thirty did not read"
    assert sorted(delays)[37] < 5, "promised in half a second on a quiet machine"


async def test_a_server_that_stops_says_so_and_loses_no_hint(guerdon: Guerdon) -> None:
    api = pid_of(guerdon, "api")
    sockets = [await opened(guerdon, BOARD) for _ in range(100)]
    for number in range(20):
        await asyncio.to_thread(report, guerdon, f"stop-{number}", "bob", "ACCEPTED")
    began = time.monotonic()
    os.kill(api, signal.SIGTERM)

    async def code_of(socket: ClientConnection) -> int | None:
        async with asyncio.timeout(30):
            try:
                while True:
                    await socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None

    codes = await asyncio.gather(*map(code_of, sockets))
    await until(lambda: not runs(api))
    took = time.monotonic() - began
    results = [
        await asyncio.to_thread(report, guerdon, f"stop-{number}", "bob") for number in range(20)
    ]

    assert codes == [1012] * 100
    assert took < 25
    assert set(results) == {"DUPLICATE"}, "all had been taken, and are decided"


async def test_a_history_is_followed_without_gap_or_double_whatever_dies(guerdon: Guerdon) -> None:
    """Reported at a pace that a client keeps up with that hangs up after at most 29 of them."""
    chance = random.Random(11)
    written: list[tuple[str, float]] = []
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            name = f"feed-{len(written)}"
            report(guerdon, name, wait="ACCEPTED")
            written.append((name, time.monotonic()))
            time.sleep(PACE)

    await asyncio.to_thread(report, guerdon, "feed-first")
    newest = await asyncio.to_thread(guerdon.ask, NEWEST)
    cursor = newest["member"]["journal"]["edges"][0]["cursor"]
    writing = asyncio.create_task(asyncio.to_thread(write))
    breaking = asyncio.create_task(asyncio.to_thread(break_things, guerdon))
    breaking.add_done_callback(lambda _: is_over.set())
    heard: list[tuple[str, float]] = []

    async def follow(many: int) -> None:
        """Read some, then hang up without a word."""
        nonlocal cursor
        socket = await opened(guerdon, FEED, after=cursor)
        try:
            for _ in range(many):
                if is_over.is_set() and len(heard) == len(written) and writing.done():
                    return
                try:
                    message = json.loads(await asyncio.wait_for(socket.recv(), 1))
                except TimeoutError:
                    continue
                update = message["payload"]["data"]["memberUpdates"]
                heard.append((update["activity"]["activityId"], time.monotonic()))
                cursor = update["cursor"]
        finally:
            socket.transport.abort()

    async with asyncio.timeout(3 * PATIENCE):
        while not writing.done() or len(heard) < len(written):
            try:
                await follow(chance.randrange(1, 30))
            except (*LOST, ConnectionClosed, InvalidHandshake, EOFError):
                await asyncio.sleep(0.1)
    back, _ = await asyncio.gather(breaking, writing)
    delays = sorted(
        at - max(then, *(it for it in back if it <= at))
        for (_, at), (_, then) in zip(heard, written, strict=True)
    )

    assert [name for name, _ in heard] == [name for name, _ in written]
    assert len(written) > 20
    assert delays[len(delays) * 95 // 100] < 10, "promised in two seconds on a quiet machine"
