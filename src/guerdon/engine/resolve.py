"""Finding out whom reported activities concern, in a few look-ups for a whole batch.

Rule: whoever a reference names is found within the credential's program only, and a member's own
token leads to nobody else, not even to who becomes known later. An unknown person is enrolled where
the program says so (or where the activity is the enrollment), but not by a link that is refused,
nor by a merge; an activity under an identity that nobody has yet is parked; anything else unknown
is refused.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from guerdon.core.activity import NOT_ENROLLING, Value
from guerdon.core.conditions import text
from guerdon.engine.inputs import NAMING, Identity, MemberRef
from guerdon.engine.judge import ENROLLING, Draft, Refusal
from guerdon.engine.outcomes import Problem, Profile
from guerdon.engine.pseudonyms import meant_by
from guerdon.engine.records import Found
from guerdon.engine.world import Caller, Role, World

EXTERNAL = ""
"""The scheme of the owner's own ids."""

_WITH_ORIGINAL = frozenset({"refund", "confirmation", "ineligible", "redemption_cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Whom an activity concerns; `enroll` is the id of the enrollment that must go before."""

    member: str | None
    data: Mapping[str, Value]
    enroll: str | None = None
    parked: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The activity cannot be taken."""

    refusal: Refusal


class Registry(Protocol):
    """Who is who, as far as it is asked here; `World.members` is one."""

    async def find(self, program: str, identities: Collection[Identity]) -> dict[Identity, Found]:
        """Return whom these identities lead to; unknown ones are missing."""
        ...

    async def known(self, program: str, ids: Collection[str]) -> dict[str, str]:
        """Return the ids that exist, each with the member it leads to now."""
        ...

    async def claim(self, program: str, identity: Identity, found: Found) -> Found:
        """Make an identity lead to a member unless it is taken; return whom it leads to."""
        ...

    async def create(
        self, program: str, profiles: Sequence[tuple[Profile, str]]
    ) -> dict[str, Found]:
        """Create members; return whom each external id leads to."""
        ...


async def resolve(
    world: World,
    caller: Caller,
    drafts: Sequence[Draft],
    *,
    enroll_auto: bool,
    registry: Registry | None = None,
) -> dict[int, Resolved | Unknown]:
    """Return for each draft, by its index, whom it concerns.

    Members are looked up, made and given identities in the `registry`, the World's where none is
    named.
    """
    program, registry = caller.program, registry or world.members
    found = await registry.find(program, _identities(drafts))
    ids = {
        meant_by(caller, draft.member.id) for draft in drafts if draft.member and draft.member.id
    }
    known = await registry.known(program, ids | _unsettled(drafts, found))
    fresh = _newcomers(world, caller, drafts, _Known(registry, found, known, {}), auto=enroll_auto)
    led = await registry.create(program, fresh)
    found |= {Identity(EXTERNAL, external): each for external, each in led.items()}
    originals = await _originals(world, caller, drafts, _Known(registry, found, known, {}))
    known_here = _Known(registry, found, known, originals)
    answers: dict[int, Resolved | Unknown] = {}
    for draft in drafts:
        answers[draft.index] = await _one(caller, draft, known_here)
    return answers


@dataclass(frozen=True, slots=True)
class _Known:
    """What was looked up for the batch, and where."""

    registry: Registry
    identities: Mapping[Identity, Found]
    ids: Mapping[str, str]
    originals: Mapping[int, str]

    def member(self, caller: Caller, ref: MemberRef) -> str | None:
        """Return whom a reference leads to now; None where that is nobody."""
        identity = _identity(ref)
        if identity is None:
            return self.ids.get(meant_by(caller, ref.id or ""))
        led = self.identities.get(identity)
        return None if led is None else led.member


def _identities(drafts: Iterable[Draft]) -> set[Identity]:
    wanted: set[Identity] = set()
    for draft in drafts:
        if draft.member is not None and (identity := _identity(draft.member)):
            wanted.add(identity)
        named = draft.data.get(NAMING.get(draft.type, ""))
        if named is not None:
            wanted.add(Identity(EXTERNAL, text(named)))
        if (linked := _linked(draft)) is not None:
            wanted.add(linked)
    return wanted


def _identity(ref: MemberRef) -> Identity | None:
    if ref.external_id is not None:
        return Identity(EXTERNAL, ref.external_id)
    return ref.identity


def _linked(draft: Draft) -> Identity | None:
    """Return the identity that the draft is to give to its member."""
    if draft.type != "identity_linked":
        return None
    return Identity(text(draft.data.get("scheme")), text(draft.data.get("value")))


def _unsettled(drafts: Iterable[Draft], found: Mapping[Identity, Found]) -> set[str]:
    """Return the members whose enrollments these drafts bring once more."""
    return {
        led.member
        for draft in drafts
        if draft.member is not None and draft.member.external_id is not None
        if (led := found.get(Identity(EXTERNAL, draft.member.external_id))) is not None
        if _brings_again(draft, led)
    }


def _brings_again(draft: Draft, led: Found) -> bool:
    """Tell whether a draft brings, or stands for, an enrollment that is not known as decided."""
    if draft.type == "enrollment":
        return led.enrollment is not None
    return _enrollment(draft, led) is not None


def _newcomers(
    world: World, caller: Caller, drafts: Iterable[Draft], known: _Known, *, auto: bool
) -> list[tuple[Profile, str]]:
    """Return the members to be made for unknown external ids, each with its enrollment's id.

    Made anew is also who has an identity and no profile: whoever made the one was cut off before
    the other. A member's own token makes nobody but that member.
    """
    found = known.identities
    fresh: dict[str, tuple[Profile, str]] = {}
    for draft in drafts:
        ref = draft.member
        if ref is None or ref.external_id is None or ref.external_id in fresh:
            continue
        led = found.get(Identity(EXTERNAL, ref.external_id))
        if led is not None and (led.member in known.ids or not _brings_again(draft, led)):
            continue
        if caller.role is Role.MEMBER and (led is None or led.member != caller.member):
            continue
        if _linked(draft) in found:
            continue  # somebody else's, since whoever is unknown has none
        is_enrolling = draft.type == "enrollment" or (auto and draft.type not in NOT_ENROLLING)
        if led is not None or is_enrolling:
            profile = Profile(
                id=world.new_member(ref.external_id) if led is None else led.member,
                external_id=ref.external_id,
                display_name=draft.shown.display_name if draft.shown else None,
                avatar_url=draft.shown.avatar_url if draft.shown else None,
                enrolled_at=draft.at,
            )
            own = draft.key if draft.type == "enrollment" else f"{draft.key}{ENROLLING}"
            fresh[ref.external_id] = profile, own
    return list(fresh.values())


async def _originals(
    world: World, caller: Caller, drafts: Iterable[Draft], known: _Known
) -> dict[int, str]:
    """Return the keys of originals that other reporters reported; the owner's keys reach them.

    Partners and members reach their own only. Where several reported under that id, the one about
    the draft's own person is meant, who may be known as several members.
    """
    if caller.role not in (Role.SERVICE, Role.ADMIN):
        return {}
    asked = [
        draft
        for draft in drafts
        if draft.type in _WITH_ORIGINAL and draft.data.get("of") is not None
    ]
    if not asked:
        return {}
    rulebook = await world.rulebooks.get(caller.program)
    partners = {slug for version in rulebook.versions for slug in version.program.partners}
    partners |= {draft.partner for draft in asked if draft.partner is not None}
    people = {
        draft.index: member
        for draft in asked
        if draft.member and (member := known.member(caller, draft.member)) is not None
    }
    others = ["service", *(f"partner:{slug}" for slug in sorted(partners))]
    names = {draft.index: [people[draft.index]] if draft.index in people else [] for draft in asked}
    found, own = await _reported(world, caller.program, asked, others, names)
    # Seldom, and asked of all shards: who was merged into those of whom nothing was found.
    left = {people[draft.index] for draft in asked if draft.index in people.keys() - own}
    absorbed = await world.members.absorbed(caller.program, left)
    again = [draft for draft in asked if people.get(draft.index) in absorbed]
    if again:
        for draft in again:
            names[draft.index] += absorbed[people[draft.index]]
        found |= (await _reported(world, caller.program, again, others, names))[0]
    return found


async def _reported(
    world: World,
    program: str,
    asked: Iterable[Draft],
    others: Sequence[str],
    names: Mapping[int, Sequence[str]],
) -> tuple[dict[int, str], set[int]]:
    """Return the keys that were found, by draft, and which are about the draft's own person."""
    keys = {
        draft.index: [
            f"{reporter}/{text(draft.data['of'])}"
            for reporter in (*others, *(f"member:{name}" for name in names[draft.index]))
        ]
        for draft in asked
    }
    marks = await world.receipts.marks(program, [key for tried in keys.values() for key in tried])
    found: dict[int, str] = {}
    theirs: set[int] = set()
    for index, tried in keys.items():
        there = [key for key in tried if key in marks]
        own = [key for key in there if marks[key].member in names[index]]
        if own:
            theirs.add(index)
        if there:
            found[index] = (own or there)[0]
    return found, theirs


async def _one(caller: Caller, draft: Draft, known: _Known) -> Resolved | Unknown:
    data = _named(draft, known)
    if draft.member is None:
        return Resolved(member=None, data=data)
    member, enroll = known.member(caller, draft.member), None
    identity = _identity(draft.member)
    if identity is not None:
        led = known.identities.get(identity)
        enroll = None if led is None else _enrollment(draft, led)
        is_parked = member is None and draft.member.identity is not None
        if is_parked and caller.role is not Role.MEMBER:
            return Resolved(member=None, data=data, parked=identity)
    linked = _linked(draft)
    if member is None and linked in known.identities:
        return _taken()
    if member is None or (caller.role is Role.MEMBER and member != caller.member):
        return _unknown()
    if linked is not None and not await _claimed(caller, linked, member, known):
        return _taken()
    if draft.type == "member_merged" and not data.get("into"):
        return _unknown("data", "into")
    return Resolved(member=member, data=data, enroll=enroll)


def _enrollment(draft: Draft, led: Found) -> str | None:
    """Return the id of the enrollment to be sent (again) before this activity.

    It is sent as long as it is not known to be decided, because whoever was to send it may have
    been cut off; that it is the same one each time makes this harmless. An enrollment that was
    asked for in words is sent again by whoever asked.
    """
    if led.enrollment is None or draft.type == "enrollment":
        return None
    reporter, _, name = led.enrollment.partition("/")
    if reporter != draft.reporter or not name.endswith(ENROLLING):
        return None
    return name


def _named(draft: Draft, known: _Known) -> Mapping[str, Value]:
    """Return the data with other members' ids and the original's key in their places."""
    data: dict[str, Value] = draft.data
    name = NAMING.get(draft.type)
    if name is not None and data.get(name) is not None:
        led = known.identities.get(Identity(EXTERNAL, text(data[name])))
        data = {**data, name: None if led is None else led.member}
    of = data.get("of")
    if of is not None and (key := known.originals.get(draft.index)) is not None:
        data = {**data, "of_key": key}
    return {name: value for name, value in data.items() if value is not None or "." in name}


async def _claimed(caller: Caller, identity: Identity, member: str, known: _Known) -> bool:
    """Make the identity lead to the member from now on; False where it is another's."""
    led = await known.registry.claim(caller.program, identity, Found(member))
    return led.member == member


def _taken() -> Unknown:
    problem = Problem(
        code="IDENTITY_TAKEN",
        message="This identity belongs to another member.",
        path=("data", "value"),
    )
    return Unknown(refusal=Refusal(reason="identity_taken", problems=(problem,)))


def _unknown(*path: str) -> Unknown:
    problem = Problem(
        code="UNKNOWN_MEMBER",
        message="There is no such member in this program; enroll the person first.",
        path=path or ("member",),
    )
    return Unknown(refusal=Refusal(reason="unknown_member", problems=(problem,)))
