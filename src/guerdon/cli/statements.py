"""`guerdon statements`: what partners and the program owe each other, month by month.

Rule: a file is a statement as it was issued, each line with its proof; figures are exact
decimals.
"""

import csv
import json
import sys
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.cli.in_program import Program, run_in_program
from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.engine.records import Issued
    from guerdon.engine.statements import StatementLine
    from guerdon.engine.world import World

app = typer.Typer(name="statements", help="Settle with partners.", no_args_is_help=True)

_COLUMNS = (
    "proof", "activity", "type", "member", "at", "decidedAt", "wallet", "issued", "redeemed",
    "amount", "prepaid",
)  # fmt: skip


@app.command()
def issue(program: Program = None) -> None:
    """Issue what is due now; the sweep does so by itself, and again changes nothing."""
    from guerdon.engine import statements

    async def work(world: "World", slug: str) -> int:
        return await statements.issue_due(world, slug)

    typer.echo(f"{run_in_program(program, work)} statements issued.")


@app.command(name="list")
def list_issued(partner: str | None = None, program: Program = None) -> None:
    """List statements by partner and month."""

    async def work(world: "World", slug: str) -> "list[Issued]":
        return await world.statements.page(slug, partner, limit=10_000)

    from guerdon.core.amounts import written

    for each in run_in_program(program, work):
        disputed = "  disputed" if each.dispute else ""
        typer.echo(
            f"{each.partner}  {_day(each.begin)}  issued {written(Fraction(each.issued))}"
            f"  redeemed {written(Fraction(each.redeemed))}"
            f"  balance {each.balance} minor units  {each.lines} lines{disputed}"
        )


@app.command()
def export(
    partner: Annotated[str, typer.Argument(help="The partner's short name.")],
    month: Annotated[str, typer.Argument(help="The month, like 2026-05.")],
    kind: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    program: Program = None,
) -> None:
    """Write a statement with all of its lines to standard output."""
    from guerdon.core.windows import date_of
    from guerdon.engine import statements

    if kind not in ("csv", "json"):
        stop(f"There is no format {kind!r}: choose csv or json.", code=2)

    async def work(world: "World", slug: str) -> "tuple[Issued, list[StatementLine]] | None":
        rulebook = await world.rulebooks.get(slug)
        for each in await world.statements.page(slug, partner, limit=10_000):
            shown = date_of(rulebook.calendar.day(each.begin))
            if f"{shown:%Y-%m}" == month:
                return each, await statements.lines(world, slug, each)
        return None

    found = run_in_program(program, work)
    if found is None:
        stop(f"There is no statement of {partner!r} for {month!r}; see `guerdon statements list`.")
    statement, lines = found
    if kind == "json":
        whole = {**_head(statement), "lines": [_row(line) for line in lines]}
        typer.echo(json.dumps(whole, indent=2))
        return
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, lines))


def _head(statement: "Issued") -> dict[str, Any]:
    from guerdon.core.amounts import written

    return {
        "partner": statement.partner,
        "from": _instant(statement.begin),
        "to": _instant(statement.end),
        "issued": written(Fraction(statement.issued)),
        "redeemed": written(Fraction(statement.redeemed)),
        "prepaid": written(Fraction(statement.prepaid)),
        "balanceMinor": statement.balance,
        "hash": statement.digest,
    }


def _row(line: "StatementLine") -> dict[str, str]:
    from guerdon.core.amounts import written

    return {
        "proof": line.proof,
        "activity": line.activity,
        "type": line.type,
        "member": line.member,
        "at": _instant(line.at),
        "decidedAt": _instant(line.decided_at),
        "wallet": line.line.wallet,
        "issued": written(line.line.issued),
        "redeemed": written(line.line.redeemed),
        "amount": written(line.line.amount),
        "prepaid": written(line.line.prepaid),
    }


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds")


def _day(at: int) -> str:
    return _instant(at)[:10]
