"""Verifying: that the books balance, and that everything else says the same as they do.

Checked are: prints of documents and the chain over the journal (`proofs`); sequences of lanes and
members without a gap; postings of whole, positive amounts; wallet totals equal to the postings;
lots in balance and adding up to the totals; the directory, what is shared and the rows of
leaderboards equal to what the journal says of them; leaderboards in Redis equal to MongoDB, row by
row. A document that does not fit its print ends it: what is read from it proves nothing. Rule:
nothing is repaired and nothing is locked here. What changes while it is looked at is looked at once
more before it is called wrong.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

from guerdon.core.decision import Score
from guerdon.core.lots import Lot, lot_of
from guerdon.core.plain import standing_from_plain
from guerdon.core.standing import PageRef, Plain, Shelf, Standing
from guerdon.engine import proofs
from guerdon.engine.epochs import locate
from guerdon.engine.outcomes import BoardRow
from guerdon.engine.records import Board, Entry
from guerdon.engine.refusals import LiveDown, NotBuilt
from guerdon.engine.verified import Offence, Progress, Verified
from guerdon.engine.world import World

__all__ = ["Offence", "Progress", "Verified", "verify"]

_AT_ONCE = 500
_PAGES_AT_ONCE = 5_000
_LOOKS = 3
_PAUSE_SECONDS = 1.0
"""Between two looks at a leaderboard: what is committed is projected a moment later."""


@dataclass(slots=True)
class _Books:
    """What the journal says of members: their last sequence and the balances of their accounts."""

    seqs: dict[str, int] = field(default_factory=dict)
    balances: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    rows: dict[tuple[str, str, int], Score] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    lanes: dict[int, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        member = entry.member or ""
        self.seqs[member] = entry.member_seq
        balance = self.balances.setdefault(member, Counter())
        for wallet, source, target, amount, *_ in entry.decision.get("postings", ()):
            balance[(wallet, source)] -= amount
            balance[(wallet, target)] += amount
        proofs.count_claims(entry, self.taken)
        for fields in entry.decision.get("scores", ()):
            score = Score(*fields)
            self.rows[(member, score.leaderboard, score.period)] = score


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


async def verify(world: World, program: str, *, progress: Progress = _silent) -> Verified:
    """Check a whole program and return what was found.

    Raises:
        StoreDown: MongoDB does not answer. Without Redis its leaderboards are left out.
    """
    found = Verified()
    await world.rulebooks.layout(program)  # there is such a program
    books = _Books()
    await proofs.prints(world, program, found, progress)
    if found.offences:
        return found
    lanes = sorted(await world.lanes.seqs(program))
    await proofs.chain(world, program, lanes, found, progress)
    for done, lane in enumerate(lanes):
        progress("journal", done, len(lanes))
        await _journal(world, program, lane, books, found)
    members = [member for member in books.seqs if member]
    for begin in range(0, len(members), _AT_ONCE):
        progress("members", begin, len(members))
        await _members(world, program, members[begin : begin + _AT_ONCE], books, found)
    await proofs.shared(world, program, found, seen=books.lanes, taken=books.taken)
    periods = [Board(*period) for period in await world.scores.periods(program)]
    for board in periods:
        await _rows(world, program, board, books, found)
    for member, leaderboard, period in books.rows:
        found.offend(
            f"scores {program}|{leaderboard}|{period}|{member}",
            "is missing, though the journal has a value for it",
        )
    try:
        for done, board in enumerate(periods):
            progress("leaderboards", done, len(periods))
            try:
                await _leaderboard(world, program, board, found)
            except NotBuilt:
                found.unbuilt += 1  # nothing wrong is shown: it is read from MongoDB
    except LiveDown:
        found.has_redis = False
    progress("done", 1, 1)
    return found


# ---------------------------------------------------------------- the journal


async def _journal(world: World, program: str, lane: int, books: _Books, found: Verified) -> None:
    committed = (await world.lanes.seqs(program)).get(lane, 0)
    seq = 0
    while entries := await world.journal.since(program, lane, seq, _AT_ONCE):
        for entry in entries:
            name = f"journal {program}|{lane}|{entry.seq}"
            if entry.seq != seq + 1:
                found.offend(name, f"the lane's entry before it is {seq}: some are missing")
            seq = entry.seq
            _entry(name, entry, books, found)
            books.add(entry)
            found.entries += 1
    books.lanes[lane] = seq
    if seq < committed:
        found.offend(f"lane {program}|{lane}", f"counts {committed} entries, the journal has {seq}")


def _entry(name: str, entry: Entry, books: _Books, found: Verified) -> None:
    if entry.member is not None and entry.member_seq != books.seqs.get(entry.member, 0) + 1:
        before = books.seqs.get(entry.member, 0)
        found.offend(
            name, f"is number {entry.member_seq} of its member, whose one before is {before}"
        )
    for posting in entry.decision.get("postings", ()):
        amount = posting[3]
        if type(amount) is not int or amount <= 0 or posting[1] == posting[2]:
            found.offend(
                name, f"has a posting that moves {amount!r} from {posting[1]} to {posting[2]}"
            )


# ---------------------------------------------------------------- standings


async def _members(
    world: World, program: str, members: list[str], books: _Books, found: Verified
) -> None:
    people = await world.evidence.people(program, members)
    async for member, standing in _standings(world, program, members):
        wrong = list(_standing(standing, member, books))
        for _ in range(_LOOKS):
            if not wrong:
                break
            wrong = await _again(world, program, member, books)
        for message in wrong:
            found.offend(f"standing {program}|{member}", message)
        found.members += 1
        if standing is not None and not wrong:
            proofs.person(program, standing, people.get(member), found)
        if standing is not None:
            found.lots += sum(len(each) for each in _lots(standing).values())


async def _again(world: World, program: str, member: str, books: _Books) -> list[str]:
    """Look at one member anew: it may have moved on since its journal was read."""
    own = _Books()
    seq = 0
    while entries := await world.journal.of_member(program, member, limit=_AT_ONCE, before=seq):
        for entry in entries:
            own.add(entry)
        seq = entries[-1].member_seq
    fresh = _Books({**books.seqs, **own.seqs}, {**books.balances, **own.balances})
    return [
        message
        async for name, standing in _standings(world, program, [member])
        for message in _standing(standing, name, fresh)
    ]


async def _standings(
    world: World, program: str, members: list[str]
) -> AsyncIterator[tuple[str, Standing | None]]:
    """Yield whole standings, with all lots in the head; of so many pages at a time."""
    layout = await world.rulebooks.layout(program)
    portion: dict[tuple[int, str], Standing | None] = {}
    pages = 0
    for member, (lane, plain) in (await locate(world, program, members, layout)).items():
        standing = portion[lane, member] = None if plain is None else standing_from_plain(plain)
        if standing is not None:
            pages += sum(standing.shelves[name].spilled for name in _spilled(standing))
        if pages >= _PAGES_AT_ONCE:
            await _pull_lots(world, program, portion)
            for (_, each), whole in portion.items():
                yield each, whole
            portion, pages = {}, 0
    await _pull_lots(world, program, portion)
    for (_, each), whole in portion.items():
        yield each, whole


async def _pull_lots(
    world: World, program: str, owners: Mapping[tuple[int, str], Standing | None]
) -> None:
    """Put the lots that lie on pages into the heads."""
    standings = {owner: standing for owner, standing in owners.items() if standing is not None}
    asked = {
        owner: [PageRef(name, "all") for name in names]
        for owner, standing in standings.items()
        if (names := _spilled(standing))
    }
    pages = await world.pages.load(program, asked) if asked else {}
    for (_, member), standing in standings.items():
        whole: dict[str, dict[str, Plain]] = {}
        for name, key, _, value in pages.get(member, ()):
            whole.setdefault(name, {})[key] = value
        for name, items in whole.items():
            head = standing.shelves[name]
            standing.shelves[name] = Shelf({**head.items, **items}, head.spilled)


def _spilled(standing: Standing) -> list[str]:
    return [name for name in _lot_shelves(standing) if standing.shelves[name].spilled]


def _lot_shelves(standing: Standing) -> list[str]:
    return [
        name for name in standing.shelves if name.partition(":")[0] in ("lots", "pending", "closed")
    ]


def _lots(standing: Standing) -> dict[str, list[Lot]]:
    """Return a standing's lots by wallet."""
    found: dict[str, list[Lot]] = {}
    for name in _lot_shelves(standing):
        wallet = name.partition(":")[2]
        lots = [lot_of(value) for value in standing.shelves[name].items.values()]
        found.setdefault(wallet, []).extend(lots)
    return found


