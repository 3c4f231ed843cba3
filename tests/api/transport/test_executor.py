"""The short way to plain values gives what the library's long way gives, errors and order too."""

# Strawberry's decorators lose the type of what they decorate.
# mypy: disable-error-code="untyped-decorator"

import asyncio
import enum
import gc
import json
import weakref
from collections.abc import Generator
from dataclasses import field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse, validate
from graphql.execution.values import VariableValues
from strawberry.scalars import JSON
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from guerdon.api.transport import (
    Connection,
    Credential,
    TransportHooks,
    TransportOptions,
    TransportSchema,
    TrustedDocuments,
)
from guerdon.api.transport.execution import Answer, Execution
from guerdon.api.transport.executor import Plans, WholeExecutor
from guerdon.api.transport.operations import Operations
from guerdon.api.transport.plans import RecentPlans
from guerdon.api.transport.requests import GraphQLRequest


@strawberry.enum
class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Thing(Named):
    count: int = 3
    score: Decimal = Decimal("1.50")
    at: datetime | None = datetime(2026, 1, 1, tzinfo=UTC)
    colour: Colour = Colour.BLUE
    data: JSON = strawberry.field(default_factory=lambda: {"a": [1]})
    tags: list[str] = field(default_factory=lambda: ["x", "y"])
    note: str | None = None
    ratio: float = 0.5
    is_new: bool = True
    inner: "Thing | None" = None

    @strawberry.field
    def computed(self) -> str:
        return f"{self.name}!"

    @strawberry.field
    async def awaited(self, times: int = 1) -> str:
        await asyncio.sleep(0)
        return self.name * times


class Later:
    """An awaitable that does not mind when nobody asks for its field."""

    def __str__(self) -> str:
        return "Later"

    def __await__(self) -> Generator[Any, Any, str]:
        yield from asyncio.sleep(0).__await__()
        return "later"


def _thing(**changed: Any) -> Thing:
    thing = Thing(name="a")
    for name, value in changed.items():
        setattr(thing, name, value)
    return thing


THINGS: dict[str, Any] = {
    "plain": _thing,
    "nested": lambda: _thing(inner=_thing(name="b", inner=_thing(name="c"))),
    "null where none may be": lambda: _thing(count=None),
    "null in a nested one": lambda: _thing(inner=_thing(name=None)),
    "a wrong type": lambda: _thing(count="many"),
    "beyond 32 bits": lambda: _thing(count=2**31),
    "a naive time": lambda: _thing(at=datetime(2026, 1, 1)),  # noqa: DTZ001  # that is the point
    "not a number": lambda: _thing(score=Decimal("NaN"), ratio=float("nan")),
    "an exception as a value": lambda: _thing(note=ValueError("No.")),
    "an awaitable as a value": lambda: _thing(name=Later()),
    "an awaitable of a wrong value": lambda: _thing(count=Later()),
    "no json": lambda: _thing(data=None),
    "an unknown colour": lambda: _thing(colour="GREEN"),
}

DOCUMENTS = [
    "{ things { name count score at colour data note ratio isNew } }",
    "{ things { isNew __typename count tags name computed } }",
    "{ things { first: name second: name awaited(times: 2) third: count } }",
    "{ things { awaited name inner { __typename name inner { count awaited } } } }",
    """{ __typename things { ...A count } }
    fragment A on Thing { note name inner { ...B } }
    fragment B on Thing { name computed }""",
    "query($no: Boolean = false) { things { name @include(if: $no) count @skip(if: $no) note } }",
    "{ named { __typename name ... on Thing { count inner { name } } } }",
    "{ things { name name ... { name count } } }",
]


def _query(make: Any) -> type:
    @strawberry.type
    class Query:
        @strawberry.field
        def things(self) -> list[Thing]:
            return [make(), _thing(name="z")]

        @strawberry.field
        def named(self) -> Named | None:
            made: Named = make()
            return made

    return Query


def _schema(make: Any) -> Any:
    return TransportSchema(_query(make))._schema


async def _result(
    schema: Any, document: str, executor: Any, **variables: Any
) -> tuple[str, list[str]]:
    """Return data as text, so that the order of its members counts, and the errors."""
    options: dict[str, Any] = {"executor_class": executor, "operation_extensions": {}}
    result: Any = execute(schema, parse(document), variable_values=variables, **options)
    if not isinstance(result, ExecutionResult):
        result = await result
    errors = [f"{error.path} {error.message}" for error in result.errors or ()]
    return json.dumps(result.data), sorted(errors)


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("name", THINGS)
async def test_both_ways_give_the_same(name: str, document: str) -> None:
    schema = _schema(THINGS[name])
    assert not validate(schema, parse(document))
    short = await _result(schema, document, WholeExecutor)
    long = await _result(schema, document, StrawberryGraphQLCoreExecutionContext)

    assert short == long


