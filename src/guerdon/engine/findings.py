"""Findings: what `guerdon doctor` says of an installation, each with its remedy.

Rule: a finding names the fact, what it means for the installation, and what to do; whoever reads it
needs no other page. Stores and the live side examine their own servers.
"""

from enum import StrEnum
from typing import NamedTuple


class Grade(StrEnum):
    """How bad it is."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


class Finding(NamedTuple):
    """One thing that was looked at."""

    subject: str
    grade: Grade
    fact: str
    remedy: str | None = None


def fine(subject: str, fact: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(subject, Grade.FINE, fact)


def doubtful(subject: str, fact: str, remedy: str) -> Finding:
    """Return that something works and will hurt some day."""
    return Finding(subject, Grade.DOUBTFUL, fact, remedy)


def wrong(subject: str, fact: str, remedy: str) -> Finding:
    """Return that something does not work, or endangers what was promised."""
    return Finding(subject, Grade.WRONG, fact, remedy)
