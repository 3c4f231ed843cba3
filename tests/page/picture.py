"""Takes the pictures of the pages for the documentation: `scripts/picture` runs it."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright

from page.conftest import CHROMIUM, FLAGS
from running import Guerdon, running

SIZE = ViewportSize(width=1240, height=1060)
PARTNER_SIZE = ViewportSize(width=1120, height=840)


async def shop(page: Page, guerdon: Guerdon) -> None:
    """Show the live page after a purchase."""
    await page.goto(guerdon.page)
    await page.get_by_role("table").wait_for()
    await page.get_by_role("heading", name="What happened").wait_for()
    await page.get_by_role("button", name="Record the purchase").click()
    await page.locator("#outcome:not(:empty)").wait_for()
    await page.locator("guerdon-leaderboard .move:not(:empty)").first.wait_for()


async def partner(page: Page, guerdon: Guerdon) -> None:
    """Show the partner's page with a voucher that was used and another one."""
    await page.goto(guerdon.partner_page)
    take = page.get_by_role("button", name="Redeem: A coffee at the Needle")
    codes = page.locator("guerdon-rewards .vouchers .code")
    for held in (1, 2):
        await take.click()
        await codes.nth(held - 1).wait_for()
    await page.get_by_label("The voucher's code").fill(await codes.last.text_content() or "")
    await page.get_by_role("button", name="Mark it used").click()
    await page.locator("guerdon-till .used").first.wait_for()
    await page.locator("guerdon-rewards .done li").first.wait_for()


async def take(guerdon: Guerdon, folder: Path) -> None:
    """Open each page, let something happen, and take a picture of it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, show, size in (("page", shop, SIZE), ("partner", partner, PARTNER_SIZE)):
            page = await browser.new_page(
                viewport=size, locale="en-US", color_scheme="light", reduced_motion="reduce"
            )
            await show(page, guerdon)
            await page.screenshot(path=folder / f"{name}.png")
            await page.close()
        await browser.close()


def main(pictures: Path) -> None:
    """Start a shop of its own, so that the pictures are the same each time."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--sample") as guerdon:
        asyncio.run(take(guerdon, pictures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
