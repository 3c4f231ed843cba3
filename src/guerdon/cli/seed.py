"""What a demo begins with: a program, keys, a few members, and with the sample their last months.

The rule: a demo that is started again on the same data finds all of it there. Keys are made of the
installation's own secret and are therefore the same again; activities carry fixed ids and instants,
so that they are duplicates. Everything goes the way that everybody's activities go.

Only demos are seeded; a program that earns on enrollment gets no members, because they would hold
units that nobody reported.
"""

import asyncio
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guerdon.cli.sample import REGULARS, Person, Sale, people, sales
from guerdon.cli.stops import stop
from guerdon.settings import Settings

if TYPE_CHECKING:
    from guerdon.core.activity import Instant
    from guerdon.engine.inputs import ActivityInput
    from guerdon.engine.world import World

PURCHASE = "purchase"
PARTNERS_NUMBER = "4711"
"""Under which every partner knows the first guest, in a scheme that is called like the partner."""

_GUESTS = 3  # members of a demo that begins empty, so that there is somebody to look at
_PAGE_SCOPES = ("activities:write", "members:read")
_PARTNER_SCOPES = ("activities:write", "webhooks:manage")
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What a demo tells the one who started it.

    `page_fragment` is the page's credential, to be put behind the `#` of its address: a key that
    may record activities and read members, and nothing else. `partners` are the keys of the
    program's partners, who honours a reward first; `till_fragment` is the credential of the
    partner's page, which brings them along, and None where the program has no partners.
    """

    keys: Mapping[str, str]
    member_tokens: Mapping[str, str]
    partners: Mapping[str, str]
    page_fragment: str
    till_fragment: str | None


async def seed(settings: Settings, program_path: Path, *, sample: bool) -> Seeded:
    """Publish the program, make the keys, enroll members, and with `sample` report purchases.

    A document with mistakes ends the command, which names them all.
    """
    from guerdon.wiring import build, prepare

    await prepare(settings)
    world = build(settings)
    try:
        program = await _publish(world, program_path)
        partners = await _partners(world, program)
        keys, tills, page_key = await _keys(world, program, partners)
        guests = await _guests(world, program, sample=sample)
        members = await _report(world, program, guests, partners, sample=sample)
        tokens = await _tokens(world, program, members)
    finally:
        await world.close()
    names = ",".join(person.external_id for person in guests[:REGULARS])
    fragment = f"key={page_key}&members={names}"
    return Seeded(
        keys=keys,
        member_tokens=tokens,
        partners=tills,
        page_fragment=fragment,
        till_fragment=f"{fragment}&tills={','.join(tills.values())}" if tills else None,
    )


async def _publish(world: "World", path: Path) -> str:
    from guerdon.engine.publish import publish
    from guerdon.engine.refusals import InvalidInput

    try:
        return (await publish(world, await asyncio.to_thread(path.read_text, "utf-8"))).program
    except InvalidInput as mistakes:
        lines = (f"{path}: {problem.message}" for problem in mistakes.problems)
        stop("\n".join(lines), code=2)


async def _partners(world: "World", program: str) -> list[str]:
    """Return the program's partners, those first who honour a reward."""
    found = (await world.rulebooks.get(program)).at(world.clock()).program
    honouring = {reward.partner for reward in found.rewards.values()}
    return sorted(found.partners, key=lambda slug: slug not in honouring)


async def _keys(
    world: "World", program: str, partners: list[str]
) -> tuple[dict[str, str], dict[str, str], str]:
    """Return a key for each role, one for each partner, and the page's."""
    from guerdon.engine.keys import create
    from guerdon.engine.world import Role

    pepper = await world.secrets.key_pepper()

    async def make(
        name: str, role: Role, scopes: Iterable[str] | None = None, partner: str | None = None
    ) -> str:
        text, _ = await create(
            world,
            program,
            name=f"demo {name}",
            role=role,
            scopes=None if scopes is None else list(scopes),
            partner=partner,
            seed=hmac.digest(pepper, f"demo {name}".encode(), "sha256"),
        )
        return text

    tills = {
        slug: await make(f"partner {slug}", Role.PARTNER, _PARTNER_SCOPES, slug)
        for slug in partners
    }
    keys = {role.value: await make(role.value, role) for role in (Role.ADMIN, Role.SERVICE)}
    keys[Role.PARTNER.value] = next(iter(tills.values()), None) or await make(
        Role.PARTNER.value, Role.PARTNER, partner="partner"
    )
    return keys, tills, await make("page", Role.SERVICE, _PAGE_SCOPES)


