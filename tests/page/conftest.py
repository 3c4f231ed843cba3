"""A real browser and a running shop, started once for the tests of a file."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

from running import Guerdon, running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_MS = 15_000  # a test machine may be busy with other tests
expect.set_options(timeout=PATIENCE_MS)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def guerdon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guerdon]:
    """A running demo with its sample."""
    with running(tmp_path_factory.mktemp("demo"), "--sample") as demo:
        yield demo


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window; where none is installed the test says so and is skipped."""
    if CHROMIUM is None:
        pytest.skip("no chromium is installed (Debian and Ubuntu: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Visit:
    """One visitor's tab, and everything that went wrong in it or left this machine."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        home = urlsplit(self.address).netloc
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._listens)
        self.page.on("request", lambda asked: self._stays(home, asked.url))
        self.page.on("websocket", lambda socket: self._stays(home, socket.url))

    def _listens(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)

    def _stays(self, home: str, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != home:
            self.complaints.append(f"asks another host: {url}")

    async def open(self) -> "Visit":
        """Open the page as the demo's link does, and wait until both elements show something."""
        await self.page.goto(self.address)
        await self.page.get_by_role("table").wait_for()
        await self.page.get_by_role("heading", name="What happened").wait_for()
        return self

    async def leaders(self) -> list[tuple[str, str]]:
        """Return the names and scores on the leaderboard, from the top."""
        rows = self.page.locator("guerdon-leaderboard tbody:not(.own-part) tr")
        found = await rows.evaluate_all(
            "rows => rows.map(row => [row.querySelector('.name').textContent,"
            " row.querySelector('.score').textContent])"
        )
        return [(name, score) for name, score in found]


@asynccontextmanager
async def tab(browser: Browser, address: str, **screen: Any) -> AsyncIterator[Visit]:
    """Yield a tab that has not opened its address yet, and see that nothing went wrong in it."""
    shape: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}
    context: BrowserContext = await browser.new_context(**shape | screen)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    visit = Visit(page, address)
    yield visit
    complaints = list(visit.complaints)
    # An answer that a test changes may still be on its way: let go of it before its tab goes.
    await page.unroute_all(behavior="ignoreErrors")
    await context.close()
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="module")
async def visit(
    browser: Browser, guerdon: Guerdon, request: pytest.FixtureRequest
) -> AsyncIterator[Visit]:
    """A tab for the live page; `@pytest.mark.parametrize` may give its screen."""
    async with tab(browser, guerdon.page, **getattr(request, "param", {})) as visit:
        yield visit


@pytest.fixture(scope="session")
def page_folder(root: Path) -> Path:
    """Where the page's files are."""
    return root / "src" / "guerdon" / "api" / "page"
