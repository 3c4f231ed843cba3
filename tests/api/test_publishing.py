import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from api.shop import DOCUMENT, Shop

PLAN = """query($d: String!) { planProgram(document: $d) {
    changes { path before after sentence worseOff }
    problems { __typename code message path line column } } }"""
PUBLISH = """mutation($i: PublishProgramInput!) { publishProgram(input: $i) {
    program { version name document } changes { path sentence }
    problems { __typename code message path ... on DocumentProblem { line column } } } }"""
EXPORT = "{ program { version document } }"


async def plan(shop: Shop, document: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await shop.get("admin", PLAN, d=document))["planProgram"]
    return answer


async def publish(shop: Shop, document: str, **more: Any) -> dict[str, Any]:
    whole = {"document": document, **more}
    answer: dict[str, Any] = (await shop.get("admin", PUBLISH, i=whole))["publishProgram"]
    return answer


async def in_force(shop: Shop) -> str:
    document: str = (await shop.get("admin", EXPORT))["program"]["document"]
    return document


async def test_what_is_in_force_planned_again_changes_nothing(shop: Shop) -> None:
    assert await plan(shop, await in_force(shop)) == {"changes": [], "problems": []}


async def test_a_change_is_planned_in_a_sentence_and_published_as_planned(shop: Shop) -> None:
    dearer = (await in_force(shop)).replace("cost: 8,", "cost: 12,")
    planned = await plan(shop, dearer)
    before = await in_force(shop)
    published = await publish(shop, dearer)
    again = await publish(shop, dearer)

    assert planned["problems"] == []
    assert planned["changes"] == [
        {
            "path": "program.rewards.cake.cost",
            "before": "8",
            "after": "12",
            "sentence": "Reward cake costs 12 Stars instead of 8: 50 % more.",
            "worseOff": True,
        }
    ]
    assert before != dearer
    assert published["program"] == {"version": 2, "name": "Corner Shop", "document": dearer}
    assert [each["sentence"] for each in published["changes"]] == [
        planned["changes"][0]["sentence"]
    ]
    assert (again["program"]["version"], again["changes"]) == (2, [])


async def test_a_version_for_later_leaves_the_present_one_in_force(shop: Shop) -> None:
    present = await in_force(shop)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    published = await publish(shop, present.replace("cost: 8,", "cost: 12,"), **{"from": tomorrow})
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    refused = await publish(shop, present.replace("cost: 8,", "cost: 9,"), **{"from": yesterday})

    assert published["problems"] == []
    assert published["program"]["version"] == 1
    assert await in_force(shop) == present
    assert refused["program"] is None
    assert [(each["code"], each["path"]) for each in refused["problems"]] == [
        ("IN_THE_PAST", ["from"])
    ]


async def test_what_keeps_a_document_back_has_its_line_and_column(shop: Shop) -> None:
    present = await in_force(shop)
    misspelt = present.replace("cost: 8,", "cots: 8,")
    rescaled = present.replace("miles: {name: Miles, scale: 0", "miles: {name: Miles, scale: 1")
    line = 1 + present[: present.index("  miles:")].count("\n")
    for document, code, where in (
        (misspelt, "INVALID_DOCUMENT", None),
        (rescaled, "REFUSED_CHANGE", (line, 26)),
    ):
        planned = await plan(shop, document)
        published = await publish(shop, document)

        assert planned["problems"] == published["problems"]
        problem = planned["problems"][0]
        assert (problem["__typename"], problem["code"]) == ("DocumentProblem", code)
        if where is not None:
            assert (problem["line"], problem["column"]) == where
        assert published["program"] is None
    assert await in_force(shop) == present


async def test_of_two_who_publish_at_once_both_have_their_version(shop: Shop) -> None:
    present = await in_force(shop)
    texts = [present.replace("cost: 8,", f"cost: {cost},") for cost in (11, 12)]
    answers = await asyncio.gather(*(publish(shop, text) for text in texts))

    assert [answer["problems"] for answer in answers] == [[], []]
    assert (await shop.get("admin", EXPORT))["program"]["version"] == 3


async def test_only_who_may_publish_sees_plans_and_documents(shop: Shop) -> None:
    for query in (EXPORT, '{ planProgram(document: "x") { changes { path } } }'):
        assert await shop.code("service", query) == "FORBIDDEN"


async def test_two_documents_of_one_operation_each_show_the_program_as_they_made_it(
    shop: Shop,
) -> None:
    document = DOCUMENT.format(id=shop.program)
    done = await shop.get(
        "admin",
        """mutation($one: String!, $two: String!) {
            one: publishProgram(input: {document: $one}) { program { name } }
            two: publishProgram(input: {document: $two}) { program { name } } }""",
        one=document.replace("Corner Shop", "First Shop"),
        two=document.replace("Corner Shop", "Second Shop"),
    )

    assert [done[it]["program"]["name"] for it in ("one", "two")] == ["First Shop", "Second Shop"]
