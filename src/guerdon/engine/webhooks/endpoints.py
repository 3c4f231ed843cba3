"""Endpoints and sources: made, changed, rotated, switched off and on.

Rule: a secret is shown once, when it is made, and lies sealed under a key of its own purpose. When
it is rotated, the old one stays good for a day, and both sign. Of two who change the same thing at
once neither undoes what the other did. A partner's key sees and changes what is its own, and
nothing else.
"""

import base64
import secrets
from collections.abc import Iterable
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guerdon.core.activity import Instant
from guerdon.engine import partners
from guerdon.engine.outcomes import Problem
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.seals import key_for
from guerdon.engine.webhook_records import Endpoint, Secret, Source
from guerdon.engine.webhooks.messages import TOPICS, matches
from guerdon.engine.world import Caller, World

PREFIX = "whsec_"
ROTATION_MS = 24 * 3_600_000
SECRETS_MAX = 4
"""How many sign at most, while it is rotated again and again."""
ENDPOINTS_MAX = 50
"""How many each partner has at most, and the program's owner."""
URL_MAX = 2_000
_SECRET_BYTES = 32
_NONCE_BYTES = 12

Own = TypeVar("Own", Endpoint, Source)


async def create(
    world: World, caller: Caller, *, url: str, topics: Iterable[str]
) -> tuple[str, Endpoint]:
    """Make an endpoint that is told everything from now on; return its secret and itself.

    Raises:
        InvalidInput: With every mistake.
    """
    chosen = tuple(dict.fromkeys(topics)) or ("*",)
    _judge(world, url, chosen)
    if caller.partner is not None and (
        wrong := await partners.mistakes(world, caller.program, caller.partner)
    ):
        raise InvalidInput(tuple(wrong))
    there = await world.webhooks.endpoints(caller.program)
    if sum(each.partner == caller.partner for each in there) >= ENDPOINTS_MAX:
        raise _invalid("url", f"There are {ENDPOINTS_MAX} endpoints already; remove one first.")
    text, secret = await _fresh(world, caller.program)
    endpoint = Endpoint(
        id=secrets.token_hex(8),
        url=url,
        topics=chosen,
        partner=caller.partner,
        secrets=(secret,),
        created_at=world.clock(),
    )
    # First where to begin, then the endpoint: the relay must not read from the very beginning.
    await world.webhooks.begin(caller.program, endpoint.id, await world.lanes.seqs(caller.program))
    await world.webhooks.put_endpoint(caller.program, endpoint)
    return text, endpoint


async def update(
    world: World,
    caller: Caller,
    endpoint_id: str,
    *,
    url: str | None = None,
    topics: Iterable[str] | None = None,
    enabled: bool | None = None,
) -> Endpoint:
    """Change what is given; what waited while an endpoint was off is sent when it is on again.

    Raises:
        InvalidInput: With every mistake.
        NotFound: There is none of that id, or it is another's.
    """
    endpoint = await find(world, caller, endpoint_id)
    chosen = None if topics is None else tuple(dict.fromkeys(topics)) or ("*",)
    _judge(world, url or endpoint.url, chosen or endpoint.topics)
    if enabled and endpoint.disabled is not None:
        await world.webhooks.hasten(caller.program, endpoint.id, world.clock())
    switched = None if enabled is None else (None if enabled else "switched off",)
    await world.webhooks.change_endpoint(
        caller.program, endpoint.id, url=url or None, topics=chosen, switched=switched
    )
    return await find(world, caller, endpoint_id)


async def rotate(world: World, caller: Caller, endpoint_id: str) -> tuple[str, Endpoint]:
    """Give an endpoint a new secret; the one before is good for another day.

    Raises:
        NotFound: There is none of that id, or it is another's.
    """
    while True:
        endpoint = await find(world, caller, endpoint_id)
        text, turned = await _rotated(world, caller.program, endpoint)
        if await world.webhooks.turn_secrets(caller.program, endpoint, turned.secrets):
            return text, turned


async def remove(world: World, caller: Caller, endpoint_id: str) -> Endpoint:
    """Forget an endpoint with all that was on its way to it.

    Raises:
        NotFound: There is none of that id, or it is another's.
    """
    endpoint = await find(world, caller, endpoint_id)
    await world.webhooks.remove_endpoint(caller.program, endpoint.id)
    return endpoint


async def listed(world: World, caller: Caller) -> list[Endpoint]:
    """Return the endpoints that the caller may see, newest first."""
    return _own(caller, await world.webhooks.endpoints(caller.program))


