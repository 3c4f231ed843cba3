"""The live page in a real browser, with a running shop behind it."""

import re
from itertools import pairwise

import pytest
from playwright.async_api import Request, WebSocketRoute, expect

from page.conftest import Visit
from page.contrast import MEASURE
from running import Guerdon

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
NIGHT = {"color_scheme": "dark"}
LONGEST_PAUSE_MS = 4_500  # `PAUSE_MS` of the page, and a little


async def test_the_link_shows_the_leaderboard_and_one_member(visit: Visit) -> None:
    await visit.open()

    leaders = await visit.leaders()
    assert len(leaders) == 10
    assert await visit.page.get_by_role("heading", level=1).text_content() == "Groove Records"
    scores = [float(score.replace(",", "")) for _, score in leaders]
    assert scores == sorted(scores, reverse=True)
    member = visit.page.locator("guerdon-member")
    await expect(member.get_by_role("heading", level=2)).to_have_text("Anouk Verhoeven")
    for part in ("Missions", "Badges", "What happened"):
        await expect(member.get_by_role("heading", name=part)).to_be_visible()


async def test_the_leaderboard_is_read_once_and_shows_no_second_loading(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.post_data or ""))
    await visit.open()
    await expect(visit.page.get_by_role("option", name="Ben")).to_have_count(1)

    assert len([text for text in asked if "query Leaderboard(" in text]) == 1


async def test_the_key_leaves_the_address_at_once_and_survives_a_reload(visit: Visit) -> None:
    await visit.open()
    address = visit.page.url
    await visit.page.reload()
    await visit.page.get_by_role("table").wait_for()

    assert "#" not in address
    assert "key" not in address


async def test_a_purchase_at_the_till_moves_member_and_leaderboard(visit: Visit) -> None:
    await visit.open()
    row = visit.page.locator("guerdon-leaderboard tr.own")  # in the first ten or below them
    before = await row.locator(".score").text_content() or ""
    points = visit.page.locator("guerdon-member .points strong").first
    held = int((await points.text_content() or "").replace(",", ""))

    await visit.page.get_by_label("Box set").check()
    await visit.page.get_by_role("button", name="Record the purchase").click()

    outcome = visit.page.locator("#outcome")
    await expect(outcome).to_contain_text("Groove points")
    sentences = await outcome.text_content() or ""
    earned = [int(amount) for amount in re.findall(r"\+(\d+) Groove points", sentences)]
    assert 178 in earned
    await expect(points).to_have_text(f"{held + sum(earned):,}")
    await expect(row.locator(".score")).not_to_have_text(before)
    entry = visit.page.locator("guerdon-member ol li").first
    await expect(entry).to_contain_text("+178 Groove points")


async def test_a_purchase_elsewhere_arrives_without_anybody_asking(
    visit: Visit, guerdon: Guerdon
) -> None:
    await visit.open()
    (first, _), (second, _) = (await visit.leaders())[:2]
    overtakes = second.split(maxsplit=1)[0].lower()

    guerdon.buy("elsewhere-1", overtakes, "2000.00")

    rows = visit.page.locator("guerdon-leaderboard tbody tr .name")
    await expect(rows.nth(0)).to_have_text(second)
    await expect(rows.nth(1)).to_have_text(first)


class Cable:
    """The page's sockets, which can be cut, and cannot be made again until it is mended."""

    def __init__(self) -> None:
        self._open: list[WebSocketRoute] = []
        self._is_cut = False

    async def connect(self, route: WebSocketRoute) -> None:
        if self._is_cut:
            await route.close(code=1011)
            return
        route.connect_to_server()
        self._open.append(route)

    async def cut(self) -> None:
        self._is_cut = True
        for route in self._open:
            await route.close(code=1011)

    def mend(self) -> None:
        self._is_cut = False


async def test_what_was_missed_while_away_is_caught_up_in_order(
    visit: Visit, guerdon: Guerdon
) -> None:
    cable = Cable()
    await visit.page.route_web_socket("**/graphql", cable.connect)
    await visit.open()
    await expect(visit.page.locator("#live")).to_be_visible()

    await cable.cut()
    await expect(visit.page.locator("guerdon-member .connection")).to_be_visible()
    guerdon.buy("missed-1", "anouk", "10.00")
    guerdon.buy("missed-2", "anouk", "11.00")
    cable.mend()

    entries = visit.page.locator("guerdon-member ol li")
    await expect(entries.nth(0)).to_contain_text("22")
    await expect(entries.nth(1)).to_contain_text("20")
    await expect(visit.page.locator("#live")).to_be_visible()
    await expect(visit.page.locator("guerdon-member .connection")).to_be_hidden()


