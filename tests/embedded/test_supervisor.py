"""The supervisor over small parts: starting again, giving up, stopping in order."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.processes import becomes_true
from guerdon.embedded.parts import Part
from guerdon.embedded.process import Child, Kennel, NotReady
from guerdon.embedded.supervisor import GaveUp, Supervisor


@pytest.fixture
def part(kennel: Kennel, tmp_path: Path) -> Callable[..., Part]:
    def make(name: str, script: str = "echo up; exec sleep 1000", rank: int = 1) -> Part:
        def start() -> Child:
            return kennel.start(["sh", "-c", script], log=tmp_path / f"{name}.log")

        def await_ready(child: Child) -> None:
            if not becomes_true(lambda: "up" in child.last_lines() or not child.is_running):
                raise NotReady(name)
            if not child.is_running:
                raise NotReady(name)

        return Part(name=name, rank=rank, start=start, await_ready=await_ready)

    return make


async def test_killed_part_is_started_again_and_said_so_in_one_line(
    part: Callable[..., Part],
) -> None:
    said: list[str] = []
    changed = asyncio.Event()
    supervisor = Supervisor(said.append, changed=changed.set)
    await supervisor.start([part("scribe")])
    first = supervisor.pids["scribe"]

    os.kill(first, signal.SIGKILL)
    await asyncio.wait_for(changed.wait(), 10)

    assert supervisor.pids["scribe"] != first
    assert said[0] == "scribe was killed by SIGKILL; starting it again."
    assert said[1].startswith("scribe is back after ")
    assert len(said) == 2
    await supervisor.stop()


async def test_five_deaths_within_a_minute_give_up_with_the_end_of_the_log(
    part: Callable[..., Part],
) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)

    with pytest.raises(GaveUp) as refusal:
        await supervisor.start([part("fine"), part("broken", "echo the ink is out; exit 3")])
    await supervisor.stop()

    assert said == ["broken ended with code 3; starting it again."] * 4
    message = str(refusal.value)
    assert message.startswith("broken ended with code 3, 5 times within a minute; giving up.")
    assert message.endswith("the ink is out")


async def test_who_is_killed_from_outside_is_started_again_however_often(
    part: Callable[..., Part],
) -> None:
    back = asyncio.Event()
    supervisor = Supervisor(lambda _: None, changed=back.set)
    await supervisor.start([part("scribe")])

    for _ in range(7):
        back.clear()
        os.kill(supervisor.pids["scribe"], signal.SIGKILL)
        await asyncio.wait_for(supervisor.until_failure(back.wait()), 10)

    await supervisor.stop()


async def test_who_must_not_give_up_starts_again_whatever_dies_before_it_is_ready(
    part: Callable[..., Part], tmp_path: Path
) -> None:
    said: list[str] = []
    later = f"echo >> {tmp_path}/n; [ $(wc -l < {tmp_path}/n) -gt 6 ] || exit 3; echo up; sleep 100"
    supervisor = Supervisor(said.append, gives_up=False)

    await asyncio.wait_for(supervisor.start([part("slow", later)]), 30)

    assert said[:6] == ["slow ended with code 3; starting it again."] * 6
    supervisor.kill()
    await supervisor.stop()


async def test_part_that_fails_later_breaks_off_whatever_is_being_done(
    part: Callable[..., Part], tmp_path: Path
) -> None:
    stays = f"[ -e {tmp_path}/gone ] && exit 1; echo up; exec sleep 1000"
    supervisor = Supervisor(lambda _: None)
    await supervisor.start([part("fragile", stays)])
    (tmp_path / "gone").touch()

    os.kill(supervisor.pids["fragile"], signal.SIGKILL)

    with pytest.raises(GaveUp, match="fragile ended with code 1"):
        await asyncio.wait_for(supervisor.until_failure(asyncio.Event().wait()), 10)
    await supervisor.stop()


async def test_parts_are_stopped_by_rank_and_each_before_the_next(
    part: Callable[..., Part], tmp_path: Path
) -> None:
    tells = "trap 'echo {0} >> {1}/order; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    supervisor = Supervisor(lambda _: None)
    ranks = {"mongod": 4, "worker": 1, "api": 2, "valkey": 3}
    await supervisor.start(
        [part(name, tells.format(name, tmp_path), rank) for name, rank in ranks.items()]
    )

    await supervisor.stop()

    assert (tmp_path / "order").read_text().split() == ["worker", "api", "valkey", "mongod"]


async def test_whoever_will_not_wait_gets_a_quick_end(part: Callable[..., Part]) -> None:
    deaf = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    supervisor = Supervisor(lambda _: None)
    await supervisor.start([part("deaf", deaf)])

    stopping = asyncio.ensure_future(supervisor.stop())
    supervisor.kill()

    await asyncio.wait_for(stopping, 5)


async def test_program_that_cannot_be_started_is_the_stacks_failure() -> None:
    def start() -> Child:
        raise PermissionError("not for you")

    supervisor = Supervisor(lambda _: None)

    with pytest.raises(PermissionError, match="not for you"):
        await supervisor.start(
            [Part(name="locked", rank=1, start=start, await_ready=lambda _: None)]
        )
    await supervisor.stop()