def _standing(standing: Standing | None, member: str, books: _Books) -> Iterable[str]:
    """Yield what is wrong with a standing."""
    seq = books.seqs.get(member, 0)
    if standing is None:
        yield f"is missing, though the journal has {seq} entries"
        return
    if standing.seq != seq:
        yield f"counts {standing.seq} entries, the journal has {seq}"
        return
    if standing.status == "merged":
        return  # what it held is the survivor's now
    balance: Counter[tuple[str, str]] = Counter()
    for name in (member, *standing.absorbed):
        balance.update(books.balances.get(name, Counter()))
    lots = _lots(standing)
    for slug, state in standing.wallets.items():
        for account, total in (
            ("spendable", state.spendable),
            ("pending", state.pending),
            ("debt", -state.debt),
        ):
            posted = balance[(slug, account)]
            if posted != total:
                yield f"wallet {slug}: {account} is {total}, its postings come to {posted}"
        yield from _wallet_lots(slug, state.spendable, state.pending, lots.get(slug, []))


def _wallet_lots(slug: str, spendable: int, pending: int, lots: list[Lot]) -> Iterable[str]:
    for lot in lots:
        parts = (lot.left, lot.spent, lot.expired, lot.reversed)
        if min(parts) < 0 or lot.granted != sum(parts):
            yield f"wallet {slug}: lot {lot.no} granted {lot.granted}, but its parts are {parts}"
    free = sum(lot.left for lot in lots if lot.release is None)
    waits = sum(lot.left for lot in lots if lot.release is not None)
    if (free, waits) != (spendable, pending):
        yield f"wallet {slug}: {spendable} and {pending} pending, its lots hold {free} and {waits}"


