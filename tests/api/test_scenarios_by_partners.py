"""Scenarios with other brands in them, reported through the public API with the partners' own keys.

Whatever a scenario says of a partner is sent by that partner, under the numbers that it knows; the
owner's key sends the rest. Everything that the scenario expects must come true.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.shop import ALL_SCOPES, served
from engine.test_rehearsals import complaint
from guerdon.api.ids import read_id
from guerdon.core.accounting import balances, shown
from guerdon.core.activity import Instant
from guerdon.engine import keys, read, statements, vouchers
from guerdon.engine.inputs import ActivityInput, Identity, MemberRef
from guerdon.engine.outcomes import Receipt
from guerdon.engine.outcomes import Result as Outcome
from guerdon.engine.rehearsal import Stage, play
from guerdon.engine.world import Role, World
from guerdon.program.scenario import Scenario
from guerdon.settings import Settings
from guerdon.wiring import build, prepare
from scenario_files import EXAMPLES, SHARED, STORIES, scenario_of
from worlds import settings_for

NAMES = {
    "coalition.scenario.yaml",
    "cashback-portal.scenario.yaml",
    "outfitter.scenario.yaml",
    "agreements.yaml",
    "coalition.yaml",
    "spend_based.yaml",
}
SCENARIOS = [path for path in (*EXAMPLES, *STORIES, *SHARED) if path.name in NAMES]

RECORD = """mutation Record($i: RecordActivitiesInput!) { recordActivities(input: $i) {
    receipts { activityId result reason } problems { code } } }"""
REDEEM = """mutation Redeem($i: RedeemRewardInput!) { redeemReward(input: $i) {
    problems { code } } }"""
CANCEL = """mutation Cancel($i: CancelRedemptionInput!) { cancelRedemption(input: $i) {
    problems { code } } }"""
LINK = """mutation Link($i: LinkIdentityInput!) { linkIdentity(input: $i) { problems { code } } }"""
USE = """mutation Use($i: UseVoucherInput!) { useVoucher(input: $i) { problems { code } } }"""
WALLETS = """query Wallets { members(first: 100) { edges { node {
    id externalId wallets { slug spendable pending debt redeemed } } } } }"""
STATEMENTS = """query Statements { viewer { partner { slug } }
    statements(first: 100) { edges { node { partner { slug } balance } } } }"""


class Tills(Stage):
    """A stage where everything is reported by requests to the API."""

    def __init__(self, world: World, scenario: Scenario, settings: Settings) -> None:
        assert scenario.program is not None
        self.program = scenario.program
        super().__init__(world, self.program.id)
        self.settings = settings
        self.open = AsyncExitStack()
        self.http: httpx2.AsyncClient
        self.keys: dict[str, str] = {}
        self.sent: dict[str, int] = {}
        self.guests = {
            (it.activity.partner, it.activity.member)
            for it in scenario.activities
            if it.activity.partner and it.activity.member and it.external is None
        }

    async def prepare(self) -> None:
        """Open the API, and make a key for the owner and for each partner."""
        await super().prepare()
        _, self.http, _ = await self.open.enter_async_context(served(self.world, self.settings))
        for slug in ("", *self.program.partners):
            role = Role.PARTNER if slug else Role.ADMIN
            self.keys[slug], _ = await keys.create(
                self.world,
                self.program.id,
                name=slug or "owner",
                role=role,
                scopes=ALL_SCOPES[role],
                partner=slug or None,
            )

    async def ask(self, who: str, query: str, **variables: Any) -> Any:
        """Return the data of an answer to the key of a partner, or to the owner's."""
        asking = self.http.post(
            "/graphql",
            content=json.dumps({"query": query, "variables": variables}, default=_number),
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {self.keys[who]}",
            },
        )
        answer = (await self._answered(asking)).json()
        assert "errors" not in answer, answer["errors"]
        self.sent[who] = self.sent.get(who, 0) + 1
        return answer["data"]

    async def _answered(self, asking: Coroutine[Any, Any, httpx2.Response]) -> httpx2.Response:
        """Decide what waits until there is an answer, which may wait for a decision itself."""
        task = asyncio.ensure_future(asking)
        while not task.done():
            await self._drain()
            await asyncio.wait({task}, timeout=0.01)
        return task.result()

    # ------------------------------------------------------------ reporting

    async def report(self, given: ActivityInput) -> Receipt:
        """Send an activity by whoever it is of, the way that a client would."""
        before = self._results.get(given.id)
        now = given.at == self.world.clock()
        if now and before is None and given.partner is None:
            if given.type == "redemption" and set(given.data) <= {"item", "qty", "value", "wallet"}:
                return await self._redeem(given)
            if given.type == "redemption_cancelled" and set(given.data) == {"of"}:
                return await self._cancel(given)
            if given.type == "identity_linked":
                return await self._link(given)
            if given.type == "voucher_used":
                return await self._use(given)
        who = given.partner if given.partner and given.type not in _OWNERS else ""
        receipt = await self._record(given, who)
        if given.type == "enrollment" and given.member is not None:
            for slug, name in sorted(self.guests):
                if name == given.member.external_id:
                    identity = {"scheme": _guest_of(slug), "value": name}
                    await self._change("", LINK, "linkIdentity", f"link.{slug}.{name}", {
                        "member": {"externalId": name}, "identity": identity,
                    })  # fmt: skip
        return receipt

    async def _record(self, given: ActivityInput, who: str) -> Receipt:
        member = given.member
        if who and member is not None and member.external_id is not None:
            member = MemberRef(identity=Identity(_guest_of(who), member.external_id))
        activity: dict[str, Any] = {
            "activityId": given.id,
            "type": given.type,
            "at": None if given.at is None else _text(given.at),
            "member": _member(member),
            "partner": None if who else given.partner,
            "ref": given.ref,
            "amount": given.amount,
            "lines": _lines(given),
            "data": dict(given.data) or None,
        }
        sent = {name: it for name, it in activity.items() if it is not None}
        answer = await self.ask(who, RECORD, i={"activities": [sent]})
        (receipt,) = answer["recordActivities"]["receipts"]
        return Receipt(
            activity_id=given.id,
            result=Outcome(receipt["result"].lower()),
            reason=receipt["reason"],
            reporter=_reporter(who),
        )

    async def _redeem(self, given: ActivityInput) -> Receipt:
        data = given.data
        sent = {
            "redemptionId": given.id,
            "member": _member(given.member),
            "reward": data["item"],
            "quantity": int(Decimal(str(data.get("qty", 1)))),
            "value": data.get("value"),
            "wallet": data.get("wallet"),
        }
        return await self._change("", REDEEM, "redeemReward", given.id, sent, names_id=True)

    async def _cancel(self, given: ActivityInput) -> Receipt:
        sent = {"redemptionId": given.data["of"]}
        return await self._change("", CANCEL, "cancelRedemption", given.id, sent)

    async def _link(self, given: ActivityInput) -> Receipt:
        identity = {name: given.data[name] for name in ("scheme", "value")}
        sent = {"member": _member(given.member), "identity": identity}
        return await self._change("", LINK, "linkIdentity", given.id, sent)

    async def _use(self, given: ActivityInput) -> Receipt:
        """Show the voucher's code at the till of whoever honours it."""
        assert given.member is not None
        member = await read.find(self.world, self._caller, given.member)
        assert member is not None
        name = str(given.data["voucher"])
        held = (await vouchers.held_by(self.world, self.program.id, member))[name]
        rulebook = await self.world.rulebooks.get(self.program.id)
        code = await vouchers.code_for(
            self.world, self.program.id, member=member, name=name, voucher=held
        )
        who = rulebook.partner_of(held.kind) or ""
        return await self._change(who, USE, "useVoucher", given.id, {"code": code})

    async def _change(
        self,
        who: str,
        query: str,
        field: str,
        activity_id: str,
        sent: dict[str, Any],
        *,
        names_id: bool = False,
    ) -> Receipt:
        """Call a mutation that waits for its decision, and hold its answer against the journal."""
        given = {name: it for name, it in sent.items() if it is not None}
        if not names_id:
            given["activityId"] = activity_id
        problems = (await self.ask(who, query, i=given))[field]["problems"]
        codes = [problem["code"] for problem in problems]
        receipt = Receipt(activity_id=activity_id, result=Outcome.PENDING, reporter=_reporter(who))
        found = await read.activities(self.world, self.program.id, [receipt.key])
        if receipt.key not in found:
            assert codes, f"{field} of {activity_id} is nowhere in the journal"
            return Receipt(
                activity_id=activity_id,
                result=Outcome.REJECTED,
                reason=codes[0].lower(),
                reporter=receipt.reporter,
            )
        reason = found[receipt.key].reason
        assert codes == ([reason.upper()] if reason else []), activity_id
        return receipt

    def move(self, to: Instant) -> None:
        """Let it be another time."""
        self._clock.now = to


