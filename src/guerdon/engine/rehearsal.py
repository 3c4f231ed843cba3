"""Rehearsals through the real stack: accept, inbox, lanes, commit, projections, under their clock.

Rule: time is the scenario's and everything else is the service's. Before each activity and each
checkpoint the ticks that are due are written and all lanes drained, so that what is found is what a
service would show that had kept up. Leases, deadlines and the order of processes use the machine's
clock. Who is compared with what, and how, is `program.rehearse`.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from time import monotonic

from guerdon.core.activity import Activity, Instant, Line
from guerdon.core.amounts import to_decimal
from guerdon.core.leaderboards import period_of
from guerdon.engine import accept, code_pools
from guerdon.engine.arrivals import Arrivals as Order
from guerdon.engine.inputs import ActivityInput, Identity, LineInput, MemberRef
from guerdon.engine.keys import ADMIN_SCOPES
from guerdon.engine.outcomes import BoardRow, Receipt
from guerdon.engine.outcomes import Result as Outcome
from guerdon.engine.publish import publish
from guerdon.engine.records import Batch, Board, Entry
from guerdon.engine.refusals import LiveDown
from guerdon.engine.score import visit_lane
from guerdon.engine.settle import tick_due
from guerdon.engine.stored import look
from guerdon.engine.world import Caller, Role, World, reporter_of
from guerdon.program.arrivals import Arrivals, Result
from guerdon.program.expectations import Checkpoint
from guerdon.program.rehearse import Comparison, Mismatch, Report, steps
from guerdon.program.scenario import Reported, Scenario

PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.01
_TICKS_MAX = 100
_AT_ONCE = 500
_LINE_FIELDS = ("sku", "category", "brand")
_OPEN = (Outcome.PENDING, Outcome.PARKED)


class Stuck(Exception):
    """The stack does not come to rest; the message says what still waits."""


async def rehearse(world: World, scenario: Scenario) -> Report:
    """Publish a scenario's program in an empty World, play the scenario there, and compare.

    Raises:
        Stuck: Time or the inboxes do not come to an end.
        ValueError: The scenario has mistakes; show those instead.
    """
    return await play(Stage(world, Comparison(scenario).program.id), scenario)


async def play(stage: "Stage", scenario: Scenario) -> Report:
    """Play a scenario on a stage, and compare; the stage says how activities are reported.

    Raises:
        Stuck: Time or the inboxes do not come to an end.
        ValueError: The scenario has mistakes; show those instead.
    """
    comparison = Comparison(scenario)
    await publish(stage.world, scenario.document, program=comparison.program.id)
    await stage.prepare()
    for step in steps(scenario):
        if isinstance(step, Checkpoint):
            await stage.tick(step.at)
            found = await stage.look()
            comparison.check(found, step)
            if step.leaderboard is not None:
                for mismatch in await stage.live_ranks(found, step):
                    comparison.note(mismatch)
        else:
            await stage.tick(step.activity.received)
            await stage.take(step, comparison.program.money_scale)
    return comparison.report(await stage.look())


@dataclass(slots=True)
class _Clock:
    """The scenario's time, which whoever plays it moves on."""

    now: Instant = Instant(0)

    def __call__(self) -> Instant:
        return self.now


_CODES = 1_000
"""Codes in each pool of a rehearsal."""


class _Quiet:
    """Wakes nobody: the lanes are drained by whoever plays."""

    def wake(self, program: str, lanes: Collection[int]) -> None:
        """Let it be."""
        del program, lanes

    async def heard(self, program: str, lane: int) -> None:
        """Let it be."""
        del program, lane


def _apart(external_id: str) -> str:
    """Return a new member's id: another one than the owner's, and in the same order.

    Where leaderboards are otherwise even the id decides, and expectations name the owner's ids.
    """
    return f"m:{external_id}"