def _by(plans: Plans) -> Any:
    """Return an executor that goes by plans which others have made."""

    class Again(WholeExecutor):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.use(plans)

    return Again


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("name", THINGS)
async def test_plans_that_others_have_made_give_the_same(name: str, document: str) -> None:
    made = [THINGS["plain"]]

    def make() -> Any:
        return made[0]()

    schema = _schema(make)
    again = _by(Plans())
    first = await _result(schema, document, again)
    made[0] = THINGS[name]
    short = [await _result(schema, document, again) for _ in range(2)]
    long = await _result(schema, document, StrawberryGraphQLCoreExecutionContext)
    made[0] = THINGS["plain"]

    assert short == [long, long]
    assert first == await _result(schema, document, again)


async def test_plans_hold_nothing_of_who_asked_or_what_was_found() -> None:
    plans = Plans()
    made: list[Any] = []

    def make() -> Thing:
        thing = _thing()
        made.append(thing)
        return thing

    await _result(_schema(make), DOCUMENTS[4], _by(plans))
    context = weakref.ref(made.pop())

    assert plans.selections
    assert context() is None


async def test_nothing_waits_for_the_garbage_collector() -> None:
    schema = TransportSchema(_query(THINGS["nested"]))
    execution = Execution(schema, TransportOptions(), TransportHooks(authenticate=_nobody))
    credential = Credential(key="somebody", rights="all")
    request = GraphQLRequest(query=DOCUMENTS[3])
    operation = await _operations(schema).prepare(request, credential)

    async def run() -> Answer:
        return await execution.run(operation, credential, Connection({"type": "http"}))

    first = await run()
    gc.collect()
    gc.disable()
    try:
        again = [await run() for _ in range(10)]
        found = gc.collect()
    finally:
        gc.enable()

    assert [it.data for it in again] == [first.data] * 10
    assert found < 10


async def _nobody(_connection: Connection) -> Credential:
    raise NotImplementedError


def _operations(schema: TransportSchema) -> Operations:
    hooks: TransportHooks[Any] = TransportHooks(authenticate=_nobody)
    return Operations(schema._schema, TransportOptions(), hooks, TrustedDocuments())


class TestRecentPlans:
    @staticmethod
    async def _of(recent: RecentPlans, query: str, rights: str = "all", **variables: Any) -> Plans:
        schema = TransportSchema(_query(THINGS["plain"]))
        request = GraphQLRequest(query=query, variables=variables)
        operation = await _operations(schema).prepare(request, Credential(key="somebody"))
        return recent.of(operation, rights, VariableValues({}, variables))

    async def test_they_differ_by_rights_and_by_what_decides_what_is_selected(self) -> None:
        recent = RecentPlans(1_000)
        query = (
            "query($no: Boolean!, $n: Int!) { things { name @skip(if: $no) awaited(times: $n)} }"
        )
        first = await self._of(recent, query, no=True, n=1)

        assert await self._of(recent, query, no=True, n=2) is first
        assert await self._of(recent, query, no=False, n=1) is not first
        assert await self._of(recent, query, "others", no=True, n=1) is not first
        assert await self._of(recent, query + " ", no=True, n=1) is not first

    async def test_they_are_bounded_by_the_tokens_of_their_documents(self) -> None:
        recent = RecentPlans(30)
        queries = ["{ things { name } }" + " " * n for n in range(10)]
        known = [await self._of(recent, query) for query in queries]

        assert len(recent) == 30 // 6
        assert await self._of(recent, queries[-1]) is known[-1]
        assert await self._of(recent, queries[0]) is not known[0]


async def test_plain_values_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    original = WholeExecutor.execute_field

    def execute_field(self: Any, parent: Any, source: Any, details: Any, *rest: Any) -> Any:
        taken.append(details[0].node.name.value)
        return original(self, parent, source, details, *rest)

    monkeypatch.setattr(WholeExecutor, "execute_field", execute_field)
    schema = _schema(THINGS["plain"])
    await _result(schema, "{ things { __typename name count at computed } }", WholeExecutor)

    assert taken == ["things", "computed", "computed"]
