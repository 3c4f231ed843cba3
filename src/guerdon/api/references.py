"""How an input names a member: by global id, by the owner's own id, or by an identity.

The rule: a reference is never an answer. Whether somebody is there is found by the engine, within
the credential's program; a member's own token leads to nobody but that member.
"""

from collections.abc import Mapping
from typing import Any

import strawberry

from guerdon.api.context import Context
from guerdon.api.describe import asks, choice, given, may, order
from guerdon.api.ids import read_id
from guerdon.api.transport.errors import BadInput
from guerdon.engine import read
from guerdon.engine.inputs import Identity
from guerdon.engine.inputs import MemberRef as EngineRef


@order
class IdentityInput:
    """A number or name under which somebody else knows a member."""

    scheme: str = asks('What kind of identity it is, such as "card" or a partner\'s name.')
    value: str = asks("The number or name itself.")


@choice
class MemberRef:
    """Names a member in exactly one way."""

    id: strawberry.ID | None = may("The member's global id.")
    external_id: str | None = may("The member's id in the system of the program's owner.")
    identity: IdentityInput | None = may("An identity that was linked to the member.")


def engine_ref(ref: MemberRef, program: str) -> EngineRef:
    """Return a reference as the engine takes it."""
    identity = given(ref.identity)
    if identity is not None:
        return EngineRef(identity=Identity(identity.scheme, identity.value))
    external_id = given(ref.external_id)
    if external_id is not None:
        return EngineRef(external_id=external_id)
    return EngineRef(id=member_id_of(str(ref.id), program))


def plain_ref(ref: Mapping[str, Any], program: str) -> EngineRef:
    """Return a reference that came as plain values, in bulk, as the engine takes it."""
    if "externalId" in ref:
        return EngineRef(external_id=ref["externalId"])
    if "identity" in ref:
        return EngineRef(identity=Identity(ref["identity"]["scheme"], ref["identity"]["value"]))
    return EngineRef(id=member_id_of(ref["id"], program))


def member_id_of(text: str, program: str) -> str:
    """Return the member's own id under a global id; for anything else a text that is nobody's."""
    try:
        found = read_id(text)
    except BadInput:
        return text
    return found.key if (found.type, found.program) == ("Member", program) else text


async def find_member(context: Context, ref: MemberRef) -> str | None:
    """Return the id of the member whom a reference leads to, None where there is nobody.

    Raises:
        BadInput: The id is none of this service.
        Refused: A partner has named too many whom nobody knows.
    """
    if given(ref.id) is not None:
        read_id(str(ref.id))
    meant = engine_ref(ref, context.program)
    async with context.trying_a_member(meant) as attempt:
        found = await read.find(context.world, context.caller, meant)
        attempt.failed = found is None
    return found