# ---------------------------------------------------------------- leaderboards


async def _leaderboard(world: World, program: str, board: Board, found: Verified) -> None:
    wrong: dict[str, str] = {}
    for look in range(_LOOKS):
        if look:
            await asyncio.sleep(_PAUSE_SECONDS)
        stored = await _stored(world, program, board)
        differ = _differences(stored, await _shown(world, program, board))
        found.rows += len(stored)
        if differ:
            # Who has got on meanwhile may be shown either way.
            now = await _stored(world, program, board)
            differ = {
                each: said for each, said in differ.items() if now.get(each) == stored.get(each)
            }
        wrong = {each: said for each, said in differ.items() if not look or each in wrong}
        if not wrong:
            return
    first = min(wrong)
    others = f"; so it is with {len(wrong) - 1:,} others" if len(wrong) > 1 else ""
    found.offend(
        f"leaderboard {program}|{board.leaderboard}|{board.period}", f"{wrong[first]}{others}"
    )


async def _stored(world: World, program: str, board: Board) -> dict[str, tuple[int, int]]:
    rows: dict[str, tuple[int, int]] = {}
    after: str | None = None
    while page := await world.scores.rows(
        program, board.leaderboard, board.period, after=after, limit=_AT_ONCE
    ):
        rows |= {row.member: (row.score.value, row.score.at) for row in page if row.score.eligible}
        after = page[-1].member
    return rows


async def _rows(world: World, program: str, board: Board, books: _Books, found: Verified) -> None:
    """Compare the rows in MongoDB with the journal's; what is newer than that was not read."""
    after: str | None = None
    while page := await world.scores.rows(
        program, board.leaderboard, board.period, after=after, limit=_AT_ONCE
    ):
        for row in page:
            said = books.rows.pop((row.member, board.leaderboard, board.period), None)
            if row.seq > books.seqs.get(row.member, 0):
                continue
            same = said is not None and (
                (row.score.eligible, row.score.at) == (said.eligible, said.at)
                and (row.score.value == said.value or not said.eligible)
            )
            if not same:
                name = f"{board.leaderboard}|{board.period}|{row.member}"
                found.offend(
                    f"scores {program}|{name}",
                    f"has {row.score.value} as of {row.score.at}, the journal says otherwise",
                )
        after = page[-1].member


async def _shown(world: World, program: str, board: Board) -> list[BoardRow]:
    rows: list[BoardRow] = []
    while True:
        page = await world.boards.page(
            program, board, limit=_AT_ONCE, after=rows[-1] if rows else None
        )
        rows += page.rows
        if not page.has_next or not page.rows:
            return rows


def _differences(
    stored: Mapping[str, tuple[int, int]], shown: Iterable[BoardRow]
) -> dict[str, str]:
    """Return by member what is shown otherwise than it is stored."""
    there: dict[str, list[tuple[int, int]]] = {}
    for row in shown:
        there.setdefault(row.member, []).append((row.value, row.at))
    found = {}
    for member in stored.keys() | there.keys():
        should, does = stored.get(member), there.get(member, [])
        if does != ([] if should is None else [should]):
            has = " and ".join(f"{value} as of {at}" for value, at in does) or "nothing"
            said = "nothing" if should is None else f"{should[0]} as of {should[1]}"
            found[member] = f"Redis has {has} for {member}, MongoDB has {said}"
    return found
