from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_member, a_program, a_town
from guerdon.core.activity import Instant
from guerdon.core.leaderboards import Place, Row, period_of, rank
from guerdon.core.program import Leaderboard, Period, Window, WindowKind
from guerdon.core.windows import Calendar, parse_instant

ROWS = [
    Row("ada", 500, Instant(30)),
    Row("ben", 500, Instant(20)),
    Row("cyd", 700, Instant(90)),
    Row("dan", 0, Instant(1)),
    Row("eli", -5, Instant(1)),
    Row("flo", 100, Instant(5)),
    Row("gus", 500, Instant(20)),
]


def test_who_reached_a_value_first_leads_and_then_the_id_decides() -> None:
    assert [place.member for place in rank(ROWS, shared=False)] == [
        "cyd",
        "ben",
        "gus",
        "ada",
        "flo",
    ]
    assert [place.rank for place in rank(ROWS, shared=False)] == [1, 2, 3, 4, 5]


def test_shared_ranks_leave_a_gap_and_list_who_was_first_first() -> None:
    assert rank(ROWS, shared=True) == [
        Place(1, "cyd", 700),
        Place(2, "ben", 500),
        Place(2, "gus", 500),
        Place(2, "ada", 500),
        Place(5, "flo", 100),
    ]


def test_only_values_above_zero_are_shown() -> None:
    assert rank([Row("dan", 0, Instant(1)), Row("eli", -5, Instant(1))], shared=False) == []


@given(
    st.lists(
        st.builds(Row, st.text("ab", min_size=1), st.integers(-3, 3), st.integers(0, 3)),
        unique_by=lambda row: row.member,
    )
)
def test_the_order_does_not_depend_on_how_rows_come_in(rows: list[Row]) -> None:
    forward, backward = rank(rows, shared=True), rank(rows[::-1], shared=True)
    assert forward == backward
    assert all(a.rank <= b.rank and a.value >= b.value for a, b in pairwise(forward))


def test_the_period_is_the_window_that_holds_now_or_the_instant_it_is_pinned_to() -> None:
    calendar = Calendar("Europe/Berlin")
    now = parse_instant("2026-05-15T12:00:00+02:00")

    def board(window: Window, asof: Instant | None = None) -> Leaderboard:
        return Leaderboard(id="b", name="B", counter="c", window=window, asof=asof)

    month = Window(WindowKind.MONTH)
    assert period_of(board(month), calendar, now) == parse_instant("2026-05-01T00:00:00+02:00")
    pinned = board(month, parse_instant("2026-03-31T23:59:59+02:00"))
    assert period_of(pinned, calendar, now) == parse_instant("2026-03-01T00:00:00+01:00")
    assert period_of(board(Window()), calendar, now) == 0
    rolling = Window(WindowKind.ROLLING, period=Period(months=12))
    assert period_of(board(rolling), calendar, now) == 0
    begin = parse_instant("2026-01-07T00:00:00Z")
    fixed = Window(WindowKind.FIXED, begin=begin, end=parse_instant("2026-08-01T00:00:00Z"))
    assert period_of(board(fixed), calendar, now) == begin


@pytest.mark.parametrize(
    ("old", "new", "ana_is_shown", "bob_is_shown"),
    [
        ("{}", "{top: {counter: it}}", True, True),
        ("{top: {counter: it}}", "{top: {counter: it, eligible: {vip: 'yes'}}}", True, False),
        ("{top: {counter: it, eligible: {vip: 'yes'}}}", "{top: {counter: it}}", True, True),
    ],
)
def test_a_version_that_shows_others_shows_them_with_what_was_counted_before(
    old: str, new: str, *, ana_is_shown: bool, bob_is_shown: bool
) -> None:
    counted = "counters: {it: {activity: visit}}\nbadges: {two: {counter: it, at: 2}}\n"
    first = a_program(f"{counted}leaderboards: {old}")
    second = a_program(f"{counted}leaderboards: {new}", version=2, begin="2026-04-01")
    town = a_town(first, second)
    ana, bob, cyd = (
        a_member(town, vip="yes"),
        a_member(town, name="bob"),
        a_member(town, name="cyd"),
    )
    for life in (ana, bob):
        life.does("visit", "2026-03-02")

    decided = [life.waits("2026-04-02") for life in (ana, bob, cyd)]

    scores = [
        [(each.leaderboard, each.value, each.eligible) for each in one.scores] for one in decided
    ]
    assert scores == [[("top", 1, ana_is_shown)], [("top", 1, bob_is_shown)], []]
    assert not any(one.effects for one in decided)
    assert ana.waits("2026-04-03").scores == []


def test_a_leaderboard_that_is_only_called_otherwise_is_left_as_it_is() -> None:
    counted = "counters: {it: {activity: visit}}\nleaderboards: {top: {counter: it, name: "
    second = a_program(counted + "Best}}", version=2, begin="2026-04-01")
    life = a_member(a_town(a_program(counted + "Top}}"), second))
    life.does("visit", "2026-03-02")

    assert life.waits("2026-04-02").scores == []
