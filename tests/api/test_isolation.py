"""Tenants never see each other (T1): the whole schema walked with one's tokens and another's ids.

The schema itself says what there is to call: a field that is added later is walked as well, and one
that cannot be called by what is known here fails the test, until it is told how.
"""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_leaf_type,
)
from pymongo import MongoClient
from redis.asyncio import Redis

from api.shop import DOCUMENT, Shop, forget_failures, open_shops
from guerdon.api.fields import object_fields
from guerdon.api.ids import read_id
from guerdon.api.schema import schema
from guerdon.api.transport import BadInput
from guerdon.settings import Settings

FIELDS = object_fields(schema())

# Words of the program that both shops have, so that a call gets as far as its foreign part.
SHARED: dict[str, Any] = {
    "amount": "5", "at": "2026-01-05T10:00:00Z", "badge": "honour", "category": "tea", "data": {},
    "displayName": "Somebody", "expiresAt": None, "from": None, "ladder": "status", "lines": None,
    "mission": "club", "name": "a name", "partner": None, "quantity": 1, "reason": "because",
    "onSale": True,
    "reward": "cake", "role": "SERVICE", "scheme": "card", "scopes": [], "slug": "all_time",
    "slugs": ["spent"], "states": None, "tier": "gold", "type": "purchase",
    "until": "2099-01-01T00:00:00Z", "wait": "DECIDED", "wallet": "stars",
    "first": 5, "last": None, "above": 1, "below": 1, "attributes": {}, "avatarUrl": None,
    "sku": None, "brand": None, "languages": ["de"], "topics": ["points.*"],
    "url": "https://partner.example.com/hooks", "state": None,
}  # fmt: skip
SHARED_AT = {
    "Query.reward.slug": "cake", "Member.wallet.slug": "stars",
    "Mutation.createWebhookSource.partner": "cafe",
    "Mutation.disputeStatement.lines": ["1-1"],
}  # fmt: skip
CURSORS = frozenset({"after", "before"})

# Tables that are read as a whole, by whoever: they say who belongs where, or nothing of anybody.
WHOLE = frozenset({"issuers", "revocations", "formats", "installation"})

REFUSED = frozenset({"NOT_FOUND", "FORBIDDEN", "BAD_USER_INPUT"})


class Foreign:
    """All that the other shop has: its ids by type, and every text in its answers."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.ids: dict[str, str] = {}
        self.texts: set[str] = set()
        self.cursors: set[str] = set()

    def read(self, value: Any, name: str = "") -> None:
        """Take up what an answer holds."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self.read(inner, key)
        elif isinstance(value, list):
            for inner in value:
                self.read(inner, name)
        elif isinstance(value, str):
            found = id_in(value)
            if found is not None and found.program == self.program:
                self.ids.setdefault(found.type, value)
            elif "cursor" in name.lower():
                self.cursors.add(value)
            elif name in {"activityId", "externalId", "code", "ref", "displayName"}:
                self.texts.add(value)


def id_in(text: str) -> Any:
    """Return what a text says if it is a global id."""
    with suppress(BadInput):
        return read_id(text)
    return None


def walk(value: Any) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)
    elif isinstance(value, str):
        yield value


class Call:
    """One field called with the other shop's things, in one of several ways."""

    def __init__(self, foreign: Foreign, coordinate: str, way: int) -> None:
        self.foreign = foreign
        self.coordinate = coordinate
        self.way = way
        self.names_something_foreign = False

    def arguments(self) -> dict[str, Any]:
        found = FIELDS[self.coordinate].args
        return {name: self.value(it.type, name) for name, it in found.items()}

    def value(self, type_: Any, name: str) -> Any:
        if isinstance(type_, GraphQLNonNull):
            found = self.value(type_.of_type, name)
            return [name] if found is None and isinstance(type_.of_type, GraphQLList) else found
        shared = SHARED_AT.get(f"{self.coordinate}.{name}", SHARED.get(name, Undefined))
        named = get_named_type(type_)
        if shared is not Undefined and not isinstance(named, GraphQLInputObjectType):
            return shared
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, name)]
        if isinstance(type_, GraphQLInputObjectType):
            if type_.is_one_of:
                chosen = sorted(type_.fields)[self.way % len(type_.fields)]
                return {chosen: self.value(type_.fields[chosen].type, chosen)}
            return {key: self.value(it.type, key) for key, it in sorted(type_.fields.items())}
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if named.name == "Int":
            return 1
        if named.name not in {"ID", "String"}:
            return None
        return self.text(named.name, name)

    def text(self, kind: str, name: str) -> str | None:
        if name in CURSORS:
            cursors = [None, *sorted(self.foreign.cursors)]
            return cursors[self.way % len(cursors)] if name == "after" else None
        self.names_something_foreign = True
        if name == "document":
            return DOCUMENT.format(id=self.foreign.program)
        pool = [self.foreign.ids[it] for it in sorted(self.foreign.ids)]
        if kind == "String":
            pool = sorted(self.foreign.texts)
        return pool[self.way % len(pool)]


