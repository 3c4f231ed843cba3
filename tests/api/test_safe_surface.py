"""What is no request of ours, on an installation that is live: refused, and told nothing."""

import logging
import uuid
from collections.abc import AsyncIterator

import pytest
from graphql import get_introspection_query

from api.shop import Shop, open_shops
from guerdon.settings import Settings

MUTATION = 'mutation { cancelRedemption(input: {redemptionId: "x"}) { problems { code } } }'
FOREIGN = "https://elsewhere.example"
FORM = "multipart/form-data; boundary=b"
MULTIPART = (
    '--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n'
    '{"query": "{ program { name } }"}\r\n--b--\r\n'
)


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Shop]:
    live = settings.model_copy(update={"environment": "live"})
    async with open_shops(live, f"shop_{uuid.uuid4().hex[:8]}") as (shop,):
        yield shop


async def test_what_is_no_request_of_ours_is_refused_and_tells_and_logs_nothing(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await shop.token((await shop.enroll("ada"))["id"])
    await shop.workers.rest()
    caplog.clear()
    caplog.set_level(logging.INFO)
    bearer = {
        "authorization": f"Bearer {ada}",
        "accept": "application/graphql-response+json",
    }

    refused = [
        await shop.http.get("/graphql", params={"query": MUTATION}, headers=bearer),
        await shop.http.post("/graphql", data={"query": "{ program { name } }"}, headers=bearer),
        *[
            await shop.http.post(
                "/graphql", content=body, headers={**bearer, "content-type": content_type}
            )
            for content_type, body in (
                ("text/plain", '{"query": "{ program { name } }"}'),
                (FORM, MULTIPART),
                ("application/x-www-form-urlencoded", "query=%7Bprogram%7Bname%7D%7D"),
            )
        ],
        *[
            await shop.http.post("/graphql", json={"query": query}, headers=bearer)
            for query in (
                get_introspection_query(),
                '{ __type(name: "Member") { name } }',
                "{ programm { name } }",
                "{ program { nam } }",
                "query($s: Slugg) { program { name } }",
                "{ leaderboard(slugg: 1) { id } }",
            )
        ],
    ]
    for answer in refused:
        assert 400 <= answer.status_code < 500, answer.text
        assert "data" not in answer.json()
        assert "Did you mean" not in answer.text
        assert "access-control-allow-origin" not in answer.headers

    preflight = await shop.http.options(
        "/graphql",
        headers={
            "origin": FOREIGN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )
    assert "access-control-allow-origin" not in preflight.headers
    foreign = await shop.http.get(
        "/graphql",
        params={"query": "{ program { name } }"},
        headers={**bearer, "origin": FOREIGN},
    )
    assert "access-control-allow-origin" not in foreign.headers  # a browser shows it to nobody
    assert [it.getMessage() for it in caplog.records if it.name.startswith("guerdon")] == []
    assert [it.getMessage() for it in caplog.records if it.name.startswith("strawberry")] == []
