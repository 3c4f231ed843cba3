"""docs/partners.md as a new partner's developer follows it: word for word, against `make demo`.

Nothing is known but what the demo prints and the page says; the member on the other side redeems.
"""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from docs.blocks import DOCS
from guerdon.embedded.ports import free_ports
from running import PATIENCE_SECONDS, Guerdon, running

TEXT = (DOCS / "partners.md").read_text(encoding="utf-8")
DOCUMENTS = {
    str(re.search(r"\b(?:query|mutation|subscription) (\w+)", block)[1]): block  # type: ignore[index]
    for block in re.findall(r"```graphql\n(.*?)```", TEXT, flags=re.DOTALL)
}
(HOOKS,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
REDEEM = """mutation Redeem($input: RedeemRewardInput!) { redeemReward(input: $input) {
    redemption { state vouchers { code } } problems { code } } }"""
redemptions = (f"r{number}" for number in count())


@pytest.fixture(scope="module")
def guerdon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guerdon]:
    """What `make demo` starts; Anouk can afford whatever there is."""
    with running(tmp_path_factory.mktemp("demo"), "--sample") as demo:
        gift = {
            "activityId": "gift",
            "member": {"externalId": "anouk"},
            "wallet": "points",
            "amount": "5000",
            "reason": "for the tests",
        }
        query = """mutation Gift($input: AdjustPointsInput!) {
            adjustPoints(input: $input) { problems { code } } }"""
        given = demo.ask(query, {"input": gift}, role="admin")
        assert given == {"adjustPoints": {"problems": []}}
        yield demo


def send(guerdon: Guerdon, name: str, **variables: Any) -> Any:
    """Send a document of the page as the partner."""
    return guerdon.ask(DOCUMENTS[name], variables, role="partner")


def redeem(guerdon: Guerdon, reward: str) -> list[str]:
    """Let Anouk redeem, as on the left of the partner's page; return the vouchers' codes."""
    asked = {"redemptionId": next(redemptions), "reward": reward}
    answer = guerdon.ask(REDEEM, {"input": {**asked, "member": {"externalId": "anouk"}}})
    assert answer["redeemReward"]["problems"] == []
    return [it["code"] for it in answer["redeemReward"]["redemption"]["vouchers"]]


def follow(
    guerdon: Guerdon, number: int, meanwhile: Callable[[], None], after: str | None = None
) -> list[dict[str, Any]]:
    """Return the first updates that the page's subscription tells of, over SSE."""
    request = urllib.request.Request(
        guerdon.ready["graphql"],
        data=json.dumps({"query": DOCUMENTS["Follow"], "variables": {"after": after}}).encode(),
        headers={
            "accept": "text/event-stream",
            "content-type": "application/json",
            "authorization": f"Bearer {guerdon.ready['keys']['partner']}",
        },
    )
    found: list[dict[str, Any]] = []
    with urllib.request.urlopen(request, timeout=60) as lines:
        meanwhile()
        for line in lines:
            if line.startswith(b"data: {"):
                found.append(json.loads(line.removeprefix(b"data: "))["data"]["redemptionUpdates"])
            if len(found) == number:
                break
    return found


def test_a_partner_comes_from_its_key_to_its_first_voucher_by_the_page_alone(
    guerdon: Guerdon,
) -> None:
    me = send(guerdon, "Me")["viewer"]
    before = send(guerdon, "MyRewards")["viewer"]["partner"]["rewards"]["edges"]
    stocked = send(guerdon, "Stock")["stockReward"]
    reported = send(guerdon, "Report")["recordActivities"]
    member = send(guerdon, "Member")["membership"]
    (own,) = redeem(guerdon, "breakfast")
    (code,) = redeem(guerdon, "coffee")
    used = send(guerdon, "Use", code=code)["useVoucher"]
    statements = send(guerdon, "Statements")["statements"]

    assert (me["role"], me["partner"]["slug"]) == ("PARTNER", "cafe")
    assert {it["node"]["slug"]: it["node"]["codesLeft"] for it in before} == {
        "breakfast": 0,
        "coffee": None,
        "table": None,
    }
    assert (stocked["added"], stocked["repeated"], stocked["problems"]) == (2, [3], [])
    assert [it["result"] for it in reported["receipts"]] == ["ACCEPTED", "PARKED"]
    assert member["tiers"]
    assert own in {"CAFE-1", "CAFE-2"}
    assert used["problems"] == []
    assert (used["voucher"]["kind"], used["voucher"]["state"]) == ("coffee", "USED")
    assert statements["edges"] == []
    assert send(guerdon, "Left")["viewer"]["partner"]["allowances"] == [
        {"direction": "ISSUES", "basis": "LIMIT", "size": "50000", "left": "49975", "low": "5000"}
    ]


