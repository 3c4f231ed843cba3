"""Enrollments: members come, and what is known of them changes.

The rule: each is an activity of its own, under an id that makes a repeat harmless; a repeat answers
with the member as the first call did. Both wait for the decision, because the caller wants to show
the member.
"""

from collections.abc import Sequence
from typing import Annotated

from strawberry.scalars import JSON

from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order, says
from guerdon.api.members import Member, load_member
from guerdon.api.problems import Problem, object_of, outcome_problems, refusing
from guerdon.api.references import IdentityInput, MemberRef, engine_ref
from guerdon.engine import enroll
from guerdon.engine.inputs import EnrollmentInput, Identity, ProfileInput
from guerdon.engine.outcomes import Receipt

_ACTIVITY_ID = (
    "Makes a repeated call harmless; absent: derived from the content, so that a repeat is one."
)


@order
class EnrollMemberInput:
    """Whom to enroll."""

    activity_id: str | None = may(_ACTIVITY_ID)
    external_id: str = asks("The member's id in your own system, at most 200 characters.")
    display_name: str | None = may("The name that other members see.")
    avatar_url: str | None = may("Where the member's picture is; other members see it.")
    attributes: JSON | None = may("An object of what the program's conditions may ask for.")
    referrer: MemberRef | None = may("Who brought the member.")
    identities: list[IdentityInput] | None = may("Numbers under which others know the member.")


@order
class UpdateMemberInput:
    """What to change of a member; what is absent stays."""

    activity_id: str | None = may(_ACTIVITY_ID)
    member: MemberRef = asks("Whom to change.")
    display_name: str | None = may("The name that other members see.")
    avatar_url: str | None = may("Where the member's picture is; other members see it.")
    attributes: JSON | None = may("An object of attributes; those it does not name stay.")


@noun
class MemberPayload:
    """What became of a change to a member."""

    member: Member | None = says("The member as of now; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


_refusing = refusing(lambda problems: MemberPayload(member=None, problems=problems))


@noun
class EnrollmentMutations:
    """Root fields that enroll and change members."""

    @mutation
    @_refusing
    async def enroll_member(
        self, info: Info, input: Annotated[EnrollMemberInput, argument("Whom to enroll.")]
    ) -> MemberPayload:
        """Enroll a member; one who takes part already is returned as they are."""
        context = info.context
        referrer = given(input.referrer)
        person = EnrollmentInput(
            external_id=input.external_id,
            activity_id=given(input.activity_id),
            display_name=given(input.display_name),
            avatar_url=given(input.avatar_url),
            attributes=object_of(given(input.attributes), "attributes"),
            referrer=engine_ref(referrer, context.program) if referrer else None,
            identities=tuple(
                Identity(identity.scheme, identity.value)
                for identity in given(input.identities) or ()
            ),
        )
        receipt = await enroll.enroll(context.world, context.caller, person)
        return await _payload(context, receipt, outcome_problems(receipt, _place_of_enrollment))

    @mutation
    @_refusing
    async def update_member(
        self, info: Info, input: Annotated[UpdateMemberInput, argument("What to change.")]
    ) -> MemberPayload:
        """Change a member's name, picture and attributes."""
        context = info.context
        change = ProfileInput(
            member=engine_ref(input.member, context.program),
            activity_id=given(input.activity_id),
            display_name=given(input.display_name),
            avatar_url=given(input.avatar_url),
            attributes=object_of(given(input.attributes), "attributes"),
        )
        receipt = await enroll.update(context.world, context.caller, change)
        return await _payload(context, receipt, outcome_problems(receipt, _place))


async def _payload(context: Context, receipt: Receipt, problems: list[Problem]) -> MemberPayload:
    member = await load_member(context, receipt.member) if receipt.member and not problems else None
    return MemberPayload(member=member, problems=problems)


def _place(path: Sequence[str]) -> Sequence[str]:
    """Return where in the input something stands that became an activity's data."""
    if path[:1] != ("data",):
        return path
    return ["attributes", *(name.removeprefix("attrs.") for name in path[1:])]


def _place_of_enrollment(path: Sequence[str]) -> Sequence[str]:
    return path[1:] if path[:1] == ("member",) else _place(path)
