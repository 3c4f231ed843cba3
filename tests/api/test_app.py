import pytest

from api.shop import Shop
from api.transport.wire import Socket, outlived
from guerdon.api.app import explain
from guerdon.api.ids import read_id
from guerdon.engine import refusals, tokens
from guerdon.engine.outcomes import Problem
from guerdon.engine.world import StoreDown

WRONG = Problem(code="INVALID_INPUT", message="No.", path=("x",))


@pytest.mark.parametrize(
    ("failure", "code", "status"),
    [
        (refusals.NotFound("key"), "NOT_FOUND", 404),
        (refusals.InvalidInput((WRONG,)), "BAD_USER_INPUT", 422),
        (refusals.Refused("busy", "Try again."), "BUSY", 409),
        (refusals.Forbidden("Not you."), "FORBIDDEN", 403),
        (refusals.ComeBack(2_500), "THROTTLED", 503),
        (refusals.Unavailable(), "UNAVAILABLE", 503),
        (StoreDown(), "UNAVAILABLE", 503),
    ],
)
def test_a_refusal_of_the_engine_is_told_to_the_caller(
    failure: Exception, code: str, status: int
) -> None:
    told = explain(failure)

    assert told is not None
    assert (told.code, told.status) == (code, status)
    assert ("retryAfter" in told.extensions) == (status == 503)


def test_what_is_no_refusal_is_told_to_nobody() -> None:
    assert explain(KeyError("secret")) is None


async def test_a_socket_is_closed_when_its_token_ends(shop: Shop) -> None:
    ada = await shop.enroll("ada")
    member = read_id(ada["id"]).key

    async def briefly(seconds: int) -> tuple[Socket, float]:
        token = await tokens.issue(shop.world, shop.program, member, ttl_seconds=seconds)
        caller = await tokens.check(shop.world, token)
        assert caller.expires_at is not None
        return shop.socket(token), caller.expires_at / 1_000

    code, reason = await outlived(briefly, "subscription { memberUpdates { cursor } }")

    assert code == 4403
    assert reason


async def test_answers_vary_by_what_is_accepted_and_name_no_software(shop: Shop) -> None:
    answer = await shop.post("service", {"query": "{ viewer { role } }"})

    assert "accept" in answer.headers["vary"].lower()
    assert "server" not in answer.headers
