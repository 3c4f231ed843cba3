"""Meters: what the engine and the edges tell of how they are doing, for whoever watches.

Rule: a meter is told once a batch, a call or a turn, never once an activity, and it neither waits
nor fails; so watching costs nothing that could be felt. It is told figures and fixed words, never
who or what they concern. What becomes of them is `guerdon.observing`'s matter.
"""

from collections.abc import Iterable
from typing import Protocol


class Meters(Protocol):
    """See the module."""

    def accepted(self, program: str, results: Iterable[str]) -> None:
        """A request's activities were taken, each with its receipt's result."""
        ...

    def decided(
        self, program: str, results: Iterable[str], *, decide_seconds: float, commit_seconds: float
    ) -> None:
        """A batch was decided and committed."""
        ...

    def overtaken(self, program: str, reason: str) -> None:
        """A batch was thrown away or decided anew: `LaneLost`, `Outdated`, `AlreadyDecided`."""
        ...

    def set_aside(self, program: str, count: int) -> None:
        """Activities could not be decided and wait for an operator."""
        ...

    def projected(self, program: str, seconds: float) -> None:
        """A batch reached Redis, so long after it was decided."""
        ...

    def waiting(self, program: str, depth: int, age_seconds: float) -> None:
        """So many activities wait at present, the oldest so long."""
        ...

    def behind(self, program: str, entries: int) -> None:
        """So many journal entries are not projected at present."""
        ...

    def codes_left(self, program: str, pool: str, left: int) -> None:
        """A pool has so many codes left at present."""
        ...

    def agreement_left(
        self, program: str, partner: str, direction: str, of: str, left: int
    ) -> None:
        """So many units are left of what a partner `issues` or `redeems`: `limit` or `prepaid`."""
        ...

    def audited(self, program: str, offences: int, at_seconds: float) -> None:
        """The books were checked."""
        ...

    def sent(self, program: str, outcome: str, seconds: float) -> None:
        """A webhook was tried: `delivered`, `waiting` (to be tried again) or `dead`."""
        ...

    def operation(self, kind: str, outcome: str, seconds: float) -> None:
        """An operation (query, mutation) was executed: `ok`, `errors` or `failed`."""
        ...

    def request(self, status: int) -> None:
        """A request over HTTP was answered."""
        ...

    def connections(self, change: int, *, kind: str) -> None:
        """A socket or a subscription was opened (+1) or closed (-1)."""
        ...

    def pushed(self, count: int = 1) -> None:
        """Items were sent to subscribers."""
        ...


class Unmetered:
    """Nobody watches."""

    def accepted(self, program: str, results: Iterable[str]) -> None:
        """Nothing."""

    def decided(
        self, program: str, results: Iterable[str], *, decide_seconds: float, commit_seconds: float
    ) -> None:
        """Nothing."""

    def overtaken(self, program: str, reason: str) -> None:
        """Nothing."""

    def set_aside(self, program: str, count: int) -> None:
        """Nothing."""

    def projected(self, program: str, seconds: float) -> None:
        """Nothing."""

    def waiting(self, program: str, depth: int, age_seconds: float) -> None:
        """Nothing."""

    def behind(self, program: str, entries: int) -> None:
        """Nothing."""

    def codes_left(self, program: str, pool: str, left: int) -> None:
        """Nothing."""

    def agreement_left(
        self, program: str, partner: str, direction: str, of: str, left: int
    ) -> None:
        """Nothing."""

    def audited(self, program: str, offences: int, at_seconds: float) -> None:
        """Nothing."""

    def sent(self, program: str, outcome: str, seconds: float) -> None:
        """Nothing."""

    def operation(self, kind: str, outcome: str, seconds: float) -> None:
        """Nothing."""

    def request(self, status: int) -> None:
        """Nothing."""

    def connections(self, change: int, *, kind: str) -> None:
        """Nothing."""

    def pushed(self, count: int = 1) -> None:
        """Nothing."""
