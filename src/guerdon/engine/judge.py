"""Judging what was reported, item by item: the form of it, before anything is looked up.

Rule: whatever is wrong with an item is said at once, each mistake with its field and a remedy, and
says nothing about the other items. What passes is normalised once, here: numbers are exact, truth
values words, lines in minor units. The fingerprint covers what the reporter sent, not what we made
of it, so that a repeat is known as one whatever changed in between.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from guerdon.core.activity import OWN_TYPES, PROGRAM_WIDE, Instant, Line, Value
from guerdon.core.amounts import plain, to_minor
from guerdon.core.conditions import text
from guerdon.core.program import Program
from guerdon.core.rulebook import Rulebook
from guerdon.engine.inputs import NAMING, ActivityInput, LineInput, MemberRef, Shown
from guerdon.engine.outcomes import Problem
from guerdon.engine.rights import may_report, needed
from guerdon.engine.world import Caller, Role

ID_MAX = 200
NAME_MAX = 100
TEXT_MAX = 2_000
FIELDS_MAX = 100
ITEMS_MAX = 200
LINES_MAX = 500
AMOUNT_MAX = 10**15
NUMBER_DIGITS_MAX = 34
_PRINT_BYTES = 16
_LINE_FIELDS = ("sku", "category", "brand")

ENROLLING = ".enroll"
"""What ends the id of an enrollment that goes before an unknown person's activity."""

# What the engine itself puts into an activity's data; a reporter must not.
_RESERVED = frozenset({"of_key"})


@dataclass(slots=True, kw_only=True)
class Draft:
    """An activity in good form; whom it concerns is not looked up yet."""

    index: int
    id: str
    reporter: str
    type: str
    at: Instant
    member: MemberRef | None
    partner: str | None
    ref: str | None
    lines: tuple[Line, ...]
    data: dict[str, Value]
    shown: Shown | None
    print: bytes

    @property
    def key(self) -> str:
        """Reporter and id."""
        return f"{self.reporter}/{self.id}"

    @property
    def ref_key(self) -> str | None:
        """The name of its reference, None where it has none."""
        return None if self.ref is None else f"{self.type}|{self.partner or ''}|{self.ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an item is not taken: the reason of its receipt, and every problem with it."""

    reason: str
    problems: tuple[Problem, ...]


class Judge:
    """Judges the items of one request."""

    def __init__(self, rulebook: Rulebook, caller: Caller, *, now: Instant, skew_ms: int) -> None:
        self._rulebook = rulebook
        self._caller = caller
        self._now = now
        self._skew_ms = skew_ms

    def judge(self, index: int, given: ActivityInput) -> Draft | Refusal:
        """Return the item in good form, or everything that is wrong with it."""
        kinds = known_types(self._rulebook)
        if given.type not in OWN_TYPES and given.type not in kinds:
            return _refusal("unknown_type", "type", _unknown_type(given.type, kinds))
        if not may_report(self._caller, given.type):
            message = (
                f"This credential may not report `{given.type}`; allowed: {needed(given.type)}."
            )
            return Refusal(
                reason="forbidden",
                problems=(Problem(code="FORBIDDEN", message=message, path=("type",)),),
            )
        wrong: list[Problem] = []
        at = self._at(given, wrong)
        self._names(given, wrong)
        data = _data(given.data, wrong)
        if given.type == "identity_linked":
            named = text(data.get("scheme")), text(data.get("value"))
            _identity(*named, (("data", "scheme"), ("data", "value")), wrong)
        digest = fingerprint(given, data)
        lines = self._lines(given, self._rulebook.at(at).program, wrong)
        if given.lines is None and lines:
            lines, data = _described(lines[0], data)
        if wrong:
            return Refusal(reason="invalid", problems=tuple(wrong))
        return Draft(
            index=index,
            id=given.id,
            reporter=self._caller.reporter,
            type=given.type,
            at=at,
            member=self._member(given),
            partner=self._caller.partner or given.partner,
            ref=given.ref,
            lines=lines,
            data=data,
            shown=given.shown,
            print=digest,
        )

    def _at(self, given: ActivityInput, wrong: list[Problem]) -> Instant:
        """Return when it happened: what members do by their own tokens happens as it arrives.

        Prices, limits and the time to take something back go by it, so it is not theirs to choose.
        """
        if given.at is None:
            return self._now
        if given.at > self._now + self._skew_ms:
            wrong.append(
                _problem("at", "`at` lies in the future; send when it happened, or nothing.")
            )
        return self._now if self._caller.role is Role.MEMBER else given.at

    def _names(self, given: ActivityInput, wrong: list[Problem]) -> None:
        _text("activityId", given.id, wrong, least=1)
        found = _caused_ids(self._rulebook).search(given.id)
        if found and not (found[0] == ENROLLING and given.type == "enrollment"):
            # It would stand where what another activity causes belongs, which then were a repeat.
            message = f"Ids ending in `{found[0]}` are those of what another activity causes;"
            wrong.append(_problem("activityId", f"{message} choose another one."))
        if given.ref is not None:
            _text("ref", given.ref, wrong, least=1)
        if given.partner is not None:
            _text("partner", given.partner, wrong, least=1)
            own = self._caller.partner
            if own is not None and given.partner != own:
                message = "A partner's key names its partner by itself; leave `partner` out."
                wrong.append(_problem("partner", message))
            elif self._caller.role is Role.MEMBER:
                wrong.append(_problem("partner", "A member cannot report for a partner."))
        if given.type in PROGRAM_WIDE:
            if given.member is not None:
                message = f"`{given.type}` concerns the whole program; leave `member` out."
                wrong.append(_problem("member", message))
        elif given.member is None and self._caller.role is not Role.MEMBER:
            wrong.append(_problem("member", f"`{given.type}` needs a `member`."))
        elif given.member is not None:
            _member_names(given.member, wrong)

    def _member(self, given: ActivityInput) -> MemberRef | None:
        if given.member is None and self._caller.role is Role.MEMBER:
            return MemberRef(id=self._caller.member)
        return given.member

    def _lines(
        self, given: ActivityInput, program: Program, wrong: list[Problem]
    ) -> tuple[Line, ...]:
        scale = program.money_scale
        if given.lines is None:
            if given.amount is None:
                return ()
            amount = _minor(("amount",), given.amount, scale, wrong)
            if amount < 0:
                wrong.append(_problem("amount", "`amount` is negative; report a `refund` instead."))
            return (Line(amount=amount, fields={}, whole=True),)
        if len(given.lines) > LINES_MAX:
            wrong.append(_problem("lines", f"An activity has at most {LINES_MAX} lines."))
            return ()
        lines = tuple(
            _line(position, line, scale, wrong) for position, line in enumerate(given.lines)
        )
        if given.amount is not None and not wrong:
            total = sum(line.amount for line in lines)
            if total != _minor(("amount",), given.amount, scale, wrong):
                message = "`amount` differs from the sum of the lines; leave one of them out."
                wrong.append(_problem("amount", message))
        return lines


