"""Reading leaderboards from Redis: pages, and rows with their ranks.

How they lie there, and who writes them: `live.projection`.
"""

from collections.abc import Sequence
from typing import Any

from guerdon.engine.outcomes import BoardPage, BoardRow
from guerdon.engine.records import Board
from guerdon.engine.refusals import NotBuilt
from guerdon.live.client import Live, Scripts
from guerdon.live.texts import keys_of, level_of, prefix_of, read
from guerdon.live.together import Together

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


class LiveBoards:
    """See `engine.ports.Boards`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._reads = Together(live, Scripts(live, page=_PAGE, around=_AROUND, rank=_RANK))

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
        names = keys_of(self._live.namespace, program, board)
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
