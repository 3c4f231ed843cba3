"""Scenario files: a program, dated activities in order of arrival, and what must hold when.

Rule: values stay exact and keep their lines, so that a mismatch can name the line it stands on.
An activity's own keys have fields; every other scalar is data that conditions may ask for, and a
map `attrs: {birthday: ...}` is the data `attrs.birthday`. Running them is `rehearse`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from guerdon.core.activity import CAUSED, Activity, Line, Value
from guerdon.core.program import Program
from guerdon.program.draft import Draft, Spot, Unreadable, gather
from guerdon.program.expectations import EXPECTATION, Checkpoint, Outcome
from guerdon.program.load import load, read_program, top
from guerdon.program.mistakes import Enough, Mistake, Severity, errors, nearest
from guerdon.program.numbers import MONEY, SIGNED_MONEY
from guerdon.program.scalars import INSTANT, VALUE, Text
from guerdon.program.shapes import ListOf, Schema, Shape, entries_of, read_all
from guerdon.program.yaml_source import (
    SCENARIO_LIMITS,
    Mapping,
    Node,
    Scalar,
    Sequence,
    is_null,
    parse,
)

ReadText = Callable[[str], str]
ID_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """An activity as it arrives; `external` (scheme, value) where the member is not known by id."""

    activity: Activity
    line: int
    external: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A program with its activities and expectations; empty parts where there are mistakes.

    `document` is the program's own text, as it would be published.
    """

    name: str
    program: Program | None
    document: str
    activities: tuple[Reported, ...]
    expectations: tuple[Outcome | Checkpoint, ...]
    mistakes: list[Mistake]


def load_scenario(text: str, name: str = "scenario", *, read: ReadText | None = None) -> Scenario:
    """Return a scenario, or every mistake in it.

    `program:` may be the path of a program's own file instead of a map; `read` returns the text
    of that path, and may raise OSError or UnicodeDecodeError.
    """
    root, mistakes = parse(text, SCENARIO_LIMITS)
    if root is None:
        return _nothing(name, mistakes)
    try:
        return _read(root, text, name, read=read, mistakes=mistakes)
    except Enough:
        return _nothing(name, mistakes)


def _read(
    root: Node, text: str, name: str, *, read: ReadText | None, mistakes: list[Mistake]
) -> Scenario:
    declared = root.get("program") if isinstance(root, Mapping) else None
    if isinstance(declared, Scalar) and not is_null(declared):
        top(root, mistakes)
        program, declared, document = _elsewhere(declared, read, mistakes)
    else:
        program = read_program(root, mistakes)
        document = _cut_out(text, root) if isinstance(root, Mapping) else ""
    if not isinstance(root, Mapping):
        return _nothing(name, mistakes)
    draft = gather(declared)
    draft.mistakes = mistakes
    draft.words = frozenset(_words(declared))
    activities = _section(root, "activities", draft, ListOf(_ActivityShape()))
    expectations = _section(root, "expect", draft, ListOf(EXPECTATION))
    _judge_order(root, draft, activities, expectations)
    if errors(mistakes) or program is None:
        return _nothing(name, mistakes)
    return Scenario(
        name=name,
        program=program,
        document=document,
        activities=activities,
        expectations=expectations,
        mistakes=sorted(mistakes),
    )


def _nothing(name: str, mistakes: list[Mistake]) -> Scenario:
    return Scenario(
        name=name,
        program=None,
        document="",
        activities=(),
        expectations=(),
        mistakes=sorted(mistakes),
    )


def _cut_out(text: str, root: Mapping) -> str:
    """Return the lines of the key `program`, because only these are published.

    Where they do not stand by themselves (all on one line, or with an alias of something outside)
    the document stays whole: activities and expectations in it are passed over.
    """
    keys = [key.place.line for key, _ in root.entries]
    names = [key.text for key, _ in root.entries]
    if "program" not in names:
        return text
    position = names.index("program")
    end = keys[position + 1] - 1 if position + 1 < len(keys) else None
    lines = text.split("\n")[keys[position] - 1 : end]
    cut = "\n".join(lines) + "\n"
    alone, mistakes = parse(cut, SCENARIO_LIMITS)
    stands = not mistakes and isinstance(alone, Mapping) and len(alone.entries) == 1
    return cut if stands else text


