"""A leaderboard page of 50 entries: the service, a bare endpoint with its bytes, the bare library.

The promises: the hot page (same document, variables, rights, nothing changed) at half of a bare
Starlette endpoint or better; with changing variables three times the bare library or better, whose
data lie in memory while the service reads its own servers. Eight connections, one process, rounds
in turn; medians, and ratios within a round, because others use the machine too.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL

from guerdon.api.connections import write_cursor
from guerdon.api.transport.serving import SETTINGS
from rig import PAGE, Asking, Served, connect, machine, median_of, rival, row, service

CONNECTIONS = 8
FIRST = 50
MEMBERS = 10_000
PLACES = 2_000
NEXT_PAGE = PAGE.replace("$first: Int!", "$first: Int!, $after: String!").replace(
    "first: $first", "first: $first, after: $after"
)


# ---------------------------------------------------------------- the bare library, data in memory


@strawberry.type
class Profile:
    """Who it is."""

    display_name: str
    is_viewer: bool


@strawberry.type
class Entry:
    """One row."""

    id: strawberry.ID
    rank: int
    score: Decimal
    profile: Profile


@strawberry.type
class Edge:
    """One row at its place."""

    cursor: str
    node: Entry


@strawberry.type
class PageInfo:
    """Whether there is more."""

    has_next_page: bool
    end_cursor: str


@strawberry.type
class Entries:
    """A page."""

    total_count: int
    page_info: PageInfo
    edges: list[Edge]


EDGES = [
    Edge(
        cursor=f"WyJlbnRyaWVzL2FsbF90aW1lLzAiLDEwOTk1MTE2Mjc3NzYsMTc5MDAwMDAwMDAwMCwiMDE5MGI1YTA{n}",
        node=Entry(
            id=strawberry.ID(f"TGVhZGVyYm9hcmRFbnRyeTpiZW5jaC9hbGxfdGltZS8wLzAxOTBiNWEwLTAwMDA{n}"),
            rank=n + 1,
            score=Decimal(10_000 - n),
            profile=Profile(display_name=f"Member {n}", is_viewer=False),
        ),
    )
    for n in range(100)
]


@strawberry.type
class Period:
    """One period."""

    @strawberry.field
    async def entries(self, first: int, after: str | None = None) -> Entries:
        """Return a page; the first one, whatever comes before it."""
        del after
        edges = EDGES[:first]
        info = PageInfo(has_next_page=True, end_cursor=edges[-1].cursor)
        return Entries(total_count=10_000, page_info=info, edges=edges)


@strawberry.type
class Leaderboard:
    """One leaderboard."""

    @strawberry.field
    async def period(self) -> Period:
        """Return its period."""
        return Period()


@strawberry.type
class Query:
    """What is asked."""

    @strawberry.field
    async def leaderboard(self, slug: str) -> Leaderboard:
        """Return a leaderboard."""
        del slug
        return Leaderboard()


def library() -> Starlette:
    """Return the library's own endpoint, with every default."""
    return Starlette(routes=[Route("/graphql", GraphQL[Any, Any](strawberry.Schema(Query)))])


def starlette(answer: bytes) -> Starlette:
    """Return an endpoint that sends these bytes and knows nothing."""

    async def endpoint(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])])


# ---------------------------------------------------------------- the measurement


def hot() -> Iterator[bytes]:
    """Return the same request again and again."""
    return cycle([json.dumps({"query": PAGE, "variables": {"first": FIRST}}).encode()])


def changing() -> Iterator[bytes]:
    """Return requests for the pages behind one row and another, all over the leaderboard."""
    cursors = [
        write_cursor("entries/all_time/0", (score.value, score.at, each))
        for each, _, score in (row(n * MEMBERS // PLACES) for n in range(PLACES))
    ]
    random.Random(1).shuffle(cursors)
    return cycle(
        json.dumps({"query": NEXT_PAGE, "variables": {"first": FIRST, "after": after}}).encode()
        for after in cursors
    )


async def rate(server: Served, bodies: Iterator[bytes], seconds: float) -> tuple[float, float]:
    """Return pages a second, and microseconds of the server's processor a page."""
    opened = [
        await connect(server.port, lambda: Asking(lambda: next(bodies), server.token))
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(0.5)
    before, cpu, began = Asking.answered, server.cpu_seconds(), time.perf_counter()
    await asyncio.sleep(seconds)
    pages, took = Asking.answered - before, time.perf_counter() - began
    cost = (server.cpu_seconds() - cpu) / pages * 1e6
    for each in opened:
        each.abort()
    await asyncio.sleep(0)
    return pages / took, cost


def measure(rounds: int, seconds: float) -> None:
    """Print the figures and their ratios."""
    found: dict[str, list[tuple[float, float]]] = {}
    with (
        service(members=MEMBERS, profiles=MEMBERS) as ours,
        tempfile.TemporaryDirectory() as folder,
    ):
        answer = Path(folder) / "answer"
        with ours.serve() as served:
            asyncio.run(rate(served, hot(), 0.5))
            answer.write_bytes(Asking.last)
            with (
                rival(__file__, "starlette", "--answer", str(answer)) as bare,
                rival(__file__, "library") as library_,
            ):
                for _ in range(rounds):
                    for name, server, bodies in (
                        ("hot, service", served, hot),
                        ("hot, bare Starlette", bare, hot),
                        ("hot, bare library", library_, hot),
                        ("changing, service", served, changing),
                        ("changing, bare library", library_, changing),
                    ):
                        got = asyncio.run(rate(server, bodies(), seconds))
                        found.setdefault(name, []).append(got)
    print(f"a page of {FIRST}, {CONNECTIONS} connections; medians of {rounds}; {machine()}")
    for name, figures in found.items():
        speed, cost = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"  {name:24} {speed:8,.0f}/s {cost:8,.0f} us of processor a page")
    for mine, theirs in (
        ("hot, service", "hot, bare Starlette"),
        ("changing, service", "changing, bare library"),
    ):
        pairs = list(zip(found[mine], found[theirs], strict=True))
        print(f"  {mine} / {theirs}: rate {median_of([a[0] / b[0] for a, b in pairs])}", end="")
        print(f", processor {median_of([a[1] / b[1] for a, b in pairs])}")


def main() -> None:
    """Measure, or be one of the rivals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--serve", choices=("starlette", "library"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    given, _ = parser.parse_known_args()
    if given.serve is None:
        measure(given.rounds, given.seconds)
        return
    app = library() if given.serve == "library" else starlette(given.answer.read_bytes())
    uvicorn.run(app, **{**SETTINGS, "port": given.port, "access_log": False, "log_level": "error"})


if __name__ == "__main__":
    main()
