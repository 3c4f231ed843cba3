"""A process killed at any step of a redemption: points, stock, codes and vouchers agree again.

Nobody repairs anything by hand: what the promise rests on is that the sweep wakes the lanes and
frees what died reserved, within 35 seconds. Reservations last two seconds here instead of thirty.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.core.standing import Plain
from guerdon.core.views import View
from guerdon.engine import accept, code_pools, read
from guerdon.engine.crash import EXIT_CODE, CrashPoint
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.outcomes import Result, SettledMember
from guerdon.engine.records import StoreDown
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.vouchers import code_for, held_by
from guerdon.engine.world import World
from guerdon.settings import Settings
from workers.conftest import Start
from workers.redeemer import wanted
from workers.test_crashes import IN_ACCEPT, WORK, until
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, drain, report

MUG = "    mug: {wallet: points, cost: 10, stock: 3}\n"
STOCK = 200
REWARDS = f"""\
    mug: {{wallet: points, cost: 10, stock: {STOCK}, voucher: {{codes: mugs}}}}
    room: {{wallet: points, cost: 10, stock: {STOCK}, voucher: {{codes: rooms}}, partner: inn,
           fulfil: {{within: P1D}}}}
  partners: {{inn: {{}}}}
"""
RESERVED_SECONDS = 2
PROMISED_SECONDS = 35
FAR = Instant(10**14)
_HERE = Path(__file__).parent
IN_REDEEMING = (
    CrashPoint.AFTER_CLAIM,
    CrashPoint.AFTER_CODE,
    CrashPoint.BEFORE_COMMIT,
    CrashPoint.IN_TRANSACTION,
    CrashPoint.AFTER_CONFIRM,
    CrashPoint.AFTER_COMMIT,
    CrashPoint.BEFORE_FREEING,
)
IN_ANSWERING = (CrashPoint.BEFORE_COMMIT, CrashPoint.AFTER_CONFIRM, CrashPoint.AFTER_COMMIT)
"""Of the points that any activity passes, `test_crashes` goes through all."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"reservation_seconds": RESERVED_SECONDS})


class Round:
    """A shop in which members come round after round, and what must be true of all of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.names = count()
        self.bought: list[str] = []
        self.codes = {"mugs": 0, "rooms": 0}

    async def buyers(self, number: int) -> list[str]:
        """Return new members who have just what a reward costs."""
        names = [f"m{next(self.names)}" for _ in range(number)]
        await report(self.world, [a_purchase(name, member=by(name)) for name in names])
        self.bought += names
        return names

    async def fill(self, pool: str, number: int) -> None:
        """Bring so many codes."""
        self.codes[pool] += number
        await code_pools.generate(self.world, PROGRAM, pool, "#" * 12, number)

    async def heals(self) -> None:
        """Have lanes and sweep go on as they do, until nothing waits and nothing is reserved."""
        await until(self._is_at_rest, seconds=PROMISED_SECONDS)
        await self.agrees()

    async def _is_at_rest(self) -> bool:
        with suppress(StoreDown):  # what died in a transaction is held until the server ends it
            await sweep(self.world)
            await drain(self.world)
            waits = await read.waiting(self.world, PROGRAM)
            return not waits and not await self.world.shared.stale(PROGRAM, FAR, 100)
        return False

    async def states(self) -> dict[str, tuple[str, str, int, list[str]]]:
        """Return each buyer's reward, its state, the units left and the codes held."""
        found = {}
        keys = [f"service/x{name}" for name in self.bought]
        entries = await read.activities(self.world, PROGRAM, keys)
        assert set(entries) == set(keys)
        members = {str(it.activity.member) for it in entries.values()}
        settled = await read.members(self.world, PROGRAM, members)
        for key, entry in entries.items():
            member = str(entry.activity.member)
            standing = settled[member].standing
            held = await held_by(self.world, PROGRAM, member)
            codes = [
                await code_for(self.world, PROGRAM, member=member, name=name, voucher=it)
                for name, it in held.items()
                if it.state == "issued"
            ]
            state = "refused"
            if entry.result is Result.ACCEPTED:
                state = await state_of(self.world, settled[member], key)
            units = standing.wallets["points"].spendable
            found[key.removeprefix("service/x")] = (
                str(entry.activity.data["item"]), state, units, codes,
            )  # fmt: skip
        return found

    async def agrees(self) -> None:
        """Points, stock, codes and vouchers tell the same story of everybody who ever came."""
        states = await self.states()
        shown: list[str] = []
        for name, (_, state, units, codes) in states.items():
            has = state in ("issued", "pending")
            assert (name, units) == (name, 0 if has else 10)
            assert (name, len(codes)) == (name, int(state == "issued"))
            shown += codes
        assert len(set(shown)) == len(shown)
        counts = {it.pool: it for it, _ in await code_pools.status(self.world, PROGRAM)}
        for item, pool in (("mug", "mugs"), ("room", "rooms")):
            out = sum(it[0] == item and it[1] in ("issued", "pending") for it in states.values())
            claim = Claim("stock", item, STOCK, STOCK, peek=True)
            assert await self.world.shared.peek(PROGRAM, claim) == STOCK - out
            if pool in counts:
                it = counts[pool]
                assert (it.taken, it.held, it.free) == (out, 0, self.codes[pool] - out)
        assert (await verify(self.world, PROGRAM)).offences == ()

    async def kill(self, start: Start, point: CrashPoint) -> None:
        """Let a worker do what waits until it dies where it is told to."""
        doomed = start(*WORK, crash_at=point, GUERDON_RESERVATION_SECONDS=str(RESERVED_SECONDS))

        async def has_died() -> bool:
            with suppress(StoreDown):
                await sweep(self.world)
            return not doomed.is_running

        await until(has_died)
        assert (point, doomed.wait()) == (point, EXIT_CODE)


