import base64
from typing import Any

import pytest

from api.shop import Shop
from guerdon.api.ids import global_id
from guerdon.api.lookup import LOADS
from guerdon.api.schema import schema
from guerdon.core.activity import Instant
from guerdon.engine import statements
from guerdon.engine.records import Issued
from guerdon.engine.webhooks.relay import queue

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"

EVERY_ID = """{
    program { id missions { id } badges { id } leaderboards { id period { id
        entries { edges { node { id } } } } } partners { id } }
    rewards { edges { node { id } } }
    activity(activityId: "p1") { id }
    member(ref: {externalId: "ada"}) { id wallets { id } tiers { id } missions { id } badges { id }
        vouchers { id } rewards { edges { node { id } } } } }"""


def ids_in(value: Any) -> set[str]:
    """Return every `id` of an answer."""
    if isinstance(value, dict):
        own = {value["id"]} if "id" in value else set()
        return own.union(*(ids_in(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(ids_in(item) for item in value))
    return set()


async def busy(shop: Shop) -> set[str]:
    """Return the ids of one thing at least of each kind, after a busy day."""
    await shop.enroll("ada")
    await shop.buy("ada", "60.00", "p1")
    redeemed = await shop.get(
        "service",
        """mutation { redeemReward(input: {redemptionId: "r1", member: {externalId: "ada"},
            reward: "cake"}) { redemption { id vouchers { id } } problems { message } } }""",
    )
    made = await shop.get(
        "admin",
        """mutation { createApiKey(input: {name: "n", role: SERVICE, scopes: []})
            { apiKey { id } problems { message } } }""",
    )
    hooks = await shop.get(
        "admin",
        """mutation { createWebhookEndpoint(input: {url: "https://partner.example.com/"})
            { endpoint { id } }
            createWebhookSource(input: {name: "n", partner: "cafe"}) { source { id } } }""",
    )
    await shop.buy("ada", "1.00", "p2")
    (endpoint,) = await shop.world.webhooks.endpoints(shop.program)
    await queue(shop.world, shop.program, endpoint)
    sent = await shop.get(
        "admin", "{ webhookEndpoints { deliveries(first: 1) { edges { node { id } } } } }"
    )
    nothing = Issued(
        partner="cafe", begin=Instant(0), end=Instant(1), issued="0", redeemed="0", balance=0,
        until="0", lines=0, digest=statements.digest_of([]), issued_at=shop.world.clock(),
    )  # fmt: skip
    await shop.world.statements.add(shop.program, nothing)
    settled = await shop.get("admin", "{ statements { edges { node { id } } } }")
    assert redeemed["redeemReward"]["problems"] == made["createApiKey"]["problems"] == []
    seen = ids_in(await shop.get("service", EVERY_ID))
    return seen.union(*map(ids_in, (redeemed, made, hooks, sent, settled)))


async def test_everything_with_an_id_is_found_again_by_it(shop: Shop) -> None:
    ids = await busy(shop)
    found = [(await shop.get("admin", NODE, id=id_))["node"] for id_ in sorted(ids)]

    assert [it and it["id"] for it in found] == sorted(ids)
    assert {it["__typename"] for it in found} == set(LOADS)


def test_every_type_that_is_a_node_can_be_looked_up() -> None:
    graphql_schema = schema()._schema
    node: Any = graphql_schema.type_map["Node"]
    nodes = {it.name for it in graphql_schema.get_possible_types(node)}

    assert nodes == set(LOADS)


async def test_several_nodes_come_in_the_order_of_their_ids(shop: Shop) -> None:
    ids = sorted(await busy(shop))[:5]
    asked = [ids[0], global_id("Badge", shop.program, "nope"), *ids[1:]]
    found = await shop.get("admin", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=asked)

    assert [it and it["id"] for it in found["nodes"]] == [ids[0], None, *ids[1:]]
    assert await shop.code(
        "admin", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[ids[0]] * 101
    ) == "BAD_USER_INPUT"  # fmt: skip


@pytest.mark.parametrize("kind", sorted({*LOADS, "Nonsense"}))
async def test_an_id_that_leads_nowhere_is_null_without_an_error(shop: Shop, kind: str) -> None:
    for key in (("nope",), ("nope", "nope"), ("month", "17"), ("month", "-1", "x"), ("a",) * 9):
        found = await shop.get("admin", NODE, id=global_id(kind, shop.program, *key))
        assert found == {"node": None}
    for raw in (f"{kind}:", f"{kind}:{shop.program}", f"{kind}:{shop.program}/"):
        found = await shop.get("admin", NODE, id=base64.b64encode(raw.encode()).decode())
        assert found == {"node": None}


@pytest.mark.parametrize("digits", ["²", "٣", "9" * 30, "-1", "1_0", "01"])
@pytest.mark.parametrize("of", [("Statement", "cafe"), ("LeaderboardPeriod", "month")])
async def test_an_instant_in_an_id_is_plain_digits_or_leads_nowhere(
    shop: Shop, of: tuple[str, str], digits: str
) -> None:
    id_ = global_id(of[0], shop.program, of[1], digits)

    answer = await shop.get("partner", "query($i: ID!) { nodes(ids: [$i, $i]) { id } }", i=id_)

    assert answer == {"nodes": [None, None]}


@pytest.mark.parametrize("text", ["", "%%%", "TWVtYmVy", "Ly8v", "\u0000", "💥" * 50, "A" * 5_000])
async def test_garbage_for_an_id_is_the_callers_mistake(shop: Shop, text: str) -> None:
    assert await shop.code("admin", NODE, id=text) == "BAD_USER_INPUT"


async def test_ids_of_one_program_lead_nowhere_in_another(shops: tuple[Shop, Shop]) -> None:
    here, there = shops
    ids = await busy(here)
    await there.enroll("ada")
    for token in ("admin", "service", "partner"):
        for id_ in sorted(ids):
            assert (await there.get(token, NODE, id=id_)) == {"node": None}


async def test_credentials_of_one_program_read_and_write_nothing_of_another(
    shops: tuple[Shop, Shop],
) -> None:
    here, there = shops
    ada = await here.enroll("ada")
    await here.buy("ada", "60.00", "p1")
    token = await here.token(ada["id"])
    board = '{ leaderboard(slug: "all_time") { period { total } } }'
    counted = "{ members { totalCount } }"
    changed = await there.get(
        "service",
        """mutation($ref: MemberRef!) { updateMember(input: {member: $ref, displayName: "Eve"})
            { member { id } problems { code } } }""",
        ref={"id": ada["id"]},
    )
    recorded = await there.record(
        {"activityId": "p1", "type": "purchase", "member": {"id": ada["id"]}, "amount": "1"}
    )

    assert (await here.get(token, "{ program { slug } }"))["program"]["slug"] == here.program
    assert (await there.get("service", board))["leaderboard"]["period"]["total"] == 0
    assert (await there.get("service", counted))["members"]["totalCount"] == 0
    assert (await there.get("service", '{ activity(activityId: "p1") { id } }'))["activity"] is None
    assert changed["updateMember"]["member"] is None
    assert changed["updateMember"]["problems"] == [{"code": "UNKNOWN_MEMBER"}]
    assert recorded["receipts"][0]["reason"] == "unknown_member"
    assert (await here.get("service", counted))["members"]["totalCount"] == 1


async def test_a_member_finds_by_id_what_is_their_own_and_public_and_nothing_else(
    shop: Shop,
) -> None:
    ids = await busy(shop)
    bob = await shop.enroll("bob")
    token = await shop.token(bob["id"])
    seen = {
        (await shop.get(token, NODE, id=id_))["node"]["__typename"]
        for id_ in ids
        if (await shop.get(token, NODE, id=id_))["node"]
    }

    assert seen == {
        "Badge", "Leaderboard", "LeaderboardEntry", "LeaderboardPeriod", "Mission", "Partner",
        "Program", "Reward",
    }  # fmt: skip