async def test_everything_can_be_done_with_the_keyboard(visit: Visit) -> None:
    await visit.open()
    keyboard = visit.page.keyboard
    await visit.page.evaluate("document.activeElement.blur()")

    await keyboard.press("Tab")
    skip = visit.page.get_by_role("link", name="Skip to the shop")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await keyboard.press("Enter")
    await keyboard.press("Tab")
    await expect(visit.page.get_by_role("combobox", name="Member")).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(visit.page.locator("guerdon-member h2")).to_have_text("Ben Okafor")
    await keyboard.press("Tab")
    await keyboard.press("ArrowLeft")
    await expect(visit.page.get_by_label("Single")).to_be_checked()
    await keyboard.press("Tab")
    await expect(visit.page.get_by_role("button", name="Record")).to_be_focused()
    await keyboard.press("Enter")
    await expect(visit.page.locator("#outcome")).not_to_be_empty()
    await keyboard.press("Tab")
    await expect(visit.page.get_by_role("switch", name="Let the shop run")).to_be_focused()
    await keyboard.press("Tab")
    await expect(visit.page.get_by_role("tab", selected=True)).to_be_focused()
    await keyboard.press("ArrowRight")
    await expect(visit.page.get_by_role("tab", name="All time")).to_have_attribute(
        "aria-selected", "true"
    )
    await expect(visit.page.locator("guerdon-leaderboard .muted").first).to_have_text("All time")


async def test_focus_can_be_seen(visit: Visit) -> None:
    await visit.open()

    for _ in range(6):
        await visit.page.keyboard.press("Tab")
        seen = await visit.page.evaluate(
            "() => { const it = document.activeElement; "
            "const shown = it.type === 'radio' ? it.nextElementSibling : it; "
            "return getComputedStyle(shown).outlineStyle; }"
        )
        assert seen == "solid"


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
async def test_on_a_phone_nothing_has_to_be_scrolled_sideways(visit: Visit) -> None:
    await visit.open()

    width = await visit.page.evaluate("document.documentElement.scrollWidth")
    small = await visit.page.evaluate(
        "() => [...document.querySelectorAll('button, select, input:not([type=radio]), "
        ".choices label')].filter((it) => it.checkVisibility() && it.getBoundingClientRect().height"
        " < 44).map((it) => it.outerHTML)"
    )
    assert width == 360
    assert small == []


@pytest.mark.parametrize("visit", [{}, NIGHT, PHONE | NIGHT], indirect=True)
async def test_all_text_has_enough_contrast_by_day_and_by_night(visit: Visit) -> None:
    await visit.open()

    measured = await visit.page.evaluate(MEASURE)
    assert len(measured) > 40
    assert [it for it in measured if it["contrast"] < it["least"]] == []


async def test_day_and_night_differ(visit: Visit) -> None:
    await visit.open()
    colour = "getComputedStyle(document.body).backgroundColor"
    day = await visit.page.evaluate(colour)
    await visit.page.emulate_media(color_scheme="dark")
    night = await visit.page.evaluate(colour)

    assert day != night


