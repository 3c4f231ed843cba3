"""How long the servers of the embedded stack take to answer, cold and on kept data.

The promise behind it: `make demo` answers its first query within 10 s on an installed machine, and
the servers are the part of it that is not ours. Medians of several starts.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from guerdon.embedded.parts import Part, mongod_part, valkey_part
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel


def seconds_until_ready(part: Part) -> float:
    """Start `part`, wait until it is ready, and stop it again."""
    begun = time.perf_counter()
    child = part.start()
    part.await_ready(child)
    taken = time.perf_counter() - begun
    child.stop(patience_seconds=20)
    return taken


def main() -> None:
    """Print one line for each server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    parts: dict[str, Callable[..., Part]] = {"mongod": mongod_part, "valkey": valkey_part}
    with closing(Kennel()) as kennel:
        for name, make in parts.items():
            cold, kept = [], []
            for _ in range(rounds):
                with tempfile.TemporaryDirectory() as folder:
                    (port,) = free_ports(1)
                    part = make(kennel, folder=Path(folder), port=port)
                    cold.append(seconds_until_ready(part))
                    kept.append(seconds_until_ready(part))
            print(
                f"start {name}: {statistics.median(cold):.2f} s on an empty folder, "
                f"{statistics.median(kept):.2f} s on kept data (median of {rounds})"
            )


if __name__ == "__main__":
    main()
