"""The command line: one file a command, gathered here.

Commands import what they need inside their functions, so that `guerdon --help` answers at once.
They print sentences, exit with 0 (done), 1 (could not) or 2 (asked wrongly), and hold no behaviour
of their own: what they do is done by the engine, the API, the workers or the embedded stack.
"""

import errno
import os
import sys

import typer

from guerdon.cli.backup import backup, restore
from guerdon.cli.beginning import create
from guerdon.cli.codes import app as codes
from guerdon.cli.demo import demo
from guerdon.cli.doctor import doctor
from guerdon.cli.exporting import app as export
from guerdon.cli.importing import importing
from guerdon.cli.inbox import app as inbox
from guerdon.cli.issuers import app as issuers
from guerdon.cli.keys import app as keys
from guerdon.cli.lanes import app as lanes
from guerdon.cli.migrate import migrate
from guerdon.cli.program import app as program
from guerdon.cli.rebuild import app as rebuild
from guerdon.cli.rehearse import rehearse
from guerdon.cli.schedule import schedule
from guerdon.cli.schema import app as schema
from guerdon.cli.serve import serve
from guerdon.cli.settings import app as settings
from guerdon.cli.statements import app as statements
from guerdon.cli.tokens import app as tokens
from guerdon.cli.verify import verify
from guerdon.cli.webhooks import app as webhooks
from guerdon.cli.work import work

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    name="guerdon",
    help="Loyalty and gamification programs as a live GraphQL service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (demo, serve, work, schedule, migrate, doctor, rehearse, verify, backup, restore):
    app.command()(command)
app.add_typer(codes, name="codes")
app.add_typer(export, name="export")
app.add_typer(importing, name="import")
app.add_typer(inbox, name="inbox")
app.add_typer(issuers, name="issuers")
app.add_typer(keys, name="keys")
app.add_typer(lanes, name="lanes")
program.command()(create)
app.add_typer(program, name="program")
app.add_typer(rebuild, name="rebuild")
app.add_typer(schema, name="schema")
app.add_typer(settings, name="settings")
app.add_typer(webhooks, name="webhooks")
app.add_typer(statements, name="statements")
app.add_typer(tokens, name="tokens")


def main() -> None:
    """Run the command line."""
    if sys.flags.optimize > 1:
        sys.exit("guerdon cannot run under python -OO: its errors' docstrings are their messages.")
    try:
        app()
    except OSError as error:
        if error.errno not in _FULL:
            raise
        # What is still to be written can go nowhere; else Python tries again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"What was to be said could not be written: {error.strerror}.")
