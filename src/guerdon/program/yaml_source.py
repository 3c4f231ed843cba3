"""YAML text as a tree of nodes that keep what was written and where.

Rule: nothing is interpreted. A plain scalar keeps its text, so `12:30`, `NO`, `0001` and
2026-01-01 stay what the author wrote and 10.00 keeps its digits; who reads a node decides whether
it is a number. Duplicate keys are mistakes; a merge key (`<<: *name`) brings the keys that the map
itself does not have. Size, depth, number of nodes and what aliases unfold to are limited, because
documents arrive over the network; they are read by libyaml, so that a document as large as may be
is judged in a moment. What the keys mean is not here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from guerdon.program.mistakes import Enough, Mistake, note

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only its parser is used; without libyaml it is the one in Python, which is slower."""


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as written; `plain` without quotes."""

    place: Place
    text: str
    plain: bool
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; `weight` counts the nodes with every alias unfolded."""

    place: Place
    items: tuple["Node", ...]
    weight: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the document's order; keys are unique."""

    place: Place
    entries: tuple[tuple[Scalar, "Node"], ...]
    weight: int

    def get(self, name: str) -> "Node | None":
        """Return the value of a key, None where there is none."""
        return next((node for key, node in self.entries if key.text == name), None)


Node = Scalar | Sequence | Mapping

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def number(text: str) -> Decimal | None:
    """Return the exact number that a text writes, else None.

    Exponents, underscores and leading zeros make no number: `0001` is an id, not 1.
    """
    if not text or text[-1] not in "0123456789" or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text)


def is_null(node: Node) -> bool:
    """Tell whether the node says that there is nothing."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULLS


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be."""

    characters: int = 1_000_000
    depth: int = 32
    nodes: int = 50_000


PROGRAM_LIMITS = Limits()
SCENARIO_LIMITS = Limits(characters=16_000_000, nodes=4_000_000)


def parse(text: str, limits: Limits = PROGRAM_LIMITS) -> tuple[Node | None, list[Mistake]]:
    """Return the document's tree and every mistake of its spelling.

    Broken YAML, or a document beyond the limits, is one mistake and no tree: what follows the
    break means nothing.
    """
    if len(text) > limits.characters:
        return None, [
            Mistake(
                1,
                1,
                "",
                f"The document has {len(text):,} characters; {limits.characters:,} are the limit.",
                "Divide it, or leave out what is not needed.",
            )
        ]
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        return None, [_forbidden(text, forbidden.start())]
    building = _Building(limits)
    try:
        root = building.document(yaml.parse(text, Loader=_LOADER))
    except _Unusable as stop:
        return None, [stop.mistake]
    except Enough:
        return None, building.mistakes
    except yaml.MarkedYAMLError as error:
        return None, [_broken(text, error)]
    except (yaml.YAMLError, ValueError) as error:
        return None, [_unreadable(error)]
    return root, building.mistakes


class _Unusable(Exception):
    def __init__(self, place: Place, message: str, remedy: str, path: str = "") -> None:
        self.mistake = Mistake(place.line, place.column, path, message, remedy)
        super().__init__(message)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


_MERGE = "<<"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _broken(text: str, error: yaml.MarkedYAMLError) -> Mistake:
    # What was never closed is best mended where it was opened, not at the end of the text.
    at = error.problem_mark
    unclosed = at is not None and at.index >= len(text.rstrip())
    unclosed = unclosed or "end of stream" in (error.problem or "")
    marks = (error.problem_mark, error.context_mark)
    mark = next((mark for mark in (marks[::-1] if unclosed else marks) if mark is not None), None)
    place = _place(mark) if mark is not None else Place(1, 1)
    what = " ".join(part for part in (error.context, error.problem) if part)
    return Mistake(
        place.line,
        place.column,
        "",
        f"The YAML is broken here: {what}.",
        "Look at the indentation, quotes and brackets on this line and the one before.",
    )


def _forbidden(text: str, position: int) -> Mistake:
    before = text[:position]
    return Mistake(
        before.count("\n") + 1,
        len(before) - before.rfind("\n"),
        "",
        "YAML allows no control characters, and one stands here.",
        "Remove it, and save the file as UTF-8.",
    )


def _unreadable(error: Exception) -> Mistake:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return Mistake(1, 1, "", f"The text is not YAML: {reason}.", "Save it as UTF-8.")


