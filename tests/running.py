"""A whole guerdon for tests that look at it from outside: `guerdon demo`, as people start it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Guerdon:
    """One running demo, as its ready file describes it."""

    ready: dict[str, Any]
    ready_file: Path
    output: Path

    @property
    def page(self) -> str:
        """The page's address, its credential in the fragment."""
        return str(self.ready["page"])

    @property
    def partner_page(self) -> str:
        """The partner page's address, its credentials in the fragment."""
        return str(self.ready["partner_page"])

    def ask(
        self, query: str, variables: dict[str, Any] | None = None, *, role: str = "service"
    ) -> dict[str, Any]:
        """Return the data of a query or mutation under the key of a role."""
        request = urllib.request.Request(
            self.ready["graphql"],
            data=json.dumps({"query": query, "variables": variables or {}}).encode(),
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {self.ready['keys'][role]}",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def buy(self, activity_id: str, member: str, amount: str) -> None:
        """Record one purchase and wait until it is decided."""
        mutation = """mutation Buy($input: RecordActivitiesInput!) {
          recordActivities(input: $input) { receipts { result } }
        }"""
        activity = {
            "activityId": activity_id,
            "type": "purchase",
            "member": {"externalId": member},
            "amount": amount,
        }
        answer = self.ask(mutation, {"input": {"activities": [activity], "wait": "DECIDED"}})
        assert answer["recordActivities"]["receipts"] == [{"result": "ACCEPTED"}]


@contextmanager
def running(folder: Path, *words: str, **settings: str) -> Iterator[Guerdon]:
    """Run `guerdon demo` with its files in a folder, until the end of the block."""
    ready_file, output = folder / "ready.json", folder / "output"
    environment = {name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "guerdon", "demo", "--ready-file", ready_file, *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment | settings,
            cwd=folder,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready_file.exists():
            ended = process.poll() is not None or time.monotonic() > deadline
            assert not ended, f"the demo does not start:\n{output.read_text()}"
            time.sleep(0.05)
        yield Guerdon(json.loads(ready_file.read_text()), ready_file, output)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


async def ready(port: int) -> None:
    """Wait until the API on a port is ready."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx2.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.05)
