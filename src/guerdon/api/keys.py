"""API keys: made, shown once, revoked.

The rule: a secret leaves the service in the answer that made it and never again; and no key can
make one that may do more than itself. How keys are kept and checked is `engine.keys`' matter.
"""

from datetime import datetime
from typing import Annotated

import strawberry

from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order, says
from guerdon.api.ids import GlobalId, global_id, read_id
from guerdon.api.instants import maybe_datetime, to_datetime, to_instant
from guerdon.api.nodes import Node
from guerdon.api.problems import Problem, refusing
from guerdon.api.roles import Role
from guerdon.engine import keys
from guerdon.engine.outcomes import Key
from guerdon.engine.outcomes import Problem as Found
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.world import Role as EngineRole

NAME_MAX = 200


@noun
class ApiKey(Node):
    """A key of the program's owner or of a partner; its secret is not kept in clear."""

    name: str = says("What it is for, in its maker's words.")
    role: Role = says("What kind of credential it is.")
    scopes: list[str] = says("What it may do, in alphabetical order.")
    last4: str = says("The last four characters of the secret, to tell keys apart.")
    created_at: datetime = says("When it was made.")
    expires_at: datetime | None = says("The first instant at which it is no longer good.")
    revoked_at: datetime | None = says("When it was revoked; null while it was not.")


@order
class CreateApiKeyInput:
    """What the new key may do."""

    name: str = asks("What it is for, at most 200 characters.")
    role: Role = asks("PARTNER, SERVICE or ADMIN; members have tokens.")
    scopes: list[str] = asks("What it may do; only what the credential that makes it may do too.")
    partner: str | None = may("The partner's short name; for the role PARTNER, and only there.")
    expires_at: datetime | None = may("The first instant at which it is no longer good.")


@order
class RevokeApiKeyInput:
    """Which key to revoke."""

    id: strawberry.ID = asks("The key's global id.")


@noun
class CreateApiKeyPayload:
    """The new key."""

    secret: str | None = says("The key to be sent as a bearer token. Shown once, never again.")
    api_key: ApiKey | None = says("What is kept of it; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


@noun
class RevokeApiKeyPayload:
    """The revoked key."""

    api_key: ApiKey | None = says("The key as it is now; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


@noun
class KeyMutations:
    """Root fields about API keys."""

    @mutation
    @refusing(lambda found: CreateApiKeyPayload(secret=None, api_key=None, problems=found))
    async def create_api_key(
        self, info: Info, input: Annotated[CreateApiKeyInput, argument("What it may do.")]
    ) -> CreateApiKeyPayload:
        """Make an API key; the secret is in the answer and nowhere else."""
        context = info.context
        expires_at = given(input.expires_at)
        _judge(context, input)
        secret, key = await keys.create(
            context.world,
            context.program,
            name=input.name,
            role=EngineRole(input.role.value),
            scopes=input.scopes,
            partner=given(input.partner),
            expires_at=to_instant(expires_at) if expires_at else None,
        )
        return CreateApiKeyPayload(secret=secret, api_key=key_noun(context, key), problems=[])

    @mutation
    @refusing(lambda found: RevokeApiKeyPayload(api_key=None, problems=found))
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, argument("Which key.")]
    ) -> RevokeApiKeyPayload:
        """Revoke an API key for good; open sockets that use it are closed within half a minute."""
        context = info.context
        found = read_id(input.id)
        if (found.type, found.program) != ("ApiKey", context.program):
            raise NotFound("key", ("id",))
        key = await keys.revoke(context.world, context.program, found.key)
        return RevokeApiKeyPayload(api_key=key_noun(context, key), problems=[])


async def key_node(context: Context, found: GlobalId) -> ApiKey | None:
    """Return the key that an id names."""
    known = await keys.list_all(context.world, context.program)
    return next((key_noun(context, key) for key in known if key.id == found.key), None)


def key_noun(context: Context, key: Key) -> ApiKey:
    """Return a key as the API shows it."""
    return ApiKey(
        id=strawberry.ID(global_id("ApiKey", context.program, key.id)),
        name=key.name,
        role=Role(key.role),
        scopes=sorted(key.scopes),
        last4=key.last4,
        created_at=to_datetime(key.created_at),
        expires_at=maybe_datetime(key.expires_at),
        revoked_at=maybe_datetime(key.revoked_at),
    )


def _judge(context: Context, input: CreateApiKeyInput) -> None:
    """Refuse a key that could do more than its maker, or that would never be good.

    Raises:
        InvalidInput: With every mistake.
    """
    wrong = []
    if beyond := sorted(set(input.scopes) - context.caller.scopes):
        message = f"This credential cannot hand on what it may not do: {', '.join(beyond)}."
        wrong.append(Found(code="INVALID_INPUT", message=message, path=("scopes",)))
    expires_at = given(input.expires_at)
    if expires_at and to_instant(expires_at) <= context.now:
        message = "`expiresAt` has passed: give a later instant, or none."
        wrong.append(Found(code="INVALID_INPUT", message=message, path=("expiresAt",)))
    if not 1 <= len(input.name) <= NAME_MAX:
        message = f"`name` has {len(input.name)} characters; 1 to {NAME_MAX} are allowed."
        wrong.append(Found(code="INVALID_INPUT", message=message, path=("name",)))
    if wrong:
        raise InvalidInput(tuple(wrong))
