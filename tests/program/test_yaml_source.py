from decimal import Decimal

import pytest

from guerdon.program.yaml_source import Limits, Mapping, Scalar, Sequence, number, parse


def scalars(text: str) -> dict[str, Scalar]:
    root, mistakes = parse(text)
    assert not mistakes
    assert isinstance(root, Mapping)
    return {key.text: node for key, node in root.entries if isinstance(node, Scalar)}


def test_values_stay_as_they_were_written() -> None:
    found = scalars(
        "country: NO\nopens: 12:30\nprice: 10.00\nsku: 0001\nday: 2026-01-01\nquoted: '5'\n"
    )
    assert {name: node.text for name, node in found.items()} == {
        "country": "NO",
        "opens": "12:30",
        "price": "10.00",
        "sku": "0001",
        "day": "2026-01-01",
        "quoted": "5",
    }
    assert found["price"].plain
    assert not found["quoted"].plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.00", Decimal("10.00")),
        ("-3", Decimal(-3)),
        (".5", Decimal("0.5")),
        ("0", Decimal(0)),
        ("0001", None),
        ("1e3", None),
        ("1_000", None),
        ("+5", None),
        ("12:30", None),
        (".nan", None),
        (".", None),
        ("-", None),
        ("٣", None),
        ("", None),
    ],
)
def test_only_plain_digits_are_a_number(text: str, value: Decimal | None) -> None:
    assert number(text) == value


def test_every_node_knows_its_line_and_column() -> None:
    root, _ = parse("a:\n  - x: 1\n    y: [2, 3]\n")
    assert isinstance(root, Mapping)
    items = root.get("a")
    assert isinstance(items, Sequence)
    entry = items.items[0]
    assert isinstance(entry, Mapping)
    key, value = entry.entries[1]
    assert (key.place.line, key.place.column) == (3, 5)
    assert isinstance(value, Sequence)
    assert (value.items[1].place.line, value.items[1].place.column) == (3, 12)


def test_a_key_that_stands_twice_is_a_mistake_and_the_first_one_counts() -> None:
    root, (mistake,) = parse("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert (mistake.line, mistake.column, mistake.path) == (4, 3, "a.b")
    assert mistake.message == "The key `b` stands here a second time; the first is on line 2."
    assert isinstance(root, Mapping)
    inner = root.get("a")
    assert isinstance(inner, Mapping)
    assert getattr(inner.get("b"), "text", None) == "1"


@pytest.mark.parametrize(
    ("text", "line", "column", "fact"),
    [
        ("a: 1\n b: 2", 2, 3, "mapping values are not allowed in this context"),
        ("a:\n  b: [1, 2\n", 2, 6, "while parsing a flow sequence"),
        ("a: 'unfinished\n", 1, 4, "unexpected end of stream"),
        ("a: 1\n\tb: 2", 2, 1, "a tab character that violates indentation"),
        ("a: 1\nb: x\x07y", 2, 5, "no control characters"),
        ("---\na: 1\n---\nb: 2", 3, 1, "A second document begins here."),
        ("a: *nothing", 1, 4, "has no anchor"),
        ("a: &x [*x]", 1, 8, "inside its own anchor"),
        ("? [1, 2]\n: 3", 1, 3, "A key must be a plain word."),
        ("", 1, 1, "The document is empty."),
        ("# only a remark\n", 1, 1, "The document is empty."),
    ],
)
def test_broken_yaml_is_one_mistake_with_its_place(
    text: str, line: int, column: int, fact: str
) -> None:
    root, (mistake,) = parse(text)
    assert root is None
    assert (mistake.line, mistake.column) == (line, column)
    assert fact in mistake.message
    assert mistake.remedy


def test_a_tag_is_a_mistake_and_runs_nothing() -> None:
    _, (mistake,) = parse("a: !!python/object/apply:os.system ['true']")
    assert (mistake.line, mistake.column, mistake.path) == (1, 4, "a")
    assert "has no meaning here" in mistake.message


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    root, mistakes = parse("a: &price 9.99\nb: *price\n")
    assert not mistakes
    assert isinstance(root, Mapping)
    assert root.get("b") == root.get("a")


def test_a_merge_key_brings_the_keys_that_the_map_itself_does_not_have() -> None:
    root, mistakes = parse(
        "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n"
        "one: {y: 5, <<: *a}\nboth:\n  <<: [*a, *b]\n  w: 6\nquoted: {'<<': 7}\n"
    )
    assert not mistakes
    assert isinstance(root, Mapping)
    found = {key.text: node for key, node in root.entries if isinstance(node, Mapping)}
    texts = {
        name: {key.text: getattr(value, "text", None) for key, value in node.entries}
        for name, node in found.items()
    }
    assert texts["one"] == {"x": "1", "y": "5"}
    assert texts["both"] == {"x": "1", "y": "2", "z": "4", "w": "6"}
    assert texts["quoted"] == {"<<": "7"}
    key, _ = next(entry for entry in found["one"].entries if entry[0].text == "x")
    assert (key.place.line, key.place.column) == (1, 8)


@pytest.mark.parametrize("value", ["1", "[{a: 1}, 2]", "", "[[{a: 1}]]"])
def test_a_merge_key_that_holds_no_map_is_a_mistake(value: str) -> None:
    _, (mistake,) = parse(f"one:\n  <<: {value}\n  b: 2\n")
    assert (mistake.line, mistake.path) == (2, "one.<<")
    assert mistake.message == "The merge key `<<` brings the keys of a map; here stands none."
    assert mistake.remedy


def test_merge_keys_that_unfold_without_end_are_refused() -> None:
    levels = ["a0: &a0 {k: [x, x, x, x, x, x, x, x, x]}"]
    levels += [
        f"a{n}: &a{n} {{k{n}: [{', '.join([f'*a{n - 1}'] * 9)}], <<: *a{n - 1}}}"
        for n in range(1, 12)
    ]
    root, (mistake,) = parse("\n".join(levels))
    assert root is None
    assert "unfolds to more than" in mistake.message


def test_aliases_that_unfold_without_end_are_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    root, (mistake,) = parse("\n".join(levels))
    assert root is None
    assert "unfolds to more than" in mistake.message
    assert mistake.line > 1


def test_depth_and_size_are_limited() -> None:
    deep, (too_deep,) = parse("a: " + "[" * 500)
    assert deep is None
    assert "nested deeper than 32 levels" in too_deep.message
    large, (too_large,) = parse("a: 12345678", Limits(characters=5))
    assert large is None
    assert "11 characters; 5 are the limit" in too_large.message
