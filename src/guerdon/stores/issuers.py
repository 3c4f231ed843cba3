"""Token issuers: `{_id: program|issuer, p, i, a: audience, u: address of the keys, s: scheme}`.

They carry prints, because whoever changes an address signs members in.
"""

from guerdon.engine.records import Issuer
from guerdon.stores.client import Mongo, unit_of_work
from guerdon.stores.keyed import key
from guerdon.stores.prints import printed


class IssuerStore:
    """See `engine.credential_ports.Issuers`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def add(self, issuer: Issuer) -> None:
        """Store an issuer; the program's one of the same name is replaced."""
        name = key(issuer.program, issuer.issuer)
        document = {
            "_id": name,
            "p": issuer.program,
            "i": issuer.issuer,
            "a": issuer.audience,
            "u": issuer.key_set_url,
            "s": issuer.scheme,
        }
        with unit_of_work():
            await self._mongo["issuers"].replace_one({"_id": name}, printed(document), upsert=True)

    async def remove(self, program: str, issuer: str) -> bool:
        """Forget an issuer; tell whether there was one."""
        with unit_of_work():
            gone = await self._mongo["issuers"].delete_one({"_id": key(program, issuer)})
        return bool(gone.deleted_count)

    async def list_all(self) -> list[Issuer]:
        """Return the issuers of all programs: a token leads to its program through them."""
        with unit_of_work():
            rows = await self._mongo["issuers"].find({}).to_list(None)
        return [
            Issuer(
                program=row["p"],
                issuer=row["i"],
                audience=row["a"],
                key_set_url=row["u"],
                scheme=row["s"],
            )
            for row in rows
        ]