async def find(world: World, caller: Caller, endpoint_id: str) -> Endpoint:
    """Return one endpoint that the caller may see.

    Raises:
        NotFound: There is none of that id, or it is another's.
    """
    return _found(endpoint_id, await listed(world, caller))


# ---------------------------------------------------------------- sources


async def create_source(
    world: World, caller: Caller, *, name: str, partner: str
) -> tuple[str, Source]:
    """Let a partner report by signed requests; return the secret and the source.

    Raises:
        InvalidInput: The program has no such partner.
    """
    if wrong := await partners.mistakes(world, caller.program, partner):
        raise InvalidInput(tuple(wrong))
    text, secret = await _fresh(world, caller.program)
    source = Source(
        id=secrets.token_hex(8),
        name=name,
        partner=partner,
        secrets=(secret,),
        created_at=world.clock(),
    )
    await world.webhooks.put_source(caller.program, source)
    return text, source


async def rotate_source(world: World, caller: Caller, source_id: str) -> tuple[str, Source]:
    """Give a source a new secret; the one before is good for another day.

    Raises:
        NotFound: There is none of that id, or it is another's.
    """
    while True:
        source = _found(source_id, await listed_sources(world, caller))
        text, turned = await _rotated(world, caller.program, source)
        if await world.webhooks.turn_secrets(caller.program, source, turned.secrets):
            return text, turned


async def remove_source(world: World, caller: Caller, source_id: str) -> Source:
    """Let nobody report by this source any more.

    Raises:
        NotFound: There is none of that id, or it is another's.
    """
    source = _found(source_id, await listed_sources(world, caller))
    await world.webhooks.remove_source(caller.program, source.id)
    return source


async def listed_sources(world: World, caller: Caller) -> list[Source]:
    """Return the sources that the caller may see, newest first."""
    return _own(caller, await world.webhooks.sources(caller.program))


# ---------------------------------------------------------------- secrets


async def opened(world: World, program: str, held: Endpoint | Source) -> list[str]:
    """Return the secrets that are good now, the newest first."""
    cipher = AESGCM(await key_for(world, "webhook", program))
    now = world.clock()
    found = []
    for secret in held.secrets:
        if secret.until is None or secret.until > now:
            nonce, rest = secret.sealed[:_NONCE_BYTES], secret.sealed[_NONCE_BYTES:]
            try:
                found.append(cipher.decrypt(nonce, rest, None).decode())
            except InvalidTag:
                continue  # sealed under another storage key: it can sign nothing any more
    return found


async def _fresh(world: World, program: str) -> tuple[str, Secret]:
    text = PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(await key_for(world, "webhook", program))
    return text, Secret(nonce + cipher.encrypt(nonce, text.encode(), None))


async def _rotated(world: World, program: str, held: Own) -> tuple[str, Own]:
    text, secret = await _fresh(world, program)
    return text, held._replace(secrets=(secret, *_outgoing(held.secrets, world.clock())))


def _outgoing(secrets: tuple[Secret, ...], now: Instant) -> list[Secret]:
    """Return what stays good beside a new secret: the newest for a day, older ones as promised."""
    newest = secrets[0]._replace(until=Instant(now + ROTATION_MS))
    older = [each for each in secrets[1:] if each.until is not None and each.until > now]
    return [newest, *older][: SECRETS_MAX - 1]


def _own(caller: Caller, held: list[Own]) -> list[Own]:
    if caller.partner is None:
        return held
    return [each for each in held if each.partner == caller.partner]


def _found(wanted: str, held: list[Own]) -> Own:
    for each in held:
        if each.id == wanted:
            return each
    raise NotFound("webhook", ("id",))


def _judge(world: World, url: str, topics: Iterable[str]) -> None:
    wrong = []
    reason = world.courier.refuses(url) if len(url) <= URL_MAX else f"has over {URL_MAX} characters"
    if reason is not None:
        message = f"`url` {reason}."
        wrong.append(Problem(code="INVALID_INPUT", message=message, path=("url",)))
    for topic in topics:
        if not any(matches(topic, known) for known in TOPICS):
            message = f"No topic is called {topic!r}; write one of {', '.join(TOPICS)}, or `*`."
            wrong.append(Problem(code="INVALID_INPUT", message=message, path=("topics",)))
    if wrong:
        raise InvalidInput(tuple(wrong))


def _invalid(name: str, message: str) -> InvalidInput:
    return InvalidInput((Problem(code="INVALID_INPUT", message=message, path=(name,)),))