class _Building:
    """Builds nodes from parser events, counting as it goes so that nothing unfolds unseen."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, Node | None] = {}
        self.nodes = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        begun = False
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if begun:
                    raise _Unusable(
                        _place(event.start_mark),
                        "A second document begins here.",
                        "Keep one document in a file; remove the line `---`.",
                    )
                begun = True
                root = self.node(next(events), events, path="", depth=1)
        if root is None or is_null(root):
            raise _Unusable(Place(1, 1), "The document is empty.", "Begin with `program:`.")
        return root

    def node(self, event: Any, events: Iterator[Any], *, path: str, depth: int) -> Node:
        place = _place(event.start_mark)
        if isinstance(event, AliasEvent):
            return self.alias(event.anchor or "", place, path)
        self.count(1, place, path)
        if depth > self.limits.depth:
            raise _Unusable(
                place,
                f"The document is nested deeper than {self.limits.depth} levels.",
                "No part of the language needs that depth; look for a bracket too many.",
                path,
            )
        if event.tag is not None and not (isinstance(event, ScalarEvent) and event.tag == "!"):
            note(
                self.mistakes,
                Mistake(
                    place.line,
                    place.column,
                    path,
                    f"The tag `{event.tag}` has no meaning here.",
                    "Remove it; quotes make a text of a number.",
                ),
            )
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        node = self.content(event, events, path=path, depth=depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def content(self, event: Any, events: Iterator[Any], *, path: str, depth: int) -> Node:
        if isinstance(event, SequenceStartEvent):
            return self.sequence(event, events, path=path, depth=depth)
        if isinstance(event, MappingStartEvent):
            return self.mapping(event, events, path=path, depth=depth)
        return Scalar(_place(event.start_mark), event.value, not event.style)

    def count(self, weight: int, place: Place, path: str) -> None:
        self.nodes += weight
        if self.nodes > self.limits.nodes:
            raise _Unusable(
                place,
                f"The document unfolds to more than {self.limits.nodes:,} values.",
                "Use fewer aliases (`*name`), or divide the document.",
                path,
            )

    def alias(self, anchor: str, place: Place, path: str) -> Node:
        node = self.anchors.get(anchor)
        if node is None:
            inside = anchor in self.anchors
            raise _Unusable(
                place,
                f"The alias `*{anchor}` stands inside its own anchor."
                if inside
                else f"The alias `*{anchor}` has no anchor `&{anchor}` before it.",
                "Write the value out here.",
                path,
            )
        self.count(node.weight, place, path)
        return node

    def sequence(self, start: Any, events: Iterator[Any], *, path: str, depth: int) -> Sequence:
        items: list[Node] = []
        weight = 1
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            item = self.node(event, events, path=f"{path}[{len(items)}]", depth=depth + 1)
            items.append(item)
            weight += item.weight
        return Sequence(_place(start.start_mark), tuple(items), weight)

    def mapping(self, start: Any, events: Iterator[Any], *, path: str, depth: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        weight = 1
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self.key(event, path)
            inner = f"{path}.{key.text}" if path else key.text
            value = self.node(next(events), events, path=inner, depth=depth + 1)
            weight += 1 + value.weight
            if key.text in entries:
                first = entries[key.text][0].place
                note(
                    self.mistakes,
                    Mistake(
                        key.place.line,
                        key.place.column,
                        inner,
                        f"The key `{key.text}` stands here a second time; "
                        f"the first is on line {first.line}.",
                        "Remove one of them or rename it.",
                    ),
                )
                continue
            entries[key.text] = (key, value)
        merged = entries.get(_MERGE)
        if merged is not None and merged[0].plain:
            del entries[_MERGE]
            for key, value in self.merged(*merged, path):
                entries.setdefault(key.text, (key, value))
        return Mapping(_place(start.start_mark), tuple(entries.values()), weight)

    def merged(self, key: Scalar, value: Node, path: str) -> Iterator[tuple[Scalar, Node]]:
        """Yield what a merge key brings: the keys of a map, or of several, the first one first."""
        for one in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(one, Mapping):
                yield from one.entries
                continue
            note(
                self.mistakes,
                Mistake(
                    key.place.line,
                    key.place.column,
                    f"{path}.{_MERGE}" if path else _MERGE,
                    f"The merge key `{_MERGE}` brings the keys of a map; here stands none.",
                    "Write `<<: *name` with the anchor of a map, or put quotes around it.",
                ),
            )

    def key(self, event: Any, path: str) -> Scalar:
        place = _place(event.start_mark)
        self.count(1, place, path)
        if not isinstance(event, ScalarEvent):
            raise _Unusable(
                place,
                "A key must be a plain word.",
                "Put a word before the colon, or quotes around the text.",
                path,
            )
        if event.anchor is not None:
            self.anchors[event.anchor] = Scalar(place, event.value, not event.style)
        return Scalar(place, event.value, not event.style)
