"""What an import remembers between its runs: the shift, and how far it got.

The rule: nothing depends on a note. Ids come from the lines, so that an import without its note
sends everything again and the service finds it all to be duplicates. A note belongs to a file's
content, one service and one program; `probe` is an activity that was confirmed, by which a later
run finds out whether the service is still the one that the note speaks of.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


@dataclass(slots=True, kw_only=True)
class Note:
    """`confirmed` holds, for each stream, the last line up to which everything was answered."""

    file: str
    options: str
    shift_days: int | None = None
    probe: str | None = None
    confirmed: list[int] = field(default_factory=list)
    is_done: bool = False


class NoteBook:
    """Where the note of one import lies."""

    def __init__(self, key: str, folder: Path | None = None) -> None:
        self._path = (folder or _folder()) / f"{key}.json"

    def read(self) -> Note | None:
        """Return the note; one that cannot be read is none."""
        try:
            written: dict[str, Any] = json.loads(self._path.read_text())
            return Note(**{it.name: written[it.name] for it in fields(Note)})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, note: Note) -> None:
        """Keep the note, whole or not at all; where that cannot be, the import goes on."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._path.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(asdict(note)))
            draft.replace(self._path)


def _folder() -> Path:
    """Return the place for what programs remember of their runs (XDG's state folder)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    with contextlib.suppress(RuntimeError):
        state = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
        return state / "guerdon" / "imports"
    return Path(tempfile.gettempdir()) / f"guerdon-imports-{os.getuid()}"


def key_of(*parts: str) -> str:
    """Return a short name for the things that a note belongs to."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def read_through(path: Path) -> tuple[str, int]:
    """Return the digest of a file's content, and about how many lines it has."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as raw:
        while chunk := raw.read(_CHUNK):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines
