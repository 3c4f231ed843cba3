"""Replaying the journal's scores: what a lane committed, written to Redis again.

Rule: values are absolute and the greater sequence wins, so that replaying too much does no harm.
"""

from collections.abc import Iterable

from guerdon.core.decision import Score
from guerdon.engine.records import Board, Entry, ScoreRow
from guerdon.engine.world import World

_AT_ONCE = 1_000


async def replay(world: World, program: str, lane: int, *, mark: int, seq: int) -> set[Board]:
    """Write what a lane committed after `mark` up to `seq`; return leaderboards not built yet.

    Raises:
        LiveDown: Redis does not answer; the lane's mark stays where it came to.
    """
    missing: set[Board] = set()
    while mark < seq:
        entries = await world.journal.since(program, lane, mark, _AT_ONCE)
        if not entries:
            break
        last = entries[-1].seq
        rows = latest(score_rows(entries))
        written = await world.projection.write(program, rows, lane=lane, before=mark, seq=last)
        missing |= set(written.missing)
        mark = last
    return missing


def score_rows(entries: Iterable[Entry]) -> list[ScoreRow]:
    """Return the rows that these entries wrote, in order."""
    return [
        ScoreRow(entry.member or "", entry.member_seq, Score(*fields))
        for entry in entries
        for fields in entry.decision.get("scores", ())
    ]


def latest(rows: Iterable[ScoreRow]) -> list[ScoreRow]:
    """Return the last row of each member, leaderboard and period: values are absolute."""
    found = {(row.member, row.score.leaderboard, row.score.period): row for row in rows}
    return list(found.values())
