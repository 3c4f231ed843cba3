"""`guerdon serve` that cannot: a sentence with the remedy, and no traceback."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.engine import codes, keys
from guerdon.engine.world import Role
from guerdon.settings import Settings
from guerdon.wiring import prepare
from running import ready
from worlds import PROGRAM, a_world, settings_for


def test_a_manifest_that_is_not_there_is_named(
    mongo_url: str, mongo_database: str, redis_url: str, tmp_path: Path
) -> None:
    asyncio.run(
        prepare(
            Settings.load(mongo_url=mongo_url, mongo_database=mongo_database, redis_url=redis_url)
        )
    )
    missing = tmp_path / "persisted.json"
    told = subprocess.run(
        [sys.executable, "-m", "guerdon", "serve"],
        env={
            **{name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")},
            "GUERDON_MONGO_URL": mongo_url,
            "GUERDON_MONGO_DATABASE": mongo_database,
            "GUERDON_REDIS_URL": redis_url,
            "GUERDON_DOCUMENTS_MEMBER": "trusted",
            "GUERDON_TRUSTED_DOCUMENTS": str(missing),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert told.returncode == 1
    assert f"The manifest of trusted documents {missing} cannot be read" in told.stderr
    assert "Traceback" not in told.stderr


USE = "mutation($i: UseVoucherInput!) { useVoucher(input: $i) { problems { code } } }"


async def code_of_a_try(port: int, key: str, caller: str) -> str:
    """Name a code that nobody has, as a proxy hands it on; return what it came to."""
    headers = {"authorization": f"Bearer {key}", "x-forwarded-for": caller}
    body = {"query": USE, "variables": {"i": {"code": codes.checked("A" * 12)}}}
    async with httpx2.AsyncClient(timeout=30, headers=headers) as client:
        answer = (await client.post(f"http://127.0.0.1:{port}/graphql", json=body)).json()
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    return str(answer["data"]["useVoucher"]["problems"][0]["code"])


@pytest.mark.parametrize(("proxies", "apart"), [("127.0.0.0/8", True), ("10.0.0.0/8", False)])
async def test_callers_behind_a_trusted_proxy_have_addresses_of_their_own(
    mongo_url: str,
    mongo_database: str,
    redis_url: str,
    kennel: Kennel,
    tmp_path: Path,
    *,
    proxies: str,
    apart: bool,
) -> None:
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    (port,) = free_ports(1)
    async with a_world(settings) as world:
        first, second = [
            (await keys.create(world, PROGRAM, name=name, role=Role.SERVICE))[0] for name in "ab"
        ]
    environment = {
        **{name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")},
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": mongo_url,
        "GUERDON_MONGO_DATABASE": mongo_database,
        "GUERDON_REDIS_URL": redis_url,
        "GUERDON_REDIS_API_TIMEOUT_SECONDS": "5",
        "GUERDON_PORT": str(port),
        "GUERDON_TRUSTED_PROXIES": proxies,
    }
    command = [sys.executable, "-m", "guerdon", "serve"]
    child = kennel.start(command, log=tmp_path / "serve", env=environment)
    try:
        await ready(port)
        async with asyncio.timeout(60):  # one more is let through every six seconds
            while await code_of_a_try(port, first, "192.0.2.1") != "RATE_LIMITED":
                pass
        told = await code_of_a_try(port, second, "192.0.2.2")
        assert (told != "RATE_LIMITED") is apart, told
    finally:
        child.stop(patience_seconds=20)