def selection(type_: Any, depth: int = 2) -> str:
    """Return all leaves of a type, and of what it leads to without arguments."""
    named: Any = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        types = schema()._schema.get_possible_types(named)
        inner = "".join(
            f"... on {it.name} {selection(it, 0)} " for it in sorted(types, key=lambda it: it.name)
        )
        return f"{{ __typename {inner}}}"
    inner = " ".join(
        f"{named.name.lower()}_{name}: {name} {selection(found.type, depth - 1)}"
        if depth < 2
        else f"{name} {selection(found.type, depth - 1)}"
        for name, found in named.fields.items()
        if not found.args and (is_leaf_type(get_named_type(found.type)) or depth > 0)
    )
    return f"{{ __typename {inner} }}"


def lean(type_: Any) -> str:
    """Return what shows of whom an answer is: ids, and what leads to them."""
    named: Any = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    fields = getattr(named, "fields", {})
    parts = [
        name for name, it in fields.items()
        if is_leaf_type(get_named_type(it.type)) and not it.args
    ]  # fmt: skip
    for name, it in fields.items():
        inner: Any = get_named_type(it.type)
        if it.args or is_leaf_type(inner):
            continue
        leaves = [key for key, found in getattr(inner, "fields", {}).items()
                  if is_leaf_type(get_named_type(found.type)) and not found.args]  # fmt: skip
        node = getattr(inner, "fields", {}).get("node")
        if node is not None:
            leaves.append(f"node {lean_leaves(node.type)}")
        parts.append(f"{name} {{ {' '.join(leaves or ['__typename'])} }}")
    return f"{{ {' '.join(parts or ['__typename'])} }}"


def lean_leaves(type_: Any) -> str:
    named: Any = get_named_type(type_)
    leaves = [key for key, it in named.fields.items()
              if is_leaf_type(get_named_type(it.type)) and not it.args]  # fmt: skip
    return f"{{ {' '.join(leaves)} }}"


def paths() -> dict[str, list[str]]:
    """Return how each object type is reached from the root, with the shop's own things."""
    found: dict[str, list[str]] = {"Query": [], "Mutation": [], "Subscription": []}
    waiting = deque(["Query"])
    while waiting:
        type_ = waiting.popleft()
        for coordinate, field in FIELDS.items():
            if coordinate.partition(".")[0] != type_:
                continue
            named = get_named_type(field.type)
            step = own_step(coordinate)
            if step and isinstance(named, GraphQLObjectType) and named.name not in found:
                found[named.name] = [*found[type_], step]
                waiting.append(named.name)
    return found


OWN_MEMBER = '{externalId: "ada"}'


def own_step(coordinate: str) -> str | None:
    """Return a field with arguments of the shop's own, or nothing where they are not known."""
    name, parts = coordinate.partition(".")[2], []
    for key, it in FIELDS[coordinate].args.items():
        if not isinstance(it.type, GraphQLNonNull):
            continue
        if get_named_type(it.type).name == "MemberRef":
            parts.append(f"{key}: {OWN_MEMBER}")
            continue
        shared = SHARED_AT.get(f"{coordinate}.{key}", SHARED.get(key))
        if shared is None:
            return None
        parts.append(f"{key}: {json.dumps(shared)}")
    return f"{name}({', '.join(parts)})" if parts else name


def document(coordinate: str, around: list[str]) -> str:
    found = FIELDS[coordinate]
    declared = ", ".join(f"${name}: {it.type}" for name, it in found.args.items())
    passed = ", ".join(f"{name}: ${name}" for name in found.args)
    call = f"it: {coordinate.partition('.')[2]}({passed}) {lean(found.type)}"
    for step in reversed(around):
        call = f"{step} {{ {call} }}"
    root = coordinate.partition(".")[0]
    kind = root.lower() if root in {"Mutation", "Subscription"} else "query"
    return f"{kind}({declared}) {{ {call} }}"


