"""What clients of a shop send, drawn from a seed: all that changes who is who and who has what."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from mutations import Request, mutation

_AMOUNTS = ("5", "20", "49.99", "50", "80", "100")
_COUNTRIES = ("NL", "DE", "FR")
_MEMBER = "member { externalId }"
_DONE = "activity { result }"
_REDEEMED = "redemption { state }"


class Deeds:
    """One client's requests, in order; its members, cards and receipts are nobody else's.

    Purchases lie one to four months before `today`, so that what they bring expires in time.
    """

    def __init__(self, seed: int, number: int, today: datetime) -> None:
        self._chance = Random(f"{seed}/{number}")
        self._own = f"t{number}-"
        self._today = today
        self._count = 0
        self._members = [f"{self._own}{letter}" for letter in "abcde"]
        self._cards = [f"{self._own}card{count}" for count in range(4)]
        self._purchases: list[tuple[str, dict[str, Any]]] = []
        self._redemptions: list[str] = []
        self._kinds: dict[Callable[[], Request], int] = {
            self._record: 40,
            self._redeem: 12,
            self._enroll: 10,
            self._update: 8,
            self._link: 8,
            self._fulfil: 5,
            self._cancel: 5,
            self._adjust: 5,
            self._merge: 3,
            self._join: 3,
            self._award: 2,
            self._erase: 1,
        }

    def draw(self) -> Request:
        """Return the next request."""
        (kind,) = self._chance.choices(list(self._kinds), list(self._kinds.values()))
        return kind()

    def _id(self) -> str:
        self._count += 1
        return f"{self._own}{self._count}"

    def _by(self) -> dict[str, Any]:
        return {"externalId": self._chance.choice(self._members)}

    def _card(self) -> dict[str, str]:
        return {"scheme": "card", "value": self._chance.choice(self._cards)}

    def _ref(self) -> dict[str, Any]:
        return {"identity": self._card()} if self._chance.random() < 0.25 else self._by()

    # ------------------------------------------------------------ activities

    def _record(self) -> Request:
        activities = [self._activity() for _ in range(self._chance.randint(1, 6))]
        wait = self._chance.choice(["DECIDED", "ACCEPTED"])
        answer = "receipts { result reason }"
        return mutation("recordActivities", answer, activities=activities, wait=wait)

    def _activity(self) -> dict[str, Any]:
        chance = self._chance
        draw = chance.random()
        activity: dict[str, Any] = {"activityId": self._id()}
        if draw > 0.8 and self._purchases:
            original, member = chance.choice(self._purchases)
            activity |= {"type": "refund", "member": member, "data": {"of": original}}
            return {**activity, "amount": "5"} if chance.random() < 0.5 else activity
        ago = timedelta(minutes=chance.randint(30 * 1_440, 120 * 1_440))
        activity |= {"member": self._ref(), "at": (self._today - ago).isoformat()}
        if draw > 0.7:
            return {**activity, "type": "survey"}
        self._purchases.append((activity["activityId"], activity["member"]))
        receipt = {"ref": f"{self._own}r{chance.randint(1, 8)}"} if chance.random() < 0.3 else {}
        return {**activity, "type": "purchase", "amount": chance.choice(_AMOUNTS), **receipt}

    # ------------------------------------------------------------ who is who

    def _enroll(self) -> Request:
        chance = self._chance
        more: dict[str, Any] = {}
        if chance.random() < 0.5:
            more["displayName"] = f"N{chance.randint(1, 99)}"
        if chance.random() < 0.3:
            more["attributes"] = {"country": chance.choice(_COUNTRIES)}
        if chance.random() < 0.3:
            more["referrer"] = self._by()
        if chance.random() < 0.4:
            more["identities"] = [self._card()]
        return mutation("enrollMember", _MEMBER, **self._by(), activityId=self._id(), **more)

    def _update(self) -> Request:
        said: dict[str, Any] = {"displayName": f"U{self._chance.randint(1, 99)}"}
        if self._chance.random() < 0.5:
            said = {"attributes": {"country": self._chance.choice(_COUNTRIES)}}
        return mutation("updateMember", _MEMBER, member=self._ref(), activityId=self._id(), **said)

    def _link(self) -> Request:
        named = {"member": self._by(), "identity": self._card(), "activityId": self._id()}
        return mutation("linkIdentity", _MEMBER, **named)

    def _merge(self) -> Request:
        old, new = self._chance.sample(self._members, 2)
        named = {"from": {"externalId": old}, "into": {"externalId": new}}
        return mutation("mergeMembers", _MEMBER, activityId=self._id(), **named)

    def _erase(self) -> Request:
        return mutation("eraseMember", _MEMBER, member=self._by(), activityId=self._id())

    # ------------------------------------------------------------ who has what

    def _redeem(self) -> Request:
        name, reward = self._id(), self._chance.choice(["coffee", "cake", "mug"])
        self._redemptions.append(name)
        return mutation(
            "redeemReward", _REDEEMED, redemptionId=name, member=self._ref(), reward=reward
        )

    def _fulfil(self) -> Request:
        return self._about_a_redemption("fulfilRedemption")

    def _cancel(self) -> Request:
        return self._about_a_redemption("cancelRedemption")

    def _about_a_redemption(self, name: str) -> Request:
        if not self._redemptions:
            return self._redeem()
        redemption = self._chance.choice(self._redemptions)
        return mutation(name, _REDEEMED, redemptionId=redemption, activityId=self._id())

    def _adjust(self) -> Request:
        wallet, amount = self._chance.choice(["stars", "miles"]), self._chance.choice([5, 20, -3])
        said = {"wallet": wallet, "amount": str(amount), "reason": "by hand"}
        return mutation("adjustPoints", _DONE, activityId=self._id(), member=self._by(), **said)

    def _join(self) -> Request:
        said = {"member": self._by(), "mission": "club"}
        return mutation("joinMission", _DONE, activityId=self._id(), **said)

    def _award(self) -> Request:
        said = {"member": self._by(), "badge": "honour", "reason": "by hand"}
        return mutation("awardBadge", _DONE, activityId=self._id(), **said)
