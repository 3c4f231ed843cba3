"""One activity is followed in one trace, from the mutation that reported it to the push."""

import asyncio
from typing import Any

import pytest

from api.shop import Shop, open_shops
from api.transport.wire import until
from guerdon.engine.tracing import TRACE
from guerdon.observing.traces import NoTracing, OpenTelemetry, tracer_to
from guerdon.settings import Settings
from guerdon.wiring import prepare
from worlds import settings_for

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RECORD = """mutation($i: RecordActivitiesInput!) {
    recordActivities(input: $i) { receipts { result } } }"""
UPDATES = (
    """subscription { memberUpdates(member: {externalId: "ada"}) { activity { activityId } } }"""
)


class Kept:
    """An exporter's memory."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._exporter: Any = InMemorySpanExporter()
        provider: Any = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = OpenTelemetry(provider)

    def names(self, trace_id: str) -> set[str]:
        """Return the spans of one trace."""
        return {
            span.name
            for span in self._exporter.get_finished_spans()
            if f"{span.context.trace_id:032x}" == trace_id
        }

    def attributes(self) -> set[str]:
        """Return all that spans say."""
        return {
            f"{name}={value}"
            for span in self._exporter.get_finished_spans()
            for name, value in (span.attributes or {}).items()
        }


@pytest.fixture
async def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    await prepare(settings)
    return settings


async def record(shop: Shop, **headers: str) -> None:
    activity = {
        "activityId": f"p{len(headers)}",
        "type": "purchase",
        "member": {"externalId": "ada"},
        "amount": "10.00",
    }
    answer = await shop.http.post(
        "/graphql",
        json={"query": RECORD, "variables": {"i": {"activities": [activity], "wait": "DECIDED"}}},
        headers={"authorization": f"Bearer {shop.keys['service']}", **headers},
    )
    assert answer.json()["data"]["recordActivities"]["receipts"] == [{"result": "ACCEPTED"}]


async def test_an_activity_is_followed_from_the_mutation_to_the_push(settings: Settings) -> None:
    kept = Kept()
    wanted = {"mutation recordActivities", "accept", "score", "project", "push"}
    async with open_shops(settings, "shop", tracer=kept.tracer) as (shop,):
        await shop.enroll("ada")
        async with shop.socket("service") as socket:
            await socket.init()
            await socket.subscribe(UPDATES)
            await until_heard(shop, socket)
            await record(shop, traceparent=CALLER)
            heard = await socket.read()
            assert heard["payload"]["data"]["memberUpdates"]["activity"]["activityId"] == "p1"
            await until(lambda: kept.names(CALLER.split("-")[1]) == wanted)

    assert kept.attributes() >= {"program=shop", "activity=service/p1"}
    assert not [said for said in kept.attributes() if "ada" in said]


async def until_heard(shop: Shop, socket: Any) -> None:
    """Report until the subscription hears of something: from then on it misses nothing."""
    reading = asyncio.create_task(socket.read())
    number = 0
    while not reading.done():
        await shop.buy("ada", "1.00", f"warm{number}")
        number += 1
        await asyncio.wait([reading], timeout=0.2)
    last = reading.result()
    while last["payload"]["data"]["memberUpdates"]["activity"]["activityId"] != f"warm{number - 1}":
        last = await socket.read()


async def test_untraced_activities_carry_nothing(settings: Settings) -> None:
    async with open_shops(settings, "shop") as (shop,):
        await shop.enroll("ada")
        await record(shop, traceparent=CALLER)
        found = await shop.world.journal.since("shop", 0, 0, 100)
        for lane in range(1, settings.lanes):
            found += await shop.world.journal.since("shop", lane, 0, 100)

    assert found
    assert not [entry for entry in found if TRACE in entry.activity]


def test_traces_that_cannot_be_made_are_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(NoTracing, match=r"guerdon\[otel\]"):
        tracer_to("http://collector.example:4318/v1/traces", share=1, role="api")
