"""How commands begin and end: settings read, and sentences instead of tracebacks."""

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from guerdon.settings import Settings  # pydantic is slow to import; `--help` needs none of it


def stop(message: str, *, code: int = 1) -> NoReturn:
    """End the command with `message`; 1 says that it could not, 2 that it was asked wrongly."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


class Unreadable(Exception):
    """A file is not there, or is no text; the sentence says which."""


def text_of(path: Path) -> str:
    """Return what a file says.

    Raises:
        Unreadable: There is no text to be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path} is not UTF-8 text. Save it as UTF-8.") from None


def text_or_stop(path: Path) -> str:
    """Return what a file says, or end where there is no text to be read."""
    try:
        return text_of(path)
    except Unreadable as error:
        stop(str(error), code=2)


def settings_or_stop(**given: object) -> "Settings":
    """Read the environment, or name everything that is wrong with it and end."""
    from guerdon.settings import Settings, SettingsInvalid

    try:
        return Settings.load(**given)
    except SettingsInvalid as error:
        stop(f"guerdon cannot start; mend these settings:\n{error}", code=2)


def format_or_stop(settings: "Settings") -> None:
    """End where the database is older or newer than this code can use.

    A database that is away is no reason to end: whoever starts looks again when it is back.
    """
    from guerdon.engine.formats import FormatUnusable
    from guerdon.engine.world import StoreDown
    from guerdon.wiring import check_format

    try:
        asyncio.run(check_format(settings))
    except FormatUnusable as error:
        stop(str(error))
    except StoreDown:
        logging.getLogger(__name__).warning("the database does not answer yet")


def tell_ready(descriptor: int | None) -> None:
    """Write one byte to the pipe of whoever started us and waits until we have begun to work."""
    if descriptor is not None:
        os.write(descriptor, b"\n")
        os.close(descriptor)