def is_nothing(value: Any) -> bool:
    """Tell whether an answer says that there is no such thing."""
    if isinstance(value, list):
        return all(it is None for it in value)
    if isinstance(value, dict) and value.get("result") == "PARKED":
        return True  # as under an identity that nobody has
    if isinstance(value, dict):
        return [] in (value.get("edges"), value.get("around")) or bool(value.get("problems"))
    return value is None


def inner(answer: dict[str, Any]) -> Any:
    """Return the value of the field that was asked for, however deep it stands."""
    value: Any = answer.get("data")
    while isinstance(value, dict) and "it" not in value and len(value) == 1:
        value = next(iter(value.values()))
    return value.get("it") if isinstance(value, dict) else None


async def live_in(shop: Shop) -> dict[str, str]:
    """Have a member of this shop do a little of everything; return what it is known by."""
    name = shop.program.partition("_")[0]
    ada = await shop.enroll("ada" if name == "here" else f"{name}-ada", displayName=f"{name} Ada")
    who = ada["externalId"]
    await shop.buy(who, "60", f"{name}-p1", ref=f"{name}-bill", partner="cafe")
    await shop.get(
        "service",
        "mutation($i: RedeemRewardInput!) { redeemReward(input: $i) { problems { code } } }",
        i={"redemptionId": f"{name}-r1", "member": {"externalId": who}, "reward": "cake"},
    )
    await shop.get(
        "service",
        "mutation($i: LinkIdentityInput!) { linkIdentity(input: $i) { problems { code } } }",
        i={"member": {"externalId": who}, "identity": {"scheme": "card", "value": f"{name}-card"}},
    )
    return {"member": ada["id"], "externalId": who}


async def known_of(shop: Shop, who: dict[str, str]) -> Foreign:
    """Return all that the shop's own admin can see of it."""
    foreign = Foreign(shop.program)
    ways = paths()
    for type_ in sorted(ways.keys() - {"Mutation", "Subscription"}):
        call = selection(schema()._schema.type_map[type_], 1)
        for step in reversed(ways[type_]):
            call = f"{step} {call if call.startswith('{') else '{ ' + call + ' }'}"
        text = call if call.startswith("{") else f"{{ {call} }}"
        answer = await shop.ask("admin", text.replace('"ada"', json.dumps(who["externalId"])))
        foreign.read(answer.get("data"))
    member = f"member(ref: {{externalId: {json.dumps(who['externalId'])}}})"
    lists = [
        f"{name}(first: 5) {{ edges {{ cursor node {lean_leaves_of(name)} }} }}"
        for name in ("journal", "redemptions", "rewards")
    ]
    parts = [*lists, f"vouchers {selection(schema()._schema.type_map['Voucher'], 0)}"]
    for part in parts:
        foreign.read(await shop.get("admin", f"{{ {member} {{ {part} }} }}"))
    made = await shop.get(
        "admin",
        'mutation { createApiKey(input: {name: "k", role: SERVICE, scopes: []})'
        " { apiKey { id } } }",
    )
    foreign.read(made)
    foreign.texts |= {f"{who['externalId'].partition('-')[0]}-{it}" for it in ("p1", "r1", "card")}
    foreign.texts.add(f"member:{read_id(who['member']).key}")
    return foreign


def lean_leaves_of(name: str) -> str:
    connection: Any = get_named_type(FIELDS[f"Member.{name}"].type)
    edge: Any = get_named_type(connection.fields["edges"].type)
    return lean_leaves(edge.fields["node"].type)


@asynccontextmanager
async def watched(
    client: MongoClient[dict[str, Any]], settings: Settings, program: str
) -> AsyncIterator[list[str]]:
    """Collect every command to MongoDB and Redis that names a program, or reads without naming."""
    touched: list[str] = []
    database = client[settings.mongo_database]
    database.command("profile", 2)
    redis = Redis.from_url(settings.redis_url.get_secret_value())

    async def listen() -> None:
        async with redis.monitor() as monitor:
            async for command in monitor.listen():
                text = command["command"]
                touched.extend([f"redis: {text[:200]}"] if program in text else [])

    listening = asyncio.create_task(listen())
    try:
        yield touched
    finally:
        database.command("profile", 0)
        listening.cancel()
        await asyncio.wait([listening])
        await redis.aclose()
        for entry in database["system.profile"].find({"ns": {"$ne": ""}}):
            collection = entry["ns"].partition(".")[2]
            text = repr(entry.get("command"))
            if collection.startswith("system.") or collection in WHOLE:
                continue
            if program in text or (
                entry.get("planSummary") == "COLLSCAN" and entry.get("docsExamined")
            ):
                touched.append(f"{collection}: {entry.get('planSummary')} {text[:300]}")
        database["system.profile"].drop()


