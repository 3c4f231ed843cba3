"""What is to be known of a Valkey or Redis before it is relied upon: `guerdon doctor` asks.

Rule: nothing is changed. All that it holds can be rebuilt, so what is wrong here costs speed and
liveness, never what was promised.
"""

from typing import Any

from redis.exceptions import ResponseError

from guerdon.engine.findings import Finding, doubtful, fine, wrong
from guerdon.engine.refusals import LiveDown
from guerdon.live.client import Live

_OLDEST = (6, 2)
_FULL = 0.9


async def checkup(live: Live) -> list[Finding]:
    """Examine the server; where it does not answer, that is the only finding."""
    try:
        info: dict[str, Any] = await live.ask(lambda client: client.info())
    except LiveDown as error:
        return [
            wrong(
                "Redis",
                f"does not answer ({error}).",
                "Is GUERDON_REDIS_URL right, the server up, and this machine let through to it? "
                "Meanwhile leaderboards come from MongoDB, and decisions wait for the sweep.",
            )
        ]
    return [
        _version(info),
        _role(info),
        await _eviction(live, info),
        _persistence(info),
        _memory(info),
    ]


def _version(info: dict[str, Any]) -> Finding:
    is_valkey = "valkey_version" in info
    version = str(info["valkey_version" if is_valkey else "redis_version"])
    name = f"{'Valkey' if is_valkey else 'Redis'} {version}"
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        return wrong("version", f"{name} is too old.", "Use Valkey, or Redis 6.2 or newer.")
    return fine("version", f"{name}.")


def _role(info: dict[str, Any]) -> Finding:
    if info.get("role") not in {"master", "primary"}:
        return wrong(
            "role",
            "This server is a replica, which takes no writes.",
            "Name the primary's address.",
        )
    return fine("role", "A primary.")


async def _eviction(live: Live, info: dict[str, Any]) -> Finding:
    policy = info.get("maxmemory_policy")
    if policy is None:
        try:
            found = await live.ask(lambda client: client.config_get("maxmemory-policy"))
        except (LiveDown, ResponseError):
            found = {}
        policy = found.get("maxmemory-policy", "unknown")
    if policy != "noeviction":
        return doubtful(
            "eviction",
            f"maxmemory-policy is {policy}: hints and leaderboards may be thrown out for space.",
            "Set maxmemory-policy noeviction.",
        )
    return fine("eviction", "noeviction.")


def _persistence(info: dict[str, Any]) -> Finding:
    if not info.get("aof_enabled"):
        return doubtful(
            "persistence",
            "Nothing is kept over a restart: leaderboards are rebuilt from MongoDB each time.",
            "Set appendonly yes and appendfsync everysec, if rebuilding takes too long.",
        )
    return fine("persistence", "An append-only file is written.")


def _memory(info: dict[str, Any]) -> Finding:
    used, most = int(info["used_memory"]), int(info.get("maxmemory", 0))
    if most and used > most * _FULL:
        return wrong(
            "memory",
            f"{used / most:.0%} of maxmemory are used; when it is full, it takes no writes.",
            "Raise maxmemory.",
        )
    told = f"{used / 1_000_000:,.0f} MB are used"
    return fine("memory", f"{told} of {most / 1_000_000:,.0f} MB." if most else f"{told}.")
