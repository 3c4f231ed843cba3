"""The partner's page in a real browser: three brands, their tills, and what a member redeems."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from page.conftest import Visit, tab
from page.contrast import MEASURE
from page.test_page import NIGHT, PHONE, Cable
from running import Guerdon, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAIRNS = 20_000
REDEEM = """mutation Redeem($input: RedeemRewardInput!) {
  redeemReward(input: $input) { redemption { vouchers { code } } problems { code message } }
}"""
names = count()


@pytest.fixture(scope="module")
def guerdon(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Guerdon]:
    """The outfitter's demo, where the first two members can afford whatever there is."""
    program = root / "examples" / "outfitter.yaml"
    with running(tmp_path_factory.mktemp("demo"), "--program", str(program)) as demo:
        for member in ("anouk", "ben"):
            adjust = {
                "activityId": f"gift-{member}",
                "member": {"externalId": member},
                "wallet": "cairns",
                "amount": str(CAIRNS),
                "reason": "for the tests",
            }
            answer = demo.ask(
                "mutation Gift($input: AdjustPointsInput!) { adjustPoints(input: $input) "
                "{ problems { code message } } }",
                {"input": adjust},
                role="admin",
            )
            assert answer == {"adjustPoints": {"problems": []}}
        yield demo


@pytest_asyncio.fixture(loop_scope="module")
async def desk(
    browser: Browser, guerdon: Guerdon, request: pytest.FixtureRequest
) -> AsyncIterator[Visit]:
    """A tab for the partner's page; `@pytest.mark.parametrize` may give its screen."""
    async with tab(browser, guerdon.partner_page, **getattr(request, "param", {})) as visit:
        yield visit


async def opened(desk: Visit) -> Page:
    """Open the partner's page as the demo's link does, and wait until both sides show something."""
    await desk.page.goto(desk.address)
    await desk.page.get_by_role("heading", name="Redeemed with you").wait_for()
    await desk.page.get_by_role("heading", name="To redeem").wait_for()
    await expect(desk.page.locator("#live")).to_be_visible()
    return desk.page


def offer(page: Page, name: str) -> Locator:
    """Return the card of a reward."""
    return page.locator("guerdon-rewards .offers li").filter(has_text=name)


def redeem(guerdon: Guerdon, reward: str, member: str = "anouk") -> str:
    """Redeem for a member and return the voucher's code."""
    asked = {"redemptionId": f"r{next(names)}", "reward": reward}
    answer = guerdon.ask(REDEEM, {"input": asked | {"member": {"externalId": member}}})
    assert answer["redeemReward"]["problems"] == []
    return str(answer["redeemReward"]["redemption"]["vouchers"][0]["code"])


async def heard(page: Page, guerdon: Guerdon) -> int:
    """Redeem until the till's list tells of it, so that it surely listens; return its length."""
    entries = page.locator("guerdon-till .feed li")
    for _ in range(5):
        redeem(guerdon, "soup")
        try:
            await expect(entries.first).to_be_visible(timeout=3_000)
        except AssertionError:
            continue
        break
    await expect(entries.first).to_contain_text("A bowl of soup")
    return await entries.count()


async def use(page: Page, code: str) -> Locator:
    """Type a code as a scanner does, with Enter at its end; return where the answer is read."""
    field = page.get_by_label("The voucher's code")
    await field.fill(code)
    await field.press("Enter")
    return page.locator("guerdon-till .outcome")


async def test_each_reward_of_a_partner_says_its_price_and_why_it_cannot_be_had(
    desk: Visit,
) -> None:
    page = await opened(desk)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Ridgeway Trail Club")
    await expect(offer(page, "A bowl of soup")).to_contain_text("at Larch Hut")
    await expect(offer(page, "A bowl of soup")).to_contain_text("60 Cairns")
    await expect(offer(page, "A day on the walls")).to_contain_text("None left at the moment")
    await expect(offer(page, "A pair of laces")).to_have_count(0)
    await page.get_by_label("Member", exact=True).select_option("Chiara Rossi")
    await expect(offer(page, "A bowl of soup")).to_contain_text("60 more needed")
    button = offer(page, "A bowl of soup").get_by_role("button")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await button.click(force=True)
    await expect(page.locator("guerdon-rewards .vouchers li")).to_have_count(0)
    assert "#" not in page.url
    assert "key" not in page.url


