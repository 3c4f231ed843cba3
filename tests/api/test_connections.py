import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.api.connections import (
    TEXT_END,
    Listing,
    Page,
    read_cursor,
    whole,
    write_cursor,
)
from guerdon.api.transport import BadInput

WORDS: Listing[str] = Listing(
    kind="words", shape=(str,), key=lambda word: (word,), order=lambda key: key, end=(TEXT_END,)
)


async def page(words: list[str], **asked: int | str | None) -> Page[str]:
    arguments = {"first": None, "after": None, "last": None, "before": None, **asked}
    return await WORDS.page(WORDS.range(**arguments), whole(words, WORDS))  # type: ignore[arg-type]


def cursor(word: str) -> str:
    return write_cursor("words", (word,))


@given(st.sets(st.text(max_size=5), max_size=30), st.integers(1, 7))
async def test_walking_forward_and_backward_visits_everything_once(
    words: set[str], size: int
) -> None:
    ordered = sorted(words)
    forward: list[str] = []
    shown = await page(ordered, first=size)
    forward += shown.entries
    while shown.has_next:
        shown = await page(ordered, first=size, after=shown.cursors("words")[-1])
        assert shown.has_previous
        forward += shown.entries
    backward: list[str] = []
    shown = await page(ordered, last=size)
    backward = [*shown.entries, *backward]
    while shown.has_previous:
        shown = await page(ordered, last=size, before=shown.cursors("words")[0])
        assert shown.has_next
        backward = [*shown.entries, *backward]

    assert forward == ordered
    assert backward == ordered


async def test_a_page_keeps_its_place_when_entries_come_and_go() -> None:
    first = await page(["b", "d", "f"], first=2)
    second = await page(["a", "b", "c", "e", "f"], first=2, after=first.cursors("words")[-1])

    assert second.entries == ["e", "f"]


async def test_both_cursors_bound_a_page_in_either_direction() -> None:
    words = list("abcdefg")
    forward = await page(words, first=10, after=cursor("b"), before=cursor("e"))
    backward = await page(words, last=2, after=cursor("b"), before=cursor("g"))
    backward_to_the_bound = await page(words, last=9, after=cursor("b"), before=cursor("e"))

    assert (forward.entries, forward.has_next) == (["c", "d"], True)
    assert (backward.entries, backward.has_previous) == (["e", "f"], True)
    assert (backward_to_the_bound.entries, backward_to_the_bound.has_previous) == (["c", "d"], True)


async def test_a_page_of_none_says_whether_there_is_more() -> None:
    some = await page(["a"], first=0)
    none = await page([], first=0)

    assert (some.entries, some.has_next) == ([], True)
    assert (none.entries, none.has_next) == ([], False)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"first": 1, "last": 1}, "not both"),
        ({"first": -1}, "`first` must be between 0 and 100; it is -1"),
        ({"last": 101}, "`last` must be between 0 and 100; it is 101"),
        ({"after": "xx"}, "does not belong to this list"),
        ({"before": write_cursor("other", ("a",))}, "does not belong to this list"),
        ({"after": write_cursor("words", (1,))}, "does not belong to this list"),
        ({"after": write_cursor("words", ("a", "b"))}, "does not belong to this list"),
    ],
)
async def test_a_page_that_makes_no_sense_is_refused(asked: dict[str, int], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        await page(["a"], **asked)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arrayconnection:-5",
        base64.b64encode(b"arrayconnection:-5").decode(),
        base64.urlsafe_b64encode(b'["words",true]').decode().rstrip("="),
        base64.urlsafe_b64encode(b'["words", "a"]').decode().rstrip("="),
        base64.urlsafe_b64encode(b'["words","a"]').decode() + "==",
        base64.urlsafe_b64encode(json.dumps(["words", ["a"]]).encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(b"[" * 900).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        "\u0661",
        "a" * 5_000,
    ],
)
def test_a_cursor_that_nobody_gave_out_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="pass on one that it gave out"):
        read_cursor("words", (str,), text)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63) - 1])
def test_a_cursor_with_a_number_that_no_store_holds_is_refused(number: int) -> None:
    text = json.dumps(["list", number], separators=(",", ":")).encode()
    with pytest.raises(BadInput, match="pass on one that it gave out"):
        read_cursor("list", (int,), base64.urlsafe_b64encode(text).decode().rstrip("="))


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.integers(-(2**63), 2**63 - 1),
)
def test_a_cursor_leads_back_to_its_key(text: str, number: int) -> None:
    key = (number, text)

    assert read_cursor("list", (int, str), write_cursor("list", key)) == key
