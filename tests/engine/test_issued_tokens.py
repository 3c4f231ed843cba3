"""Tokens of a program's own identity provider: good ones let a member in, and nothing else does."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from api.transport.wire import until
from guerdon.engine import accept, tokens
from guerdon.engine.inputs import ActivityInput, Identity
from guerdon.engine.key_sets import KeySets
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Found, Issuer
from guerdon.engine.refusals import InvalidInput, IssuerDown, Unauthenticated
from guerdon.engine.world import World
from guerdon.partners.key_sets import fetch
from worlds import PROGRAM, a_purchase, by, report

ISSUER, AUDIENCE = "https://id.example", "the-shop"
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC = ec.generate_private_key(ec.SECP256R1())
OKP = ed25519.Ed25519PrivateKey.generate()
OTHER = ec.generate_private_key(ec.SECP256R1())


def jwk(private: Any, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public half as an issuer publishes it."""
    kinds: list[tuple[type, Any]] = [
        (rsa.RSAPrivateKey, RSAAlgorithm),
        (ec.EllipticCurvePrivateKey, ECAlgorithm),
        (ed25519.Ed25519PrivateKey, OKPAlgorithm),
    ]
    algorithm = next(found for kind, found in kinds if isinstance(private, kind))
    public: dict[str, Any] = json.loads(algorithm.to_jwk(private.public_key()))
    return {**public, "kid": kid, "use": "sig", **more}


class Provider:
    """An identity provider on a port of its own."""

    def __init__(self) -> None:
        self.keys = [jwk(EC, "ec"), jwk(RSA, "rsa"), jwk(OKP, "okp")]
        self.status = "200 OK"
        self.body: bytes | None = None
        self.asked = 0
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = self.body or json.dumps({"keys": self.keys}).encode()
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
        writer.write(head.encode() + b"location: /keys\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    provider = Provider()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
    async with server:
        yield provider


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with providing() as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def shop(world: World, provider: Provider, clock: Clock) -> World:
    """The shop with ann, whose tokens the provider signs."""
    await report(world, [a_purchase(1)])
    shop = replace(world, trust=replace(world.trust, key_sets=KeySets(fetch, clock=clock)))
    await shop.trust.issuers.add(Issuer(PROGRAM, ISSUER, AUDIENCE, provider.url))
    return shop


def signed(
    key: Any = EC, algorithm: str = "ES256", *, kid: str | None = "ec", **claims: Any
) -> str:
    """Return a token that is right but for what is said."""
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 600, **claims}
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(
        {name: value for name, value in whole.items() if value is not None},
        key,
        algorithm=algorithm,
        headers=headers,
    )


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [(EC, "ES256", "ec"), (RSA, "RS256", "rsa"), (OKP, "EdDSA", "okp")],
)
async def test_a_token_of_the_issuer_lets_its_member_in(
    key: Any, algorithm: str, kid: str, shop: World
) -> None:
    expires = int(time.time()) + 900
    caller = await tokens.check(shop, signed(key, algorithm, kid=kid, exp=expires))

    assert (caller.program, caller.role, caller.scopes) == (PROGRAM, "member", frozenset())
    assert caller.expires_at == expires * 1_000
    assert await shop.members.known(PROGRAM, [caller.member or ""])


async def let_in(shop: World, token: str) -> str:
    """Return the member whom a token lets in."""
    member = (await tokens.check(shop, token)).member
    assert member is not None
    return member


