"""All settings together, and how they are read from the environment."""

import difflib
import os
from pathlib import Path
from typing import Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from guerdon.settings.prefix import PREFIX
from guerdon.settings.servers import Installation, Secrets, Servers
from guerdon.settings.surface import Api, TrustedDocuments, Webhooks
from guerdon.settings.work import Scoring, Testing, Watching

# How alike an unknown name must be to a setting's to be taken for a slip of the pen. Other names
# with our prefix are let be: Kubernetes adds some of its own for a service called "guerdon".
_SLIP = 0.9


class SettingsInvalid(Exception):
    """What the environment says cannot be used; the message has one line a mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class Settings(
    Testing,
    Watching,
    Scoring,
    TrustedDocuments,
    Api,
    Webhooks,
    Secrets,
    Servers,
    Installation,
    BaseSettings,
):
    """The settings of one process; equal in all processes of a deployment.

    Groups that are named later come first where settings are listed.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True
    )

    @classmethod
    def load(cls, **given: object) -> Self:
        """Read the environment; what is `given` comes before it.

        Raises:
            SettingsInvalid: With all mistakes, values hidden (a wrong value may be a secret).
        """
        mistakes = _slips(set(cls.model_fields))
        from_files = cls._from_files(mistakes)
        try:
            settings = cls(**{**from_files, **given})  # type: ignore[arg-type]  # pydantic judges what is given
        except ValidationError as error:
            mistakes += [
                cls._line(entry["loc"], entry["type"], entry["msg"])
                for entry in error.errors(include_url=False, include_input=False)
            ]
        else:
            if not mistakes:
                return settings
        raise SettingsInvalid(mistakes)

    @classmethod
    def secret_names(cls) -> list[str]:
        """Return the settings that may come from a file: those whose values are hidden."""
        return [
            name for name, field in cls.model_fields.items() if "SecretStr" in str(field.annotation)
        ]

    @classmethod
    def _from_files(cls, mistakes: list[str]) -> dict[str, str]:
        """Return what GUERDON_<NAME>_FILE leads to; secrets are mounted as files in clusters."""
        found = {}
        for name in cls.secret_names():
            variable = f"{PREFIX}{name.upper()}"
            path = os.environ.get(f"{variable}_FILE")
            if not path:
                continue
            if os.environ.get(variable):
                mistakes.append(f"{variable}_FILE: {variable} is set too; keep one of them.")
            try:
                found[name] = Path(path).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "is no text"
                mistakes.append(f"{variable}_FILE: {path} cannot be read: {reason}.")
                found |= {name: _UNREAD[name]} if name in _UNREAD else {}
        return found

    @classmethod
    def _line(cls, loc: tuple[int | str, ...], kind: str, message: str) -> str:
        says = "is not set" if kind == "missing" else message.removeprefix("Value error, ")
        if not loc:  # settings that contradict each other name themselves
            return f"{says}."
        name = str(loc[0])
        return f"{PREFIX}{name.upper()}: {says}. ({cls.model_fields[name].description})"


# Stands where a file could not be read, so that this is the only mistake that is told of it.
_UNREAD = {
    "mongo_url": "mongodb://unread",
    "mongo_owner_url": "mongodb://unread",
    "redis_url": "redis://unread",
    "token_secret": "x" * 32,
    "key_pepper": "x" * 32,
    "storage_key": "x" * 32,
}


def _slips(names: set[str]) -> list[str]:
    """Name each variable that looks like a setting misspelt, which would else be ignored."""
    known = {PREFIX + name.upper() for name in names}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in Settings.secret_names()}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    near = ((name, difflib.get_close_matches(name, known, n=1, cutoff=_SLIP)) for name in unknown)
    return [f"{name}: is no setting; did you mean {match[0]}?" for name, match in near if match]
