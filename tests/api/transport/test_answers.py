"""Answers about shared state: worked out once, kept by the application's key, never when wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

import httpx2
import pytest

from api.transport.demo import DEVELOPER, Demo, still_true
from api.transport.wire import ask, client_of, post
from guerdon.api.transport import Credential, Operation, RecentAnswers
from guerdon.api.transport.answers import Answers
from guerdon.api.transport.execution import Answer
from guerdon.api.transport.requests import GraphQLRequest

BADGES = "query($first: Int) { badges(first: $first) { edges { node { title } } } }"


def key(operation: Operation, credential: Credential) -> Hashable | None:
    """Keep answers about badges."""
    if not any(it.startswith("Badge") for it in operation.coordinates):
        return None
    variables = tuple(sorted(operation.variables.items()))
    return (operation.document.digest, variables, credential.key)


async def _asked(demo: Demo, client: httpx2.AsyncClient, **variables: Any) -> int:
    """Return how often the document was executed for one request; `batches` counts loads."""
    before = demo.counts.batches
    query = BADGES.replace("title", "related { title }")
    answer = await ask(client, query, **variables)
    assert answer["data"]["badges"]["edges"]
    return demo.counts.batches - before


@pytest.fixture
def kept() -> Demo:
    return Demo(answers=RecentAnswers(key, still_true=still_true))


async def test_an_answer_is_worked_out_once_as_long_as_nothing_moves(kept: Demo) -> None:
    async with client_of(kept) as client:
        assert await _asked(kept, client, first=1) == 1
        assert await _asked(kept, client, first=1) == 0
        assert await _asked(kept, client, first=2) == 1
        kept.counts.revision += 1
        assert await _asked(kept, client, first=1) == 1


async def test_a_kept_answer_is_the_same_answer(kept: Demo) -> None:
    async with client_of(kept) as client:
        first, second = [await post(client, {"query": BADGES}) for _ in range(2)]

    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]


async def test_answers_with_errors_are_not_kept(kept: Demo) -> None:
    query = BADGES.replace("query($first: Int) {", "query($first: Int) { boom ")
    async with client_of(kept) as client:
        for _ in range(2):
            answer = await ask(client, query)

    assert answer["errors"]
    assert await _stored(kept, query) is None


async def _stored(kept: Demo, query: str) -> Answer | None:
    operations = kept.transport.parts.operations
    operation = await operations.prepare(GraphQLRequest(query=query), DEVELOPER)
    store = kept.transport.parts.hooks.answers
    assert store is not None
    return store.get(key(operation, DEVELOPER))


async def test_what_has_no_key_is_asked_each_time(kept: Demo) -> None:
    async with client_of(kept) as client:
        lives = [(await ask(client, "{ live }"))["data"]["live"]]
        kept.counts.alive = 5
        lives.append((await ask(client, "{ live }"))["data"]["live"])

    assert lives == [0, 5]


async def test_mutations_are_never_kept() -> None:
    demo = Demo(answers=RecentAnswers(lambda *_: "always"))
    async with client_of(demo) as client:
        titles = [
            await ask(client, f'mutation {{ award(title: "{title}") {{ title }} }}')
            for title in "ab"
        ]

    assert [it["data"]["award"]["title"] for it in titles] == ["a", "b"]


class TestAskingTogether:
    @staticmethod
    async def _operation() -> Operation:
        operations = Demo().transport.parts.operations
        return await operations.prepare(GraphQLRequest(query=BADGES), DEVELOPER)

    async def _all(
        self, run: Callable[[], Awaitable[Answer]], count: int = 10
    ) -> list[Answer | BaseException]:
        answers = Answers(RecentAnswers(lambda *_: "same"))
        key = answers.key(await self._operation(), DEVELOPER)
        asked = (answers.get(key, run) for _ in range(count))
        return await asyncio.gather(*asked, return_exceptions=True)

    async def test_many_at_once_cost_one_execution(self) -> None:
        runs = 0

        async def run() -> Answer:
            nonlocal runs
            runs += 1
            await asyncio.sleep(0.01)
            return Answer(b"1")

        assert await self._all(run) == [Answer(b"1")] * 10
        assert runs == 1

    async def test_one_that_fails_takes_nobody_with_it(self) -> None:
        runs = 0

        async def run() -> Answer:
            nonlocal runs
            runs += 1
            await asyncio.sleep(0)
            if runs == 1:
                raise RuntimeError
            return Answer(b"1")

        failed, *others = await self._all(run)

        assert isinstance(failed, RuntimeError)
        assert others == [Answer(b"1")] * 9
        assert runs == 2

    async def test_an_answer_with_errors_is_for_its_asker_alone(self) -> None:
        runs = 0

        async def run() -> Answer:
            nonlocal runs
            runs += 1
            await asyncio.sleep(0)
            return Answer(b"null", [{"message": "No."}])

        await self._all(run, count=3)

        assert runs == 3


class TestRecentAnswers:
    def test_nothing_is_older_than_it_may_be(self) -> None:
        now = 0.0
        recent = RecentAnswers(lambda *_: None, seconds_max=10, clock=lambda: now)
        recent.put("key", Answer(b"1"))
        now = 9.9
        young = recent.get("key")
        now = 10.0

        assert young == Answer(b"1")
        assert recent.get("key") is None

    def test_an_answer_is_as_old_as_the_beginning_of_its_reading(self) -> None:
        now = 100.0
        recent = RecentAnswers(lambda *_: None, seconds_max=10, clock=lambda: now)
        recent.put("slow", Answer(b"1"), age_seconds=4)
        recent.put("too slow", Answer(b"1"), age_seconds=10)
        now = 105.9
        young = recent.get("slow")
        now = 106.0

        assert young == Answer(b"1")
        assert recent.get("slow") is None
        assert recent.get("too slow") is None

    def test_memory_is_bounded_by_forgetting_what_was_asked_for_longest_ago(self) -> None:
        recent = RecentAnswers(lambda *_: None, bytes_max=30)
        for name in "abc":
            recent.put(name, Answer(b"x" * 10))
        recent.get("a")
        recent.put("d", Answer(b"x" * 10))
        recent.put("too large", Answer(b"x" * 31))

        assert [name for name in "abcd" if recent.get(name)] == ["a", "c", "d"]
        assert recent.get("too large") is None
