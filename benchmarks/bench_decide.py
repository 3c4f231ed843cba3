"""What one in-order activity costs the core, by length of the member's history.

Two figures each: `decide` alone (explanations included, as tuples), and all that a worker asks of
the core for an activity: reading it from its plain form, `prefetch`, `decide`, and decision, pages
and standing in plain form. Counts processor time, so that neighbours matter little; the best of
the rounds is what the machine can do undisturbed, the median is what it did. The cost must not
grow with the history: the ratio of the longest to the shortest is printed last.
"""

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

from guerdon.core.activity import Activity, Instant, Line
from guerdon.core.decide import decide, prefetch
from guerdon.core.decision import Decision, Given, Needed
from guerdon.core.plain import (
    activity_from_plain,
    activity_to_plain,
    decision_to_plain,
    page_to_plain,
    standing_to_plain,
)
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import PageRef, Plain, Standing
from guerdon.program.load import load

BEGIN = 1_767_225_600_000  # 2026-01-01T00:00:00Z
HOUR_MS = 3_600_000
PROGRAMS = (
    Path(__file__).parent / "decide_program.yaml",
    Path(__file__).parents[1] / "examples" / "record-store.yaml",
)


Pages = dict[str, tuple[str, Plain] | None]


class Member:
    """One member's standing and the pages that lie outside its head."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.standing = Standing(member="m")
        self.past: dict[str, Pages] = {}
        self.pages: dict[str, Pages] = {}

    def copy(self) -> "Member":
        """Return another member with the same past, which is shared and not changed any more.

        A copy of half a million pages would be resized while the clock runs.
        """
        found = Member(self.rulebook)
        found.standing, found.past = self.standing, self.pages
        return found

    def decide(self, activity: Activity) -> Decision:
        """Decide one activity, answering what the core asks for."""
        return self._keep(self._answered(activity, Given()))

    def carry(self, plain: Plain) -> Plain:
        """Do all that a worker asks of the core for one activity; return what it would store."""
        activity = activity_from_plain(plain)
        needed = prefetch(self.rulebook, self.standing, activity)
        given = Given()
        for ref in needed.pages:
            self._give(given, ref)
        decision = self._keep(self._answered(activity, given))
        return (
            decision_to_plain(decision),
            [page_to_plain(page) for page in decision.pages],
            standing_to_plain(decision.standing),
        )

    def _answered(self, activity: Activity, given: Given) -> Decision:
        while True:
            try:
                return decide(self.rulebook, self.standing, activity, given)
            except Needed as needed:
                for ref in needed.pages:
                    self._give(given, ref)

    def _keep(self, decision: Decision) -> Decision:
        for shelf, key, sort, value in decision.pages:
            entry = None if value is None else (sort, value)
            self.pages.setdefault(shelf, {})[key] = entry
        self.standing = decision.standing
        return decision

    def _give(self, given: Given, ref: PageRef) -> None:
        given.loaded.add(ref)
        past, own = self.past.get(ref.shelf, {}), self.pages.get(ref.shelf, {})
        if ref.scope == "one":
            known = own if ref.key in own else past
            given.entries[ref.shelf, ref.key] = known.get(ref.key)
            return
        pages = past | own
        found = sorted((entry[0], key) for key, entry in pages.items() if entry is not None)
        if ref.scope == "front":
            found = [pair for pair in found if pair[0] > ref.key][:64]
        for _, key in found:
            given.entries[ref.shelf, key] = pages[key]


def purchases(count: int, begin: int, step_ms: int) -> list[Activity]:
    """Return purchases in order, of varying lines."""
    kinds = ("book", "vinyl", "wine", "tea")
    return [
        Activity(
            id=f"a{begin}-{number}",
            type="purchase",
            at=Instant(begin + number * step_ms),
            received=Instant(begin + number * step_ms),
            member="m",
            lines=(
                Line(amount=1990 + number % 700, fields={"category": kinds[number % 4]}),
                Line(amount=500, fields={"category": "tea"}),
            ),
            data={"shop": f"s{number % 7}", "channel": "app" if number % 2 else "web"},
        )
        for number in range(count)
    ]


def member_with(rulebook: Rulebook, history: int) -> tuple[Member, int]:
    """Return a member with so many purchases behind them, and when the next may come."""
    member = Member(rulebook)
    enrolled = Activity(
        id="e",
        type="enrollment",
        at=Instant(BEGIN - HOUR_MS),
        received=Instant(BEGIN - HOUR_MS),
        member="m",
        data={"attrs.birthday": "06-07", "attrs.student": "true"},
    )
    member.decide(enrolled)
    past = purchases(history, BEGIN, max(20 * HOUR_MS * 100 // history, 60_000))
    for activity in past:
        member.decide(activity)
    return member, past[-1].at + 60_000


Carried = TypeVar("Carried")


class Cost(NamedTuple):
    """Seconds an activity, undisturbed and as it was."""

    best: float
    usual: float

    def __str__(self) -> str:
        return (
            f"{1 / self.best:>9,.0f}/s ({1e6 * self.best:>4.0f} us, median {1e6 * self.usual:.0f})"
        )


def cost(
    carry: Callable[[Member, Carried], object], member: Member, items: list[Carried], rounds: int
) -> Cost:
    """Return what `carry` costs for one of the items, all of which are timed together."""
    times = []
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        fresh = member.copy()
        begin = time.process_time()
        for item in items:
            carry(fresh, item)
        times.append((time.process_time() - begin) / len(items))
    gc.unfreeze()
    return Cost(min(times), median(times))


SLICE = 200


def main() -> None:
    """Print the figures and their ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, nargs="+", default=[10, 1_000, 100_000])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--program", type=Path, nargs="+", default=PROGRAMS)
    options = parser.parse_args()
    for path in options.program:
        loaded = load(path.read_text(), path.name)
        assert loaded.program is not None, loaded.mistakes
        rulebook = Rulebook([loaded.program])
        print(f"{path.name}: decide, and all of the core's work for an activity")
        costs = []
        for history in options.histories:
            member, now = member_with(rulebook, history)
            fresh = purchases(SLICE, now, 1000)
            plain = [activity_to_plain(activity) for activity in fresh]
            costs.append(
                (
                    cost(Member.decide, member, fresh, options.rounds),
                    cost(Member.carry, member, plain, options.rounds),
                )
            )
            print(f"  history {history:>7}: {costs[-1][0]}   {costs[-1][1]}")
        ratios = [last.best / first.best for first, last in zip(costs[0], costs[-1], strict=True)]
        print(f"  longest history against shortest: {ratios[0]:.2f}   {ratios[1]:.2f}")


if __name__ == "__main__":
    main()
