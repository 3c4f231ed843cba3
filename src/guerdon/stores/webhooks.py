"""Webhooks: endpoints and sources; what is on its way to them is in `webhook_deliveries`.

`webhooks {_id: program|out|id or program|in|id, c: made at, ...}`. Rule: a change writes what it
changes and nothing else, so that of two at once neither undoes the other.
"""

from collections.abc import Sequence
from typing import Any

from guerdon.core.activity import Instant
from guerdon.engine.webhook_records import Endpoint, Secret, Source
from guerdon.stores.client import Document, unit_of_work
from guerdon.stores.keyed import behind, key, within
from guerdon.stores.webhook_deliveries import DeliveryStore

_OUT, _IN = "out", "in"


class WebhookStore(DeliveryStore):
    """See `engine.webhook_records.Webhooks`."""

    async def put_endpoint(self, program: str, endpoint: Endpoint) -> None:
        """Store an endpoint that was made."""
        await self._put(
            key(program, _OUT, endpoint.id),
            {
                "u": endpoint.url,
                "t": list(endpoint.topics),
                "p": endpoint.partner,
                "k": _secrets(endpoint.secrets),
                "c": endpoint.created_at,
                "f": endpoint.failing_since,
                "d": endpoint.disabled,
            },
        )

    async def endpoints(self, program: str) -> list[Endpoint]:
        """Return all endpoints, newest first."""
        prefix = key(program, _OUT)
        return [
            Endpoint(
                id=behind(row["_id"], prefix),
                url=row["u"],
                topics=tuple(row["t"]),
                partner=row["p"],
                secrets=_secrets_of(row["k"]),
                created_at=Instant(row["c"]),
                failing_since=row["f"],
                disabled=row["d"],
            )
            for row in await self._rows(prefix)
        ]

    async def change_endpoint(
        self,
        program: str,
        endpoint: str,
        *,
        url: str | None = None,
        topics: Sequence[str] | None = None,
        switched: tuple[str | None] | None = None,
    ) -> None:
        """Change what is given of an endpoint that is there, `switched` to why it is off."""
        changes: Document = {} if url is None else {"u": url}
        if topics is not None:
            changes["t"] = list(topics)
        if switched is not None:
            changes |= {"d": switched[0], "f": None}
        if changes:
            with unit_of_work():
                await self._mongo["webhooks"].update_one(
                    {"_id": key(program, _OUT, endpoint)}, {"$set": changes}
                )

    async def turn_secrets(
        self, program: str, held: Endpoint | Source, secrets: Sequence[Secret]
    ) -> bool:
        """Replace secrets that are still those that were read; False where they are not."""
        kind = _OUT if isinstance(held, Endpoint) else _IN
        newest = {"_id": key(program, kind, held.id), "k.0.0": held.secrets[0].sealed}
        with unit_of_work():
            turned = await self._mongo["webhooks"].update_one(
                newest, {"$set": {"k": _secrets(secrets)}}
            )
        return bool(turned.matched_count)

    async def remove_endpoint(self, program: str, endpoint: str) -> None:
        """Forget an endpoint with all that was on its way to it."""
        own = key(program, endpoint)
        with unit_of_work():
            await self._mongo["webhooks"].delete_one({"_id": key(program, _OUT, endpoint)})
            await self._mongo["webhook_places"].delete_many({"_id": within(own)})
            await self._mongo["webhook_deliveries"].delete_many({"e": own})

    async def note_outcome(
        self, program: str, endpoint: str, *, failing_since: Instant | None, disabled: str | None
    ) -> None:
        """Note how an endpoint is doing; one that was switched off meanwhile stays off."""
        changes: Document = {"f": failing_since}
        if disabled is not None:
            changes["d"] = disabled
        with unit_of_work():
            await self._mongo["webhooks"].update_one(
                {"_id": key(program, _OUT, endpoint)}, {"$set": changes}
            )

    async def put_source(self, program: str, source: Source) -> None:
        """Store a source that was made."""
        await self._put(
            key(program, _IN, source.id),
            {
                "n": source.name,
                "p": source.partner,
                "k": _secrets(source.secrets),
                "c": source.created_at,
            },
        )

    async def sources(self, program: str) -> list[Source]:
        """Return all sources, newest first."""
        prefix = key(program, _IN)
        return [
            Source(
                id=behind(row["_id"], prefix),
                name=row["n"],
                partner=row["p"],
                secrets=_secrets_of(row["k"]),
                created_at=Instant(row["c"]),
            )
            for row in await self._rows(prefix)
        ]

    async def remove_source(self, program: str, source: str) -> None:
        """Forget a source."""
        with unit_of_work():
            await self._mongo["webhooks"].delete_one({"_id": key(program, _IN, source)})

    async def _put(self, name: str, fields: Document) -> None:
        with unit_of_work():
            await self._mongo["webhooks"].replace_one(
                {"_id": name}, {"_id": name, **fields}, upsert=True
            )

    async def _rows(self, prefix: str) -> list[Document]:
        with unit_of_work():
            rows: list[Document] = (
                await self._mongo["webhooks"]
                .find({"_id": within(prefix)})
                .sort([("c", -1), ("_id", -1)])
                .to_list(None)
            )
        return rows


def _secrets(held: Sequence[Secret]) -> list[Any]:
    return [[each.sealed, each.until] for each in held]


def _secrets_of(rows: Sequence[Sequence[Any]]) -> tuple[Secret, ...]:
    return tuple(Secret(bytes(sealed), until) for sealed, until in rows)
