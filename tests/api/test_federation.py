"""The subgraph: what a router gets is what `node` gives, and nothing can be forged."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import ObjectTypeDefinitionNode, build_schema, parse

from api.shop import Shop, open_shops
from guerdon.api.federation import PATH, federated_schema
from guerdon.api.ids import global_id
from guerdon.api.lookup import LOADS
from guerdon.settings import Settings

ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) { __typename
  ... on Badge { id name } ... on Member { id externalId } ... on ApiKey { id name } } }"""


@pytest.fixture
async def subgraph(settings: Settings) -> AsyncIterator[Shop]:
    """A shop behind a router."""
    given = settings.model_copy(update={"federation": True})
    async with open_shops(given, f"subgraph_{time.time_ns()}") as (shop,):
        yield shop


async def ask(shop: Shop, token: str, query: str, **variables: Any) -> dict[str, Any]:
    answer = await shop.http.post(
        PATH,
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {shop.keys.get(token, token)}"},
    )
    read: dict[str, Any] = answer.json()
    return read


async def entities(shop: Shop, token: str, *representations: Any) -> dict[str, Any]:
    return await ask(shop, token, ENTITIES, r=list(representations))


async def test_every_type_with_a_global_id_is_an_entity_in_the_sdl(subgraph: Shop) -> None:
    answer = await ask(subgraph, "partner", "{ _service { sdl } }")
    sdl = answer["data"]["_service"]["sdl"]
    keyed = {
        node.name.value
        for node in parse(sdl).definitions
        if isinstance(node, ObjectTypeDefinitionNode)
        and any(it.name.value == "key" for it in node.directives or ())
    }

    assert keyed == set(LOADS)
    assert "_entities" not in sdl
    assert '@link(url: "https://specs.apollo.dev/federation/v2.9"' in sdl
    assert build_schema(federated_schema().as_str()).query_type is not None


async def test_entities_come_in_order_and_unknown_and_foreign_ones_are_null(
    subgraph: Shop,
) -> None:
    first = global_id("Badge", subgraph.program, "first")
    gone = global_id("Badge", subgraph.program, "gone")
    foreign = global_id("Badge", "elsewhere", "first")
    ada = (await subgraph.enroll("ada"))["id"]
    badge = {"__typename": "Badge", "id": first}
    answer = await entities(
        subgraph,
        "service",
        badge,
        {"__typename": "Badge", "id": gone},
        {"__typename": "Member", "id": ada},
        {"__typename": "Badge", "id": foreign},
        {"__typename": "Badge", "id": ada},
        badge,
    )

    shown = {"__typename": "Badge", "id": first, "name": "First"}
    member = {"__typename": "Member", "id": ada, "externalId": "ada"}
    assert answer.get("errors") is None
    assert answer["data"]["_entities"] == [shown, None, member, None, None, shown]


async def test_nothing_but_the_key_is_believed(subgraph: Shop) -> None:
    first = global_id("Badge", subgraph.program, "first")
    forged = {"__typename": "Badge", "id": first, "name": "FORGED", "imageUrl": "https://evil"}
    answer = await entities(subgraph, "service", forged)

    assert answer["data"]["_entities"] == [{"__typename": "Badge", "id": first, "name": "First"}]


async def test_who_may_not_see_a_node_does_not_get_it_from_a_router_either(
    subgraph: Shop,
) -> None:
    ada = {"__typename": "Member", "id": (await subgraph.enroll("ada"))["id"]}
    bob = await subgraph.token((await subgraph.enroll("bob"))["id"])

    assert (await entities(subgraph, "partner", ada))["data"]["_entities"] == [None]
    assert (await entities(subgraph, bob, ada))["data"]["_entities"] == [None]
    assert (await entities(subgraph, "admin", ada))["data"]["_entities"][0]["externalId"] == "ada"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"id": "x"},
        {"__typename": "Nothing", "id": "x"},
        {"__typename": "Query"},
        {"__typename": "Badge"},
        {"__typename": "Badge", "id": 5},
        {"__typename": "Badge", "id": "no id"},
        {"__typename": ["Badge"], "id": "x"},
        "x",
        5,
        [],
        None,
    ],
)
async def test_what_is_no_representation_is_refused_in_its_place(
    wrong: Any, subgraph: Shop
) -> None:
    first = global_id("Badge", subgraph.program, "first")
    answer = await entities(subgraph, "service", wrong, {"__typename": "Badge", "id": first})

    assert [it["extensions"]["code"] for it in answer["errors"]] == ["BAD_USER_INPUT"]
    if wrong is not None:
        assert answer["data"]["_entities"][0] is None
        assert answer["data"]["_entities"][1]["name"] == "First"


async def test_limits_hold_for_routers_too(subgraph: Shop) -> None:
    ada = await subgraph.token((await subgraph.enroll("ada"))["id"])
    many = [{"__typename": "Badge", "id": "x"}] * 101
    deep = (
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Member"
        " { journal(first: 100) { edges { node { id } } } } } }"
    )
    over = await entities(subgraph, "service", *many)
    dear = await ask(subgraph, ada, deep, r=many[:50])

    assert over["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert dear["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert await subgraph.code("service", "{ _service { sdl } }") == "GRAPHQL_VALIDATION_FAILED"
