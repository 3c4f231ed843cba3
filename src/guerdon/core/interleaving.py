"""Lots of the same dates that two accounts bring together: spent in the order in which they came.

Rule: numbers tell the order within one account only, since those of an account that was given up
come behind the others as a whole. What came first is told by the journal, which is asked only
where lots of both accounts share their dates. An effect's lot came with what caused it, a job's as
it ran, in the program's order.
"""

from bisect import bisect_left
from itertools import groupby
from operator import itemgetter

from guerdon.core import holdings
from guerdon.core.backfill import history
from guerdon.core.deciding import Deciding
from guerdon.core.lots import Lot, order_of
from guerdon.core.plain import activity_from_plain


def interleave(d: Deciding, offset: int) -> None:
    """Order the lots that were numbered apart; those of the other account are above `offset`."""
    by_wallet = {slug: holdings.every_lot(d, slug) for slug in d.standing.wallets}
    mixed = [
        (slug, lots)
        for slug, found in by_wallet.items()
        for lots in _alike(d, slug, found)
        if min(lot.no for lot in lots) <= offset < max(lot.no for lot in lots)
    ]
    if not mixed:
        return
    came = _arrivals(d, [lot for lots in by_wallet.values() for lot in lots])
    for slug, lots in mixed:
        wallet = d.state.wallet(slug)
        places = sorted(lot.place for lot in lots)
        lots.sort(key=lambda lot: (came[lot.no], _job(d, lot), lot.place))
        for place, lot in zip(places, lots, strict=True):
            if place != lot.place:
                holdings.remove(d, slug, lot)
                holdings.add(d, wallet, lot._replace(turn=place))


def _alike(d: Deciding, slug: str, lots: list[Lot]) -> list[list[Lot]]:
    """Return the lots that nothing but their place tells apart, if there are several."""
    order = order_of(d.state.wallet(slug))
    kept = sorted((order(lot)[:2], lot.no, lot) for lot in lots if lot.left or lot.spent)
    groups = [[lot for _, _, lot in group] for _, group in groupby(kept, key=itemgetter(0))]
    return [group for group in groups if len(group) > 1]


def _job(d: Deciding, lot: Lot) -> int:
    """Return the place of the job that a lot stems from; 0 where it stems from none."""
    jobs = list(d.program.jobs)
    name = lot.source.partition(":")[0]
    return jobs.index(name) + 1 if name in d.program.jobs else 0


def _arrivals(d: Deciding, lots: list[Lot]) -> dict[int, int]:
    """Return the place of each lot's origin among all that the two did, by the lot's number."""
    arrived: dict[str, int] = {}
    received: list[int] = []
    for place, found in enumerate(history(d, (d.standing.member, *d.standing.absorbed))):
        activity = activity_from_plain(found["activity"])
        received.append(activity.received)
        origin = activity.data.get("origin")
        for key in (activity.key, *([origin] if isinstance(origin, str) else ())):
            arrived.setdefault(key, place)
    begins = sorted(set(d.standing.absorbed.values()))
    came: dict[int, int] = {}
    account, latest = -1, -1
    for lot in sorted(lots, key=lambda lot: lot.no):
        if bisect_left(begins, lot.no) != account:
            account, latest = bisect_left(begins, lot.no), -1
        if _job(d, lot):
            latest = max(latest, bisect_left(received, lot.at) - 1)
        latest = came[lot.no] = max(latest, arrived.get(lot.key, -1))
    return came
