import asyncio
from typing import Any

import pytest

from api.shop import Shop

CREATE = """mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { secret
    apiKey { id name role scopes last4 createdAt expiresAt revokedAt }
    problems { __typename code message path } } }"""
REVOKE = """mutation($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { id revokedAt }
    problems { code path } } }"""


async def create(shop: Shop, **input_: Any) -> dict[str, Any]:
    whole = {"name": "till 7", "role": "SERVICE", "scopes": ["activities:write"], **input_}
    answer: dict[str, Any] = (await shop.get("admin", CREATE, i=whole))["createApiKey"]
    return answer


async def test_a_key_works_from_its_making_to_its_revocation(shop: Shop) -> None:
    made = await create(shop)
    key, secret = made["apiKey"], made["secret"]
    seen = await shop.get(secret, "{ viewer { role scopes } }")
    revoked = (await shop.get("admin", REVOKE, id=key["id"]))["revokeApiKey"]
    node = await shop.get(
        "admin", "query($id: ID!) { node(id: $id) { ... on ApiKey { name last4 revokedAt } } }",
        id=key["id"],
    )  # fmt: skip

    assert (key["name"], key["role"], key["scopes"]) == ("till 7", "SERVICE", ["activities:write"])
    assert secret.endswith(key["last4"])
    assert (key["expiresAt"], key["revokedAt"]) == (None, None)
    assert seen["viewer"] == {"role": "SERVICE", "scopes": ["activities:write"]}
    assert revoked["apiKey"]["revokedAt"]
    assert await shop.code(secret, "{ viewer { role } }") == "UNAUTHENTICATED"
    assert node["node"]["revokedAt"] == revoked["apiKey"]["revokedAt"]


async def test_a_key_does_what_its_scopes_say_and_no_more(shop: Shop) -> None:
    await shop.enroll("ada")
    secret = (await create(shop))["secret"]
    read = '{ member(ref: {externalId: "ada"}) { id } }'
    recorded = await shop.record(
        {"activityId": "p", "type": "purchase", "member": {"externalId": "ada"}, "amount": "1"},
        token=secret,
    )

    assert recorded["receipts"][0]["result"] == "ACCEPTED"
    assert await shop.code(secret, read) == "FORBIDDEN"
    assert await shop.code(
        secret, 'mutation { enrollMember(input: {externalId: "x"}) { member { id } } }'
    ) == "FORBIDDEN"  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"scopes": ["everything"]}, ["scopes"]),
        ({"scopes": ["rewards:manage"]}, ["scopes"]),
        ({"role": "MEMBER"}, ["role"]),
        ({"role": "PARTNER"}, ["partner"]),
        ({"partner": "cafe"}, ["partner"]),
        ({"role": "PARTNER", "partner": "bakery"}, ["partner"]),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ["expiresAt"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(
    shop: Shop, wrong: dict[str, Any], path: list[str]
) -> None:
    made = await create(shop, **wrong)

    assert (made["secret"], made["apiKey"]) == (None, None)
    assert path in [it["path"] for it in made["problems"]]
    assert {it["__typename"] for it in made["problems"]} == {"InvalidInput"}


async def test_only_admins_make_keys(shop: Shop) -> None:
    input_ = {"name": "n", "role": "SERVICE", "scopes": []}
    for token in ("service", "partner"):
        assert await shop.code(token, CREATE, i=input_) == "FORBIDDEN"


async def test_unknown_and_foreign_keys_are_revoked_by_nobody(shops: tuple[Shop, Shop]) -> None:
    here, there = shops
    key = (await create(here))["apiKey"]
    foreign = (await there.get("admin", REVOKE, id=key["id"]))["revokeApiKey"]
    still = await asyncio.gather(*(here.get("admin", "{ viewer { role } }") for _ in range(3)))

    assert foreign == {"apiKey": None, "problems": [{"code": "NOT_FOUND", "path": ["id"]}]}
    assert await there.code("admin", REVOKE, id="garbage") == "BAD_USER_INPUT"
    assert len(still) == 3