async def state_of(world: World, member: SettledMember, key: str) -> str:
    """Return what became of a redemption that was accepted."""
    record: Plain = await read.view(
        world,
        member,
        lambda given: View(member.rulebook, member.standing, given).redemption(key),
    )
    return str(record["state"])


@pytest.fixture
async def round_(settings: Settings) -> AsyncIterator[Round]:
    assert MUG in SHOP
    async with a_world(settings, document=SHOP.replace(MUG, REWARDS)) as world:
        yield Round(world)


def redeems(names: Sequence[str], item: str) -> list[ActivityInput]:
    return [
        ActivityInput(id=f"x{name}", type="redemption", member=by(name), data={"item": item})
        for name in names
    ]


def answers(type_: str, name: str, **data: str) -> ActivityInput:
    return ActivityInput(
        id=f"{type_} {name}", type=type_, member=by(name), data={"of": f"x{name}", **data}
    )


async def test_a_worker_killed_at_any_step_of_redeeming(round_: Round, start: Start) -> None:
    """Two codes for three buyers: two have all of it in the end, one nothing."""
    for point in IN_REDEEMING:
        await round_.fill("mugs", 2)
        names = await round_.buyers(3)
        await accept.record(round_.world, a_caller(), redeems(names, "mug"))

        await round_.kill(start, point)
        await round_.heals()

        states = await round_.states()
        assert (point, sorted(states[name][1] for name in names)) == (
            point, ["issued", "issued", "refused"],
        )  # fmt: skip


async def test_a_worker_killed_at_any_step_of_an_answer(round_: Round, start: Start) -> None:
    for point in IN_ANSWERING:
        names = await round_.buyers(4)
        await round_.fill("rooms", 4)
        await report(round_.world, redeems(names, "room"))
        await round_.agrees()
        done, refused, cancelled, waits = names
        told = [
            answers("redemption_fulfilled", done),
            answers("redemption_refused", refused, reason="full"),
            answers("redemption_cancelled", cancelled),
        ]
        await accept.record(round_.world, a_caller(), told)

        await round_.kill(start, point)
        await round_.heals()

        states = await round_.states()
        assert [states[name][1] for name in (done, refused, cancelled, waits)] == [
            "issued", "failed", "cancelled", "pending",
        ]  # fmt: skip


async def test_a_reporter_killed_while_it_redeems_and_answers_does_it_again(
    round_: Round, start: Start
) -> None:
    for number, point in enumerate(IN_ACCEPT):
        buyer, guest = await round_.buyers(2)
        await round_.fill("mugs", 1)
        await round_.fill("rooms", 1)
        await report(round_.world, redeems([guest], "room"))
        script = str(_HERE / "redeemer.py")

        doomed = start(script, buyer, guest, str(number), crash_at=point)
        assert (point, await asyncio.to_thread(doomed.wait, 60)) == (point, EXIT_CODE)
        again = wanted(buyer, guest, str(number))
        await accept.record(round_.world, a_caller(), again)
        await accept.record(round_.world, a_caller(), again)
        await round_.heals()

        states = await round_.states()
        assert [states[name][:3] for name in (buyer, guest)] == [
            ("mug", "issued", 0), ("room", "issued", 0),
        ]  # fmt: skip
