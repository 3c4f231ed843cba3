"""What is handed out: whole files with their sums, exact figures, and what can go in again."""

import asyncio
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.engine.enroll import enroll
from guerdon.engine.inputs import ActivityInput, EnrollmentInput, Identity, MemberRef, Wait
from guerdon.settings import Settings
from worlds import a_caller, a_purchase, a_world, by, drain, report, settings_for


def told(settings: Settings) -> dict[str, str]:
    """Return the environment of a command."""
    return {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
        "GUERDON_MONGO_DATABASE": settings.mongo_database,
        "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
        "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
    }


async def _lives(settings: Settings) -> None:
    async with a_world(settings) as world:
        person = EnrollmentInput(
            external_id="ann",
            display_name="Ann",
            attributes={"city": "Łódź"},
            identities=(Identity("card", "c1"),),
        )
        await enroll(world, a_caller(), person, wait=Wait.ACCEPTED)
        await drain(world)
        await report(
            world,
            [
                a_purchase(
                    1, amount=Decimal("10.50"), data={"size": Decimal("1.50"), "gift": True}
                ),
                a_purchase(2, member=by("ben"), ref="r2"),
                ActivityInput(
                    id="back", type="refund", member=by("ann"), amount=Decimal("0.50"),
                    data={"of": "p1"},
                ),
            ],
        )  # fmt: skip
        merge = ActivityInput(id="m", type="member_merged", member=by("ben"), data={"into": "ann"})
        await report(world, [merge])
        erase = await report(world, [a_purchase(9, member=by("eve"))])
        member = MemberRef(id=erase[0].member)
        await report(world, [ActivityInput(id="e", type="member_erased", member=member)])


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    asyncio.run(_lives(settings))
    return settings


def run(settings: Settings, *words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["export", *map(str, words)], env=told(settings))
    return result.exit_code, result.stdout, result.stderr


def rows(settings: Settings, kind: str, *words: str | Path) -> list[dict[str, Any]]:
    code, output, errors = run(settings, kind, *words)
    assert code == 0, errors
    return [json.loads(line, parse_float=Decimal) for line in output.splitlines()]


def test_everything_is_handed_out_in_the_owners_words(settings: Settings) -> None:
    (ann, ben) = sorted(rows(settings, "members"), key=lambda row: row["externalId"])
    balances = rows(settings, "balances")
    ledger = rows(settings, "ledger")
    none = rows(settings, "balances", "--at", "2001-01-01T00:00:00+00:00")

    assert (ann["displayName"], ann["attributes"]) == ("Ann", {"city": "Łódź"})
    assert ann["identities"] == [{"scheme": "card", "value": "c1"}]
    assert ann["wallets"]["points"]["spendable"] == 20
    assert (ben["status"], ben["externalId"]) == ("MERGED", "ben")
    held = [(row["member"], row["spendable"]) for row in balances if row["spendable"]]
    assert sorted(held) == [("ann", 10), ("ann", 10)]
    assert none == []
    postings = [it for row in ledger for it in row["postings"]]
    assert {"purchase", "refund", "member_merged"} <= {row["type"] for row in ledger}
    assert all(Decimal(it["amount"]) > 0 for it in postings)


def test_activities_come_out_as_they_can_go_in(settings: Settings) -> None:
    found = rows(settings, "activities")
    by_id = {row["activityId"]: row for row in found}

    bought = [row["activityId"] for row in found if row["type"] == "purchase"]
    assert set(bought[:2]) == {"p1", "p2"}, "the same instant, two members: any order"
    assert bought[2:] == ["p9"]
    assert by_id["p1"]["amount"] == Decimal("10.50")
    assert by_id["p1"]["data"] == {"size": Decimal("1.50"), "gift": "true"}
    assert (by_id["p2"]["member"], by_id["p2"]["ref"]) == ("ben", "r2")
    assert by_id["back"]["data"] == {"of": "p1"}
    assert by_id["m"]["data"] == {"into": "ann"}
    assert "data" not in by_id["p9"], "of somebody who was erased nothing is told"
    (enrolled,) = [row for row in found if row["type"] == "enrollment" and row["member"] == "ann"]
    assert enrolled["data"] == {"attrs": {"city": "Łódź"}}


def test_one_member_gets_all_that_is_known_of_them(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "ann.json"
    code, _, errors = run(settings, "member", "ann", "--out", out)
    assert code == 0, errors

    found = json.loads(out.read_text())
    assert (found["externalId"], found["displayName"]) == ("ann", "Ann")
    assert [lot["left"] for lot in found["lots"]["points"]] == [10, 10]
    bought = next(it for it in found["journal"] if it.get("activityId") == "p1")
    assert bought["effects"][0].startswith("+10")
    assert bought["data"]["gift"] == "true"
    assert out.with_name("ann.json.sha256").read_text().split() == [
        hashlib.sha256(out.read_bytes()).hexdigest(),
        "ann.json",
    ]
    assert run(settings, "member", "nobody")[0] == 1


def test_what_is_asked_wrongly_is_said_so(settings: Settings, tmp_path: Path) -> None:
    assert run(settings, "balances", "--at", "yesterday")[0] == 2
    assert run(settings, "balances", "--at", "2026-01-01T00:00:00")[0] == 2
    code, _, errors = run(settings, "members", "--program", "bakery", "--out", tmp_path / "x")
    assert code == 2
    assert "no program 'bakery'" in errors
    assert not list(tmp_path.iterdir())
