"""Packed values come back as they were, also those of earlier checkouts."""

from threading import Thread
from typing import NamedTuple

import orjson
from hypothesis import given
from hypothesis import strategies as st

from guerdon.stores.packed import pack, unpack

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
)


class Lot(NamedTuple):
    number: int
    source: str


@given(PLAIN)
def test_what_is_unpacked_is_what_was_packed(value: object) -> None:
    assert unpack(pack(value)) == value


@given(PLAIN)
def test_what_was_stored_as_bare_json_is_read(value: object) -> None:
    assert unpack(orjson.dumps(value)) == value


def test_tuples_with_names_come_back_as_lists() -> None:
    assert unpack(pack([("lots:points", 3, [Lot(1, "a")])])) == [["lots:points", 3, [[1, "a"]]]]


def test_the_shelves_of_a_full_head_take_a_third() -> None:
    lots = [
        [n, f"m{n}", "base", f"service/m{n}", 1_795_798_274_522 + n * 997, 0] for n in range(24)
    ]

    assert len(pack(lots)) < len(orjson.dumps(lots)) / 3


def test_threads_pack_beside_each_other() -> None:
    values = [[f"{thread} {n}" for n in range(500)] for thread in range(8)]
    found: dict[int, list[object]] = {}

    def work(number: int) -> None:
        found[number] = [unpack(pack(values[number])) for _ in range(200)]

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(found[number] == [values[number]] * 200 for number in range(8))
