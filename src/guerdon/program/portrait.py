"""A program's values as its document writes them: units, periods, conditions as plain values.

Rule: an amount is shown in the digits of what it is an amount of, which the noun around it says
(its wallet, its counter, the program's money); so two programs are compared in figures that their
author knows. What a difference means is `consequences`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from guerdon.core.amounts import Ratio, plain, to_decimal
from guerdon.core.program import (
    Condition,
    Dividend,
    Duration,
    Mission,
    Period,
    Program,
    Rate,
    Step,
    Unit,
    Window,
)

_IN_WALLET = frozenset({"points", "cost", "max", "least", "any_points", "budget", "above"})
_IN_MONEY = frozenset({"step", "any_value", "fee"})
_INSTANTS = frozenset({"asof", "begin", "end", "since", "until"})
_REPEATING = 12
"""Digits at which a rate that never ends is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Digits behind the point of what stands here; `name` is the wallet's, for sentences."""

    program: Program
    wallet: int = 0
    counter: int = 0
    name: str = ""

    def within(self, noun: Any) -> "Scope":
        """Return the scope inside a noun: that of the wallet and the counter it names."""
        found = self
        wallet = self.program.wallets.get(getattr(noun, "wallet", None) or "")
        if wallet is not None:
            found = replace(found, wallet=wallet.scale, name=wallet.name)
        counter = self.program.counters.get(getattr(noun, "counter", None) or "")
        if counter is not None:
            found = replace(found, counter=counter.measure.scale)
        if isinstance(noun, Mission):
            found = replace(found, counter=noun.scale)
        return found

    def amount(self, field: str, value: int) -> Decimal:
        """Return an integer of a noun as its document writes it."""
        if field in _IN_WALLET:
            return to_decimal(value, self.wallet)
        if field in _IN_MONEY:
            return to_decimal(value, self.program.money_scale)
        if field in ("at", "goal"):
            return to_decimal(value, self.counter)
        return Decimal(value)

    def rate(self, noun: Any, ratio: Ratio) -> Fraction:
        """Return a ratio in whole units: those of the wallet for each one of the money."""
        exact = Fraction(ratio.over, ratio.under)
        if isinstance(noun, Rate):
            return exact * Fraction(10) ** (self.program.money_scale - self.wallet)
        if isinstance(noun, Dividend):
            return exact * Fraction(10) ** (self.counter - self.wallet)
        if isinstance(noun, Unit | Step) and ratio is noun.points:
            return exact / Fraction(10) ** self.wallet
        return exact


def shown(value: Any, scope: Scope, *, noun: Any = None, field: str = "") -> Any:
    """Return a value as JSON holds it, in the document's units; decimals are texts."""
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, int):
        if field in _INSTANTS:
            return instant(value)
        return plain(scope.amount(field, value))
    if isinstance(value, Ratio):
        return exact(scope.rate(noun, value))
    own = _OWN_FORMS.get(type(value))
    if own is not None:
        return own(value)
    if isinstance(value, Mapping):
        return {str(name): shown(each, scope, noun=noun) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [shown(each, scope, noun=noun, field=field) for each in value]
    assert is_dataclass(value), f"a program holds no {type(value).__name__}"
    return _noun(value, scope.within(value))


def _noun(value: Any, scope: Scope) -> Any:
    found = {"kind": type(value).__name__.lower()} if not fields(value) else {}
    for field in fields(value):
        part = shown(getattr(value, field.name), scope, noun=value, field=field.name)
        if field.name == "gives_points" and value.gives_points:
            scale = scope.program.wallets[value.gives_wallet].scale
            part = plain(to_decimal(value.gives_points, scale))
        if part not in (None, "", {}, []):
            found[field.name] = part
    return found


def instant(at: int) -> str:
    """Return an instant as RFC 3339."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    return moment.isoformat().replace("+00:00", "Z")


def exact(value: Fraction) -> str:
    """Return a fraction as a decimal, cut off where it never ends."""
    return plain(round(Decimal(value.numerator) / Decimal(value.denominator), _REPEATING))


def period(value: Period) -> str:
    """Return a period as ISO 8601."""
    months = f"{value.months}M" if value.months else ""
    days = f"{value.days}D" if value.days or not value.months else ""
    return f"P{months}{days}"


def duration(value: Duration) -> str:
    """Return a length of time as ISO 8601."""
    hours, minutes = divmod(value.minutes, 60)
    return f"PT{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes or not hours else ''}"


def condition(value: Condition) -> dict[str, Any]:
    """Return a matcher as the document writes it, every comparison spelt out."""
    found: dict[str, Any] = {}
    for test in value.tests:
        compared = test.value
        if isinstance(compared, Decimal):
            compared = plain(compared)
        elif isinstance(compared, tuple):
            compared = tuple(plain(i) if isinstance(i, Decimal) else i for i in compared)
        listed = list(compared) if isinstance(compared, tuple) else compared
        found.setdefault(test.field, {})[test.op] = listed
    return found


def window(value: Window) -> str:
    """Return a window in a word or two."""
    parts = [value.kind.value]
    if value.period is not None:
        parts.append(period(value.period))
    parts += [instant(at) for at in (value.begin, value.end) if at is not None]
    return " ".join(parts)


_OWN_FORMS: dict[type, Callable[[Any], Any]] = {
    Period: period,
    Duration: duration,
    Condition: condition,
    Window: window,
}
"""What has a notation of its own."""
