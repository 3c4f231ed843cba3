"""API keys: `gk_<environment>_<program>.<id>_<secret>`, shown once, kept as a digest.

Rule: the secret is 32 bytes of chance, so that a keyed hash is enough; it is compared in constant
time and never logged. A key has exactly the scopes it was made with. The secret ends with a check
sum, so that a slip of the hand never reaches the database.
"""

import hmac
import re
import secrets
from collections.abc import Collection
from hashlib import sha256
from zlib import crc32

from guerdon.core.activity import Instant
from guerdon.engine import partners
from guerdon.engine.outcomes import Key, Problem
from guerdon.engine.pseudonyms import veil_of
from guerdon.engine.refusals import InvalidInput, NotFound, Refused, Unauthenticated
from guerdon.engine.world import Caller, Role, Topic, World, reporter_of

ADMIN_SCOPES = frozenset(
    {
        "activities:write",
        "members:read",
        "members:write",
        "ledger:adjust",
        "program:publish",
        "keys:manage",
        "webhooks:manage",
    }
)
"""All scopes there are."""

DEFAULT_SCOPES: dict[Role, frozenset[str]] = {
    Role.ADMIN: ADMIN_SCOPES,
    Role.SERVICE: frozenset({"activities:write", "members:read", "members:write"}),
    Role.PARTNER: frozenset({"activities:write"}),
}
"""What a key gets that is made without a word about scopes."""

KEYS = Topic("keys", "")
"""Told when a key of a program was revoked."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY = 43  # characters that hold 32 bytes
_CHECK = 6
_KEY = re.compile(r"gk_[a-z]+_(?P<program>.+)\.(?P<id>[0-9a-z]{12})_(?P<secret>[0-9A-Za-z]{49})")


async def create(
    world: World,
    program: str,
    *,
    name: str,
    role: Role,
    scopes: Collection[str] | None = None,
    partner: str | None = None,
    expires_at: Instant | None = None,
    seed: bytes | None = None,
) -> tuple[str, Key]:
    """Make a key and return its text, which is shown this once, and the key.

    With a `seed` the same seed makes the same key again, for installations that are set up anew;
    these may name a partner whom the program does not have yet.

    Raises:
        InvalidInput: A role without keys, an unknown scope, or a partner missing, unknown or too
            many.
    """
    chosen = DEFAULT_SCOPES.get(role, frozenset()) if scopes is None else frozenset(scopes)
    wrong = _mistakes(role, chosen, partner)
    if partner is not None and role is Role.PARTNER and seed is None:
        wrong += await partners.mistakes(world, program, partner)
    if wrong:
        raise InvalidInput(tuple(wrong))
    return await _make(
        world,
        program,
        name=name,
        role=role,
        scopes=chosen,
        partner=partner,
        expires_at=expires_at,
        seed=seed,
    )


async def _make(
    world: World,
    program: str,
    *,
    name: str,
    role: Role,
    scopes: frozenset[str],
    partner: str | None,
    expires_at: Instant | None,
    seed: bytes | None = None,
) -> tuple[str, Key]:
    random = secrets.token_bytes(32) if seed is None else sha256(b"key" + seed).digest()
    own = secrets.token_hex(6) if seed is None else sha256(b"id" + seed).hexdigest()[:12]
    secret = _checked(_base62(int.from_bytes(random), _BODY))
    text = f"gk_{world.limits.environment}_{program}.{own}_{secret}"
    key = Key(
        id=f"{program}.{own}",
        name=name,
        role=role,
        scopes=scopes,
        partner=partner,
        last4=secret[-4:],
        created_at=world.clock(),
        expires_at=expires_at,
        revoked_at=None,
    )
    await world.keys.add(program, key, await _digest(world, secret))
    return text, key


def _mistakes(role: Role, scopes: Collection[str], partner: str | None) -> list[Problem]:
    wrong = []
    if role is Role.MEMBER:
        message = "Members have tokens, not keys; make a key for a partner, a service or an admin."
        wrong.append(Problem(code="INVALID_INPUT", message=message, path=("role",)))
    if unknown := sorted(set(scopes) - ADMIN_SCOPES):
        known = ", ".join(sorted(ADMIN_SCOPES))
        message = f"There is no scope {', '.join(unknown)}; there are: {known}."
        wrong.append(Problem(code="INVALID_INPUT", message=message, path=("scopes",)))
    if (role is Role.PARTNER) != (partner is not None):
        message = "A partner's key, and only that, names its partner."
        wrong.append(Problem(code="INVALID_INPUT", message=message, path=("partner",)))
    return wrong


async def check(world: World, text: str) -> Caller:
    """Return whose key this is.

    Raises:
        Unauthenticated: It is no key, or unknown, expired or revoked.
    """
    match = _KEY.fullmatch(text)
    if match is None or _checked(match["secret"][:_BODY]) != match["secret"]:
        raise Unauthenticated
    program = match["program"]
    found = await world.keys.find(program, f"{program}.{match['id']}")
    if found is None:
        raise Unauthenticated
    key, digest = found
    is_right = hmac.compare_digest(digest, await _digest(world, match["secret"]))
    if not is_right or not _is_in_force(key, world.clock()):
        raise Unauthenticated
    role = Role(key.role)
    return Caller(
        program=program,
        role=role,
        reporter=reporter_of(role, partner=key.partner),
        partner=key.partner,
        scopes=key.scopes,
        key_id=key.id,
        veil=None if key.partner is None else await veil_of(world, program, key.partner),
        expires_at=key.expires_at,
    )


async def is_active(world: World, key_id: str) -> bool:
    """Tell whether a key that was checked before is still in force."""
    program = key_id.rpartition(".")[0]
    found = await world.keys.find(program, key_id)
    return found is not None and _is_in_force(found[0], world.clock())


async def list_all(world: World, program: str) -> list[Key]:
    """Return a program's keys, newest first."""
    return await world.keys.list(program)


async def rotate(world: World, program: str, key_id: str, *, overlap_ms: int) -> tuple[str, Key]:
    """Make a key that may do what an old one may, which then expires; return the text and the key.

    Both are good for as long as they overlap, so that nobody who holds the old one is cut off.

    Raises:
        NotFound: The program has no such key.
        Refused: The key is no longer good, and has nothing to hand on.
    """
    found = await world.keys.find(program, key_id)
    if found is None:
        raise NotFound("key", ("id",))
    old, now = found[0], world.clock()
    if not _is_in_force(old, now):
        raise Refused("not_in_force", "This key is revoked or expired; make a new one instead.")
    text, key = await _make(
        world,
        program,
        name=old.name,
        role=Role(old.role),
        scopes=old.scopes,
        partner=old.partner,
        expires_at=old.expires_at,
    )
    await world.keys.expire(program, key_id, Instant(now + overlap_ms))
    await world.revisions.tell(program, KEYS)
    return text, key


async def revoke(world: World, program: str, key_id: str) -> Key:
    """Revoke a key for good.

    Raises:
        NotFound: The program has no such key.
    """
    key = await world.keys.revoke(program, key_id, world.clock())
    if key is None:
        raise NotFound("key", ("id",))
    await world.revisions.tell(program, KEYS)
    return key


def _is_in_force(key: Key, now: Instant) -> bool:
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


async def _digest(world: World, secret: str) -> bytes:
    return hmac.digest(await world.secrets.key_pepper(), secret.encode(), "sha256")


def _checked(body: str) -> str:
    return body + _base62(crc32(body.encode()), _CHECK)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))
