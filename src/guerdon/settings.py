"""Settings: every figure and address that differs between installations, read once at start.

This is the only reader of the environment (`GUERDON_<NAME>`). Each setting has bounds and a
sentence; mistakes are reported all at once, because an operator should mend a deployment once and
not once a restart. Settings are built by the command line and handed on: no module holds one.

What a program may decide for itself (rules, windows, limits by member) is not here but in the
program's YAML.
"""

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GUERDON_"

# How alike an unknown name must be to a setting's to be taken for a slip of the pen. Other names
# with our prefix are let be: Kubernetes adds some of its own for a service called "guerdon".
_SLIP = 0.9


class SettingsInvalid(Exception):
    """What the environment says cannot be used; the message has one line a mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


class TokenIssuer(BaseModel):
    """An identity provider whose tokens let members of one program in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str = Field(min_length=1)
    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    key_set_url: str = Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])")
    scheme: str = ""


class Settings(BaseSettings):
    """The settings of one process; equal in all processes of a deployment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True
    )

    # The installation
    environment: Literal["live", "test", "demo"] = Field(
        "live", description="What this installation is for; part of every key (gk_<environment>_)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log line that is written."
    )
    log_format: Literal["json", "text"] = Field(
        "json", description="json for machines, text for a terminal."
    )

    # The servers
    mongo_url: SecretStr = Field(
        description="Where MongoDB answers: a replica set, because the truth needs transactions."
    )
    mongo_owner_url: SecretStr | None = Field(
        None,
        description="Who may make collections, validators and roles; only `migrate` needs it.",
    )
    mongo_database: str = Field(
        "guerdon", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="The database that holds it all."
    )
    mongo_driver: Literal["motor", "pymongo"] = Field(
        "motor", description="Motor, or PyMongo's own async client, which will succeed it."
    )
    mongo_pool_max: int = Field(
        50, ge=1, le=1_000, description="Connections to MongoDB that one process opens at most."
    )
    mongo_selection_seconds: float = Field(
        5, gt=0, le=60, description="How long a call waits for a reachable primary."
    )
    redis_url: SecretStr = Field(
        description="Where Valkey or Redis answers; all it holds can be rebuilt from MongoDB."
    )
    redis_namespace: str = Field(
        "guerdon",
        pattern=r"^[a-z0-9-]{1,40}$",
        description="First part of every Redis key: one for each deployment on a shared server.",
    )
    redis_api_timeout_seconds: float = Field(
        0.5, gt=0, le=5, description="How long the API waits for Redis; reads go on without it."
    )
    redis_worker_timeout_seconds: float = Field(
        2, gt=0, le=30, description="How long a worker waits for Redis."
    )

    # Secrets. Those that are not set are made once and kept in MongoDB, for all processes alike.
    token_secret: SecretStr | None = Field(
        None, min_length=32, description="Signs member tokens; at least 32 characters of chance."
    )
    token_ttl_seconds: int = Field(
        3_600, ge=60, le=30 * 86_400, description="How long a member token that we sign is good."
    )
    issuers: tuple[TokenIssuer, ...] = Field(
        (),
        description="Who else signs members' tokens, as JSON: a list of objects with program,"
        " issuer, audience, key_set_url and, where the subject is no id of the owner's, scheme.",
    )
    revocation_seconds: float = Field(
        30, gt=0, le=30, description="How soon a key or token that was taken back closes sockets."
    )
    key_pepper: SecretStr | None = Field(
        None, min_length=32, description="Hashes API keys; at least 32 characters of chance."
    )
    storage_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Seals personal data at rest; at least 32 characters of chance. Keep it apart "
        "from backups: without it they hold no payload that anybody can read.",
    )

    # Webhooks
    webhook_timeout_seconds: float = Field(
        15, gt=0, le=30, description="How long an endpoint may take to answer."
    )
    webhook_seconds: float = Field(
        1, ge=0.05, le=60, description="How often the scheduler looks for what is to be sent."
    )
    webhook_private_addresses: bool = Field(
        default=False,
        description="Let endpoints be http and on private addresses: for demos and tests, never "
        "where others may name them.",
    )

    # The API process
    host: str = Field("127.0.0.1", min_length=1, description="The address the API listens on.")
    port: int = Field(8000, ge=1, le=65_535, description="The port the API listens on.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins that may call and open sockets, comma-separated; * for any."
    )
    federation: bool = Field(False, description="Serve a subgraph at /graphql/federation.")
    graphiql: bool = Field(
        default=True, description="Serve the GraphiQL page, from our own files, to browsers."
    )
    connections_max: int = Field(
        1_000, ge=10, le=100_000, description="Open connections before the API answers 503."
    )
    shutdown_seconds: int = Field(
        20, ge=1, le=300, description="How long a stopping API lets requests and streams finish."
    )
    body_bytes_max: int = Field(
        100_000, ge=1_000, le=1_000_000, description="Largest request body of a member."
    )
    service_body_bytes_max: int = Field(
        1_000_000, ge=1_000, le=10_000_000, description="Largest body of a service or admin key."
    )
    member_units_per_second: float = Field(
        100, ge=0, le=100_000, description="What a member may spend on operations; 0 for no limit."
    )
    member_units_burst: int = Field(
        1_000, ge=1, le=1_000_000, description="What a member who was away may spend at once."
    )
    partner_units_per_second: float = Field(
        500, ge=0, le=100_000, description="What a partner's key may spend; 0 for no limit."
    )
    partner_units_burst: int = Field(
        5_000, ge=1, le=1_000_000, description="What an idle partner's key may spend at once."
    )
    owner_units_per_second: float = Field(
        0, ge=0, le=1_000_000, description="What a service or admin key may spend; 0 for no limit."
    )
    owner_units_burst: int = Field(
        50_000, ge=1, le=10_000_000, description="What an idle service or admin key may spend."
    )
    member_sockets_max: int = Field(
        5, ge=1, le=10_000, description="Sockets and streams that a member may have open."
    )
    batch_activities_max: int = Field(
        1_000, ge=1, le=1_000, description="Activities that one request may report."
    )
    page_size: int = Field(20, ge=1, le=100, description="Entries of a page that names no size.")
    page_size_max: int = Field(100, ge=1, le=100, description="Entries of a page at most.")
    wait_seconds_max: float = Field(
        10, ge=0, le=60, description="How long recordActivities may wait for decisions."
    )
    clock_skew_seconds: int = Field(
        300, ge=0, le=3_600, description="How far in the future an activity's `at` may lie."
    )
    socket_message_bytes_max: int = Field(
        65_536, ge=1_024, le=1_048_576, description="Largest message a socket may send us."
    )
    socket_ping_seconds: float = Field(
        20, ge=1, le=300, description="How often a socket is pinged, and how long it may take."
    )
    socket_init_seconds: float = Field(
        10, ge=1, le=60, description="How long a new socket may take to say who it is."
    )
    socket_subscriptions_max: int = Field(
        20, ge=1, le=1_000, description="Subscriptions of one socket."
    )
    leaderboard_updates_per_second: float = Field(
        4, gt=0, le=20, description="States of one leaderboard a subscriber gets at most."
    )

    # Scoring
    lanes: int = Field(
        16,
        ge=1,
        le=4_096,
        description="Slices of the members, each decided in order by one writer.",
    )
    batch_max: int = Field(
        500, ge=1, le=2_000, description="Activities one transaction decides at most."
    )
    lane_lease_seconds: float = Field(
        6, ge=1, le=120, description="How long a worker holds a lane without renewing."
    )
    waiting_max: int = Field(
        50_000,
        ge=1_000,
        le=10_000_000,
        description="Activities of a program that may wait before reporters are told to come back.",
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

    # For those who watch
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

    # For tests
    crash_at: str | None = Field(
        None, description="Ends the process at a named point, as a kill would (engine.crash)."
    )

    @field_validator("mongo_url", "mongo_owner_url")
    @classmethod
    def _names_mongo(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(
            ("mongodb://", "mongodb+srv://")
        ):
            raise ValueError("must begin with mongodb:// or mongodb+srv://")
        return url

    @field_validator("redis_url")
    @classmethod
    def _names_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return url

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _splits_origins(cls, origins: object) -> object:
        if not isinstance(origins, str):
            return origins
        return tuple(part for part in (piece.strip() for piece in origins.split(",")) if part)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for smaller, larger in (
            ("page_size", "page_size_max"),
            ("body_bytes_max", "service_body_bytes_max"),
        ):
            if getattr(self, smaller) > getattr(self, larger):
                names = f"{PREFIX}{smaller.upper()}", f"{PREFIX}{larger.upper()}"
                raise ValueError("{} must not be above {}".format(*names))
        return self

    @classmethod
    def load(cls, **given: object) -> Self:
        """Read the environment; what is `given` comes before it.

        Raises:
            SettingsInvalid: With all mistakes, values hidden (a wrong value may be a secret).
        """
        mistakes = _slips(set(cls.model_fields))
        from_files = cls._from_files(mistakes)
        try:
            settings = cls(**{**from_files, **given})  # type: ignore[arg-type]  # pydantic judges what is given
        except ValidationError as error:
            mistakes += [
                cls._line(entry["loc"], entry["type"], entry["msg"])
                for entry in error.errors(include_url=False, include_input=False)
            ]
        else:
            if not mistakes:
                return settings
        raise SettingsInvalid(mistakes)

    @classmethod
    def secret_names(cls) -> list[str]:
        """Return the settings that may come from a file: those whose values are hidden."""
        return [
            name for name, field in cls.model_fields.items() if "SecretStr" in str(field.annotation)
        ]

    @classmethod
    def _from_files(cls, mistakes: list[str]) -> dict[str, str]:
        """Return what GUERDON_<NAME>_FILE leads to; secrets are mounted as files in clusters."""
        found = {}
        for name in cls.secret_names():
            variable = f"{PREFIX}{name.upper()}"
            path = os.environ.get(f"{variable}_FILE")
            if not path:
                continue
            if os.environ.get(variable):
                mistakes.append(f"{variable}_FILE: {variable} is set too; keep one of them.")
            try:
                found[name] = Path(path).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "is no text"
                mistakes.append(f"{variable}_FILE: {path} cannot be read: {reason}.")
                found |= {name: _UNREAD[name]} if name in _UNREAD else {}
        return found

    @classmethod
    def _line(cls, loc: tuple[int | str, ...], kind: str, message: str) -> str:
        says = "is not set" if kind == "missing" else message.removeprefix("Value error, ")
        if not loc:  # settings that contradict each other name themselves
            return f"{says}."
        name = str(loc[0])
        return f"{PREFIX}{name.upper()}: {says}. ({cls.model_fields[name].description})"


# Stands where a file could not be read, so that this is the only mistake that is told of it.
_UNREAD = {
    "mongo_url": "mongodb://unread",
    "mongo_owner_url": "mongodb://unread",
    "redis_url": "redis://unread",
    "token_secret": "x" * 32,
    "key_pepper": "x" * 32,
    "storage_key": "x" * 32,
}


def _slips(names: set[str]) -> list[str]:
    """Name each variable that looks like a setting misspelt, which would else be ignored."""
    known = {PREFIX + name.upper() for name in names}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in Settings.secret_names()}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    near = ((name, difflib.get_close_matches(name, known, n=1, cutoff=_SLIP)) for name in unknown)
    return [f"{name}: is no setting; did you mean {match[0]}?" for name, match in near if match]
