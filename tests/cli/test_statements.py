"""Statements from the command line: issued, listed, and written as figures that all can read."""

import asyncio
import csv
import io
import json
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from cli.test_exporting import told
from guerdon.cli import app
from guerdon.core.activity import Instant
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.world import Role
from guerdon.settings import Settings
from worlds import SHOP, a_caller, a_purchase, a_world, by, report, settings_for

APRIL = Instant(1_711_929_600_000)
"""The first of April 2024: long over."""

RULES = "  rules:\n"
MUG = "mug: {wallet: points, cost: 10, stock: 3}"
SETTLED = (
    "mug: {wallet: points, cost: 10, partner: cafe}\n"
    "  partners: {cafe: {pays_per_point: 0.0137, is_paid_per_point: 0.0091}}"
)


async def _april(settings: Settings) -> None:
    """At the cafe ann earns 12.50 of one wallet and 50 of another, of which she spends 10."""
    document = SHOP.replace(MUG, SETTLED).replace(
        "  wallets:\n", "  wallets:\n    cash: {scale: 2}\n"
    )
    far = "    - {id: far, activity: purchase, wallet: cash, give: {rate: 0.25}}\n"
    document = document.replace(RULES, RULES + far)
    async with a_world(settings, document=document, clock=lambda: APRIL) as world:
        cafe = a_caller(Role.PARTNER, partner="cafe")
        await report(world, [a_purchase(0)])
        await report(world, [a_purchase(1, amount=Decimal(50))], caller=cafe)
        redeemed = ActivityInput(id="r", type="redemption", member=by("ann"), data={"item": "mug"})
        await report(world, [redeemed])


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    asyncio.run(_april(settings))
    return settings


def test_a_statement_is_issued_listed_and_written_in_decimals(settings: Settings) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["statements", *words], env=told(settings))
        assert result.exit_code == 0, result.stderr
        return result.stdout

    assert run("issue").endswith(" statements issued.\n")
    assert run("issue") == "0 statements issued.\n"
    first, second = run("list").splitlines()[:2]
    assert first.startswith("cafe  2024-04-01  issued 62.5  redeemed 10  balance 77 minor units")
    assert second.startswith("cafe  2024-05-01  issued 0  redeemed 0  balance 0 minor units")

    rows = list(csv.DictReader(io.StringIO(run("export", "cafe", "2024-04"))))
    whole = json.loads(run("export", "cafe", "2024-04", "--format", "json"))

    assert [(it["wallet"], it["issued"], it["redeemed"], it["amount"]) for it in rows] == [
        ("cash", "12.5", "0", "0.17125"),
        ("points", "50", "0", "0.685"),
        ("points", "0", "10", "-0.091"),
    ]
    assert whole["lines"] == rows
    assert (whole["issued"], whole["redeemed"], whole["prepaid"]) == ("62.5", "10", "0")
    assert sum((Decimal(it["amount"]) for it in rows), Decimal(0)) == Decimal("0.76525")
