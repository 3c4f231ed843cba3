"""Keys for single purposes, all made of the installation's one storage key.

Rule: no key serves two purposes, so that what one party may know of one tells nothing of another.
"""

import hmac
from hashlib import sha256

from guerdon.engine.world import World


async def key_for(world: World, purpose: str, *names: str) -> bytes:
    """Return the 32 bytes that belong to a purpose, such as one partner of one program."""
    label = "\0".join((purpose, *names)).encode()
    return hmac.digest(await world.secrets.storage_key(), label, sha256)
