"""Leaderboards in Redis: a sorted set a period, and a hash that knows each member's row.

Keys `ns:{program:leaderboard:period}:z` and `:h`, in one slot of a cluster; marks of how far lanes
are projected are `ns:mark:{program}:lane`. The hash maps a member id to `<sequence> <prefix>`; its
field `~` says that the leaderboard is whole. Rules: values are absolute and the greater sequence
wins, so that writing twice, late or in any order does no harm; a leaderboard without `~` is not
there, however many rows it has, and is read from MongoDB.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from guerdon.engine.outcomes import BoardPage, BoardRow
from guerdon.engine.records import Board, Projected, ScoreRow
from guerdon.engine.refusals import LiveDown, NotBuilt
from guerdon.live.client import Live, Scripts
from guerdon.live.texts import level_of, prefix_of, read
from guerdon.live.together import Together

_BLOCK = 5_000
_LOCK_MS = 10_000
"""How long a builder that was killed keeps others away; who lives renews its lock in time."""

_WRITE = """
for i = 1, #ARGV, 4 do
  local member, seq, score, prefix = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local old = redis.call('HGET', KEYS[2], member)
  local cut = old and string.find(old, ' ', 1, true)
  if not old or tonumber(string.sub(old, 1, cut - 1)) < tonumber(seq) then
    local before = old and string.sub(old, cut + 1) or ''
    if before ~= '' and before ~= prefix then redis.call('ZREM', KEYS[1], before .. member) end
    if prefix ~= '' then redis.call('ZADD', KEYS[1], score, prefix .. member) end
    redis.call('HSET', KEYS[2], member, seq .. ' ' .. prefix)
  end
end
return redis.call('HEXISTS', KEYS[2], '~')
"""

_MARK = """
local mark = redis.call('GET', KEYS[1])
if not mark and ARGV[1] == '0' then mark = '0' end
if mark and tonumber(mark) >= tonumber(ARGV[1]) and tonumber(mark) < tonumber(ARGV[2]) then
  mark = ARGV[2]
  redis.call('SET', KEYS[1], mark)
