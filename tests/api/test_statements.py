import re
from typing import Any

from api.shop import Shop
from api.test_vouchers import another_partner, take
from guerdon.core.activity import Instant
from guerdon.engine import statements
from guerdon.engine.records import Issued

STATEMENTS = """query($partner: String, $first: Int, $after: String) {
    statements(partner: $partner, first: $first, after: $after) {
      edges { cursor node { id from to pointsIssued pointsRedeemed balance currency state hash
        lineCount partner { slug } lines { proof activityId type member pointsRedeemed amount } } }
      pageInfo { hasNextPage } } }"""


async def settled(shop: Shop) -> Issued:
    """Let the partner honour two coffees, and issue a statement of this hour."""
    await shop.enroll("ada")
    await shop.buy("ada", "100.00", "p1")
    await take(shop, "coffee", "r1", quantity=2)
    now = shop.world.clock()
    begin, end = Instant(now - 3_600_000), Instant(now + 60_000)
    rulebook = await shop.world.rulebooks.get(shop.program)
    lines = [it async for it in statements.lines_between(shop.world, rulebook, "cafe", begin, end)]
    issued = Issued(
        partner="cafe", begin=begin, end=end, issued="0", redeemed="10", balance=-25, until="-1/4",
        lines=len(lines), digest=statements.digest_of(lines), issued_at=now,
    )  # fmt: skip
    assert await shop.world.statements.add(shop.program, issued)
    return issued


async def ask(shop: Shop, token: str, **given: Any) -> list[Any]:
    found = await shop.get(token, STATEMENTS, **given)
    return [it["node"] for it in found["statements"]["edges"]]


async def test_a_partner_reads_its_own_statements_and_no_others(shop: Shop) -> None:
    issued = await settled(shop)
    (own,) = await ask(shop, "partner")
    (owners,) = await ask(shop, "service")
    deli = await another_partner(shop)
    node = "query($id: ID!) { node(id: $id) { id } }"

    assert own == owners
    assert own["partner"] == {"slug": "cafe"}
    assert (own["pointsRedeemed"], own["balance"], own["state"]) == ("10", "-0.25", "ISSUED")
    assert (own["hash"], own["lineCount"]) == (issued.digest, 1)
    (line,) = own["lines"]
    assert (line["type"], line["activityId"], line["pointsRedeemed"]) == ("redemption", None, "10")
    assert not re.search(r"\bada\b", repr(own)), "as a word: a digest may hold these letters"
    assert await ask(shop, deli) == []
    assert await ask(shop, deli, partner="cafe") == []
    assert await ask(shop, "partner", partner="deli") == []
    assert (await shop.get("partner", node, id=own["id"]))["node"] == {"id": own["id"]}
    assert (await shop.get(deli, node, id=own["id"]))["node"] is None
    ada = await shop.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    token = await shop.token(ada["member"]["id"])
    assert await shop.code(token, "{ statements { edges { cursor } } }") == "FORBIDDEN"


async def test_a_partner_objects_to_a_line_once(shop: Shop) -> None:
    await settled(shop)
    (own,) = await ask(shop, "partner")
    dispute = """mutation($i: DisputeStatementInput!) { disputeStatement(input: $i) {
        statement { state hash } problems { code path } } }"""
    good = {"id": own["id"], "lines": [own["lines"][0]["proof"]], "reason": "Not ours."}
    wrong = await shop.get("partner", dispute, i={**good, "lines": ["1-99"]})
    other = await shop.get(await another_partner(shop), dispute, i=good)
    right = await shop.get("partner", dispute, i=good)

    assert wrong["disputeStatement"]["problems"] == [{"code": "NOT_FOUND", "path": ["lines"]}]
    assert other["disputeStatement"]["problems"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    assert right["disputeStatement"]["problems"] == []
    assert right["disputeStatement"]["statement"] == {"state": "DISPUTED", "hash": own["hash"]}
    assert await shop.code("service", dispute, i=good) == "FORBIDDEN"
