"""GraphQL over HTTP: what is answered, under which status, to whatever is sent."""

import json
from typing import Any

import httpx2
import pytest

from api.transport.demo import CONNECTION_STRING, Demo
from api.transport.wire import GRAPHQL_JSON, ask, client_of, code_of, post
from guerdon.api.transport import TransportOptions

HELLO = {"query": "{ hello }"}


async def test_an_answer_names_its_type_its_charset_and_what_it_varies_with(
    client: httpx2.AsyncClient,
) -> None:
    answer = await post(client, HELLO)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{GRAPHQL_JSON}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.json()["data"] == {"hello": "Hello world"}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        (
            {
                "query": "query($n: Int!) { badges(first: $n) { __typename } }",
                "variables": {"n": "x"},
            },
            "BAD_USER_INPUT",
        ),
        ({"query": "query A { hello } query B { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { hello }", "operationName": "Z"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "fragment F on Query { hello }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"qeury": "{ hello }"}, "BAD_REQUEST"),
        ({"query": 5}, "BAD_REQUEST"),
        ({"query": "{ hello }", "variables": [1]}, "BAD_REQUEST"),
        ({"query": "{ hello }", "extensions": "x"}, "BAD_REQUEST"),
        ({"query": "{ hello }", "operationName": 7}, "BAD_REQUEST"),
        ([{"query": "{ hello }"}], "BAD_REQUEST"),
        ("null", "BAD_REQUEST"),
        ("5", "BAD_REQUEST"),
        ('"x"', "BAD_REQUEST"),
        ("{nope", "BAD_REQUEST"),
        ('{"query": "{ hello }", "variables": {"a": NaN}}', "BAD_REQUEST"),
        (b"{\xff\xfe}", "BAD_REQUEST"),
        ('{"query": "{ hello }", "variables": {"a": "\\ud800"}}', "BAD_REQUEST"),
        (
            '{"query":"{hello}","variables":{"a":' + "[" * 40_000 + "]" * 40_000 + "}}",
            "BAD_REQUEST",
        ),
    ],
)
async def test_what_cannot_be_executed_is_a_4xx_with_a_code_and_no_data(
    client: httpx2.AsyncClient, request_: object, code: str
) -> None:
    answer = await post(client, request_)

    assert 400 <= answer.status_code < 500
    assert code_of(answer.json()) == code
    assert "data" not in answer.json()


async def test_the_draft_edition_answers_with_its_own_status_codes() -> None:
    demo = Demo(options=TransportOptions(status_codes="draft"))
    async with client_of(demo) as client:
        statuses = {
            text: (await post(client, {"query": text})).status_code
            for text in ("{", "{ nope }", "query A { hello } query B { hello }", "{ boom hello }")
        }
        unreadable = await post(client, HELLO, accept="image/png")
        malformed = await post(client, {})

    assert list(statuses.values()) == [400, 422, 422, 294]
    assert unreadable.status_code == 406
    assert malformed.status_code == 422


async def test_older_clients_get_200_for_errors_in_their_document(
    client: httpx2.AsyncClient,
) -> None:
    answer = await post(client, {"query": "{ nope }"}, accept="application/json")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "",
    ],
)
async def test_only_json_in_utf8_is_read(client: httpx2.AsyncClient, content_type: str) -> None:
    answer = await client.post(
        "/graphql", content=json.dumps(HELLO), headers={"content-type": content_type}
    )

    assert answer.status_code == 415
    assert code_of(answer.json()) == "UNSUPPORTED_MEDIA_TYPE"


async def test_compressed_bodies_are_refused(client: httpx2.AsyncClient) -> None:
    answer = await post(client, HELLO, **{"content-encoding": "gzip"})

    assert answer.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_told_which_are_served(
    client: httpx2.AsyncClient, method: str
) -> None:
    answer = await client.request(method, "/graphql", json=HELLO)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_options_runs_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.options("/graphql")

    assert answer.status_code == 200
    assert answer.content == b""


