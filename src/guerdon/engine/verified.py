"""What verifying found: how much was looked at, and what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

OFFENCES_MAX = 20

Progress = Callable[[str, int, int], None]
"""Is told what is looked at, how far it is, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """One thing that is wrong: the document, and what it says against what it should."""

    document: str
    message: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and the first offences; none is what one hopes for."""

    entries: int = 0
    members: int = 0
    lots: int = 0
    rows: int = 0
    has_redis: bool = True
    unbuilt: int = 0
    documents: int = 0
    unsealed: int = 0
    offences: tuple[Offence, ...] = ()

    def offend(self, document: str, message: str) -> None:
        """Note what is wrong, up to a number that can still be read."""
        if len(self.offences) < OFFENCES_MAX:
            self.offences += (Offence(document=document, message=message),)
