"""What a partner's key reaches: the schema walked with it, in a shop where all else is telling.

Members' names, ids and attributes, and all that is another partner's, hold words that stand nowhere
else: where one of them is answered that was not sent, something leaks.
"""

import math
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from api.shop import ALL_SCOPES, DOCUMENT, Shop, forget_failures, open_shops
from api.test_isolation import (
    FIELDS,
    Call,
    Foreign,
    answered,
    asked,
    id_in,
    inner,
    is_nothing,
    own_step,
    walk,
)
from api.test_vouchers import take
from guerdon.api.ids import read_id
from guerdon.api.permissions import right_to
from guerdon.api.schema import schema
from guerdon.engine import keys, publish
from guerdon.engine.world import Role
from guerdon.settings import Settings

PARTNERS = "  partners:\n    cafe: {name: Café}\n"
# A rule that reads a member's attribute, and a reward of another partner.
TWO = """\
  partners:
    cafe: {name: Café}
    deli: {name: Delicatessen}
"""
RULES = "  rules:\n"
NOSY = """\
  rules:
    - {id: locals, activity: purchase, when: {member.town: telling-elsewhere}, wallet: miles, give: {fixed: 1}}
"""  # noqa: E501
REWARDS = "  rewards:\n"
HAM = """\
  rewards:
    ham: {name: Ham, wallet: stars, cost: 5, partner: deli, voucher: {valid: P30D}}
"""

OF_DELI = """{
    activity(activityId: "telling-sale") { id result }
    webhookEndpoints { id url topics disabled deliveries { edges { node { messageId } } } }
    webhookSources { id name path } }"""
FOLLOWED = frozenset({"Query", "Subscription", "Mutation"})


def partner_may(coordinate: str) -> bool:
    return right_to(coordinate).permits("partner", frozenset(ALL_SCOPES[Role.PARTNER]))


def partner_sees(coordinate: str) -> bool:
    """Tell whether a partner may ask for a field, and for anything of what it leads to."""
    named: Any = get_named_type(FIELDS[coordinate].type)
    behind = named.fields if isinstance(named, GraphQLObjectType) else {}
    return partner_may(coordinate) and (
        not behind or any(partner_may(f"{named.name}.{it}") for it in behind)
    )


def shown(type_: Any, depth: int = 4) -> str:
    """Return all that a partner may select of a type, as deep as that."""
    named: Any = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if isinstance(named, GraphQLObjectType):
        return f"{{ __typename {' '.join(fields(named, depth, {}))} }}"
    types = sorted(schema()._schema.get_possible_types(named), key=lambda it: it.name)
    taken: dict[str, str] = dict.fromkeys(getattr(named, "fields", {}), "")
    shared = " ".join(["__typename", *taken])
    parts = {it.name: " ".join(fields(it, depth, taken)) for it in types}
    return f"{{ {shared} {' '.join(f'... on {it} {{ {of} }}' for it, of in parts.items() if of)} }}"


def fields(type_: GraphQLObjectType, depth: int, taken: dict[str, str]) -> Iterator[str]:
    """Yield a selection of each field; another name where a type beside it has the name."""
    for name, found in sorted(type_.fields.items()):
        is_deep = depth > 0 or is_leaf_type(get_named_type(found.type))
        step = own_step(f"{type_.name}.{name}")
        if step is None or not is_deep or not partner_sees(f"{type_.name}.{name}"):
            continue
        if taken.get(name) == "":
            continue  # selected once, of all of them
        shape = f"{step} {found.type}"
        alias = "" if taken.setdefault(name, shape) == shape else f"{type_.name.lower()}_{name}: "
        yield f"{alias}{step} {shown(found.type, depth - 1)}"


def steps() -> dict[str, list[str]]:
    """Return how each type that has fields with arguments is reached with a partner's key."""
    found: dict[str, list[str]] = {it: [] for it in FOLLOWED}
    waiting = ["Query"]
    while waiting:
        type_ = waiting.pop(0)
        for coordinate, field in sorted(FIELDS.items()):
            named = get_named_type(field.type)
            step = own_step(coordinate)
            if (
                coordinate.startswith(f"{type_}.")
                and step
                and partner_sees(coordinate)
                and isinstance(named, GraphQLObjectType)
                and named.name not in found
            ):
                found[named.name] = [*found[type_], step]
                waiting.append(named.name)
    return found


def document(coordinate: str, around: list[str]) -> str:
    """Return a document that calls a field and selects all that may be seen of the answer."""
    type_, _, name = coordinate.partition(".")
    found = FIELDS[coordinate]
    declared = ", ".join(f"${key}: {it.type}" for key, it in found.args.items())
    passed = ", ".join(f"{key}: ${key}" for key in found.args)
    call = f"it: {name}{f'({passed})' if passed else ''} {shown(found.type)}"
    for step in reversed(around):
        call = f"{step} {{ {call} }}"
    kind = type_.lower() if type_ in {"Mutation", "Subscription"} else "query"
    return f"{kind}{f'({declared})' if declared else ''} {{ {call} }}"


def words(value: Any) -> Iterator[str]:
    """Yield every text in a value, and what its ids say."""
    for text in walk(value):
        named = id_in(text)
        yield text if named is None else f"{text} {named.key}"


