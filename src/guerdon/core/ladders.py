"""Tiers: what a counter's value earns, how long it is kept, and what is shown.

Rule: the tier shown is the highest of the one earned, the one granted (until its date) and the
floor of the member's attributes. It rises with the activity that lifts it; it falls only at a
review, at the end of a grant, or after a refund where the ladder says `recheck`.
"""

from guerdon.core import counters, expiries, grants
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding, earlier
from guerdon.core.decision import TierEffect
from guerdon.core.figures import figure, windows_of
from guerdon.core.program import KeepKind, Ladder, Period, WindowKind
from guerdon.core.rungs import HISTORY_MAX, PEAKS
from guerdon.core.standing import LadderState
from guerdon.core.windows import CALENDAR_KINDS, FAR, add, date_of, day_of


def rung_of(ladder: Ladder, value: int) -> int:
    """Return the index of the highest tier that a value reaches; the lowest has no threshold."""
    found = 0
    for index, rung in enumerate(ladder.tiers):
        if index and value < rung.at:
            break
        found = index
    return found


def refresh(d: Deciding, *, after_refund: bool = False) -> None:
    """Look at every ladder after an activity: rise, recheck where told to, enter."""
    if d.standing.enrolled_at is None:
        return
    for ladder in d.program.ladders.values():
        _earn(d, ladder, after_refund=after_refund)
        if not after_refund:
            _pay_closed_windows(d, ladder)
        show(d, ladder)


def review(d: Deciding, ladder: Ladder) -> None:
    """Look at a ladder because its time has come: a term ended, or a grant did."""
    state = d.ladder(ladder.id)
    kind = ladder.keep.kind
    if state.held_until is not None and state.held_until <= d.now:
        state.held, state.held_until = 0, None
    if kind is KeepKind.FOREVER:
        state.earned_until, state.terms = None, ()  # an earlier version of the ladder knew an end
    elif kind is KeepKind.FOR and state.earned_until is not None and state.earned_until <= d.now:
        _review_term(d, ladder, state)
    elif kind is KeepKind.END_OF_WINDOW or kind is KeepKind.END_OF_NEXT_YEAR:
        _review_results(d, ladder, state)
    show(d, ladder)


# ---------------------------------------------------------------- earned


def _earn(d: Deciding, ladder: Ladder, *, after_refund: bool) -> None:
    state = d.ladder(ladder.id)
    kind = ladder.keep.kind
    if kind in (KeepKind.END_OF_WINDOW, KeepKind.END_OF_NEXT_YEAR):
        _earn_results(d, ladder, state, recheck=after_refund and ladder.recheck)
        return
    if kind is KeepKind.FOR:
        _earn_term(d, ladder, state, after_refund=after_refund)
        return
    reading = d.state.ladder_readings[ladder.id]
    reached = rung_of(ladder, counters.value(d, reading, d.now))
    recheck = after_refund and ladder.recheck
    for window in windows_of(d, reading) if recheck else _other_windows(d, ladder):
        reached = max(reached, rung_of(ladder, _window_value(d, ladder, window)))
    state.earned = reached if recheck else max(reached, state.earned)


def _earn_term(d: Deciding, ladder: Ladder, state: LadderState, *, after_refund: bool) -> None:
    """Begin a term with what is more than holds; on recheck each is what its window supports.

    What goes back begins no term anew in the window that it went back from.
    """
    reading = d.state.ladder_readings[ladder.id]
    current = counters.window_key(d, reading, d.now) or ""
    terms = _running(d, state, current)
    if after_refund and ladder.recheck:
        terms = [
            (window, until, min(tier, rung_of(ladder, _window_value(d, ladder, window))))
            for window, until, tier in terms
        ]
    # A term begins with what happens, not with windows of long ago that are filled only now.
    others = _other_windows(d, ladder) if d.activity is not None and not after_refund else []
    for window in (*others, current):
        reached = rung_of(ladder, _window_value(d, ladder, window))
        if reached > _best(terms):
            terms.append((window, _term(d, ladder), reached))
    _keep_terms(state, terms)


Term = tuple[str, Instant, int]
"""The window in which a tier was reached, the first instant without it, and the tier."""


def _running(d: Deciding, state: LadderState, current: str) -> list[Term]:
    """Return the terms that run; a tier that was kept otherwise before counts for this window."""
    if state.earned and not state.terms:
        return [(current, FAR if state.earned_until is None else state.earned_until, state.earned)]
    return [term for term in state.terms if term[1] > d.now]


def _best(terms: list[Term]) -> int:
    return max((tier for _, _, tier in terms), default=0)


def _keep_terms(state: LadderState, terms: list[Term]) -> None:
    """Keep the terms, and read the tier earned and its end off them."""
    best = state.earned = _best(terms)
    state.terms = tuple(term for term in terms if term[2])
    until = max((until for _, until, tier in state.terms if tier == best), default=FAR)
    state.earned_until = None if until == FAR else until


