"""What the database's own checks cost: batches written with and without them, alternating.

    python benchmarks/bench_validators.py --entries 500 --rounds 40

One batch is as many journal entries and standings as a full one has, in one transaction. Printed
are the medians and their ratio.
"""

import argparse
import statistics
import time
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from guerdon.embedded.servers import servers
from guerdon.stores.validators import VALIDATORS

Db = Database[dict[str, Any]]


def entry(number: int) -> dict[str, Any]:
    """Return a journal entry of a purchase, of the usual size."""
    return {
        "_id": f"p|000000|{number:012d}",
        "l": "p|000000",
        "k": f"service/purchase-{number}",
        "m": f"p|member-{number}",
        "n": 1,
        "t": 1_700_000_000_000 + number,
        "a": {
            "id": f"purchase-{number}",
            "type": "purchase",
            "at": 1_700_000_000_000,
            "received": 1_700_000_000_000,
            "reporter": "service",
            "member": f"member-{number}",
            "lines": [[1_000, [["category", "records"], ["sku", "a-1"]], False]],
        },
        "d": {
            "result": "accepted",
            "effects": [["points", "points", "earned", 10, "base", f"purchase-{number}", 1, None]],
            "explanations": [["base", True, "applied", "", "", "", ""]],
            "postings": [
                ["points", "issued", "pending", 10, 1, ""],
                ["points", "pending", "spendable", 10, 1, ""],
            ],
            "record": {"net": 1_000, "lots": [["points", 1, 10]]},
        },
    }


def standing(number: int) -> dict[str, Any]:
    """Return the head of a member with twenty lots."""
    lots = [[str(lot), [lot, "x", "base", "k", 1, 2, 10, 10, 0, 0, 0]] for lot in range(20)]
    wallet = ["points", 200, 0, 0, 200, 0, 0, 0, 0, 0, None, [], None, None, ""]
    return {
        "_id": f"p|000000|member-{number}",
        "p": "p",
        "v": 1,
        "d": 1,
        "s": {"seq": 1, "wallets": [wallet], "shelves": [["lots:points", 0, lots]]},
    }


def batch(client: MongoClient[dict[str, Any]], database: Db, first: int, count: int) -> float:
    """Write one batch and return how long it took, in seconds."""
    numbers = range(first, first + count)
    entries, standings = [entry(n) for n in numbers], [standing(n) for n in numbers]
    begun = time.perf_counter()
    with client.start_session() as session, session.start_transaction():
        database["journal"].insert_many(entries, session=session)
        database["standings"].insert_many(standings, session=session)
    return time.perf_counter() - begun


def main() -> None:
    """Measure on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    with servers() as addresses, MongoClient[dict[str, Any]](addresses.mongo_url) as client:
        for name in seconds:
            for collection in ("journal", "standings"):
                validator = VALIDATORS[collection] if name == "with" else {}
                client[name].create_collection(collection, validator=validator)
        for number in range(arguments.rounds):
            for name, found in seconds.items():
                took = batch(client, client[name], number * arguments.entries, arguments.entries)
                found.append(took)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    ratio = statistics.median(
        a / b for a, b in zip(seconds["with"], seconds["without"], strict=True)
    )
    print(
        f"{arguments.entries} entries and standings a batch, medians of {arguments.rounds}: "
        f"{medians['with'] * 1_000:.1f} ms with validators, "
        f"{medians['without'] * 1_000:.1f} ms without; median of the ratios {ratio:.3f}"
    )


if __name__ == "__main__":
    main()
