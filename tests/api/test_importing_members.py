"""Members go from one installation into another: names, attributes, identities; twice is once."""

import csv
import json
from pathlib import Path

from api.shop import Shop
from guerdon.cli.importing.mistakes import Mistakes
from guerdon.cli.importing.people import bring_in
from guerdon.cli.importing.remote import Remote

PEOPLE = [
    {"externalId": "ada", "displayName": "Ada", "attributes": {"city": "Bari"}, "status": "ACTIVE",
     "identities": [{"scheme": "card", "value": "1"}], "wallets": {"stars": {"spendable": "5"}}},
    {"externalId": "ben", "displayName": None, "attributes": {}},
    {"externalId": "old", "status": "MERGED"},
    {"displayName": "nobody"},
    {"externalId": "eve", "identities": "none"},
    {"externalId": "kim", "identities": [{"scheme": "card", "value": "1"}]},
]  # fmt: skip

MEMBERS = "{ members { totalCount edges { node { externalId displayName attributes } } } }"


async def take_in(shop: Shop, path: Path, errors: Path) -> int:
    url = f"http://127.0.0.1:{shop.port}/graphql"
    with Mistakes(errors, continues=False) as mistakes:
        async with Remote(url, shop.keys["service"], connections=4) as remote:
            return await bring_in(path, remote, mistakes, streams=1)


async def test_members_of_a_file_are_in_once_and_wrong_lines_are_named(
    shop: Shop, tmp_path: Path
) -> None:
    path, errors = tmp_path / "members.jsonl", tmp_path / "errors.csv"
    path.write_text("\n".join([*map(json.dumps, PEOPLE), "{"]) + "\n")
    await shop.enroll("ada", displayName="A.")

    first = await take_in(shop, path, errors)
    second = await take_in(shop, path, errors)
    found = (await shop.get("service", MEMBERS))["members"]

    assert (first, second) == (2, 2), errors.read_text()
    with errors.open() as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["4", "5", "6", "7"]
    members = {edge["node"]["externalId"]: edge["node"] for edge in found["edges"]}
    assert members["ada"]["displayName"] == "Ada"
    assert set(members) == {"ada", "ben", "kim"}


async def test_a_member_has_what_the_file_says_also_where_an_earlier_file_said_the_same(
    shop: Shop, tmp_path: Path
) -> None:
    path, errors = tmp_path / "members.jsonl", tmp_path / "errors.csv"
    seen = []
    for name, city in (("Ann", "Bari"), ("Anne", "Rome"), ("Ann", "Bari"), ("Anne", "Rome")) * 2:
        path.write_text(
            json.dumps({"externalId": "ann", "displayName": name, "attributes": {"city": city}})
        )
        assert await take_in(shop, path, errors) == 1
        (edge,) = (await shop.get("service", MEMBERS))["members"]["edges"]
        seen.append((edge["node"]["displayName"], edge["node"]["attributes"]["city"]))

    assert seen == [("Ann", "Bari"), ("Anne", "Rome")] * 4


async def test_a_file_that_is_brought_in_again_reports_nothing(shop: Shop, tmp_path: Path) -> None:
    path, errors = tmp_path / "members.jsonl", tmp_path / "errors.csv"
    await shop.enroll("ada", displayName="A.")
    traits = '{"ratio": 1.50, "size": 4.0, "vip": true, "nick": "nan", "town": null}'
    ida = f'{{"externalId": "ida", "displayName": "Ida", "attributes": {traits}}}'
    path.write_text("\n".join([*map(json.dumps, PEOPLE[:2]), ida]))
    counts = []
    for _ in range(3):
        await take_in(shop, path, errors)
        counts.append(await _journal(shop))

    assert counts[0] == counts[1] == counts[2]


async def _journal(shop: Shop) -> int:
    found = await shop.get(
        "service",
        "{ members { edges { node { journal(first: 100) { edges { cursor } } } } } }",
    )
    return sum(len(edge["node"]["journal"]["edges"]) for edge in found["members"]["edges"])


async def test_empty_lines_are_passed_over_and_what_is_no_json_is_named(
    shop: Shop, tmp_path: Path
) -> None:
    path, errors = tmp_path / "members.jsonl", tmp_path / "errors.csv"
    wrong = ["[" * 100_000, '{"externalId": "ida", "attributes": {"size": NaN}}']
    lines = ["", json.dumps(PEOPLE[1]), " \r", *wrong, ""]
    path.write_text("\n".join(lines) + "\n")

    assert await take_in(shop, path, errors) == 1
    with errors.open() as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["4", "5"]
