"""What an import counts, and the sentences that it ends with."""

from collections import Counter
from dataclasses import dataclass, field

from guerdon.cli.importing.remote import Receipt

_IN = ("PENDING", "ACCEPTED")


@dataclass(slots=True, kw_only=True)
class Tally:
    """Lines by what became of them; `skipped` were answered in an earlier run."""

    accepted: int = 0
    duplicates: int = 0
    parked: int = 0
    skipped: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    scored_seconds: float | None = None

    def add(self, receipt: Receipt) -> bool:
        """Count one answer; tell whether the line is in the service now."""
        if receipt.result in _IN:
            self.accepted += 1
        elif receipt.result == "DUPLICATE":
            self.duplicates += 1
        elif receipt.result == "PARKED":
            self.parked += 1
        else:
            reason = receipt.reason.partition(":")[0] or receipt.result.lower()
            self.refused[reason] += 1
            return False
        return True

    @property
    def lines(self) -> int:
        """How many lines this run dealt with."""
        return self.accepted + self.duplicates + self.parked + self.refused.total()

    def sentences(self) -> list[str]:
        """Say what was done, one thing a line."""
        rows = [("accepted", self.accepted), ("duplicates", self.duplicates)]
        rows += [("parked until somebody claims them", self.parked)] if self.parked else []
        rows += [("sent before the interruption", self.skipped)] if self.skipped else []
        rows += [(f"refused: {why}", count) for why, count in self.refused.most_common()]
        width = max(len(f"{count:,}") for _, count in rows)
        speed = self.lines / self.seconds if self.seconds else 0
        said = [f"{self.lines:,} lines in {self.seconds:.1f} s, {speed:,.0f} a second"]
        said += [f"  {count:>{width},} {what}" for what, count in rows]
        if self.scored_seconds is not None:
            speed = self.lines / self.scored_seconds if self.scored_seconds else 0
            said.append(f"All decided after {self.scored_seconds:.1f} s, {speed:,.0f} a second")
        return said
