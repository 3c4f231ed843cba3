"""The last items of a reward, asked for by everybody at once, by GraphQL until the last answer.

Two hundred members ask for what there are a hundred of, each in a request of its own and all at the
same time; one in ten cannot pay. Exactly a hundred may have one. Once what runs out is a number,
once a pool of codes. Wanted: under two seconds for all of them.
"""

import argparse
import asyncio
import statistics
from collections import Counter
from decimal import Decimal

import httpx2
import orjson

from guerdon.engine import accept, code_pools, keys, publish
from guerdon.engine.inputs import ActivityInput, MemberRef, Wait
from guerdon.engine.keys import ADMIN_SCOPES
from guerdon.engine.world import Caller, Role, World
from guerdon.wiring import build
from stack import Lap, Stack, lap, machine, running

PROGRAM = "last_items"
REDEEM = """mutation Take($input: RedeemRewardInput!) { redeemReward(input: $input) {
  redemption { state } problems { code } } }"""
_COST = 10


def document(rounds: int, items: int) -> str:
    """Return a program with a reward of each kind for every round."""
    rewards = "".join(
        f"    stock{number}: {{wallet: points, cost: {_COST}, stock: {items}}}\n"
        f"    codes{number}: {{wallet: points, cost: {_COST}, voucher: {{codes: pool{number}}}}}\n"
        for number in range(rounds)
    )
    return f"""program:
  id: {PROGRAM}
  money: {{unit: EUR, scale: 2}}
  enroll: auto
  wallets: {{points: {{}}}}
  rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}]
  rewards:
{rewards}"""


async def prepare(world: World, arguments: argparse.Namespace) -> str:
    """Publish the program, let everybody earn, fill the pools; return a key."""
    await publish.publish(world, document(arguments.rounds, arguments.items))
    caller = Caller(program=PROGRAM, role=Role.SERVICE, reporter="service", scopes=ADMIN_SCOPES)
    purchases = [
        ActivityInput(
            id=f"p{number}",
            type="purchase",
            member=MemberRef(external_id=f"m{number}"),
            amount=Decimal(_COST * 2 * arguments.rounds),
        )
        for number in range(arguments.buyers)
        if number % 10
    ]
    poor = [
        ActivityInput(
            id=f"e{number}", type="enrollment", member=MemberRef(external_id=f"m{number}")
        )
        for number in range(0, arguments.buyers, 10)
    ]
    receipts = await accept.record(world, caller, [*purchases, *poor])
    for receipt in receipts:
        assert not receipt.problems, receipt
    decided: list[object] = [None]
    while None in decided:
        again = await accept.record(world, caller, [*purchases, *poor], wait=Wait.DECIDED)
        decided = [each.entry if each.entry and each.entry.decided_at else None for each in again]
    for number in range(arguments.rounds):
        await code_pools.generate(world, PROGRAM, f"pool{number}", "#" * 12, arguments.items)
    scopes = ("activities:write", "members:read")
    key, _ = await keys.create(world, PROGRAM, name="bench", role=Role.SERVICE, scopes=scopes)
    return key


async def buy(client: httpx2.AsyncClient, url: str, reward: str, number: int) -> str:
    """Ask for one item; return what was answered."""
    input_ = {
        "redemptionId": f"{reward}-{number}",
        "member": {"externalId": f"m{number}"},
        "reward": reward,
    }
    body = orjson.dumps({"query": REDEEM, "variables": {"input": input_}})
    answer = await client.post(url, content=body)
    taken = orjson.loads(answer.content)["data"]["redeemReward"]
    refused: list[dict[str, str]] = taken["problems"]
    return refused[0]["code"] if refused else str(taken["redemption"]["state"])


async def measure(arguments: argparse.Namespace, stack: Stack) -> None:
    """Sell out one reward after another."""
    world = build(stack.settings, at_work=True)
    try:
        key = await prepare(world, arguments)
    finally:
        await world.close()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    limits = httpx2.Limits(max_connections=arguments.buyers)
    async with httpx2.AsyncClient(headers=headers, limits=limits, timeout=60) as client:
        for kind in ("stock", "codes"):
            laps: list[Lap] = []
            for number in range(arguments.rounds):
                answers: Counter[str] = Counter()

                async def everybody(
                    count: int, reward: str = f"{kind}{number}", answers: Counter[str] = answers
                ) -> None:
                    asked = (buy(client, stack.url, reward, buyer) for buyer in range(count))
                    answers.update(await asyncio.gather(*asked))

                laps.append(await lap(stack.pids, everybody, arguments.buyers))
                assert answers["ISSUED"] == arguments.items, answers
                print(f"{kind}, round {number + 1}: {laps[-1].wall:.2f} s, {dict(answers)}")
            warm = laps[1:] or laps
            wall = [each.wall for each in warm]
            spent = {
                name: statistics.median(each.processor[name] for each in warm)
                for name in warm[0].processor
            }
            by_name = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent.items())
            print(
                f"the last {arguments.items} by {kind}, {arguments.buyers} buyers at once: "
                f"median {statistics.median(wall):.2f} s, worst of {len(wall)} {max(wall):.2f} s, "
                f"(the first, in which connections are made: {laps[0].wall:.2f} s); seconds of "
                f"processor {sum(spent.values()):.2f}: {by_name}; {machine()}"
            )


def main() -> None:
    """Start servers and processes of its own and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buyers", type=int, default=200)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with running(workers=arguments.workers, sweep_seconds="2") as stack:
        asyncio.run(measure(arguments, stack))


if __name__ == "__main__":
    main()
