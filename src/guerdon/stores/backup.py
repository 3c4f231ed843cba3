"""A copy of the database at one instant, and back: one file a collection, with a sum for each.

Rule: everything is read at one cluster time (a snapshot session), so that a copy made under load is
what a reader of that instant would have seen: no half of a batch, no activity both waiting and
decided. A copy is put back into an empty database only. The server keeps old versions for five
minutes unless told otherwise (`minSnapshotHistoryWindowInSeconds`); what is larger than can be read
in that time is a matter for the cluster's own backup.
"""

import gzip
import hashlib
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bson import json_util
from pymongo.errors import OperationFailure

from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.indexes import COLLECTIONS
from guerdon.stores.lanes import free_all
from guerdon.stores.prepare import prepare

MANIFEST = "manifest.json"
FORMAT = 1
_AT_ONCE = 1_000
_SECONDS = 3_600.0
_TOO_OLD = 239  # SnapshotTooOld
_EXACT = json_util.CANONICAL_JSON_OPTIONS

Progress = Callable[[str, int], None]


class BackupUnusable(Exception):
    """A copy that cannot be made or put back; the message says why and what helps."""


class Copied(NamedTuple):
    """One collection of a copy: how many documents, and the sum of its file."""

    documents: int
    sha256: str


async def backup(mongo: Mongo, folder: Path, progress: Progress) -> dict[str, Copied]:
    """Write the whole database into an empty folder and return what was written.

    Raises:
        BackupUnusable: The folder holds something, or reading took longer than the server keeps
            an instant.
    """
    _make_empty(folder)
    copied: dict[str, Copied] = {}
    try:
        with unit_of_work(_SECONDS):
            async with _instant(mongo) as session:
                for name in await _collections(mongo):
                    copied[name] = await _write(mongo, name, folder, session, progress)
    except OperationFailure as error:
        if error.code != _TOO_OLD:
            raise
        raise BackupUnusable(
            "Reading took longer than the server keeps an instant: raise its parameter "
            "minSnapshotHistoryWindowInSeconds, or use the cluster's own backup."
        ) from error
    sums = {name: each._asdict() for name, each in copied.items()}
    manifest = json.dumps({"format": FORMAT, "collections": sums}, indent=2)
    (folder / MANIFEST).write_text(manifest + "\n")
    return copied


async def restore(mongo: Mongo, folder: Path, progress: Progress) -> dict[str, Copied]:
    """Put a copy back into an empty database and return what was put there.

    Every sum is checked before the first document is written.

    Raises:
        BackupUnusable: The database holds something, or the copy is not whole.
    """
    held = _manifest(folder)
    for name, each in held.items():
        _check(folder, name, each)
    with unit_of_work(_SECONDS):
        for name in await _collections(mongo):
            if await mongo[name].find_one({}, {"_id": 1}) is not None:
                raise BackupUnusable(
                    "The database is not empty; name another one with GUERDON_MONGO_DATABASE."
                )
        await prepare(mongo)
        for name in held:
            count = 0
            for batch in _batches(_file(folder, name)):
                await mongo[name].insert_many(batch, ordered=True)
                count += len(batch)
                progress(name, count)
        await free_all(mongo)
    return held


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupUnusable(f"{folder} is not empty; name a new folder.")


@asynccontextmanager
async def _instant(mongo: Mongo) -> AsyncIterator[Any]:
    session = mongo.client.start_session(snapshot=True)
    if inspect.isawaitable(session):
        session = await session
    async with session:
        yield session


async def _collections(mongo: Mongo) -> list[str]:
    """Return all collections, those first that others lean on."""
    names = set(await mongo.database.list_collection_names())
    known = [name for name in COLLECTIONS if name in names]
    return known + sorted(name for name in names - set(known) if not name.startswith("system."))


async def _write(mongo: Mongo, name: str, folder: Path, session: Any, progress: Progress) -> Copied:
    count = 0
    with gzip.GzipFile(_file(folder, name), "wb", mtime=0) as file:
        cursor = mongo[name].find({}, session=session, batch_size=_AT_ONCE)
        async for document in cursor:
            file.write(json_util.dumps(document, json_options=_EXACT).encode() + b"\n")
            count += 1
            if count % _AT_ONCE == 0:
                progress(name, count)
    progress(name, count)
    return Copied(count, _sum(_file(folder, name)))


def _manifest(folder: Path) -> dict[str, Copied]:
    try:
        found: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text())
        held = {name: Copied(**each) for name, each in found["collections"].items()}
        version = found["format"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BackupUnusable(f"{folder} has no {MANIFEST} of a backup.") from None
    if version != FORMAT:
        raise BackupUnusable(f"{folder} is of format {version}; this release reads {FORMAT}.")
    return held


def _check(folder: Path, name: str, each: Copied) -> None:
    path = _file(folder, name)
    if not path.is_file():
        raise BackupUnusable(f"{path.name} is missing.")
    if _sum(path) != each.sha256:
        raise BackupUnusable(f"{path.name} is not what was written: its sum differs.")


def _batches(path: Path) -> Iterator[list[Document]]:
    batch: list[Document] = []
    with gzip.open(path, "rb") as file:
        for line in file:
            batch.append(json_util.loads(line, json_options=_EXACT))
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.jsonl.gz"


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
