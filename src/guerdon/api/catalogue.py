"""The program as readers see it: the current version, and what older ones still explain.

The rule: what a member once got stays readable. A wallet, mission or badge that the current version
has dropped is described by the newest version that had it, so that figures keep their scale.
"""

from collections.abc import Mapping
from typing import TypeVar

from guerdon.core.activity import Instant
from guerdon.core.program import (
    Badge,
    Counter,
    Ladder,
    Leaderboard,
    Mission,
    Partner,
    Program,
    Reward,
    Rung,
    Wallet,
)
from guerdon.core.rulebook import Rulebook

_T = TypeVar("_T")


class Catalogue:
    """All versions of one program, read as of one instant."""

    __slots__ = ("_versions", "id", "program", "rulebook")

    def __init__(self, rulebook: Rulebook, now: Instant) -> None:
        self.rulebook = rulebook
        self.id = rulebook.id
        self.program = rulebook.at(now).program
        self._versions = [version.program for version in reversed(rulebook.versions)]

    def wallet(self, slug: str) -> Wallet | None:
        """Return a wallet's definition."""
        return self._find([version.wallets for version in self._versions], slug)

    def counter(self, slug: str) -> Counter | None:
        """Return a counter's definition."""
        return self._find([version.counters for version in self._versions], slug)

    def ladder(self, slug: str) -> Ladder | None:
        """Return a ladder's definition."""
        return self._find([version.ladders for version in self._versions], slug)

    def rung(self, ladder: str, tier: str) -> Rung | None:
        """Return a tier's definition."""
        for version in self._versions:
            found = version.ladders.get(ladder)
            for rung in found.tiers if found else ():
                if rung.id == tier:
                    return rung
        return None

    def mission(self, slug: str) -> Mission | None:
        """Return a mission's definition."""
        return self._find([version.missions for version in self._versions], slug)

    def badge(self, slug: str) -> Badge | None:
        """Return a badge's definition."""
        return self._find([version.badges for version in self._versions], slug)

    def leaderboard(self, slug: str) -> Leaderboard | None:
        """Return a leaderboard's definition."""
        return self._find([version.leaderboards for version in self._versions], slug)

    def reward(self, slug: str) -> Reward | None:
        """Return a reward's definition."""
        return self._find([version.rewards for version in self._versions], slug)

    def partner(self, slug: str) -> Partner | None:
        """Return a partner's definition."""
        return self._find([version.partners for version in self._versions], slug)

    def wallet_scale(self, slug: str) -> int:
        """Return the digits behind the point of a wallet's units."""
        found = self.wallet(slug)
        return found.scale if found else 0

    def counter_scale(self, slug: str) -> int:
        """Return the digits behind the point of a counter's value."""
        found = self.counter(slug)
        return found.measure.scale if found else 0

    def version_at(self, at: Instant) -> Program:
        """Return the version in force at an instant."""
        return self.rulebook.at(at).program

    @staticmethod
    def _find(kinds: list[Mapping[str, _T]], slug: str) -> _T | None:
        return next((kind[slug] for kind in kinds if slug in kind), None)
