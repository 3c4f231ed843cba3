import pytest

from api.shop import ALL_SCOPES, Shop
from guerdon.engine import keys
from guerdon.engine.world import Role

VIEWER = """{
    viewer { role scopes program { slug } member { externalId } partner { slug } }
    me { externalId }
}"""


@pytest.mark.parametrize("role", [Role.SERVICE, Role.ADMIN, Role.PARTNER])
async def test_a_key_sees_its_role_and_scopes_and_is_nobody(shop: Shop, role: Role) -> None:
    seen = await shop.get(role.value, VIEWER)

    assert seen["me"] is None
    assert seen["viewer"] == {
        "role": role.name,
        "scopes": sorted(ALL_SCOPES[role]),
        "program": {"slug": shop.program},
        "member": None,
        "partner": {"slug": "cafe"} if role is Role.PARTNER else None,
    }


async def test_a_token_is_its_member_and_has_no_scopes(shop: Shop) -> None:
    member = await shop.enroll("ada")
    seen = await shop.get(await shop.token(member["id"]), VIEWER)

    assert seen["me"] == {"externalId": "ada"}
    assert seen["viewer"]["role"] == "MEMBER"
    assert seen["viewer"]["scopes"] == []
    assert seen["viewer"]["member"] == {"externalId": "ada"}


@pytest.mark.parametrize(
    "token",
    [
        None,
        "gk_test_shop.000000000000_" + "0" * 49,
        "gk_",
        "nonsense",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    ],
)
async def test_who_is_not_known_gets_401_and_nothing_else(shop: Shop, token: str | None) -> None:
    answer = await shop.post(token, {"query": "{ viewer { role } }"})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_all_wrong_credentials_are_refused_in_the_same_words(shop: Shop) -> None:
    secret, key = await keys.create(shop.world, shop.program, name="gone", role=Role.SERVICE)
    await keys.revoke(shop.world, shop.program, key.id)
    messages = {
        (await shop.ask(token, "{ me { id } }"))["errors"][0]["message"]
        for token in (secret, "nonsense", secret[:-1] + "x", secret.replace(shop.program, "other"))
    }

    assert len(messages) == 1


async def test_a_socket_is_let_in_by_its_first_message_only(shop: Shop) -> None:
    async with shop.socket("service") as known:
        await known.init()
        await known.subscribe("{ viewer { role } }")
        messages = await known.rest()
    async with shop.socket("nonsense") as unknown:
        await unknown.send(
            {"type": "connection_init", "payload": {"Authorization": "Bearer nonsense"}}
        )
        code, _ = await unknown.closed()

    assert messages[0]["payload"]["data"] == {"viewer": {"role": "SERVICE"}}
    assert code == 4403


async def test_a_browser_gets_the_developers_page_and_no_data_without_a_credential(
    shop: Shop,
) -> None:
    page = await shop.http.get("/graphql", headers={"accept": "text/html"})
    query = await shop.http.get(
        "/graphql?query={viewer{role}}", headers={"accept": "text/html;q=0,application/json"}
    )

    assert page.status_code == 200
    assert "<html" in page.text
    assert query.status_code == 401


async def test_liveness_and_readiness_need_no_credential(shop: Shop) -> None:
    live = await shop.http.get("/healthz")
    ready = await shop.http.get("/readyz")

    assert (live.status_code, live.json()) == (200, {"status": "live"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
