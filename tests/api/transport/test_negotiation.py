"""Accept headers as clients really send them."""

import pytest

from guerdon.api.transport.errors import BadInput, Refused
from guerdon.api.transport.negotiation import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    MULTIPART,
    PLAIN_JSON,
    media_type_of,
    read_accept,
    status_of,
)

URQL = (
    "application/graphql-response+json, application/graphql+json, application/json,"
    " text/event-stream, multipart/mixed"
)
APOLLO_SUBSCRIPTION = (
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,"
    "application/json;q=0.9"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("", PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        ("application/json", PLAIN_JSON),
        ("APPLICATION/JSON", PLAIN_JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, application/json", PLAIN_JSON),
        (f"{GRAPHQL_JSON}, */*", GRAPHQL_JSON),
        (f"application/json;q=0, {GRAPHQL_JSON}", GRAPHQL_JSON),
        ("application/json; charset=utf-8", PLAIN_JSON),
        (URQL, GRAPHQL_JSON),
    ],
)
def test_the_client_decides_which_json_it_reads(header: str, media_type: str) -> None:
    assert read_accept(header.encode()).json == media_type


@pytest.mark.parametrize(
    "header", ["image/png", "application/json;q=0", "json", "application/json;q=nonsense"]
)
def test_what_cannot_be_read_is_not_acceptable(header: str) -> None:
    assert read_accept(header.encode()).json is None


def test_a_stream_listed_last_is_not_preferred_to_json() -> None:
    accepted = read_accept(URQL.encode())

    assert accepted.stream == EVENT_STREAM
    assert not accepted.stream_first


@pytest.mark.parametrize("header", [EVENT_STREAM, "text/event-stream, application/json;q=0.5"])
def test_a_stream_that_outranks_json_is_taken(header: str) -> None:
    assert read_accept(header.encode()).stream_first


def test_apollos_subscriptions_are_multipart() -> None:
    accepted = read_accept(APOLLO_SUBSCRIPTION.encode())

    assert accepted.stream == MULTIPART
    assert not accepted.stream_first


def test_multipart_without_the_subscription_protocol_is_no_stream() -> None:
    assert read_accept(b"multipart/mixed").stream is None


def test_wildcards_ask_for_no_stream_and_no_page() -> None:
    accepted = read_accept(b"*/*")

    assert accepted.stream is None
    assert not accepted.html


def test_a_browser_asks_for_a_page() -> None:
    assert read_accept(BROWSER.encode()).html


def test_the_draft_says_422_where_the_older_edition_says_400_or_200() -> None:
    refused = BadInput("No.")

    assert status_of(refused, edition="draft", json=PLAIN_JSON) == 422
    assert status_of(refused, edition="compat", json=GRAPHQL_JSON) == 400
    assert status_of(refused, edition="compat", json=PLAIN_JSON) == 200


def test_a_malformed_request_is_an_error_of_http_in_every_edition() -> None:
    refused = Refused("No.", code="BAD_REQUEST", status=422)

    assert status_of(refused, edition="compat", json=PLAIN_JSON) == 400
    assert status_of(refused, edition="draft", json=PLAIN_JSON) == 422


def test_the_draft_relabels_only_what_succeeded() -> None:
    assert media_type_of(200, edition="draft", json=PLAIN_JSON) == PLAIN_JSON
    assert media_type_of(422, edition="draft", json=PLAIN_JSON) == GRAPHQL_JSON
    assert media_type_of(400, edition="compat", json=PLAIN_JSON) == PLAIN_JSON
