"""What is wrong in a document: a place, a sentence with the fact, and a remedy.

Rule: reading never stops at the first mistake, and no mistake is without a place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps the document from being used; a warning is legal and surely not meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake; lines and columns count from 1, `path` reads like `program.rules[2].give`."""

    line: int
    column: int
    path: str
    message: str
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def sentence(self) -> str:
        """Return fact and remedy in one line."""
        return f"{self.message} {self.remedy}".rstrip()


class Enough(Exception):
    """A document has so many mistakes that reading on helps nobody."""


MOST = 200
"""How many mistakes of one document are told, warnings aside."""


def note(mistakes: list[Mistake], mistake: Mistake) -> None:
    """Add a mistake.

    Raises:
        Enough: There are `MOST` of them; the last one says so.
    """
    mistakes.append(mistake)
    if mistake.severity is Severity.ERROR and len(mistakes) >= MOST <= len(errors(mistakes)):
        mistakes.append(
            Mistake(
                mistake.line,
                mistake.column,
                mistake.path,
                f"There are {MOST} mistakes up to here; what follows was not looked at.",
                "Mend these first.",
            )
        )
        raise Enough


def errors(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Return those mistakes that keep the document from being used."""
    return [mistake for mistake in mistakes if mistake.severity is Severity.ERROR]


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a misspelt word most likely meant, or None where nothing is near.

    Near is at most one slip in three letters; a slip is a letter missing, added, wrong, or two
    letters swapped.
    """
    found: str | None = None
    least = max(1, len(word) // 3) + 1
    for choice in choices:
        if abs(len(choice) - len(word)) >= least:
            continue
        slips = _slips(word.lower(), choice.lower())
        if slips < least:
            found, least = choice, slips
    return found


def did_you_mean(word: str, choices: Iterable[str], *, otherwise: str = "") -> str:
    """Return the remedy for a word that is none of the choices."""
    listed = list(choices)
    near = nearest(word, listed)
    if near is not None:
        return f"Did you mean `{near}`?"
    if otherwise:
        return otherwise
    if not listed:
        return ""
    shown = ", ".join(f"`{choice}`" for choice in listed[:_SHOWN])
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"Known here: {shown}{more}."


_SHOWN = 12


def _slips(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