def _elsewhere(
    named: Scalar, read: ReadText | None, mistakes: list[Mistake]
) -> tuple[Program | None, Node | None, str]:
    """Return the program of another file with its text; what is wrong there is one mistake here."""
    place = named.place

    def wrong(message: str, remedy: str) -> tuple[None, None, str]:
        mistakes.append(Mistake(place.line, place.column, "program", message, remedy))
        return None, None, ""

    if read is None:
        return wrong("A program in another file cannot be read here.", "Write it out.")
    try:
        text = read(named.text)
    except (OSError, ValueError):  # no such file, no text, or no path at all
        return wrong(
            f"The program's file `{named.text}` cannot be read.",
            "Write its path as seen from this file, or the program itself.",
        )
    loaded = load(text, named.text)
    if loaded.program is None:
        first = errors(loaded.mistakes)[0]
        return wrong(
            f"{named.text}:{first.line}:{first.column}: {first.message}", "Mend that file first."
        )
    root, _ = parse(text)
    return loaded.program, root.get("program") if isinstance(root, Mapping) else None, text


T = TypeVar("T")


def _section(root: Mapping, name: str, draft: Draft, shape: ListOf[T]) -> tuple[T, ...]:
    node = root.get(name)
    if node is None:
        return ()
    try:
        return shape.read(Spot(node, name, name, draft))
    except Unreadable:
        return ()


def _judge_order(
    root: Mapping,
    draft: Draft,
    activities: tuple[Reported, ...],
    expectations: tuple[Outcome | Checkpoint, ...],
) -> None:
    """Warn of what stands out of order; it is rehearsed in the order of time all the same."""
    arrivals = [reported.activity.received for reported in activities]
    checkpoints = [one for one in expectations if isinstance(one, Checkpoint)]
    for name, instants, lines in (
        ("activities", arrivals, [reported.line for reported in activities]),
        ("expect", [one.at for one in checkpoints], [one.line for one in checkpoints]),
    ):
        for (before, after), line in zip(pairwise(instants), lines[1:], strict=True):
            node = root.get(name)
            if after < before and node is not None:
                Spot(node, name, name, draft).note(
                    f"Line {line} is earlier than the one before it.",
                    "Order them: activities by arrival, checkpoints by time.",
                    severity=Severity.WARNING,
                )


# ---------------------------------------------------------------- activities


class _Named(Text):
    """What somebody or something is called, which is never empty."""

    def read(self, spot: Spot) -> str:
        """Return the name as written."""
        found = super().read(spot)
        if not found:
            raise spot.wrong(
                f"`{spot.name}` is empty.", "Write what it is called, or remove the key."
            )
        return found


_ID = _Named(ID_LENGTH_MAX)
_FIELDS = (
    "id",
    "at",
    "received",
    "type",
    "member",
    "external",
    "ref",
    "partner",
    "amount",
    "lines",
)
_LINE_FIELDS = ("sku", "category", "brand")
_NEEDED = {"id": "a1", "at": '"2026-05-01T09:00:00+02:00"', "type": "purchase"}
_MISSPELT_LENGTH_MIN = 5


class _ActivityShape(Shape[Reported]):
    """One activity; its keys are open, because conditions may ask for any field."""

    def read(self, spot: Spot) -> Reported:
        """Return the activity with the line on which it stands."""
        entries = {key.text: spot.key(key.text, node) for key, node in entries_of(spot)}
        for name, like in _NEEDED.items():
            if name not in entries:
                raise spot.wrong(
                    f"`{name}` is missing in an activity.",
                    f"Add it, for example `{name}: {like}`.",
                )
        _suspect({name: one for name, one in entries.items() if name not in spot.draft.words})
        read_all(lambda name: _judge(name, entries), entries)
        at = INSTANT.read(entries["at"])
        received = INSTANT.read(entries["received"]) if "received" in entries else at
        if received < at:
            entries["received"].note(
                "The activity arrives before it happens.",
                "Exchange `at` and `received`.",
                severity=Severity.WARNING,
            )
        activity = Activity(
            id=_ID.read(entries["id"]),
            type=_ID.read(entries["type"]),
            at=at,
            received=received,
            member=_optional(entries, "member"),
            ref=_optional(entries, "ref"),
            partner=_optional(entries, "partner"),
            lines=_lines(entries),
            data=_data(entries),
        )
        external = _external(entries["external"]) if "external" in entries else None
        if external is not None and activity.member is not None:
            raise entries["external"].wrong(
                "The activity names a `member` and an `external` number.", "Keep one of them."
            )
        return Reported(activity=activity, line=spot.node.place.line, external=external)

    def schema(self) -> Schema:
        """Return the keys that every activity has."""
        return {"type": "object", "required": list(_NEEDED)}


