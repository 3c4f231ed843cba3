"""Member tokens: JWTs that this installation signs, for a member of one program.

Those of a program's own identity provider are `issued_tokens`' matter; they are told apart by the
algorithm, and neither's keys verify the other's.

Rule: one allow-listed algorithm, every claim required, at most an hour from issue to expiry by the
machine's clock; headers that name keys are never looked at. A token of a member who is unknown is
refused like any other wrong one, and a merger brings none back that was taken back before. What is
reported with a token is reported as the member whom it names, also once that one was merged: so
whoever repeats a report after the merger reports nothing new.
"""

import time

import jwt

from guerdon.core.activity import Instant
from guerdon.engine import issued_tokens
from guerdon.engine.refusals import Unauthenticated
from guerdon.engine.world import Caller, Role, World, reporter_of

ALGORITHM = "HS256"
ISSUER = "guerdon"
_LEEWAY_SECONDS = 60


async def issue(world: World, program: str, member: str, *, ttl_seconds: int | None = None) -> str:
    """Return a token for a member; it lasts no longer than the installation allows."""
    limit = world.limits.token_ttl_seconds
    lasts = limit if ttl_seconds is None else min(ttl_seconds, limit)
    now_ms = time.time_ns() // 1_000_000
    # To the millisecond, so that it is not taken for older than what was taken back a moment ago.
    span = {"iat": now_ms / 1_000, "exp": now_ms // 1_000 + lasts}
    claims = {"iss": ISSUER, "aud": program, "sub": member, **span}
    return jwt.encode(claims, await world.secrets.token_secret(), algorithm=ALGORITHM)


async def check(world: World, token: str) -> Caller:
    """Return the member whose token this is.

    Raises:
        Unauthenticated: It is nobody's whom we trust, expired, or of nobody.
        IssuerDown: Its issuer's keys cannot be had.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise Unauthenticated from None
    if header.get("alg") == ALGORITHM:
        caller = await _own(world, token)
    else:
        caller = await issued_tokens.check(world, token, header)
    if not await is_active(world, caller):
        raise Unauthenticated
    return caller


async def is_active(world: World, caller: Caller) -> bool:
    """Tell whether a token that was checked before has not been taken back since."""
    assert caller.member is not None, "tokens are members'"
    assert caller.issued_at is not None, "tokens say when they were signed"
    return not await world.trust.revoked.covers(caller.program, caller.member, caller.issued_at)


async def _own(world: World, token: str) -> Caller:
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
    issued_at = Instant(round(claims["iat"] * 1_000))
    if known is None or await world.trust.revoked.covers(program, member, issued_at):
        raise Unauthenticated
    return Caller(
        program=program,
        role=Role.MEMBER,
        reporter=reporter_of(Role.MEMBER, member=member),
        member=known,
        issued_at=issued_at,
        expires_at=Instant(claims["exp"] * 1_000),
    )
