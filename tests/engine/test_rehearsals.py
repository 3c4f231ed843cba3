"""Every scenario of the project, and those of ../shared where that folder is, through the stack."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis import Redis
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.core.activity import Instant
from guerdon.core.decision import Score
from guerdon.engine.records import ScoreRow
from guerdon.engine.rehearsal import Stage, rehearse
from guerdon.engine.stored import look
from guerdon.engine.world import World
from guerdon.program.expectations import Checkpoint, Outcome
from guerdon.program.rehearse import Report, told
from guerdon.program.scenario import load_scenario
from guerdon.settings import Settings
from guerdon.wiring import build, prepare
from scenario_files import EXAMPLES, SHARED, STORIES, scenario_of
from worlds import settings_for

SCENARIOS = [*EXAMPLES, *STORIES, *SHARED]


def complaint(report: Report) -> str:
    return "\n".join(line for mismatch in report.mismatches for line in told(mismatch))


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    return settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, lanes=3)


@pytest.fixture
async def empty_world(settings: Settings) -> AsyncIterator[World]:
    await prepare(settings)
    world = build(settings, at_work=True)
    yield world
    await world.close()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
async def test_every_scenario_holds_through_the_stack(path: Path, empty_world: World) -> None:
    scenario = scenario_of(path)
    report = await rehearse(empty_world, scenario)
    assert report.checks == len(scenario.expectations) > 0
    assert report.is_ok, complaint(report)


RACE = """
scenario: 1
program:
  id: race
  name: Race
  enroll: auto
  wallets: {points: {name: Points}}
  rules: [{id: base, activity: run, wallet: points, give: {unit: km, points: 1, min: 0}}]
  counters: {km: {activity: run, sum: km, window: calendar_month}}
  leaderboards: {month: {counter: km, window: calendar_month, ties: earliest}}
activities:
  - {id: a, at: "2026-05-01T09:00:00Z", type: run, member: ada, km: 5}
  - {id: b, at: "2026-05-01T09:00:00Z", type: run, member: bo, km: 5}
  - {id: b, at: "2026-05-01T09:00:00Z", type: run, member: bo, km: 5}
  - {id: b, at: "2026-05-01T09:00:00Z", type: run, member: bo, km: 6}
  - {id: c, at: "2026-05-02T09:00:00Z", type: run, external: {scheme: band, value: "7"}, km: 9}
  - {id: d, at: "2026-05-02T09:00:00Z", type: swim, member: ada, km: 5}
expect:
  - {activity: b, copy: 2, result: duplicate}
  - {activity: b, copy: 3, result: conflict, reason: payload_differs}
  - {activity: c, result: parked}
  - {activity: d, result: rejected, reason: unknown_type}
  - {at: "2026-05-03T09:00:00Z", member: ada, wallets: {points: {spendable: 5}}}
  - {at: "2026-05-03T09:00:00Z", leaderboard: month, ranks: [[1, ada, 5], [2, bo, 5]]}
"""


async def test_whoever_is_even_stands_in_the_order_of_the_owners_ids(empty_world: World) -> None:
    report = await rehearse(empty_world, load_scenario(RACE))
    assert report.is_ok, complaint(report)


OFFERED = """
scenario: 1
program:
  id: offered
  wallets: {points: {}}
  partners: {bakery: {}}
  rewards:
    mug: {wallet: points, cost: 1, stock: 9, stock_per: {times: 1, per: day}}
    cake: {wallet: points, cost: 1, partner: bakery}
activities:
  - {id: a, at: "2026-05-01T08:00:00Z", type: enrollment, member: ada}
  - {id: b, at: "2026-05-01T09:00:00Z", type: adjustment, member: ada, wallet: points, points: 9}
  - {id: c, at: "2026-05-01T10:00:00Z", type: redemption, member: ada, item: mug}
  - {id: d, at: "2026-05-02T11:00:00Z", type: reward_offered, item: cake, on_sale: "false"}
expect:
  - {at: "2026-05-01T09:00:00Z", member: ada, rewards: [cake, mug]}
  - {at: "2026-05-01T10:00:00Z", member: ada, rewards: [cake], stock: {mug: 8}}
  - {at: "2026-05-02T10:00:00Z", member: ada, rewards: [cake, mug]}
  - {at: "2026-05-02T11:00:00Z", member: ada, rewards: [mug]}
"""


async def test_what_is_off_sale_or_gone_for_the_day_is_no_reward_to_take(
    empty_world: World,
) -> None:
    report = await rehearse(empty_world, load_scenario(OFFERED))
    assert report.is_ok, complaint(report)


async def test_what_is_expected_wrongly_is_found_through_the_stack(empty_world: World) -> None:
    scenario = load_scenario(RACE.replace("spendable: 5", "spendable: 6"))
    wrong = tuple(
        replace(each, result="accepted") if isinstance(each, Outcome) else each
        for each in scenario.expectations
    )
    report = await rehearse(empty_world, replace(scenario, expectations=wrong))
    found = [(one.about, one.expected, one.found) for one in report.mismatches]
    assert found == [
        ("b (copy 2)", "accepted", "duplicate"),
        ("b (copy 3)", "accepted (payload_differs)", "conflict (payload_differs)"),
        ("c", "accepted", "parked (unknown_identity)"),
        ("d", "accepted (unknown_type)", "rejected (unknown_type)"),
        ("ada.wallets.points.spendable", "6", "5"),
    ]


async def test_a_leaderboard_that_differs_in_redis_is_a_mismatch(empty_world: World) -> None:
    scenario = load_scenario(RACE)
    await rehearse(empty_world, scenario)
    checkpoint = scenario.expectations[-1]
    assert isinstance(checkpoint, Checkpoint)
    stage = Stage(empty_world, "race")
    found = await look(empty_world, "race", [], at=checkpoint.at)
    assert await stage.live_ranks(found, checkpoint) == []

    ((slug, period),) = await empty_world.scores.periods("race")
    risen = Score(slug, Instant(period), None, 7_000_000, Instant(0))
    await empty_world.projection.write(
        "race", [ScoreRow("m:bo", 99, risen)], lane=1, before=0, seq=0
    )

    (mismatch,) = await stage.live_ranks(found, checkpoint)
    assert mismatch.about == "month in Redis"
    assert mismatch.found.startswith("bo 7000000 at 0, ada 5000000 at")


def test_the_command_leaves_nothing_behind_on_servers_that_were_named(
    mongo_url: str, mongo_client: MongoClient[dict[str, Any]], redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "race.yaml").write_text(RACE)
    before = mongo_client.list_database_names()

    servers = ("--mongo", mongo_url, "--redis", redis_url)
    answered = CliRunner().invoke(
        app, ["rehearse", "--through", "stack", *servers, str(tmp_path / "race.yaml")]
    )

    assert answered.output == f"ok {tmp_path / 'race.yaml'}, 6 checks\n"
    assert mongo_client.list_database_names() == before
    with Redis.from_url(redis_url, db=1) as client:
        assert client.keys() == []


def test_the_command_asks_for_both_servers_or_none() -> None:
    answered = CliRunner().invoke(
        app, ["rehearse", "--through", "stack", "--redis", "redis://nobody", "race.yaml"]
    )

    assert answered.exit_code == 2
    assert "Name both --mongo and --redis, or neither" in answered.output
