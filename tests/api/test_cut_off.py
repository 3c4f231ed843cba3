"""An API that dies at any of its writes: who asks again finds everything as if it had not died."""

import asyncio
import json
import re
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from api.shop import DOCUMENT, Shop
from guerdon.engine import publish, read
from guerdon.engine.dossier import dossier
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.settings import Settings
from guerdon.wiring import prepare
from mutations import Request, mutation

DIES = str(Path(__file__).with_name("cut_off.py"))
WRITES_MAX = 200
OWN = "N-"
"""What all names of one life begin with, in the place of its number."""


def by(name: str) -> dict[str, str]:
    return {"externalId": f"{OWN}{name}"}


def card(number: int) -> dict[str, str]:
    return {"scheme": "card", "value": f"{OWN}{number}"}


def purchase(name: str, member: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {"type": "purchase", "at": "2026-01-05T12:00:00Z", "amount": "20.00"}
    return {**whole, "activityId": f"{OWN}{name}", "member": member, **more}


def record(*activities: dict[str, Any], wait: str = "DECIDED") -> Request:
    answer = "receipts { activityId result reason }"
    return mutation("recordActivities", answer, activities=list(activities), wait=wait)


def enroll(name: str, **more: Any) -> Request:
    shown = "member { externalId displayName }"
    return mutation("enrollMember", shown, externalId=f"{OWN}{name}", **more)


SHOWN = "member { externalId displayName }"
REDEEMED = "redemption { state quantity vouchers { kind state } }"

LIVES: dict[str, Sequence[Request]] = {
    "purchases by people whom nobody knows": [
        record(*(purchase(f"{who}{n}", by(who)) for who in ("ada", "bob") for n in range(3))),
        record(*(purchase(f"{who}{n}", by(who)) for who in ("ada", "cyd") for n in range(3, 5))),
    ],
    "purchases by references": [
        enroll("ada"),
        record(
            purchase("a", by("ada"), ref=f"{OWN}1"),
            purchase("b", by("ada"), ref=f"{OWN}1"),
            purchase("c", by("ada"), ref=f"{OWN}2"),
        ),
        record(purchase("d", by("ada"), ref=f"{OWN}2"), purchase("e", by("ada"), ref=f"{OWN}3")),
    ],
    "an enrollment with all that belongs to it": [
        enroll("ada"),
        enroll(
            "bob",
            displayName="Bob",
            attributes={"country": "NL"},
            referrer=by("ada"),
            identities=[card(1), card(2)],
        ),
        enroll("bob", displayName="Bob", attributes={"country": "NL"}),
    ],
    "changes of a profile": [
        enroll("ada", displayName="Ada"),
        mutation("updateMember", SHOWN, member=by("ada"), displayName="Ada L"),
        mutation("updateMember", SHOWN, member=by("ada"), attributes={"country": "NL"}),
        mutation("updateMember", SHOWN, member=by("ada"), displayName="Ada B"),
    ],
    "an identity that is linked after it was used": [
        record(purchase("a", {"identity": card(1)}), wait="ACCEPTED"),
        enroll("ada"),
        mutation("linkIdentity", SHOWN, member=by("ada"), identity=card(1)),
        record(purchase("b", {"identity": card(1)})),
    ],
    "accounts that are merged": [
        record(purchase("a", by("ada")), purchase("b", by("bob"))),
        mutation("mergeMembers", SHOWN, **{"from": by("ada"), "into": by("bob")}),
        record(purchase("c", by("ada"))),
    ],
    "a member who is erased": [
        enroll("ada", displayName="Ada", identities=[card(1)]),
        record(purchase("a", by("ada"))),
        mutation("eraseMember", "member { externalId }", member=by("ada")),
        record(purchase("b", by("ada"))),
    ],
    "rewards that are redeemed, handed out and given back": [
        record(purchase("a", by("ada"))),
        mutation(
            "redeemReward", REDEEMED, redemptionId=f"{OWN}r1", member=by("ada"), reward="coffee"
        ),
        mutation("fulfilRedemption", REDEEMED, redemptionId=f"{OWN}r1", member=by("ada")),
        mutation(
            "redeemReward", REDEEMED, redemptionId=f"{OWN}r2", member=by("ada"), reward="cake"
        ),
        mutation("cancelRedemption", REDEEMED, redemptionId=f"{OWN}r2"),
    ],
}


class Mortal:
    """The process whose children die; see `cut_off`."""

    def __init__(self, settings: Settings, answers: Path) -> None:
        self._answers = answers
        self._process = subprocess.Popen(
            [sys.executable, DIES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                "GUERDON_ENVIRONMENT": "test",
                "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
                "GUERDON_MONGO_DATABASE": settings.mongo_database,
                "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
                "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
                "GUERDON_LANES": str(settings.lanes),
                "GUERDON_LANE_LEASE_SECONDS": str(settings.lane_lease_seconds),
            },
        )

    async def live(
        self, token: str, requests: Sequence[Request], *, dies_at: int, decides: bool
    ) -> tuple[list[str], bool]:
        """Return the answers that were given, and whether it died before the last."""
        self._answers.write_text("")
        life = {"requests": requests, "dies_at": dies_at, "decides": decides}
        whole = json.dumps({**life, "token": token, "answers": str(self._answers)})
        ended = json.loads(await asyncio.to_thread(self._next, whole))
        assert ended["died"] or ended["status"] == 0, ended
        return self._answers.read_text().splitlines(), ended["died"]

    def _next(self, life: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(life + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def end(self) -> None:
        """Let nobody live any more."""
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def settings(
    mongo_url: str, valkey_url: str, mongo_client: MongoClient[dict[str, Any]]
) -> Iterator[Settings]:
    """Settings of an installation in which the lanes of a dead worker are soon free."""
    name = f"guerdon_mortal_{uuid.uuid4().hex[:8]}"
    given = {"mongo_url": mongo_url, "mongo_database": name, "redis_url": valkey_url}
    settings = Settings.load(environment="test", lanes=4, lane_lease_seconds=1.0, **given)
    asyncio.run(prepare(settings))
    yield settings
    mongo_client.drop_database(name)


@pytest.fixture(scope="module")
def mortal(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    """Give the process whose children die."""
    mortal = Mortal(settings, tmp_path_factory.mktemp("mortal") / "answers")
    yield mortal
    mortal.end()


def document(shop: Shop) -> str:
    """Return the program: whoever buys is enrolled, and the cafe has to hand coffee out."""
    text = DOCUMENT.format(id=shop.program)
    for old, new in (
        ("  wallets:\n", "  enroll: auto\n  wallets:\n"),
        ("cost: 5, partner: cafe,", "cost: 5, partner: cafe, fulfil: {within: PT24H},"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def at_work(shop: Shop) -> AsyncIterator[None]:
    """Decide what waits all the while: nobody tells this process of what the other accepted."""

    async def work() -> None:
        while True:
            shop.workers.wake(shop.program, range(4))
            await shop.workers.rest()
            await asyncio.sleep(0.06)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


def of_life(requests: Sequence[Request], number: int) -> list[Request]:
    """Return the requests with the names of one life."""
    written: list[Request] = json.loads(json.dumps(requests).replace(OWN, f"{number}-"))
    return written


def alike(value: object, number: int) -> object:
    """Return what must be the same in all lives: without the life's number and the present time."""
    written = json.dumps(value, default=str)
    for pattern, instead in (
        (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "id"),
        (r"[0-9a-f]{32}", "digest"),
        (r"20[23]\d-(?!01-05)\d\d-\d\dT[\d:.]+Z", "now"),
        (rf"(?<![0-9a-f]){number}-(?=[a-z0-9])", OWN),
    ):
        written = re.sub(pattern, instead, written)
    return json.loads(written)


async def state(shop: Shop, number: int) -> object:
    """Return everything that is known of the members of one life, and of who is nobody's."""
    found = await read.directory(shop.world, shop.program, search=f"{number}-", limit=50)
    seen = {
        each.external_id: await dossier(shop.world, shop.program, each.id) for each in found.items
    }
    return alike(seen, number)


async def all_decided(shop: Shop) -> None:
    """Wait for what follows from what was answered, such as the other half of a merge."""
    async with asyncio.timeout(30):
        while await read.waiting(shop.world, shop.program):  # noqa: ASYNC110  # nobody tells us
            await asyncio.sleep(0.02)


async def asked_twice(shop: Shop, requests: Sequence[Request]) -> list[list[object]]:
    """Return both answers of a life in which each request is sent again at once."""
    number = 1_000
    return [
        [alike((await shop.post("admin", request)).json(), number) for _ in range(2)]
        for request in of_life(requests, number)
    ]


async def play(shop: Shop, mortal: Mortal, name: str, *, decides: bool) -> Counter[int]:
    """Let the process die at each write of a life; return how often it died in each request."""
    requests, token = LIVES[name], shop.keys["admin"]
    await publish.publish(shop.world, document(shop))
    deciding = nullcontext if decides else at_work
    async with at_work(shop):
        right = await asked_twice(shop, requests)
    async with deciding(shop):
        calm, died = await mortal.live(token, of_life(requests, 0), dies_at=0, decides=decides)
    async with at_work(shop):
        await all_decided(shop)
    assert not died
    assert [alike(json.loads(it), 0) for it in calm] == [first for first, _ in right]
    wanted = await state(shop, 0)
    number, deaths = 0, Counter[int]()
    while died or not number:
        number += 1
        assert number < WRITES_MAX
        own = of_life(requests, number)
        async with deciding(shop):
            answered, died = await mortal.live(token, own, dies_at=number, decides=decides)
        deaths[len(answered)] += died
        async with at_work(shop):
            again = [(await shop.post("admin", it)).json() for it in own[len(answered) :]]
            await all_decided(shop)
        answers = [alike(it, number) for it in [*map(json.loads, answered), *again]]

        wrong = [it for it, both in zip(answers, right, strict=True) if it not in both]
        assert wrong == [], number
        assert await state(shop, number) == wanted, number
    # Who died with the worker may have left leaderboards behind: the scheduler's sweep sees that.
    await sweep(shop.world)
    assert (await verify(shop.world, shop.program)).offences == ()
    return deaths


@pytest.mark.parametrize("name", LIVES)
async def test_whoever_asks_again_after_any_write_finds_it_as_if_nothing_had_happened(
    shop: Shop, mortal: Mortal, name: str
) -> None:
    deaths = await play(shop, mortal, name, decides=False)

    assert all(deaths[place] for place in range(len(LIVES[name]))), deaths


@pytest.mark.chaos
@pytest.mark.parametrize("name", LIVES)
async def test_so_it_is_where_the_worker_dies_with_it(
    shop: Shop, mortal: Mortal, name: str
) -> None:
    deaths = await play(shop, mortal, name, decides=True)

    assert sum(deaths.values()) > 4 * len(LIVES[name]), deaths
