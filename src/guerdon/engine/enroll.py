"""Members come and change: the activities `enrollment` and `member_updated`, and their profiles.

Rule: the profile (name, picture) is kept apart from what is decided; attributes that conditions
may ask for travel in the activity. A call without an id of its own gets one from its content, so
that a repeat is the same call.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guerdon.engine.accept import record
from guerdon.engine.faces import FACES
from guerdon.engine.inputs import (
    ActivityInput,
    EnrollmentInput,
    MemberRef,
    ProfileInput,
    Shown,
    Wait,
    looked_up,
)
from guerdon.engine.outcomes import Problem, Receipt, Result
from guerdon.engine.read import find
from guerdon.engine.world import Caller, World

NAME_MAX = 200
URL_MAX = 2_000
_DIGEST_BYTES = 16


async def enroll(
    world: World, caller: Caller, person: EnrollmentInput, *, wait: Wait = Wait.DECIDED
) -> Receipt:
    """Enroll a member; `Receipt.member` is the id, also of one who was there before.

    Identities are linked by activities of their own, directly behind the enrollment.
    """
    shown = Shown(display_name=person.display_name, avatar_url=person.avatar_url)
    activity_id = person.activity_id or derived_id("enrollment", person)
    if problems := _judge(shown):
        return _refused(caller, activity_id, problems)
    data: dict[str, Any] = {"attrs": dict(person.attributes)}
    if person.referrer is not None:
        data["referrer"] = await _external(world, caller, person.referrer)
    member = MemberRef(external_id=person.external_id)
    enrollment = ActivityInput(
        id=activity_id,
        type="enrollment",
        member=member,
        data=data,
        shown=shown,
        named=looked_up(person.referrer),
    )
    links = [
        ActivityInput(
            id=f"{activity_id}.identity.{number}",
            type="identity_linked",
            member=member,
            data={"scheme": identity.scheme, "value": identity.value},
        )
        for number, identity in enumerate(person.identities)
    ]
    receipt, *linked = await record(world, caller, [enrollment, *links], wait=wait)
    problems = tuple(problem for each in linked for problem in each.problems)
    return replace(receipt, problems=receipt.problems + problems)


async def update(
    world: World, caller: Caller, change: ProfileInput, *, wait: Wait = Wait.DECIDED
) -> Receipt:
    """Change a member's profile and attributes.

    The profile is written after the activity was taken, and again by whoever repeats the call: a
    repeat may have been needed because the first one was cut off in between. It stands in the order
    of the activities, so that an old call that is repeated undoes no later one. Who says something
    else of the profile under an id that was used is refused, as for everything else: an id that
    follows from the content says it already.
    """
    shown = Shown(display_name=change.display_name, avatar_url=change.avatar_url)
    activity_id = change.activity_id or derived_id("member_updated", change)
    if problems := _judge(shown):
        return _refused(caller, activity_id, problems)
    is_shown = shown != Shown()
    activity = ActivityInput(
        id=activity_id,
        type="member_updated",
        member=change.member,
        data={"attrs": dict(change.attributes)},
        beside=shown if is_shown and change.activity_id else None,
    )
    (receipt,) = await record(world, caller, [activity], wait=wait)
    if receipt.member is not None and is_shown and _counts(receipt):
        marks = await world.receipts.marks(caller.program, [receipt.key])
        await world.members.update(
            caller.program,
            receipt.member,
            since=marks[receipt.key].order,
            display_name=shown.display_name,
            avatar_url=shown.avatar_url,
        )
        await world.revisions.tell(caller.program, FACES)
    return receipt


def _counts(receipt: Receipt) -> bool:
    """Tell whether a change was taken, by this call or by an earlier one that said the same."""
    result = receipt.result
    if result is Result.DUPLICATE and receipt.entry is not None:
        result = receipt.entry.result
    return result in (Result.PENDING, Result.ACCEPTED, Result.DUPLICATE)


def derived_id(kind: str, content: object) -> str:
    """Return the id of a call that came without one: the same for the same content."""
    digest = hashlib.blake2b(repr(content).encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{kind}:{digest}"


async def _external(world: World, caller: Caller, ref: MemberRef) -> str | None:
    """Return the owner's id of a member; an unknown referrer is no referrer."""
    if ref.external_id is not None:
        return ref.external_id
    member = await find(world, caller, ref)
    if member is None:
        return None
    profiles: Mapping[str, Any] = await world.members.profiles(caller.program, [member])
    return str(profiles[member].external_id)


def _judge(shown: Shown) -> tuple[Problem, ...]:
    wrong = []
    name, url = shown.display_name, shown.avatar_url
    if name is not None and not (1 <= len(name) <= NAME_MAX and name.isprintable()):
        message = f"`displayName` has 1 to {NAME_MAX} printable characters."
        wrong.append(Problem(code="INVALID_INPUT", message=message, path=("displayName",)))
    if url is not None and not (url.startswith("https://") and len(url) <= URL_MAX):
        message = f"`avatarUrl` begins with https:// and has at most {URL_MAX} characters."
        wrong.append(Problem(code="INVALID_INPUT", message=message, path=("avatarUrl",)))
    return tuple(wrong)


def _refused(caller: Caller, activity_id: str, problems: tuple[Problem, ...]) -> Receipt:
    return Receipt(
        activity_id=activity_id,
        result=Result.REJECTED,
        reason="invalid",
        problems=problems,
        reporter=caller.reporter,
    )
