"""The generated part of docs/program-language.md: every key, from the values that read them.

Rule: nothing is said here that the loader does not know. Meaning, type, default and example come
from the `Key`, the error is the one that the loader gives. What the keys mean together is prose,
written by hand around it. `scripts/program-reference` writes the part anew.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.faults import default, fault
from guerdon.program import wallets
from guerdon.program.conditions import Matcher
from guerdon.program.counters import MISSION_WINDOW, WINDOW
from guerdon.program.document import PROGRAM
from guerdon.program.gives import GIVE
from guerdon.program.grants import EFFECT, PENDING
from guerdon.program.numbers import (
    MONEY,
    POINTS,
    POSITIVE_MONEY,
    POSITIVE_POINTS,
    POSITIVE_READING,
    READING,
    Amount,
    Fraction,
    Number,
    Whole,
)
from guerdon.program.presentation import shown
from guerdon.program.records import ByForm, ByKey, ByWord, Key, Record
from guerdon.program.scalars import FLAG, Plain, Reference, Text, TierReference
from guerdon.program.shapes import Choice, ListOf, MapOf, Parsed, Shape
from guerdon.program.wallets import EXPIRY

PAGE = Path(__file__).parents[2] / "docs" / "program-language.md"
BEGIN = "<!-- generated: scripts/program-reference writes what follows -->"
END = "<!-- end of what is generated -->"

_SHARED: tuple[tuple[Shape[Any], str], ...] = (
    (GIVE, "Give"),
    (wallets._SIMPLE, "Expiry"),
    (EXPIRY, "Expiry"),
    (EFFECT, "Effect"),
    (WINDOW, "Window"),
    (MISSION_WINDOW, "Window"),
    (PENDING, "Pending"),
)
_SHOWN = {key.name: key.about for key in shown("")}
_AMOUNTS: tuple[tuple[Shape[Any], str], ...] = (
    (POINTS, "units of the wallet, 0 or more"),
    (POSITIVE_POINTS, "units of the wallet, more than 0"),
    (MONEY, "money, 0 or more"),
    (POSITIVE_MONEY, "money, more than 0"),
    (READING, "a value of the counter, 0 or more"),
    (POSITIVE_READING, "a value of what is counted, more than 0"),
)


def generated() -> str:
    """Return the reference as Markdown."""
    return "\n".join([BEGIN, "", *_lines(), END])


def updated(page: str) -> str:
    """Return a page with its generated part written anew."""
    before, found, rest = page.partition(BEGIN)
    assert found, f"{PAGE.name} has no line `{BEGIN}`"
    _, found, after = rest.partition(END)
    assert found, f"{PAGE.name} has no line `{END}`"
    return before + generated() + after


def every_key() -> Iterator[Key]:
    """Yield every key of the language once for each place where it stands."""
    seen: set[int] = set()
    ahead: list[Shape[Any]] = [PROGRAM]
    while ahead:
        shape = ahead.pop()
        if id(shape) in seen:
            continue
        seen.add(id(shape))
        if isinstance(shape, Record):
            yield from shape.keys
            ahead += [key.shape for key in shape.keys]
        ahead += _within(shape)


def _within(shape: Shape[Any]) -> list[Shape[Any]]:
    if shape is EXPIRY:
        return [wallets._SIMPLE, wallets._BY_TIER]
    if isinstance(shape, ByKey | ByWord):
        return list(shape.variants.values())
    if isinstance(shape, ByForm):
        return [shape.map]
    if isinstance(shape, MapOf):
        return [shape.value]
    return [shape.item] if isinstance(shape, ListOf) else []


# ---------------------------------------------------------------- sections


def anchor(title: str) -> str:
    """Return the anchor that a heading has on the page."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _lines() -> Iterator[str]:
    yield from _section("`program`", 3, PROGRAM, "")
    for key in PROGRAM.keys:
        yield from _below(key.name, key.shape, 3)
    for title, shape in {title: shape for shape, title in _SHARED}.items():
        yield from _section(title, 3, shape, title.lower())


def _below(path: str, shape: Shape[Any], level: int) -> Iterator[str]:
    """Yield the sections of what stands beneath a key, unless they stand elsewhere."""
    if _shared(shape):
        return
    if isinstance(shape, MapOf):
        yield from _below(f"{path}.<id>", shape.value, level)
    elif isinstance(shape, ListOf):
        yield from _below(f"{path}[]", shape.item, level)
    elif isinstance(shape, ByForm):
        yield from _below(path, shape.map, level)
    elif isinstance(shape, Record | ByKey | ByWord):
        yield from _section(f"`{path}`", level, shape, path)


def _shared(shape: Shape[Any]) -> str | None:
    return next((title for one, title in _SHARED if one is shape), None)


