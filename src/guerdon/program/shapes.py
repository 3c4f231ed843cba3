"""Shapes: the schema of a document as values that read, and that describe what they read.

A `Key` names one key with its shape, default and meaning; a `Record` is a set of keys and what is
built from them. The same values give the reading, the JSON Schema for editors and the reference,
so none of them can drift from the others. Rule: every key is judged, whatever its siblings are.
The language's own words are in the modules of the nouns.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from guerdon.program.draft import Spot, Unreadable
from guerdon.program.mistakes import did_you_mean, nearest
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
        described: Schema = {"type": ["string", "number", "boolean"], "description": self.what}
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
        return {"enum": list(self.choices)}


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


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a record: how it is read, and what the reference says about it.

    `default` is the value of a key that is absent; `example` is what stands after the colon.
    """

    name: str
    shape: Shape[Any]
    about: str
    example: str
    required: bool = False
    default: Any = None


class Fields:
    """The values of a record's keys, with their spots for mistakes that concern several."""

    __slots__ = ("_spots", "_values", "spot")

    def __init__(self, spot: Spot, values: dict[str, Any], spots: dict[str, Spot]) -> None:
        self.spot = spot
        self._values = values
        self._spots = spots

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def given(self, name: str) -> bool:
        """Tell whether the document has the key."""
        return name in self._spots

    def at(self, name: str) -> Spot:
        """Return the spot of a key's value; of the whole record where the key is absent."""
        return self._spots.get(name, self.spot)

    def without(self, *names: str) -> dict[str, Any]:
        """Return the values of all other keys, for building by name."""
        return {name: value for name, value in self._values.items() if name not in names}

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)


@dataclass(frozen=True, kw_only=True)
class Record(Shape[T]):
    """A map with keys of its own; `what` is its name in sentences, such as "a rule".

    `scope` prepares the spot for the values beneath, for instance with the scale of the wallet
    that the record names.
    """

    what: str
    keys: tuple[Key, ...]
    build: Callable[[Fields], T]
    about: str = ""
    scope: Callable[[Spot], Spot] | None = None

    def read(self, spot: Spot) -> T:
        """Return what is built from the keys, once each of them is right."""
        entries_of(spot)
        if self.scope is not None:
            spot = self.scope(spot)
        fields, broken = self.collect(spot)
        if broken is not None:
            raise broken
        return self.build(fields)

    def collect(self, spot: Spot) -> tuple[Fields, Unreadable | None]:
        """Return the values that could be read, and what to raise where some could not."""
        known = {key.name: key for key in self.keys}
        values = {key.name: key.default for key in self.keys}
        spots: dict[str, Spot] = {}
        suspected: set[str] = set()
        broken: Unreadable | None = None
        for name, node in entries_of(spot):
            if name.text in known:
                spots[name.text] = spot.key(name.text, node)
            else:
                broken = unknown_key(spot.key(name.text, name), self.what, known)
                suspected.add(nearest(name.text, known) or "")
        # In the order of the keys, not of the document: counters come before what reads them.
        for key in self.keys:
            if key.name in spots:
                try:
                    values[key.name] = key.shape.read(spots[key.name])
                except Unreadable as error:
                    broken = error
            elif key.required:
                # A misspelt key is one mistake, not two.
                broken = broken or Unreadable()
                if key.name not in suspected:
                    broken = spot.wrong(
                        f"`{key.name}` is missing in {self.what}.",
                        f"Add it, for example `{key.name}: {key.example}`.",
                    )
        return Fields(spot, values, spots), broken

    def schema(self) -> Schema:
        """Return the keys with their descriptions."""
        described: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key.name: {
                    **key.shape.schema(),
                    "description": key.about,
                    "examples": [key.example],
                }
                for key in self.keys
            },
        }
        required = [key.name for key in self.keys if key.required]
        return described | ({"required": required} if required else {})


def unknown_key(spot: Spot, what: str, known: Iterable[str]) -> Unreadable:
    """Note a key that a record does not have, and return what to raise."""
    return spot.wrong(
        f"`{shortened(spot.name)}` is no key of {what}.", did_you_mean(spot.name, known)
    )


@dataclass(frozen=True, kw_only=True)
class ByKey(Shape[T]):
    """One of several records, told apart by which key is there, such as `fixed` or `rate`."""

    what: str
    variants: dict[str, Record[Any]] = field(default_factory=dict)

    def read(self, spot: Spot) -> T:
        """Return what the one variant builds."""
        names = [key.text for key, _ in entries_of(spot)]
        found = [name for name in self.variants if name in names]
        if len(found) == 1:
            result: T = self.variants[found[0]].read(spot)
            return result
        choices = ", ".join(f"`{name}`" for name in self.variants)
        if found:
            both = " and ".join(f"`{name}`" for name in found)
            raise spot.wrong(f"{self.what} has {both}; only one of them can be.", "Keep one.")
        strange = self.strangers(spot)
        if strange is not None:
            raise strange
        raise spot.wrong(
            f"{self.what} needs one of {choices}.",
            f"Add one, for example `{next(iter(self.variants))}`.",
        )

    def strangers(self, spot: Spot) -> Unreadable | None:
        """Note the keys that no variant has; one of them is the misspelt one."""
        known = {key.name for variant in self.variants.values() for key in variant.keys}
        ordered = list(dict.fromkeys([*self.variants, *sorted(known)]))
        strange: Unreadable | None = None
        what = self.what[:1].lower() + self.what[1:]
        for key, _ in entries_of(spot):
            if key.text not in known:
                strange = unknown_key(spot.key(key.text, key), what, ordered)
        return strange

    def schema(self) -> Schema:
        """Return the variants."""
        return {"oneOf": [variant.schema() for variant in self.variants.values()]}


@dataclass(frozen=True, kw_only=True)
class ByWord(Shape[T]):
    """One of several records, told apart by the word at one key, such as `mode: after`."""

    what: str
    key: str
    variants: dict[str, Record[Any]] = field(default_factory=dict)

    def read(self, spot: Spot) -> T:
        """Return what the variant of the word builds."""
        named = {key.text: node for key, node in entries_of(spot)}
        node = named.get(self.key)
        if node is None:
            raise self.missing(spot)
        word = Choice({name: name for name in self.variants}).read(spot.key(self.key, node))
        result: T = self.variants[word].read(spot)
        return result

    def missing(self, spot: Spot) -> Unreadable:
        """Note that the telling key is missing, or what was written for it."""
        known = {key.name for variant in self.variants.values() for key in variant.keys}
        for key, _ in entries_of(spot):
            if key.text not in known:
                return unknown_key(spot.key(key.text, key), self.what, [self.key, *sorted(known)])
        return spot.wrong(
            f"`{self.key}` is missing in {self.what}.",
            f"Add it, for example `{self.key}: {next(iter(self.variants))}`.",
        )

    def schema(self) -> Schema:
        """Return the variants, each with its word fixed."""
        found = []
        for word, variant in self.variants.items():
            one = variant.schema()
            one["properties"][self.key] = {"const": word}
            found.append(one)
        return {"oneOf": found}


@dataclass(frozen=True, kw_only=True)
class ByForm(Shape[T]):
    """One value or a map, each read by a shape of its own."""

    value: Shape[T]
    map: Shape[T]

    def read(self, spot: Spot) -> T:
        """Return what the shape for this form reads."""
        if isinstance(spot.node, Mapping):
            return self.map.read(spot)
        return self.value.read(spot)

    def schema(self) -> Schema:
        """Return both forms."""
        return {"anyOf": [self.value.schema(), self.map.schema()]}
