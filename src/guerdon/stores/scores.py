"""Scores: one row a member, leaderboard and period, written by the lane's transaction.

`{_id: program|lane|leaderboard|period|member, b: program|leaderboard|period, m: member, q: the
member's seq, v: value, t: reached at, e: end}`; a row without `v` was taken away, and stays to say
since which sequence. Redis is a projection of these; where Redis is down they are read instead, in
the same order: value descending, instant ascending, member id.
"""

from pymongo.read_concern import ReadConcern

from guerdon.core.activity import Instant
from guerdon.core.decision import Score
from guerdon.engine.outcomes import BoardPage, BoardRow
from guerdon.engine.records import Board, ScoreRow
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, lane_key, within
from guerdon.stores.prints import Whole, printed

_FORWARD = [("v", -1), ("t", 1), ("m", 1)]
_BACKWARD = [("v", 1), ("t", -1), ("m", -1)]


class ScoreStore:
    """See `engine.world.Scores` and `engine.world.Boards`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    # ------------------------------------------------------------ for rebuilding

    async def rows(
        self, program: str, leaderboard: str, period: int, *, after: str | None, limit: int
    ) -> list[ScoreRow]:
        """Return rows by ascending member id, removed ones included, as they were at one instant.

        A read that goes on while others write could meet a row twice.
        """
        scores = self._mongo["scores"].with_options(read_concern=ReadConcern("snapshot"))
        query: Document = {"b": key(program, leaderboard, str(period))}
        if after is not None:
            query["m"] = {"$gt": after}
        with unit_of_work(30):
            cursor = scores.find(query).sort("m", 1).limit(limit)
            rows = await cursor.to_list(None)
        return [ScoreRow(row["m"], row["q"], _score(row, leaderboard, period)) for row in rows]

    async def periods(self, program: str) -> list[tuple[str, int]]:
        """Return all (leaderboard, period) that have rows, one read each."""
        found: list[tuple[str, int]] = []
        span: Document = within(program)
        with unit_of_work(30):
            while True:
                row = await self._mongo["scores"].find_one(
                    {"b": span}, {"b": 1, "_id": 0}, sort=[("b", 1), ("m", 1)]
                )
                if row is None:
                    return found
                leaderboard, _, period = behind(row["b"], program).rpartition("|")
                found.append((leaderboard, int(period)))
                span = {"$gt": row["b"], "$lt": within(program)["$lt"]}

    # ------------------------------------------------------------ for reading without Redis

    async def page(
        self,
        program: str,
        board: Board,
        *,
        limit: int,
        after: BoardRow | None = None,
        before: BoardRow | None = None,
        from_end: bool = False,
    ) -> BoardPage:
        """Return the rows behind `after` or before `before`, or the last ones, in order."""
        name = _name(program, board)
        backward = from_end or before is not None
        cursor, order = (before, _BACKWARD) if backward else (after, _FORWARD)
        query: Document = {"b": name, "v": {"$exists": True}}
        if cursor is not None:
            query = _beyond(name, cursor, backward=backward)
        with unit_of_work():
            found = self._mongo["scores"].find(query).sort(order).limit(limit)
            rows = await found.to_list(None)
            total = await self._count({"b": name, "v": {"$exists": True}})
            if backward:
                rows.reverse()
            first = await self._place(name, rows[0]) if rows else 0
            ranks = await self._ranks(name, board, rows, first)
        return BoardPage(
            rows=tuple(_row(row, rank) for row, rank in zip(rows, ranks, strict=True)),
            total=total,
            has_previous=bool(rows) and first > 1,
            has_next=bool(rows) and first + len(rows) <= total,
        )

    async def row(self, program: str, board: Board, member: str) -> BoardRow | None:
        """Return a member's row."""
        name = _name(program, board)
        with unit_of_work():
            found = await self._mongo["scores"].find_one(
                {"b": name, "m": member, "v": {"$exists": True}}
            )
            if found is None:
                return None
            (rank,) = await self._ranks(name, board, [found], await self._place(name, found))
        return _row(found, rank)

    async def around(
        self, program: str, board: Board, member: str, *, above: int, below: int
    ) -> list[BoardRow]:
        """Return a member's row between its neighbours; nothing where the member has none."""
        own = await self.row(program, board, member)
        if own is None:
            return []
        over = await self.page(program, board, limit=above, before=own) if above else None
        under = await self.page(program, board, limit=below, after=own) if below else None
        return [*(over.rows if over else ()), own, *(under.rows if under else ())]

    async def _count(self, query: Document) -> int:
        counted: int = await self._mongo["scores"].count_documents(query)
        return counted

    async def _place(self, name: str, row: Document) -> int:
        """Return the place of a row: one more than the rows before it."""
        here = BoardRow(rank=0, member=row["m"], value=row["v"], at=row["t"])
        return 1 + await self._count(_beyond(name, here, backward=True))

    async def _ranks(self, name: str, board: Board, rows: list[Document], first: int) -> list[int]:
        places = list(range(first, first + len(rows)))
        if not board.shared_ranks or not rows:
            return places
        ranks = [1 + await self._count({"b": name, "v": {"$gt": rows[0]["v"]}})]
        for index in range(1, len(rows)):
            same = rows[index]["v"] == rows[index - 1]["v"]
            ranks.append(ranks[-1] if same else places[index])
        return ranks


def score_document(program: str, lane: int, row: ScoreRow) -> Whole:
    """Return a row as it is stored."""
    score = row.score
    document: Document = {
        "_id": score_name(program, lane, row),
        "b": key(program, score.leaderboard, str(score.period)),
        "m": row.member,
        "q": row.seq,
        "t": score.at,
    }
    if score.eligible:
        document["v"] = score.value
    if score.ends is not None:
        document["e"] = score.ends
    return printed(document)


def score_name(program: str, lane: int, row: ScoreRow) -> str:
    """Return the id of a row."""
    score = row.score
    return lane_key(program, lane, score.leaderboard, str(score.period), row.member)


def _name(program: str, board: Board) -> str:
    return key(program, board.leaderboard, str(board.period))


def _beyond(name: str, row: BoardRow, *, backward: bool) -> Document:
    less, greater = ("$gt", "$lt") if backward else ("$lt", "$gt")
    return {
        "b": name,
        "$or": [
            {"v": {less: row.value}},
            {"v": row.value, "t": {greater: row.at}},
            {"v": row.value, "t": row.at, "m": {greater: row.member}},
        ],
    }


def _score(row: Document, leaderboard: str, period: int) -> Score:
    return Score(
        leaderboard=leaderboard,
        period=Instant(period),
        ends=row.get("e"),
        value=row.get("v", 0),
        at=Instant(row["t"]),
        eligible="v" in row,
    )


def _row(row: Document, rank: int) -> BoardRow:
    return BoardRow(rank=rank, member=row["m"], value=row["v"], at=Instant(row["t"]))
