"""`guerdon settings`: what this process would run with, and where each value comes from."""

import typer

from guerdon.cli.stops import settings_or_stop

app = typer.Typer(name="settings", help="Settings as they are read here.", no_args_is_help=False)


@app.callback(invoke_without_command=True)
def settings(context: typer.Context) -> None:
    """Print all settings, secrets hidden; * marks those that are not the default."""
    if context.invoked_subcommand is not None:
        return
    from pydantic import SecretStr

    from guerdon.settings import PREFIX

    found = settings_or_stop()
    for name, field in type(found).model_fields.items():
        value = getattr(found, name)
        if isinstance(value, SecretStr):
            shown = "(set, not shown)"
        elif value is None or value == ():
            shown = ""
        else:
            shown = ",".join(value) if isinstance(value, tuple) else str(value)
        mark = " " if value == field.default else "*"
        typer.echo(f"{mark} {PREFIX}{name.upper()}={shown}")


@app.command()
def reference() -> None:
    """Print the reference of all settings, as docs/settings.md has it."""
    from guerdon.cli.reference import settings_reference

    typer.echo(settings_reference(), nl=False)
