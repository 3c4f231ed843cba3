"""Whether the storage key opens what was sealed: `guerdon doctor` asks.

Rule: nothing is changed, and no key is made where there is none. A sample is tried, the first and
the last of each kind, so that a key that was exchanged on the way is found too.
"""

from collections import Counter
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guerdon.engine.findings import Finding, fine, wrong
from guerdon.engine.seals import key_for
from guerdon.engine.world import World

SUBJECT = "GUERDON_STORAGE_KEY"
_NONCE_BYTES = 12
_LIMIT = 50
_MEMBERS, _CODES, _SECRETS = "members' keys", "voucher codes", "secrets of webhooks"

_Sealed = tuple[str, bytes, bytes | None]
"""What is sealed: for what purpose, the bytes, and the name under which alone they open."""


async def examine(world: World) -> list[Finding]:
    """Return what is to be said of the storage key; nothing where nothing is sealed.

    Raises:
        StoreDown: The database does not answer.
    """
    found = {
        program: await _sample(world, program) for program in sorted(await world.programs.names())
    }
    tried = Counter(kind for sealed in found.values() for kind, _, _ in sealed)
    if not tried:
        return []
    if not await world.secrets.has_storage_key():
        return [_wrong("It is not set, and MongoDB holds none, but things are sealed under one.")]
    closed = Counter[str]()
    for program, sealed in found.items():
        closed.update(await _closed(world, program, sealed))
    if not closed:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(tried.items()))
        return [fine(SUBJECT, f"It opens what is sealed; tried were {counts}.")]
    counts = ", ".join(f"{closed[kind]} of {tried[kind]} {kind}" for kind in sorted(closed))
    return [_wrong(f"It does not open {counts}: they were sealed under another.")]


def _wrong(fact: str) -> Finding:
    return wrong(
        SUBJECT,
        fact,
        "Set the one under which they were sealed, for every process; it is kept apart from the "
        "database and its backups. Without it those members' activities are set aside, codes "
        "cannot be shown and webhooks are not signed, and nothing but that key brings them back. "
        "Do not go on under a new one.",
    )


async def _sample(world: World, program: str) -> list[_Sealed]:
    sealed = await world.evidence.sealed(program, _LIMIT)
    now = world.clock()
    held = [
        *(secret for it in await world.webhooks.endpoints(program) for secret in it.secrets),
        *(secret for it in await world.webhooks.sources(program) for secret in it.secrets),
    ]
    return [
        *((_MEMBERS, bytes_, name.encode()) for name, bytes_ in sealed.member_keys),
        *((_CODES, bytes_, name.encode()) for name, bytes_ in sealed.codes),
        *(
            (_SECRETS, secret.sealed, None)
            for secret in held
            if secret.until is None or secret.until > now
        ),
    ]


async def _closed(world: World, program: str, sealed: Sequence[_Sealed]) -> list[str]:
    """Return the kind of each thing that does not open."""
    ciphers = {
        _MEMBERS: AESGCM(await world.secrets.storage_key()),
        _CODES: AESGCM(await key_for(world, "code", program)),
        _SECRETS: AESGCM(await key_for(world, "webhook", program)),
    }
    found = []
    for kind, bytes_, name in sealed:
        try:
            ciphers[kind].decrypt(bytes_[:_NONCE_BYTES], bytes_[_NONCE_BYTES:], name)
        except InvalidTag:
            found.append(kind)
    return found
