"""What time alone brings, in order, up to an instant.

Rule: at one instant redemptions fail that were not fulfilled, then lots expire, then pending lots
are released, then tiers are reviewed and granted tiers end, then jobs run in the program's order;
activities of that instant come after. No clock is read: the scheduler says what time it is, with a
tick, and readers with their own.
"""

from guerdon.core import (
    backfill,
    badges,
    board_rows,
    counters,
    expiries,
    fulfilments,
    jobs,
    ladders,
    missions,
    redemptions,
    rungs,
)
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding, earlier
from guerdon.core.decision import Decision, Given, Score
from guerdon.core.figures import figure
from guerdon.core.readings import Reading
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing, make


def settle(
    rulebook: Rulebook, standing: Standing, to: Instant, given: Given | None = None
) -> Decision:
    """Return the standing as it is at an instant, with everything that time alone changed.

    Raises:
        Needed: Pages are asked for; give them and call again.
    """
    d = Deciding(rulebook, standing, now=standing.settled_at, given=given or Given())
    settle_to(d, Instant(max(to, standing.settled_at)))
    conclude(d)
    return d.finished()


def settle_to(d: Deciding, to: Instant) -> None:
    """Bring the fork up to an instant, one due instant after the other.

    It stops where a version begins too, because that may bring timers of its own.
    """
    standing = d.standing
    activity, d.activity = d.activity, None  # what time brings is dated by time
    if standing.follows not in (0, d.state.program.version) and not standing.is_closed:
        _follow_version(d, standing.settled_at)
        standing.due_at = _due(d)
    while (instant := _next(d)) is not None and instant <= to:
        before = standing.settled_at
        d.now = Instant(max(instant, before))
        d.state = d.rulebook.at(d.now)
        _step(d, before)
        d.turn()
        standing.settled_at = d.now
        standing.due_at = _due(d)
        if standing.due_at is not None and standing.due_at <= d.now:
            raise RuntimeError(
                f"{standing.member} stays due at {standing.due_at}: a timer did not end"
            )
    d.now = to
    d.state = d.rulebook.at(to)
    standing.settled_at = to
    if not standing.is_closed:
        standing.follows = d.program.version
    if d.state.fills > standing.filled and backfill.fill(d):
        follow(d, to)
    d.activity = activity
    for reading in d.state.rolling:
        counters.leave(d, reading)
    d.turn()


def _next(d: Deciding) -> Instant | None:
    if d.standing.is_closed:
        return None
    return earlier(d.standing.due_at, d.rulebook.next_begin(d.standing.settled_at))


def _step(d: Deciding, before: Instant) -> None:
    """Carry out everything that is due now."""
    _follow_version(d, before)
    is_filled = d.state.fills > d.standing.filled and backfill.fill(d)
    for reading in d.state.rolling:
        counters.leave(d, reading)
    redemptions.fail_overdue(d)
    due = [slug for slug, state in d.standing.wallets.items() if _has_come(d, state.due)]
    for slug in due:
        expiries.expire_due(d, slug)
    for slug in due:
        expiries.release_due(d, slug)
    for ladder in d.program.ladders.values():
        state = d.standing.ladders.get(ladder.id)
        if state is not None and _has_come(d, state.due):
            ladders.review(d, ladder)
    for slug in due:
        expiries.refresh_due(d, slug)
    if jobs.run(d, before) or is_filled:
        follow(d, d.now)
    else:
        refresh_wallets(d)


def _follow_version(d: Deciding, before: Instant) -> None:
    """Let what is written by the terms of one version follow the one in force now."""
    former = d.rulebook.followed(d.standing.follows, before)
    if former is not d.state:
        board_rows.follow_version(d, former)
        rungs.follow_version(d, former)
        expiries.follow_version(d, former)
    d.standing.follows = d.program.version


def follow(d: Deciding, at: Instant, *, after_refund: bool = False) -> None:
    """Look at tiers (twice, since what entering brings may count), missions and badges.

    `at` dates what they bring. A tier that a mission or a badge grants is shown at once, and badges
    are asked until none is new.
    """
    effects = len(d.decision.effects)
    ladders.refresh(d, after_refund=after_refund)
    if len(d.decision.effects) > effects:
        ladders.refresh(d, after_refund=after_refund)
    granted, effects = ladders.granted(d), len(d.decision.effects)
    missions.refresh(d, at)
    is_new = badges.refresh(d, at)
    # Tiers are granted by missions that are completed and badges that are given, each once.
    while is_new or (len(d.decision.effects) > effects and ladders.granted(d) != granted):
        granted, effects = ladders.granted(d), len(d.decision.effects)
        ladders.show_all(d)
        is_new = badges.refresh(d, at)
    refresh_wallets(d)


def _has_come(d: Deciding, due: Instant | None) -> bool:
    return due is not None and due <= d.now


def refresh_wallets(d: Deciding) -> None:
    """Let go what is due at once, such as units of an activity that is older than they live."""
    now = d.now
    for slug, state in list(d.standing.wallets.items()):
        if state.due is not None and state.due <= now:
            expiries.expire_due(d, slug)
            expiries.refresh_due(d, slug)


def conclude(d: Deciding) -> None:
    """Write what follows from a finished decision: scores, and when time changes something next."""
    d.standing.due_at = _due(d)
    d.turn()
    for board, reading in d.state.boards:
        for window in d.moved.get(reading.id, ()):
            value, last_at = (figure(d, reading, window) or (0, 0))[:2]
            begin, end = reading.bounds(window, d.rulebook.calendar)
            is_shown = value > 0 and not d.standing.is_closed and d.about_member(board.eligible)
            score = (board.id, begin, end, value, last_at, is_shown)
            d.decision.scores.append(make(Score, score))


def _due(d: Deciding) -> Instant | None:
    standing = d.standing
    if standing.is_closed:
        return None  # all it had is the survivor's, or gone
    program = d.state.program
    due = jobs.due(d, standing.settled_at) if program.jobs else None
    due = earlier(due, fulfilments.next_end(standing))
    for wallet in standing.wallets.values():
        if due is None or (wallet.due is not None and wallet.due < due):
            due = wallet.due
    for slug, ladder in standing.ladders.items():
        if slug in program.ladders:
            due = earlier(due, ladder.due)
    for reading in d.state.rolling_boards:
        due = earlier(due, _leaves_next(d, reading))
    return due


def _leaves_next(d: Deciding, reading: Reading) -> Instant | None:
    """Return when a rolling leaderboard loses its oldest entry of this member."""
    shelf = d.standing.shelves.get(reading.roll)
    if shelf is None or not shelf.items:
        return None
    return Instant(next(iter(shelf.items.values()))[1])
