"""Webhooks by the API: made, changed, shown to whom they belong; and signed reports taken in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pymongo import MongoClient
from standardwebhooks import Webhook

from api.shop import Shop
from guerdon.api.ids import global_id
from guerdon.engine.webhooks.relay import queue
from stores.test_faults import SHUTDOWN, failing

URL = "https://partner.example.com/hooks"
SHOWN = "id url topics partner createdAt failingSince disabled"


async def change(
    shop: Shop, name: str, input_: dict[str, Any], *, token: str = "admin"
) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input"
    data = await shop.get(
        token,
        f"mutation($i: {kind}!) {{ {name}(input: $i) {{ secret endpoint {{ {SHOWN} }}"
        " problems { code message path } } }",
        i=input_,
    )
    answer: dict[str, Any] = data[name]
    return answer


async def source(shop: Shop, partner: str = "cafe") -> tuple[str, str]:
    """Return the secret and the path of a new source."""
    data = await shop.get(
        "admin",
        "mutation($i: CreateWebhookSourceInput!) { createWebhookSource(input: $i) {"
        " secret source { id path partner name } problems { code } } }",
        i={"name": "the till", "partner": partner},
    )
    made = data["createWebhookSource"]
    assert made["problems"] == []
    return made["secret"], made["source"]["path"]


def a_report(**more: Any) -> dict[str, Any]:
    activity = {
        "type": "purchase",
        "member": {"identity": {"scheme": "card", "value": "77"}},
        "amount": "10.00",
        **more,
    }
    return {"type": "activities.reported", "data": {"activities": [activity]}}


async def send(
    shop: Shop,
    path: str,
    secret: str,
    content: object,
    *,
    id_: str = "msg_1",
    at: datetime | None = None,
    instead: bytes | None = None,
) -> httpx2.Response:
    body = json.dumps(content)
    moment = at or datetime.now(UTC)
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, moment, body),
        "content-type": "application/json",
    }
    return await shop.http.post(path, content=instead or body.encode(), headers=headers)


async def test_an_endpoint_is_made_changed_rotated_and_forgotten(shop: Shop) -> None:
    made = await change(shop, "createWebhookEndpoint", {"url": URL, "topics": ["points.*"]})
    own = {"id": made["endpoint"]["id"]}
    rotated = await change(shop, "rotateWebhookSecret", own)
    off = await change(shop, "updateWebhookEndpoint", {**own, "enabled": False, "topics": ["*"]})
    listed = await shop.get("admin", f"{{ webhookEndpoints {{ {SHOWN} }} }}")
    node = await shop.get("admin", "query($i: ID!) { node(id: $i) { __typename id } }", i=own["id"])
    gone = await change(shop, "deleteWebhookEndpoint", own)
    none = await shop.get("admin", "{ webhookEndpoints { id } }")

    assert made["secret"].startswith("whsec_")
    assert rotated["secret"] not in (None, made["secret"])
    assert (off["endpoint"]["disabled"], off["endpoint"]["topics"]) == ("switched off", ["*"])
    assert listed["webhookEndpoints"] == [off["endpoint"]]
    assert node["node"]["__typename"] == "WebhookEndpoint"
    assert gone["problems"] == []
    assert none["webhookEndpoints"] == []
    assert off["secret"] is None


async def test_what_is_asked_wrongly_is_a_problem_at_its_place(shop: Shop) -> None:
    inside = await change(shop, "createWebhookEndpoint", {"url": "https://10.0.0.1/x"})
    topic = await change(shop, "createWebhookEndpoint", {"url": URL, "topics": ["points.won"]})
    unknown = await shop.get(
        "admin",
        "mutation($i: CreateWebhookSourceInput!) { createWebhookSource(input: $i) {"
        " secret problems { code path } } }",
        i={"name": "x", "partner": "nobody"},
    )

    assert [(it["code"], it["path"]) for it in inside["problems"]] == [("INVALID_INPUT", ["url"])]
    assert [it["path"] for it in topic["problems"]] == [["topics"]]
    assert unknown["createWebhookSource"]["problems"] == [
        {"code": "INVALID_INPUT", "path": ["partner"]}
    ]


async def test_a_partner_sees_its_own_endpoints_and_no_others(shop: Shop) -> None:
    owners = await change(shop, "createWebhookEndpoint", {"url": URL})
    own = await change(shop, "createWebhookEndpoint", {"url": URL}, token="partner")
    seen = await shop.get("partner", "{ webhookEndpoints { id partner } }")
    foreign = await change(
        shop, "rotateWebhookSecret", {"id": owners["endpoint"]["id"]}, token="partner"
    )

    assert seen["webhookEndpoints"] == [{"id": own["endpoint"]["id"], "partner": "cafe"}]
    assert [it["code"] for it in foreign["problems"]] == ["NOT_FOUND"]
    assert await shop.code("service", "{ webhookEndpoints { id } }") == "FORBIDDEN"


async def test_the_log_shows_what_was_sent_page_by_page_and_sends_it_again(shop: Shop) -> None:
    made = await change(shop, "createWebhookEndpoint", {"url": URL, "topics": ["activity.*"]})
    await shop.enroll("ada")
    for number in range(3):
        await shop.buy("ada", "10", f"p{number}")
    (endpoint,) = await shop.world.webhooks.endpoints(shop.program)
    await queue(shop.world, shop.program, endpoint)
    query = """query($after: String, $before: String, $first: Int, $last: Int) {
      webhookEndpoints { deliveries(first: $first, last: $last, after: $after, before: $before) {
        edges { cursor node { id messageId topic state tries nextAttemptAt attempts { status } } }
        pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } } }"""

    async def page(**asked: Any) -> dict[str, Any]:
        data = await shop.get("admin", query, **asked)
        found: dict[str, Any] = data["webhookEndpoints"][0]["deliveries"]
        return found

    first = await page(first=3)
    second = await page(first=3, after=first["pageInfo"]["endCursor"])
    back = await page(last=3, before=second["pageInfo"]["startCursor"])
    again = await shop.get(
        "admin",
        "mutation($i: ReplayWebhooksInput!) { replayWebhooks(input: $i) {"
        " count problems { code path } } }",
        i={"endpoint": made["endpoint"]["id"], "ids": [first["edges"][0]["node"]["id"]]},
    )
    neither = await shop.get(
        "admin",
        "mutation($i: ReplayWebhooksInput!) { replayWebhooks(input: $i) {"
        " count problems { code path } } }",
        i={"endpoint": made["endpoint"]["id"]},
    )

    assert [edge["node"]["state"] for edge in first["edges"]] == ["WAITING"] * 3
    assert first["pageInfo"]["hasNextPage"]
    assert len(second["edges"]) == 1
    assert back["edges"] == first["edges"]
    assert again["replayWebhooks"] == {"count": 0, "problems": []}, "it waits already"
    assert [it["code"] for it in neither["replayWebhooks"]["problems"]] == ["INVALID_INPUT"]


async def test_a_delivery_is_found_by_its_id_and_sent_again_by_it(shop: Shop) -> None:
    made = await change(shop, "createWebhookEndpoint", {"url": URL, "topics": ["activity.*"]})
    await shop.enroll("ada")
    (endpoint,) = await shop.world.webhooks.endpoints(shop.program)
    await queue(shop.world, shop.program, endpoint)
    ((_, sent), *_) = await shop.world.webhooks.log(shop.program, endpoint.id, limit=1)
    await shop.world.webhooks.settle(shop.program, sent._replace(state="delivered"))
    log = "{ webhookEndpoints { deliveries(first: 1) { edges { node { id messageId } } } } }"
    (edge,) = (await shop.get("admin", log))["webhookEndpoints"][0]["deliveries"]["edges"]
    shown = edge["node"]
    ask = "query($id: ID!) { node(id: $id) { id ... on WebhookDelivery { messageId } } }"
    again = "mutation($i: ReplayWebhooksInput!) { replayWebhooks(input: $i) { count } }"
    nobodys = global_id("WebhookDelivery", shop.program, endpoint.id, "000000|000000000000|000")
    anothers = global_id("WebhookDelivery", shop.program, "another", "0|0|0")

    async def count(*ids: str) -> int:
        given = {"endpoint": made["endpoint"]["id"], "ids": ids}
        counted: int = (await shop.get("admin", again, i=given))["replayWebhooks"]["count"]
        return counted

    assert (await shop.get("admin", ask, id=shown["id"]))["node"] == shown
    for token, id_ in (("partner", shown["id"]), ("admin", nobodys), ("admin", anothers)):
        assert (await shop.get(token, ask, id=id_))["node"] is None
    assert await count(nobodys, anothers) == 0
    assert await count(shown["id"]) == 1


async def test_a_signed_report_counts_once_under_the_partners_name(shop: Shop) -> None:
    secret, path = await source(shop)
    await shop.enroll("ada", identities=[{"scheme": "card", "value": "77"}])

    first = await send(shop, path, secret, a_report())
    again = await send(shop, path, secret, a_report())
    await shop.workers.rest()
    found = await shop.get(
        "service",
        '{ activity(activityId: "msg_1.0", reporter: "partner:cafe") { result type } }',
    )

    assert first.status_code == again.status_code == 200, first.text
    receipts = [it.json()["data"]["recordActivities"]["receipts"] for it in (first, again)]
    assert [it[0]["activityId"] for it in receipts] == ["msg_1.0", "msg_1.0"]
    assert receipts[0][0]["result"] == "PENDING"
    assert receipts[1][0]["result"] in ("PENDING", "DUPLICATE")
    assert found["activity"] == {"result": "ACCEPTED", "type": "purchase"}


async def test_only_what_was_signed_as_it_came_is_taken_in(shop: Shop) -> None:
    secret, path = await source(shop)
    other, elsewhere = await source(shop)
    report = a_report()
    spaced = json.dumps(report, indent=1).encode()
    changed = json.dumps(a_report(amount="99.00")).encode()
    old = datetime.now(UTC) - timedelta(minutes=6)
    early = datetime.now(UTC) + timedelta(minutes=6)

    refused = [
        await send(shop, path, other, report),
        await send(shop, elsewhere, secret, report),
        await send(shop, path, secret, report, at=old),
        await send(shop, path, secret, report, at=early),
        await send(shop, path, secret, report, instead=changed),
        await send(shop, path, secret, report, instead=spaced),
        await send(shop, f"/webhooks/{shop.program}.0000", secret, report),
        await send(shop, "/webhooks/nowhere", secret, report),
        await shop.http.post(path, content=json.dumps(report)),
    ]

    assert {(it.status_code, it.text) for it in refused} == {
        (401, '{"error":"No such source, or the signature is not good."}')
    }


async def test_both_secrets_are_good_while_one_is_rotated(shop: Shop) -> None:
    old, path = await source(shop)
    data = await shop.get("admin", "{ webhookSources { id } }")
    rotated = await shop.get(
        "admin",
        "mutation($i: RotateWebhookSourceInput!) { rotateWebhookSource(input: $i) { secret } }",
        i={"id": data["webhookSources"][0]["id"]},
    )
    new = rotated["rotateWebhookSource"]["secret"]

    statuses = [
        (await send(shop, path, secret, a_report(), id_=id_)).status_code
        for secret, id_ in ((old, "a"), (new, "b"))
    ]
    await shop.get(
        "admin",
        "mutation($i: DeleteWebhookSourceInput!) { deleteWebhookSource(input: $i) {"
        " problems { code } } }",
        i={"id": data["webhookSources"][0]["id"]},
    )

    assert statuses == [200, 200]
    assert (await send(shop, path, new, a_report(), id_="c")).status_code == 401


@pytest.mark.parametrize(
    "content",
    [
        {"type": "something.else", "data": {"activities": [{}]}},
        {"type": "activities.reported", "data": {"activities": []}},
        {"type": "activities.reported", "data": []},
        {"type": "activities.reported", "data": {"activities": [{"amount": 5}]}},
        {"type": "activities.reported", "data": {"activities": ["x"]}},
        [1],
    ],
)
async def test_a_signed_message_that_is_none_of_ours_is_refused(
    shop: Shop, content: object
) -> None:
    secret, path = await source(shop)

    answer = await send(shop, path, secret, content)

    assert answer.status_code == 422, answer.text
    assert "error" in answer.text


async def test_a_report_that_may_succeed_later_is_asked_for_again_and_then_counts(
    shop: Shop, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    secret, path = await source(shop)
    with failing(mongo_client, "insert", times=50, errorCode=SHUTDOWN):
        later = await send(shop, path, secret, a_report())
    again = await send(shop, path, secret, a_report())

    assert (later.status_code, later.headers.get("retry-after")) == (503, "1")
    assert "ShutdownInProgress" not in later.text
    (receipt,) = again.json()["data"]["recordActivities"]["receipts"]
    assert (again.status_code, receipt["result"]) == (200, "PARKED")


async def test_a_signed_report_has_a_partners_rights_and_no_more(shop: Shop) -> None:
    secret, path = await source(shop)
    await shop.enroll("ada")
    grant = {
        "type": "adjustment",
        "member": {"externalId": "ada"},
        "data": {"wallet": "stars", "points": 5},
    }
    content = {"type": "activities.reported", "data": {"activities": [grant]}}

    answer = await send(shop, path, secret, content)

    (receipt,) = answer.json()["data"]["recordActivities"]["receipts"]
    assert receipt["result"] == "REJECTED"
    assert (await send(shop, path, secret, {"x": "y" * 1_000_001})).status_code == 413


def test_the_specifications_own_signature_is_ours_too() -> None:
    """The example of the reference libraries: secret, id, time and body to one signature."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    moment = datetime.fromtimestamp(1614265330, UTC)

    signature = Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