def _other_windows(d: Deciding, ladder: Ladder) -> list[str]:
    """Return the calendar windows other than the current one that this decision touched."""
    reading = d.state.ladder_readings[ladder.id]
    if reading.window.kind not in CALENDAR_KINDS:
        return []
    current = counters.window_key(d, reading, d.now)
    return [key for key in d.touched.get(reading.id, ()) if key != current]


def _window_value(d: Deciding, ladder: Ladder, window: str) -> int:
    reading = d.state.ladder_readings[ladder.id]
    found = figure(d, reading, window)
    return 0 if found is None else int(found[0])


def _earn_results(d: Deciding, ladder: Ladder, state: LadderState, *, recheck: bool) -> None:
    """Keep, window by window, the best tier reached in it; on recheck what is still reached."""
    reading = d.state.ladder_readings[ladder.id]
    current = counters.window_key(d, reading, d.now)
    windows = dict.fromkeys(d.touched.get(reading.id, ()))
    if current is not None:
        windows[current] = None
    if recheck:
        windows.update(dict.fromkeys(state.results))
    results = dict(state.results)
    for window in windows:
        ends = _result_ends(d, ladder, window)
        if ends is not None and ends <= d.now:
            continue
        reached = rung_of(ladder, _window_value(d, ladder, window))
        if reached > results.get(window, 0):
            _note_peak(d, ladder, window, reached)
        results[window] = reached if recheck else max(reached, results.get(window, 0))
        if not results[window]:
            del results[window]
    state.results = results
    if recheck:
        state.held = 0
        state.held_until = None
    _best_result(d, ladder, state)


def _best_result(d: Deciding, ladder: Ladder, state: LadderState) -> None:
    """Read the tier earned and its end off the results that still hold."""
    best, until = 0, None
    for window, reached in state.results.items():
        ends = _result_ends(d, ladder, window)
        if reached > best or (reached == best and reached and _later(ends, until)):
            best, until = reached, ends
    if state.held > best and (state.held_until is None or state.held_until > d.now):
        best, until = state.held, state.held_until
    state.earned, state.earned_until, state.terms = best, until, ()


def _later(one: Instant | None, other: Instant | None) -> bool:
    return one is None or (other is not None and one > other)


def _result_ends(d: Deciding, ladder: Ladder, window: str) -> Instant | None:
    """Return when the result of a window ends; None where the window itself never does."""
    calendar = d.rulebook.calendar
    if ladder.keep.kind is KeepKind.END_OF_WINDOW:
        if ladder.window.kind not in CALENDAR_KINDS:
            return ladder.window.end
        end = calendar.span(ladder.window.kind, int(window)).end
        assert end is not None
        return calendar.begin(end)
    year = date_of(int(window) if window else calendar.day(d.now)).year
    grace = ladder.keep.grace
    if grace is None:
        return calendar.begin(day_of(year + 2, 1, 1))
    return calendar.through(day_of(year + 2, *grace))


def _review_results(d: Deciding, ladder: Ladder, state: LadderState) -> None:
    before = state.earned
    state.results = {
        window: reached
        for window, reached in state.results.items()
        if (ends := _result_ends(d, ladder, window)) is None or ends > d.now
    }
    _best_result(d, ladder, state)
    if ladder.one_rung and state.earned < before - 1:
        state.held = before - 1
        state.held_until = _next_window_end(d, ladder)
        _best_result(d, ladder, state)


def _next_window_end(d: Deciding, ladder: Ladder) -> Instant | None:
    """Return the end of the window that begins now: how long a step down holds.

    No window follows a span, so that a step behind it has none to end with.
    """
    calendar = d.rulebook.calendar
    if ladder.keep.kind is KeepKind.END_OF_NEXT_YEAR:
        year = date_of(calendar.day(d.now)).year
        grace = ladder.keep.grace
        if grace is None:
            return calendar.begin(day_of(year + 1, 1, 1))
        return calendar.through(day_of(year + 1, *grace))
    if ladder.window.kind not in CALENDAR_KINDS:
        return None
    end = calendar.span(ladder.window.kind, calendar.day(d.now)).end
    assert end is not None
    return calendar.begin(end)


def _term(d: Deciding, ladder: Ladder) -> Instant:
    calendar = d.rulebook.calendar
    return calendar.through(add(calendar.day(d.now), ladder.keep.period or Period()))


def _review_term(d: Deciding, ladder: Ladder, state: LadderState) -> None:
    """Read the window anew at the end of a term; the new term begins where the old one ended."""
    reading = d.state.ladder_readings[ladder.id]
    calendar, before, ended = d.rulebook.calendar, state.earned, state.earned_until
    assert ended is not None
    until = calendar.begin(add(calendar.day(ended), ladder.keep.period or Period()))
    current = counters.window_key(d, reading, d.now) or ""
    terms = [term for term in _running(d, state, current) if term[1] > ended]
    reached = rung_of(ladder, counters.value(d, reading, d.now))
    if reached > _best(terms):
        terms.append((current, until, reached))
    if ladder.one_rung and _best(terms) < before - 1:
        terms.append((current, until, before - 1))
    _keep_terms(state, terms)