class Stage:
    """A program in a World whose clock stands still between steps."""

    def __init__(self, world: World, program: str) -> None:
        self._clock = _Clock()
        self._commit = world.commit
        self.world = replace(
            world,
            clock=self._clock,
            next_order=Order(self._clock),
            new_member=_apart,
            hints=_Quiet(),
            commit=self._committed,
        )
        self._program = program
        self._caller = Caller(
            program=program,
            role=Role.SERVICE,
            reporter=reporter_of(Role.SERVICE),
            scopes=ADMIN_SCOPES,
        )
        self._results: dict[str, list[Result]] = {}
        self._open: dict[str, Result] = {}
        self._failures: dict[str, str] = {}
        self._order: dict[tuple[int, int], int] = {}
        self._journal: list[Entry] = []
        self._read: dict[int, int] = {}

    async def prepare(self) -> None:
        """Fill the pools that rewards name: in a rehearsal codes do not run out."""
        rulebook = await self.world.rulebooks.get(self._program)
        rewards = [it for version in rulebook.versions for it in version.program.rewards.values()]
        for pool in sorted({it.codes for it in rewards if it.codes is not None}):
            await code_pools.generate(self.world, self._program, pool, "#" * 12, _CODES)

    async def _committed(self, batch: Batch) -> None:
        """Commit, and note in which order the lanes did so, and what could not be decided."""
        await self._commit(batch)
        for entry in batch.entries:
            self._order[(entry.lane, entry.seq)] = len(self._order)
        for aside in batch.failed:
            self._failures[aside.key.partition("/")[2]] = aside.reason

    # ------------------------------------------------------------ playing

    async def tick(self, to: Instant) -> None:
        """Let time pass up to an instant, for everybody, and have it decided."""
        self._clock.now = to
        for _ in range(_TICKS_MAX):
            if not await tick_due(self.world):
                return
            await self._drain()
        raise Stuck(f"{_TICKS_MAX} ticks at {to} did not bring everybody up to that instant.")

    async def take(self, reported: Reported, money_scale: int) -> None:
        """Report an activity, and have it and all that follows from it decided."""
        given = input_of(reported.activity, reported.external, money_scale)
        self.note(await self.report(given))
        await self._drain()

    async def report(self, given: ActivityInput) -> Receipt:
        """Hand in an activity, as somebody of the program's owner."""
        (receipt,) = await accept.record(self.world, self._caller, [given])
        return receipt

    def note(self, receipt: Receipt) -> None:
        """Remember what was answered; what is open is settled by the journal."""
        result = Result(receipt.result.value, receipt.reason)
        self._results.setdefault(receipt.activity_id, []).append(result)
        if receipt.result in _OPEN:
            self._open[receipt.key] = result

    async def _drain(self) -> None:
        """Decide what waits in any lane, first come first, until nothing does."""
        deadline = monotonic() + PATIENCE_SECONDS
        layout = await self.world.rulebooks.layout(self._program)
        while waiting := await self.world.inbox.lanes(self._program, layout):
            lane = min(waiting, key=lambda lane: waiting[lane])
            visit = await visit_lane(self.world, self._program, lane)
            if visit.taken == 0:
                if monotonic() > deadline:
                    raise Stuck(f"Lane {lane} still waits: {waiting[lane]} is not decided.")
                await asyncio.sleep(_PAUSE_SECONDS)  # somebody else's lease on it is running out

    # ------------------------------------------------------------ looking

    async def look(self) -> Arrivals:
        """Return what is stored now, with the results of all that was reported."""
        for lane, seq in (await self.world.lanes.seqs(self._program)).items():
            while self._read.get(lane, 0) < seq:
                entries = await self.world.journal.since(
                    self._program, lane, self._read.get(lane, 0), _AT_ONCE
                )
                self._journal += entries
                self._read[lane] = entries[-1].seq
        self._journal.sort(key=lambda entry: self._order[(entry.lane, entry.seq)])
        found = await look(self.world, self._program, self._journal, at=self._clock.now)
        found.results = self._decided()
        found.failures = self._failures
        return found

    def _decided(self) -> dict[str, list[Result]]:
        """Return the last word on everything: of what was reported, and of what it caused."""
        found = {name: list(results) for name, results in self._results.items()}
        for entry in self._journal:
            result, reason = entry.decision["result"], entry.decision.get("reason")
            known = self._open.get(entry.key)
            if known is not None:
                known.result, known.reason = result, reason
            elif entry.activity["type"] != "tick":
                found.setdefault(entry.activity["id"], []).append(Result(result, reason))
        return found

    async def live_ranks(self, found: Arrivals, checkpoint: Checkpoint) -> list[Mismatch]:
        """Return where Redis shows another leaderboard than MongoDB has stored."""
        slug = checkpoint.leaderboard or ""
        memory = found.memory
        board = memory.program.leaderboards[slug]
        period = period_of(board, memory.rulebook.calendar, checkpoint.at)
        rows = memory.scores.get((slug, period), {})
        stored = sorted(
            ((-score.value, score.at, name) for name, score in rows.items() if score.eligible)
        )
        names = {memory.survivor(name): name for name in rows}
        try:
            shown = await self._live(Board(slug, period, board.shared_ranks))
            live = [(-row.value, row.at, names.get(row.member, row.member)) for row in shown]
        except LiveDown:
            live = []  # a leaderboard without rows need not be there
        if live == stored:
            return []
        return [
            Mismatch(
                line=checkpoint.line,
                at=checkpoint.written_at,
                about=f"{slug} in Redis",
                expected=_rows(stored),
                found=_rows(live),
            )
        ]

    async def _live(self, board: Board) -> list[BoardRow]:
        """Return all rows that Redis has."""
        rows: list[BoardRow] = []
        while True:
            page = await self.world.boards.page(
                self._program, board, limit=_AT_ONCE, after=rows[-1] if rows else None
            )
            rows += page.rows
            if not page.has_next:
                return rows


def _rows(rows: list[tuple[int, Instant, str]]) -> str:
    return ", ".join(f"{name} {-value} at {at}" for value, at, name in rows) or "nobody"


# ---------------------------------------------------------------- reporting


def input_of(
    activity: Activity, external: tuple[str, str] | None, money_scale: int
) -> ActivityInput:
    """Return an activity as a client reports it: decimals, and names instead of ids."""
    member = None
    if external is not None:
        member = MemberRef(identity=Identity(*external))
    elif activity.member is not None:
        member = MemberRef(external_id=activity.member)
    data = dict(activity.data)
    amount: Decimal | None = None
    lines: tuple[LineInput, ...] | None = None
    if len(activity.lines) == 1 and activity.lines[0].whole:
        amount = to_decimal(activity.lines[0].amount, money_scale)
        data |= activity.lines[0].fields
    elif activity.lines:
        lines = tuple(_line(line, money_scale) for line in activity.lines)
    return ActivityInput(
        id=activity.id,
        type=activity.type,
        at=activity.at,
        member=member,
        partner=activity.partner,
        ref=activity.ref,
        amount=amount,
        lines=lines,
        data=data,
    )


def _line(line: Line, money_scale: int) -> LineInput:
    named = {
        name: value
        for name, value in line.fields.items()
        if name in _LINE_FIELDS and isinstance(value, str)
    }
    return LineInput(
        amount=to_decimal(line.amount, money_scale),
        sku=named.get("sku"),
        category=named.get("category"),
        brand=named.get("brand"),
        data={name: value for name, value in line.fields.items() if name not in named},
    )