async def test_the_endpoint_answers_at_its_exact_path(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/graphql", json=HELLO, follow_redirects=False)

    assert answer.status_code == 200


async def test_null_members_are_absent_and_unknown_ones_are_ignored(
    client: httpx2.AsyncClient,
) -> None:
    request = {**HELLO, "variables": None, "operationName": None, "extensions": None, "future": 1}

    assert (await post(client, request)).status_code == 200


class TestGet:
    async def test_a_query_is_answered(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get("/graphql", params={"query": "{ hello }"})

        assert answer.json()["data"] == {"hello": "Hello world"}

    async def test_variables_are_json(self, client: httpx2.AsyncClient) -> None:
        query = "query($name: String!) { hello(name: $name) }"
        answer = await client.get(
            "/graphql", params={"query": query, "variables": '{"name": "Ada"}'}
        )

        assert answer.json()["data"] == {"hello": "Hello Ada"}

    async def test_empty_parameters_are_absent(self, client: httpx2.AsyncClient) -> None:
        parameters = {"query": "{ hello }", "operationName": "", "variables": "", "extensions": ""}

        assert (await client.get("/graphql", params=parameters)).status_code == 200

    async def test_a_mutation_is_not_run(self, client: httpx2.AsyncClient) -> None:
        query = 'mutation { award(title: "t") { id } }'
        answer = await client.get("/graphql", params={"query": query})

        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert "data" not in answer.json()

    @pytest.mark.parametrize("variables", ["[1]", "{", "5"])
    async def test_variables_that_are_no_object_are_refused(
        self, client: httpx2.AsyncClient, variables: str
    ) -> None:
        parameters = {"query": "{ hello }", "variables": variables}

        assert (await client.get("/graphql", params=parameters)).status_code == 400


async def test_a_subscription_over_plain_post_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": "subscription { count }"})

    assert answer.status_code == 406
    assert "text/event-stream" in answer.json()["errors"][0]["message"]


class TestInternalFailures:
    async def test_a_nullable_field_that_fails_leaves_the_rest(
        self, client: httpx2.AsyncClient
    ) -> None:
        answer = await post(client, {"query": "{ boom hello }"})

        assert answer.status_code == 200
        assert answer.json()["data"] == {"boom": None, "hello": "Hello world"}
        assert answer.json()["errors"][0]["path"] == ["boom"]

    async def test_a_field_that_must_not_be_null_takes_all_data_with_it(
        self, client: httpx2.AsyncClient
    ) -> None:
        answer = await post(client, {"query": "{ boomStrict }"})

        assert answer.status_code == 200
        assert answer.json()["data"] is None

    async def test_the_caller_reads_a_correlation_id_and_the_log_the_cause(
        self, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await post(client, {"query": "{ boom }"})

        error = answer.json()["errors"][0]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "mongodb" not in answer.text
        assert error["extensions"]["correlationId"] in caplog.text
        assert "RuntimeError" in caplog.text

    async def test_passwords_in_urls_stay_out_of_the_log(
        self, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        await post(client, {"query": "{ boom }"})

        assert "hunter2" in CONNECTION_STRING
        assert "hunter2" not in caplog.text

    async def test_what_clients_do_wrong_is_not_logged(
        self, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        for query in ("{", "{ nope }", '{ node(id: "%%%") { id } }'):
            await post(client, {"query": query})

        assert not [record for record in caplog.records if record.name.startswith("guerdon")]
        assert not [record for record in caplog.records if "strawberry" in record.name]


async def test_errors_written_for_callers_arrive_with_their_code(
    client: httpx2.AsyncClient,
) -> None:
    answer = await ask(client, '{ node(id: "%%%") { id } }')

    assert code_of(answer) == "BAD_USER_INPUT"
    assert answer["errors"][0]["path"] == ["node"]


async def test_an_applications_own_refusals_are_translated() -> None:
    from guerdon.api.transport import Refused

    def explain(error: Exception) -> Refused | None:
        return Refused("Later.", code="LATER") if isinstance(error, RuntimeError) else None

    async with client_of(Demo(explain=explain)) as client:
        answer = await ask(client, "{ boom }")

    assert code_of(answer) == "LATER"
    assert answer["errors"][0]["message"] == "Later."


async def test_a_failing_hook_is_a_500_that_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def authenticate(_connection: object) -> Any:
        raise RuntimeError(CONNECTION_STRING)

    async with client_of(Demo(authenticate=authenticate)) as client:
        answer = await post(client, HELLO)

    assert answer.status_code == 500
    assert code_of(answer.json()) == "INTERNAL_SERVER_ERROR"
    assert "hunter2" not in answer.text + caplog.text


class TestCredentials:
    async def test_an_unknown_token_is_a_401(self, client: httpx2.AsyncClient) -> None:
        answer = await post(client, HELLO, authorization="Bearer nobody")

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert code_of(answer.json()) == "UNAUTHENTICATED"

    async def test_a_forbidden_one_is_a_403(self, client: httpx2.AsyncClient) -> None:
        answer = await post(client, HELLO, authorization="Bearer suspended")

        assert answer.status_code == 403
        assert code_of(answer.json()) == "FORBIDDEN"

    async def test_introspection_is_for_those_who_may(self, client: httpx2.AsyncClient) -> None:
        query = {"query": "{ __schema { queryType { name } } }"}
        developer = await post(client, query)
        member = await post(client, query, authorization="Bearer member")

        assert developer.json()["data"]["__schema"]["queryType"]["name"] == "Query"
        assert code_of(member.json()) == "INTROSPECTION_DISABLED"

    async def test_typename_is_not_introspection(self, client: httpx2.AsyncClient) -> None:
        answer = await post(client, {"query": "{ __typename }"}, authorization="Bearer member")

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "{ helo }",
            "{ hello(nam: 1) }",
            "{ badge(by: {cod: 1}) { __typename } }",
            "query($x: Strin) { hello(name: $x) }",
            "{ badges(firs: 1) { __typename } }",
        ],
    )
    async def test_misspelt_names_are_suggested_to_developers_alone(
        self, client: httpx2.AsyncClient, query: str
    ) -> None:
        member = await post(client, {"query": query}, authorization="Bearer member")
        developer = await post(client, {"query": query})

        assert "Did you mean" not in member.text
        assert "Did you mean" in developer.text

    async def test_misspelt_values_in_variables_are_not_suggested_either(
        self, client: httpx2.AsyncClient
    ) -> None:
        request = {
            "query": "query($by: BadgeBy!) { badge(by: $by) { __typename } }",
            "variables": {"by": {"cod": "b1"}},
        }
        answer = await post(client, request, authorization="Bearer member")

        assert code_of(answer.json()) == "BAD_USER_INPUT"
        assert "Did you mean" not in answer.text


class TestBodies:
    async def test_a_body_over_the_credentials_limit_is_refused(
        self, client: httpx2.AsyncClient
    ) -> None:
        request = {"query": "{ hello }", "variables": {"filler": "x" * 150_000}}
        member = await post(client, request, authorization="Bearer member")
        service = await post(client, request, authorization="Bearer service")

        assert member.status_code == 413
        assert code_of(member.json()) == "PAYLOAD_TOO_LARGE"
        assert service.status_code == 200

    async def test_chunks_are_counted_although_no_length_is_told(self, demo: Demo) -> None:
        received = 0

        async def receive() -> dict[str, Any]:
            nonlocal received
            received += 1
            return {"type": "http.request", "body": b"x" * 10_000, "more_body": True}

        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await demo.application(scope, receive, send)

        assert sent[0]["status"] == 413
        assert received == 11


class TestOrigins:
    ALLOWED = TransportOptions(allowed_origins=("https://shop.example",))

    async def test_a_page_of_an_allowed_origin_may_read_answers(self) -> None:
        async with client_of(Demo(options=self.ALLOWED)) as client:
            preflight = await client.options(
                "/graphql",
                headers={
                    "origin": "https://shop.example",
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "authorization, content-type",
                },
            )
            answer = await post(client, HELLO, origin="https://shop.example")

        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert "Origin" in answer.headers["vary"]

    async def test_a_page_of_another_origin_may_not(self) -> None:
        async with client_of(Demo(options=self.ALLOWED)) as client:
            answer = await post(client, HELLO, origin="https://evil.example")

        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "*"])
    def test_an_origin_that_no_browser_sends_is_a_mistake(self, origin: str) -> None:
        with pytest.raises(ValueError, match="scheme and host exactly"):
            TransportOptions(allowed_origins=(origin,))


async def test_an_operation_that_takes_too_long_is_stopped() -> None:
    demo = Demo(options=TransportOptions(execution_seconds_max=0.05))
    async with client_of(demo) as client:
        answer = await post(client, {"query": "{ slow(seconds: 5) }"})

    assert answer.status_code == 504
    assert code_of(answer.json()) == "DEADLINE_EXCEEDED"


async def test_equal_requests_are_decoded_once_and_answered_each(
    client: httpx2.AsyncClient,
) -> None:
    body = '{"query": "query($n: String!) { hello(name: $n) }", "variables": {"n": "Ada"}}'
    answers = [(await post(client, body)).json()["data"] for _ in range(3)]

    assert answers == [{"hello": "Hello Ada"}] * 3
