"""Answers about shared state: from memory while nothing moved, and to nobody else's rights."""

import re
import uuid
from typing import Any

import pytest
from prometheus_client import generate_latest
from redis import Redis

from api.shop import DOCUMENT, Shop, open_shops
from api.transport.wire import until
from guerdon.api.answers import SHARED_FIELDS, SHARED_TYPES, UNTOLD, are_shared
from guerdon.api.fields import object_fields
from guerdon.api.ids import read_id
from guerdon.api.schema import schema
from guerdon.engine import keys, publish
from guerdon.engine.faces import FACES
from guerdon.engine.publish import PROGRAM
from guerdon.engine.world import Topic
from guerdon.observing.metrics import Metrics
from guerdon.settings import Settings
from pace import pacing

PAGE = """{ leaderboard(slug: "all_time") { period { entries(first: 5) {
    edges { node { rank score profile { displayName isViewer externalId } } } totalCount } } } }"""
MEMBERS_PAGE = PAGE.replace(" externalId", "")


def shown(found: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    entries = found["leaderboard"]["period"]["entries"]["edges"]
    return [tuple(it["node"]["profile"][name] for name in names) for it in entries]


async def heard(shop: Shop) -> None:
    """Wait until changes of all that a page shows are heard."""
    of = shop.world.revisions.of
    for topic in (PROGRAM, FACES, Topic("board", "all_time")):
        await until(lambda topic=topic: of(shop.program, topic) is not None)


async def test_a_page_that_has_not_changed_is_read_once(settings: Settings) -> None:
    patient = settings.model_copy(update={"leaderboard_updates_per_second": 0.05})
    async with open_shops(patient, f"shop_{uuid.uuid4().hex[:8]}") as (shop,):
        await shop.enroll("ada", displayName="Ada")
        await shop.buy("ada", "10.00", "p1")
        await heard(shop)
        with Redis.from_url(settings.redis_url.get_secret_value()) as client:
            for _ in range(10):  # the last news of the purchase may be on its way still
                first = await shop.get("service", PAGE)
                before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
                again = [await shop.get("service", PAGE) for _ in range(3)]
                after = client.info("commandstats")["cmdstat_evalsha"]["calls"]
                if after == before:
                    break

    assert again == [first] * 3
    assert after == before


async def test_what_was_changed_before_asking_is_seen(shop: Shop) -> None:
    ada = await shop.enroll("ada", displayName="Ada")
    await shop.enroll("bob", displayName="Bob")
    await shop.buy("ada", "10.00", "p1")
    await heard(shop)
    seen = [shown(await shop.get("service", PAGE), "displayName")]
    await shop.get(
        "service",
        "mutation($i: UpdateMemberInput!) { updateMember(input: $i) { problems { code } } }",
        i={"member": {"id": ada["id"]}, "displayName": "Ada L."},
    )
    seen.append(shown(await shop.get("service", PAGE), "displayName"))
    await shop.buy("bob", "20.00", "p2")
    async with pacing() as pace:
        while len(seen[-1]) < 2 and pace.seconds < 5:
            seen.append(shown(await shop.get("service", PAGE), "displayName"))

    assert seen[:2] == [[("Ada",)], [("Ada L.",)]]
    assert seen[-1] == [("Bob",), ("Ada L.",)]


async def test_a_published_version_is_seen_at_once(shop: Shop) -> None:
    query = "{ program { version name } }"
    for _ in range(2):
        first = (await shop.get("service", query))["program"]
    text = DOCUMENT.format(id=shop.program).replace("Corner Shop", "Shop")
    await publish.publish(shop.world, text)

    assert first == {"version": 1, "name": "Corner Shop"}
    assert (await shop.get("service", query))["program"] == {"version": 2, "name": "Shop"}


async def test_callers_of_other_rights_never_share_an_answer(shop: Shop) -> None:
    members = [await shop.enroll(name, displayName=name.title()) for name in ("ada", "bob")]
    await shop.buy("ada", "10.00", "p1")
    await shop.buy("bob", "5.00", "p2")
    await heard(shop)
    tokens = [await shop.token(member["id"]) for member in members]

    for _ in range(2):
        owner = await shop.get("service", PAGE)
        mine = [shown(await shop.get(token, MEMBERS_PAGE), "isViewer") for token in tokens]
        assert shown(owner, "externalId", "isViewer") == [("ada", False), ("bob", False)]
        assert mine == [[(True,), (False,)], [(False,), (True,)]]
        assert await shop.code(tokens[0], PAGE) == "FORBIDDEN"
        assert await shop.code("partner", MEMBERS_PAGE) == "FORBIDDEN"


async def test_programs_never_share_an_answer(shops: tuple[Shop, Shop]) -> None:
    here, there = shops
    await here.enroll("ada", displayName="Ada")
    await here.buy("ada", "10.00", "p1")
    await heard(here)
    await heard(there)

    for _ in range(2):
        assert shown(await here.get("service", PAGE), "displayName") == [("Ada",)]
        assert shown(await there.get("service", PAGE), "displayName") == []


async def test_members_who_look_at_one_leaderboard_share_one_execution(shop: Shop) -> None:
    query = """subscription { leaderboardUpdates(slug: "all_time", first: 5) {
        entries { rank profile { displayName isViewer } } } }"""
    members = [await shop.enroll(name, displayName=name.title()) for name in ("ada", "bob", "cyd")]
    await shop.buy("ada", "10.00", "p1")
    await shop.buy("bob", "5.00", "p2")
    sockets = [shop.socket(await shop.token(member["id"])) for member in members]
    seen = []
    for socket in sockets:
        await socket.__aenter__()
        await socket.init()
        await socket.subscribe(query)
        update = (await socket.read())["payload"]["data"]["leaderboardUpdates"]
        seen.append([it["profile"]["isViewer"] for it in update["entries"]])
    running = len(shop.transport.parts.shared)
    for socket in sockets:
        await socket.raw.close()
    await until(lambda: len(shop.transport.parts.shared) == 0)

    assert seen == [[True, False], [False, True], [False, False]]
    assert running == 1


def test_what_may_be_kept_is_on_the_list_field_by_field() -> None:
    fields = object_fields(schema())
    types = {coordinate.partition(".")[0] for coordinate in fields}

    assert types >= SHARED_TYPES
    assert set(fields) >= SHARED_FIELDS | UNTOLD
    assert not are_shared(frozenset({"Query.leaderboard", "Query.me"}))
    assert not are_shared(frozenset({"Query.leaderboard", "LeaderboardPeriod.around"}))
    assert not any(
        are_shared(frozenset({name}))
        for name in fields
        if name.startswith(("Member.", "Mutation.", "Subscription.", "Wallet.", "Viewer."))
    )


@pytest.mark.parametrize("role", ["service", "partner"])
async def test_a_revoked_key_is_refused_at_once(shop: Shop, role: str) -> None:
    await until(lambda: shop.world.revisions.of(shop.program, Topic("keys", "")) is not None)
    for _ in range(3):
        assert await shop.get(role, "{ program { version } }")
    (found,) = [
        key for key in await keys.list_all(shop.world, shop.program) if key.name == f"test {role}"
    ]
    await keys.revoke(shop.world, shop.program, found.id)

    assert await shop.code(role, "{ program { version } }") == "UNAUTHENTICATED"


async def test_a_member_who_is_signed_out_is_refused_however_hot_the_page(shop: Shop) -> None:
    member = await shop.enroll("ada")
    token = await shop.token(member["id"])
    before = [(await shop.post(token, {"query": MEMBERS_PAGE})).status_code for _ in range(3)]
    await shop.world.trust.revoked.revoke(
        shop.program, read_id(member["id"]).key, shop.world.clock()
    )
    async with pacing() as pace:
        while (await shop.post(token, {"query": MEMBERS_PAGE})).status_code == 200:
            assert pace.seconds < 10  # a second is promised

    assert before == [200] * 3


async def test_a_hot_page_is_counted_and_named_like_any_other(settings: Settings) -> None:
    metrics = Metrics()
    patient = settings.model_copy(update={"leaderboard_updates_per_second": 0.05})
    async with open_shops(patient, f"shop_{uuid.uuid4().hex[:8]}", meters=metrics) as (shop,):
        await heard(shop)
        headers = {"authorization": f"Bearer {shop.keys['service']}"}
        names = [f"0123456789abcde{n}" for n in range(5)]
        answers = [
            await shop.http.post(
                "/graphql", json={"query": PAGE}, headers={**headers, "x-request-id": name}
            )
            for name in names
        ]
        plain = await shop.http.post("/graphql", json={"query": PAGE}, headers=headers)
        is_hot = len(shop.transport._hot)

    assert [it.headers["x-request-id"] for it in answers] == names
    assert re.fullmatch("[0-9a-f]{16}", plain.headers["x-request-id"])
    assert is_hot == 1
    shown = generate_latest(metrics.registry).decode()
    assert 'guerdon_http_requests_total{status="200"} 6.0' in shown
