"""Prometheus metrics of one process, each with its name, its meaning and its unit.

Rule: labels are programs and fixed words, so that their number is bounded; a process has a registry
of its own, and gauges that every scheduler reports alike are to be read with `max`.
"""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000)


class Metrics:
    """See `engine.meters.Meters`; `registry` is what the port shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._taking()
        self._scoring()
        self._standing_back()
        self._serving()

    def _taking(self) -> None:
        self._accepted = self._counter(
            "guerdon_activities_taken", "Activities reported, by receipt.", "program", "result"
        )

    def _scoring(self) -> None:
        self._decided = self._counter(
            "guerdon_activities_decided", "Activities decided, by result.", "program", "result"
        )
        self._batch = self._histogram(
            "guerdon_batch_activities", "Activities of one batch.", _SIZES, "program"
        )
        self._decide = self._histogram(
            "guerdon_batch_decide_seconds", "Reading and deciding a batch.", _SECONDS, "program"
        )
        self._commit = self._histogram(
            "guerdon_batch_commit_seconds", "A batch's transaction.", _SECONDS, "program"
        )
        self._conflicts = self._counter(
            "guerdon_lane_conflicts", "Batches that met another writer.", "program", "reason"
        )
        self._failed = self._counter(
            "guerdon_activities_set_aside", "Activities that could not be decided.", "program"
        )
        self._projected = self._histogram(
            "guerdon_projection_seconds", "From decision to Redis.", _SECONDS, "program"
        )

    def _standing_back(self) -> None:
        self._depth = self._gauge(
            "guerdon_inbox_activities", "Activities that wait, as of the last sweep.", "program"
        )
        self._age = self._gauge(
            "guerdon_inbox_age_seconds", "How long the oldest of them waits.", "program"
        )
        self._behind = self._gauge(
            "guerdon_projection_behind_entries", "Journal entries not in Redis yet.", "program"
        )
        self._codes = self._gauge(
            "guerdon_codes_left",
            "Codes that a pool has left, as of the last sweep.",
            "program",
            "pool",
        )
        self._agreements = self._gauge(
            "guerdon_partner_left",
            "Units that a partner's agreement has left, as of the last sweep.",
            "program",
            "partner",
            "direction",
            "of",
        )
        self._offences = self._gauge(
            "guerdon_audit_offences", "What the last audit of the books found.", "program"
        )
        self._audited = self._gauge(
            "guerdon_audit_timestamp_seconds", "When the last audit ended.", "program"
        )
        self._webhooks = self._counter(
            "guerdon_webhooks", "Webhooks tried, by outcome.", "program", "outcome"
        )
        self._webhook = self._histogram(
            "guerdon_webhook_seconds", "How long receivers take.", _SECONDS, "program"
        )

    def _serving(self) -> None:
        self._operations = self._counter(
            "guerdon_operations", "GraphQL operations, by outcome.", "kind", "outcome"
        )
        self._operation = self._histogram(
            "guerdon_operation_seconds", "Executing an operation.", _SECONDS, "kind"
        )
        self._requests = self._counter("guerdon_http_requests", "HTTP answers.", "status")
        self._open = self._gauge("guerdon_open_connections", "Open at present.", "kind")
        for kind in ("connection", "subscription"):
            self._open.labels(kind)
        self._by_outcome: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self._by_status: dict[int, Counter] = {}
        self._pushed = self._counter("guerdon_pushes", "Items sent to subscribers.")

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(name, says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(name, says, labels, registry=self.registry)

    def _histogram(
        self, name: str, says: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, says, labels, buckets=buckets, registry=self.registry)

    def accepted(self, program: str, results: Iterable[str]) -> None:
        """Count receipts."""
        _count(self._accepted, program, results)

    def decided(
        self, program: str, results: Iterable[str], *, decide_seconds: float, commit_seconds: float
    ) -> None:
        """Count a batch and its decisions."""
        self._batch.labels(program).observe(_count(self._decided, program, results))
        self._decide.labels(program).observe(decide_seconds)
        self._commit.labels(program).observe(commit_seconds)

    def overtaken(self, program: str, reason: str) -> None:
        """Count a conflict."""
        self._conflicts.labels(program, reason).inc()

    def set_aside(self, program: str, count: int) -> None:
        """Count failures."""
        self._failed.labels(program).inc(count)

    def projected(self, program: str, seconds: float) -> None:
        """Note a delay."""
        self._projected.labels(program).observe(seconds)

    def waiting(self, program: str, depth: int, age_seconds: float) -> None:
        """Note what waits; conflicts and failures show as zero from now on, for alerts to see."""
        self._depth.labels(program).set(depth)
        self._age.labels(program).set(age_seconds)
        self._failed.labels(program)

    def behind(self, program: str, entries: int) -> None:
        """Note what is behind."""
        self._behind.labels(program).set(entries)

    def codes_left(self, program: str, pool: str, left: int) -> None:
        """A pool has so many codes left at present."""
        self._codes.labels(program, pool).set(left)

    def agreement_left(
        self, program: str, partner: str, direction: str, of: str, left: int
    ) -> None:
        """So many units are left of what a partner `issues` or `redeems`: `limit` or `prepaid`."""
        self._agreements.labels(program, partner, direction, of).set(left)

    def audited(self, program: str, offences: int, at_seconds: float) -> None:
        """Note an audit."""
        self._offences.labels(program).set(offences)
        self._audited.labels(program).set(at_seconds)

    def sent(self, program: str, outcome: str, seconds: float) -> None:
        """Count a webhook."""
        self._webhooks.labels(program, outcome).inc()
        self._webhook.labels(program).observe(seconds)

    def operation(self, kind: str, outcome: str, seconds: float) -> None:
        """Count an operation; children are kept, because finding them costs more than counting."""
        found = self._by_outcome.get((kind, outcome))
        if found is None:
            found = self._operations.labels(kind, outcome), self._operation.labels(kind)
            self._by_outcome[kind, outcome] = found
        found[0].inc()
        found[1].observe(seconds)

    def request(self, status: int) -> None:
        """Count an answer."""
        found = self._by_status.get(status)
        if found is None:
            found = self._by_status[status] = self._requests.labels(str(status))
        found.inc()

    def connections(self, change: int, *, kind: str) -> None:
        """Note what is open."""
        self._open.labels(kind).inc(change)

    def pushed(self, count: int = 1) -> None:
        """Count what is sent."""
        self._pushed.inc(count)


def _count(counter: Counter, program: str, results: Iterable[str]) -> int:
    """Count each result at once; return how many there were."""
    counts = Tally(results)
    for result, count in counts.items():
        counter.labels(program, result).inc(count)
    return counts.total()