def _section(title: str, level: int, shape: Shape[Any], path: str) -> Iterator[str]:
    """Yield a heading, its keys, and the sections of what stands beneath them."""
    yield f"{'#' * level} {title}"
    yield ""
    if isinstance(shape, ByForm):
        yield f"{_capital(_type(shape.value, path))}; or a map:"
        yield ""
        shape = shape.map
    variants = _variants(shape)
    shared = set.intersection(*({key.name for key in one.keys} for _, one in variants))
    for word, record in variants:
        if word:
            yield f"**{word}**"
            yield ""
        elif record.about:
            yield record.about
            yield ""
        own = [key for key in record.keys if not word or key.name not in shared]
        bullets = list(_bullets(own, path))
        yield from bullets or ["No key beside it.", ""]
    if len(variants) > 1 and shared - {"mode"}:
        yield "**with any of them**"
        yield ""
        yield from _bullets([key for key in variants[0][1].keys if key.name in shared], path)
    if path:
        seen: set[str] = set()
        for _, record in variants:
            for key in record.keys:
                if key.name not in seen:
                    yield from _below(f"{path}.{key.name}", key.shape, min(level + 1, 5))
                seen.add(key.name)


def _variants(shape: Shape[Any]) -> list[tuple[str, Record[Any]]]:
    """Return the records that may stand for a shape, each with the words that tell it apart."""
    if isinstance(shape, Record):
        return [("", shape)]
    if shape is EXPIRY:
        by_tier = ("`by_tier`", wallets._BY_TIER)
        return [*_variants(wallets._SIMPLE), by_tier]
    if isinstance(shape, ByWord):
        return [(f"`{shape.key}: {word}`", one) for word, one in shape.variants.items()]
    assert isinstance(shape, ByKey)
    return [(f"`{word}`", one) for word, one in shape.variants.items()]


# ---------------------------------------------------------------- keys


def _bullets(keys: list[Key] | tuple[Key, ...], path: str) -> Iterator[str]:
    told = [key for key in keys if key.name != "mode"]
    usual = [key for key in told if _SHOWN.get(key.name) == key.about]
    for key in told:
        if key not in usual:
            yield from _bullet(key, path)
    if usual:
        named = ", ".join(f"`{key.name}`" for key in usual)
        yield f"- {named}: [what members see](#what-members-see)."
    if told:
        yield ""


def _bullet(key: Key, path: str) -> Iterator[str]:
    inner = f"{path}.{key.name}" if path else key.name
    terms = [_type(key.shape, inner)]
    usual = default(key)
    if key.required:
        terms.append("needed")
    elif usual is not None:
        terms.append(f"default `{usual}`")
    text, said = fault(key)
    about = key.about.replace("<", "&lt;")
    yield f"- **`{key.name}`**: {about} *({'; '.join(terms)})*"
    yield f"  Example: `{key.name}: {key.example}`."
    yield f"  Wrong: `{key.name}: {text}`. {said}"


def _type(shape: Shape[Any], path: str) -> str:
    """Return in words what may stand at a path, with a link to where that is described."""
    title = _shared(shape)
    if title is not None:
        return f"[{title.lower()}](#{anchor(title)})"
    if isinstance(shape, Matcher):
        return "[conditions](#conditions)"
    if isinstance(shape, MapOf):
        return f"a map from names to {_type(shape.value, f'{path}.<id>')}"
    if isinstance(shape, ListOf):
        item = _type(shape.item, f"{path}[]")
        return f"{item}, or a list of such" if shape.lone else f"a list: {item}"
    if isinstance(shape, ByForm):
        return f"{_type(shape.value, path)}, or {_type(shape.map, path)}"
    if isinstance(shape, Record | ByKey | ByWord):
        return f"[`{path}`](#{anchor(path)})"
    return _single(shape)


def _single(shape: Shape[Any]) -> str:
    if shape is FLAG:
        return "`true` or `false`"
    if isinstance(shape, Choice):
        words = ", ".join(f"`{word}`" for word in shape.choices)
        return f"one of {words}" if len(shape.choices) > 1 else words
    if isinstance(shape, Parsed):
        return f"[{shape.what}](#values)"
    if isinstance(shape, Reference):
        return f"the name of a {shape.kind}"
    if isinstance(shape, Amount):
        return next(words for one, words in _AMOUNTS if one is shape)
    if isinstance(shape, Fraction):
        return _bounded(shape.number)
    if isinstance(shape, Whole):
        return _bounded(shape._number())
    if isinstance(shape, Number):
        return _bounded(shape)
    return next((words for kind, words in _KINDS if isinstance(shape, kind)), "see the example")


_KINDS: tuple[tuple[type[Shape[Any]], str], ...] = (
    (Text, "a text"),
    (Plain, "a value"),
    (TierReference, "the name of a tier"),
)


def _bounded(number: Number) -> str:
    """Return the bounds of a number in words."""
    words = "a whole number" if number.whole else "a number"
    if number.above is not None:
        words += f" above {number.above}"
    elif number.least is not None:
        words += f" from {number.least}"
    return f"{words} to {number.most}" if number.most is not None else words


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    written = updated(PAGE.read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(written)
    else:
        PAGE.write_text(written, encoding="utf-8")
