"""What a demo begins with, and that a second start on the same data finds it there."""

import secrets
from pathlib import Path

import pytest
import typer

from guerdon.cli.sample import people
from guerdon.cli.seed import Seeded, seed
from guerdon.engine.keys import check
from guerdon.engine.tokens import check as check_token
from guerdon.engine.world import Role
from guerdon.settings import Settings
from guerdon.wiring import build

WITH_A_WELCOME = """
program:
  id: welcome
  name: Welcome
  wallets: {points: {name: points}}
  rules:
    - {id: hello, activity: enrollment, wallet: points, give: {fixed: 100}}
"""


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    return Settings.load(
        environment="demo",
        mongo_url=mongo_url,
        mongo_database=mongo_database,
        redis_url=redis_url,
        redis_namespace=f"seed-{secrets.token_hex(4)}",
    )


async def waiting_and_members(settings: Settings, program: str) -> tuple[int, int]:
    """Return how much waits to be decided, and how many members there are."""
    from guerdon.engine.read import waiting

    world = build(settings)
    try:
        return await waiting(world, program), await world.members.total(program)
    finally:
        await world.close()


async def test_a_second_start_gives_the_same_keys_and_reports_nothing_new(
    settings: Settings, root: Path
) -> None:
    program = root / "examples" / "record-store.yaml"
    first = await seed(settings, program, sample=True)
    before = await waiting_and_members(settings, "record_store")

    second = await seed(settings, program, sample=True)

    assert second.keys == first.keys
    assert second.page_fragment == first.page_fragment
    assert await waiting_and_members(settings, "record_store") == before
    assert before[1] == len(people())


async def test_the_pages_key_may_record_and_read_and_nothing_else(
    settings: Settings, root: Path
) -> None:
    seeded = await seed(settings, root / "examples" / "record-store.yaml", sample=False)
    world = build(settings)
    key = seeded.page_fragment.removeprefix("key=").partition("&")[0]

    caller = await check(world, key)
    roles = {name: (await check(world, text)).role for name, text in seeded.keys.items()}
    await world.close()

    assert caller.scopes == {"activities:write", "members:read"}
    assert roles == {"admin": Role.ADMIN, "service": Role.SERVICE, "partner": Role.PARTNER}


async def test_every_partner_has_a_key_of_its_own_and_who_honours_a_reward_comes_first(
    settings: Settings, root: Path
) -> None:
    seeded = await seed(settings, root / "examples" / "outfitter.yaml", sample=False)
    world = build(settings)
    callers = {slug: await check(world, key) for slug, key in seeded.partners.items()}
    await world.close()

    assert list(seeded.partners) == ["hut", "hall", "railway"]
    assert {slug: caller.partner for slug, caller in callers.items()} == {
        slug: slug for slug in seeded.partners
    }
    assert seeded.keys["partner"] == seeded.partners["hut"]
    assert seeded.till_fragment is not None
    assert seeded.till_fragment.endswith("&tills=" + ",".join(seeded.partners.values()))


async def test_an_empty_demo_has_a_few_guests_with_tokens_and_no_purchases(
    settings: Settings, root: Path
) -> None:
    seeded = await seed(settings, root / "examples" / "record-store.yaml", sample=False)
    world = build(settings)
    callers = [await check_token(world, token) for token in seeded.member_tokens.values()]
    await world.close()

    assert list(seeded.member_tokens) == ["anouk", "ben", "chiara"]
    assert {caller.role for caller in callers} == {Role.MEMBER}
    waits, members = await waiting_and_members(settings, "record_store")
    assert (waits, members) == (5, 3), "with what the cafe knows of one of them"


async def test_a_program_that_earns_on_enrollment_gets_no_guests(
    settings: Settings, tmp_path: Path
) -> None:
    document = tmp_path / "welcome.yaml"
    document.write_text(WITH_A_WELCOME)

    seeded: Seeded = await seed(settings, document, sample=True)

    assert seeded.member_tokens == {}
    assert (seeded.partners, seeded.till_fragment) == ({}, None)
    assert await waiting_and_members(settings, "welcome") == (0, 0)


async def test_mistakes_in_the_program_are_all_named_and_end_the_command(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "wrong.yaml"
    document.write_text("program: {id: wrong, name: Wrong, walets: {}, rulez: []}\n")

    with pytest.raises(typer.Exit):
        await seed(settings, document, sample=False)

    said = capsys.readouterr().err
    assert "walets" in said
    assert "rulez" in said
    assert str(document) in said
