"""Who may do what in an embedded MongoDB: a key file, an owner, and the application.

The owner may do everything; guerdon's own processes are the application, which can add to the
journal and cannot change it. Rule: what is made here is as secret as the data beside it, so the
files are readable by their owner only. A folder that was filled before there were logins keeps
going without: nobody inside could let anybody in.
"""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

OWNER = "owner"
APPLICATION = "application"
_KEY_BYTES = 96
_PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """The key file of a replica set, and the passwords of the two who may come in."""

    key_file: Path
    owner: str = field(repr=False)
    application: str = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Return a folder's logins, made when it is new; None for one from before there were any.

        `folder` holds the files of one mongod, in its subfolder `mongod`.
        """
        key_file, passwords = folder / "mongod.key", folder / "mongod.logins"
        if not passwords.exists():
            if (folder / "mongod" / "storage.bson").exists():
                return None
            _keep(key_file, secrets.token_urlsafe(_KEY_BYTES).replace("-", "+").replace("_", "/"))
            made = {name: secrets.token_urlsafe(_PASSWORD_BYTES) for name in (OWNER, APPLICATION)}
            _keep(passwords, json.dumps(made))
        known = json.loads(passwords.read_text())
        return cls(key_file=key_file, owner=known[OWNER], application=known[APPLICATION])


def _keep(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
