from api.shop import Shop


async def test_the_public_side_of_a_program_is_shown_to_every_credential(shop: Shop) -> None:
    query = """{ program {
        id slug name version timezone dayStart
        wallets { slug name scale }
        ladders { slug name tiers { slug name at perks } }
        missions { slug name description goal optIn startsAt endsAt }
        badges { slug name description imageUrl }
        leaderboards { slug name }
        partners { slug name logoUrl rewards { edges { node { slug } } } }
    } }"""
    member = await shop.enroll("ada")
    seen = [
        (await shop.get(token, query))["program"]
        for token in ("service", "admin", "partner", await shop.token(member["id"]))
    ]
    program = seen[0]

    assert all(it == program for it in seen)
    assert (program["slug"], program["name"]) == (shop.program, "Corner Shop")
    assert (program["timezone"], program["dayStart"]) == ("Europe/Berlin", "06:00")
    assert program["wallets"][0] == {"slug": "stars", "name": "Stars", "scale": 2}
    assert program["ladders"][0]["tiers"][1] == {
        "slug": "gold",
        "name": "Gold",
        "at": "100.00",
        "perks": ["A chair", "Coffee"],
    }
    assert program["missions"][0]["goal"] == "3"
    assert [it["slug"] for it in program["badges"]] == ["first", "honour"]
    assert [it["slug"] for it in program["leaderboards"]] == ["month", "all_time"]
    assert program["partners"] == [
        {
            "slug": "cafe",
            "name": "Café",
            "logoUrl": None,
            "rewards": {"edges": [{"node": {"slug": "coffee"}}]},
        }
    ]
