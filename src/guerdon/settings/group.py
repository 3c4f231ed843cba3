"""What a group of settings is: fields of one matter, under the heading of its docstring."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic.functional_validators import BeforeValidator
from pydantic_settings import NoDecode


class Group(BaseModel):
    """Settings of one matter; the first line of a group's docstring is its heading."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def heading(cls) -> str:
        """Return what the group stands under in the reference."""
        return (cls.__doc__ or "").splitlines()[0].rstrip(".")


def _split(given: object) -> object:
    if not isinstance(given, str):
        return given
    return tuple(part for part in (piece.strip() for piece in given.split(",")) if part)


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Texts, comma-separated in the environment."""