def test_the_first_request_of_the_page_is_answered(guerdon: Guerdon) -> None:
    (body,) = re.findall(r"-d '(\{\"query\".*?\})'", TEXT)

    answer = guerdon.ask(json.loads(body)["query"], role="partner")

    assert answer["viewer"]["partner"]["slug"] == "cafe"


def test_what_waits_for_the_partner_is_followed_and_answered_as_the_page_says(
    guerdon: Guerdon,
) -> None:
    def thrice() -> None:
        for _ in range(3):  # the first may come before the subscription has begun
            redeem(guerdon, "table")

    (first,) = follow(guerdon, 1, thrice)
    (second,) = follow(guerdon, 1, lambda: None, first["cursor"])
    fulfilled = send(guerdon, "Fulfil", id=first["redemption"]["id"])["fulfilRedemption"]
    refused = send(guerdon, "Refuse", id=second["redemption"]["id"])["refuseRedemption"]

    assert first["redemption"]["state"] == second["redemption"]["state"] == "PENDING"
    assert (fulfilled["redemption"]["state"], fulfilled["problems"]) == ("ISSUED", [])
    assert refused["redemption"] == {"state": "FAILED", "reason": "fully booked"}


def test_a_reward_is_stocked_and_switched_as_the_page_says(guerdon: Guerdon) -> None:
    first = send(guerdon, "Add")["stockReward"]
    again = send(guerdon, "Add")["stockReward"]
    off = send(guerdon, "Offer", onSale=False)["offerReward"]
    wanted = {"redemptionId": "off", "reward": "table", "member": {"externalId": "anouk"}}
    refused = guerdon.ask(REDEEM, {"input": wanted})["redeemReward"]["problems"]
    on = send(guerdon, "Offer", onSale=True)["offerReward"]

    assert first["problems"] == []
    assert first["added"] == 12
    assert again == first
    assert first["reward"]["stock"] >= 12
    assert [it["reward"] for it in (off, on)] == [
        {"slug": "table", "onSale": False}, {"slug": "table", "onSale": True},
    ]  # fmt: skip
    assert refused == [{"code": "OFF_SALE"}]


@contextmanager
def hooks(folder: Path, port: int, secret: str) -> Iterator[Path]:
    """Run the page's receiver on a free port; give the file that it prints into."""
    script, output = folder / "hooks.py", folder / "output"
    script.write_text(HOOKS.replace("3000", str(port)))
    with output.open("wb") as log:
        running_ = subprocess.Popen(
            [sys.executable, script], stdout=log, stderr=subprocess.STDOUT, env={"SECRET": secret}
        )
    try:
        yield output
    finally:
        running_.kill()
        running_.wait()


def test_a_webhook_arrives_at_the_pages_program_and_is_verified(
    guerdon: Guerdon, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    listen = DOCUMENTS["Listen"].replace("3000", str(port))
    made = guerdon.ask(listen, role="partner")["createWebhookEndpoint"]
    assert made["problems"] == []

    with hooks(tmp_path, port, made["secret"]) as output:
        redeem(guerdon, "coffee")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "redemption.issued" not in output.read_text():
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)

    assert "'reward': 'coffee'" in output.read_text()
    assert "Traceback" not in output.read_text()


def test_every_document_of_the_page_is_sent_by_a_test() -> None:
    assert set(DOCUMENTS) == {
        "Me", "MyRewards", "Stock", "Report", "Member", "Use", "Fulfil", "Refuse", "Follow",
        "Left", "Listen", "Statements", "Add", "Offer",
    }  # fmt: skip
