"""Handing data out: members, balances at an instant, the ledger, activities, all of one member.

Rule: rows say what the API would, in the API's words: the owner's ids, exact decimals, instants in
UTC; they come a batch at a time, so that any number of them needs little memory. What was reported
comes in the form in which it can be reported again, in order of arrival; what the engine itself
made of it (ticks, the other half of a transfer) follows by itself and is left out. Of somebody who
was erased there is nothing to hand out but figures.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from heapq import heapify, heappop, heapreplace
from typing import Any

from guerdon.core.activity import Activity, Instant
from guerdon.core.amounts import to_decimal
from guerdon.core.plain import activity_from_plain
from guerdon.core.views import View
from guerdon.engine import read
from guerdon.engine.lanes import lanes_of
from guerdon.engine.outcomes import Profile, SettledMember
from guerdon.engine.records import Entry
from guerdon.engine.reported import Names, Row, instant, plain_values, reported
from guerdon.engine.world import World

_AT_ONCE = 500
_OWN = frozenset(
    {
        "tick",
        "transfer_received",
        "referral_changed",
        "member_absorbed",
        "absorbed_erased",
        "member_erased",
    }
)


# ---------------------------------------------------------------- members


async def members(world: World, program: str) -> AsyncIterator[list[Row]]:
    """Yield everybody who takes part, by the owner's ids, settled to now."""
    after: str | None = None
    while True:
        page = await read.directory(world, program, limit=_AT_ONCE, after=after)
        if page.items:
            settled = await read.members(world, program, [each.id for each in page.items])
            yield [await member_row(world, settled[each.id]) for each in page.items]
            after = page.items[-1].external_id
        if not page.has_next:
            return


async def member_row(world: World, member: SettledMember) -> Row:
    """Return who a member is and what they hold."""

    def look(given: Any) -> Row:
        view = View(member.rulebook, member.standing, given)
        state = view.program
        wallets = {
            slug: _totals(view, slug, wallet.scale) for slug, wallet in state.wallets.items()
        }
        return {
            "wallets": wallets,
            "tiers": {slug: view.tier(slug).tier.id for slug in state.ladders},
            "badges": {slug: instant(at) for slug, at in view.standing.badges.items()},
        }

    return {**_profile(member.profile), "attributes": plain_values(member.standing.attrs)} | (
        await read.view(world, member, look)
    )


def _profile(profile: Profile) -> Row:
    return {
        "externalId": profile.external_id,
        "displayName": profile.display_name,
        "avatarUrl": profile.avatar_url,
        "status": profile.status.upper(),
        "enrolledAt": instant(profile.enrolled_at),
        "identities": [{"scheme": it.scheme, "value": it.value} for it in profile.identities],
    }


def _totals(view: View, slug: str, scale: int) -> Row:
    state = view.wallet(slug)
    names = ("spendable", "pending", "debt", "earned", "redeemed", "expired")
    return {name: to_decimal(getattr(state, name), scale) for name in names}


# ---------------------------------------------------------------- the ledger


async def ledger(world: World, program: str) -> AsyncIterator[list[Row]]:
    """Yield every decision with its postings, lane by lane in sequence."""
    names = Names(world, program)
    scales = await _scales(world, program)
    async for entries in _journal(world, program):
        await names.learn(entry.member for entry in entries)
        yield [_decision(entry, names, scales) for entry in entries]


def _decision(entry: Entry, names: Names, scales: Mapping[str, int]) -> Row:
    found = {
        "lane": entry.lane,
        "seq": entry.seq,
        "member": names.of(entry.member),
        "memberSeq": entry.member_seq,
        "activityId": entry.activity["id"],
        "reporter": entry.activity["reporter"],
        "type": entry.activity["type"],
        "at": instant(entry.activity["at"]),
        "decidedAt": instant(entry.decided_at),
        "result": entry.decision["result"].upper(),
        "reason": entry.decision.get("reason"),
        "postings": [
            {
                "wallet": wallet,
                "from": source,
                "to": target,
                "amount": to_decimal(amount, scales[wallet]),
                "lot": lot or None,
                "partner": partner or None,
            }
            for wallet, source, target, amount, lot, partner in entry.decision.get("postings", ())
        ],
    }
    return {name: value for name, value in found.items() if value is not None}


