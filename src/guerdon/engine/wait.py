"""Waiting for decisions, bounded: notified over Redis, read from MongoDB.

Rule: what is answered was read from the journal; a notification only saves waiting for the next
look. After the limit the answer is what is known by then, and nothing is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic

from guerdon.engine.entries import entry_of, failed_entry
from guerdon.engine.outcomes import JournalEntry, Receipt, Result
from guerdon.engine.records import Topic
from guerdon.engine.world import World

_LOOK_MS = 200
_MOVED_EVERY = 5
"""Every so many looks it is asked where activities are: a merge, or more lanes, moves them."""


async def decided(
    world: World,
    program: str,
    receipts: Sequence[Receipt],
    lanes: Mapping[str, int],
    *,
    wait_ms: int,
) -> list[Receipt]:
    """Return the receipts with what was decided within the limit; `lanes` has those to wait for."""
    until = monotonic() + wait_ms / 1_000
    open_keys = dict(lanes)
    looks = 0
    found: dict[str, JournalEntry] = {}
    topics = {Topic("lane", str(lane)) for lane in lanes.values()}
    async with world.channels.listen(program, topics) as signal:
        while open_keys:
            fresh = await _look(world, program, open_keys)
            found |= fresh
            for key in fresh:
                del open_keys[key]
            if open_keys and looks % _MOVED_EVERY == _MOVED_EVERY - 1:
                await _follow(world, program, open_keys)
            looks += 1
            left_ms = int((until - monotonic()) * 1_000)
            if not open_keys or left_ms <= 0:
                break
            await signal.wait(min(left_ms, _LOOK_MS))
    return [_with(receipt, found.get(receipt.key)) for receipt in receipts]


async def _follow(world: World, program: str, keys: dict[str, int]) -> None:
    """Note which lanes decide these by now."""
    marks = await world.receipts.marks(program, list(keys))
    keys.update({key: mark.lane for key, mark in marks.items() if mark.member is not None})


async def _look(world: World, program: str, keys: Mapping[str, int]) -> dict[str, JournalEntry]:
    entries = await world.journal.entries(program, keys)
    found = {key: entry_of(entry) for key, entry in entries.items()}
    if len(found) < len(keys):
        aside = await world.inbox.aside(program, [key for key in keys if key not in found])
        found |= {
            key: failed_entry(each) for key, each in aside.items() if each.state == Result.FAILED
        }
    return found


def _with(receipt: Receipt, entry: JournalEntry | None) -> Receipt:
    """Return the receipt with its decision; a duplicate stays one and shows the first outcome."""
    if entry is None or receipt.result not in (Result.PENDING, Result.DUPLICATE):
        return receipt
    if receipt.result is Result.DUPLICATE:
        return replace(receipt, entry=entry)
    return replace(receipt, result=entry.result, reason=entry.reason, entry=entry)
