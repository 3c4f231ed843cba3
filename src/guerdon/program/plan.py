"""What publishing would change: two versions of a program, side by side, in sentences and figures.

Rule: nothing that differs is left out, for every field of every noun is compared, whatever it is;
and whatever cannot be shown to leave nobody worse off counts as doing so. A version and itself
have no change. Figures of members (how many a change concerns) are `engine.plan`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from guerdon.core.amounts import Ratio
from guerdon.core.program import Condition, Measure, Period, Program, Window
from guerdon.program.consequences import (
    NOUNS,
    Noun,
    appearing,
    changed,
    key_of,
    refusal,
    vanishing,
)
from guerdon.program.portrait import Scope, shown

_OF_THE_VERSION = frozenset({"version", "begin"})
_UNWRITTEN = frozenset({"form"})  # the document writes what is in it beside its neighbours
_LISTED = {"tiers": "tier", "table": "prize"}
_ORDERED = frozenset({"rule", "accept rule", "draw", "job", "tier", "prize"})
_WHOLE = (Condition, Measure, Period, Ratio, Window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference; `before` and `after` in the document's units, None where there is nothing.

    One that `is_refused` keeps the version from being published; its sentence names the remedy.
    """

    path: str
    before: Any
    after: Any
    sentence: str
    worse_off: bool
    is_refused: bool = False


def plan(before: Program | None, after: Program) -> list[Change]:
    """Return what differs, in the order of the document; a first version changes nothing."""
    if before is None:
        return []
    return list(_program(before, after))


def _program(before: Program, after: Program) -> Iterator[Change]:
    scopes = Scope(program=before), Scope(program=after)
    for field in fields(Program):
        if field.name in _OF_THE_VERSION:
            continue
        old, new = getattr(before, field.name), getattr(after, field.name)
        path = f"program.{key_of('Program', field.name)}"
        if field.name in NOUNS:
            yield from _nouns(path, NOUNS[field.name], (_by_id(old), _by_id(new)), scopes)
        elif old != new:
            noun = Noun("program", "", shape="Program")
            yield from _field(path, noun, field.name, (before, after), scopes)


def _is_rescaled(before: Program, after: Program) -> bool:
    """Tell whether an amount of the same figure may be another integer."""
    pairs = [
        *(
            (before.wallets[name].scale, each.scale)
            for name, each in after.wallets.items()
            if name in before.wallets
        ),
        *(
            (before.counters[name].measure.scale, each.measure.scale)
            for name, each in after.counters.items()
            if name in before.counters
        ),
        (before.money_scale, after.money_scale),
    ]
    return any(old != new for old, new in pairs)


def _by_id(nouns: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Return nouns by id; accept rules, which have none, by their reason."""
    if isinstance(nouns, Mapping):
        return dict(nouns)
    found: dict[str, Any] = {}
    for noun in nouns:
        name = getattr(noun, "id", None) or noun.reason
        copy = 1
        while (key := name if copy == 1 else f"{name}#{copy}") in found:
            copy += 1
        found[key] = noun
    return found


Scopes = tuple[Scope, Scope]
Pair = tuple[Any, Any]


def _nouns(
    path: str, kind: str, pair: tuple[dict[str, Any], dict[str, Any]], scopes: Scopes, of: str = ""
) -> Iterator[Change]:
    """Compare nouns by id: what is gone, what is new, what differs, and their order."""
    old, new = pair
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        here, noun = f"{path}.{name}", Noun(kind, f"{name}{of}")
        if before is not None and after is not None:
            within = scopes[0].within(before), scopes[1].within(after)
            yield from _fields(here, noun, (before, after), within)
            continue
        is_filled = bool(getattr(after, "backfill", False))
        verdict = vanishing(noun) if after is None else appearing(noun, is_filled=is_filled)
        sentence, worse_off = verdict
        shows = shown(before, scopes[0]), shown(after, scopes[1])
        yield _said(here, shows, sentence, worse_off=worse_off)
    stay = [name for name in old if name in new], [name for name in new if name in old]
    if stay[0] != stay[1]:
        sentence = f"The {kind}s stand in another order: {', '.join(stay[1])}."
        yield _said(path, stay, sentence, worse_off=kind in _ORDERED)


def _said(path: str, shows: Pair, sentence: str, *, worse_off: bool) -> Change:
    return Change(
        path=path, before=shows[0], after=shows[1], sentence=sentence, worse_off=worse_off
    )


def _fields(path: str, noun: Noun, pair: Pair, scopes: Scopes) -> Iterator[Change]:
    """Compare two values of one shape, field by field."""
    for field in fields(pair[0]):
        if getattr(pair[0], field.name) != getattr(pair[1], field.name):
            inner = noun._replace(shape=type(pair[0]).__name__)
            key = key_of(inner.shape, field.name)
            here = path if key in _UNWRITTEN else f"{path}.{key}"
            yield from _field(here, inner, field.name, pair, scopes)


def _field(path: str, noun: Noun, field: str, pair: Pair, scopes: Scopes) -> Iterator[Change]:
    """Compare one field, going into what has parts worth naming one by one."""
    old, new = getattr(pair[0], field), getattr(pair[1], field)
    key = key_of(noun.shape, field)
    inner = noun if key in _UNWRITTEN else noun._replace(within=(*noun.within, key))
    if field in _LISTED and isinstance(old, tuple):
        both = _by_id(old), _by_id(new)
        yield from _nouns(path, _LISTED[field], both, scopes, of=f" of {noun.id}")
    elif _has_parts(old, new):
        within = scopes[0].within(old), scopes[1].within(new)
        yield from _fields(path, inner, (old, new), within)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                part = inner._replace(shape="")
                entries = _Entry(old.get(name)), _Entry(new.get(name))
                yield from _entry(f"{path}.{name}", part, str(name), entries, scopes)
    else:
        yield from _leaf(path, noun, field, pair, scopes)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a map, as if it were a field."""

    value: Any


def _entry(
    path: str, noun: Noun, name: str, pair: tuple[_Entry, _Entry], scopes: Scopes
) -> Iterator[Change]:
    old, new = pair[0].value, pair[1].value
    if _has_parts(old, new):
        inner = noun._replace(within=(*noun.within, name))
        yield from _fields(path, inner, (old, new), scopes)
        return
    shows = shown(old, scopes[0]), shown(new, scopes[1])
    sentence, worse_off = changed(noun, name, (old, new), shows, scopes)
    yield _said(path, shows, sentence, worse_off=worse_off)


def _has_parts(old: Any, new: Any) -> bool:
    return is_dataclass(old) and type(old) is type(new) and not isinstance(old, _WHOLE)


def _leaf(path: str, noun: Noun, field: str, pair: Pair, scopes: Scopes) -> Iterator[Change]:
    values = getattr(pair[0], field), getattr(pair[1], field)
    shows = (
        shown(values[0], scopes[0], noun=pair[0], field=field),
        shown(values[1], scopes[1], noun=pair[1], field=field),
    )
    if shows[0] == shows[1] and _is_rescaled(scopes[0].program, scopes[1].program):
        return  # the same figure in other minor units, which are refused where they change
    refused = refusal(noun, field)
    if refused is not None:
        yield replace(_said(path, shows, refused, worse_off=False), is_refused=True)
        return
    sentence, worse_off = changed(noun, field, values, shows, scopes)
    yield _said(path, shows, sentence, worse_off=worse_off)
