"""How large a document may be, and what it costs."""

import time
from typing import Any

import httpx2
import pytest
from graphql import Lexer, Source, TokenKind, get_introspection_query, parse

from api.transport.demo import DEVELOPER, Demo, Purse
from api.transport.wire import ask, client_of, code_of, post
from guerdon.api.transport import (
    CostTable,
    DocumentLimits,
    Refused,
    TransportOptions,
)
from guerdon.api.transport.lengths import tokens_in
from guerdon.api.transport.limits import check_extent
from guerdon.api.transport.requests import GraphQLRequest

# What every tool sends first; graphql-core prints it with nine levels of `ofType`.
INTROSPECTION = get_introspection_query(input_value_deprecation=True)

SPREAD = """
  { ...P }
  fragment P on Query { badges(first: 2) { ...E } }
  fragment E on BadgeConnection { edges { cursor } }
"""


def bomb(levels: int) -> str:
    """Return nested fragments that stand for 2^levels paths."""
    fragments = [
        f"fragment F{n} on Badge {{ a: related {{ ...F{n + 1} }} b: related {{ ...F{n + 1} }} }}"
        for n in range(levels)
    ]
    fragments.append(f"fragment F{levels} on Badge {{ id }}")
    return " ".join(["{ badge(by: {}) { ...F0 } }", *fragments])


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        ("{ a { b { c } } }", {"depth_max": 2}),
        (
            "{ ...F } fragment F on Query { a { ...G } } fragment G on A { b { c } }",
            {"depth_max": 2},
        ),
        ("{ a { ... { ... { b { c } } } } }", {"depth_max": 2}),
        ("{ a b c }", {"fields_max": 2}),
        ("{ ...F ... { ...F } } fragment F on Query { a b }", {"fields_max": 3}),
        ("{ x: a y: b }", {"aliases_max": 1}),
        ("{ x: a } fragment F on Query { y: b }", {"aliases_max": 1}),
        ("{ a b c }", {"root_fields_max": 2}),
        ("{ ...F c } fragment F on Query { a b }", {"root_fields_max": 2}),
        ("mutation { a b }", {"mutations_max": 1}),
        ("query A { a } query B { a }", {"operations_max": 1}),
        ("{ a } fragment F on Query { a } fragment G on Query { a }", {"fragments_max": 1}),
        ("{ a @x @y }", {"directives_max": 1}),
        ("query @x { a @x }", {"directives_max": 1}),
        ("query($a: A @x) { a @y }", {"directives_max": 1}),
        ("{ ...F ...G } fragment F on Query { a } fragment G on Query { a }", {"spreads_max": 1}),
        ("query A($a: A) { a } query B($b: B) { a }", {"variables_max": 1}),
        ("{ a(b: [1, 2]) }", {"values_max": 2}),
        ("{ a(b: {c: 1}) @x(y: 1) }", {"values_max": 2}),
        ("query($a: [A] = [1, 2]) { a }", {"values_max": 2}),
        ("{ a(b: [[1]]) }", {"nesting_max": 2}),
        ("{ __schema { types { name } directives { name } } }", {"introspection_lists_max": 1}),
        (
            "{ __schema { types { ...F ...F } } } fragment F on __Type { fields { name } }",
            {"introspection_lists_max": 2},
        ),
        ("{ a a a }", {"repeats_max": 2}),
        ("{ a ... { a } ... { a } }", {"repeats_max": 2}),
    ],
)
def test_each_limit_refuses_what_is_one_beyond_it(document: str, limit: dict[str, int]) -> None:
    (name, value), *_ = limit.items()
    node = parse(document)

    with pytest.raises(Refused, match=f"at most {value} are served"):
        check_extent(node, DocumentLimits(**{"repeats_max": 10, **limit}))
    check_extent(node, DocumentLimits(**{"repeats_max": 10, name: value + 1}))


@pytest.mark.parametrize(
    ("document", "pairs"),
    [
        ("{ a a a }", 3),
        ("{ a { b } a { b } }", 2),
        ("{ ...F ...G } fragment F on Query { a } fragment G on Query { a }", 1),
        ("{ a { ...F } a { ...F } } fragment F on A { b { c } }", 1),
        ("{ a(x: 1) a(x: 1) }", 1 + 2),
        ("{ a b { a } ... on C { c } }", 0),
    ],
)
def test_fields_that_must_be_compared_are_counted_in_pairs(document: str, pairs: int) -> None:
    node = parse(document)
    check_extent(node, DocumentLimits(comparisons_max=max(pairs, 1)))

    if pairs > 1:
        with pytest.raises(Refused, match="pairs of them"):
            check_extent(node, DocumentLimits(comparisons_max=pairs - 1))


