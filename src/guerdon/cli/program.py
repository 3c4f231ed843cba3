"""`guerdon program`: check a program's file, compare two, and change a running program by it.

Rule: `diff` needs no service; `plan`, `publish` and `export` ask one for what it does itself when a
client asks over GraphQL.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.cli.endpoint import ask
from guerdon.cli.stops import Unreadable, stop, text_of, text_or_stop
from guerdon.program.mistakes import Mistake, Severity

if TYPE_CHECKING:
    from guerdon.core.program import Program

app = typer.Typer(
    name="program", help="Check programs, and change them safely.", no_args_is_help=True
)

Url = Annotated[str | None, typer.Option(envvar="GUERDON_URL", help="The GraphQL address.")]
ApiKey = Annotated[
    str | None,
    typer.Option("--key", envvar="GUERDON_KEY", help="A key with the scope program:publish."),
]
File = Annotated[Path, typer.Argument(help="A program's file.", show_default=False)]

_PLAN = """query Plan($document: String!) { planProgram(document: $document) {
  changes { sentence worseOff } problems { message } } }"""
_PUBLISH = """mutation Publish($input: PublishProgramInput!) { publishProgram(input: $input) {
  program { slug version } changes { sentence worseOff } problems { message } } }"""
_EXPORT = "query Export { program { document } }"

Files = Annotated[list[Path], typer.Argument(help="Program or scenario files.")]


@app.command()
def check(files: Files) -> None:
    """Name every mistake with its place and remedy; end with 1 where there is an error.

    Warnings (legal, and surely not meant) are printed and do not fail.
    """
    failed = unreadable = False
    for path in files:
        try:
            text = text_of(path)
        except Unreadable as error:
            typer.echo(str(error), err=True)
            unreadable = True
            continue
        mistakes = _mistakes(path, text)
        errors = sum(each.severity is not Severity.WARNING for each in mistakes)
        failed = failed or errors > 0
        for mistake in mistakes:
            warning = mistake.severity is Severity.WARNING
            where = f"{path}:{mistake.line}:{mistake.column}"
            about = f" {mistake.path}" if mistake.path else ""
            kind = "warning: " if warning else ""
            typer.echo(f"{where}{about}: {kind}{mistake.sentence()}")
        if not errors:
            warned = f", {len(mistakes)} to be thought over" if mistakes else ""
            typer.echo(f"{path}: no mistakes{warned}.")
    if unreadable:
        raise typer.Exit(2)
    if failed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of program files, for editors."""
    import json

    from guerdon.program.editors import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def diff(before: File, after: File) -> None:
    """Say what publishing AFTER would change where BEFORE is in force; needs no service.

    Ends with 1 where a change would be refused.
    """
    from guerdon.program.plan import plan as compare

    changes = compare(_program(before), _program(after))
    kept_back = [change.sentence for change in changes if change.is_refused]
    allowed = [change for change in changes if not change.is_refused]
    _tell(((each.sentence, each.worse_off) for each in allowed), kept_back)


@app.command()
def plan(file: File, url: Url = None, key: ApiKey = None) -> None:
    """Say what publishing FILE would change, and how many members that concerns.

    Nothing is changed. Ends with 1 where it could not be published.
    """
    found = ask(url, key, _PLAN, document=text_or_stop(file))["planProgram"]
    _tell_answer(found)


@app.command()
def publish(
    file: File,
    url: Url = None,
    key: ApiKey = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from", help="The first instant at which it holds, such as 2030-01-01T00:00:00Z."
        ),
    ] = None,
) -> None:
    """Make FILE the newest version of its program, at once or from an instant on."""
    if begin is not None and not _is_instant(begin):
        stop("Write --from with date, time and zone, such as 2030-01-01T00:00:00Z.", code=2)
    given = {"document": text_or_stop(file)} | ({"from": begin} if begin is not None else {})
    found = ask(url, key, _PUBLISH, input=given)["publishProgram"]
    _tell_answer(found)
    program = found["program"]
    since = f" {begin} on" if begin is not None else " now on"
    typer.echo(f"{program['slug']} is published; it holds from{since}.")


@app.command()
def export(
    url: Url = None,
    key: ApiKey = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file; else to stdout.")
    ] = None,
) -> None:
    """Write the document in force, as it was published."""
    document = ask(url, key, _EXPORT)["program"]["document"]
    if output is None:
        typer.echo(document, nl=not document.endswith("\n"))
        return
    try:
        output.write_text(document, encoding="utf-8")
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror or error}.", code=2)


def _tell_answer(found: dict[str, Any]) -> None:
    problems = [problem["message"] for problem in found["problems"]]
    changes = [(change["sentence"], change["worseOff"]) for change in found["changes"]]
    kept_back = set(problems)
    _tell((change for change in changes if change[0] not in kept_back), problems)


def _tell(changes: Iterable[tuple[str, bool]], problems: list[str]) -> None:
    """Print what changes, those first that make somebody worse off; end with 1 at a problem."""
    ordered = sorted(changes, key=lambda change: not change[1])
    for sentence, worse_off in ordered:
        typer.echo(f"{'worse off: ' if worse_off else ''}{sentence}")
    for problem in problems:
        typer.echo(f"refused: {problem}", err=True)
    if problems:
        raise typer.Exit(1)
    if not ordered:
        typer.echo("Nothing changes.")


def _program(path: Path) -> "Program":
    from guerdon.program.load import load

    loaded = load(text_or_stop(path), path.name)
    if loaded.program is None:
        lines = [
            f"{path}:{one.line}:{one.column} {one.path}: {one.sentence()}"
            for one in loaded.mistakes
        ]
        stop("\n".join(lines))
    return loaded.program


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _mistakes(path: Path, text: str) -> list[Mistake]:
    """Return what is wrong in a file; a scenario's activities and expectations are judged too."""
    from guerdon.program.scenario import load_scenario

    scenario = load_scenario(
        text, path.name, read=lambda other: (path.parent / other).read_text(encoding="utf-8")
    )
    return scenario.mistakes