async def test_everything_has_a_name_and_a_place_for_screen_readers(visit: Visit) -> None:
    await visit.open()

    for role in ("banner", "main", "contentinfo"):
        await expect(visit.page.get_by_role(role)).to_have_count(1)
    seen = await visit.page.locator("body").aria_snapshot()
    assert "table" in seen
    unnamed = [
        line
        for line in seen.splitlines()
        if line.strip() in {"- button", "- textbox", "- combobox", "- progressbar", "- link"}
    ]
    assert unnamed == []
    bars = visit.page.get_by_role("progressbar")
    assert await bars.count() >= 2
    for bar in await bars.all():
        assert await bar.get_attribute("aria-label")
    ids = await visit.page.evaluate("[...document.querySelectorAll('[id]')].map((it) => it.id)")
    assert len(ids) == len(set(ids))
    levels = await visit.page.get_by_role("heading").evaluate_all(
        "them => them.map((it) => Number(it.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


async def test_the_member_that_is_looked_at_is_announced_and_marked(visit: Visit) -> None:
    await visit.open()

    await visit.page.get_by_role("combobox", name="Member").select_option("Chiara Rossi")

    await expect(visit.page.locator("guerdon-member h2")).to_have_text("Chiara Rossi")
    await expect(visit.page.locator("guerdon-leaderboard .own .name").first).to_have_text(
        "Chiara Rossi"
    )


@pytest.mark.parametrize("visit", [{"reduced_motion": "reduce"}], indirect=True)
async def test_nothing_moves_for_those_who_want_that(visit: Visit, guerdon: Guerdon) -> None:
    await visit.open()
    (_, _), (second, _) = (await visit.leaders())[:2]

    guerdon.buy("still-1", second.split(maxsplit=1)[0].lower(), "3000.00")

    rows = visit.page.locator("guerdon-leaderboard tbody tr .name")
    await expect(rows.nth(0)).to_have_text(second)
    assert await visit.page.evaluate("document.getAnimations().length") == 0


async def test_the_shop_runs_only_while_it_is_told_to(visit: Visit) -> None:
    await visit.page.clock.install()
    await visit.open()
    switch = visit.page.get_by_role("switch", name="Let the shop run")
    await expect(switch).not_to_be_checked()
    bought: list[Request] = []

    def buys(request: Request) -> bool:
        return "recordActivities" in (request.post_data or "")

    visit.page.on("request", lambda it: bought.append(it) if buys(it) else None)

    await visit.page.clock.run_for(LONGEST_PAUSE_MS)
    unasked = len(bought)
    async with visit.page.expect_request(buys):
        await switch.click()
        await expect(switch).to_be_checked()
        await visit.page.clock.run_for(LONGEST_PAUSE_MS)
    await switch.click()
    await expect(switch).not_to_be_checked()
    asked = len(bought)
    await visit.page.clock.run_for(LONGEST_PAUSE_MS)
    # What it would have asked for has left before this, and is told before its answer.
    await visit.page.evaluate("fetch('/healthz').then((answer) => answer.status)")

    assert unasked == 0
    assert asked >= 1
    assert len(bought) == asked


async def test_without_a_key_the_page_says_what_to_do(visit: Visit) -> None:
    await visit.page.goto(visit.address.partition("#")[0])

    heading = visit.page.get_by_role("heading", name="Open the link that guerdon printed")
    await expect(heading).to_be_visible()
    await expect(visit.page.get_by_label("Or paste a key")).to_be_visible()
    await expect(visit.page.locator("#panels")).to_be_hidden()


async def test_a_member_with_a_token_sees_the_same_page_without_the_till(
    visit: Visit, guerdon: Guerdon
) -> None:
    external, token = next(iter(guerdon.ready["member_tokens"].items()))
    await visit.page.goto(visit.address.partition("#")[0])

    await visit.page.get_by_label("Or paste a key").fill(token)
    await visit.page.get_by_role("button", name="Show").click()

    await expect(visit.page.locator("guerdon-member h2")).to_contain_text(external.capitalize())
    await expect(visit.page.locator("guerdon-leaderboard .own .you")).to_have_text("You")
    await expect(visit.page.locator("#till")).to_be_hidden()


async def test_the_demo_has_a_partner_whose_page_is_one_link_away(
    visit: Visit, guerdon: Guerdon
) -> None:
    await visit.page.goto(guerdon.partner_page)

    await expect(visit.page.locator("guerdon-till h2")).to_have_text("Needle Café")
    rewards = visit.page.locator("guerdon-rewards .offers li")
    await expect(rewards.filter(has_text="A coffee at the Needle")).to_contain_text("60 Groove")
    await expect(rewards.filter(has_text="Breakfast")).to_contain_text("None left at the moment")
    await expect(rewards.filter(has_text="Tote bag")).to_have_count(0)
    await visit.page.get_by_role("link", name="the shop").click()
    await expect(visit.page.locator("guerdon-member h2")).to_have_text("Anouk Verhoeven")
    await visit.page.get_by_role("link", name="what partners see").click()
    await expect(visit.page.locator("guerdon-till h2")).to_have_text("Needle Café")


async def test_numbers_and_dates_follow_the_reader(visit: Visit) -> None:
    await visit.open()
    formats = await visit.page.evaluate(
        """async () => {
          const { Formats } = await import("/elements/formats.js");
          const german = new Formats("de", "Europe/Berlin");
          const english = new Formats("en-US", "UTC");
          return [german.number("1234567.5"), english.number("1234567.50"),
                  english.number("9007199254740993"), german.day("2026-12-31T23:30:00Z"),
                  english.lastDay("2027-01-01T00:00:00Z"), english.number("-0.500")];
        }"""
    )

    assert formats == [
        "1.234.567,50",
        "1,234,567.50",
        "9,007,199,254,740,993",
        "01.01.2027",
        "Dec 31, 2026",
        "-0.50",
    ]
