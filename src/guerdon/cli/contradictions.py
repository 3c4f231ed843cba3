"""Settings that are right one by one and not together, or not for where they are used.

Rule: what cannot work at all is refused by `settings` at the start; this is about what works and
will be regretted.
"""

from collections.abc import Callable, Iterator
from ipaddress import ip_network

from guerdon.engine.findings import Finding, doubtful, fine
from guerdon.settings import PREFIX, Settings

_COMMIT_SECONDS = 5
"""How long a transaction may take (`stores.client`)."""

_Check = Callable[[Settings], Iterator[Finding]]


def contradictions(settings: Settings) -> list[Finding]:
    """Return what is to be thought over; one line of praise where that is nothing."""
    checks: tuple[_Check, ...] = (_times, _secrets, _openness)
    found = [finding for check in checks for finding in check(settings)]
    return found or [fine("settings", "Nothing contradicts.")]


def _names(*names: str) -> str:
    return " and ".join(f"{PREFIX}{name.upper()}" for name in names)


def _times(settings: Settings) -> Iterator[Finding]:
    if settings.lane_lease_seconds <= _COMMIT_SECONDS:
        yield doubtful(
            _names("lane_lease_seconds"),
            f"{settings.lane_lease_seconds:g} s is less than a transaction may take: workers lose "
            "lanes that they are deciding.",
            f"Set it above {_COMMIT_SECONDS}.",
        )
    if settings.wait_seconds_max >= settings.shutdown_seconds:
        yield doubtful(
            _names("wait_seconds_max", "shutdown_seconds"),
            "Reporters may wait for decisions longer than a stopping API lets them.",
            f"Set {_names('shutdown_seconds')} above {settings.wait_seconds_max:g}, and the time "
            "that your platform gives above both.",
        )
    if settings.actor_seconds_max > settings.worker_shutdown_seconds:
        yield doubtful(
            _names("actor_seconds_max", "worker_shutdown_seconds"),
            "A stopping worker is cut off in work that it may take so long for.",
            f"Set {_names('worker_shutdown_seconds')} to {settings.actor_seconds_max:g} or more.",
        )
    if settings.broker_heartbeat_seconds <= settings.redis_worker_timeout_seconds:
        yield doubtful(
            _names("broker_heartbeat_seconds", "redis_worker_timeout_seconds"),
            "A worker that waits for Redis once is taken for dead.",
            f"Set {_names('broker_heartbeat_seconds')} to several times the other.",
        )


def _secrets(settings: Settings) -> Iterator[Finding]:
    kept = [
        name for name in ("token_secret", "key_pepper", "storage_key") if not _value(settings, name)
    ]
    if kept and settings.environment == "live":
        yield doubtful(
            _names(*kept),
            "Not set, so kept in MongoDB itself, beside what it protects: backups hold it too.",
            "Set it before the first member joins, from whatever keeps your secrets (_FILE reads "
            "it from a file). To change it later makes tokens, keys or sealed data unreadable.",
        )
    values = [_value(settings, name) for name in ("token_secret", "key_pepper", "storage_key")]
    given = [value for value in values if value]
    if len(set(given)) < len(given):
        yield doubtful(
            _names("token_secret", "key_pepper", "storage_key"),
            "Two of them are the same secret.",
            "Make each by chance of its own: `openssl rand -base64 48`.",
        )


def _openness(settings: Settings) -> Iterator[Finding]:
    if settings.environment != "live":
        return
    if "*" in settings.allowed_origins:
        yield doubtful(
            _names("allowed_origins"),
            "Any web page may call with a token that it got hold of.",
            "Name the origins of your own pages.",
        )
    if any(ip_network(each).prefixlen == 0 for each in settings.trusted_proxies):
        yield doubtful(
            _names("trusted_proxies"),
            "Everybody may say under which address they call, and so try codes without an end.",
            "Name the addresses or networks of your own proxies alone.",
        )
    if "@" not in settings.mongo_url.get_secret_value():
        yield doubtful(
            _names("mongo_url"),
            "Names no account: whoever reaches the server may do anything.",
            "Turn authentication on, and name an account that may read and write one database.",
        )


def _value(settings: Settings, name: str) -> str | None:
    secret = getattr(settings, name)
    return None if secret is None else str(secret.get_secret_value())