end
return mark
"""

# Texts are compared byte by byte: Lua's own comparison follows the server's locale.
_PLACE = """
if redis.call('HEXISTS', KEYS[2], '~') == 0 then return false end
local function beyond(text, than)
  for i = 1, math.min(#text, #than) do
    local a, b = string.byte(text, i), string.byte(than, i)
    if a ~= b then return a > b end
  end
  return #text > #than
end
local function place(score, text, inclusive)
  local low = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', KEYS[1], score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call('ZRANGE', KEYS[1], middle, middle)[1]
    if beyond(found, text) or (inclusive and found == text) then high = middle
    else low = middle + 1 end
  end
  return low
end
"""

_PAGE = (
    _PLACE
    + """
local total = redis.call('ZCARD', KEYS[1])
local limit = tonumber(ARGV[2])
local first = 0
if ARGV[1] == 'after' then first = place(ARGV[3], ARGV[4], false) end
if ARGV[1] == 'before' then
  local own = place(ARGV[3], ARGV[4], true)
  first = math.max(own - limit, 0)
  limit = own - first
end
if ARGV[1] == 'last' then first = math.max(total - limit, 0) end
local rows = {}
if limit > 0 then
  rows = redis.call('ZRANGE', KEYS[1], first, first + limit - 1, 'WITHSCORES')
end
return {first, total, rows}
"""
)

_AROUND = (
    _PLACE
    + """
local own = redis.call('HGET', KEYS[2], ARGV[1])
if not own then return {0, 0, {}} end
local prefix = string.sub(own, string.find(own, ' ', 1, true) + 1)
local rank = prefix ~= '' and redis.call('ZRANK', KEYS[1], prefix .. ARGV[1])
if not rank then return {0, 0, {}} end
local first = math.max(rank - tonumber(ARGV[2]), 0)
local rows = redis.call('ZRANGE', KEYS[1], first, rank + tonumber(ARGV[3]), 'WITHSCORES')
return {first, redis.call('ZCARD', KEYS[1]), rows}
"""
)

_RANK = (
    _PLACE
    + """
return place(ARGV[1], ARGV[2], true)
"""
)

# A leaderboard without rows has no sorted set.
_SWAP = """
redis.call('HSET', KEYS[2], '~', '0 ')
redis.call('DEL', KEYS[3])
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[3]) end
redis.call('RENAME', KEYS[2], KEYS[4])
"""

_UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


_KEEP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""


class LiveBoards:
    """See `engine.world.Boards` and `engine.world.BoardWriter`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._scripts = Scripts(
            live,
            write=_WRITE,
            mark=_MARK,
            page=_PAGE,
            around=_AROUND,
            rank=_RANK,
            swap=_SWAP,
            unlock=_UNLOCK,
            keep=_KEEP,
        )
        self._reads = Together(live, self._scripts)

    # ------------------------------------------------------------ writing

    async def write(
        self, program: str, rows: Sequence[ScoreRow], *, lane: int, before: int, seq: int
    ) -> Projected:
        """Write rows and move the lane's mark, in one round trip; see `BoardWriter`."""
        by_board = _by_board(rows)

        async def work(client: Any) -> Projected:
            async with client.pipeline(transaction=False) as pipe:
                for board, own in by_board.items():
                    self._write(pipe, self._names(program, board), own)
                pipe.evalsha(self._scripts.hash("mark"), 1, self._mark(program, lane), before, seq)
                answers = await pipe.execute(raise_on_error=False)
            for answer in answers:
                if isinstance(answer, Exception):
                    raise answer
            missing = [board for board, got in zip(by_board, answers, strict=False) if not got]
            mark = answers[-1]
            return Projected(tuple(missing), None if mark is None else int(mark))

        return await self._scripts.run(work)

    def _write(self, pipe: Any, names: tuple[str, str], rows: Sequence[ScoreRow]) -> None:
        words: list[str | int] = []
        for row in rows:
            words += (row.member, row.seq, -row.score.value, _prefix(row))
        pipe.evalsha(self._scripts.hash("write"), 2, *names, *words)

    async def fill(
        self, program: str, board: Board, rows: Sequence[ScoreRow], *, apart: bool
    ) -> None:
        """Add rows, to the leaderboard in place or to one that is built apart."""
        names = self._names(program, board, apart=apart)

        async def work(client: Any) -> None:
            async with client.pipeline(transaction=False) as pipe:
                for begin in range(0, len(rows), _BLOCK):
                    self._write(pipe, names, rows[begin : begin + _BLOCK])
                for answer in await pipe.execute(raise_on_error=False):
                    if isinstance(answer, Exception):
                        raise answer

        if rows:
            await self._scripts.run(work)

    async def clear(self, program: str, board: Board) -> None:
        """Throw away what was built apart."""
        names = self._names(program, board, apart=True)
        await self._live.ask(lambda client: client.delete(*names))

    async def finish(self, program: str, board: Board) -> None:
        """Say that the leaderboard in place is whole."""
        _, guard = self._names(program, board)
        await self._live.ask(lambda client: client.hset(guard, "~", "0 "))

    async def swap(self, program: str, board: Board) -> None:
        """Put the leaderboard that was built apart in the place of the present one."""
        apart = self._names(program, board, apart=True)
        present = self._names(program, board)

        names = (*apart, *present)
        await self._scripts.run(
            lambda client: client.evalsha(self._scripts.hash("swap"), len(names), *names)
        )

    async def differing(self, program: str, board: Board, rows: Sequence[ScoreRow]) -> list[str]:
        """Return the members whose rows are missing, behind, or otherwise than these say."""
        if not rows:
            return []
        sorted_set, guard = self._names(program, board)
        prefixes = [_prefix(row) for row in rows]
        texts = [prefix + row.member for prefix, row in zip(prefixes, rows, strict=True)]

        async def work(client: Any) -> Any:
            async with client.pipeline(transaction=False) as pipe:
                pipe.hget(guard, "~")
                pipe.hmget(guard, [row.member for row in rows])
                pipe.zmscore(sorted_set, texts)
                return await pipe.execute()

        whole, guards, scores = await self._live.ask(work)
        if whole is None:
            raise NotBuilt
        found = []
        for row, prefix, known, score in zip(rows, prefixes, guards, scores, strict=True):
            seq, _, written = (known or b"-1 ").decode().partition(" ")
            is_ahead = int(seq) > row.seq
            expected = -float(row.score.value) if row.score.eligible else None
            is_equal = int(seq) == row.seq and written == prefix and score == expected
            if not is_ahead and not is_equal:
                found.append(row.member)
        return found

    async def size(self, program: str, board: Board) -> int:
        """Return how many rows are shown."""
        sorted_set, _ = self._names(program, board)
        counted: int = await self._live.ask(lambda client: client.zcard(sorted_set))
        return counted

    async def marks(self, program: str, lanes: Collection[int]) -> dict[int, int | None]:
        """Return up to which sequence each lane is projected; None where that is not known."""
        names = [self._mark(program, lane) for lane in lanes]
        found = await self._live.ask(lambda client: client.mget(names)) if names else []
        return {
            lane: None if mark is None else int(mark)
            for lane, mark in zip(lanes, found, strict=True)
        }

    async def mark(self, program: str, marks: Mapping[int, int]) -> None:
        """Set marks after a rebuild, never backwards."""

        async def work(client: Any) -> None:
            for lane, seq in marks.items():
                name = self._mark(program, lane)
                await client.set(name, "0", nx=True)
                await client.evalsha(self._scripts.hash("mark"), 1, name, 0, seq)

        await self._scripts.run(work)

    @asynccontextmanager
    async def lock(self, program: str, board: Board | None = None) -> AsyncIterator[bool]:
        """Hold the lock of building a leaderboard, or all of them; False where another holds it."""
        what = "all" if board is None else f"{board.leaderboard}:{board.period}"
        name = f"{self._live.namespace}:lock:{program}:{what}"
        token = uuid4().hex
        held = bool(
            await self._live.ask(lambda client: client.set(name, token, nx=True, px=_LOCK_MS))
        )
        if not held:
            yield False
            return
        keeping = asyncio.create_task(self._keep(name, token))
        try:
            yield True
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await self._scripts.run(
                lambda client: client.evalsha(self._scripts.hash("unlock"), 1, name, token)
            )

    async def _keep(self, name: str, token: str) -> None:
        """Hold a lock for as long as the work takes."""
        while True:
            await asyncio.sleep(_LOCK_MS / 3_000)
            with suppress(LiveDown):  # then the lock is gone, or kept the next time
                await self._scripts.run(
                    lambda client: client.evalsha(
                        self._scripts.hash("keep"), 1, name, token, _LOCK_MS
                    )
                )

    # ------------------------------------------------------------ reading

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
        """Return the rows behind `after` or before `before`, in order."""
        words: list[str | int] = ["last" if from_end else "first", limit]
        if (cursor := before or after) is not None:
            text = prefix_of(cursor.value, cursor.at) + cursor.member
            words = ["before" if before else "after", limit, -cursor.value, text]
        first, total, rows = await self._ask(program, board, "page", words)
        return BoardPage(
            rows=tuple(await self._rows(program, board, first, rows)),
            total=total,
            has_previous=first > 0,
            has_next=first + len(rows) // 2 < total,
        )

    async def row(self, program: str, board: Board, member: str) -> BoardRow | None:
        """Return a member's row."""
        found = await self.around(program, board, member, above=0, below=0)
        return found[0] if found else None

    async def around(
        self, program: str, board: Board, member: str, *, above: int, below: int
    ) -> list[BoardRow]:
        """Return a member's row between its neighbours; nothing where the member has none."""
        first, _, rows = await self._ask(program, board, "around", [member, above, below])
        return await self._rows(program, board, first, rows)

    async def _ask(
        self, program: str, board: Board, script: str, words: Sequence[str | int]
    ) -> Any:
        names = self._names(program, board)
        answer = await self._reads.ask((script, names, tuple(words)))
        if answer is None:
            raise NotBuilt
        return answer

    async def _rows(
        self, program: str, board: Board, first: int, flat: Sequence[bytes]
    ) -> list[BoardRow]:
        found = [read(flat[i].decode(), flat[i + 1].decode()) for i in range(0, len(flat), 2)]
        ranks = list(range(first + 1, first + 1 + len(found)))
        if board.shared_ranks and found:
            value = found[0][0]
            before = await self._ask(program, board, "rank", [-value, level_of(value)])
            ranks[0] = before + 1
            for i in range(1, len(found)):
                if found[i][0] == found[i - 1][0]:
                    ranks[i] = ranks[i - 1]
        return [
            BoardRow(rank=rank, member=member, value=value, at=at)
            for rank, (value, at, member) in zip(ranks, found, strict=True)
        ]

    # ------------------------------------------------------------ names

    def _names(self, program: str, board: Board, *, apart: bool = False) -> tuple[str, str]:
        tag = f"{self._live.namespace}:{{{program}:{board.leaderboard}:{board.period}}}"
        end = ":new" if apart else ""
        return f"{tag}:z{end}", f"{tag}:h{end}"

    def _mark(self, program: str, lane: int) -> str:
        return f"{self._live.namespace}:mark:{{{program}}}:{lane}"


def _prefix(row: ScoreRow) -> str:
    """Return what stands before the member id; nothing for a row that was taken away."""
    return prefix_of(row.score.value, row.score.at) if row.score.eligible else ""


def _by_board(rows: Sequence[ScoreRow]) -> dict[Board, list[ScoreRow]]:
    found: dict[Board, list[ScoreRow]] = {}
    for row in rows:
        found.setdefault(Board(row.score.leaderboard, row.score.period), []).append(row)
    return found
