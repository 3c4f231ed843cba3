"""What a version drops: it stops where it is, and stays readable under its name."""

from api.shop import DOCUMENT, Shop
from guerdon.engine import publish

LADDERS = DOCUMENT[DOCUMENT.index("  ladders:") : DOCUMENT.index("  missions:")]
GONE = (
    LADDERS,
    "    spent: {{name: Spent, activity: purchase, sum: net}}\n",
    "    all_time: {{name: All time, counter: spent, window: lifetime, ties: earliest}}\n",
)
ASKED = """{ member(ref: {externalId: "ada"}) {
    tier(ladder: "status") { id tier { slug } next { slug } missing ladder { slug } }
    counters(slugs: ["visits", "spent", "nothing"]) { slug value }
    tiers { tier { slug } } } }"""


async def test_tiers_and_counters_that_were_reached_stay_readable_when_a_version_drops_them(
    shop: Shop,
) -> None:
    await shop.enroll("ada")
    await shop.buy("ada", "120.00", "p1")
    before = (await shop.get("service", ASKED))["member"]

    text = DOCUMENT
    for noun in GONE:
        text = text.replace(noun, "")
    await publish.publish(shop.world, text.format(id=shop.program))
    await shop.buy("ada", "7.00", "p2")

    after = (await shop.get("service", ASKED))["member"]
    assert after["tier"] == {**before["tier"], "next": None, "missing": None}
    assert after["tier"]["tier"] == {"slug": "gold"}
    assert after["counters"] == [
        {"slug": "visits", "value": "2"},
        {"slug": "spent", "value": "120.00"},
    ]
    assert after["tiers"] == []
    node = await shop.get(
        "service", "query($id: ID!) { node(id: $id) { id } }", id=after["tier"]["id"]
    )
    assert node["node"] == {"id": after["tier"]["id"]}
