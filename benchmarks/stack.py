"""What a benchmark runs on: servers and processes of its own, and what each of them costs.

The servers and guerdon's processes are those of `guerdon demo`, started from the same parts; there
is no access control, so that the bare driver beside them may write to the same MongoDB.
"""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from guerdon.cli.seed import Seeded, seed
from guerdon.embedded.parts import OwnParts, Part, mongod_part, valkey_part
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Child, Kennel
from guerdon.settings import Settings

PROGRAM = Path(__file__).parents[1] / "examples" / "record-store.yaml"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Everything that runs: `pids` by name ("mongod", "valkey", "api", "worker-0", ...).

    `journal` counts how many entries there will be once all that was reported is decided.
    """

    settings: Settings
    seeded: Seeded
    url: str
    pids: Mapping[str, int]
    journal: Counter[str] = field(default_factory=Counter)


@contextmanager
def running(*, workers: int, **given: str) -> Iterator[Stack]:
    """Start servers, seed the record store, start the API, workers and the scheduler.

    With no workers only the servers run. `given` are further settings.
    """
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        kennel = ending.enter_context(closing(Kennel()))
        pids: dict[str, int] = {}

        def start(part: Part) -> Child:
            child = part.start()
            ending.callback(child.stop, patience_seconds=part.patience_seconds)
            pids[part.name] = child.pid
            part.await_ready(child)
            return child

        mongo_port, redis_port, port = free_ports(3)
        start(mongod_part(kennel, folder=folder, port=mongo_port))
        start(valkey_part(kennel, folder=folder, port=redis_port))
        values = {
            "mongo_url": f"mongodb://127.0.0.1:{mongo_port}/?directConnection=true",
            "redis_url": f"redis://127.0.0.1:{redis_port}/0",
            "environment": "test",
            "waiting_max": "1000000",
            # Nobody is to begin before it is measured.
            "sweep_seconds": "60",
            "port": str(port),
            **given,
        }
        settings = Settings.load(**values)
        seeded = asyncio.run(seed(settings, PROGRAM, sample=False))
        if workers:
            environment = {f"GUERDON_{name.upper()}": value for name, value in values.items()}
            own = OwnParts(kennel=kennel, folder=folder, environment=environment)
            start(own.api(port=port, key=seeded.keys["service"]))
            for number in range(workers):
                start(own.worker(number))
            start(own.scheduler())
        stack = Stack(
            settings=settings,
            seeded=seeded,
            url=f"http://127.0.0.1:{port}/graphql",
            pids=pids,
        )
        stack.journal["record_store"] = len(seeded.member_tokens)
        yield stack


@dataclass(slots=True)
class Lap:
    """What a piece of work took: wall time, and processor time by process, in seconds."""

    count: int
    wall: float
    processor: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Return activities a second."""
        return self.count / self.wall

    @property
    def cost(self) -> float:
        """Return the processor time an activity, of all processes, in microseconds."""
        return 1e6 * sum(self.processor.values()) / self.count


async def lap(pids: Mapping[str, int], work: Callable[[int], Awaitable[None]], count: int) -> Lap:
    """Do `work(count)` and return what it took, this process included."""
    begun = {name: _processor_seconds(pid) for name, pid in pids.items()}
    own, wall = time.process_time(), time.perf_counter()
    await work(count)
    taken = Lap(count, time.perf_counter() - wall)
    taken.processor["client"] = time.process_time() - own
    for name, pid in pids.items():
        taken.processor[name] = _processor_seconds(pid) - begun[name]
    return taken


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def machine() -> str:
    """Return what a figure is worth nothing without."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} x {model}, load average {load}"
