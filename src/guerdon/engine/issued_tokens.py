"""Member tokens that a program's own identity provider signs (RFC 8725).

Rule: what a token says decides nothing before its signature holds. The algorithm is one of three
and fits the kind of the key; the key is the issuer's under the token's `kid`, and headers that name
keys or addresses are never looked at; issuer, audience, subject and expiry must be there and right,
and no token is good for longer than an hour. What is wrong with one is not told. What is reported
with a token is reported as the member whom its subject named at first, as with tokens of ours.
"""

from typing import Any

import jwt

from guerdon.core.activity import Instant
from guerdon.engine.inputs import Identity
from guerdon.engine.records import Issuer
from guerdon.engine.refusals import Unauthenticated
from guerdon.engine.world import Caller, Role, World, reporter_of

LEEWAY_SECONDS = 60
LIFETIME_SECONDS_MAX = 3_600

_KINDS = {
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
_REQUIRED = ["iss", "aud", "exp", "sub"]
_KID_MAX = 200


async def check(world: World, token: str, header: dict[str, Any]) -> Caller:
    """Return the member whose token this is; `header` is the token's, unverified.

    Raises:
        Unauthenticated: It is nobody's, wrong in any way, or of nobody here.
        IssuerDown: Its issuer's keys cannot be had.
    """
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in _KINDS or "crit" in header:
        raise Unauthenticated
    if not isinstance(kid, str) or not 0 < len(kid) <= _KID_MAX:
        raise Unauthenticated
    issuer = await _issuer(world, token)
    key = await world.trust.key_sets.key(issuer.key_set_url, kid)
    if key is None:
        raise Unauthenticated
    claims = _verified(token, key, algorithm, issuer)
    issued_at = _issued_at(world, claims)
    identity = Identity(issuer.scheme, claims["sub"])
    found = (await world.members.find(issuer.program, [identity])).get(identity)
    if found is None:
        raise Unauthenticated
    return Caller(
        program=issuer.program,
        role=Role.MEMBER,
        reporter=reporter_of(Role.MEMBER, member=found.at_first or found.member),
        member=found.member,
        issued_at=issued_at,
        expires_at=Instant(int(claims["exp"] * 1_000)),
    )


async def _issuer(world: World, token: str) -> Issuer:
    """Return who says to have signed a token; nothing of it is believed yet."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise Unauthenticated from None
    name, audience = claims.get("iss"), claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(name, str) or not isinstance(audiences, list):
        raise Unauthenticated
    issuer = await world.trust.issuers.find(name, [it for it in audiences if isinstance(it, str)])
    if issuer is None:
        raise Unauthenticated
    return issuer


def _verified(token: str, key: dict[str, Any], algorithm: str, issuer: Issuer) -> dict[str, Any]:
    kind, curve = _KINDS[algorithm]
    if key.get("kty") != kind or key.get("alg", algorithm) != algorithm:
        raise Unauthenticated
    if curve is not None and key.get("crv") != curve:
        raise Unauthenticated
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(key, algorithm),
            algorithms=[algorithm],
            issuer=issuer.issuer,
            audience=issuer.audience,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Unauthenticated from None
    if not claims["sub"]:
        raise Unauthenticated
    return claims


def _issued_at(world: World, claims: dict[str, Any]) -> Instant:
    """Return when a token was signed, at the earliest where it does not say.

    Raises:
        Unauthenticated: It is good for longer than any token may be, or a time is no number.
    """
    expires = claims["exp"]
    if not isinstance(expires, int | float):
        raise Unauthenticated
    issued = claims.get("iat", expires - LIFETIME_SECONDS_MAX)
    if not isinstance(issued, int | float):
        raise Unauthenticated
    left = expires - world.clock() / 1_000
    if left > LIFETIME_SECONDS_MAX + LEEWAY_SECONDS or expires - issued > LIFETIME_SECONDS_MAX:
        raise Unauthenticated
    return Instant(int(issued * 1_000))