@lru_cache(maxsize=64)
def _caused_ids(rulebook: Rulebook) -> re.Pattern[str]:
    """Return what finds the end of an id that belongs to what an activity causes for others."""
    rules = {
        rule.id
        for version in rulebook.versions
        for rule in version.program.rules
        if rule.to_referrer
    }
    endings = (ENROLLING, ".transfer", ".absorb", *(f".{rule}" for rule in sorted(rules)))
    return re.compile(rf"(?:{'|'.join(map(re.escape, endings))}|\.erase\.\d+)\Z")


@lru_cache(maxsize=64)
def known_types(rulebook: Rulebook) -> frozenset[str]:
    """Return the earning types that some version of the program listens to."""
    kinds: set[str] = set()
    for version in rulebook.versions:
        kinds |= version.listened
        kinds |= version.accept_by_type.keys() | version.draws_by_type.keys()
        kinds |= version.extends_by_type.keys() | version.active_by_type.keys()
    return frozenset(kinds)


def fingerprint(given: ActivityInput, data: Mapping[str, Value]) -> bytes:
    """Return a digest of all that was sent but the time of arrival."""
    looked_up = None if given.named is None else NAMING[given.type]
    parts: list[object] = [
        given.type,
        given.at,
        _ref_parts(given.member),
        given.partner,
        given.ref,
        None if given.amount is None else plain(given.amount),
        None if given.lines is None else [_line_parts(line) for line in given.lines],
        sorted((name, _value_parts(value)) for name, value in data.items() if name != looked_up),
    ]
    if given.named is not None:
        parts.append(_ref_parts(given.named))
    if given.beside is not None:
        parts.append(("beside", given.beside.display_name, given.beside.avatar_url))
    return hashlib.blake2b(repr(parts).encode(), digest_size=_PRINT_BYTES).digest()


def _ref_parts(ref: MemberRef | None) -> object:
    return None if ref is None else (ref.id, ref.external_id, ref.identity)


def _line_parts(line: LineInput) -> object:
    data = sorted((name, _value_parts(_value(value))) for name, value in line.data.items())
    return plain(line.amount), line.sku, line.category, line.brand, data


