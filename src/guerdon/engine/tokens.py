"""Member tokens: JWTs that this installation signs, for a member of one program.

Rule: one allow-listed algorithm, every claim required, at most an hour from issue to expiry by the
machine's clock; headers that name keys are never looked at. A token of a member who is unknown is
refused like any other wrong one.
"""

import time

import jwt

from guerdon.core.activity import Instant
from guerdon.engine.refusals import Unauthenticated
from guerdon.engine.world import Caller, Role, World, reporter_of

ALGORITHM = "HS256"
ISSUER = "guerdon"
_LEEWAY_SECONDS = 60


async def issue(world: World, program: str, member: str, *, ttl_seconds: int | None = None) -> str:
    """Return a token for a member; it lasts no longer than the installation allows."""
    limit = world.limits.token_ttl_seconds
    lasts = limit if ttl_seconds is None else min(ttl_seconds, limit)
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": program, "sub": member, "iat": now, "exp": now + lasts}
    return jwt.encode(claims, await world.secrets.token_secret(), algorithm=ALGORITHM)


async def check(world: World, token: str) -> Caller:
    """Return the member whose token this is.

    Raises:
        Unauthenticated: It is none of ours, expired, or of nobody.
    """
    try:
        claims = jwt.decode(
            token,
            await world.secrets.token_secret(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "sub", "iat", "exp"], "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        raise Unauthenticated from None
    program, member = claims["aud"], claims["sub"]
    is_short = claims["exp"] - claims["iat"] <= world.limits.token_ttl_seconds
    if not isinstance(program, str) or not is_short:
        raise Unauthenticated
    known = (await world.members.known(program, [member])).get(member)
    if known is None:
        raise Unauthenticated
    return Caller(
        program=program,
        role=Role.MEMBER,
        reporter=reporter_of(Role.MEMBER, member=known),
        member=known,
        expires_at=Instant(claims["exp"] * 1_000),
    )
