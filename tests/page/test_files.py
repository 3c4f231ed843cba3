"""How the page's files are served."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from guerdon.api.page import routes


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=routes()))


def test_the_page_forbids_inline_scripts_other_hosts_and_frames(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_browser_that_has_a_file_is_told_so(client: TestClient) -> None:
    first = client.get("/elements/leaderboard.js")
    again = client.get(
        "/elements/leaderboard.js", headers={"if-none-match": f'"other", {first.headers["etag"]}'}
    )

    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_files_are_compressed_for_those_who_can_read_that(client: TestClient) -> None:
    plain = client.get("/page/page.css", headers={"accept-encoding": "identity"})
    compressed = client.get("/page/page.css", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.text == plain.text


def test_elements_may_be_loaded_by_other_sites_and_the_page_may_not(client: TestClient) -> None:
    element = client.get("/elements/member.js").headers
    page = client.get("/page/page.js").headers

    assert element["access-control-allow-origin"] == "*"
    assert element["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-origin" not in page


@pytest.mark.parametrize("path", ["/elements/none.js", "/page/index.html", "/page/..%2froutes.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_file_names_another_host(page_folder: Path) -> None:
    named = {
        host
        for path in page_folder.rglob("*.*")
        if path.suffix in {".css", ".html", ".js"}
        for host in re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+", path.read_text())
    }

    assert named == set()


def test_every_file_that_is_named_exists(client: TestClient, page_folder: Path) -> None:
    named: set[str] = set()
    for path in page_folder.rglob("*.*"):
        if path.suffix in {".html", ".js"}:
            text = path.read_text()
            named |= set(re.findall(r'"(/(?:elements|page)/[\w.]+)"', text))
            named |= {f"/elements/{name}" for name in re.findall(r'from "\./([\w.]+)"', text)}

    assert len(named) > 5
    assert {path for path in named if client.get(path).status_code != 200} == set()
