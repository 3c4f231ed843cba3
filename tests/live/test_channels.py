"""Live channels: who listens is woken, also by whatever may have been missed."""

import asyncio

from guerdon.engine.records import Topic
from guerdon.live.channels import LiveChannels
from guerdon.live.client import Live

ANN, BOB = Topic("member", "ann"), Topic("member", "bob")


async def test_only_who_listens_to_a_topic_is_woken(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann, channels.listen("p", [BOB]) as bob:
        # The begin of a subscription counts as news.
        assert await ann.wait(2_000)
        assert await bob.wait(2_000)

        await channels.announce("p", [ANN])

        assert await ann.wait(2_000)
        assert not await bob.wait(50)
    await channels.close()


async def test_programs_do_not_hear_each_other(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await ann.wait(2_000)

        await channels.announce("q", [ANN])

        assert not await ann.wait(50)
    await channels.close()


async def test_a_lost_connection_wakes_everybody_and_goes_on(live: Live) -> None:
    channels = LiveChannels(live)
    async with channels.listen("p", [ANN]) as ann:
        assert await ann.wait(2_000)

        await live.client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        assert await ann.wait(5_000)
        await channels.announce("p", [ANN])
        assert await ann.wait(2_000)
    await channels.close()


async def test_topics_may_come_and_go_while_others_listen(live: Live) -> None:
    channels = LiveChannels(live)

    async def visit(number: int) -> bool:
        topic = Topic("member", str(number))
        async with channels.listen("p", [topic, ANN]) as signal:
            began = await signal.wait(2_000)
            await channels.announce("p", [topic])
            return began and await signal.wait(2_000)

    assert all(await asyncio.gather(*(visit(number) for number in range(50))))
    await channels.close()


async def test_without_redis_listening_waits_and_says_nothing() -> None:
    live = Live("redis://127.0.0.1:1", namespace="test", timeout_seconds=1)
    channels = LiveChannels(live)

    async with channels.listen("p", [ANN]) as ann:
        assert not await ann.wait(100)

    await channels.close()
    await live.close()
