"""The commands that compare programs and change a running one, as they are typed."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.shop import Shop


@pytest.fixture
def present(tmp_path: Path) -> Path:
    path = tmp_path / "present.yaml"
    path.write_text("program: {id: shop, name: Shop}\n")
    return path


def text_of(path: Path) -> str:
    return path.read_text()


def changed(path: Path, name: str, before: str, after: str) -> Path:
    """Return a copy of a file beside it, with something else in it."""
    text = path.read_text()
    assert before in text
    copy = path.with_name(name)
    copy.write_text(text.replace(before, after))
    return copy


async def typed(*words: str | Path) -> tuple[int, str]:
    """Return exit code and all output of a command of its own process."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "guerdon", "program", *map(str, words)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=clean,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_a_program_is_exported_planned_published_and_exported_again(
    shop: Shop, present: Path
) -> None:
    there = ("--url", f"http://127.0.0.1:{shop.port}/graphql", "--key", shop.keys["admin"])
    assert await typed("export", *there, "--output", present) == (0, "")
    assert await typed("plan", present, *there) == (0, "Nothing changes.\n")

    dearer = changed(present, "dearer.yaml", "cost: 8,", "cost: 12,")
    told = "worse off: Reward cake costs 12 Stars instead of 8: 50 % more.\n"
    assert await typed("plan", dearer, *there) == (0, told)
    assert await typed("diff", present, dearer) == (0, told)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert await typed("publish", dearer, "--from", tomorrow, *there) == (
        0,
        f"{told}{shop.program} is published; it holds from {tomorrow} on.\n",
    )
    assert await typed("export", *there) == (0, text_of(present))
    cheaper = changed(present, "cheaper.yaml", "cost: 8,", "cost: 4,")
    assert (await typed("publish", cheaper, *there))[0] == 0
    assert await typed("export", *there) == (0, text_of(cheaper))


async def test_what_is_refused_is_told_and_ends_with_1(shop: Shop, present: Path) -> None:
    there = ("--url", f"http://127.0.0.1:{shop.port}/graphql", "--key", shop.keys["admin"])
    await typed("export", *there, "--output", present)
    rescaled = changed(present, "rescaled.yaml", "Miles, scale: 0", "Miles, scale: 1")

    for words in (
        ("diff", present, rescaled),
        ("plan", rescaled, *there),
        ("publish", rescaled, *there),
    ):
        code, output = await typed(*words)
        assert code == 1
        assert output.startswith("refused: Wallet miles cannot change its scale")
        assert len(output.splitlines()) == 1


async def test_a_key_that_may_not_publish_and_an_address_that_is_none_are_told(
    shop: Shop, present: Path
) -> None:
    there = f"http://127.0.0.1:{shop.port}/graphql"
    code, output = await typed("plan", present, "--url", there, "--key", shop.keys["service"])
    assert (code, "program:publish" in output, shop.keys["service"] in output) == (1, True, False)

    code, output = await typed("plan", present, "--url", "http://127.0.0.1:1/graphql", "--key", "k")
    assert (code, "does not answer" in output, "Traceback" in output) == (1, True, False)
    code, output = await typed("plan", present)
    assert (code, output[:16]) == (2, "Say where to wit")
    code, output = await typed("publish", present, "--from", "2030-01-01")
    assert (code, output[:12]) == (2, "Write --from")
