"""Expectations made wrong: every one of a scenario, at every depth, in every way that is known."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from guerdon.program.expectations import RESULTS
from guerdon.program.yaml_source import Mapping, Node, Sequence, is_null, number
from program.figures import nearest, tree

Plain = Any
"""A node as lists, dicts and these scalars: None for null, else the text as it was written."""
Path = tuple[str | int, ...]

STATES = ("available", "active", "completed", "expired", "issued", "used", "void")
DRAWN = ("won", "none", "pity", "budget")
ADDED = {
    "lots": {"from": "nobody.base"},
    "ranks": ["1", "nobody", "1"],
    "payouts": ["nobody", "2026-01-01", "1"],
    "raffle": ["nothing#1", "nobody"],
}


@dataclass(frozen=True)
class Wrong:
    """One expectation with one thing in it made wrong; `place` leads to it."""

    index: int
    place: Path
    what: str
    text: str

    def __str__(self) -> str:
        return f"expect[{self.index}]{_written(self.place)}: {self.what} in {self.text}"


def wrongs(text: str) -> Iterator[Wrong]:
    """Yield every way in which an expectation of a scenario can be made wrong."""
    document = tree(text)
    expect, program = document.get("expect"), document.get("program")
    assert isinstance(expect, Sequence)
    tiers = _tiers(program) if isinstance(program, Mapping) else {}
    for index, node in enumerate(expect.items):
        written = plain(node)
        for place, what, changed in _changes(written, written, (), tiers):
            yield Wrong(index, place, what, flow(changed))


def plain(node: Node) -> Plain:
    """Return a node without its place."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None if is_null(node) else node.text


def flow(value: Plain) -> str:
    """Return a plain node on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return "null" if value is None else _quoted(value)


def _quoted(text: str) -> str:
    return text if number(text) is not None else json.dumps(text)


def _written(place: Path) -> str:
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place)


def _tiers(program: Mapping) -> dict[str, list[str]]:
    ladders = plain(program).get("ladders") or {}
    return {name: [tier["id"] for tier in ladder["tiers"]] for name, ladder in ladders.items()}


Change = tuple[Path, str, Plain]


def _changes(
    whole: Plain, value: Plain, place: Path, tiers: dict[str, list[str]]
) -> Iterator[Change]:
    """Yield the whole with one thing changed at or beneath a place."""
    if place in (("why",), ("at",)):
        return
    key = next((str(one) for one in reversed(place) if isinstance(one, str)), "")

    def put(what: str, other: Plain) -> Change:
        return place, what, _with(whole, place, other)

    if isinstance(value, dict):
        yield put("an unknown key", {**value, "zzzz": "1"})
        for name, inner in value.items():
            renamed = {f"{one}zz" if one == name else one: it for one, it in value.items()}
            yield (*place, name), "renamed", _with(whole, place, renamed)
            yield from _changes(whole, inner, (*place, name), tiers)
        if key == "badges":
            for name in value:
                yield put(f"{name} left out", {one: it for one, it in value.items() if one != name})
        if place:
            yield put("a text for a map", "7")
            yield put("a list for a map", [])
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield put(f"[{i}] left out", value[:i] + value[i + 1 :])
            yield put(f"[{i}] twice", [*value[: i + 1], item, *value[i + 1 :]])
            if i and item != value[i - 1] and key != "rewards":
                yield put(f"[{i}] earlier", [*value[: i - 1], item, value[i - 1], *value[i + 1 :]])
            yield from _changes(whole, item, (*place, i), tiers)
        kind = str(place[0])
        yield put("one more", [*value, ADDED.get(kind, "nothing")])
        yield put("a map for a list", {"a": "1"})
        yield put("nothing for a list", None)
    else:
        for what, other in _others(value, key, place, tiers):
            yield put(what, other)
        yield put("a list for a value", [value])
        yield put("a map for a value", {"a": value})


def _others(
    value: str | None, key: str, place: Path, tiers: dict[str, list[str]]
) -> Iterator[tuple[str, Plain]]:
    if value is None:
        yield "another", "2020-02-02T02:02:02Z"
        yield "another", "zzzz"
        return
    if key != "copy":
        yield "nothing", None
    for parse in (_later, nearest, _more):
        other = parse(value)
        if other is not None:
            yield "another", other
    choices = {
        "state": STATES,
        "result": RESULTS if place == ("result",) else DRAWN,
        "tier": tiers.get(str(place[1]), []) if len(place) > 1 else [],
        "pending": ("true", "false"),
    }
    for choice in choices.get(key, ()):
        if choice != value:
            yield f"{choice} instead", choice
    yield "a longer name", f"{value}zz"


def _later(text: str) -> str | None:
    """Return a date or an instant that is a little later; None for what is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-01-01"):
        return (moment + timedelta(days=1)).date().isoformat()
    return (moment + timedelta(seconds=1)).isoformat()


def _more(text: str) -> str | None:
    value = number(text)
    return None if value is None else str(value + 99)


def _with(whole: Plain, place: Path, other: Plain) -> Plain:
    """Return the whole with other contents at a place."""
    if not place:
        return other
    first, rest = place[0], place[1:]
    if isinstance(whole, list):
        return [_with(one, rest, other) if i == first else one for i, one in enumerate(whole)]
    return {name: _with(one, rest, other) if name == first else one for name, one in whole.items()}
