"""Global ids: `base64("Type:program/part/...")`, what a client's cache keeps a thing under.

The rule: an id is verified and never trusted. It names its program, and one that names another
program than the credential's leads to nothing, exactly like the id of a thing that never was. What
is no id at all is the caller's mistake and is said so.

Which types there are and how each is loaded is in `nodes`.
"""

import base64
import binascii
from typing import NamedTuple

from guerdon.api.transport.errors import BadInput
from guerdon.engine.pseudonyms import opened, sealed
from guerdon.engine.world import Caller

ID_CHARACTERS_MAX = 1_200
"""An activity's id has up to 200 characters of up to four bytes, in base64; the rest is short."""


class GlobalId(NamedTuple):
    """What an id says: the type, the program, and the rest, which the type's noun reads."""

    type: str
    program: str
    key: str

    def parts(self, count: int) -> tuple[str, ...] | None:
        """Return the key in `count` parts, or None where it has another shape.

        Only the last part may hold a slash itself.
        """
        parts = tuple(self.key.split("/", count - 1))
        return parts if len(parts) == count and all(parts) else None


def caller_id(caller: Caller, type_: str, *parts: str) -> str:
    """Return the id of a part of a member as the caller sees it.

    A partner's ids are sealed: they are this partner's alone and say nothing of the member.
    """
    if caller.veil is None:
        return global_id(type_, caller.program, *parts)
    return global_id(type_, caller.program, sealed(caller.veil, "/".join(parts)))


def parts_for(caller: Caller, found: GlobalId, count: int) -> tuple[str, ...] | None:
    """Return the key of a part of a member in `count` parts, None where it is none of the caller's.

    Only the last part may hold a slash itself.
    """
    if caller.veil is None:
        return found.parts(count)
    key = opened(caller.veil, found.key)
    return None if key is None else found._replace(key=key).parts(count)


def global_id(type_: str, program: str, *parts: str) -> str:
    """Return the id that a client sees."""
    text = f"{type_}:{program}/{'/'.join(parts)}".encode()
    return binascii.b2a_base64(text, newline=False).decode()


def read_id(text: str) -> GlobalId:
    """Return what an id says.

    Raises:
        BadInput: It was not made by this service: no base64 of `Type:rest`, or not its one form.
    """
    try:
        raw = base64.b64decode(text, validate=True) if len(text) <= ID_CHARACTERS_MAX else b""
        type_, colon, rest = raw.decode().partition(":")
    except (binascii.Error, ValueError):
        type_ = colon = rest = ""
    if not (colon and type_.isidentifier()) or base64.b64encode(raw).decode() != text:
        raise BadInput("This is no id of this service: pass on an id exactly as it was given out.")
    program, _, key = rest.partition("/")
    return GlobalId(type_, program, key)
