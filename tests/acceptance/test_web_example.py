"""examples/web is built with its locked packages and shows a running guerdon, live."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from graphql import build_schema, parse, validate
from playwright.sync_api import expect, sync_playwright

from page.conftest import CHROMIUM, FLAGS
from running import running

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "examples" / "web"

needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None, reason="node and npm are not installed, which build the example"
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium is installed (apt-get install chromium)"
)


def test_the_operations_of_the_example_fit_the_schema() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    document = parse((SOURCE / "src" / "operations.graphql").read_text())

    assert validate(schema, document) == []


def test_the_lock_of_the_example_is_that_of_its_packages() -> None:
    named = json.loads((SOURCE / "package.json").read_text())
    locked = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    wanted = named["dependencies"] | named["devDependencies"]

    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not any("resolved" in package for package in locked.values())


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def run(folder: Path, *words: str) -> None:
    done = subprocess.run(
        words, cwd=folder, check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a copy; the schema lies where the example looks for it."""
    base = tmp_path_factory.mktemp("web")
    folder = base / "examples" / "web"
    ignored = shutil.ignore_patterns("node_modules", "dist", "gql")
    shutil.copytree(SOURCE, folder, ignore=ignored)
    shutil.copy(ROOT / "schema.graphql", base)
    run(folder, "npm", "ci", "--no-audit", "--no-fund")
    run(folder, "npm", "run", "build")
    return folder / "dist"


@pytest.fixture
def address(built: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(built))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.conformance
@needs_npm
@needs_chromium
def test_the_example_shows_the_leaderboard_and_a_member_as_they_change(
    address: str, tmp_path: Path
) -> None:
    with running(tmp_path, GUERDON_ALLOWED_ORIGINS=address) as guerdon, sync_playwright() as play:
        guerdon.buy("before", "ada", "10.00")
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page()
            given = {
                "url": guerdon.ready["graphql"],
                "token": guerdon.ready["keys"]["service"],
                "member": "ada",
            }
            page.goto(f"{address}/#{urlencode(given)}")
            board = page.get_by_role("region", name="Leaderboard")
            member = page.get_by_role("region", name="Member")
            expect(board.get_by_role("listitem")).to_have_count(1, timeout=30_000)
            expect(member.get_by_role("listitem").first).to_contain_text("purchase")
            guerdon.buy("after", "bob", "99.00")
            guerdon.buy("mine", "ada", "5.00")
            expect(board.get_by_role("listitem")).to_have_count(2, timeout=30_000)
            expect(board.get_by_role("listitem").first).to_contain_text("99")
            expect(member.get_by_role("listitem").filter(has_text="purchase")).to_have_count(
                2, timeout=30_000
            )
        finally:
            browser.close()
