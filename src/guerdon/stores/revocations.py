"""Members who were signed out: `{_id: program|member, p, m, t: when}`; as few as there were.

The rule: whoever is merged stays signed out. What is noted of a member is noted of all who were
merged into that one, and what was noted of a merged one counts for whom that one leads to.
"""

from guerdon.core.activity import Instant
from guerdon.stores.client import Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within


class RevocationStore:
    """See `engine.credential_ports.Revocations`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def add(self, program: str, member: str, at: Instant, *, forget_before: Instant) -> None:
        """Note that a member's earlier tokens are no longer good; old notes of others go."""
        with unit_of_work():
            merged = {"_id": within(program), "g": member}
            absorbed = await self._mongo["members"].find(merged, {"_id": 1}).to_list(None)
            for each in (member, *(behind(row["_id"], program) for row in absorbed)):
                await self._mongo["revocations"].update_one(
                    {"_id": key(program, each)},
                    {"$set": {"p": program, "m": each}, "$max": {"t": at}},
                    upsert=True,
                )
            await self._mongo["revocations"].delete_many({"t": {"$lt": forget_before}})

    async def list_all(self) -> dict[tuple[str, str], Instant]:
        """Return when whose tokens were taken back, over all programs."""
        with unit_of_work():
            rows = await self._mongo["revocations"].find({}).to_list(None)
            merged = {"_id": {"$in": [row["_id"] for row in rows]}, "g": {"$exists": True}}
            led = await self._mongo["members"].find(merged, {"g": 1}).to_list(None)
        into = {row["_id"]: row["g"] for row in led}
        found: dict[tuple[str, str], Instant] = {}
        for row in rows:
            for member in {row["m"], into.get(row["_id"], row["m"])}:
                owner = row["p"], member
                found[owner] = max(found.get(owner, Instant(0)), Instant(row["t"]))
        return found
