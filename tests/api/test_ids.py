import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.api.ids import GlobalId, global_id, read_id
from guerdon.api.transport import BadInput

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)


@given(program=TEXTS.filter(lambda text: "/" not in text), key=TEXTS)
def test_an_id_leads_back_to_what_it_was_made_of(program: str, key: str) -> None:
    found = read_id(global_id("Member", program, key))

    assert found == GlobalId("Member", program, key)


def test_only_the_last_part_of_a_key_may_hold_a_slash() -> None:
    found = read_id(global_id("Activity", "shop", "partner:cafe", "order/17/b"))

    assert found.parts(2) == ("partner:cafe", "order/17/b")
    assert found.parts(5) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%%%",
        "Member:1",
        "TWVtYmVy",  # base64 of "Member", without a colon
        base64.b64encode(b"\xff\xfe:1").decode(),
        base64.b64encode(b"not a name:1").decode(),
        base64.b64encode(b"Member:shop/1").decode().rstrip("=") + "\n",
        base64.b64encode(b"Member:shop/12").decode().rstrip("="),
        global_id("Member", "shop", "x" * 2_000),
        "\u0661" * 8,
    ],
)
def test_what_was_never_given_out_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadInput, match="pass on an id exactly as it was given out"):
        read_id(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_ids(text: str) -> None:
    try:
        found = read_id(text)
    except BadInput:
        return

    assert base64.b64encode(f"{found.type}:".encode())[:4] == text.encode()[:4]
