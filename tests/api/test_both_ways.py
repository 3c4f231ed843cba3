"""The short ways to an answer give what the libraries' own ways give, byte by byte.

The shorter ways are the resolvers of `transport.resolvers`, the executor, and its plans. What is
asked is every query of docs/api.md and examples/web, and queries that are drawn from the schema.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    validate,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.shop import Shop
from docs.test_api_docs import documents
from guerdon.api import entries
from guerdon.api import schema as schemas
from guerdon.api.auth import Bearer
from guerdon.api.context import Context
from guerdon.api.fields import finish
from guerdon.api.guesses import Guesses
from guerdon.api.links import Links
from guerdon.api.transport import (
    AboutViewer,
    Connection,
    DocumentLimits,
    TransportHooks,
    TransportOptions,
    TransportSchema,
)
from guerdon.api.transport import schema as transport_schema
from guerdon.api.transport.encoding import encode_json
from guerdon.api.transport.execution import Execution
from guerdon.api.transport.operations import Operations
from guerdon.api.transport.persisted import TrustedDocuments
from guerdon.api.transport.requests import GraphQLRequest
from guerdon.engine import keys, tokens

EXAMPLE = Path(__file__).parents[2] / "examples" / "web" / "src" / "operations.graphql"
DRAWN = 24
DEPTH = 4
OPTIONS = TransportOptions(
    documents=DocumentLimits(
        aliases_max=1_000, directives_max=1_000, tokens_max=20_000, comparisons_max=100_000
    )
)


@pytest.fixture(scope="module")
def long_schema() -> GraphQLSchema:
    """The schema as the library makes it, with the same guards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport_schema, "shorten", lambda _schema: None)
        made = TransportSchema(
            schemas.Query, schemas.Mutation, schemas.Subscription, types=schemas.more_types()
        )
    finish(made)
    return made._schema


class Asker:
    """One credential, who asks both ways at one instant."""

    def __init__(self, shop: Shop, bearer: Bearer, long: GraphQLSchema) -> None:
        self.bearer = bearer
        self._long = long
        now = shop.world.clock()
        self._world = replace(shop.world, clock=lambda: now)
        self._hooks: TransportHooks[Any] = TransportHooks(
            authenticate=lambda _connection: None,  # type: ignore[arg-type,return-value]
            context=lambda _credential, _connection: self._context(),
        )
        self._short = schemas.schema()
        self._execution = Execution(self._short, OPTIONS, self._hooks)
        self._operations = Operations(self._short._schema, OPTIONS, self._hooks, TrustedDocuments())

    def _context(self) -> Context:
        assert self.bearer.caller is not None
        return Context(
            self._world,
            self.bearer.caller,
            links=Links(),
            pause_ms=250,
            guesses=Guesses(self._world.rates),
            address=None,
        )

    async def short(self, text: str, name: str | None, variables: dict[str, Any]) -> Any:
        """Return data and errors; the second of two executions goes by the plans of the first."""
        request = GraphQLRequest(query=text, operation_name=name, variables=variables)
        operation = await self._operations.prepare(request, replace(self.bearer, cost_max=10**9))
        answers = [
            await self._execution.run(operation, self.bearer, Connection({"type": "http"}))
            for _ in range(2)
        ]
        both = [
            (replace(it, errors=None).body(viewer=self.bearer.viewer), _errors(it.errors))
            for it in answers
        ]
        assert both[0] == both[1], text
        return both[0]

    async def long(self, text: str, name: str | None, variables: dict[str, Any]) -> Any:
        """Return data and errors, as the libraries give them."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(entries, "AboutViewer", self._is_viewer)
            options: dict[str, Any] = {
                "executor_class": StrawberryGraphQLCoreExecutionContext,
                "operation_extensions": {},
            }
            result: Any = execute(
                self._long,
                parse(text),
                context_value=self._context(),
                variable_values=variables,
                operation_name=name,
                **options,
            )
            if not hasattr(result, "data"):
                result = await result
        errors = self._execution.errors.read(result.errors or [])
        return b'{"data":' + encode_json(result.data) + b"}", _errors(errors)

    def _is_viewer(self, member: str) -> bool:
        return AboutViewer(member).viewer == self.bearer.viewer


def _errors(errors: list[dict[str, Any]] | None) -> list[str]:
    """Return errors in an order of their own: which field fails first is nobody's promise."""
    return sorted(f"{it.get('path')} {it['message']} {it['extensions']}" for it in errors or ())


