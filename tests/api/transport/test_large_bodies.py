"""Large bodies: looked through first, read to the last digit once it is known what is asked."""

import httpx2
import pytest

from api.transport.demo import Demo
from api.transport.wire import client_of, code_of, post
from guerdon.api.transport.http import QUICKLY_READ_BYTES

QUERY = "query($amount: Decimal!) { echo(amount: $amount) { amount } }"
AMOUNT = "0.1000000000000000055511151231257827"


def body_of(query: str, amount: str = AMOUNT) -> str:
    padding = "x" * QUICKLY_READ_BYTES
    return f'{{"query": "{query}", "variables": {{"amount": {amount}, "padding": "{padding}"}}}}'


async def asked(demo: Demo, body: str, **more: str) -> httpx2.Response:
    async with client_of(demo) as client:
        return await post(client, body, authorization="Bearer service", **more)


async def test_every_digit_arrives(demo: Demo) -> None:
    answer = await asked(demo, body_of(QUERY))

    assert answer.json()["data"] == {"echo": {"amount": AMOUNT}}


async def test_every_digit_arrives_in_a_stream(demo: Demo) -> None:
    answer = await asked(demo, body_of(QUERY), accept="text/event-stream")

    assert AMOUNT in answer.text


async def test_a_document_that_is_not_served_is_refused_first(demo: Demo) -> None:
    answer = await asked(demo, body_of("{ nothing }"))

    assert code_of(answer.json()) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("amount", ["NaN", "01", '"\\ud800"', "1" * 5_000])
async def test_what_is_no_json_is_refused(demo: Demo, amount: str) -> None:
    answer = await asked(demo, body_of(QUERY, amount=amount))

    assert answer.status_code == 400
    assert code_of(answer.json()) == "BAD_REQUEST"
