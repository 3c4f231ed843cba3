"""`guerdon program`: what concerns a program's own file."""

from pathlib import Path
from typing import Annotated

import typer

from guerdon.program.mistakes import Mistake, Severity

app = typer.Typer(
    name="program", help="Check programs, and let editors know them.", no_args_is_help=True
)

Files = Annotated[list[Path], typer.Argument(help="Program or scenario files.")]


@app.command()
def check(files: Files) -> None:
    """Name every mistake with its place and remedy; end with 1 where there is an error.

    Warnings (legal, and surely not meant) are printed and do not fail.
    """
    failed = unreadable = False
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            typer.echo(f"{path} cannot be read: {error.strerror or error}.", err=True)
            unreadable = True
            continue
        except UnicodeDecodeError:
            typer.echo(f"{path} is not UTF-8 text. Save it as UTF-8.", err=True)
            unreadable = True
            continue
        for mistake in _mistakes(path, text):
            warning = mistake.severity is Severity.WARNING
            failed = failed or not warning
            where = f"{path}:{mistake.line}:{mistake.column}"
            about = f" {mistake.path}" if mistake.path else ""
            kind = "warning: " if warning else ""
            typer.echo(f"{where}{about}: {kind}{mistake.sentence()}")
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


def _mistakes(path: Path, text: str) -> list[Mistake]:
    """Return what is wrong in a file; a scenario's activities and expectations are judged too."""
    from guerdon.program.scenario import load_scenario

    scenario = load_scenario(
        text, path.name, read=lambda other: (path.parent / other).read_text(encoding="utf-8")
    )
    return scenario.mistakes