async def _guests(world: "World", program: str, *, sample: bool) -> list[Person]:
    """Return who is enrolled: everybody of the sample, or somebody to look at."""
    rulebook = await world.rulebooks.get(program)
    if "enrollment" in rulebook.at(world.clock()).listened:
        return []
    return people() if sample else people()[:_GUESTS]


async def _report(
    world: "World", program: str, guests: list[Person], partners: list[str], *, sample: bool
) -> dict[str, str]:
    """Report what the demo begins with; return the member's id of each guest.

    Every partner knows the first guest, under a number of its own and by their consent.
    """
    from guerdon.engine.accept import record
    from guerdon.engine.keys import DEFAULT_SCOPES
    from guerdon.engine.world import Caller, Role, reporter_of

    caller = Caller(
        program=program,
        role=Role.SERVICE,
        reporter=reporter_of(Role.SERVICE),
        scopes=DEFAULT_SCOPES[Role.SERVICE],
    )
    bought = await _sales(world, program) if sample else []
    first = bought[0].at if bought else await _begun(world, program)
    joined = first - timedelta(hours=1)
    enrolled = [_enrollment(person, joined) for person in guests]
    linked = [it for slug in partners if guests for it in _known_to(slug, guests[0], joined)]
    known = {person.external_id for person in guests}
    made = [_purchase(sale) for sale in bought if sale.person.external_id in known]
    reported = enrolled + linked + made
    receipts = []
    for start in range(0, len(reported), _BATCH):
        receipts += await record(world, caller, reported[start : start + _BATCH])
    met = zip(guests, receipts, strict=False)  # the enrollments come first
    return {person.external_id: it.member for person, it in met if it.member is not None}


async def _begun(world: "World", program: str) -> datetime:
    """Return when this demo was started for the first time."""
    versions = await world.programs.versions(program)
    return datetime.fromtimestamp(versions[0].published_at / 1_000, UTC)


async def _sales(world: "World", program: str) -> list[Sale]:
    """Return the sample's purchases, as far as the program listens to purchases at all."""
    version = (await world.rulebooks.get(program)).at(world.clock())
    if PURCHASE not in version.listened:
        return []
    return sales(await _begun(world, program), version.program.timezone)


def _enrollment(person: Person, at: datetime) -> "ActivityInput":
    from guerdon.engine.inputs import ActivityInput, MemberRef, Shown

    return ActivityInput(
        id=f"sample-{person.external_id}",
        type="enrollment",
        at=_instant(at),
        member=MemberRef(external_id=person.external_id),
        shown=Shown(display_name=person.name),
    )


def _known_to(partner: str, person: Person, at: datetime) -> "list[ActivityInput]":
    from guerdon.engine.inputs import ActivityInput, MemberRef

    kinds: dict[str, dict[str, Any]] = {
        "identity_linked": {"scheme": partner, "value": PARTNERS_NUMBER},
        "member_updated": {"attrs": {f"shares_with.{partner}": True}},
    }
    return [
        ActivityInput(
            id=f"sample-{person.external_id}-{type_}-{partner}",
            type=type_,
            at=_instant(at),
            member=MemberRef(external_id=person.external_id),
            data=data,
        )
        for type_, data in kinds.items()
    ]


def _purchase(sale: Sale) -> "ActivityInput":
    from guerdon.engine.inputs import ActivityInput, MemberRef

    return ActivityInput(
        id=sale.id,
        type=PURCHASE,
        at=_instant(sale.at),
        member=MemberRef(external_id=sale.person.external_id),
        amount=Decimal(sale.cents).scaleb(-2),
    )


def _instant(at: datetime) -> "Instant":
    from guerdon.core.activity import Instant

    return Instant(int(at.timestamp()) * 1_000)


async def _tokens(world: "World", program: str, members: Mapping[str, str]) -> dict[str, str]:
    from guerdon.engine.tokens import issue

    guests = list(members.items())[:_GUESTS]
    return {external: await issue(world, program, member) for external, member in guests}