def test_what_every_tool_asks_of_the_schema_is_within_the_limits() -> None:
    assert check_extent(parse(INTROSPECTION), DocumentLimits()).uses_introspection


@pytest.mark.parametrize(
    "text",
    [
        INTROSPECTION,
        SPREAD,
        '#{ a }\n{ a(b: "#\\"{" c: """\\""" } \\ " # """) ...F @x(y: [-1.5e+3 $z {k: null}]) } # {',
        "query Q($a: [Int!]! = [1]) { a: b(c: $a) ... on D & E | F { g } }",
    ],
)
def test_tokens_are_counted_as_the_parser_counts_them(text: str) -> None:
    lexer, count = Lexer(Source(text)), 0
    while lexer.advance().kind != TokenKind.EOF:
        count += 1

    assert tokens_in(text) == count


@pytest.mark.parametrize("piece", ["#", '"', '\\"', '"""', "a", "1", ".", "{", "\n", "é", '"\\'])
def test_counting_tokens_takes_time_by_the_length_of_the_text_alone(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    tokens_in(text)

    assert time.process_time() - started < 2


def test_nested_selections_without_fields_are_bounded_too() -> None:
    document = "{ " + "... { " * 60 + "a" + " }" * 60 + " }"

    with pytest.raises(Refused, match="levels of selections"):
        check_extent(parse(document), DocumentLimits(nesting_max=50))


def test_introspection_may_be_deeper_than_other_fields() -> None:
    reading = check_extent(parse(INTROSPECTION), DocumentLimits(depth_max=3))

    assert reading.uses_introspection


def test_a_field_beside_introspection_is_not_exempt() -> None:
    document = "{ __schema { types { name } } a { b { c { d } } } }"

    with pytest.raises(Refused, match="levels of fields"):
        check_extent(parse(document), DocumentLimits(depth_max=3))


def test_circles_and_unknown_fragments_are_left_to_validation() -> None:
    document = (
        "{ ...A ...Nowhere } fragment A on Query { a { ...B } } fragment B on A { b { ...A } }"
    )

    reading = check_extent(parse(document), DocumentLimits())

    assert reading.is_circular
    assert not reading.uses_introspection


def test_a_fragment_used_twice_is_no_circle() -> None:
    document = "{ ...A ...B } fragment A on Query { ...B a } fragment B on Query { b }"

    assert not check_extent(parse(document), DocumentLimits()).is_circular


@pytest.mark.parametrize("levels", [10, 50, 200])
def test_counting_takes_time_by_the_length_of_the_text_alone(levels: int) -> None:
    node = parse(bomb(levels))
    started = time.process_time()

    with pytest.raises(Refused):
        check_extent(
            node, DocumentLimits(fragments_max=1_000, aliases_max=1_000, spreads_max=1_000)
        )
    assert time.process_time() - started < 0.05


def test_a_chain_of_fragments_is_counted_without_recursion() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(5_000))
    node = parse(f"{{ ...F0 }} {chain} fragment F5000 on Query {{ a }}")

    with pytest.raises(Refused, match="levels of selections"):
        check_extent(node, DocumentLimits(fragments_max=10_000, spreads_max=10_000))


def test_a_limit_below_one_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="depth_max is 0"):
        DocumentLimits(depth_max=0)


