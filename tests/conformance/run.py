"""Holds outside clients and suites against the transport: `python -m tests.conformance.run`.

It serves the demo of the transport in each of its modes, one after another, and runs the tests of
this folder with Node's own runner. The packages are pinned in `package.json`; `npm ci` in this
folder installs them.
"""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guerdon.embedded.ports import free_ports

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MANIFESTS = ("made/types/persisted-documents.json", "made/relay/persisted.json")
PATIENCE_SECONDS = 20.0


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Serve the demo in a process of its own, and yield its address."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "tests.api.transport.demo", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/graphql"
    try:
        _await_answer(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _await_answer(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}?query=%7B__typename%7D", timeout=1)
        except urllib.error.HTTPError:
            return  # a refusal is an answer
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = f"The demo did not answer at {address}."
    raise RuntimeError(msg)


def node(address: str, *files: str, **setting: str) -> bool:
    """Run test files against an address; tell whether all passed."""
    environment = {
        **os.environ,
        "GUERDON_CONFORMANCE_URL": address,
        **{f"GUERDON_CONFORMANCE_{name}": value for name, value in setting.items()},
    }
    command = ["node", "--test", "--test-reporter=dot", "--test-concurrency=1", *files]
    return subprocess.run(command, cwd=HERE, env=environment, check=False).returncode == 0


def main() -> int:
    """Run every mode; return 0 if all tests passed."""
    if shutil.which("node") is None or not (HERE / "node_modules").is_dir():
        sys.exit(
            "Node or its packages are missing: install Node, then run `npm ci` in this folder."
        )
    files = sorted(it.name for it in HERE.glob("*.test.mjs") if not it.name.startswith("persisted"))
    with serving("--instalments") as address:
        passed = [node(address, *files)]
    with serving("--federation") as address:
        passed.append(node(address, "federation.test.mjs", FEDERATION="1"))
    with serving("--draft") as address:
        passed.append(node(address, "audits.test.mjs", EDITION="draft"))
    manifests = [option for path in MANIFESTS for option in ("--manifest", str(HERE / path))]
    with serving(*manifests) as address:
        passed.append(node(address, "persisted.test.mjs", MANIFESTS="1"))
    with serving("--trusted-only", *manifests) as address:
        passed.append(node(address, "persisted.test.mjs", MANIFESTS="1", TRUSTED="1"))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
