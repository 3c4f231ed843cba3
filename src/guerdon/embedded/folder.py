"""The data folder: kept where one is named, else a temporary one that goes with the stack.

One stack a folder: a second one is refused at once, and not by MongoDB's own lock a minute later.
"""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


class FolderUnusable(Exception):
    """The data cannot be in this folder; the message says why and what helps."""


class FolderInUse(FolderUnusable):
    """Another stack runs in this folder."""


@contextlib.contextmanager
def data_folder(kept: Path | None) -> Iterator[Path]:
    """Give the folder to work in, for as long as the stack runs.

    Raises:
        FolderInUse: Another stack runs in `kept`.
        FolderUnusable: It cannot be made or written.
    """
    if kept is None:
        temporary = Path(tempfile.mkdtemp(prefix="guerdon-"))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return
    try:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (kept / "lock").open("w")
    except OSError as error:
        raise FolderUnusable(
            f"{kept} cannot hold the data: {error.strerror or error}. Name another folder."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(
                f"Another guerdon runs with its data in {kept}. Stop it, or name another folder."
            ) from None
        yield kept.resolve()
