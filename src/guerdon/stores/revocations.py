"""Members who were signed out: `{_id: program|member, p, m, t: when}`; as few as there were."""

from guerdon.core.activity import Instant
from guerdon.stores.client import Mongo, unit_of_work
from guerdon.stores.keyed import key


class RevocationStore:
    """See `engine.credential_ports.Revocations`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def add(self, program: str, member: str, at: Instant, *, forget_before: Instant) -> None:
        """Note that a member's earlier tokens are no longer good; old notes of others go."""
        with unit_of_work():
            await self._mongo["revocations"].update_one(
                {"_id": key(program, member)},
                {"$set": {"p": program, "m": member}, "$max": {"t": at}},
                upsert=True,
            )
            await self._mongo["revocations"].delete_many({"t": {"$lt": forget_before}})

    async def list_all(self) -> dict[tuple[str, str], Instant]:
        """Return when whose tokens were taken back, over all programs."""
        with unit_of_work():
            rows = await self._mongo["revocations"].find({}).to_list(None)
        return {(row["p"], row["m"]): Instant(row["t"]) for row in rows}
