"""Which documents a role may send: any, or those of the operator's manifests alone."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.shop import Shop, open_shops
from guerdon.settings import Settings, SettingsInvalid

KNOWN = "query Name { program { name } }"
UNKNOWN = "{ program { name timezone } }"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop whose members send trusted documents, its partners any and its owner open ones."""
    manifest = tmp_path / "persisted.json"
    manifest.write_text(json.dumps({f"sha256:{digest(KNOWN)}": KNOWN}))
    strict = settings.model_copy(
        update={
            "documents_member": "trusted",
            "documents_partner": "hybrid",
            "trusted_documents": (str(manifest),),
        }
    )
    async with open_shops(strict, f"shop_{uuid.uuid4().hex[:8]}") as (shop,):
        yield shop


async def send(shop: Shop, token: str, **request: Any) -> dict[str, Any]:
    """Return the answer to one request."""
    answer: dict[str, Any] = (await shop.post(token, request)).json()
    return answer


async def member(shop: Shop) -> str:
    """Return the token of a new member."""
    return await shop.token((await shop.enroll("ada"))["id"])


def code(answer: dict[str, Any]) -> str:
    found: str = answer["errors"][0]["extensions"]["code"]
    return found


async def test_a_member_sends_trusted_documents_alone(shop: Shop) -> None:
    ada = await member(shop)
    by_id = await send(shop, ada, documentId=f"sha256:{digest(KNOWN)}")
    by_text = await send(shop, ada, query=KNOWN)
    refused = await send(shop, ada, query=UNKNOWN)

    assert by_id["data"]["program"]["name"]
    assert by_text["data"] == by_id["data"]
    assert code(refused) == "PERSISTED_QUERY_ONLY"
    assert "`documentId`" in refused["errors"][0]["message"]
    assert "manifest" in refused["errors"][0]["message"]


async def test_nobody_registers_a_document_for_those_who_must_be_trusted(shop: Shop) -> None:
    ada = await member(shop)
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": digest(UNKNOWN)}}
    for token in ("partner", "service"):
        assert "data" in await send(shop, token, query=UNKNOWN, extensions=hashed)

    assert "data" in await send(shop, "service", extensions=hashed)
    for token in (ada, "partner"):
        assert code(await send(shop, token, extensions=hashed)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_partner_sends_any_document_and_trusted_ones_by_id(shop: Shop) -> None:
    assert "data" in await send(shop, "partner", query=UNKNOWN)
    assert "data" in await send(shop, "partner", documentId=digest(KNOWN))


async def test_the_mode_holds_on_sockets_too(shop: Shop) -> None:
    async with shop.socket(await member(shop)) as socket:
        await socket.init()
        await socket.subscribe(UNKNOWN)
        refused = await socket.read()

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_ONLY"


def test_to_trust_documents_without_any_is_a_mistake() -> None:
    with pytest.raises(SettingsInvalid, match="DOCUMENTS_PARTNER is trusted, but") as refused:
        Settings.load(mongo_url="mongodb://m", redis_url="redis://r", documents_partner="trusted")
    assert "GUERDON_TRUSTED_DOCUMENTS names no manifest" in str(refused.value)