async def balances(world: World, program: str, at: Instant) -> AsyncIterator[list[Row]]:
    """Yield what each member held at an instant: the sum of all that was decided by then.

    Members who were merged since are counted where they are now. Time that had passed and was not
    decided by then (an expiry nobody looked at yet) is not in it; the scheduler's ticks follow
    within seconds.
    """
    sums: Counter[tuple[str, str, str]] = Counter()
    async for entries in _journal(world, program):
        for entry in entries:
            if entry.member is None or entry.decided_at > at:
                continue
            for wallet, source, target, amount, *_ in entry.decision.get("postings", ()):
                sums[(entry.member, wallet, source)] -= amount
                sums[(entry.member, wallet, target)] += amount
    scales = await _scales(world, program)
    own = sorted({(member, wallet) for member, wallet, _ in sums})
    for begin in range(0, len(own), _AT_ONCE):
        part = own[begin : begin + _AT_ONCE]
        profiles = await world.members.profiles(program, {member for member, _ in part})
        led = {each.merged_into for each in profiles.values()} - {None}
        profiles |= await world.members.profiles(program, {str(each) for each in led})
        yield [_balance(profiles, sums, scales[wallet], owner=(member, wallet))
               for member, wallet in part]  # fmt: skip


def _balance(
    profiles: Mapping[str, Profile],
    sums: Counter[tuple[str, str, str]],
    scale: int,
    *,
    owner: tuple[str, str],
) -> Row:
    member, wallet = owner
    profile = profiles.get(member)
    survivor = profile and profile.merged_into and profiles.get(profile.merged_into)
    shown = survivor or profile
    return {
        "member": shown.external_id if shown else member,
        "wallet": wallet,
        "spendable": to_decimal(sums[(member, wallet, "spendable")], scale),
        "pending": to_decimal(sums[(member, wallet, "pending")], scale),
        "debt": to_decimal(-sums[(member, wallet, "debt")], scale),
    }


async def _journal(world: World, program: str) -> AsyncIterator[list[Entry]]:
    for lane in await _lanes(world, program):
        seq = 0
        while entries := await world.journal.since(program, lane, seq, _AT_ONCE):
            seq = entries[-1].seq
            yield entries


async def _lanes(world: World, program: str) -> list[int]:
    """Return all lanes that ever decided anything, those of earlier epochs included."""
    now = lanes_of(await world.rulebooks.layout(program))
    return sorted({*now, *(await world.lanes.seqs(program))})


async def _scales(world: World, program: str) -> dict[str, int]:
    rulebook = await world.rulebooks.get(program)
    found: dict[str, int] = {}
    for version in rulebook.versions:
        found |= {slug: wallet.scale for slug, wallet in version.program.wallets.items()}
    return found


# ---------------------------------------------------------------- activities


async def activities(world: World, program: str) -> AsyncIterator[list[Row]]:
    """Yield what was reported, in order of arrival over all lanes, as it can be reported again."""
    names = Names(world, program)
    scale = (await world.rulebooks.get(program)).at(world.clock()).program.money_scale
    batch: list[Activity] = []
    async for activity in _arrivals(world, program):
        batch.append(activity)
        if len(batch) == _AT_ONCE:
            yield await _reported(batch, names, scale)
            batch = []
    if batch:
        yield await _reported(batch, names, scale)


async def _arrivals(world: World, program: str) -> AsyncIterator[Activity]:
    """Merge the lanes: each is in order of arrival by itself."""
    streams = [_Stream(world, program, lane) for lane in await _lanes(world, program)]
    heads = []
    for place, stream in enumerate(streams):
        if (first := await stream.next()) is not None:
            heads.append((first.received, place, first))
    heapify(heads)
    while heads:
        _, place, activity = heads[0]
        yield activity
        following = await streams[place].next()
        if following is None:
            heappop(heads)
        else:
            heapreplace(heads, (following.received, place, following))


class _Stream:
    """The reported activities of one lane, read as they are asked for."""

    def __init__(self, world: World, program: str, lane: int) -> None:
        self._world = world
        self._of = program, lane
        self._seq = 0
        self._read: list[Activity] = []

    async def next(self) -> Activity | None:
        while not self._read:
            entries = await self._world.journal.since(*self._of, self._seq, _AT_ONCE)
            if not entries:
                return None
            self._seq = entries[-1].seq
            found = [activity_from_plain(entry.activity) for entry in entries]
            self._read = [each for each in found if each.type not in _OWN][::-1]
        return self._read.pop()


async def _reported(batch: Collection[Activity], names: Names, scale: int) -> list[Row]:
    await names.learn_from(batch)
    return [reported(each, names, scale) for each in batch]
