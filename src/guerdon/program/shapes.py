"""Shapes: the schema of a document as values that read, and that describe what they read.

The same values give the reading and the JSON Schema for editors, so that they cannot drift from
each other. Rule: every item is judged, whatever its siblings are. Maps with keys of the language's
own are in `records`, single values in `numbers` and `scalars`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from guerdon.program.draft import Spot, Unreadable
from guerdon.program.mistakes import did_you_mean
from guerdon.program.yaml_source import Mapping, Node, Scalar, Sequence, is_null

T = TypeVar("T")
Schema = dict[str, Any]


class Shape(ABC, Generic[T]):
    """Reads a node into a value, and tells editors what may stand there."""

    @abstractmethod
    def read(self, spot: Spot) -> T:
        """Return the value.

        Raises:
            Unreadable: The node is wrong; every mistake in it is noted.
        """

    @abstractmethod
    def schema(self) -> Schema:
        """Return the JSON Schema of what may stand here."""


def kind_of(node: Node) -> str:
    """Return what a node is, in the author's words."""
    if is_null(node):
        return "nothing"
    if isinstance(node, Scalar):
        return f"`{shortened(node.text)}`"
    return "a list" if isinstance(node, Sequence) else "a map"


def shortened(text: str, most: int = 60) -> str:
    """Return a text that fits into a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def scalar(spot: Spot, wanted: str) -> Scalar:
    """Return the node where it is one value, or note what was wanted."""
    if isinstance(spot.node, Scalar) and not is_null(spot.node):
        return spot.node
    raise spot.wrong(
        f"`{spot.name}` needs {wanted}; here stands {kind_of(spot.node)}.",
        f"Write {wanted}, or remove the key." if is_null(spot.node) else f"Write {wanted}.",
    )


@dataclass(frozen=True)
class Parsed(Shape[T]):
    """One value in a notation of its own; `parse` raises ValueError for what is none.

    The error's text, where there is one, replaces the general remedy.
    """

    what: str
    remedy: str
    parse: Callable[[str], T]
    pattern: str | None = None

    def read(self, spot: Spot) -> T:
        """Return the parsed value."""
        node = scalar(spot, self.what)
        try:
            return self.parse(node.text)
        except ValueError as error:
            raise spot.wrong(
                f"`{shortened(node.text)}` is not {self.what}.", str(error) or self.remedy
            ) from None

    def schema(self) -> Schema:
        """Return the pattern, so that editors underline what cannot be parsed."""
        described: Schema = {"type": ["string", "number"]}
        return described | ({"pattern": self.pattern} if self.pattern else {})


@dataclass(frozen=True)
class Choice(Shape[T]):
    """One of a few words, each with the value that it stands for."""

    choices: dict[str, T]

    def read(self, spot: Spot) -> T:
        """Return the value of the word."""
        node = scalar(spot, "one of " + ", ".join(f"`{word}`" for word in self.choices))
        if node.text in self.choices:
            return self.choices[node.text]
        raise spot.wrong(
            f"`{shortened(node.text)}` is no choice for `{spot.name}`.",
            did_you_mean(node.text, self.choices),
        )

    def schema(self) -> Schema:
        """Return the words."""
        words: list[str | bool] = list(self.choices)
        return {"enum": words + [word == "true" for word in words if word in ("true", "false")]}


@dataclass(frozen=True)
class ListOf(Shape[tuple[T, ...]]):
    """A list; with `lone` a single item may stand without brackets."""

    item: Shape[T]
    lone: bool = False
    least: int = 0

    def read(self, spot: Spot) -> tuple[T, ...]:
        """Return the items; all of them are judged before the list is given up."""
        node = spot.node
        if is_null(node) and not self.least:
            return ()
        if not isinstance(node, Sequence):
            if self.lone and isinstance(node, Scalar):
                return (self.item.read(spot),)
            raise spot.wrong(
                f"`{spot.name}` needs a list; here stands {kind_of(node)}.",
                "Write `- ` before each item, or put them in [brackets].",
            )
        if len(node.items) < self.least:
            raise spot.wrong(f"`{spot.name}` is empty.", "Add an item, or remove the key.")
        return tuple(
            read_all(lambda one: self.item.read(one[1]), self.spots(spot, node)),
        )

    def spots(self, spot: Spot, node: Sequence) -> list[tuple[int, Spot]]:
        """Return each item's spot."""
        return [(i, spot.item(i, item)) for i, item in enumerate(node.items)]

    def schema(self) -> Schema:
        """Return the list, or the choice between it and one item."""
        many: Schema = {"type": "array", "items": self.item.schema()}
        if self.least:
            many["minItems"] = self.least
        return {"anyOf": [self.item.schema(), many]} if self.lone else many


class UniqueListOf(ListOf[T]):
    """A list of records that have an `id`, each id once."""

    def read(self, spot: Spot) -> tuple[T, ...]:
        """Return the records in the document's order."""
        found = super().read(spot)
        assert isinstance(spot.node, Sequence) or not found
        seen: set[str] = set()
        broken: Unreadable | None = None
        for i, one in enumerate(found):
            name: str = getattr(one, "id")  # noqa: B009 - the attribute is the class's promise
            if name in seen:
                node = spot.node.items[i] if isinstance(spot.node, Sequence) else spot.node
                broken = spot.item(i, node).wrong(
                    f"The id `{name}` stands here a second time.", "Rename one of them."
                )
            seen.add(name)
        if broken is not None:
            raise broken
        return found


U = TypeVar("U")


def read_all(read: Callable[[U], T], parts: Iterable[U]) -> list[T]:
    """Return every part read; where some are wrong, all of them are noted first."""
    found: list[T] = []
    broken: Unreadable | None = None
    for part in parts:
        try:
            found.append(read(part))
        except Unreadable as error:
            broken = error
    if broken is not None:
        raise broken
    return found


@dataclass(frozen=True)
class MapOf(Shape[dict[str, T]]):
    """A map whose keys the author chooses; `key` judges them."""

    value: Shape[T]
    key: Callable[[Spot, str], None] | None = None

    def read(self, spot: Spot) -> dict[str, T]:
        """Return the map in the document's order."""

        def entry(part: tuple[Scalar, Node]) -> tuple[str, T]:
            key, node = part
            broken: Unreadable | None = None
            if self.key is not None:
                try:
                    self.key(spot.key(key.text, key), key.text)
                except Unreadable as error:
                    broken = error
            value = self.value.read(spot.key(key.text, node))
            if broken is not None:
                raise broken
            return key.text, value

        return dict(read_all(entry, entries_of(spot)))

    def schema(self) -> Schema:
        """Return a map of any keys."""
        return {"type": "object", "additionalProperties": self.value.schema()}


def entries_of(spot: Spot) -> tuple[tuple[Scalar, Node], ...]:
    """Return the entries of a map; nothing at all is an empty map."""
    node = spot.node
    if is_null(node):
        return ()
    if isinstance(node, Mapping):
        return node.entries
    raise spot.wrong(
        f"`{spot.name}` needs a map; here stands {kind_of(node)}.",
        "Write `key: value` lines beneath it, or {key: value}.",
    )
