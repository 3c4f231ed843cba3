"""The precise scalars: what goes in comes out, or is refused with a sentence."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import httpx2
import pytest
from graphql import GraphQLError, parse
from hypothesis import given
from hypothesis import strategies as st

from api.transport.demo import Demo
from api.transport.wire import ask, client_of, code_of, post
from guerdon.api.transport import (
    read_datetime,
    read_decimal,
    write_datetime,
    write_decimal,
)
from guerdon.api.transport.decoding import NotJson, WrittenNumber, decode_json
from guerdon.api.transport.encoding import encode_json
from guerdon.api.transport.scalars import read_json


class TestDateTime:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
            ("2026-01-31t09:30:00z", "2026-01-31T09:30:00.000Z"),
            ("2026-01-31T09:30:00.5+02:00", "2026-01-31T07:30:00.500Z"),
            ("2026-01-31T00:30:00-23:59", "2026-02-01T00:29:00.000Z"),
            ("2024-02-29T23:59:59.123456789Z", "2024-02-29T23:59:59.123Z"),
        ],
    )
    def test_an_instant_is_shown_in_utc_to_the_millisecond(self, text: str, shown: str) -> None:
        assert write_datetime(read_datetime(text)) == shown

    @pytest.mark.parametrize(
        "text",
        [
            "2026",
            "2026-01-01",
            "2026-W01-1",
            "2026-01-01T00:00:00",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00+0100",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00,5Z",
            "\uff12026-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "2026-01-01T00:00:00Z\n",
            "",
            1767225600,
            None,
        ],
    )
    def test_what_is_no_whole_instant_is_refused(self, text: object) -> None:
        with pytest.raises(GraphQLError, match="not a DateTime"):
            read_datetime(text)

    def test_a_naive_time_of_ours_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="aware"):
            write_datetime(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point

    @given(
        st.datetimes(
            min_value=datetime(2, 1, 1),  # noqa: DTZ001  # zones are drawn apart
            max_value=datetime(9998, 1, 1),  # noqa: DTZ001
            timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
        )
    )
    def test_what_is_shown_reads_as_the_same_instant(self, instant: datetime) -> None:
        shown = read_datetime(write_datetime(instant))

        assert shown == instant.replace(microsecond=instant.microsecond // 1000 * 1000)
        assert shown.tzinfo is UTC


class TestDecimal:
    @pytest.mark.parametrize(
        "text", ["0", "-0.5", "34.30", "1000", "0.00000001", "9" * 34, "123456789012345678.90"]
    )
    def test_digits_are_kept_as_written(self, text: str) -> None:
        assert write_decimal(read_decimal(text)) == text

    @pytest.mark.parametrize(
        "text",
        [
            "NaN",
            "Infinity",
            "1e3",
            "1E+3",
            "1_000",
            "٣",
            "+1",
            ".5",
            "1.",
            "01",
            "1,5",
            " 1",
            "1\n",
            "",
            "9" * 37,
            True,
            None,
            [],
            1.5,
        ],
    )
    def test_anything_else_is_refused(self, text: object) -> None:
        with pytest.raises(GraphQLError, match="not a Decimal"):
            read_decimal(text)

    def test_large_numbers_of_ours_have_no_exponent(self) -> None:
        assert write_decimal(Decimal("1E+3")) == "1000"
        assert write_decimal(Decimal("1E-7")) == "0.0000001"

    @pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), 1.5, "1"])
    def test_what_is_no_finite_decimal_of_ours_is_a_mistake(self, value: object) -> None:
        with pytest.raises(ValueError, match="finite"):
            write_decimal(value)

    def test_zero_has_no_sign(self) -> None:
        assert write_decimal(read_decimal("-0.00")) == "0.00"

    @given(st.decimals(-(10**20), 10**20, allow_nan=False, places=6))
    def test_what_is_shown_reads_as_the_same_number(self, number: Decimal) -> None:
        assert read_decimal(write_decimal(number)) == number


class TestJson:
    @pytest.mark.parametrize("text", ["0.1", "34.30", "100000000000000000000.000001"])
    def test_fractions_stay_as_written_on_their_way_through(self, text: str) -> None:
        value = read_json(decode_json(f'{{"a": [{text}]}}'))

        assert value == {"a": [Decimal(text)]}
        assert encode_json(value) == f'{{"a":[{text}]}}'.encode()

    @pytest.mark.parametrize("text", ["1e3", "1E400", "9223372036854775808", "[" * 60 + "]" * 60])
    def test_what_no_store_keeps_exactly_is_refused(self, text: str) -> None:
        with pytest.raises(GraphQLError):
            read_json(decode_json(text))

    @pytest.mark.parametrize(
        "text", ["NaN", "-Infinity", "01", "{'a':1}", '"\\ud800"', "[" * 10**5, '"\n"', "1" * 5000]
    )
    def test_what_is_no_json_is_refused(self, text: str) -> None:
        with pytest.raises(NotJson):
            decode_json(text)

    def test_pairs_of_surrogates_are_characters(self) -> None:
        assert decode_json('"\\ud83c\\udfc6"') == "\N{TROPHY}"

    def test_a_number_in_a_float_is_still_a_float(self) -> None:
        number = decode_json("0.5")

        assert number == 0.5
        assert isinstance(number, WrittenNumber)
        assert encode_json(number) == b"0.5"


class TestOnTheWire:
    @pytest.fixture
    def query(self) -> str:
        return (
            "query($at: DateTime, $amount: Decimal, $data: JSON)"
            " { echo(at: $at, amount: $amount, data: $data) { at amount data } }"
        )

    async def test_numbers_in_a_body_never_become_floats(
        self, client: httpx2.AsyncClient, query: str
    ) -> None:
        body = (
            f'{{"query": {json.dumps(query)}, "variables":'
            ' {"amount": 0.10, "data": {"price": 34.30, "list": [1, 2.50]}}}'
        )
        answer = await post(client, body)

        assert '"amount":"0.10"' in answer.text
        assert '"data":{"price":34.30,"list":[1,2.50]}' in answer.text

    async def test_numbers_in_a_document_do_not_either(self, client: httpx2.AsyncClient) -> None:
        document = '{ echo(amount: 34.30, data: {price: 0.10, at: "x"}) { amount data } }'
        answer = await post(client, {"query": document})

        assert '{"amount":"34.30","data":{"price":0.10,"at":"x"}}' in answer.text

    @pytest.mark.parametrize(
        "document",
        [
            '{ echo(at: "2026-01-01") { at } }',
            "{ echo(amount: 1e3) { amount } }",
            '{ echo(amount: "NaN") { amount } }',
            "{ echo(amount: true) { amount } }",
            "{ echo(data: {a: 1e400}) { data } }",
            "{ echo(data: 99999999999999999999999999999999999999) { data } }",
        ],
    )
    async def test_wrong_literals_are_errors_of_the_document(
        self, client: httpx2.AsyncClient, document: str
    ) -> None:
        parse(document)
        assert code_of(await ask(client, document)) == "BAD_USER_INPUT"

    async def test_wrong_variables_name_the_variable(
        self, client: httpx2.AsyncClient, query: str
    ) -> None:
        answer = await ask(client, query, at="yesterday")

        assert code_of(answer) == "BAD_USER_INPUT"
        assert "$at" in answer["errors"][0]["message"]

    async def test_every_scalar_of_ours_says_where_it_is_specified(self) -> None:
        async with client_of(Demo()) as client:
            answer = await ask(client, "{ __schema { types { name kind specifiedByURL } } }")
        specified = {
            it["name"]: it["specifiedByURL"]
            for it in answer["data"]["__schema"]["types"]
            if it["kind"] == "SCALAR"
        }

        assert {name for name, url in specified.items() if url} == {"DateTime", "Decimal", "JSON"}
