"""The demo as its users meet it: one command, and nothing left of it afterwards."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import guerdon
from embedded.processes import all_gone, becomes_true, children_of
from guerdon.embedded.ports import free_ports

PACKAGE = Path(guerdon.__file__).parent
LACKING = [
    name
    for name in ("cli/seed.py", "wiring.py", "workers/broker.py", "api/app.py")
    if not (PACKAGE / name).exists()
]

pytestmark = [
    pytest.mark.skipif(bool(LACKING), reason=f"this stage of the project lacks {LACKING}"),
    pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about processes"),
]


@dataclass
class Demo:
    """One running demo."""

    process: subprocess.Popen[bytes]
    ready_file: Path
    output: Path

    @property
    def ready(self) -> dict[str, Any]:
        """What the ready file says now."""
        content: dict[str, Any] = json.loads(self.ready_file.read_text())
        return content

    def ask(self, query: str) -> dict[str, Any]:
        """Return the data of a GraphQL query under the service key."""
        request = urllib.request.Request(
            self.ready["graphql"],
            data=json.dumps({"query": query}).encode(),
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {self.ready['keys']['service']}",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)["data"]
        return answer

    def answers(self) -> bool:
        """Whether a query is answered, by a process that may just be starting again."""
        try:
            return self.ask("{ __typename }") == {"__typename": "Query"}
        except OSError:
            return False

    def processes(self) -> set[int]:
        """Every process of the stack, the supervisor and its watcher among them."""
        return {self.process.pid, *children_of(self.process.pid)}


def start(folder: Path, *words: str) -> Demo:
    """Start the demo and wait until everything answers."""
    ready_file, output = folder / "ready.json", folder / "output"
    environment = {key: text for key, text in os.environ.items() if not key.startswith("GUERDON_")}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "guerdon", "demo", "--ready-file", ready_file, *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment | {"TMPDIR": str(folder)},
        )
    begun = Demo(process=process, ready_file=ready_file, output=output)
    arrived = becomes_true(lambda: ready_file.exists() or process.poll() is not None, seconds=60)
    assert arrived, output.read_text()
    assert process.poll() is None, output.read_text()
    return begun


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    (port,) = free_ports(1)
    running = start(tmp_path_factory.mktemp("demo"), "--workers", "2", "--port", str(port))
    assert running.ready["graphql"] == f"http://127.0.0.1:{port}/graphql"
    yield running
    running.process.terminate()
    running.process.wait(30)


def test_ready_file_says_where_everything_is_once_everything_answers(demo: Demo) -> None:
    ready = demo.ready

    assert list(ready) == [
        "graphql",
        "ws",
        "page",
        "partner_page",
        "keys",
        "partners",
        "member_tokens",
        "mongo",
        "mongo_application",
        "redis",
        "pids",
    ]
    assert set(ready["keys"]) == {"admin", "service", "partner"}
    assert ready["partners"] == {"cafe": ready["keys"]["partner"]}
    assert set(ready["pids"]) == {"mongod", "redis", "api", "workers", "scheduler"}
    assert len(ready["pids"]["workers"]) == 2
    assert demo.answers()
    assert demo.ready_file.stat().st_mode & 0o077 == 0
    for address in (ready["graphql"], ready["page"], *ready["keys"].values()):
        assert address in demo.output.read_text()


@pytest.mark.parametrize("part", ["api", "workers", "scheduler", "redis", "mongod"])
def test_killed_part_is_back_under_a_new_process_id(demo: Demo, part: str) -> None:
    def pid_now() -> int:
        found = demo.ready["pids"][part]
        return int(found[0] if isinstance(found, list) else found)

    killed = pid_now()
    os.kill(killed, signal.SIGKILL)

    assert becomes_true(lambda: pid_now() != killed)
    assert becomes_true(demo.answers)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_end_of_the_demo_is_the_end_of_all_its_processes(
    tmp_path: Path, ending: signal.Signals
) -> None:
    demo = start(tmp_path)
    processes = demo.processes()
    assert len(processes) >= 7  # supervisor, watcher, mongod, valkey, API, worker, scheduler

    demo.process.send_signal(ending)
    code = demo.process.wait(30)

    assert all_gone(processes)
    if ending is signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert code == 0
        assert not demo.ready_file.exists()
        assert list(tmp_path.glob("guerdon-*")) == []  # the temporary data folder


def test_somebody_who_presses_ctrl_c_twice_leaves_nothing_behind_either(tmp_path: Path) -> None:
    demo = start(tmp_path)
    processes = demo.processes()

    demo.process.send_signal(signal.SIGINT)
    demo.process.send_signal(signal.SIGINT)

    assert becomes_true(lambda: demo.process.poll() is not None, seconds=10)
    assert all_gone(processes)


def test_kept_data_and_its_keys_are_there_again_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "kept"
    first = start(tmp_path, "--data", str(data))
    keys = first.ready["keys"]
    first.process.terminate()
    first.process.wait(30)

    second = start(tmp_path, "--data", str(data))
    again = second.ready["keys"]
    answers = second.answers()
    second.process.terminate()
    second.process.wait(30)

    assert answers
    assert again == keys


def test_port_that_is_taken_is_refused_at_once(demo: Demo) -> None:
    taken = demo.ready["graphql"].split(":")[2].split("/")[0]
    refused = subprocess.run(
        [sys.executable, "-m", "guerdon", "demo", "--port", taken],
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 2
    assert f"Port {taken} is taken" in refused.stderr
