"""Statements: issued for each partner and month once the month is safely over, and never changed.

Rule: a statement is a reading of the journal between two instants, which stays the same however
often it is read; what was issued keeps totals and a hash over its lines, so that anybody can prove
a line. A partner reads members under names of its own.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from fractions import Fraction

from guerdon.core.activity import Instant
from guerdon.core.plain import activity_from_plain, postings_from_plain
from guerdon.core.program import Window, WindowKind
from guerdon.core.rulebook import Rulebook
from guerdon.core.statements import Line, lines_of, summed
from guerdon.engine.by_program import by_program
from guerdon.engine.outcomes import Problem
from guerdon.engine.pseudonyms import sealed, veil_of
from guerdon.engine.records import Dispute, Entry, Issued
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.world import World

SAFELY_MS = 3_600_000
"""How long after a month its statement is issued: whatever was decided in it is written by then."""

DISPUTED_MAX = 1_000
REASON_MAX = 2_000
_AT_ONCE = 500
_MONTH = Window(WindowKind.MONTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line: where it stands in the journal is its proof, and its id in a dispute."""

    proof: str
    activity: str
    type: str
    member: str
    at: Instant
    decided_at: Instant
    line: Line

    def text(self) -> str:
        """Return the line as it is hashed; prepaid units are named where there are any."""
        figures = [self.line.wallet, self.line.issued, self.line.redeemed, self.line.amount]
        if self.line.prepaid:
            figures.append(self.line.prepaid)
        return "|".join(map(str, (self.proof, self.activity, self.at, self.decided_at, *figures)))


async def issue(world: World) -> int:
    """Issue what is due in all programs; a month of a busy partner takes its time.

    Raises:
        StoreDown: The database does not answer; what is missing is issued later.
    """
    return await by_program(world, issue_due)


async def issue_due(world: World, program: str) -> int:
    """Issue every statement whose month is over; return how many this made. Again makes none."""
    rulebook = await world.rulebooks.get(program)
    partners = {slug for version in rulebook.versions for slug in version.program.partners}
    if not partners:
        return 0
    last = await world.statements.last(program)
    made = 0
    for partner in sorted(partners):
        made += await _issue(world, rulebook, partner, last.get(partner))
    return made


async def _issue(world: World, rulebook: Rulebook, partner: str, last: Issued | None) -> int:
    program, now = rulebook.id, world.clock()
    if last is None:
        first = await world.journal.settled(program, partner, Instant(0), Instant(now), limit=1)
        if not first:
            return 0
        begin, _ = rulebook.calendar.bounds(_MONTH, first[0].decided_at)
        before = Fraction(0)
    else:
        begin, before = last.end, Fraction(last.until)
    made = 0
    while True:
        begin, end = rulebook.calendar.bounds(_MONTH, begin)
        assert end is not None, "a month ends"
        if end + SAFELY_MS > now:
            return made
        lines = [line async for line in lines_between(world, rulebook, partner, begin, end)]
        sums = summed([each.line for each in lines], before, _digits(rulebook, begin))
        statement = Issued(
            partner=partner,
            begin=begin,
            end=end,
            issued=str(sums.issued),
            redeemed=str(sums.redeemed),
            prepaid=str(sums.prepaid),
            balance=sums.balance,
            until=str(sums.until),
            lines=len(lines),
            digest=digest_of(lines),
            issued_at=now,
        )
        made += await world.statements.add(program, statement)
        begin, before = end, sums.until


def _digits(rulebook: Rulebook, at: Instant) -> int:
    return rulebook.at(at).program.money_scale


def digest_of(lines: list[StatementLine]) -> str:
    """Return the hash that a statement with these lines has."""
    hashed = hashlib.sha256()
    for line in lines:
        hashed.update(line.text().encode() + b"\n")
    return hashed.hexdigest()


async def lines_between(
    world: World, rulebook: Rulebook, partner: str, begin: Instant, end: Instant
) -> AsyncIterator[StatementLine]:
    """Yield what was decided between two instants in the partner's accounts, in order."""
    veil = await veil_of(world, rulebook.id, partner)
    after: Entry | None = None
    while True:
        entries = await world.journal.settled(
            rulebook.id, partner, begin, end, limit=_AT_ONCE, after=after
        )
        for entry in entries:
            activity = activity_from_plain(entry.activity)
            postings = postings_from_plain(entry.decision.get("postings", ()))
            for line in lines_of(rulebook, partner, postings, activity.at):
                yield StatementLine(
                    proof=f"{entry.lane}-{entry.seq}",
                    activity=activity.id if activity.reporter == f"partner:{partner}" else "",
                    type=activity.type,
                    member=sealed(veil, entry.member or ""),
                    at=activity.at,
                    decided_at=entry.decided_at,
                    line=line,
                )
        if len(entries) < _AT_ONCE:
            return
        after = entries[-1]


async def lines(world: World, program: str, statement: Issued) -> list[StatementLine]:
    """Return the lines of an issued statement.

    Raises:
        ValueError: They are not those that it was issued with, which must never happen.
    """
    rulebook = await world.rulebooks.get(program)
    found = [
        line
        async for line in lines_between(
            world, rulebook, statement.partner, statement.begin, statement.end
        )
    ]
    if digest_of(found) != statement.digest:
        raise ValueError("The journal no longer says what this statement was issued with.")
    return found


async def dispute(
    world: World, program: str, partner: str, begin: int, *, lines: list[str], reason: str
) -> Issued:
    """Note which lines a partner disputes, and why; what is right comes in a later statement.

    Raises:
        NotFound: The partner has no such statement, or it has no such line.
        InvalidInput: No reason, or too many lines.
    """
    if not 1 <= len(reason.strip()) <= REASON_MAX or len(lines) > DISPUTED_MAX:
        message = f"Give a reason (up to {REASON_MAX} characters) and at most {DISPUTED_MAX} lines."
        raise InvalidInput((Problem(code="INVALID_INPUT", message=message, path=("reason",)),))
    statement = await world.statements.find(program, partner, begin)
    if statement is None:
        raise NotFound("statement", ("id",))
    known = {line.proof for line in await _lines_of(world, program, statement)}
    if not known.issuperset(lines):
        raise NotFound("line of this statement", ("lines",))
    said = Dispute(tuple(lines), reason, world.clock())
    found = await world.statements.dispute(program, partner, begin, said)
    assert found is not None, "a statement is never deleted"
    return found


_lines_of = lines