_OWNERS = frozenset({"redemption", "redemption_cancelled", "enrollment", "identity_linked"})
"""What no partner's key may report: the partner is named by the owner's."""


def _guest_of(partner: str | None) -> str:
    """Return the scheme under which a partner knows those whom the scenario names by id."""
    return f"guest_of_{partner}"


def _reporter(who: str) -> str:
    return f"partner:{who}" if who else "service"


def _member(ref: MemberRef | None) -> dict[str, Any] | None:
    if ref is None:
        return None
    if ref.identity is not None:
        return {"identity": {"scheme": ref.identity.scheme, "value": ref.identity.value}}
    return {"externalId": ref.external_id}


def _lines(given: ActivityInput) -> list[dict[str, Any]] | None:
    if given.lines is None:
        return None
    found = []
    for line in given.lines:
        named = {name: getattr(line, name) for name in ("sku", "category", "brand")}
        sent = {**named, "amount": line.amount, "data": dict(line.data) or None}
        found.append({name: it for name, it in sent.items() if it is not None})
    return found


def _text(at: Instant) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(value: object) -> object:
    assert isinstance(value, Decimal)
    return int(value) if value == value.to_integral_value() else float(value)


# ---------------------------------------------------------------- playing


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    """Settings of an installation of its own: a stage lets time pass for all that is there."""
    return settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, lanes=3)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """An empty World."""
    await prepare(settings)
    world = build(settings, at_work=True)
    yield world
    await world.close()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