async def test_what_is_redeemed_is_fulfilled_shown_and_used_and_a_second_tab_sees_it_live(
    desk: Visit, guerdon: Guerdon, browser: Browser
) -> None:
    page = await opened(desk)
    async with tab(browser, guerdon.partner_page) as second:
        other = await opened(second)
        await heard(other, guerdon)
        await page.get_by_label("Member", exact=True).select_option("Ben Okafor")
        await expect(page.locator("guerdon-rewards h2")).to_have_text("Ben Okafor")
        slips = page.locator("guerdon-rewards .vouchers li:has(.code)")
        held = await slips.count()

        night = other.locator("guerdon-till .feed li").filter(has_text="A night under the roof")
        take = offer(page, "A night under the roof").get_by_role("button")
        await take.click()

        waiting = page.locator("guerdon-rewards .waiting li")
        await expect(page.locator("guerdon-rewards .outcome")).to_contain_text("being prepared")
        await expect(waiting).to_contain_text("A night under the roof")
        await expect(night).to_contain_text("To be fulfilled by you until")
        await other.get_by_role("button", name="Not possible: A night").click()

        await expect(waiting).to_have_count(0)
        await expect(page.locator("guerdon-rewards .done li").first).to_have_text(
            "A night under the roof · not possible, your units are back (Not possible this time)"
        )
        await expect(night).to_contain_text("Not possible, units given back")
        await expect(take).to_have_attribute("aria-disabled", "false")
        await take.click()
        await expect(waiting).to_have_count(1)
        await page.get_by_role("button", name="Done: A night under the roof").click()

        await expect(page.locator("guerdon-till .outcome")).to_contain_text("fulfilled")
        await expect(slips).to_have_count(held + 1)
        await expect(waiting).to_have_count(0)
        await expect(offer(page, "A night under the roof")).to_contain_text("None left")
        code = await slips.first.locator(".code").text_content() or ""
        qr = slips.first.get_by_role("img", name=f"QR code of {code}")
        await expect(qr).to_be_visible()
        assert await qr.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
        await expect(night.first).to_contain_text("Not used yet")

        answer = await use(page, code)

        await expect(answer).to_have_text("A night under the roof: marked used. Hand it over.")
        await expect(page.get_by_label("The voucher's code")).to_have_value("")
        await expect(night.first).to_contain_text("Used")
        await expect(night).to_have_count(2)
        await expect(slips).to_have_count(held)
        await expect(page.locator("guerdon-rewards .done li").nth(1)).to_have_text(
            "A night under the roof · used"
        )


async def test_a_till_says_why_it_refuses_a_code(desk: Visit, guerdon: Guerdon) -> None:
    page = await opened(desk)
    code = redeem(guerdon, "soup")
    loose = code.lower().replace("-", "")

    await expect(await use(page, "")).to_contain_text("Type or scan the code")
    await expect(await use(page, "0000-0000-0000-0")).to_contain_text("No voucher of yours")
    await page.get_by_label("The till of").select_option("Boulder Hall")
    await expect(page.locator("guerdon-till h2")).to_have_text("Boulder Hall")
    await expect(await use(page, code)).to_contain_text("another brand's")
    await page.get_by_label("The till of").select_option("Larch Hut")
    await expect(page.locator("guerdon-till h2")).to_have_text("Larch Hut")
    await expect(await use(page, loose)).to_contain_text("marked used")
    field = page.get_by_label("The voucher's code")
    await expect(field).to_have_attribute("aria-invalid", "false")
    await expect(await use(page, code)).to_contain_text("used before")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_be_focused()


async def test_the_list_is_still_there_after_a_reload_and_misses_nothing_meanwhile(
    desk: Visit, guerdon: Guerdon
) -> None:
    cable = Cable()
    await desk.page.route_web_socket("**/graphql", cable.connect)
    page = await opened(desk)
    before = await heard(page, guerdon)
    entries = page.locator("guerdon-till .feed li")

    await cable.cut()
    await expect(page.locator("guerdon-till .connection")).to_be_visible()
    code = redeem(guerdon, "soup")
    await use(page, code)
    cable.mend()

    await expect(entries).to_have_count(before + 1)
    await expect(entries.first).to_contain_text("Used")
    await page.reload()
    await expect(entries).to_have_count(before + 1)
    redeem(guerdon, "soup")
    await expect(entries).to_have_count(before + 2)


async def test_a_lost_answer_costs_nothing_twice(desk: Visit) -> None:
    page = await opened(desk)
    held = page.locator("guerdon-rewards .wallets")
    await expect(held).not_to_be_empty()
    slips = page.locator("guerdon-rewards .vouchers li")
    before = await slips.count()
    lost = 0

    async def lose(route: Any) -> None:
        nonlocal lost
        if "redeemReward" not in (route.request.post_data or "") or lost:
            await route.fallback()
            return
        lost += 1
        await route.fetch()
        await route.abort()

    await page.route("**/graphql", lose)
    button = offer(page, "A bowl of soup").get_by_role("button")
    await button.click()
    await expect(page.locator("guerdon-rewards .outcome")).to_contain_text("cannot be reached")
    await expect(slips).to_have_count(before + 1)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await button.click()

    await expect(page.locator("guerdon-rewards .outcome")).to_contain_text("Yours")
    await expect(slips).to_have_count(before + 1)
    assert lost == 1
    desk.complaints[:] = [it for it in desk.complaints if "ERR_FAILED" not in it]


