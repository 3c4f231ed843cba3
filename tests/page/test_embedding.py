"""The elements in a shop's own page: docs/embedding.md, word for word, on another origin."""

import re
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from running import Guerdon, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLE = "https://loyalty.example.com"


class Shop:
    """A site of its own, with the page and the script of the documentation."""

    def __init__(self, document: str) -> None:
        self.blocks = dict(re.findall(r"```(html|js)\n(.*?)```", document, re.DOTALL))
        (self.policy,) = re.findall(r"^script-src .*$", document, re.MULTILINE)
        self.tokens: list[str] = []
        self.given = 0
        self.loyalty = ""
        shop = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind = {"/": "html", "/loyalty.js": "js"}.get(self.path)
                media = {"html": "text/html", "js": "text/javascript"}.get(kind or "", "")
                self.answer(shop.localised(shop.blocks.get(kind or "", "")), media)

            def do_POST(self) -> None:
                token = shop.tokens.pop(0) if len(shop.tokens) > 1 else shop.tokens[0]
                shop.given += 1
                self.answer(f'{{"token": "{token}"}}', "application/json")

            def answer(self, text: str, media: str) -> None:
                self.send_response(200 if text else 404)
                self.send_header("content-type", media)
                self.send_header("content-security-policy", shop.localised(shop.policy))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def localised(self, text: str) -> str:
        """Put the running guerdon in the place of the example's."""
        socket = self.loyalty.replace("http", "ws")
        secure = EXAMPLE.replace("http", "ws")
        return text.replace(secure, socket).replace(EXAMPLE, self.loyalty)


@pytest.fixture(scope="module")
def shop(root: Path) -> Iterator[Shop]:
    shop = Shop((root / "docs" / "embedding.md").read_text())
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture(scope="module")
def loyalty(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[Guerdon]:
    folder = tmp_path_factory.mktemp("demo")
    with running(folder, "--sample", GUERDON_ALLOWED_ORIGINS=shop.origin) as guerdon:
        shop.loyalty = guerdon.ready["graphql"].removesuffix("/graphql")
        shop.tokens = list(guerdon.ready["member_tokens"].values())[:1]
        yield guerdon


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page(locale="en-GB")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await page.close()
    assert complaints == []


async def test_the_documented_page_shows_the_signed_in_member_live(
    page: Page, shop: Shop, loyalty: Guerdon
) -> None:
    await page.goto(shop.origin)

    member = page.locator("guerdon-member")
    await expect(member.get_by_role("heading", level=2)).to_have_text("Anouk Verhoeven")
    await expect(page.locator("guerdon-leaderboard .own .you")).to_have_text("You")
    before = await member.locator(".points strong").text_content()
    loyalty.buy("embedded-1", "anouk", "10.00")
    await expect(member.locator(".points strong")).not_to_have_text(before or "")


@pytest.mark.usefixtures("loyalty")
async def test_a_token_that_is_not_accepted_is_asked_for_anew_once(page: Page, shop: Shop) -> None:
    good = shop.tokens[-1]
    shop.tokens = ["expired.or.wrong", good]
    shop.given = 0

    await page.goto(shop.origin)

    button = page.locator("guerdon-member").get_by_role("button", name="Try again")
    await expect(button).to_be_visible()
    await expect(page.get_by_text("cannot be shown").first).to_be_visible()
    assert shop.given == 1, "who was refused at once does not ask again at once"
    shop.tokens = [good]
    await page.reload()
    await expect(page.locator("guerdon-member h2")).to_have_text("Anouk Verhoeven")


@pytest.mark.usefixtures("loyalty")
async def test_looks_and_words_are_the_pages_to_choose(page: Page, shop: Shop) -> None:
    await page.goto(shop.origin)
    await page.locator("guerdon-leaderboard table").wait_for()

    await page.evaluate(
        """() => {
          const board = document.querySelector("guerdon-leaderboard");
          board.style.setProperty("--guerdon-accent", "rgb(1, 2, 3)");
          board.words = { rank: "Platz" };
        }"""
    )

    await expect(page.get_by_role("columnheader").first).to_have_text("Platz")
    first = page.locator("guerdon-leaderboard tbody .rank").first
    await expect(first).to_have_css("color", "rgb(1, 2, 3)")
