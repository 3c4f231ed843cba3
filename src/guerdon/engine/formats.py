"""Formats: whether this code and the data it finds can live together.

What is stored changes in numbered steps. A step either expands (adds what new code needs, and old
code does not mind) or contracts (takes away what only old code read). Rule: code may run where all
its expansions were done and where nothing was contracted that it does not know of; so old and new
processes run side by side between the two.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Protocol

from guerdon.core.errors import GuerdonError


class Kind(StrEnum):
    """What a step does to those who run beside it."""

    EXPAND = "expand"
    CONTRACT = "contract"


class FormatUnusable(GuerdonError):
    """The data is older or newer than this code can use; the message names the remedy."""

    code = "FORMAT_UNUSABLE"


class Formats(Protocol):
    """What the database says of its format."""

    async def check(self) -> None:
        """Let pass where this code can use the data.

        Raises:
            FormatUnusable: It cannot.
            StoreDown: The database does not answer.
        """
        ...


def check(known: Mapping[int, Kind], done: Mapping[int, Kind], *, names: Mapping[int, str]) -> None:
    """Compare the steps that this code knows with those that were done.

    Raises:
        FormatUnusable: There is nothing yet, an expansion is lacking, or a contraction is unknown.
    """
    if not done:
        raise FormatUnusable("The database holds nothing of guerdon yet: run `guerdon migrate`.")
    unknown = sorted(n for n, kind in done.items() if n not in known and kind is Kind.CONTRACT)
    if unknown:
        newer = ", ".join(map(str, unknown))
        raise FormatUnusable(
            f"The database is newer than this guerdon: step {newer} took away what it reads. "
            "Run the release that made this step, or a later one; or restore a backup made before."
        )
    lacking = sorted(step for step in known if known[step] is Kind.EXPAND and step not in done)
    if lacking:
        told = ", ".join(f"{step} ({names[step]})" for step in lacking)
        raise FormatUnusable(
            f"The database is older than this guerdon: it lacks step {told}. "
            "Run `guerdon migrate` of this release first; processes that run may go on meanwhile."
        )


def pending(known: Mapping[int, Kind], done: Collection[int], kinds: Collection[Kind]) -> list[int]:
    """Return the steps of these kinds that are still to be done, in order."""
    return [step for step in sorted(known) if step not in done and known[step] in kinds]