class Drawing:
    """Draws queries that are valid for the schema."""

    def __init__(self, schema: GraphQLSchema, pool: dict[str, Any], seed: int) -> None:
        self._schema = schema
        self._pool = pool
        self._random = random.Random(seed)
        self._aliases = 0

    def document(self) -> str:
        """Return a query of a few root fields, some of it in fragments and under directives."""
        root = self._schema.query_type
        assert root is not None
        selection = self._selection(root, DEPTH) or "{ __typename }"
        return f"query($yes: Boolean = true, $no: Boolean!) {selection}"

    def _selection(self, type_: Any, depth: int) -> str:
        """Return a selection of a type, nothing where there is none that ends."""
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            possible = list(self._schema.get_possible_types(type_))
            chosen = self._random.sample(possible, min(len(possible), 3))
            parts = [
                f"... on {it.name} {inner}"
                for it in chosen
                if (inner := self._selection(it, depth - 1))
            ]
            return "{ __typename " + " ".join(parts) + " }"
        assert isinstance(type_, GraphQLObjectType)
        names = sorted(type_.fields)
        chosen_names = self._random.sample(names, min(len(names), self._random.randint(2, 6)))
        parts = [part for name in chosen_names if (part := self._field(type_, name, depth))]
        if not parts:
            return ""
        if self._random.random() < 0.2:
            parts.append("__typename")
        if self._random.random() < 0.2:
            parts.append(f"... on {type_.name} {{ again: __typename {parts[0]} }}")
        return "{ " + " ".join(parts) + " }"

    def _field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        field = type_.fields[name]
        arguments = []
        for key, argument in field.args.items():
            is_needed = isinstance(argument.type, GraphQLNonNull)
            literal = self._pool.get(f"{name}.{key}", self._pool.get(key))
            if literal is None and is_needed:
                return ""
            if literal is not None and (is_needed or self._random.random() < 0.5):
                arguments.append(f"{key}: {literal}")
        inner = ""
        named = get_named_type(field.type)
        if not is_leaf_type(named):
            inner = self._selection(named, depth - 1) if depth > 0 else ""
            if not inner:
                return ""
        self._aliases += 1
        alias = f"a{self._aliases}: " if arguments or self._random.random() < 0.05 else ""
        steered = self._random.choice(["", "", "", "", " @include(if: $yes)", " @skip(if: $no)"])
        given = f"({', '.join(arguments)})" if arguments else ""
        return f"{alias}{name}{given}{steered} {inner}"


@pytest.fixture
async def furnished(shop: Shop) -> Shop:
    """A shop to which all has happened that docs/api.md has a mutation for."""
    for document in documents():
        if document.who != "member" and not document.is_subscription:
            variables = document.variables
            if "$document" not in variables.values():
                await shop.ask(document.who, document.text, **variables)
    for number in range(5):
        await shop.enroll(f"drawn{number}", displayName=f"Drawn {number}")
        await shop.buy(f"drawn{number}", f"{10 + number}.50", f"drawn-{number}")
    return shop


async def askers(shop: Shop, long: GraphQLSchema) -> dict[str, Asker]:
    found = await shop.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    token = await shop.token(found["member"]["id"])
    gate = shop.transport.parts.hooks.authenticate.__self__  # type: ignore[attr-defined]
    asking = {"member": gate.bearer(await tokens.check(shop.world, token))}
    for role in ("service", "admin", "partner"):
        asking[role] = gate.bearer(await keys.check(shop.world, shop.keys[role]))
    return {who: Asker(shop, bearer, long) for who, bearer in asking.items()}


def queries(text: str) -> Iterator[tuple[str, str]]:
    """Yield the queries of a document that may hold several operations, by name."""
    node = parse(text)
    for definition in node.definitions:
        if isinstance(definition, OperationDefinitionNode):
            assert definition.name is not None
            if definition.operation is OperationType.QUERY:
                yield definition.name.value, print_ast(node)


async def test_every_query_of_the_documents_and_the_example(
    furnished: Shop, long_schema: GraphQLSchema
) -> None:
    asking = await askers(furnished, long_schema)
    asked = 0
    for document in documents():
        if document.is_subscription or not document.text.lstrip().startswith("query"):
            continue
        who = asking[document.who]
        short = await who.short(document.text, None, document.variables)
        assert short == await who.long(document.text, None, document.variables), document.text
        asked += 1
    variables = {"ref": {"externalId": "ada"}, "first": 10, "slug": "all_time"}
    for name, text in queries(EXAMPLE.read_text("utf-8")):
        short = await asking["service"].short(text, name, variables)
        assert short == await asking["service"].long(text, name, variables), name
        asked += 1

    assert asked > 10


# Where one field's failure ends others that have not begun, the library leaves them unawaited.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
async def test_queries_that_are_drawn(furnished: Shop, long_schema: GraphQLSchema) -> None:
    found = await furnished.get(
        "service",
        """{ member(ref: {externalId: "ada"}) { id }
             leaderboard(slug: "all_time") { id period { entries(first: 1) { edges { node { id
             } } } } } }""",
    )
    entry = found["leaderboard"]["period"]["entries"]["edges"][0]["node"]["id"]
    ids = [found["member"]["id"], found["leaderboard"]["id"], entry]
    pool = {
        "first": 3, "above": 1, "below": 1, "slug": '"all_time"', "reward.slug": '"coffee"',
        "wallet.slug": '"stars"', "counter.slug": '"spent"', "ref": '{externalId: "ada"}',
        "member": '{externalId: "drawn1"}', "id": f'"{entry}"', "ids": str(ids).replace("'", '"'),
        "at": '"2026-01-05T10:00:00Z"', "activityId": '"drawn-1"', "languages": '["de"]',
    }  # fmt: skip
    asking = await askers(furnished, long_schema)
    rich = dict.fromkeys(asking, 0)
    for seed in range(DRAWN):
        text = Drawing(long_schema, pool, seed).document()
        if validate(long_schema, parse(text)):
            continue  # two fields of one name do not fit together, or such
        variables = {"no": bool(seed % 2)}
        for who, asker in asking.items():
            short = await asker.short(text, None, variables)
            assert short == await asker.long(text, None, variables), (who, text)
            rich[who] += short[0].count(b":") > 5

    assert min(rich["service"], rich["admin"]) > DRAWN // 3
    assert min(rich["member"], rich["partner"]) > DRAWN // 6
