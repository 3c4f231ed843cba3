"""What a partner calls a member: a name that is this partner's alone and says nothing else.

Rule: a partner never sees a member's id, because two partners could compare what they know of the
same one. The name is the id sealed under the partner's own key (AES-SIV: always the same, and no
other text opens), so that it leads back to the member without being stored; anything else that a
partner sends as a member's id leads to nobody.
"""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from guerdon.engine.seals import key_for
from guerdon.engine.world import Caller, World


async def veil_of(world: World, program: str, partner: str) -> bytes:
    """Return the key under which members have names for one partner."""
    return await key_for(world, "pseudonym", program, partner)


@lru_cache(maxsize=64)
def _cipher(veil: bytes) -> AESSIV:
    return AESSIV(veil)


def shown_as(caller: Caller, text: str) -> str:
    """Return what the caller calls a member: partners the name of their own, others the id."""
    return text if caller.veil is None else sealed(caller.veil, text)


def meant_by(caller: Caller, text: str) -> str:
    """Return the id of the member whom the caller means; of nobody where that is no such name."""
    if caller.veil is None:
        return text
    return opened(caller.veil, text) or ""


def sealed(veil: bytes, text: str) -> str:
    """Return a text sealed; the same one always looks the same."""
    return base64.urlsafe_b64encode(_cipher(veil).encrypt(text.encode(), None)).decode().rstrip("=")


def opened(veil: bytes, text: str) -> str | None:
    """Return what was sealed, None where this key did not seal it."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return _cipher(veil).decrypt(raw, None).decode()
    except (binascii.Error, InvalidTag, ValueError):
        return None
