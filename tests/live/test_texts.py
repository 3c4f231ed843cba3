"""Rows as texts: read back exactly, and ordered by bytes as leaderboards are."""

from hypothesis import given
from hypothesis import strategies as st

from guerdon.live.texts import EXACT, prefix_of, read

values = st.integers(-(2**63), 2**63 - 1) | st.integers(EXACT - 3, EXACT + 3)
instants = st.integers(-(10**13), 10**14)
members = st.text("abcdef0123456789-", min_size=1, max_size=36)
rows = st.tuples(values, instants, members)


@given(rows)
def test_a_row_is_read_as_it_was_written(row: tuple[int, int, str]) -> None:
    value, at, member = row

    assert read(prefix_of(value, at) + member, repr(float(-value))) == row


@given(rows, rows)
def test_texts_of_one_score_sort_as_the_leaderboard(
    one: tuple[int, int, str], other: tuple[int, int, str]
) -> None:
    def place(row: tuple[int, int, str]) -> tuple[float, bytes]:
        value, at, member = row
        return float(-value), (prefix_of(value, at) + member).encode()

    def order(row: tuple[int, int, str]) -> tuple[int, int, str]:
        return -row[0], row[1], row[2]

    assert (place(one) < place(other)) == (order(one) < order(other))