async def refused(shop: World, *wrong: str) -> None:
    for token in wrong:
        with pytest.raises(Unauthenticated):
            await tokens.check(shop, token)


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_tokens_that_are_not_signed_by_the_issuers_key_are_refused(shop: World) -> None:
    good = signed()
    head, body, signature = good.split(".")
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # A library of today refuses to sign with a public key, so it is done by hand.
    import hashlib
    import hmac

    confused = f"{b64({'alg': 'HS256', 'kid': 'rsa'})}.{body}"
    digest = hmac.digest(pem, confused.encode(), hashlib.sha256)
    confused += "." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    inline = {"alg": "ES256", "kid": "mine", "jwk": jwk(OTHER, "mine")}

    await refused(
        shop,
        f"{b64({'alg': 'none', 'kid': 'ec'})}.{body}.",
        f"{b64({'alg': 'none', 'kid': 'ec'})}.{body}.{signature}",
        f"{b64({'alg': 'nOnE', 'kid': 'ec'})}.{body}.",
        confused,
        signed(OTHER),
        signed(RSA, "RS256", kid="ec"),
        signed(RSA, "PS256", kid="rsa"),
        signed(RSA, "RS512", kid="rsa"),
        f"{b64({'alg': 'RS256', 'kid': 'ec'})}.{body}.{signature}",
        jwt.encode(jwt.decode(good, options={"verify_signature": False}), OTHER, "ES256", inline),
        f"{head}.{b64({'sub': 'bob'})}.{signature}",
        f"{head}.{body}.",
        "a.b.c",
        "",
        "é.é.é",
    )


async def test_tokens_that_do_not_say_who_for_whom_and_until_when_are_refused(shop: World) -> None:
    now = int(time.time())
    await refused(
        shop,
        signed(kid=None),
        signed(kid=""),
        signed(iss="https://evil.example"),
        signed(iss=None),
        signed(aud="another-shop"),
        signed(aud=None),
        signed(aud=[]),
        signed(sub=None),
        signed(sub=""),
        signed(sub="nobody"),
        signed(exp=None),
        signed(exp=now - 120, iat=now - 600),
        signed(exp=now + 3_601),
        signed(exp=now + 86_400, iat=None),
        signed(nbf=now + 600),
        signed(exp=str(now + 600)),
        signed(iat=str(now)),
        jwt.encode(
            {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now + 60},
            EC, "ES256", {"kid": "ec", "crit": ["exp"]},
        ),
    )  # fmt: skip
    await let_in(shop, signed(aud=["another-shop", AUDIENCE]))
    await let_in(shop, signed(exp=now - 30, iat=now - 600))  # clocks differ


async def test_keys_that_are_symmetric_private_or_for_other_uses_are_not_used(
    shop: World, provider: Provider
) -> None:
    secret = base64.urlsafe_b64encode(b"s" * 32).decode()
    provider.keys = [
        {"kty": "oct", "kid": "oct", "k": secret},
        jwk(EC, "enc", use="enc"),
        {**json.loads(ECAlgorithm.to_jwk(OTHER)), "kid": "private"},
        jwk(EC, "ec", alg="ES512"),
        {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "!", "y": 5},
        {"kty": "EC"},
    ]

    await refused(
        shop,
        signed(b"s" * 32, "HS256", kid="oct"),
        signed(EC, kid="enc"),
        signed(OTHER, kid="private"),
        signed(EC, kid="ec"),
        signed(EC, kid="broken"),
    )


async def test_a_flood_of_unknown_keys_asks_the_issuer_at_most_twice_a_minute(
    shop: World, provider: Provider, clock: Clock
) -> None:
    await tokens.check(shop, signed())
    for second in range(60):
        clock.now += 1
        await asyncio.gather(*(refused(shop, signed(kid=f"{second}-{n}")) for n in range(10)))
        await tokens.check(shop, signed())

    assert provider.asked <= 3  # the first, and two in the minute


async def test_many_tokens_at_once_read_the_keys_once(shop: World, provider: Provider) -> None:
    await asyncio.gather(*(tokens.check(shop, signed()) for _ in range(50)))

    assert provider.asked == 1


async def test_a_key_that_is_rotated_in_is_found_and_one_rotated_out_is_forgotten(
    shop: World, provider: Provider, clock: Clock
) -> None:
    await tokens.check(shop, signed())
    provider.keys = [jwk(OTHER, "new")]
    await refused(shop, signed(OTHER, kid="new"))  # just read
    clock.now += 31

    await let_in(shop, signed(OTHER, kid="new"))
    await refused(shop, signed(EC, kid="ec"))


