"""A person who leaves is forgotten; the figures stay for the books.

Rule: what waits for a partner fails, what is left of units expires, debts are written off, vouchers
become void, and nothing else of the standing remains but the lots: their numbers, dates and the ids
of what they came from. An account that was merged into this one is forgotten by a follow-up in its
own lane. Whatever still arrives for somebody who was forgotten is for nobody: units on their way
expire at once.
"""

from collections.abc import Iterator

from guerdon.core import board_rows, redemptions, vouchers
from guerdon.core.activity import Activity
from guerdon.core.backfill import HISTORY
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Needed
from guerdon.core.errors import Rejected
from guerdon.core.holdings import SHELVES, head, pull_all
from guerdon.core.standing import ERASED, PageRef
from guerdon.core.wallets import expire

_REST = (
    "attrs",
    "counts",
    "ladders",
    "missions",
    "badges",
    "carries",
    "figures",
    "misses",
    "plans",
)


def erase(d: Deciding, activity: Activity) -> None:
    """Let the member be somebody of whom nothing is known."""
    del activity
    d.standing.status = ERASED


def erase_absorbed(d: Deciding, activity: Activity) -> None:
    """Forget what an account still says that was merged into one that is being forgotten."""
    del activity
    if d.standing.merged_into is None:
        raise Rejected("unknown_member")
    _ask(d)
    _clear(d)


def forget(d: Deciding, activity: Activity) -> None:
    """Take everything from a member who is erased; called behind whatever was decided for them."""
    _ask(d)
    redemptions.fail_all(d, ERASED)
    for slug in list(d.standing.wallets):
        _forfeit(d, slug)
    for name, value in d.everything("voucher").items():
        if vouchers.voucher_of(value).shown(d.now) == "issued":
            vouchers.cancel(d, name)
    board_rows.leave(d)
    for number, name in enumerate(sorted(d.standing.absorbed)):
        d.decision.follow_ups.append(
            Activity(
                id=f"{activity.id}.erase.{number}",
                type="absorbed_erased",
                at=activity.at,
                received=activity.received,
                member=name,
                reporter=activity.reporter,
            )
        )
    _clear(d)


def _ask(d: Deciding) -> None:
    """Ask for every page: of what lies outside the head nothing may be left."""
    needed = tuple(ref for ref in _everywhere(d) if ref not in d.given.loaded)
    if needed:
        raise Needed(needed)


def _everywhere(d: Deciding) -> Iterator[PageRef]:
    yield PageRef("record", "all")
    for name, shelf in d.standing.shelves.items():
        if shelf.spilled and name != "record":
            yield PageRef(name, "all")


def _forfeit(d: Deciding, slug: str) -> None:
    pull_all(d, slug)
    wallet = d.state.wallet(slug)
    for lot in head(d, slug):
        expire(d, wallet, lot, at=d.now)
    state = d.wallet(slug)
    if state.debt:
        d.post(slug, "written_off", "debt", state.debt)
        state.written_off += state.debt
        state.debt = 0
    state.due = state.spill_due = state.active_on = None
    state.lapses = state.extended = ()
    state.active_since = 0


def _clear(d: Deciding) -> None:
    standing = d.standing
    standing.referrer = None
    for name in _REST:
        getattr(standing, name).clear()
    kept = {name for name in standing.shelves if name.partition(":")[0] in SHELVES}
    for name in set(standing.shelves) - kept:
        del standing.shelves[name]
        d.forked.pop(name, None)
    for shelf, key in {**d.given.entries, **d.pages}:
        if shelf not in kept and shelf != HISTORY:
            d.pages[shelf, key] = None
