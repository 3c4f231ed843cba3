"""`guerdon keys`, `tokens` and `issuers`, as an operator types them at a running service."""

import asyncio

from typer.testing import CliRunner

from api.shop import Shop
from guerdon.cli import app
from guerdon.engine.tokens import check
from guerdon.settings import Settings


async def typed(settings: Settings, *words: str) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command, run in a thread of this process."""
    environment = {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
        "GUERDON_MONGO_DATABASE": settings.mongo_database,
        "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
    }
    result = await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)
    return result.exit_code, result.stdout.strip(), result.stderr


async def test_a_key_is_made_rotated_and_revoked(shop: Shop, settings: Settings) -> None:
    _, first, said = await typed(settings, "keys", "create", "till", "--program", shop.program)
    key_id = said.partition(":")[0].strip()
    _, second, _ = await typed(settings, "keys", "rotate", key_id, "--days", "1")
    both = [(await shop.get(text, "{ viewer { role } }"))["viewer"] for text in (first, second)]
    revoked, _, _ = await typed(settings, "keys", "revoke", key_id)
    again, _, why = await typed(settings, "keys", "rotate", key_id)
    _, listed, _ = await typed(settings, "keys", "list", "--program", shop.program)

    assert both == [{"role": "SERVICE"}] * 2
    assert (revoked, again) == (0, 2)
    assert "revoked" in why
    assert await shop.code(first, "{ viewer { role } }") == "UNAUTHENTICATED"
    assert first.rpartition("_")[2] not in listed


async def test_tokens_are_issued_and_taken_back(shop: Shop, settings: Settings) -> None:
    await shop.enroll("ada")
    here = ("--program", shop.program)
    code, token, _ = await typed(settings, "tokens", "issue", "ada", *here)
    nobody, _, why = await typed(settings, "tokens", "issue", "bob", *here)
    before = await check(shop.world, token)
    revoked, _, _ = await typed(settings, "tokens", "revoke", "ada", *here)

    assert (code, nobody, revoked) == (0, 2, 0)
    assert "bob" in why
    assert before.member is not None
    assert (shop.program, before.member) in await _revocations(shop)


async def test_issuers_are_added_listed_and_removed(shop: Shop, settings: Settings) -> None:
    here = ("--program", shop.program)
    keys = "https://id.example/keys"
    to = ("--audience", "web", "--keys")
    added, _, _ = await typed(settings, "issuers", "add", "https://id.example", *to, keys, *here)
    wrong, _, why = await typed(settings, "issuers", "add", "x", *to, "http://id.example", *here)
    _, listed, _ = await typed(settings, "issuers", "list", *here)
    removed, _, _ = await typed(settings, "issuers", "remove", "https://id.example", *here)
    missing, _, _ = await typed(settings, "issuers", "remove", "https://id.example", *here)

    assert (added, wrong, removed, missing) == (0, 2, 0, 2)
    assert "https://" in why
    assert listed == f"https://id.example  web  {keys}  external id"


async def _revocations(shop: Shop) -> set[tuple[str, str]]:
    store = shop.world.trust.revoked._store
    return set(await store.list_all())