class Telling:
    """A shop with two partners, and all in it that the cafe must not learn."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.foreign = Foreign(shop.program)
        self.secrets = {"telling-ada", "Telling Quill", "telling-town", "telling-street",
                        "telling-sale", "telling-slip", "telling-bill", "telling.example.com",
                        "telling-hook", "telling-card"}  # fmt: skip
        self.deli = ""

    async def live(self) -> None:
        """Have a member whose every trait is telling buy from the shop and from both partners."""
        shop = self.shop
        text = DOCUMENT.format(id=shop.program)
        for old, new in ((PARTNERS, TWO), (RULES, NOSY), (REWARDS, HAM)):
            assert old in text
            text = text.replace(old, new)
        await publish.publish(shop.world, text)
        self.deli, _ = await keys.create(
            shop.world, shop.program, name="telling-key", role=Role.PARTNER, partner="deli",
            scopes=ALL_SCOPES[Role.PARTNER],
        )  # fmt: skip
        member = await shop.enroll(
            "telling-ada",
            displayName="Telling Quill",
            attributes={"town": "telling-town", "street": "telling-street"},
            identities=[{"scheme": "card", "value": it} for it in ("4711", "telling-card")],
        )
        await shop.buy("telling-ada", "90", "telling-slip", data={"note": "telling-street"})
        number = {"identity": {"scheme": "card", "value": "telling-card"}}
        sale = {"activityId": "telling-sale", "type": "purchase", "member": number,
                "amount": "12", "ref": "telling-bill"}  # fmt: skip
        own = {**sale, "activityId": "own-sale", "ref": "own-bill"}
        own["member"] = {"identity": {"scheme": "card", "value": "4711"}}
        for token, it in ((self.deli, sale), ("partner", own)):
            (receipt,) = (await shop.record(it, token=token))["receipts"]
            assert receipt["result"] == "ACCEPTED"
        ham = await take(shop, "ham", "telling-r1", who="telling-ada")
        coffee = await take(shop, "coffee", "own-r1", who="telling-ada")
        (voucher,), (mine,) = ham["vouchers"], coffee["vouchers"]
        await shop.get(
            self.deli,
            "mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i)"
            " { problems { code } } }",
            i={"url": "https://telling.example.com/hooks", "topics": ["*"]},
        )
        found = await self.of_deli()
        self.secrets |= {voucher["code"], read_id(member["id"]).key}
        self.foreign.ids = {
            "Member": member["id"],
            "Redemption": ham["id"],
            "Voucher": voucher["id"],
            "Activity": found["activity"]["id"],
            "WebhookEndpoint": found["webhookEndpoints"][0]["id"],
        }
        self.foreign.texts = {"telling-ada", "telling-sale", "telling-slip", "telling-card",
                              "4711", "own-sale", voucher["code"], mine["code"]}  # fmt: skip

    async def of_deli(self) -> Any:
        """Return what the other partner sees of its own."""
        return await self.shop.get(self.deli, OF_DELI)

    def leaks(self, answer: Any, sent: Any) -> list[str]:
        """Return what an answer tells that the question did not."""
        asked_for = " ".join(words(sent))
        return [
            text
            for text in words(answer)
            for secret in self.secrets
            if secret in text and secret not in asked_for
        ]


@pytest.fixture
async def telling(settings: Settings) -> Any:
    given = settings.model_copy(update={"partner_units_per_second": 0.0})
    async with open_shops(given, f"telling_{uuid.uuid4().hex[:8]}") as (shop,):
        made = Telling(shop)
        await made.live()
        yield made


async def test_a_partners_key_reaches_no_members_traits_and_nothing_of_another_partner(
    telling: Telling, settings: Settings
) -> None:
    shop, foreign = telling.shop, telling.foreign
    before = await telling.of_deli()
    reached = steps()
    many = math.lcm(3, len(foreign.texts))  # each text in each form of a reference
    wrong: list[tuple[Any, ...]] = []
    refused: dict[str, Any] = {}
    called: set[str] = set()
    open_to_it = {
        it for it in FIELDS
        if it.partition(".")[0] in reached and partner_sees(it)
        and (FIELDS[it].args or it.partition(".")[0] in FOLLOWED)
    }  # fmt: skip

    # Mutations come last: what they make here under a telling name is the cafe's own then.
    for coordinate in sorted(open_to_it, key=lambda it: (it.startswith("Mut"), it)):
        type_ = coordinate.partition(".")[0]
        query = document(coordinate, reached[type_])
        for way in range(2 if type_ == "Subscription" else many if FIELDS[coordinate].args else 1):
            call = Call(foreign, coordinate, way)
            sent = call.arguments()
            await forget_failures(settings)  # what is tried here leads nowhere
            answer = await asked(shop, "partner", type_, query, sent)
            called |= {coordinate} if answered(answer) else set()
            refused[coordinate] = answer
            wrong += [(coordinate, sent, it) for it in telling.leaks(answer, sent)]
            if coordinate in {"Query.node", "Query.nodes"} and not is_nothing(inner(answer)):
                wrong.append((coordinate, sent, inner(answer)))
    await shop.workers.rest()

    assert wrong == []
    never = {it: refused[it] for it in open_to_it - called}
    assert never == {}, "these were never let through: tell this test how to call"
    assert await telling.of_deli() == before


async def test_the_walk_would_see_what_leaks(telling: Telling) -> None:
    query = '{ it: member(ref: {externalId: "telling-ada"}) { id displayName } }'
    seen = await telling.shop.ask("service", query)

    assert len(telling.leaks(seen, {"externalId": "telling-ada"})) == 2
    assert telling.leaks(seen, [seen, "Telling Quill"]) == []
