"""The viewer: who asks, as the credential says.

How a credential is read is in `auth`; what it may do, in `permissions`.
"""

from guerdon.api.context import Info
from guerdon.api.describe import field, noun, says
from guerdon.api.members import Member, load_member
from guerdon.api.partners import Partner, partner_noun
from guerdon.api.programs import Program, program_noun
from guerdon.api.roles import Role


@noun
class Viewer:
    """The credential of this request. It belongs to exactly one program."""

    role: Role = says("What kind of credential it is.")
    scopes: list[str] = says("What a key may do, in alphabetical order; a token has none.")

    @field
    async def program(self, info: Info) -> Program:
        """The program that the credential belongs to; hence no argument names a program."""
        return program_noun(await info.context.catalogue())

    @field
    async def member(self, info: Info) -> Member | None:
        """The member of the token; null for keys."""
        member_id = info.context.caller.member
        return await load_member(info.context, member_id) if member_id else None

    @field
    async def partner(self, info: Info) -> Partner | None:
        """The partner of the key; null for other credentials."""
        slug = info.context.caller.partner
        return partner_noun(await info.context.catalogue(), slug) if slug else None


@noun
class ViewerQueries:
    """Root fields about who asks."""

    @field
    def viewer(self, info: Info) -> Viewer:
        """The credential of this request."""
        caller = info.context.caller
        return Viewer(role=Role(caller.role.value), scopes=sorted(caller.scopes))

    @field
    async def me(self, info: Info) -> Member | None:
        """The member of the token; null for other credentials."""
        member_id = info.context.caller.member
        return await load_member(info.context, member_id) if member_id else None
