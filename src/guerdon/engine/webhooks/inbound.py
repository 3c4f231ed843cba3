"""Signed requests of partners: who sent one, and that it is what was signed.

Rule: the signature is over the bytes as they came, and is looked at before anything in them is
read. Whatever is wrong is told in the same words, so that nobody learns whether a source exists. A
request that comes a second time is harmless, because its activities have ids.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from standardwebhooks import Webhook, WebhookVerificationError

from guerdon.engine.outcomes import Problem
from guerdon.engine.pseudonyms import veil_of
from guerdon.engine.refusals import InvalidInput, Unauthenticated
from guerdon.engine.webhooks.endpoints import opened
from guerdon.engine.world import Caller, Role, World, reporter_of

REPORTED = "activities.reported"
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_SCOPES = frozenset({"activities:write"})


class Signed(NamedTuple):
    """A request whose signature is good: for whom it speaks, and the activities it reports."""

    caller: Caller
    activities: list[Any]


async def accept(world: World, address: str, headers: Mapping[str, str], body: bytes) -> Signed:
    """Return what a request reports; `address` is `<program>.<source>`.

    Raises:
        Unauthenticated: The source is unknown, or the signature is not good or too old.
        InvalidInput: It is signed, but is no message of ours.
    """
    program, _, source_id = address.rpartition(".")
    sources = await world.webhooks.sources(program) if program else []
    source = next((each for each in sources if each.id == source_id), None)
    sent = {name: headers.get(name, "") for name in _HEADERS}
    secrets = [] if source is None else await opened(world, program, source)
    if source is None or not any(_is_signed(secret, sent, body) for secret in secrets):
        raise Unauthenticated
    caller = Caller(
        program=program,
        role=Role.PARTNER,
        reporter=reporter_of(Role.PARTNER, partner=source.partner),
        partner=source.partner,
        scopes=_SCOPES,
        key_id=f"{program}.webhook-{source.id}",
        veil=await veil_of(world, program, source.partner),
    )
    return Signed(caller, _activities(body, sent["webhook-id"]))


def _is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _activities(body: bytes, message_id: str) -> list[Any]:
    """Return the activities; one without an id of its own is named by the message."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = None
    if not isinstance(message, dict) or message.get("type") != REPORTED:
        raise _invalid(f"A message has the type {REPORTED!r}.", "type")
    data = message.get("data")
    found = data.get("activities") if isinstance(data, dict) else None
    if not isinstance(found, list) or not found:
        raise _invalid("`data.activities` is a list of activities, as in ActivityInput.", "data")
    return [
        {"activityId": f"{message_id}.{number}", **each} if isinstance(each, dict) else each
        for number, each in enumerate(found)
    ]


def _invalid(message: str, name: str) -> InvalidInput:
    return InvalidInput((Problem(code="INVALID_INPUT", message=message, path=(name,)),))
