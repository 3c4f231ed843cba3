"""A storm over the whole stack loses nothing, doubles nothing and tears nothing (R4, R4c).

`make chaos SECONDS=600 SEED=7` says how long and which; the seed is printed.
"""

import asyncio
import os
import secrets
from collections import Counter
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from chaos.faults import Storm
from chaos.naive import NaiveReporter, worker_part
from chaos.shop import COST, MUGS, PRIZE, PROGRAM, WINNERS
from chaos.stack import Stack, a_stack
from chaos.traffic import Promised, Reporter, together
from guerdon.core.plain import standing_from_plain
from guerdon.embedded.parts import Part
from guerdon.embedded.process import Kennel
from guerdon.engine import read
from guerdon.engine.inputs import Identity
from guerdon.engine.lanes import lane_of
from guerdon.engine.records import Board, Entry, StoreDown
from guerdon.engine.refusals import LiveDown
from guerdon.engine.verify import verify
from guerdon.settings import Settings

DRAINED_SECONDS = 30.0
_REPORTERS = 6


def say(line: str) -> None:
    """Tell who watches."""
    print(line, flush=True)  # noqa: T201 - `make chaos` is watched


@pytest.mark.chaos
async def test_a_storm_loses_nothing_doubles_nothing_and_tears_nothing(
    kennel: Kennel, tmp_path: Path
) -> None:
    seconds = float(os.environ.get("SECONDS") or 60)
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    say(f"\nSEED={seed} SECONDS={seconds:.0f}")

    def naive(settings: Settings) -> list[Part]:
        urls = _owner_and_redis(settings)
        return [worker_part(kennel, n, **urls, folder=tmp_path) for n in (1, 2)]

    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(a_stack(tmp_path, kennel, more=naive))
        control = opened.enter_context(closing(NaiveReporter(**_owner_and_redis(stack.settings))))
        storm = Storm(seed, stack, stack.settings.redis_url.get_secret_value())
        reporters = [Reporter(n, seed, stack.ports, stack.key) for n in range(_REPORTERS)]
        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(control.work(over))
            for reporter in reporters:
                tasks.create_task(reporter.work(over))
            await storm.rage(seconds)
            over.set()
            drained = await _drained(stack)
        promised = together(reporters)
        say(f"faults: {dict(sorted(storm.seen.items()))}")
        say(
            f"{len(promised.ids)} accepted in {promised.requests} requests ({promised.repeats} "
            f"sent on purpose again; no answer: {dict(promised.failures)})"
        )
        # Who was still asking may have been answered after the last fault.
        drained = max(drained, await _drained(stack))
        say(f"drained {drained:.1f} s after the last fault")
        await _is_whole(stack, promised)
        doubled, wrong = control.found()
        say(f"the control: {doubled} of {control.sent} doubled, {wrong} wallets wrong")

    assert drained < DRAINED_SECONDS
    assert doubled > 0, "the storm was too mild to show anything"


def _owner_and_redis(settings: Settings) -> dict[str, str]:
    assert settings.mongo_owner_url is not None
    return {
        "mongo_url": settings.mongo_owner_url.get_secret_value(),
        "redis_url": settings.redis_url.get_secret_value(),
    }


async def _drained(stack: Stack) -> float:
    """Wait until nothing waits and Redis is as far as MongoDB; return how long it took."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while missing := await _what_waits(stack):
        assert loop.time() < begun + 10 * DRAINED_SECONDS, f"{missing}; logs in {stack.logs}"
        await asyncio.sleep(0.2)
    return loop.time() - begun


async def _what_waits(stack: Stack) -> str:
    """Say what is not done yet; nothing where all is."""
    world = stack.world
    try:
        if waiting := await read.waiting(world, PROGRAM):
            return f"{waiting} activities are not decided"
        seqs = {lane: seq for lane, seq in (await world.lanes.seqs(PROGRAM)).items() if seq}
        marks = await world.projection.marks(PROGRAM, seqs)
        is_whole = bool(await world.boards.page(PROGRAM, Board("all_time", 0), limit=1))
    except (StoreDown, LiveDown) as error:
        return f"a server is away ({type(error).__name__})"
    behind = [lane for lane, seq in seqs.items() if marks[lane] != seq]
    if behind:
        return f"Redis is behind in lanes {behind}"
    return "" if is_whole else "the leaderboard is empty"


async def _is_whole(stack: Stack, promised: Promised) -> None:
    """Compare everything with what was promised."""
    world = stack.world
    found = await verify(world, PROGRAM)
    say(f"verified: {found.entries} entries, {found.members} members, {found.lots} lots")
    assert found.offences == ()
    entries = await _journal(stack)
    decided = Counter(entry.key.partition("/")[2] for entry in entries if _is_reported(entry))
    assert set(decided) == promised.ids, "lost, or from nowhere"
    assert set(decided.values()) == {1}, "doubled"

    accepted = [entry for entry in entries if entry.decision["result"] == "accepted"]
    of_type = Counter(entry.activity["type"] for entry in accepted)
    wins = Counter(
        entry.member or ""
        for entry in accepted
        if entry.activity["type"] == "race" and entry.decision.get("postings")
    )
    assert sum(wins.values()) == WINNERS
    assert of_type["redemption"] <= MUGS
    mugs = Counter(e.member or "" for e in accepted if e.activity["type"] == "redemption")
    layout = await world.rulebooks.layout(PROGRAM)
    identities = [Identity("", external) for external in promised.spent]
    led = await world.members.find(PROGRAM, identities)
    for identity, where in led.items():
        member, external = where.member, identity.value
        heads = await world.standings.load(PROGRAM, [(lane_of(member, layout), member)])
        wallets = standing_from_plain(heads[member]).wallets
        spent, bought = promised.spent[external], promised.purchases[external]
        points = spent + PRIZE * wins[member] - COST * mugs[member]
        assert wallets["points"].spendable - wallets["points"].debt == points, external
        slow = wallets["slow"]
        assert slow.spendable + slow.pending == 2 * bought, external
        row = await world.boards.row(PROGRAM, Board("all_time", 0), member)
        assert row is not None
        assert row.value == 100 * spent, external


def _is_reported(entry: Entry) -> bool:
    """Tell ours from enrollments and from the passing of time."""
    return entry.activity["type"] in {"purchase", "race", "redemption"}


async def _journal(stack: Stack) -> list[Entry]:
    entries: list[Entry] = []
    for lane in await stack.world.lanes.seqs(PROGRAM):
        seq = 0
        while page := await stack.world.journal.since(PROGRAM, lane, seq, 1_000):
            entries += page
            seq = page[-1].seq
    return entries
