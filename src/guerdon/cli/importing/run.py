"""One run of an import: what to send, how far an earlier run got, and what came of it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from guerdon.cli.importing.activities import Activities
from guerdon.cli.importing.columns import Columns, columns_from
from guerdon.cli.importing.derived import refuse_others
from guerdon.cli.importing.instants import Instants
from guerdon.cli.importing.lines import CsvLines, JsonLines, lines_of
from guerdon.cli.importing.mistakes import Mistakes
from guerdon.cli.importing.note import Note, NoteBook, key_of, read_through
from guerdon.cli.importing.refused import AskedWrongly, CannotGoOn, LineRefused
from guerdon.cli.importing.remote import Receipt, Remote, Target
from guerdon.cli.importing.streams import Batch, Streams
from guerdon.cli.importing.tally import Tally

_NOTE_SECONDS = 1.0
_STALLED_SECONDS = 60.0
_ASK_SECONDS_LEAST = 0.05
_ASK_SECONDS_MOST = 1.0
_DECIDED_A_SECOND = 10_000  # at the very best
_TAKEN = {"PENDING", "ACCEPTED", "DUPLICATE", "PARKED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to import, where to, and how."""

    path: Path
    url: str
    maps: tuple[str, ...] = ()
    kind: str | None = None
    shift_to_now: bool = False
    errors: Path = Path("errors.csv")
    batch: int = 1_000
    streams: int = 1
    delimiter: str | None = None
    decimal_comma: bool = False
    notes: Path | None = None

    @property
    def options(self) -> str:
        """What an interrupted run must have had in common with its continuation."""
        told = (self.kind or "", *self.maps, self.delimiter or "", str(self.decimal_comma))
        return key_of(*told, str(self.streams))


class Import:
    """One run of one order. `step` is told of all lines that were dealt with, `say` a sentence."""

    def __init__(
        self,
        order: Order,
        remote: Remote,
        *,
        say: Callable[[str], None] = lambda _: None,
        step: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._order = order
        self._remote = remote
        self._say = say
        self._step = step
        self._is_stopping = False
        refuse_others(order.path, wanted="activities")
        self._lines: CsvLines | JsonLines = lines_of(order.path, delimiter=order.delimiter)
        self._columns: Columns = columns_from(
            order.maps, header=self._lines.columns, kind=order.kind
        )
        self._digest, self.total = read_through(order.path)
        self.tally = Tally()

    def stop(self) -> None:
        """Read no further, and end when what is on its way was answered."""
        self._is_stopping = True

    async def run(self) -> Tally:
        """Import the file; return what became of its lines.

        Raises:
            AskedWrongly: An earlier import of this file was made in another way.
            CannotGoOn: The service does not answer, or not to this key.
        """
        begun = time.monotonic()
        target = await self._remote.target()
        key = key_of(self._digest, self._order.url, target.slug, target.reporter)
        self._book = NoteBook(key, self._order.notes)
        self._note = await self._recall(target)
        self._noted = begun
        makes = self._makes(target, self._note.shift_days or 0)
        streams = Streams(
            self._remote,
            count=self._order.streams,
            batch=self._order.batch,
            answered=self._answered,
        )
        continues = any(self._note.confirmed)
        try:
            with Mistakes(self._order.errors, continues=continues) as self._mistakes:
                await self._send(makes, streams)
                await (streams.settle() if self._is_stopping else streams.finish())
            if not self._is_stopping:
                self._note.is_done = True
        finally:
            streams.cancel()
            self._book.write(self._note)
        self.tally.seconds = time.monotonic() - begun
        return self.tally

    async def until_decided(self) -> None:
        """Wait until the service has decided everything it has accepted.

        Raises:
            CannotGoOn: Nothing has been decided for a minute.
        """
        begun = moved = time.monotonic()
        left = await self._remote.waiting()
        while left and not self._is_stopping:
            await asyncio.sleep(_pause(left))
            before, left = left, await self._remote.waiting()
            if left < before:
                moved = time.monotonic()
            elif time.monotonic() - moved > _STALLED_SECONDS:
                raise CannotGoOn(
                    f"{left:,} activities wait to be decided and nothing moves: does a worker run?"
                )
        self.tally.scored_seconds = self.tally.seconds + time.monotonic() - begun

    def _makes(self, target: Target, shift_days: int) -> Activities:
        return Activities(
            self._columns,
            Instants(target.timezone, target.day_start, shift_days=shift_days),
            header=self._lines.columns,
            decimal_comma=self._order.decimal_comma,
        )

    async def _recall(self, target: Target) -> Note:
        """Return what is known of earlier runs: shift and progress, as far as they still hold."""
        order = self._order
        note = self._book.read()
        if note and not (note.probe and await self._remote.knows(note.probe)):
            note = None  # it was another service at this address, or nothing was sent
        if note is None:
            note = Note(file=order.path.name, options=order.options)
            if order.shift_to_now:
                note.shift_days = self._shift(target)
        elif order.shift_to_now is (note.shift_days is None):
            how, remedy = ("without", "leave it out") if order.shift_to_now else ("with", "add it")
            raise AskedWrongly(
                f"This file was imported {how} --shift-to-now: {remedy}, because no line can "
                "count under two dates."
            )
        goes_on = (note.options, note.is_done) == (order.options, False)
        if not goes_on or len(note.confirmed) != order.streams:
            note.confirmed = [0] * order.streams
        note.options, note.is_done = order.options, False
        if note.shift_days:
            self._say(f"All dates are moved by {note.shift_days:,} days.")
        return note

    def _shift(self, target: Target) -> int:
        """Return by how many days the newest line must move to lie on today."""
        makes = self._makes(target, 0)
        newest = max(filter(None, map(makes.instant, self._lines)), default=None)
        if newest is None:
            return 0
        instants = Instants(target.timezone, target.day_start)
        return instants.days_until(newest, datetime.now(UTC))

    async def _send(self, makes: Activities, streams: Streams) -> None:
        """Send every line that was not answered in an earlier run."""
        answered = list(self._note.confirmed)
        for line in self._lines:
            if self._is_stopping:
                return
            try:
                activity = makes.of(line)
            except LineRefused as refused:
                self._mistakes.add(line.number, refused.column, refused.reason)
                self.tally.refused["cannot be read"] += 1
                continue
            stream = streams.of(activity)
            if line.number <= answered[stream]:
                self.tally.skipped += 1
                continue
            await streams.put(line.number, activity, stream)

    def _answered(self, batch: Batch, receipts: list[Receipt]) -> None:
        """Count what came of a batch, and note that it was answered."""
        for line, receipt in zip(batch.lines, receipts, strict=True):
            if not self.tally.add(receipt):
                column = self._columns.named(receipt.path)
                self._mistakes.add(line, column, receipt.reason or receipt.result.lower())
        note = self._note
        note.confirmed[batch.stream] = batch.lines[-1]
        if note.probe is None:
            taken = zip(batch.activities, receipts, strict=True)
            note.probe = next((it["activityId"] for it, got in taken if got.result in _TAKEN), None)
        self._step(self.tally.lines + self.tally.skipped)
        if time.monotonic() - self._noted > _NOTE_SECONDS:
            self._noted = time.monotonic()
            self._book.write(note)


def _pause(left: int) -> float:
    """Return how long to wait before asking again how much is left: the server counts it."""
    return min(max(left / _DECIDED_A_SECOND, _ASK_SECONDS_LEAST), _ASK_SECONDS_MOST)
