"""How activities are decided, and what those who watch are shown."""

from pydantic import Field

from guerdon.settings.group import Group


class Scoring(Group):
    """Scoring."""

    lanes: int = Field(
        16,
        ge=1,
        le=4_096,
        description="Slices of the members, each decided in order by one writer.",
    )
    batch_max: int = Field(
        1_000, ge=1, le=2_000, description="Activities one transaction decides at most."
    )
    lane_lease_seconds: float = Field(
        6, ge=1, le=120, description="How long a worker holds a lane without renewing."
    )
    reservation_seconds: float = Field(
        30,
        ge=1,
        le=600,
        description="How long stock and codes stay reserved for what was not decided.",
    )
    waiting_max: int = Field(
        50_000,
        ge=1_000,
        le=10_000_000,
        description="Activities of a program that may wait, or be parked, before more are refused.",
    )
    worker_threads: int = Field(
        2, ge=1, le=64, description="Lanes a worker decides at once; more make batches smaller."
    )
    actor_seconds_max: float = Field(
        15, ge=1, le=600, description="How long one message may take before it is cut off."
    )
    worker_shutdown_seconds: int = Field(
        20, ge=1, le=300, description="How long a stopping worker lets its messages finish."
    )
    broker_heartbeat_seconds: float = Field(
        15, ge=1, le=600, description="After which silence a worker's messages go to another."
    )
    sweep_seconds: float = Field(
        2, gt=0, le=60, description="How often waiting inboxes are looked for: hints may be lost."
    )
    seal_seconds: float = Field(
        10, gt=0, le=3_600, description="How often new journal entries are chained by hashes."
    )
    tick_seconds: float = Field(
        1, gt=0, le=60, description="How often standings are looked for that time alone changes."
    )


class Watching(Group):
    """For those who watch."""

    metrics_host: str = Field(
        "127.0.0.1", min_length=1, description="The address of the port for metrics and health."
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description="Each process answers /metrics, /healthz and /readyz there; unset: nowhere.",
    )
    drift_seconds: int = Field(
        600,
        ge=0,
        le=86_400,
        description="How often the scheduler compares leaderboards with MongoDB; 0: never.",
    )
    audit_seconds: int = Field(
        86_400,
        ge=0,
        le=30 * 86_400,
        description="How often the scheduler checks the books, as `guerdon verify` does; 0: never.",
    )
    otel_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Where traces go: an OTLP collector over HTTP; needs the extra `otel`.",
    )
    otel_share: float = Field(
        1, ge=0, le=1, description="Of the traces that begin here, the share that is kept."
    )


class Testing(Group):
    """For tests."""

    crash_at: str | None = Field(
        None, description="Ends the process at a named point, as a kill would (engine.crash)."
    )
