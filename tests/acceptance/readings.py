"""What a running guerdon says of all members and leaderboards, in the oracle's own terms."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from acceptance.oracle import NEW_YORK, Oracle, Place, Standing
from running import Guerdon

Seen = dict[str, Any]

_MEMBERS = """query Members($after: String) {
  members(first: 50, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      externalId
      wallets { slug spendable pending debt earned redeemed expired lots { left expiresAt } }
      tiers { tier { slug } missing }
      missions { mission { slug } state progress completedAt }
      badges { badge { slug } awardedAt }
    } }
  }
}"""

_ENTRIES = """query Entries($slug: String!, $after: String) {
  leaderboard(slug: $slug) { period {
    total
    entries(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { id rank score } }
    }
  } }
}"""

_AT_ONCE = 10  # aliases a request may have


def members(guerdon: Guerdon) -> dict[str, Seen]:
    """Return everything that is shown of each member who ever bought something."""
    seen = {}
    for node in _pages(guerdon, _MEMBERS, {}, ("members",)):
        wallet = {it["slug"]: it for it in node["wallets"]}["points"]
        (tier,) = node["tiers"]
        assert (wallet["pending"], wallet["debt"], wallet["redeemed"]) == ("0", "0", "0")
        if not node["badges"]:
            continue  # nobody but the demo's guests, who have bought nothing
        seen[node["externalId"]] = {
            "points": int(wallet["spendable"]),
            "earned": int(wallet["earned"]),
            "expired": int(wallet["expired"]),
            "lots": sorted((_instant(it["expiresAt"]), int(it["left"])) for it in wallet["lots"]),
            "tier": tier["tier"]["slug"],
            "missing": None if tier["missing"] is None else _cents(tier["missing"]),
            "missions": {
                it["mission"]["slug"]: (it["state"], it["progress"], _day(it["completedAt"]))
                for it in node["missions"]
            },
            "badges": {it["badge"]["slug"]: _day(it["awardedAt"]) for it in node["badges"]},
        }
    return seen


def expected(standing: Standing, now: datetime) -> Seen:
    """Return what should be shown of a member."""
    spendable = standing.spendable(now)
    return {
        "points": spendable,
        "earned": standing.earned,
        "expired": standing.earned - spendable,
        "lots": sorted((it.expires_at, it.points) for it in standing.lots if it.expires_at > now),
        "tier": standing.tier(now),
        "missing": standing.missing(now),
        "missions": {
            "three_in_a_month": _heavy_rotation(standing, now),
            "first_hundred": _first_hundred(standing),
        },
        "badges": standing.badges,
    }


def _heavy_rotation(standing: Standing, now: datetime) -> tuple[str, str, date | None]:
    """The progress of the month that counts: that of the completion, else the present one."""
    day = standing.missions.get("three_in_a_month")
    month = day or now.astimezone(NEW_YORK).date()
    bought = [it for it in standing.purchases if it.day.timetuple()[:2] == month.timetuple()[:2]]
    return "COMPLETED" if day else "ACTIVE", str(len(bought)), day


def _first_hundred(standing: Standing) -> tuple[str, str, date | None]:
    day = standing.missions.get("first_hundred")
    whole, cents = divmod(standing.spent, 100)
    return "COMPLETED" if day else "ACTIVE", f"{whole}.{cents:02d}", day


def leaderboard(guerdon: Guerdon, slug: str, oracle: Oracle) -> list[Place]:
    """Return a leaderboard from the top; whose entry is whose is asked member by member.

    An entry that came only after its member was asked for stands under its own id.
    """
    owner: dict[str, str] = {}
    for some in _tens(list(oracle.standings)):
        fields = "\n".join(
            f'm{place}: entry(member: {{externalId: "{member}"}}) {{ id }}'
            for place, member in enumerate(some)
        )
        query = f'{{ leaderboard(slug: "{slug}") {{ period {{ {fields} }} }} }}'
        found = guerdon.ask(query)["leaderboard"]["period"]
        owner |= {entry["id"]: some[int(key[1:])] for key, entry in found.items() if entry}
    entries = list(_pages(guerdon, _ENTRIES, {"slug": slug}, ("leaderboard", "period", "entries")))
    return [Place(it["rank"], owner.get(it["id"], it["id"]), _cents(it["score"])) for it in entries]


def total(guerdon: Guerdon, slug: str) -> int:
    """Return how many members a leaderboard says that it has."""
    answer = guerdon.ask(_ENTRIES, {"slug": slug})
    return int(answer["leaderboard"]["period"]["total"])


def _pages(
    guerdon: Guerdon, query: str, variables: Seen, path: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        found: Any = guerdon.ask(query, variables | {"after": after})
        for step in path:
            found = found[step]
        yield from (edge["node"] for edge in found["edges"])
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]


def _tens(items: list[str]) -> Iterator[list[str]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str | None) -> date | None:
    return _instant(text).astimezone(NEW_YORK).date() if text else None


def _cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    assert len(rest) == 2, f"money has cents: {text}"
    return int(whole + rest)
