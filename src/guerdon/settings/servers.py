"""The installation, its two servers, and its secrets."""

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from guerdon.settings.group import Group

_UNREADABLE = (
    "is no address that can be read; in a name or a password, / ? # @ : and % are written "
    "as %2F %3F %23 %40 %3A and %25"
)
"""Said without a word of the address: any part of it may be a part of a secret."""

_MONGO = re.compile(
    r"mongodb(\+srv)?://"
    r"([^/?@:]*(:[^/?@:]*)?@)?"
    r"(\[[0-9A-Fa-f:.]+\]|[^/?@:,]+)(:[0-9]+)?(,(\[[0-9A-Fa-f:.]+\]|[^/?@:,]+)(:[0-9]+)?)*"
    r"(/[^/?@]*)?(\?.*)?"
)


class TokenIssuer(BaseModel):
    """An identity provider whose tokens let members of one program in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str = Field(min_length=1)
    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    key_set_url: str = Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])")
    scheme: str = ""


class Installation(Group):
    """The installation."""

    environment: Literal["live", "test", "demo"] = Field(
        "live", description="What this installation is for; part of every key (gk_<environment>_)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log line that is written."
    )
    log_format: Literal["json", "text"] = Field(
        "json", description="json for machines, text for a terminal."
    )


class Servers(Group):
    """The servers."""

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

    @field_validator("mongo_url", "mongo_owner_url")
    @classmethod
    def _names_mongo(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(
            ("mongodb://", "mongodb+srv://")
        ):
            raise ValueError("must begin with mongodb:// or mongodb+srv://")
        if url is not None and _MONGO.fullmatch(url.get_secret_value()) is None:
            raise ValueError(_UNREADABLE)
        return url

    @field_validator("redis_url")
    @classmethod
    def _names_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        if not _is_readable(url.get_secret_value()):
            raise ValueError(_UNREADABLE)
        return url


def _is_readable(url: str) -> bool:
    """Tell whether everything up to the last @ belongs to who calls, and the port is one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return "@" not in parts.path + parts.query + parts.fragment


class Secrets(Group):
    """Secrets.

    Those that are not set are made once and kept in MongoDB, for all processes alike.
    """

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
