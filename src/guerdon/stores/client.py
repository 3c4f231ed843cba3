"""The driver, confined: one client an event loop, units of work with a deadline, transactions.

Motor and PyMongo's own async client are called alike except for four calls (`aggregate`, sessions,
`start_transaction`, `close`); the seam for these is here, and stores use nothing else that
differs. Rule: no call waits for ever. What the driver reports of a database that is away becomes
`StoreDown`; a mistake of ours stays what it is.
"""

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from guerdon.engine.records import StoreDown

Document = dict[str, Any]

WORK_SECONDS = 5.0
_DUPLICATE = 11000
_PAUSE_SECONDS = 0.01
_PAUSE_SECONDS_MAX = 0.5
_TRANSACTION: dict[str, Any] = {
    "read_concern": ReadConcern("snapshot"),
    "write_concern": WriteConcern("majority", j=True),
    "read_preference": ReadPreference.PRIMARY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the database; `driver` is motor or pymongo.

    `latest` reads what was written last, also what a majority has not got yet. Whoever holds a
    lane must read so, or would miss what its last holder committed a moment ago; that is right,
    because what it commits itself stands behind all it has read. Everybody else reads what stays.
    """

    url: str
    database: str = "guerdon"
    driver: str = "motor"
    pool_max: int = 50
    selection_seconds: float = 5.0
    latest: bool = False


class Step(NamedTuple):
    """A command of a transaction, and what looks at its answer; whatever that raises ends all."""

    command: Document
    check: Callable[[Document], None]


class _Connected(NamedTuple):
    """A client, its database, and the collections asked for, which the driver would make anew."""

    client: Any
    database: Any
    collections: dict[str, Any]


class Mongo:
    """The database, by event loop: a client belongs to the loop that it was first used on."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._connected: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connected] = (
            WeakKeyDictionary()
        )
        self._closed: WeakSet[asyncio.AbstractEventLoop] = WeakSet()

    @property
    def client(self) -> Any:
        """The running loop's client, made on first use."""
        return self._here().client

    def _here(self) -> "_Connected":
        loop = asyncio.get_running_loop()
        found = self._connected.get(loop)
        if found is None:
            if loop in self._closed:
                raise StoreDown("the connection was closed before")
            try:
                client = self._connect()
            except (ConfigurationError, ValueError) as error:
                # Without its words and its cause: they quote parts of the address, secrets too.
                raise StoreDown(type(error).__name__) from None
            found = self._connected[loop] = _Connected(client, client[self.access.database], {})
        return found

    def _connect(self) -> Any:
        access = self.access
        options: dict[str, Any] = {
            "w": "majority",
            "journal": True,
            "retryWrites": True,
            "readConcernLevel": "local" if access.latest else "majority",
            "heartbeatFrequencyMS": 2_000,
            "serverSelectionTimeoutMS": int(access.selection_seconds * 1_000),
            "connectTimeoutMS": 5_000,
            "maxPoolSize": access.pool_max,
            "appname": "guerdon",
        }
        if access.driver == "pymongo":
            return pymongo.AsyncMongoClient(access.url, **options)
        from motor.motor_asyncio import AsyncIOMotorClient

        return AsyncIOMotorClient(access.url, **options)

    def __getitem__(self, collection: str) -> Any:
        """Return a collection."""
        here = self._here()
        found = here.collections.get(collection)
        if found is None:
            found = here.collections[collection] = here.database[collection]
        return found

    @property
    def database(self) -> Any:
        """The database."""
        return self._here().database

    async def rows(self, collection: str, pipeline: list[Document]) -> list[Document]:
        """Return all documents of an aggregation."""
        cursor = self[collection].aggregate(pipeline)
        if inspect.isawaitable(cursor):
            cursor = await cursor
        found: list[Document] = await cursor.to_list(None)
        return found

    async def insert(self, collection: str, documents: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert documents, each for itself; return the places of those whose names are taken.

        A lost answer is asked for once more, and by then the names may be taken by these very
        documents: whoever calls must be right then, too. The server's own way to repeat a write
        keeps account of each one, which is a fifteenth of all that writing a batch costs it.
        """
        command = {
            "insert": collection,
            "documents": documents,
            "ordered": False,
            "writeConcern": {"w": "majority", "j": True},
        }
        with unit_of_work():
            try:
                answer: Document = await self.database.command(command)
            except ConnectionFailure:
                answer = await self.database.command(command)
            _check_concern(answer)
            taken = []
            for error in answer.get("writeErrors", ()):
                if error["code"] != _DUPLICATE:
                    raise OperationFailure(error["errmsg"], error["code"], answer)
                taken.append(error["index"])
        return taken

    async def transact(self, work: Callable[[Any], Awaitable[None]]) -> None:
        """Run `work(session)` in one transaction, again while it fails for passing reasons.

        A transaction that met another one is made anew as a whole; a commit whose outcome is
        unknown is asked for again. Whatever else happens ends it, and nothing was written.

        Raises:
            StoreDown: There was no outcome within the deadline.
        """

        async def attempt() -> None:
            async with self._session() as session, self._transaction(session):
                await work(session)

        await self._until_done(attempt)

    async def carry_out(self, steps: Sequence[Step]) -> None:
        """Run commands that are known beforehand in one transaction, else as `transact` does.

        With Motor all of it happens on one thread. Step by step each answer would wait for the
        event loop, which may be deciding another batch, while the transaction keeps its documents.

        Raises:
            StoreDown: There was no outcome within the deadline.
        """
        if self.access.driver == "pymongo":

            async def work(session: Any) -> None:
                for command, check in steps:
                    check(await self.database.command(command, session=session))

            await self.transact(work)
            return
        client = self.client.delegate
        database = client[self.access.database]
        await self._until_done(lambda: asyncio.to_thread(_carry_out, client, database, steps))

    async def _until_done(self, attempt: Callable[[], Awaitable[None]]) -> None:
        pause = _PAUSE_SECONDS
        with unit_of_work():
            while True:
                try:
                    await attempt()
                except PyMongoError as error:
                    if not error.has_error_label("TransientTransactionError") or error.timeout:
                        raise
                else:
                    return
                # Jitter, so that two that met do not meet again.
                await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - no secret
                pause = min(pause * 2, _PAUSE_SECONDS_MAX)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        session = self.client.start_session()
        if inspect.isawaitable(session):
            session = await session
        async with session:
            yield session

    @asynccontextmanager
    async def _transaction(self, session: Any) -> AsyncIterator[None]:
        begun = session.start_transaction(**_TRANSACTION)
        if inspect.isawaitable(begun):
            await begun
        try:
            yield
        except BaseException:
            # Also when cancelled: an open transaction would keep its documents from all others.
            await session.abort_transaction()
            raise
        await self._commit(session)

    async def _commit(self, session: Any) -> None:
        while True:
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if not _is_unknown(error):
                    raise
            else:
                return

    async def drop(self) -> None:
        """Throw the database away with all that is in it."""
        with unit_of_work():
            await self.client.drop_database(self.access.database)

    async def close(self) -> None:
        """Close the running loop's client for good: what is still under way makes no new one."""
        loop = asyncio.get_running_loop()
        self._closed.add(loop)
        here = self._connected.pop(loop, None)
        if here is not None:
            closing = here.client.close()
            if inspect.isawaitable(closing):
                await closing


def _carry_out(client: Any, database: Any, steps: Sequence[Step]) -> None:
    """Run one transaction with the blocking client."""
    with client.start_session() as session:
        session.start_transaction(**_TRANSACTION)
        try:
            for command, check in steps:
                check(database.command(command, session=session))
        except BaseException:
            session.abort_transaction()
            raise
        while True:
            try:
                session.commit_transaction()
            except PyMongoError as error:
                if not _is_unknown(error):
                    raise
            else:
                return


def _check_concern(answer: Document) -> None:
    """Raise where a command succeeded and yet may be lost."""
    failed = answer.get("writeConcernError")
    if failed is not None:
        raise WriteConcernError(failed["errmsg"], failed["code"], answer)


def _is_unknown(error: PyMongoError) -> bool:
    """Tell whether a commit may have happened, and there is time to ask for it again."""
    return error.has_error_label("UnknownTransactionCommitResult") and not error.timeout


# Codes by which the server says that a document of ours is wrong; all others are its own faults.
_OUR_MISTAKES = frozenset({2, 9, 13, 14, 52, 121, 10334, 11000, 17280, 17419})


@contextmanager
def unit_of_work(seconds: float = WORK_SECONDS) -> Iterator[None]:
    """Bound everything inside to a deadline, and name a database that is away.

    Raises:
        StoreDown: It did not answer in time, or there is no primary.
    """
    try:
        with pymongo.timeout(seconds):
            yield
    except PyMongoError as error:
        is_fault = isinstance(error, OperationFailure) and error.code not in _OUR_MISTAKES
        if isinstance(error, BulkWriteError):
            is_fault = False  # says by document what is wrong
        if is_fault or isinstance(error, ConnectionFailure) or error.timeout:
            raise StoreDown(type(error).__name__) from error
        raise
