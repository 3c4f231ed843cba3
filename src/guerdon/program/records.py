"""Records: maps with keys of the language's own, each with its shape, default and meaning.

A `Key` says everything about one key; a `Record` is a set of keys and what is built from them.
Reading, the JSON Schema and the reference come from these values. Rule: every key is judged,
whatever its siblings are, and a misspelt key is one mistake. The keys are in the modules of the
nouns.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from guerdon.program.draft import Spot, Unreadable
from guerdon.program.mistakes import did_you_mean, nearest
from guerdon.program.shapes import Choice, Schema, Shape, entries_of, shortened
from guerdon.program.yaml_source import Mapping, Node, Sequence, is_null, number, parse

T = TypeVar("T")


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
                    "examples": [example_of(key)],
                }
                for key in self.keys
            },
        }
        required = [key.name for key in self.keys if key.required]
        return described | ({"required": required} if required else {})


def example_of(key: Key) -> Any:
    """Return a key's example as the value that editors offer."""
    node, mistakes = parse(f"{key.name}: {key.example}")
    assert isinstance(node, Mapping)
    assert not mistakes, f"the example of `{key.name}` is no YAML"
    return plain_value(node.entries[0][1])


def plain_value(node: Node) -> Any:
    """Return a node as JSON would hold it."""
    if isinstance(node, Mapping):
        return {name.text: plain_value(value) for name, value in node.entries}
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    value = number(node.text) if node.plain else None
    if value is not None:
        return int(value) if value == value.to_integral_value() else float(value)
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    return None if is_null(node) else node.text


def unknown_key(spot: Spot, what: str, known: Iterable[str]) -> Unreadable:
    """Note a key that a record does not have, and return what to raise."""
    return spot.wrong(
        f"`{shortened(spot.name)}` is no key of {what}.", did_you_mean(spot.name, known)
    )


@dataclass(frozen=True, kw_only=True)
class ByKey(Shape[T]):
    """One of several records, told apart by which key is there, such as `fixed` or `rate`.

    A record that several keys tell of stands beside each of them.
    """

    what: str
    variants: dict[str, Record[Any]] = field(default_factory=dict)

    def read(self, spot: Spot) -> T:
        """Return what the one variant builds."""
        names = [key.text for key, _ in entries_of(spot)]
        found = [name for name in self.variants if name in names]
        if len({id(self.variants[name]) for name in found}) == 1:
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
        variants = {id(variant): variant for variant in self.variants.values()}
        return {"oneOf": [variant.schema() for variant in variants.values()]}


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
                return unknown_key(spot.key(key.text, key), self.what, sorted({self.key, *known}))
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
