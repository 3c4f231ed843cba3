"""`guerdon import` as it is typed: a file of purchases, until everything is decided.

Without `--file` the purchases are made here, as many and of as many customers as in the sample of
CDNOW (6,919 of 2,357, sorted by customer, over eighteen months). The rate counts from the start of
the command to its end, the start of its interpreter included.
"""

import argparse
import asyncio
import csv
import random
import resource
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from stack import Lap, Stack, lap, machine, running

CUSTOMERS, PURCHASES = 2_357, 6_919
_BEGIN = date(1997, 1, 1)
_DAYS = 546


def purchases(path: Path) -> int:
    """Write a file of purchases, the same each time; return how many there are."""
    chance = random.Random(7)
    counts = [1] * CUSTOMERS
    while sum(counts) < PURCHASES:
        counts[int(CUSTOMERS * chance.random() ** 3)] += 1
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("customer", "date", "quantity", "amount"))
        for customer, count in enumerate(counts, 1):
            for day in sorted(chance.randrange(_DAYS) for _ in range(count)):
                amount = f"{chance.randrange(500, 9_000) / 100:.2f}"
                rows.writerow((f"{customer:04d}", _BEGIN + timedelta(days=day), 1, amount))
    return PURCHASES


async def one(stack: Stack, path: Path, count: int) -> Lap:
    """Import the file and return what it took."""

    async def work(_: int) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "guerdon", "import", "activities", str(path)),
            *("--type", "purchase", "--map", "customer=member,date=at,amount=amount"),
            *("--shift-to-now", "--wait", "--url", stack.url, "--errors", f"{path}.errors"),
            env={"GUERDON_KEY": stack.seeded.keys["service"], "PATH": "", "HOME": str(path.parent)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0]
        assert process.returncode == 0, said.decode()

    before = _children_seconds()
    taken = await lap(stack.pids, work, count)
    taken.processor["import"] = _children_seconds() - before
    return taken


def _children_seconds() -> float:
    """Return the processor time of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Import into a fresh stack, several times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, help="a file with customer, date and amount")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    laps = []
    for number in range(arguments.rounds):
        print(f"\rround {number + 1} of {arguments.rounds}", end="", flush=True)
        with (
            tempfile.TemporaryDirectory() as folder,
            running(workers=arguments.workers, sweep_seconds="2") as stack,
        ):
            path = Path(folder, "purchases.csv")
            if arguments.file:
                path.write_bytes(arguments.file.read_bytes())
                count = len(path.read_text().splitlines()) - 1
            else:
                count = purchases(path)
            laps.append(asyncio.run(one(stack, path, count)))
    rate = statistics.median(each.rate for each in laps)
    processor = {
        name: statistics.median(1e6 * each.processor[name] / each.count for each in laps)
        for name in laps[0].processor
        if name != "client"
    }
    parts = ", ".join(f"{name} {micro:.0f}" for name, micro in processor.items())
    print(
        f"\rimport: {rate:,.0f} activities/s, median of {len(laps)} imports of {count:,} "
        f"(microseconds of processor an activity: {parts}); {machine()}"
    )


if __name__ == "__main__":
    main()
