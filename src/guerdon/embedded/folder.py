"""The data folder: kept where one is named, else a temporary one that goes with the stack.

One stack a folder: a second one is refused at once, and not by MongoDB's own lock a minute later.
"""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


class FolderInUse(Exception):
    """Another stack runs in this folder."""


@contextlib.contextmanager
def data_folder(kept: Path | None) -> Iterator[Path]:
    """Give the folder to work in, for as long as the stack runs.

    Raises:
        FolderInUse: Another stack runs in `kept`.
    """
    if kept is None:
        temporary = Path(tempfile.mkdtemp(prefix="guerdon-"))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(
                f"Another guerdon runs with its data in {kept}. Stop it, or name another folder."
            ) from None
        yield kept.resolve()