def _judge(name: str, entries: dict[str, Spot]) -> None:
    """Judge one key by itself, so that all mistakes of an activity are noted."""
    spot = entries[name]
    if name in ("at", "received"):
        INSTANT.read(spot)
    elif name in ("id", "type", "member", "ref", "partner"):
        if _ID.read(spot) in CAUSED and name == "type":
            raise spot.wrong(
                "Nobody reports activities of this type: others cause them, or time.",
                "Write what was reported, such as `member_merged` or `transfer`.",
            )
    elif name == "external":
        _external(spot)
    elif name == "amount":
        MONEY.read(spot)
    elif name == "lines":
        ListOf(_LineShape()).read(spot)
    elif name == "attrs":
        read_all(lambda entry: _value(spot.key(entry[0].text, entry[1])), entries_of(spot))
    else:
        _value(spot)


def _words(node: Node | None) -> Iterator[str]:
    """Yield every key and value of a document's part."""
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _words(item)
    elif isinstance(node, Mapping):
        for key, value in node.entries:
            yield key.text
            yield from _words(value)


def _suspect(entries: dict[str, Spot]) -> None:
    """Warn of what looks like a misspelt field and would silently become data."""
    for name, spot in entries.items():
        near = nearest(name, _FIELDS) if len(name) >= _MISSPELT_LENGTH_MIN else None
        if near is not None and name not in _FIELDS and near not in entries:
            spot.note(
                f"`{name}` is kept as data of the activity.",
                f"Did you mean `{near}`?",
                severity=Severity.WARNING,
            )


def _optional(entries: dict[str, Spot], name: str) -> str | None:
    return _ID.read(entries[name]) if name in entries else None


def _external(spot: Spot) -> tuple[str, str]:
    found = {key.text: spot.key(key.text, node) for key, node in entries_of(spot)}
    if set(found) != {"scheme", "value"}:
        raise spot.wrong(
            "`external` needs `scheme` and `value`.", "Write it like {scheme: card, value: X9}."
        )
    return _ID.read(found["scheme"]), _ID.read(found["value"])


def _lines(entries: dict[str, Spot]) -> tuple[Line, ...]:
    if "lines" in entries:
        if "amount" in entries:
            raise entries["amount"].wrong(
                "The activity has `amount` and `lines`.", "Keep one of them."
            )
        return ListOf(_LineShape()).read(entries["lines"])
    if "amount" not in entries:
        return ()
    fields = {name: VALUE.read(entries[name]) for name in _LINE_FIELDS if name in entries}
    return (Line(amount=MONEY.read(entries["amount"]), fields=fields, whole=True),)


class _LineShape(Shape[Line]):
    """One line; every key but `amount` is a field of it."""

    def read(self, spot: Spot) -> Line:
        """Return the line."""
        entries = {key.text: spot.key(key.text, node) for key, node in entries_of(spot)}
        if "amount" not in entries:
            raise spot.wrong(
                "`amount` is missing in a line.", "Add it, for example `amount: 9.90`."
            )
        amount = SIGNED_MONEY.read(entries.pop("amount"))
        fields = read_all(lambda part: (part[0], VALUE.read(part[1])), entries.items())
        return Line(amount=amount, fields=dict(fields))

    def schema(self) -> Schema:
        """Return the key that every line has."""
        return {"type": "object", "required": ["amount"]}


def _data(entries: dict[str, Spot]) -> dict[str, Value]:
    taken = {*_FIELDS, *(_LINE_FIELDS if "amount" in entries else ())}
    data: dict[str, Value] = {}
    for name, spot in entries.items():
        if name not in taken:
            data.update(_flat(name, spot))
    return data


def _flat(name: str, spot: Spot) -> dict[str, Value]:
    if isinstance(spot.node, Mapping):
        found: dict[str, Value] = {}
        for key, node in spot.node.entries:
            found.update(_flat(f"{name}.{key.text}", spot.key(key.text, node)))
        return found
    return {name: _value(spot)}


def _value(spot: Spot) -> Value:
    node = spot.node
    if isinstance(node, Sequence):
        return tuple(VALUE.read(spot.item(i, item)) for i, item in enumerate(node.items))
    if isinstance(node, Mapping):
        for key, inner in node.entries:
            _value(spot.key(key.text, inner))
        return None
    return None if is_null(node) else VALUE.read(spot)