# ---------------------------------------------------------------- shown


def show(d: Deciding, ladder: Ladder) -> None:
    """Show the highest of earned, granted and floor, and enter the tiers that are new."""
    state = d.ladder(ladder.id)
    if state.granted_until is not None and state.granted_until <= d.now:
        state.granted, state.granted_until = 0, None
    floor = _floor(d, ladder)
    shown = max(state.earned, state.granted, floor)
    until = _until(state, shown, floor)
    state.due = earlier(earlier(state.earned_until, state.granted_until), state.held_until)
    fresh = not state.history
    at = d.activity.at if d.activity is not None else d.now
    since, before, ended = state.history[-1] if state.history else (d.now, 0, None)
    if fresh:
        since = d.now
        state.history = ((since, 0, None),)
        enter(d, ladder, range(1), at)
    if shown != before:
        state.history = (*state.history[1 - HISTORY_MAX :], (d.now, shown, until))
        rungs = ladder.tiers
        d.effect(TierEffect(ladder.id, rungs[before].id, rungs[shown].id, until, d.now))
        for slug in list(d.standing.wallets):
            # Before anything comes with the tier: that is granted under the new policy.
            expiries.follow_policy(d, slug)
        if shown > before:
            enter(d, ladder, range(before + 1, shown + 1), at)
    elif until != ended or fresh:
        state.history = (*state.history[:-1], (state.history[-1][0], shown, until))


def granted(d: Deciding) -> list[tuple[int, Instant | None]]:
    """Return what is granted on each ladder, to tell whether something was."""
    return [(state.granted, state.granted_until) for state in d.standing.ladders.values()]


def show_all(d: Deciding) -> None:
    """Show every ladder as it stands now."""
    for ladder in d.program.ladders.values():
        show(d, ladder)


def _until(state: LadderState, shown: int, floor: int) -> Instant | None:
    """Return the first instant at which the tier shown rests on nothing any more."""
    if not shown or floor >= shown:
        return None
    earned = state.earned_until if state.earned >= shown else Instant(0)
    given = state.granted_until if state.granted >= shown else Instant(0)
    # What rests on neither has no end, what rests on one without an end has none either.
    return None if earned is None or given is None else Instant(max(earned, given)) or None


def _floor(d: Deciding, ladder: Ladder) -> int:
    best = 0
    for floor in ladder.floors:
        if d.about_member(floor.when):
            index = next(i for i, rung in enumerate(ladder.tiers) if rung.id == floor.tier)
            best = max(best, index)
    return best


def enter(d: Deciding, ladder: Ladder, rungs: range, at: Instant) -> None:
    """Carry out what entering tiers brings, lowest first, once each (or once per window)."""
    for index in rungs:
        rung = ladder.tiers[index]
        if rung.on_enter:
            grants.give(d, rung.on_enter, source=f"{ladder.id}:{rung.id}", at=at, once="")


def _pay_closed_windows(d: Deciding, ladder: Ladder) -> None:
    """Let what arrives late pay the milestones of a window that is over.

    What it pays is dated inside that window, also where accounts are merged long after it, so
    that it is never paid twice in one. Tiers that the window had reached before were entered then,
    also where a refund has taken it down since. What goes back pays nothing.
    """
    if ladder.keep.kind is not KeepKind.END_OF_WINDOW or d.activity is None:
        return
    reading = d.state.ladder_readings[ladder.id]
    for window in _closed_windows(d, ladder):
        value, last_at = (figure(d, reading, window) or (0, 0))[:2]
        at = d.activity.at
        if counters.window_key(d, reading, at) != window:
            at = Instant(last_at)
        before = rung_of(ladder, d.touched[reading.id][window])
        reached = rung_of(ladder, value)
        if reached > before:
            before = max(before, _peak(d, ladder, window))
            _note_peak(d, ladder, window, reached)
            enter(d, ladder, range(before + 1, reached + 1), at)


def _closed_windows(d: Deciding, ladder: Ladder) -> list[str]:
    """Return the windows that are over and were touched by this decision."""
    window, reading = ladder.window, d.state.ladder_readings[ladder.id]
    if window.kind is not WindowKind.FIXED:
        return _other_windows(d, ladder)
    is_over = window.end is not None and window.end <= d.now
    return list(d.touched.get(reading.id, ())) if is_over else []


def _peak(d: Deciding, ladder: Ladder, window: str) -> int:
    """Return the best tier that a window ever reached, as far as anything comes with its tiers."""
    return int(d.look(PEAKS, f"{ladder.id}|{window}") or 0)


def _note_peak(d: Deciding, ladder: Ladder, window: str, reached: int) -> None:
    """Keep what a window reached, where its milestones could be paid once more."""
    pays = any(effect.per is not None for rung in ladder.tiers for effect in rung.on_enter)
    if ladder.keep.kind is KeepKind.END_OF_WINDOW and pays and reached > _peak(d, ladder, window):
        d.put(PEAKS, f"{ladder.id}|{window}", reached)
