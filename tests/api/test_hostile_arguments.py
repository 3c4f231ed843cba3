"""Every field with arguments, fed with what nobody should send: refused or null, never broken."""

import random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from api.shop import Shop, forget_failures
from guerdon.api.fields import object_fields
from guerdon.api.ids import global_id
from guerdon.api.schema import schema
from guerdon.settings import Settings

TEXTS = [
    "", " ", "ada", "\u0000", "\u202e", "💥", "x" * 199, "x" * 201, "../../etc", "$ne", "{}", "a|b",
    "a/b", "service/p1", "0", "-1", "NaN", "stars", "club", "cake", "all_time", "month", "cafe",
    "status", "gold", "first", "three", "p1", "r1", "W10", "WyJqb3VybmFsIl0", "null", "%00",
]  # fmt: skip
SCALARS: dict[str, list[Any]] = {
    "String": TEXTS,
    "ID": TEXTS,
    "Int": [0, 1, -1, 2, 50, 100, 101, 2**31 - 1, -(2**31)],
    "Boolean": [True, False],
    "Decimal": ["0", "-0", "1", "-1", "0.005", "9" * 34, "0." + "0" * 30 + "1", 1, 0.5],
    "DateTime": ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"],
    "JSON": [{}, [], None, 0, "x", {"a": {"b": {"c": [1, [2]]}}}, {"$where": "1"}, {"": 1},
             {"x" * 200: 1}, [[[]]], {"of": "p1"}, {"vouchers": ["r1"]}, {"of_key": "x"}],
}  # fmt: skip


class Hostile:
    """Makes arguments by the schema's types, from values that are mostly wrong."""

    def __init__(self, seed: int, program: str) -> None:
        self.random = random.Random(seed)
        ids = [global_id(kind, program, *key) for kind in ("Member", "Redemption", "Voucher")
               for key in (("x",), ("x", "y"), ("a/b", "c"))]  # fmt: skip
        self.scalars = {**SCALARS, "ID": [*TEXTS, *ids]}

    def value(self, type_: Any, depth: int = 0) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self.value(type_.of_type, depth)
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, depth + 1) for _ in range(self.random.randrange(3))]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self.input(type_, depth)
        return self.random.choice(self.scalars[type_.name])

    def input(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        fields = type_.fields
        if type_.is_one_of:
            name = self.random.choice(list(fields))
            return {name: self.value(fields[name].type, depth + 1)}
        return {
            name: self.value(found.type, depth + 1)
            for name, found in fields.items()
            if isinstance(found.type, GraphQLNonNull) or self.random.random() < 0.5
        }


def selection(type_: Any, depth: int) -> str:
    """Return all leaves of a type, and those of what it leads to without arguments."""
    named: Any = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        return "{ __typename }"
    inner = [
        f"{name} {selection(found.type, depth - 1)}"
        for name, found in named.fields.items()
        if is_leaf_type(get_named_type(found.type)) or (depth > 0 and not found.args)
    ]
    return "{ __typename " + " ".join(inner) + " }"


def document(root: str, coordinate: str, path: list[str], leaf: Any) -> tuple[str, Any]:
    declared = ", ".join(f"${name}: {argument.type}" for name, argument in leaf.args.items())
    passed = ", ".join(f"{name}: ${name}" for name in leaf.args)
    field = coordinate.partition(".")[2]
    call = f"{field}({passed}) {selection(leaf.type, 1)}"
    for around in reversed(path):
        call = f"{around} {{ {call} }}"
    return f"{root.lower()}({declared}) {{ {call} }}", leaf.args


PATHS = {
    "Query": [],
    "Mutation": [],
    "Member": ['member(ref: {externalId: "ada"})'],
    "Leaderboard": ['leaderboard(slug: "all_time")'],
    "LeaderboardPeriod": ['leaderboard(slug: "all_time")', "period"],
    "Partner": ["program", "partners"],
    "Reward": ['reward(slug: "cake")'],
    "Statement": ["statements", "edges", "node"],
    "WebhookEndpoint": ["webhookEndpoints"],
}


async def test_hostile_arguments_are_refused_or_lead_nowhere_and_break_nothing(
    shop: Shop, settings: Settings
) -> None:
    seed = random.randrange(10**9)
    hostile = Hostile(seed, shop.program)
    await shop.enroll("ada")
    await shop.buy("ada", "60.00", "p1")
    codes: dict[str, int] = {}
    with_arguments = [
        (coordinate, found)
        for coordinate, found in object_fields(schema()).items()
        if found.args and not coordinate.startswith("Subscription.")
    ]
    for coordinate, found in with_arguments:
        type_ = coordinate.partition(".")[0]
        root = "Mutation" if type_ == "Mutation" else "Query"
        query, arguments = document(root, coordinate, PATHS[type_], found)
        await forget_failures(settings)  # some of them name what does not exist
        for _ in range(12):
            variables = {name: hostile.value(it.type) for name, it in arguments.items()}
            answer = await shop.ask("admin", query, **variables)
            for error in answer.get("errors", []):
                code = error["extensions"]["code"]
                codes[code] = codes.get(code, 0) + 1
                assert code != "INTERNAL_SERVER_ERROR", (seed, coordinate, variables, error)

    assert codes.keys() <= {
        "BAD_USER_INPUT", "NOT_FOUND", "FORBIDDEN", "MAX_COST_EXCEEDED", "RATE_LIMITED",
    }, (seed, codes)  # fmt: skip
    assert codes["BAD_USER_INPUT"] > 10