async def test_tokens_stay_good_while_the_issuer_is_away_for_a_day(
    shop: World, provider: Provider, clock: Clock
) -> None:
    await tokens.check(shop, signed())
    key_sets = shop.trust.key_sets
    provider.status = "503 Service Unavailable"
    for _ in range(24):
        clock.now += 3_590
        await let_in(shop, signed())
        await until(lambda: all(it.reading is None for it in key_sets._known.values()))
    clock.now += 600
    with pytest.raises(IssuerDown):
        await tokens.check(shop, signed())
    provider.status = "200 OK"
    with pytest.raises(IssuerDown):
        await tokens.check(shop, signed())  # it was asked a moment ago
    clock.now += 31

    await let_in(shop, signed())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", b"<html>"),
        ("200 OK", b'{"keys": 5}'),
        ("200 OK", b'["keys"]'),
        ("200 OK", b'{"keys": [' + b"0," * 200_000 + b"0]}"),
        ("200 OK", b"[" * 100_000),
        ("302 Found", b"{}"),
        ("500 Internal Server Error", b"{}"),
    ],
)
async def test_an_issuer_that_answers_nonsense_lets_nobody_in(
    status: str, body: bytes, shop: World, provider: Provider
) -> None:
    provider.status, provider.body = status, body

    with pytest.raises(IssuerDown):
        await tokens.check(shop, signed())
    assert provider.asked == 1


async def test_a_token_that_two_programs_could_mean_leads_to_neither(
    shop: World, provider: Provider
) -> None:
    await shop.trust.issuers.add(Issuer("other", ISSUER, AUDIENCE, provider.url))
    await refused(shop, signed())
    assert await shop.trust.issuers.remove("other", ISSUER)

    await let_in(shop, signed())
    assert not await shop.trust.issuers.remove("other", ISSUER)


async def test_a_subject_may_be_an_identity_of_the_issuers_own_scheme(
    shop: World, provider: Provider
) -> None:
    ann = (await tokens.check(shop, signed())).member or ""
    await shop.members.claim(PROGRAM, Identity("login", "u-77"), Found(ann))
    await shop.trust.issuers.add(Issuer(PROGRAM, ISSUER, AUDIENCE, provider.url, "login"))

    assert (await tokens.check(shop, signed(sub="u-77"))).member == ann
    await refused(shop, signed(sub="ann"))


async def test_an_issuer_whose_keys_anybody_could_change_is_refused(shop: World) -> None:
    for url in ("http://id.example/keys", "ftp://id.example/keys", "https://", "keys"):
        with pytest.raises(InvalidInput, match="https"):
            await shop.trust.issuers.add(Issuer(PROGRAM, ISSUER, AUDIENCE, url))
    with pytest.raises(InvalidInput, match="audience"):
        await shop.trust.issuers.add(Issuer(PROGRAM, ISSUER, " ", "https://id.example/keys"))


async def test_what_is_reported_again_under_the_same_subject_after_mergers_counts_once(
    shop: World,
) -> None:
    await report(shop, [a_purchase(n, member=by(each)) for n, each in enumerate(("bob", "eva"))])
    taken = ActivityInput(id="r1", type="redemption", data={"item": "mug"})
    (first,) = await report(shop, [taken], caller=await tokens.check(shop, signed()))
    for one, into in (("ann", "bob"), ("bob", "eva")):
        merged = ActivityInput(
            id=f"merge-{one}", type="member_merged", member=by(one), data={"into": into}
        )
        await report(shop, [merged])

    later = await tokens.check(shop, signed())
    (again,) = await accept.record(shop, later, [taken])
    (other,) = await accept.record(shop, await tokens.check(shop, signed(sub="eva")), [taken])

    assert first.entry is not None
    assert first.entry.reason is None
    assert later.member == other.member != first.member
    assert (again.result, again.key) == (Result.DUPLICATE, first.key)
    assert (other.result, other.key) == (Result.PENDING, f"member:{later.member}/r1")


async def test_tokens_that_were_taken_back_are_refused_and_later_ones_are_good(
    shop: World,
) -> None:
    now = int(time.time())
    old = signed(iat=now - 10)
    caller = await tokens.check(shop, old)
    assert caller.member is not None
    await shop.trust.revoked.revoke(PROGRAM, caller.member, shop.clock())

    await refused(shop, old, signed(iat=None, exp=now + 60))
    assert not await tokens.is_active(shop, caller)
    await let_in(shop, signed(iat=now + 2))
