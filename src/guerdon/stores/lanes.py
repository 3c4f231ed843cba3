"""Lanes: `{_id: program|lane, f: fence, s: sequence, o: owner, u: until}` is lock, fence, sequence.

Rule: a lease saves work, the fence and the sequence keep it right: a commit that names another's
fence or sequence fails, whoever believes to hold the lane. Leases run on the database's clock, so
that the clocks of workers need not agree. Taking and giving back need no majority: were one
undone by an election, two holders of one fence would meet at the sequence.
"""

from datetime import UTC, datetime

from pymongo import ReturnDocument
from pymongo.write_concern import WriteConcern

from guerdon.engine.records import Hold
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import lane_in, lane_key, within

FREE = datetime.fromtimestamp(0, UTC)
"""The lease of a free lane: long past, because two readings of the clock may be a little apart."""


class LaneStore:
    """See `engine.world.Lanes`."""

    def __init__(self, mongo: Mongo, *, owner: str, lease_ms: int) -> None:
        self._mongo = mongo
        self._owner = owner
        self._lease_ms = lease_ms

    async def take(self, program: str, lane: int) -> Hold | None:
        """Take a lane unless another's lease on it is still running.

        Our own does not keep us away: it is left from a visit that ended in a failure.
        """
        lanes = self._mongo["lanes"].with_options(write_concern=WriteConcern(1))
        with unit_of_work():
            row = await lanes.find_one_and_update(
                {
                    "_id": lane_key(program, lane),
                    "$expr": {"$or": [{"$lte": ["$u", "$$NOW"]}, {"$eq": ["$o", self._owner]}]},
                },
                [
                    {
                        "$set": {
                            "f": {"$add": ["$f", 1]},
                            "o": self._owner,
                            "u": {"$add": ["$$NOW", self._lease_ms]},
                        }
                    }
                ],
                return_document=ReturnDocument.AFTER,
            )
        return None if row is None else Hold(program, lane, row["f"], row["s"])

    async def release(self, hold: Hold) -> None:
        """Give a lane back, if it is still held so."""
        lanes = self._mongo["lanes"].with_options(write_concern=WriteConcern(1))
        with unit_of_work():
            await lanes.update_one(
                {"_id": lane_key(hold.program, hold.lane), "f": hold.fence},
                {"$set": {"o": "", "u": FREE}},
            )

    async def seqs(self, program: str) -> dict[int, int]:
        """Return the sequence of each lane that ever committed."""
        with unit_of_work():
            rows = await self._mongo["lanes"].find({"_id": within(program)}, {"s": 1}).to_list(None)
        return {lane_in(row["_id"], program): row["s"] for row in rows}


async def free_all(mongo: Mongo) -> None:
    """Let nobody hold a lane: who did as a copy was made works elsewhere."""
    with unit_of_work():
        await mongo["lanes"].update_many({}, {"$set": {"o": "", "u": FREE}})


def fresh_lane(program: str, lane: int) -> Document:
    """Return the document of a lane that nobody ever held."""
    return {
        "_id": lane_key(program, lane),
        "f": 0,
        "s": 0,
        "o": "",
        "u": FREE,
    }
