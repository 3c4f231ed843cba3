"""For each key of the language: its default as it is written, and what the loader says of a fault.

Rule: the sentences are the loader's own, given for a value that is really read. What a program
has to declare for that is in `SAMPLE`.
"""

from contextlib import suppress
from typing import Any

from guerdon.core.amounts import Ratio, Rounding
from guerdon.core.program import ALWAYS, LIFETIME, Book, Keep, Never, Per
from guerdon.program.conditions import Matcher
from guerdon.program.draft import Draft, Scale, Spot, Unreadable, gather
from guerdon.program.numbers import Amount, Fraction, Number, Whole
from guerdon.program.records import ByForm, ByKey, ByWord, Key, Record
from guerdon.program.scalars import CLOCK, FLAG, Plain, Reference, Text, TierReference
from guerdon.program.shapes import Choice, ListOf, MapOf, Parsed, Shape
from guerdon.program.wallets import EXPIRY
from guerdon.program.yaml_source import Mapping, parse

SAMPLE = """
program:
  id: sample
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, cash: {scale: 2}, reward: {scale: 2}, received: {}, w: {}}
  plans: {plus: {}}
  partners: {bakery: {}, cafe: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  counters:
    orders: {activity: purchase}
    spend: {activity: purchase, sum: net}
    spend_month: {activity: purchase, sum: net, window: calendar_month}
    spend_year: {activity: purchase, sum: net, window: calendar_year}
  ladders: {status: {counter: spend, tiers: [{id: base}, {id: green}, {id: gold}, {id: reserve}]}}
  missions: {visits: {activity: purchase, goal: 3}}
  badges: {founder: {}, first: {}}
"""

_WRONG_TEXTS = {
    "a period": "6 months",
    "a length of time": "6 hours",
    "a name for references": "gold tier",
    "a day of the year": "15 Feb",
    "a time of day": "6am",
    "a time zone": "Berlin",
    "an instant": '"2026-05-01T09:00:00"',
    "an instant or a period": "soon",
    "an address": "logo.png",
}
_WRONG_KINDS: tuple[tuple[type[Shape[Any]], str], ...] = (
    (Whole, "1.5"),
    (Number, "many"),
    (Fraction, "many"),
    (Amount, "many"),
    (Text, "{a: 1}"),
    (Plain, "[1]"),
    (Matcher, "{weekday: monday}"),
    (TierReference, "golden"),
    (ListOf, "many"),
    (MapOf, "many"),
)
_LEAST_LETTERS = 4


def _misspelt(word: str) -> str:
    """Return a word as hasty fingers write it."""
    if len(word) < _LEAST_LETTERS:
        return word + word[-1]
    swapped = f"{word[0]}{word[2]}{word[1]}{word[3:]}"
    return swapped if swapped != word else word[:1] + word[2:]


def _draft() -> Draft:
    root, mistakes = parse(SAMPLE)
    assert not mistakes
    assert isinstance(root, Mapping)
    return gather(root.get("program"))


def _said(key: Key, text: str) -> list[str]:
    """Return what the loader says of `text` as the key's value."""
    draft = _draft()
    root, mistakes = parse(f"{key.name}: {text}")
    assert not mistakes, f"{key.name}: {text} is no YAML"
    assert isinstance(root, Mapping)
    spot = Spot(
        root.entries[0][1],
        key.name,
        key.name,
        draft,
        units=Scale(2, "the wallet `cash`"),
        reading=Scale(2, "the counter `spend`"),
        ladder="status",
    )
    with suppress(Unreadable):
        key.shape.read(spot)
    return [mistake.sentence() for mistake in draft.mistakes]


def complaints(key: Key) -> list[str]:
    """Return what the loader says of a key's own example: nothing, where the example is right."""
    return _said(key, key.example)


def fault(key: Key) -> tuple[str, str]:
    """Return a value that cannot stand at the key, and what the loader says of it."""
    text = _wrong(key.shape)
    said = _said(key, text)
    assert said, f"`{key.name}: {text}` is not refused"
    return text, said[0]


def _wrong(shape: Shape[Any]) -> str:
    if shape is FLAG:
        return "yes"
    if shape is EXPIRY:
        return "{mode: atfer}"
    if isinstance(shape, Choice):
        return _misspelt(next(iter(shape.choices)))
    if isinstance(shape, Parsed):
        return _WRONG_TEXTS[shape.what]
    if isinstance(shape, Reference):
        return _misspelt(_draft().names[shape.kind][0])
    if isinstance(shape, ByForm):
        return _wrong(shape.value)
    if isinstance(shape, ByWord):
        return f"{{{shape.key}: {_misspelt(list(shape.variants)[-1])}}}"
    if isinstance(shape, ByKey):
        return f"{{{_misspelt(next(iter(shape.variants)))}: 1}}"
    if isinstance(shape, Record):
        return f"{{{_misspelt(shape.keys[0].name)}: 1}}"
    if isinstance(shape, ListOf) and shape.lone:
        return _wrong(shape.item)
    return next((text for kind, text in _WRONG_KINDS if isinstance(shape, kind)), "points:pionts")


_DEFAULTS: tuple[tuple[Any, str], ...] = (
    (Never(), "{mode: never}"),
    (Keep(), "{}"),
    (LIFETIME, "lifetime"),
    (("USD", 2), "{unit: USD, scale: 2}"),
    (Ratio(0, 1), "0"),
    (Ratio(1, 1), "1"),
    (Rounding.FLOOR, "floor"),
    (Per.LIFETIME, "lifetime"),
)


def default(key: Key) -> str | None:
    """Return a default as it would be written, None where there is none to speak of."""
    value: Any = key.default
    if isinstance(key.shape, Choice):
        named = [word for word, meant in key.shape.choices.items() if meant == value]
        return named[0] if named else None
    if key.shape is CLOCK:
        return '"00:00"'
    if value is None or value == ALWAYS or value in ((), {}) or value == Book():
        return None
    return next((text for known, text in _DEFAULTS if known == value), None) or str(value)
