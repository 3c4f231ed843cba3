"""The parts of the stack: what each is started with, and how it is known to be ready.

A part answers a question (MongoDB, Valkey, the API) or, having no door to knock at (workers and the
scheduler), writes one byte to a pipe when it has begun to work. Nobody sleeps and hopes.
"""

import json
import os
import select
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guerdon.embedded import mongod, valkey
from guerdon.embedded.ports import LOOPBACK
from guerdon.embedded.process import Child, Kennel, NotReady, how_it_ended

_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the stack.

    `rank` orders the end: parts with a low rank are stopped first. `await_ready` blocks until the
    part is ready, and raises NotReady when it does not become so.
    """

    name: str
    rank: int
    start: Callable[[], Child]
    await_ready: Callable[[Child], None]
    patience_seconds: float = 20


def mongod_part(
    kennel: Kennel, *, folder: Path, port: int, options: mongod.Options | None = None
) -> Part:
    """Return mongod as a part, its files and its log in `folder`.

    Raises:
        NoMongod: There is none that can run here.
    """
    binary = mongod.find()
    files = _folder(folder / "mongod")
    options = options or mongod.Options()
    command = mongod.command(binary, port=port, folder=files, options=options)
    return Part(
        name="mongod",
        rank=4,
        start=lambda: kennel.start(command, log=folder / "mongod.log"),
        await_ready=lambda child: mongod.await_primary(port, child=child, logins=options.logins),
    )


def valkey_part(kennel: Kennel, *, folder: Path, port: int) -> Part:
    """Return Valkey as a part, its files and its log in `folder`.

    Raises:
        NoValkey: There is none that can run here.
    """
    files = _folder(folder / "valkey")
    command = valkey.command(valkey.find(), port=port, folder=files)
    return Part(
        name="valkey",
        rank=3,
        start=lambda: kennel.start(command, log=folder / "valkey.log"),
        await_ready=lambda child: valkey.await_answer(port, child=child),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnParts:
    """Makes the parts that are guerdon's own commands, all with one environment."""

    kennel: Kennel
    folder: Path
    environment: Mapping[str, str] = field(repr=False)  # may hold secrets

    def api(self, *, port: int, key: str, number: int | None = None) -> Part:
        """Return the API; it is ready when it answers a query under `key`.

        Several have numbers, and ports of their own.
        """
        name = "api" if number is None else f"api-{number}"
        return Part(
            name=name,
            rank=2,
            start=lambda: self._start(name, "serve", GUERDON_PORT=str(port)),
            await_ready=lambda child: _await_query(port, key, child),
        )

    def worker(self, number: int) -> Part:
        """Return a worker, which is one process; several share the lanes."""
        return self._quiet_part(f"worker-{number}", "work")

    def scheduler(self) -> Part:
        """Return the scheduler."""
        return self._quiet_part("scheduler", "schedule")

    def _quiet_part(self, name: str, command: str) -> Part:
        pipes: dict[int, int] = {}  # process id -> the pipe's reading end

        def start() -> Child:
            reads, writes = os.pipe()
            try:
                child = self._start(name, command, "--ready-fd", str(writes), keep=(writes,))
            finally:
                os.close(writes)
            pipes[child.pid] = reads
            return child

        def await_ready(child: Child) -> None:
            reads = pipes.pop(child.pid)
            try:
                _await_byte(reads, name, child)
            finally:
                os.close(reads)

        return Part(name=name, rank=1, start=start, await_ready=await_ready)

    def _start(self, name: str, *words: str, keep: tuple[int, ...] = (), **more: str) -> Child:
        return self.kennel.start(
            [sys.executable, "-m", "guerdon", *words],
            log=self.folder / f"{name}.log",
            # One port cannot be everybody's, should this machine's environment name one.
            env={
                **os.environ,
                **self.environment,
                "GUERDON_METRICS_PORT": "",
                "PYTHONUNBUFFERED": "1",
                **more,
            },
            keep=keep,
        )


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _await_byte(reads: int, name: str, child: Child, *, patience_seconds: float = 60) -> None:
    """Wait for the sign of a part; a pipe that ends without one belongs to a part that ended."""
    readable, _, _ = select.select([reads], [], [], patience_seconds)
    if readable and os.read(reads, 1):
        return
    if readable:
        raise NotReady(f"{name} {how_it_ended(child.wait())}:\n{child.last_lines()}")
    raise NotReady(f"{name} is not ready in time:\n{child.last_lines()}")


def _await_query(port: int, key: str, child: Child, *, patience_seconds: float = 60) -> None:
    deadline = time.monotonic() + patience_seconds
    while not _answers_query(port, key):
        if not child.is_running:
            raise NotReady(f"api {how_it_ended(child.wait())}:\n{child.last_lines()}")
        if time.monotonic() > deadline:
            raise NotReady(f"api is not ready in time:\n{child.last_lines()}")
        time.sleep(_PAUSE_SECONDS)


def _answers_query(port: int, key: str) -> bool:
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}/graphql",
        data=b'{"query": "{ __typename }"}',
        headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
    )
    # Never by a proxy that the environment may name: this is our own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=2) as response:
            answer = json.load(response)
    except (OSError, ValueError, urllib.error.URLError):
        return False
    return bool(answer.get("data"))
