"""How many in-order activities the core decides a second, by length of the member's history.

Counts processor time, so that neighbours do not matter. Prints the rate for members with 10, 1,000
and 100,000 activities behind them and the ratio of the longest to the shortest: the cost must not
grow with the history.
"""

import argparse
import time
from pathlib import Path
from statistics import median

from guerdon.core.activity import Activity, Instant, Line
from guerdon.core.decide import decide
from guerdon.core.decision import Given, Needed
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import PageRef, Standing
from guerdon.program.load import load

BEGIN = 1_767_225_600_000  # 2026-01-01T00:00:00Z
HOUR_MS = 3_600_000
ROUNDS = 5


class Member:
    """One member's standing and the pages that lie outside its head."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.standing = Standing(member="m")
        self.pages: dict[tuple[str, str], tuple[str, object]] = {}

    def decide(self, activity: Activity) -> None:
        """Decide one activity, answering what the core asks for."""
        given = Given()
        while True:
            try:
                decision = decide(self.rulebook, self.standing, activity, given)
                break
            except Needed as needed:
                for ref in needed.pages:
                    self._answer(given, ref)
        for page in decision.pages:
            if page.value is None:
                self.pages.pop((page.shelf, page.key), None)
            else:
                self.pages[page.shelf, page.key] = (page.sort, page.value)
        self.standing = decision.standing

    def _answer(self, given: Given, ref: PageRef) -> None:
        given.loaded.add(ref)
        if ref.scope == "one":
            given.entries[ref.shelf, ref.key] = self.pages.get((ref.shelf, ref.key))
            return
        found = sorted(
            ((entry[0], key) for (shelf, key), entry in self.pages.items() if shelf == ref.shelf)
        )
        if ref.scope == "front":
            found = [pair for pair in found if pair[0] > ref.key][:64]
        for _, key in found:
            given.entries[ref.shelf, key] = self.pages[ref.shelf, key]


def activities(count: int, begin: int, step_ms: int) -> list[Activity]:
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


def main() -> None:
    """Print the rates and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, nargs="+", default=[10, 1_000, 100_000])
    parser.add_argument("--count", type=int, default=2_000)
    options = parser.parse_args()
    loaded = load((Path(__file__).parent / "decide_program.yaml").read_text(), "bench")
    assert loaded.program is not None, loaded.mistakes
    rulebook = Rulebook([loaded.program])
    rates = []
    for history in options.histories:
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
        past = activities(history, BEGIN, max(20 * HOUR_MS * 100 // history, 60_000))
        for activity in past:
            member.decide(activity)
        times = []
        now = past[-1].at + 60_000
        saved = (member.standing, dict(member.pages))
        for _ in range(ROUNDS):
            member.standing, member.pages = saved[0], dict(saved[1])
            fresh = activities(options.count, now, 1000)
            begin = time.process_time()
            for activity in fresh:
                member.decide(activity)
            times.append((time.process_time() - begin) / options.count)
        rates.append(1 / median(times))
        print(f"history {history:>7}: {rates[-1]:>9,.0f}/s ({1e6 * median(times):.0f} us each)")
    print(f"cost, longest history against shortest: {rates[0] / rates[-1]:.2f}")


if __name__ == "__main__":
    main()
