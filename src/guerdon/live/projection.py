"""Leaderboards in Redis: a sorted set a period, and a hash that knows each member's row.

Keys `ns:{program:leaderboard:period}:z` and `:h`, in one slot of a cluster; marks of how far lanes
are projected are `ns:mark:{program}:lane`; the set `ns:unbuilt:{program}` has the leaderboards that
somebody met without `~` or began to build, and may have died of it. The hash maps a member id to
`<sequence> <prefix>`; its field `~` says that the leaderboard is whole, its field `+` who builds
it. Rules: values are absolute and the greater sequence wins, so that writing twice, late or in any
order does no harm; a leaderboard without `~` is not there, however many rows it has, and is read
from MongoDB. Whoever does not find the own `+` any more has lost what was filled in, with Redis or
to another builder, and does not call it whole. What is built apart has `:new` behind its keys and
goes by itself where its builder was killed.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from guerdon.engine.records import Board, Build, Projected, ScoreRow
from guerdon.engine.refusals import BuildLost, LiveDown, NotBuilt
from guerdon.live.client import Live, Scripts
from guerdon.live.texts import keys_of, prefix_of

_BLOCK = 5_000
_MET_MAX = 10_000
_LOST = -1
_LOCK_MS = 10_000
"""How long a builder that was killed keeps others away; who lives renews its lock in time."""
_APART_MS = 600_000
"""How long what is built apart is there without another row, or its end: its builder is dead."""

_WRITE = """
if ARGV[1] ~= '' and redis.call('HGET', KEYS[2], '+') ~= ARGV[1] then return -1 end
for i = 3, #ARGV, 4 do
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
if ARGV[2] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
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

_REMARK = """
if ARGV[2] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
local mark = redis.call('GET', KEYS[1])
if not mark or tonumber(mark) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
"""

# A leaderboard without rows has no sorted set.
_FINISH = """
if redis.call('HGET', KEYS[2], '+') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[2], '+')
redis.call('HSET', KEYS[2], '~', '0 ')
if KEYS[3] then
  redis.call('DEL', KEYS[3])
  redis.call('PERSIST', KEYS[1])
  redis.call('PERSIST', KEYS[2])
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('RENAME', KEYS[1], KEYS[3]) end
  redis.call('RENAME', KEYS[2], KEYS[4])
end
return 1
"""

_UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"

_KEEP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""


