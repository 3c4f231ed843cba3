"""GraphiQL: from this package alone, under a strict policy, for those who may."""

import asyncio
import gzip
import re
import shutil
from pathlib import Path

import httpx2
import pytest

from api.transport.demo import Demo
from api.transport.wire import Port, client_of, serving
from guerdon.api.transport import graphiql

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


async def test_a_browser_gets_the_page(client: httpx2.AsyncClient) -> None:
    page = await client.get("/graphql", headers=BROWSER)

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_nothing_on_the_page_is_inline_or_from_another_host(
    client: httpx2.AsyncClient,
) -> None:
    page = (await client.get("/graphql", headers=BROWSER)).text

    assert "//" not in page
    assert not re.search(r"<script[^>]*>[^<]", page)
    assert "<style" not in page


async def test_every_file_that_the_page_names_is_served(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphql", headers=BROWSER)).text
    paths = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert len(paths) == len(graphiql.SCRIPTS) + len(graphiql.STYLES)
    for path in paths:
        file = await client.get(path)
        assert file.status_code == 200
        assert file.headers["x-content-type-options"] == "nosniff"
        assert re.match("text/(javascript|css)", file.headers["content-type"])


async def test_files_with_a_version_in_their_name_are_kept_for_ever(
    client: httpx2.AsyncClient,
) -> None:
    versioned = await client.get("/graphql/ide/graphiql-3.8.3.js")
    ours = await client.get("/graphql/ide/ide.js")

    assert "immutable" in versioned.headers["cache-control"]
    assert "immutable" not in ours.headers["cache-control"]


async def test_a_client_that_cannot_unpack_gets_the_file_as_it_is(
    client: httpx2.AsyncClient,
) -> None:
    path = "/graphql/ide/react-18.3.1.js"
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    stored = Path(graphiql.__file__).parent / "ide" / "react-18.3.1.js.gz"

    assert "content-encoding" not in plain.headers
    assert plain.content == gzip.decompress(stored.read_bytes())


@pytest.mark.parametrize("name", ["nothing.js", "..%2fgraphiql.py", "ide.js.gz", "%00"])
async def test_no_other_file_is_served(client: httpx2.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphql/ide/{name}")).status_code == 404


async def test_the_licences_of_the_files_are_beside_them(client: httpx2.AsyncClient) -> None:
    licences = (await client.get("/graphql/ide/LICENSES.txt")).text

    for package in ("graphiql 3.8.3", "react 18.3.1", "react-dom 18.3.1"):
        assert package in licences


async def test_who_may_not_have_the_page_gets_an_error_in_json() -> None:
    async with client_of(Demo()) as client:
        headers = {**BROWSER, "authorization": "Bearer member"}
        answer = await client.get("/graphql", headers=headers)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: .ci/run installs one")
async def test_it_starts_in_a_browser_under_its_policy(tmp_path: Path) -> None:
    async with serving(Demo()) as port:
        drawn, complaints = await _drawn(port, tmp_path)

    assert 'class="graphiql-container"' in drawn
    assert "Content Security Policy" not in complaints
    assert "Uncaught" not in complaints


async def _drawn(port: Port, folder: Path) -> tuple[str, str]:
    """Return the page as Chromium has drawn it, and what it complained of."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--virtual-time-budget=8000",
        f"--user-data-dir={folder}",
        "--dump-dom",
        f"{port.http}/graphql",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        drawn, complaints = await process.communicate()
    lines = [it for it in complaints.decode().splitlines() if "CONSOLE" in it]
    return drawn.decode(), "\n".join(lines)
