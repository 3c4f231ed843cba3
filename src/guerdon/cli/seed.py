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
from typing import TYPE_CHECKING

from guerdon.cli.sample import REGULARS, Person, Sale, people, sales
from guerdon.cli.stops import stop
from guerdon.settings import Settings

if TYPE_CHECKING:
    from guerdon.core.activity import Instant
    from guerdon.engine.inputs import ActivityInput
    from guerdon.engine.world import World

PURCHASE = "purchase"
_GUESTS = 3  # members of a demo that begins empty, so that there is somebody to look at
_PAGE_SCOPES = ("activities:write", "members:read")
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What a demo tells the one who started it.

    `page_fragment` is the page's credential, to be put behind the `#` of its address: a key that
    may record activities and read members, and nothing else.
    """

    keys: Mapping[str, str]
    member_tokens: Mapping[str, str]
    page_fragment: str


async def seed(settings: Settings, program_path: Path, *, sample: bool) -> Seeded:
    """Publish the program, make the keys, enroll members, and with `sample` report purchases.

    A document with mistakes ends the command, which names them all.
    """
    from guerdon.wiring import build, prepare

    await prepare(settings)
    world = build(settings)
    try:
        program = await _publish(world, program_path)
        keys, page_key = await _keys(world, program)
        guests = await _guests(world, program, sample=sample)
        members = await _report(world, program, guests, sample=sample)
        tokens = await _tokens(world, program, members)
    finally:
        await world.close()
    names = ",".join(person.external_id for person in guests[:REGULARS])
    return Seeded(keys=keys, member_tokens=tokens, page_fragment=f"key={page_key}&members={names}")


async def _publish(world: "World", path: Path) -> str:
    from guerdon.engine.publish import publish
    from guerdon.engine.refusals import InvalidInput

    try:
        return (await publish(world, await asyncio.to_thread(path.read_text))).program
    except InvalidInput as mistakes:
        lines = (f"{path}: {problem.message}" for problem in mistakes.problems)
        stop("\n".join(lines), code=2)


async def _keys(world: "World", program: str) -> tuple[dict[str, str], str]:
    """Return a key for each role, and the page's."""
    from guerdon.engine.keys import create
    from guerdon.engine.world import Role

    pepper = await world.secrets.key_pepper()
    rulebook = await world.rulebooks.get(program)
    partners = rulebook.at(world.clock()).program.partners

    async def make(name: str, role: Role, scopes: Iterable[str] | None = None) -> str:
        text, _ = await create(
            world,
            program,
            name=f"demo {name}",
            role=role,
            scopes=None if scopes is None else list(scopes),
            partner=next(iter(partners), "partner") if role is Role.PARTNER else None,
            seed=hmac.digest(pepper, f"demo {name}".encode(), "sha256"),
        )
        return text

    roles = (Role.ADMIN, Role.SERVICE, Role.PARTNER)
    keys = {role.value: await make(role.value, role) for role in roles}
    return keys, await make("page", Role.SERVICE, _PAGE_SCOPES)


async def _guests(world: "World", program: str, *, sample: bool) -> list[Person]:
    """Return who is enrolled: everybody of the sample, or somebody to look at."""
    rulebook = await world.rulebooks.get(program)
    if "enrollment" in rulebook.at(world.clock()).listened:
        return []
    return people() if sample else people()[:_GUESTS]


async def _report(
    world: "World", program: str, guests: list[Person], *, sample: bool
) -> dict[str, str]:
    """Report what the demo begins with; return the member's id of each guest."""
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
    enrolled = [_enrollment(person, first - timedelta(hours=1)) for person in guests]
    known = {person.external_id for person in guests}
    reported = enrolled + [_purchase(sale) for sale in bought if sale.person.external_id in known]
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
