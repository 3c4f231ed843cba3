"""Processes of the API that die at a chosen write: `python cut_off.py`, told line by line.

Each line of the input is one life: `{"token", "requests", "dies_at", "decides", "answers"}`. A
process serves the API, sends itself the requests one after the other, appends each answer to the
file `answers`, and ends as by SIGKILL right before its write to MongoDB with that number; 0 is
never. Where it `decides`, it is the worker as well, whose writes count, too. The line that comes
back says whether it died. All share what was imported once: a life takes no more than it lives.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from pymongo import monitoring

from api.shop import decided_here, served
from guerdon.engine.crash import EXIT_CODE
from guerdon.settings import Settings
from guerdon.wiring import build

WRITES = frozenset(
    {"insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction"}
)
"""Of a transaction the commit alone counts: before it nothing was written."""


class Guillotine(monitoring.CommandListener):
    """Counts writes from when it is armed, and ends the process before the one it is set to."""

    def __init__(self, dies_at: int) -> None:
        self._left = dies_at
        self.is_armed = False

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Look at a command on its way to the server."""
        name = event.command_name
        is_within = "autocommit" in event.command and name != "commitTransaction"
        if self.is_armed and name in WRITES and not is_within:
            self._left -= 1
            if self._left == 0:
                os._exit(EXIT_CODE)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing hangs on it."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing hangs on it."""


async def live(life: dict[str, Any]) -> None:
    """Serve and ask until all is answered, or until the end."""
    guillotine = Guillotine(life["dies_at"])
    monitoring.register(guillotine)
    settings = Settings.load()
    world = build(settings, at_work=life["decides"])
    if life["decides"]:
        world = decided_here(world)
    headers = {"authorization": f"Bearer {life['token']}"}
    async with served(world, settings) as (_, http, _):
        await http.post("/graphql", json={"query": "{ viewer { role } }"}, headers=headers)
        guillotine.is_armed = True
        for request in life["requests"]:
            answer = await http.post("/graphql", json=request, headers=headers)
            note(life["answers"], answer.text)
        guillotine.is_armed = False


def note(path: str, answer: str) -> None:
    """Append an answer, so that it is there whatever happens next."""
    with Path(path).open("a", encoding="utf-8") as answers:
        answers.write(answer + "\n")


def main() -> None:
    """Let one process after the other live as the input says."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio.run(live(json.loads(line)))
                status = 0
            finally:
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        status = os.waitstatus_to_exitcode(ended)
        sys.stdout.write(json.dumps({"died": status == EXIT_CODE, "status": status}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
