"""Every collection, and every index with its query; what is found by `_id` needs none.

Rule: an index begins with the program (alone, or as the first part of a key, see `keyed`), and no
index is here without a query, because each is paid for at every write.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Index(NamedTuple):
    """One index: its fields in order (-1 descending), and the query it is there for."""

    collection: str
    fields: tuple[tuple[str, int], ...]
    serves: str
    unique: bool = False
    present: str | None = None
    where: Mapping[str, object] | None = None


INDEXES = (
    Index("member_keys", (("m", 1),), "the keys of a member (erasure)"),
    Index("identities", (("m", 1),), "identities of a member (profile, merge, erasure)"),
    Index("members", (("x", 1),), "the directory, by ascending external id"),
    Index("members", (("g", 1),), "members that were merged into one", present="g"),
    Index("aside", (("i", 1), ("o", 1)), "activities parked for an identity", present="i"),
    Index("standings", (("p", 1), ("d", 1)), "standings that are due, earliest first", present="d"),
    Index("pages", (("f", 1), ("s", 1)), "the first pages of a shelf, or all of them"),
    Index("journal", (("l", 1), ("k", 1)), "entries by reporter and id; each id once", unique=True),
    Index(
        "journal",
        (("l", 1), ("m", 1), ("n", 1)),
        "a member's entries by sequence; each number once in a lane",
        unique=True,
        present="m",
    ),
    Index(
        "journal",
        (("m", 1), ("t", -1), ("_id", -1)),
        "a member's redemptions, newest first",
        where={"a.type": "redemption", "d.result": "accepted"},
    ),
    Index(
        "journal",
        (("y", 1), ("t", 1), ("_id", 1)),
        "what moves a partner's accounts, as it was decided",
        present="y",
    ),
    Index("journal", (("b", 1), ("_id", 1)), "what concerns a partner's rewards", present="b"),
    Index(
        "scores",
        (("b", 1), ("v", -1), ("t", 1), ("m", 1)),
        "a leaderboard period in order, and ranks by counting",
        present="v",
    ),
    Index("scores", (("b", 1), ("m", 1)), "all rows of a period, for rebuilding and checking"),
    Index("shared", (("p", 1), ("r.u", 1)), "reservations whose time has passed", present="r.u"),
    Index("codes", (("p", 1), ("s", 1), ("r", 1)), "free codes of a pool from a random start"),
    Index("codes", (("p", 1), ("h", 1)), "the codes that an activity took", present="h"),
    Index(
        "webhook_deliveries",
        (("e", 1), ("s", 1), ("c", 1), ("_id", 1), ("m", 1), ("d", 1), ("l", 1)),
        "what waits for an endpoint, oldest first, without reading it; what may be forgotten",
    ),
    Index("webhook_deliveries", (("e", 1), ("c", -1)), "an endpoint's log, newest first"),
    Index("keys", (("p", 1), ("c", -1)), "a program's keys, newest first"),
)


class Sharding(NamedTuple):
    """By what a collection is spread over the shards of a cluster; None: it stays on one.

    A unique index must begin with the shard key, and `_id` is unique where it decides the shard. A
    hashed key spreads evenly what is only ever looked up by itself; a range keeps together what one
    transaction writes.
    """

    field: str | None
    is_hashed: bool
    why: str


_BY_LANE = "named program|lane|...: what one transaction of a lane writes lies on one shard"
_BY_NAME = "looked up and written one by one, by exact name"
_SMALL = "a handful of documents a program"

SHARDING: Mapping[str, Sharding] = {
    "inbox": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "lanes": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "standings": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "pages": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "scores": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "member_keys": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "seals": Sharding("_id", is_hashed=False, why=_BY_LANE),
    "journal": Sharding("l", is_hashed=False, why="by lane, as the unique indexes on it are"),
    "receipts": Sharding("_id", is_hashed=True, why=_BY_NAME),
    "identities": Sharding("_id", is_hashed=True, why=_BY_NAME),
    "members": Sharding("_id", is_hashed=True, why=_BY_NAME),
    "aside": Sharding("_id", is_hashed=True, why=_BY_NAME),
    "shared": Sharding("_id", is_hashed=True, why=_BY_NAME),
    "vouchers": Sharding("_id", is_hashed=True, why=_BY_NAME),
    "codes": Sharding(None, is_hashed=False, why="unique over all pools, but taken out of one"),
    "webhook_deliveries": Sharding(None, is_hashed=False, why="kept for days only"),
    "programs": Sharding(None, is_hashed=False, why=_SMALL),
    "roots": Sharding(None, is_hashed=False, why="one document a day"),
    "statements": Sharding(None, is_hashed=False, why="one document a partner and month"),
    "keys": Sharding(None, is_hashed=False, why=_SMALL),
    "issuers": Sharding(None, is_hashed=False, why=_SMALL),
    "revocations": Sharding(None, is_hashed=False, why="kept for as long as tokens last"),
    "webhooks": Sharding(None, is_hashed=False, why=_SMALL),
    "webhook_places": Sharding(None, is_hashed=False, why="one document an endpoint and lane"),
    "installation": Sharding(None, is_hashed=False, why=_SMALL),
    "formats": Sharding(None, is_hashed=False, why=_SMALL),
}
"""The shard key of each collection; `tests/engine/test_hot_queries.py` holds queries against it."""


COLLECTIONS = (
    "programs",
    "identities",
    "members",
    "member_keys",
    "receipts",
    "inbox",
    "aside",
    "lanes",
    "standings",
    "pages",
    "journal",
    "seals",
    "roots",
    "scores",
    "shared",
    "codes",
    "statements",
    "vouchers",
    "keys",
    "issuers",
    "revocations",
    "webhooks",
    "webhook_places",
    "webhook_deliveries",
    "installation",
    "formats",
)
"""All collections: each has its first lines in the store that it belongs to."""
