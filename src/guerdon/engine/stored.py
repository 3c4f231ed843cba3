"""What a service has stored of a whole program, in the shape in which rehearsals look at one.

Rule: everything is read from the stores (standings, pages, score rows, shared counters, journal),
nothing is recomputed; so what a rehearsal compares is what the service would show. For programs
of the size of a scenario: all of it is held in memory.
"""

from collections.abc import Mapping, Sequence

from guerdon.core.activity import Instant
from guerdon.core.decision import Decision, DrawEffect, Sale
from guerdon.core.offering import sale_claim
from guerdon.core.plain import (
    activity_from_plain,
    effects_from_plain,
    explanations_from_plain,
    postings_from_plain,
    standing_from_plain,
    value_from_plain,
)
from guerdon.core.rewards import period_of, stock_claims
from guerdon.core.standing import PageRef, Plain, Standing
from guerdon.engine import raffle
from guerdon.engine.lanes import lane_of
from guerdon.engine.outcomes import Profile
from guerdon.engine.records import Entry
from guerdon.engine.world import World
from guerdon.program import arrivals
from guerdon.program.memory import Memory

_AT_ONCE = 500


async def look(
    world: World, program: str, journal: Sequence[Entry], *, at: Instant
) -> arrivals.Arrivals:
    """Return a program as it is stored; `journal` is all of its journal, in the order decided.

    Members answer to the owner's ids, which lead to their accounts.
    """
    profiles = await _profiles(world, program)
    names = {profile.id: profile.external_id for profile in profiles}
    rulebook = await world.rulebooks.fresh(program)
    memory = Memory(rulebook.at(at).program)
    memory.rulebook = rulebook
    for profile in profiles:
        memory.survivors[profile.external_id] = profile.id
        if profile.merged_into is not None:
            memory.survivors[profile.id] = profile.merged_into
    await _standings(world, program, memory, [profile.id for profile in profiles])
    await _scores(world, program, memory, names)
    today = memory.rulebook.calendar.day(at)
    for reward in memory.program.rewards.values():
        for claim in (sale_claim(reward.id), *stock_claims(reward, 0, period_of(reward, today))):
            left = await world.shared.peek(program, claim)
            memory.used[claim.kind, claim.key] = (claim.capacity or 0) - left
    found = arrivals.Arrivals(memory)
    for entry in journal:
        await _entry(world, program, found, entry, names)
    return found


async def _profiles(world: World, program: str) -> list[Profile]:
    found: list[Profile] = []
    while page := await world.members.page(
        program,
        limit=_AT_ONCE,
        after=found[-1].external_id if found else None,
        before=None,
        search=None,
    ):
        found += page
    return found


async def _standings(world: World, program: str, memory: Memory, members: Sequence[str]) -> None:
    layout = await world.rulebooks.layout(program)
    owners = {member: (lane_of(member, layout), member) for member in members}
    heads = await world.standings.load(program, list(owners.values()))
    asked: dict[tuple[int, str], list[PageRef]] = {}
    for member, plain in heads.items():
        standing = standing_from_plain(plain)
        memory.standings[member] = standing
        spilled = [name for name, shelf in standing.shelves.items() if shelf.spilled]
        if spilled:
            asked[owners[member]] = [PageRef(name, "all") for name in spilled]
    for member, rows in (await world.pages.load(program, asked)).items():
        memory.pages[member] = {(shelf, key): (sort, value) for shelf, key, sort, value in rows}


async def _scores(world: World, program: str, memory: Memory, names: Mapping[str, str]) -> None:
    for leaderboard, period in await world.scores.periods(program):
        rows = memory.scores.setdefault((leaderboard, Instant(period)), {})
        after: str | None = None
        while page := await world.scores.rows(
            program, leaderboard, period, after=after, limit=_AT_ONCE
        ):
            rows |= {names[row.member]: row.score for row in page}
            after = page[-1].member


async def _entry(
    world: World,
    program: str,
    found: arrivals.Arrivals,
    entry: Entry,
    names: Mapping[str, str],
) -> None:
    """Add what one journal entry left in the program's books."""
    memory, plain = found.memory, entry.decision
    activity = activity_from_plain(entry.activity)
    member = entry.member or ""
    effects = effects_from_plain(plain.get("effects", ()))
    postings = postings_from_plain(plain.get("postings", ()))
    memory.settlement.add(postings)
    for kind, figures in plain.get("sales", ()):
        memory.contract.add(memory.program, _sale(kind, figures))
    for wallet, at, amount in plain.get("payouts", ()):
        memory.payouts.append((names[member], wallet, at, amount))
    for effect in effects:
        if isinstance(effect, DrawEffect):
            memory.draws[activity.id] = effect
    if plain.get("record") is not None:
        memory.records[entry.key] = {**plain["record"], "activity": entry.activity}
    if activity.type == "raffle" and plain["result"] == "accepted":
        won = await raffle.won(world, program, activity)
        found.raffles[activity.id] = [(ticket, names[winner]) for ticket, winner in won]
    decision = Decision(
        result=plain["result"],
        reason=plain.get("reason"),
        standing=Standing(member=member),
        effects=effects,
        explanations=explanations_from_plain(plain.get("explanations", ())),
        postings=postings,
    )
    name = "time" if activity.type == "tick" else activity.id
    found.journal.append(arrivals.Entry(member, activity.received, name, decision))


def _sale(kind: str, figures: Mapping[str, Plain]) -> Sale:
    """Return a sale; the rate of an estimate is its only decimal."""
    if kind != "estimate":
        return Sale(kind, figures)
    rate = value_from_plain(figures["redemption_rate"])
    return Sale(kind, {**figures, "redemption_rate": rate})