def _value_parts(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"n{plain(value)}"
    if isinstance(value, tuple):
        return f"l{[_value_parts(item) for item in value]}"
    return repr(value)


# ---------------------------------------------------------------- parts


def _problem(field: str, message: str, *more: str) -> Problem:
    return Problem(code="INVALID_INPUT", message=message, path=(field, *more))


def _refusal(reason: str, field: str, message: str) -> Refusal:
    problem = Problem(code=reason.upper(), message=message, path=(field,))
    return Refusal(reason=reason, problems=(problem,))


def _unknown_type(kind: str, kinds: Iterable[str]) -> str:
    known = ", ".join(sorted(kinds)) or "none"
    return f"This program knows no activity of type {kind[:NAME_MAX]!r}. It listens to: {known}."


def _text(field: str, value: str, wrong: list[Problem], *, least: int = 0) -> None:
    if not least <= len(value) <= ID_MAX:
        message = f"`{field}` has {len(value)} characters; {least} to {ID_MAX} are allowed."
        wrong.append(_problem(field, message))
    elif not value.isprintable():
        wrong.append(_problem(field, f"`{field}` holds characters that cannot be printed."))


def _member_names(member: MemberRef, wrong: list[Problem]) -> None:
    for name, value in (("id", member.id), ("externalId", member.external_id)):
        if value is not None and not (1 <= len(value) <= ID_MAX and value.isprintable()):
            message = f"A member's `{name}` has 1 to {ID_MAX} printable characters."
            wrong.append(_problem("member", message, name))
    if member.identity is not None:
        own = ("member", "identity")
        _identity(*member.identity, (own, own), wrong)


def _identity(
    scheme: str, value: str, paths: tuple[tuple[str, str], tuple[str, str]], wrong: list[Problem]
) -> None:
    """Judge an identity, wherever it is named; `paths` lead to its scheme and its value."""
    (of_scheme, of_value) = paths
    if not (1 <= len(scheme) <= NAME_MAX and scheme.isprintable() and "|" not in scheme):
        wrong.append(
            _problem(of_scheme[0], "An identity's `scheme` is a short name.", of_scheme[1])
        )
    if not (1 <= len(value) <= ID_MAX and value.isprintable()):
        message = f"An identity's `value` has 1 to {ID_MAX} printable characters."
        wrong.append(_problem(of_value[0], message, of_value[1]))


def _minor(path: tuple[str, ...], value: Decimal, scale: int, wrong: list[Problem]) -> int:
    field = ".".join(path)
    if not value.is_finite():
        wrong.append(_problem(path[0], f"`{field}` is no finite number.", *path[1:]))
        return 0
    try:
        minor = to_minor(value, scale)
    except ValueError:
        message = f"`{field}` has more than {scale} digits behind the point, which money here has."
        wrong.append(_problem(path[0], message, *path[1:]))
        return 0
    if abs(minor) > AMOUNT_MAX:
        wrong.append(_problem(path[0], f"`{field}` is too large to be an amount.", *path[1:]))
        return 0
    return minor


def _line(position: int, given: LineInput, scale: int, wrong: list[Problem]) -> Line:
    path = ("lines", str(position))
    amount = _minor((*path, "amount"), given.amount, scale, wrong)
    fields = _data(given.data, wrong, (*path, "data"))
    for name in _LINE_FIELDS:
        value = getattr(given, name)
        if value is not None:
            _text(name, value, wrong)
            fields[name] = value
    return Line(amount=amount, fields=fields)


def _described(line: Line, data: Mapping[str, Value]) -> tuple[tuple[Line, ...], dict[str, Value]]:
    """Return the one line of a mere amount with what it is of, and the rest of the data.

    So a refund that names the line finds it, whichever way the purchase was written.
    """
    fields = {name: data[name] for name in _LINE_FIELDS if name in data}
    rest = {name: value for name, value in data.items() if name not in fields}
    return (replace(line, fields=fields),), rest


def _data(
    given: Mapping[str, Any], wrong: list[Problem], path: tuple[str, ...] = ("data",)
) -> dict[str, Value]:
    """Return free fields normalised; a map within them is spelt out as `outer.inner`."""
    found: dict[str, Value] = {}
    if len(given) > FIELDS_MAX:
        wrong.append(_problem(path[0], f"At most {FIELDS_MAX} fields are kept.", *path[1:]))
        return found
    for name, value in given.items():
        if not (1 <= len(name) <= NAME_MAX and name.isprintable()) or name in _RESERVED:
            message = f"{name[:NAME_MAX]!r} is no name for a field."
            wrong.append(_problem(path[0], message, *path[1:]))
        elif isinstance(value, Mapping) and len(path) == 1:
            inner = _data(value, wrong, (*path, name))
            found |= {f"{name}.{key}": each for key, each in inner.items()}
        else:
            try:
                found[name] = _value(value)
            except ValueError as error:
                wrong.append(_problem(path[0], f"`{name}` {error}", *path[1:], name))
    return found


def _value(value: Any) -> Value:
    """Return a free value as conditions read it.

    Raises:
        ValueError: With the rest of the sentence that begins with the field's name.
    """
    if value is None or isinstance(value, str):
        if value is not None and len(value) > TEXT_MAX:
            raise ValueError(f"has more than {TEXT_MAX} characters.")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        if not number.is_finite() or len(plain(number)) > NUMBER_DIGITS_MAX:
            raise ValueError(f"is no number of at most {NUMBER_DIGITS_MAX} digits.")
        return number
    if isinstance(value, list | tuple):
        if len(value) > ITEMS_MAX or any(isinstance(item, list | tuple) for item in value):
            raise ValueError(f"must be a list of at most {ITEMS_MAX} texts or numbers.")
        return tuple(_value(item) for item in value)
    raise ValueError("must be a text, a number, true, false or a list of these.")
