"""Reporters who do as they are told: ask again until there is an answer, and often once too often.

Each remembers what it was promised: every id it sent has an answer at the end, so that what is
found afterwards can be compared with what was accepted.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx2

MEMBERS = 30
_PATIENCE_SECONDS = 15
_RECORD = """mutation Record($input: RecordActivitiesInput!) {
  recordActivities(input: $input) { receipts { activityId result reason } }
}"""
_TAKEN = frozenset({"PENDING", "ACCEPTED", "DUPLICATE", "REJECTED"})

Fields = dict[str, Any]


@dataclass(slots=True)
class Promised:
    """What was accepted: purchases by member in dollars, and how much of everything else."""

    spent: Counter[str] = field(default_factory=Counter)
    purchases: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    requests: int = 0
    repeats: int = 0
    failures: Counter[str] = field(default_factory=Counter)


class Reporter:
    """One client of several API processes."""

    def __init__(self, number: int, seed: int, ports: Sequence[int], key: str) -> None:
        self._name = f"r{number}"
        self._chance = Random(f"{seed}/{number}")
        self._addresses = [f"http://127.0.0.1:{port}/graphql" for port in ports]
        self._headers = {"authorization": f"Bearer {key}"}
        self._count = 0
        self.promised = Promised()

    async def work(self, until: asyncio.Event) -> None:
        """Report until told to end; what was begun is brought to its end."""
        limits = httpx2.Limits(max_connections=10)
        async with httpx2.AsyncClient(timeout=_PATIENCE_SECONDS, limits=limits) as client:
            while not until.is_set():
                activities = [self._draw() for _ in range(self._chance.randint(1, 20))]
                times = self._chance.choice([1, 1, 1, 2, 3])
                self.promised.repeats += times - 1
                await asyncio.gather(*(self._insist(client, activities) for _ in range(times)))
                self._note(activities)
                await asyncio.sleep(self._chance.uniform(0, 0.2))

    def _draw(self) -> Fields:
        self._count += 1
        member = f"m{self._chance.randrange(MEMBERS)}"
        activity: Fields = {
            "activityId": f"{self._name}-{self._count}",
            "member": {"externalId": member},
        }
        draw = self._chance.random()
        if draw < 0.9:
            ago = timedelta(days=1) - timedelta(seconds=self._chance.uniform(1, 8))
            at = (datetime.now(UTC) - ago).isoformat()
            amount = f"{self._chance.randint(1, 50)}.00"
            return {**activity, "type": "purchase", "at": at, "amount": amount}
        if draw < 0.95:
            return {**activity, "type": "race"}
        return {**activity, "type": "redemption", "data": {"item": "mug"}}

    async def _insist(self, client: httpx2.AsyncClient, activities: list[Fields]) -> None:
        """Send again until each activity has its answer."""
        body = {"query": _RECORD, "variables": {"input": {"activities": activities}}}
        while True:
            self.promised.requests += 1
            try:
                answer = await client.post(
                    self._chance.choice(self._addresses), json=body, headers=self._headers
                )
                said = answer.json()
            except (httpx2.HTTPError, ValueError) as error:
                self.promised.failures[type(error).__name__] += 1
            else:
                if not said.get("errors"):
                    receipts = said["data"]["recordActivities"]["receipts"]
                    assert {each["result"] for each in receipts} <= _TAKEN, receipts
                    return
                self.promised.failures[said["errors"][0]["extensions"].get("code", "?")] += 1
            await asyncio.sleep(self._chance.uniform(0.1, 0.6))

    def _note(self, activities: list[Fields]) -> None:
        for activity in activities:
            self.promised.ids.add(activity["activityId"])
            if activity["type"] == "purchase":
                member = activity["member"]["externalId"]
                self.promised.spent[member] += int(float(activity["amount"]))
                self.promised.purchases[member] += 1


def together(reporters: Sequence[Reporter]) -> Promised:
    """Return what all of them were promised."""
    whole = Promised()
    for each in (reporter.promised for reporter in reporters):
        whole.spent += each.spent
        whole.purchases += each.purchases
        whole.ids |= each.ids
        whole.requests += each.requests
        whole.repeats += each.repeats
        whole.failures += each.failures
    return whole
