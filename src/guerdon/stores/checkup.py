"""What is to be known of a MongoDB before it is trusted with the truth: `guerdon doctor` asks.

Rule: nothing is changed; what may not be read for want of rights is said to be unknown.
"""

import time
from collections.abc import Awaitable, Callable

from pymongo.errors import OperationFailure

from guerdon.engine.findings import Finding, doubtful, fine, wrong
from guerdon.engine.formats import FormatUnusable
from guerdon.engine.records import StoreDown
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.formats import FormatStore
from guerdon.stores.indexes import INDEXES

_OLDEST = (6, 0)
_RECOMMENDED = (7, 0)
_SKEW_MS_MAX = 2_000
_LIFETIME_SECONDS_MAX = 10
_MAJORITY_MEMBERS = 3


async def checkup(mongo: Mongo, owner: Mongo) -> list[Finding]:
    """Examine the database; where it does not answer, that is the only finding.

    What the application's login may not look at is looked at as the `owner`.
    """
    try:
        with unit_of_work():
            before = time.time_ns() // 1_000_000
            hello: Document = await mongo.client.admin.command("hello")
            after = time.time_ns() // 1_000_000
    except StoreDown as error:
        return [
            wrong(
                "MongoDB",
                f"does not answer ({error}).",
                "Is GUERDON_MONGO_URL right, the server up, and this machine let through to it?",
            )
        ]
    found = [await _version(mongo), _replica_set(hello), _clock(hello, before, after)]
    looks = (
        ("write concern", _write_concern),
        ("transaction lifetime", _lifetime),
        ("format", _format),
        ("indexes", _indexes),
    )
    found.extend(
        [await _allowed(name, look, mongo if look is _format else owner) for name, look in looks]
    )
    return found


async def _allowed(
    subject: str, look: Callable[[Mongo], Awaitable[Finding]], mongo: Mongo
) -> Finding:
    try:
        with unit_of_work():
            return await look(mongo)
    except (StoreDown, OperationFailure) as error:
        cause = error.__cause__ or error
        return doubtful(
            subject,
            f"could not be looked at ({type(cause).__name__}).",
            "Set GUERDON_MONGO_OWNER_URL for the doctor, or give its login the role "
            "clusterMonitor.",
        )


async def _version(mongo: Mongo) -> Finding:
    with unit_of_work():
        info = await mongo.client.admin.command("buildInfo")
    version = str(info["version"])
    parts = tuple(int(part) for part in version.split(".")[:2])
    if parts < _OLDEST:
        return wrong("version", f"MongoDB {version} is too old.", "Use MongoDB 7.0 or newer.")
    if parts < _RECOMMENDED:
        return doubtful(
            "version",
            f"MongoDB {version} is out of support.",
            "It serves trials; for data that matters use MongoDB 7.0 or newer.",
        )
    return fine("version", f"MongoDB {version}.")


def _replica_set(hello: Document) -> Finding:
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        return wrong(
            "replica set",
            "This is a server by itself, which has no transactions.",
            "Start it with --replSet and call rs.initiate(); one member is enough for a trial.",
        )
    hosts = hello.get("hosts", ())
    if "setName" in hello and len(hosts) < _MAJORITY_MEMBERS:
        return doubtful(
            "replica set",
            f"{hello['setName']} has {len(hosts)} member(s): its loss is a loss of data.",
            "Use three members for data that matters.",
        )
    return fine(
        "replica set", f"{hello.get('setName', 'sharded')}, {len(hosts) or 'many'} members."
    )


def _clock(hello: Document, before: int, after: int) -> Finding:
    """Compare the clocks; a round trip in between is no skew."""
    theirs = int(hello["localTime"].timestamp() * 1_000)
    skew = max(before - theirs, theirs - after, 0)
    if skew > _SKEW_MS_MAX:
        return wrong(
            "clock",
            f"This machine and MongoDB differ by {skew / 1_000:.1f} s.",
            "Let both follow time servers (chrony, systemd-timesyncd): what expires, and what is "
            "of the future, goes by these clocks.",
        )
    return fine("clock", f"This machine and MongoDB differ by {skew} ms at most.")


async def _write_concern(mongo: Mongo) -> Finding:
    found = await mongo.client.admin.command("getDefaultRWConcern")
    default = found.get("defaultWriteConcern", {}).get("w", "majority")
    if default != "majority":
        return doubtful(
            "write concern",
            f"The server's default is w: {default}; guerdon itself asks for majority.",
            "Set the default to majority, for whoever else writes: setDefaultRWConcern.",
        )
    return fine("write concern", "majority, on disk; guerdon asks for it with every write.")


async def _lifetime(mongo: Mongo) -> Finding:
    found = await mongo.client.admin.command(
        {"getParameter": 1, "transactionLifetimeLimitSeconds": 1}
    )
    seconds = int(found["transactionLifetimeLimitSeconds"])
    if seconds > _LIFETIME_SECONDS_MAX:
        return doubtful(
            "transaction lifetime",
            f"{seconds} s: a killed worker keeps its members from all others for so long.",
            "Start mongod with --setParameter transactionLifetimeLimitSeconds=5.",
        )
    return fine("transaction lifetime", f"{seconds} s.")


async def _format(mongo: Mongo) -> Finding:
    try:
        await FormatStore(mongo).check()
    except FormatUnusable as error:
        return wrong("format", str(error), "See docs/operating.md on rolling out.")
    return fine("format", "This release's.")


async def _indexes(mongo: Mongo) -> Finding:
    lacking = []
    for index in INDEXES:
        there = await mongo[index.collection].index_information()
        if list(index.fields) not in [list(each["key"]) for each in there.values()]:
            lacking.append(f"{index.collection}({', '.join(name for name, _ in index.fields)})")
    if lacking:
        return wrong("indexes", f"Missing: {', '.join(lacking)}.", "Run `guerdon migrate`.")
    return fine("indexes", f"All {len(INDEXES)} are there.")
