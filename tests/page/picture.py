"""Takes the picture of the page for the README: `scripts/picture` runs it."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import ViewportSize, async_playwright

from page.conftest import CHROMIUM, FLAGS
from running import Guerdon, running

SIZE = ViewportSize(width=1240, height=1060)


async def take(guerdon: Guerdon, picture: Path) -> None:
    """Open the page, let something happen, and take a picture of it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(
            viewport=SIZE, locale="en-US", color_scheme="light", reduced_motion="reduce"
        )
        await page.goto(guerdon.page)
        await page.get_by_role("table").wait_for()
        await page.get_by_role("heading", name="What happened").wait_for()
        await page.get_by_role("button", name="Record the purchase").click()
        await page.locator("#outcome:not(:empty)").wait_for()
        await page.locator("guerdon-leaderboard .move:not(:empty)").first.wait_for()
        await page.screenshot(path=picture)
        await browser.close()


def main(picture: Path) -> None:
    """Start a shop of its own, so that the picture is the same each time."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--sample") as guerdon:
        asyncio.run(take(guerdon, picture))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
