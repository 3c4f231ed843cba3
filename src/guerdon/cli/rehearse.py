"""`guerdon rehearse`: plays scenario files through the pure core and compares what they expect."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from xml.etree import ElementTree as ET

import typer

from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.program.rehearse import Mismatch

Files = Annotated[list[Path], typer.Argument(help="Scenario files.", show_default=False)]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="Also write a JUnit report to this file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")]


@dataclass(frozen=True, slots=True)
class Played:
    """The outcome of one file; one with mistakes was not played."""

    name: str
    checks: int
    mistakes: "tuple[str, ...]" = ()
    mismatches: "tuple[Mismatch, ...]" = ()

    @property
    def is_ok(self) -> bool:
        """Tell whether everything held."""
        return not self.mistakes and not self.mismatches

    def lines(self) -> list[str]:
        """Return what is printed: one line, and what is wrong beneath it."""
        from guerdon.program.rehearse import told

        if self.is_ok:
            return [f"ok {self.name}, {self.checks} checks"]
        below = [*self.mistakes, *(line for one in self.mismatches for line in told(one))]
        return [f"FAIL {self.name}", *(f"  {line}" for line in below)]


def rehearse(files: Files, *, junit: Junit = None, as_json: Json = False) -> None:
    """Play scenarios under their own clock; end with 1 where something is not as expected."""
    played = [_play(path) for path in files]
    if as_json:
        plain = [{"ok": one.is_ok, **asdict(one)} for one in played]
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        for one in played:
            typer.echo("\n".join(one.lines()))
    if junit is not None:
        _write_junit(junit, played)
    if not all(one.is_ok for one in played):
        raise typer.Exit(1)


def _play(path: Path) -> Played:
    from guerdon.program.rehearse import rehearse as play
    from guerdon.program.scenario import load_scenario

    scenario = load_scenario(_text(path), path.name, read=lambda other: _read(path.parent / other))
    if scenario.program is None:
        mistakes = tuple(
            f"{path}:{one.line}:{one.column} {one.path}: {one.sentence()}"
            for one in scenario.mistakes
        )
        return Played(str(path), 0, mistakes)
    report = play(scenario)
    return Played(str(path), report.checks, (), report.mismatches)


def _text(path: Path) -> str:
    try:
        return _read(path)
    except OSError as error:
        stop(f"{path} cannot be read: {error.strerror or error}.", code=2)
    except UnicodeDecodeError:
        stop(f"{path} is not UTF-8 text. Save it as UTF-8.", code=2)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _write_junit(target: Path, played: list[Played]) -> None:
    """Write one test case a file, as continuous integration shows them."""
    failed = sum(not one.is_ok for one in played)
    suite = ET.Element(
        "testsuite", name="guerdon rehearse", tests=str(len(played)), failures=str(failed)
    )
    for one in played:
        case = ET.SubElement(suite, "testcase", classname="rehearse", name=one.name)
        if not one.is_ok:
            failure = ET.SubElement(case, "failure", message="not as expected")
            failure.text = "\n".join(one.lines()[1:])
    try:
        ET.ElementTree(suite).write(target, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror or error}.", code=2)