async def test_everything_can_be_done_with_the_keyboard(desk: Visit) -> None:
    page = await opened(desk)
    keyboard = page.keyboard
    await page.evaluate("document.activeElement.blur()")

    await keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the rewards")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("Tab")
    await expect(page.get_by_label("Member", exact=True)).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(page.locator("guerdon-rewards h2")).to_have_text("Ben Okafor")
    before = await page.locator("guerdon-rewards .vouchers li").count()
    await keyboard.press("Tab")
    taken = page.get_by_role("button", name="Redeem: A bowl of soup")
    for _ in range(3):
        if await taken.evaluate("it => it.matches(':focus')"):
            break
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(page.locator("guerdon-rewards .vouchers li")).to_have_count(before + 1)
    await expect(taken).to_be_focused()
    code = await page.locator("guerdon-rewards .vouchers .code").first.text_content() or ""
    field = page.get_by_label("The voucher's code")
    for _ in range(12):
        if await field.evaluate("it => it.matches(':focus')"):
            break
        await keyboard.press("Tab")
    await keyboard.type(code)
    await keyboard.press("Enter")
    await expect(page.locator("guerdon-till .outcome")).to_contain_text("marked used")


@pytest.mark.parametrize("desk", [PHONE], indirect=True)
async def test_on_a_phone_nothing_has_to_be_scrolled_sideways(
    desk: Visit, guerdon: Guerdon
) -> None:
    redeem(guerdon, "soup")
    page = await opened(desk)
    await expect(page.locator("guerdon-rewards .vouchers li").first).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    controls = page.locator("button:visible, select:visible, input:visible")
    sizes = await controls.evaluate_all("them => them.map(it => it.getBoundingClientRect().height)")
    assert len(sizes) >= 6
    assert min(sizes) >= 44


@pytest.mark.parametrize("desk", [{}, NIGHT], indirect=True)
async def test_all_text_has_enough_contrast_by_day_and_by_night(
    desk: Visit, guerdon: Guerdon
) -> None:
    page = await opened(desk)
    await heard(page, guerdon)
    await use(page, "0")
    await expect(page.locator("guerdon-till .outcome")).to_contain_text("No voucher")

    measured = await page.evaluate(MEASURE)
    assert len(measured) > 30
    assert [it for it in measured if it["contrast"] < it["least"]] == []


async def test_everything_has_a_name_and_a_place_for_screen_readers(
    desk: Visit, guerdon: Guerdon
) -> None:
    page = await opened(desk)
    await heard(page, guerdon)

    for role in ("banner", "main", "contentinfo"):
        await expect(page.get_by_role(role)).to_have_count(1)
    seen = (await page.locator("body").aria_snapshot()).splitlines()
    bare = {"- button", "- textbox", "- combobox", "- img", "- link"}
    assert [line for line in seen if line.strip() in bare] == []
    levels = await page.get_by_role("heading").evaluate_all(
        "them => them.map((it) => Number(it.tagName[1]))"
    )
    assert levels[0] == 1
    assert set(levels) == {1, 2, 3}
    redeem(guerdon, "soup")
    said = page.locator("guerdon-till > .unseen, guerdon-till .unseen[role=status]")
    await expect(said).to_have_text("A bowl of soup: Not used yet")


async def test_a_pasted_key_shows_the_side_that_it_is_for(desk: Visit, guerdon: Guerdon) -> None:
    page = desk.page
    bare = desk.address.partition("#")[0]
    wrong = guerdon.ready["keys"]["service"]
    token = guerdon.ready["member_tokens"]["ben"]
    await page.goto(bare)
    heading = page.get_by_role("heading", name="Open the partner's link that guerdon printed")
    await expect(heading).to_be_visible()

    async def paste(text: str) -> None:
        await page.evaluate("sessionStorage.clear()")
        await page.goto(bare)
        await page.get_by_label("Or paste a partner's key").fill(text)
        await page.get_by_role("button", name="Show").click()

    await paste(guerdon.ready["partners"]["hall"])
    await expect(page.locator("guerdon-till h2")).to_have_text("Boulder Hall")
    await expect(page.locator("#side")).to_be_hidden()
    await paste(token)
    await expect(page.locator("guerdon-rewards h2")).to_have_text("Ben Okafor")
    await expect(page.locator("#till")).to_be_hidden()
    await paste(wrong)
    await expect(page.locator("#sign-in-why")).to_contain_text("Paste a partner's key")
    await paste("gk_demo_ridgeway.0_0")
    await expect(page.locator("#sign-in-why")).to_contain_text("This key is not accepted")
    desk.complaints[:] = [it for it in desk.complaints if "401" not in it]