class LiveProjection:
    """See `engine.live_ports.BoardWriter`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._scripts = Scripts(
            live,
            write=_WRITE,
            mark=_MARK,
            remark=_REMARK,
            finish=_FINISH,
            unlock=_UNLOCK,
            keep=_KEEP,
        )
        self._met: set[tuple[str, Board]] = set()

    async def write(
        self, program: str, rows: Sequence[ScoreRow], *, lane: int, before: int, seq: int
    ) -> Projected:
        """Write rows and move the lane's mark, in one round trip; see `BoardWriter`."""
        by_board = _by_board(rows)
        # Whoever dies between the mark and the building leaves the name of what is to be built.
        # What was whole once needs no look ahead: it goes only with all marks, or behind our back.
        is_known = all((program, board) in self._met for board in by_board)

        async def work(client: Any) -> Projected:
            async with client.pipeline(transaction=False) as pipe:
                for board, own in by_board.items():
                    self._write(pipe, self._keys(program, board), own)
                if is_known:
                    self._move(pipe, program, lane, before, seq)
                answers = await _answers(pipe)
                missing = [board for board, got in zip(by_board, answers, strict=False) if not got]
                if missing:
                    pipe.sadd(self._unbuilt(program), *map(_word, missing))
                if not is_known:
                    self._move(pipe, program, lane, before, seq)
                later = await _answers(pipe)
            if len(self._met) > _MET_MAX:
                self._met.clear()
            self._met.update((program, board) for board in by_board if board not in missing)
            mark = (answers if is_known else later)[-1]
            return Projected(tuple(missing), None if mark is None else int(mark))

        return await self._scripts.run(work)

    def _write(
        self,
        pipe: Any,
        names: Sequence[str],
        rows: Sequence[ScoreRow],
        token: str = "",
        lasts_ms: int | None = None,
    ) -> None:
        words: list[str | int] = [token, "" if lasts_ms is None else lasts_ms]
        for row in rows:
            words += (row.member, row.seq, -row.score.value, _prefix(row))
        pipe.evalsha(self._scripts.hash("write"), 2, *names, *words)

    def _move(self, pipe: Any, program: str, lane: int, before: int, seq: int) -> None:
        pipe.evalsha(self._scripts.hash("mark"), 1, self._mark(program, lane), before, seq)

    async def begin(self, program: str, board: Board, *, apart: bool) -> Build:
        """Begin to build a leaderboard, in place or apart; who was at it before is not any more."""
        build = Build(program, board, apart, uuid4().hex)
        names = self._keys_of(build)

        async def work(client: Any) -> None:
            async with client.pipeline(transaction=False) as pipe:
                if apart:
                    pipe.delete(*names)
                pipe.hset(names[1], "+", build.token)
                if apart:
                    pipe.pexpire(names[1], _APART_MS)
                pipe.sadd(self._unbuilt(program), _word(board))
                await _answers(pipe)

        await self._live.ask(work)
        return build

    async def fill(self, build: Build, rows: Sequence[ScoreRow]) -> None:
        """Add rows."""
        names, lasts_ms = self._keys_of(build), _APART_MS if build.apart else None

        async def work(client: Any) -> None:
            async with client.pipeline(transaction=False) as pipe:
                for begin in range(0, len(rows), _BLOCK):
                    some = rows[begin : begin + _BLOCK]
                    self._write(pipe, names, some, build.token, lasts_ms)
                if _LOST in await _answers(pipe):
                    raise BuildLost

        if rows:
            await self._scripts.run(work)

    async def finish(self, build: Build) -> None:
        """Say that the leaderboard is whole; what was built apart takes the present one's place."""
        names = self._keys_of(build)
        if build.apart:
            names += self._keys(build.program, build.board)
        is_whole = await self._scripts.run(
            lambda client: client.evalsha(
                self._scripts.hash("finish"), len(names), *names, build.token
            )
        )
        if not is_whole:
            raise BuildLost

    async def built(self, build: Build) -> None:
        """Say that nothing is left to do for the leaderboard."""
        name = self._unbuilt(build.program)
        await self._live.ask(lambda client: client.srem(name, _word(build.board)))

    async def unbuilt(self, program: str) -> list[Board]:
        """Return the leaderboards that somebody met unbuilt, or began, and that nobody built."""
        name = self._unbuilt(program)
        found = await self._live.ask(lambda client: client.smembers(name))
        words = sorted(each.decode().rpartition(":") for each in found)
        return [Board(leaderboard, int(period)) for leaderboard, _, period in words]

    async def differing(self, program: str, board: Board, rows: Sequence[ScoreRow]) -> list[str]:
        """Return the members whose rows are missing, behind, or otherwise than these say."""
        if not rows:
            return []
        sorted_set, guard = self._keys(program, board)
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
        sorted_set, _ = self._keys(program, board)
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

    async def mark(
        self, program: str, marks: Mapping[int, int], *, held: str | None = None
    ) -> None:
        """Set marks after a rebuild, never backwards, and only while the lock is `held`."""
        lock = self._lock(program)

        async def work(client: Any) -> None:
            async with client.pipeline(transaction=False) as pipe:
                for lane, seq in marks.items():
                    names = (self._mark(program, lane), lock)
                    pipe.evalsha(self._scripts.hash("remark"), 2, *names, seq, held or "")
                if not all(await _answers(pipe)):
                    raise BuildLost

        if marks:
            await self._scripts.run(work)

    @asynccontextmanager
    async def lock(self, program: str, board: Board | None = None) -> AsyncIterator[str | None]:
        """Hold the lock of building a leaderboard, or all of them; None where another holds it."""
        name = self._lock(program, board)
        token = uuid4().hex
        held = bool(
            await self._live.ask(lambda client: client.set(name, token, nx=True, px=_LOCK_MS))
        )
        if not held:
            yield None
            return
        keeping = asyncio.create_task(self._keep(name, token))
        try:
            yield token
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

    def _keys(self, program: str, board: Board) -> tuple[str, ...]:
        return keys_of(self._live.namespace, program, board)

    def _keys_of(self, build: Build) -> tuple[str, ...]:
        return keys_of(self._live.namespace, build.program, build.board, apart=build.apart)

    def _lock(self, program: str, board: Board | None = None) -> str:
        what = "all" if board is None else _word(board)
        return f"{self._live.namespace}:lock:{{{program}}}:{what}"

    def _mark(self, program: str, lane: int) -> str:
        return f"{self._live.namespace}:mark:{{{program}}}:{lane}"

    def _unbuilt(self, program: str) -> str:
        return f"{self._live.namespace}:unbuilt:{{{program}}}"


def _word(board: Board) -> str:
    return f"{board.leaderboard}:{board.period}"


async def _answers(pipe: Any) -> list[Any]:
    """Send what a pipeline holds, all of it, and raise the first error among the answers."""
    answers: list[Any] = await pipe.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _prefix(row: ScoreRow) -> str:
    """Return what stands before the member id; nothing for a row that was taken away."""
    return prefix_of(row.score.value, row.score.at) if row.score.eligible else ""


def _by_board(rows: Sequence[ScoreRow]) -> dict[Board, list[ScoreRow]]:
    found: dict[Board, list[ScoreRow]] = {}
    for row in rows:
        found.setdefault(Board(row.score.leaderboard, row.score.period), []).append(row)
    return found