def stored(client: MongoClient[dict[str, Any]], settings: Settings, program: str) -> set[str]:
    """Return every document of a program, the lists of what it did for others aside."""
    database = client[settings.mongo_database]
    return {
        f"{name} {document!r}"
        for name in database.list_collection_names()
        if not name.startswith("system.")
        for document in database[name].find()
        if program in repr(document)
    }


@pytest.fixture
async def shops(settings: Settings) -> AsyncIterator[tuple[Shop, Shop]]:
    """Two shops that know nothing of each other, whose members may ask as often as they like."""
    suffix = uuid.uuid4().hex[:8]
    free = {"member_units_per_second": 0.0, "partner_units_per_second": 0.0}
    given = settings.model_copy(update=free)
    async with open_shops(given, f"here_{suffix}", f"there_{suffix}") as (here, there):
        yield here, there


async def test_no_field_leads_from_one_programs_credentials_to_another_programs_things(
    shops: tuple[Shop, Shop], mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> None:
    here, there = shops
    own, other = await live_in(here), await live_in(there)
    foreign = await known_of(there, other)
    await here.workers.rest()
    member_token = await here.token(own["member"])
    before = stored(mongo_client, settings, there.program)
    ways = paths()
    called: set[str] = set()
    wrong: list[tuple[Any, ...]] = []

    assert {"Member", "Activity", "Redemption", "Voucher", "ApiKey"} <= foreign.ids.keys()
    async with watched(mongo_client, settings, there.program) as touched:
        # Mutations come last: what they make here under a foreign name is this shop's own then.
        for coordinate, found in sorted(FIELDS.items(), key=lambda it: it[0].startswith("Mut")):
            type_ = coordinate.partition(".")[0]
            if not found.args:
                continue
            if type_ not in ways:
                wrong.append((coordinate, "cannot be called: tell this test how it is reached"))
                continue
            query = document(coordinate, ways[type_])
            has_ids = any("ID" in str(get_named_type(it.type)) for it in found.args.values())
            for way in range(len(foreign.ids) if has_ids else 6):
                call = Call(foreign, coordinate, way)
                arguments = call.arguments()
                for token in ("admin", member_token, "partner"):
                    await forget_failures(settings)  # what is tried here leads nowhere
                    answer = await asked(here, token, type_, query, arguments)
                    called |= {coordinate} if answered(answer) else set()
                    sent = set(walk(arguments))
                    for text in walk(answer.get("data")):
                        named = id_in(text)
                        if (named is not None and named.program == there.program) or (
                            text in foreign.texts and text not in sent
                        ):
                            wrong.append((coordinate, arguments, "shows", text))
                    is_read = type_ != "Mutation" and call.names_something_foreign
                    if is_read and not answer.get("errors") and not is_nothing(inner(answer)):
                        wrong.append((coordinate, arguments, "finds", inner(answer)))
    await here.workers.rest()

    assert wrong == []
    assert touched == []
    assert stored(mongo_client, settings, there.program) == before
    never = {it for it, found in FIELDS.items() if found.args} - called
    assert never == set(), "these were never let through to anything: tell this test how to call"


def answered(answer: dict[str, Any]) -> bool:
    """Tell whether a call was made, that is: not refused for its form or for missing rights."""
    errors = answer.get("errors", [])
    codes = {it["extensions"]["code"] for it in errors}
    assert codes <= REFUSED, answer
    return codes <= {"NOT_FOUND", "BAD_USER_INPUT"} and not any(
        "ariable" in it["message"] for it in errors
    )


async def asked(
    shop: Shop, token: str, type_: str, query: str, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Return an answer; of a subscription the first that comes, if one does."""
    if type_ != "Subscription":
        return await shop.ask(token, query, **arguments)
    async with shop.socket(token) as socket:
        await socket.init()
        await socket.subscribe(query, **arguments)
        try:
            async with asyncio.timeout(0.3):
                message = await socket.read()
        except TimeoutError:
            return {"data": None}
    if message["type"] == "error":
        return {"errors": message["payload"]}
    answer: dict[str, Any] = message.get("payload") or {}
    return answer
