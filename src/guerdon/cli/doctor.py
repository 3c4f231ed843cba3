"""`guerdon doctor`: looks at everything an installation stands on, and names each remedy."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.cli.stops import settings_or_stop

if TYPE_CHECKING:
    from guerdon.engine.findings import Finding
    from guerdon.settings import Settings

_MARKS = {"fine": "  ok  ", "doubtful": "  ??  ", "wrong": "  !!  "}


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="For machines: one object.")] = False
) -> None:
    """Examine the servers, their settings and ours; ends with 1 where something is wrong."""
    settings = settings_or_stop()
    found = asyncio.run(_examine(settings))
    if as_json:
        told = {part: [each._asdict() for each in findings] for part, findings in found.items()}
        typer.echo(json.dumps(told, indent=2))
    else:
        for part, findings in found.items():
            typer.echo(part)
            for finding in findings:
                _tell(finding)
    grades = [finding.grade for findings in found.values() for finding in findings]
    if not as_json:
        wrong, doubtful = grades.count("wrong"), grades.count("doubtful")  # type: ignore[arg-type]
        typer.echo(f"{wrong} wrong, {doubtful} doubtful, {len(grades) - wrong - doubtful} fine.")
    if "wrong" in grades:
        raise typer.Exit(1)


async def _examine(settings: "Settings") -> "dict[str, list[Finding]]":
    from guerdon.cli.contradictions import contradictions
    from guerdon.wiring import check_sealed, checkups

    mongo, redis = await checkups(settings)
    ours = [*contradictions(settings), *await check_sealed(settings)]
    return {"MongoDB": mongo, "Valkey or Redis": redis, "Settings": ours}


def _tell(finding: "Finding") -> None:
    typer.echo(f"{_MARKS[finding.grade]}{finding.subject}: {finding.fact}")
    if finding.remedy:
        typer.echo(f"        {finding.remedy}")