async def test_a_scenario_comes_true_when_each_partner_reports_its_own(
    path: Path, world: World, settings: Settings
) -> None:
    scenario = scenario_of(path)
    tills = Tills(world, scenario, settings)
    async with tills.open:
        report = await play(tills, scenario)
        assert report.checks == len(scenario.expectations) > 0
        assert report.is_ok, complaint(report)
        reported = {it.activity.partner for it in scenario.activities if it.activity.partner}
        owners = {it.activity.partner for it in scenario.activities if it.activity.type in _OWNERS}
        assert reported - owners <= set(tills.sent)
        await shows_what_is_stored(tills)
        await settles(tills)


async def shows_what_is_stored(tills: Tills) -> None:
    """See that the API shows of each member's wallets what the ledger has."""
    stored = (await tills.look()).memory
    people = (await tills.ask("", WALLETS))["members"]["edges"]
    assert people
    for person in (edge["node"] for edge in people):
        standing = stored.standings[read_id(person["id"]).key]
        for shown_ in person["wallets"]:
            held = standing.wallets.get(shown_["slug"])
            scale = tills.program.wallets[shown_["slug"]].scale
            for figure in ("spendable", "pending", "debt", "redeemed"):
                minor = Decimal(shown_[figure]).scaleb(scale)
                assert minor == (getattr(held, figure) if held else 0), (person, figure)


async def settles(tills: Tills) -> None:
    """See that each partner reads its own statements, and that they add up to its account."""
    stored = (await tills.look()).memory
    accounts = balances(tills.program, stored.settlement)
    tills.move(Instant(tills.world.clock() + 62 * 86_400_000))
    await statements.issue_due(tills.world, tills.program.id)
    for slug in tills.program.partners:
        answer = await tills.ask(slug, STATEMENTS)
        found = [edge["node"] for edge in answer["statements"]["edges"]]
        assert {it["partner"]["slug"] for it in found} <= {slug}
        total = sum((Decimal(it["balance"]) for it in found), Decimal(0))
        scale = tills.program.money_scale
        assert total.scaleb(scale) == shown(accounts[slug], scale), slug