class TestCost:
    @pytest.mark.parametrize(
        ("document", "cost"),
        [
            ("{ hello }", 0),
            ("{ __typename }", 0),
            ("{ badges { __typename } }", 1),
            ("{ badges(first: 3) { edges { cursor } } }", 1 + 3),
            ("{ badges(first: 3) { edges { node { id } } } }", 1 + 3 * 2),
            ("{ badges(last: 3) { edges { node { id } } } }", 1 + 3 * 2),
            ("{ badges { edges { node { id } } } }", 1 + 20 * 2),
            ("{ badges(first: 3) { edges { node { related { id } } } } }", 1 + 3 * (2 + 5)),
            ("{ nodes(ids: [1, 2, 3]) { id } }", 3),
            ('{ badge(by: {code: "b1"}) { ... on Badge { id } } }', 1),
            ('mutation { award(title: "t") { id } }', 10 + 1),
            ("subscription { count }", 1),
            (SPREAD, 1 + 2),
        ],
    )
    async def test_it_counts_objects_as_often_as_lists_are_long(
        self, document: str, cost: int
    ) -> None:
        assert await _cost(document) == cost

    async def test_sizes_may_come_in_variables(self) -> None:
        document = "query($n: Int = 7) { badges(first: $n) { edges { cursor } } }"

        assert await _cost(document, n=3) == 1 + 3
        assert await _cost(document) == 1 + 7
        assert await _cost(document, n=None) == 1 + 20

    async def test_a_table_overrides_single_fields(self) -> None:
        table = CostTable(weights={"Query.hello": 7}, sizes={"Badge.related": 2})
        options = TransportOptions(cost=table)

        assert await _cost("{ hello }", options=options) == 7
        document = "{ badges(first: 1) { edges { node { related { id } } } } }"
        assert await _cost(document, options=options) == 1 + 1 * (2 + 2)

    async def test_what_costs_more_than_the_credential_may_spend_is_refused(
        self, client: httpx2.AsyncClient
    ) -> None:
        document = "{ badges(first: 100) { edges { node { related { related { id } } } } } }"
        member = await post(client, {"query": document}, authorization="Bearer member")
        developer = await post(client, {"query": document})

        assert code_of(member.json()) == "MAX_COST_EXCEEDED"
        assert member.json()["errors"][0]["extensions"]["cost"]["maximum"] == 1_000
        assert developer.status_code == 200

    async def test_sizes_that_no_list_has_do_not_overflow(self, client: httpx2.AsyncClient) -> None:
        document = "query($n: Int!) { badges(first: $n) { edges { cursor } } }"
        answer = await ask(client, document, n=2**31 - 1)

        assert code_of(answer) == "MAX_COST_EXCEEDED"

    async def test_negative_sizes_cost_nothing_and_are_the_resolvers_to_refuse(
        self, client: httpx2.AsyncClient
    ) -> None:
        answer = await ask(client, "{ badges(first: -1) { edges { cursor } } }")

        assert code_of(answer) == "BAD_USER_INPUT"

    async def test_the_answer_says_what_was_asked_for(self, client: httpx2.AsyncClient) -> None:
        answer = await ask(client, "{ badges(first: 3) { edges { cursor } } }")

        assert answer["extensions"] == {"cost": {"requested": 4, "actual": 4}}


async def _cost(document: str, *, options: TransportOptions | None = None, **variables: Any) -> int:
    operations = Demo(options=options).transport.parts.operations
    request = GraphQLRequest(query=document, variables=variables)
    return (await operations.prepare(request, DEVELOPER)).cost


class TestRateLimit:
    async def test_what_was_charged_and_what_is_left_is_shown(self) -> None:
        purse = Purse(100)
        async with client_of(Demo(meter=purse)) as client:
            await ask(client, "{ badges(first: 3) { edges { cursor } } }")
            answer = await ask(client, "{ badges(first: 3) { edges { cursor } } }")

        assert answer["extensions"]["cost"] == {
            "requested": 4,
            "actual": 4,
            "available": 91,  # a new document costs a unit to be read
            "restoreRate": 50,
        }

    async def test_what_was_not_there_is_given_back(self) -> None:
        purse = Purse(200)
        async with client_of(Demo(meter=purse)) as client:
            answer = await ask(client, "{ badges(first: 100) { edges { cursor } } }")

        found = len(answer["data"]["badges"]["edges"])
        assert answer["extensions"]["cost"]["requested"] == 101
        assert answer["extensions"]["cost"]["actual"] == 1 + found
        assert answer["extensions"]["cost"]["available"] == purse.left == 200 - 2 - found

    async def test_a_mutation_costs_what_it_costs_however_little_it_answers(self) -> None:
        async with client_of(Demo()) as client:
            change = await ask(client, 'mutation { award(title: "x") { title } }')
            query = await ask(client, "{ hello }")

        assert change["extensions"]["cost"] == {"requested": 11, "actual": 11}
        assert query["extensions"]["cost"] == {"requested": 0, "actual": 0}

    async def test_nothing_runs_once_it_is_used_up(self) -> None:
        async with client_of(Demo(meter=Purse(3))) as client:
            answer = await post(client, {"query": "{ badges(first: 3) { edges { cursor } } }"})

        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "2"
        assert code_of(answer.json()) == "RATE_LIMITED"
        extensions = answer.json()["errors"][0]["extensions"]
        assert extensions["retryAfter"] == 1.2
        assert extensions["cost"] == {"requested": 4, "available": 2, "restoreRate": 50}
        assert "data" not in answer.json()

    async def test_documents_that_are_refused_are_charged_for_their_reading(self) -> None:
        purse = Purse(5)
        async with client_of(Demo(meter=purse)) as client:
            answers = [await post(client, {"query": f"{{ nothing{n} }}"}) for n in range(6)]
            long = await post(client, {"query": "{ hello }" + "#" * 5_000})

        assert [code_of(it.json()) for it in answers[:5]] == ["GRAPHQL_VALIDATION_FAILED"] * 5
        assert [it.status_code for it in (answers[5], long)] == [429, 429]
        assert long.json()["errors"][0]["extensions"]["cost"]["requested"] == 6
