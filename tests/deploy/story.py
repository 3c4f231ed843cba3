"""One day of a program, told to a running installation by GraphQL alone, over real ports.

It publishes, makes a key, enrolls, records and redeems, and follows a member over a socket
meanwhile. The same story is told to the image, to what its Dockerfile makes without an engine, and
to the compose file; whoever tells it has made the program and its admin key before.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_SECONDS = 60
SUBPROTOCOL = Subprotocol("graphql-transport-ws")
MEMBER = {"externalId": "ann"}
BUYS = 5
REWARD = "tote_bag"

PUBLISH = """mutation($i: PublishProgramInput!) { publishProgram(input: $i) {
  program { name } changes { sentence } problems { message } } }"""
KEY = """mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) {
  secret problems { message } } }"""
ENROLL = """mutation($i: EnrollMemberInput!) { enrollMember(input: $i) { problems { message } } }"""
RECORD = """mutation($i: RecordActivitiesInput!) { recordActivities(input: $i) {
  receipts { result } problems { message } } }"""
REDEEM = """mutation($i: RedeemRewardInput!) { redeemReward(input: $i) { problems { message } } }"""
FOLLOW = """subscription($m: MemberRef!) { memberUpdates(member: $m) {
  activity { type activityId } } }"""
BOARD = """subscription { leaderboardUpdates(slug: "month", first: 1) { total } }"""


class Installation:
    """An installation that answers at an address, spoken to with one key."""

    def __init__(self, address: str, key: str) -> None:
        self.address, self.key = address, key

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return what an operation answers; an error of GraphQL is a failure of the test."""
        answer = httpx2.post(
            f"http://{self.address}/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.key}"},
            timeout=PATIENCE_SECONDS,
        )
        found: dict[str, Any] = answer.json()
        assert answer.status_code == 200, found
        assert "errors" not in found, found
        data: dict[str, Any] = found["data"]
        (outcome,) = data.values()
        assert not outcome.get("problems"), found
        return dict(outcome)

    @contextmanager
    def following(self, query: str, **variables: Any) -> Iterator[ClientConnection]:
        """Hold a socket that has subscribed, and whose server has heard it."""
        with connect(f"ws://{self.address}/graphql", subprotocols=[SUBPROTOCOL]) as socket:
            init = {"type": "connection_init", "payload": {"authorization": f"Bearer {self.key}"}}
            socket.send(json.dumps(init))
            assert message(socket) == {"type": "connection_ack"}
            payload = {"query": query, "variables": variables}
            socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            # Messages are answered in order, so that a pong says that the subscription was heard.
            socket.send(json.dumps({"type": "ping"}))
            assert message(socket) == {"type": "pong"}
            yield socket


def message(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message of the protocol's."""
    while True:
        found: dict[str, Any] = json.loads(socket.recv(timeout=PATIENCE_SECONDS))
        if found["type"] != "ping":
            return {name: it for name, it in found.items() if name != "payload" or it}


def tell(address: str, admin: str, document: str) -> None:
    """Tell the whole story, and hold every answer against what must come of it."""
    owner = Installation(address, admin)
    renamed = document.replace("name: Groove Records", "name: Groove Records & Tea")
    published = owner.ask(PUBLISH, i={"document": renamed})
    assert published["program"]["name"] == "Groove Records & Tea"
    assert len(published["changes"]) == 1
    scopes = ["activities:write", "members:read", "members:write"]
    made = owner.ask(KEY, i={"name": "till", "role": "SERVICE", "scopes": scopes})

    till = Installation(address, made["secret"])
    till.ask(ENROLL, i=MEMBER)
    with till.following(FOLLOW, m=MEMBER) as socket:
        for number in range(BUYS):
            purchase = {
                "activityId": f"p{number}",
                "type": "purchase",
                "member": MEMBER,
                "amount": "90.00",
            }
            outcome = till.ask(RECORD, i={"wait": "DECIDED", "activities": [purchase]})
            assert outcome["receipts"] == [{"result": "ACCEPTED"}]
        till.ask(REDEEM, i={"member": MEMBER, "reward": REWARD, "redemptionId": "r1"})
        heard = [message(socket)["payload"]["data"]["memberUpdates"] for _ in range(BUYS + 1)]
    assert [it["activity"]["type"] for it in heard] == ["purchase"] * BUYS + ["redemption"]
    with till.following(BOARD) as socket:
        # It follows the journal at its own pace.
        while message(socket)["payload"]["data"]["leaderboardUpdates"]["total"] != 1:
            pass
