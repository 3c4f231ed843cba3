"""Seeds for tests that go on for as long as `make chaos` gives them.

The storm over the servers has all of SECONDS; each test of the core alone has a tenth of it, so
that the whole takes little longer than the storm.
"""

import os
import random
import time
from collections.abc import Iterator

SHARE = 0.1


def seeds() -> Iterator[int]:
    """Yield seeds while there is time, beginning with SEED, and print each before it is played."""
    ends = time.monotonic() + SHARE * float(os.environ.get("SECONDS") or 60)
    number = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    while time.monotonic() < ends:
        print(f"SEED={number}")  # noqa: T201 - how to play it again
        yield number
        number += 1
