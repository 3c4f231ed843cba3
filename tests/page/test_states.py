"""What the page shows while it loads, when there is nothing yet, and when something is wrong."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from page.conftest import Visit
from running import Guerdon

pytestmark = pytest.mark.asyncio(loop_scope="module")

Change = Callable[[dict[str, Any]], None]


async def change_answers(page: Page, change: Change) -> None:
    """Let the page read other answers than the service gives."""

    async def answer(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        response = await route.fetch()
        answered = await response.json()
        change(answered["data"])
        await route.fulfill(response=response, body=json.dumps(answered))

    await page.route("**/graphql", answer)


async def cut_socket(page: Page) -> None:
    """Keep the page from being told of anything."""
    await page.route_web_socket("**/graphql", lambda _: None)


async def test_an_empty_leaderboard_says_what_changes_that(visit: Visit) -> None:
    def empty(answer: dict[str, Any]) -> None:
        period = (answer.get("leaderboard") or {}).get("period")
        if period and "entries" in period:
            period["entries"] = {"edges": []}
            period["total"] = 0

    await cut_socket(visit.page)
    await change_answers(visit.page, empty)
    await visit.page.goto(visit.address)

    await expect(visit.page.get_by_text("Nobody is on this leaderboard yet")).to_be_visible()
    await expect(visit.page.get_by_role("table")).to_be_hidden()


async def test_a_member_to_whom_nothing_has_happened_has_a_page_too(visit: Visit) -> None:
    def fresh(answer: dict[str, Any]) -> None:
        member = answer.get("member")
        if member and "journal" in member:
            member["journal"]["edges"] = []
            member["displayName"] = None
            member["badges"] = []

    await cut_socket(visit.page)
    await change_answers(visit.page, fresh)
    await visit.page.goto(visit.address)

    member = visit.page.locator("guerdon-member")
    await expect(member.get_by_role("heading", level=2)).to_have_text("Member anouk")
    await expect(member.get_by_text("Nothing has happened yet.")).to_be_visible()
    await expect(member.get_by_text("not yet")).to_have_count(3)


async def test_loading_is_said_and_shown(visit: Visit) -> None:
    await visit.page.route("**/graphql", lambda _: None)
    await visit.page.goto(visit.address.partition("#")[0])
    await visit.page.evaluate(
        """() => {
          const board = document.createElement("guerdon-leaderboard");
          board.token = "a token";
          document.body.append(board);
        }"""
    )

    await expect(visit.page.locator("guerdon-leaderboard [aria-busy=true]")).to_be_visible()
    await expect(visit.page.get_by_text("Loading the leaderboard")).to_be_attached()


async def test_what_cannot_be_had_says_so_and_can_be_tried_again(visit: Visit) -> None:
    asked = 0

    async def away_at_first(route: Route) -> None:
        nonlocal asked
        if "query Member" not in (route.request.post_data or ""):
            await route.continue_()
            return
        asked += 1
        await (route.fulfill(status=502, body="") if asked == 1 else route.continue_())

    await visit.page.route("**/graphql", away_at_first)
    await visit.page.goto(visit.address)

    member = visit.page.locator("guerdon-member")
    await expect(member.get_by_role("alert")).to_contain_text("The service answered 502.")
    await member.get_by_role("button", name="Try again").click()
    await expect(member.get_by_role("heading", level=2)).to_have_text("Anouk Verhoeven")
    visit.complaints = [it for it in visit.complaints if "502" not in it]  # the browser's own


async def test_a_member_that_is_not_there_is_named(visit: Visit) -> None:
    await visit.open()
    member = visit.page.locator("guerdon-member")

    await member.evaluate("member => member.setAttribute('member', 'nobody-1')")

    await expect(visit.page.get_by_text("no member nobody-1")).to_be_visible()


@pytest.mark.parametrize("first", ["the query", "the subscription"])
async def test_a_leaderboard_that_is_not_there_is_named_whichever_answer_comes_first(
    visit: Visit, guerdon: Guerdon, first: str
) -> None:
    await visit.page.clock.install()
    told, held = asyncio.Event(), list[tuple[WebSocketRoute, str | bytes]]()

    async def ask(route: Route) -> None:
        if first == "the subscription" and "weekly" in (route.request.post_data or ""):
            await told.wait()
        await route.continue_()

    def connect(socket: WebSocketRoute) -> None:
        def tell(message: str | bytes) -> None:
            is_no = json.loads(message)["type"] == "error"
            if is_no and first == "the query" and not told.is_set():
                held.append((socket, message))
                return
            socket.send(message)
            if is_no:
                told.set()

        socket.connect_to_server().on_message(tell)

    await visit.page.route("**/graphql", ask)
    await visit.page.route_web_socket("**/graphql", connect)
    await visit.open()
    board = visit.page.locator("guerdon-leaderboard")
    await board.evaluate("board => board.setAttribute('leaderboard', 'weekly')")
    await expect(visit.page.get_by_text("no leaderboard called “weekly”")).to_be_visible()
    told.set()
    for socket, message in held:
        socket.send(message)
    await visit.page.clock.run_for(15_000)  # as long as any next try could wait

    guerdon.buy(f"after {first}", "anouk", "10.00")  # what is told of it comes behind the refusals
    await expect(visit.page.locator("guerdon-member ol li").first).to_contain_text("20")
    await expect(visit.page.get_by_text("no leaderboard called “weekly”")).to_be_visible()


async def test_names_are_shown_as_they_are_and_never_read_as_markup(visit: Visit) -> None:
    name = "<img src=x onerror=alert(1)> & Söhne 👋"

    def rename(answer: dict[str, Any]) -> None:
        period = (answer.get("leaderboard") or {}).get("period") or {}
        for edge in period.get("entries", {}).get("edges", []):
            edge["node"]["profile"]["displayName"] = name

    await cut_socket(visit.page)
    await change_answers(visit.page, rename)
    await visit.page.goto(visit.address)

    await expect(visit.page.locator("guerdon-leaderboard .name").first).to_have_text(name)
    assert await visit.page.locator("guerdon-leaderboard img").count() == 0


async def test_a_member_without_a_name_is_told_apart_by_a_code(visit: Visit) -> None:
    def unname(answer: dict[str, Any]) -> None:
        period = (answer.get("leaderboard") or {}).get("period") or {}
        for edge in period.get("entries", {}).get("edges", []):
            edge["node"]["profile"]["displayName"] = None

    await cut_socket(visit.page)
    await change_answers(visit.page, unname)
    await visit.page.goto(visit.address)
    await visit.page.get_by_role("table").wait_for()

    names = [name for name, _ in await visit.leaders()]
    assert len(set(names)) == 10
    others = [name for name in names if name != "anouk"]
    assert len(others) >= 9
    assert all(name.startswith("Member ") and len(name) == 11 for name in others)


async def test_a_member_who_is_not_in_the_list_yet_is_looked_up_by_id(visit: Visit) -> None:
    await visit.open()
    await visit.page.get_by_role("combobox", name="Member").select_option("Another member …")
    await visit.page.get_by_label("The member's id in your system").fill("walk-in 7")

    await visit.page.get_by_role("button", name="Record the purchase").click()

    await expect(visit.page.locator("#outcome")).to_contain_text("Groove points")
    await expect(visit.page.locator("guerdon-member h2")).to_have_text("Member walk-in 7")
