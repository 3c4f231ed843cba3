"""Forms of giving, compiled: how many units a sum of money, or the activity itself, comes to.

Rule: a form is a function of the money that matches and of the rating around it; whether the rule
applies, and what limits it, is decided elsewhere (`core.rating`, `core.rules`).
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from guerdon.core.amounts import Rounding, divide
from guerdon.core.conditions import number
from guerdon.core.context import Context, Getters
from guerdon.core.program import Bands, Fixed, Give, Of, Rate, Step, Unit


class Rates(Protocol):
    """As much of a rating as forms read."""

    @property
    def context(self) -> Context:
        """The activity."""

    def paid_by(self, names: tuple[str, ...]) -> int:
        """Return what these rules pay for the activity in all."""


Giving = tuple[Callable[[int, Rates], int], int | None]
"""A give, compiled: its units, from the money and the rating around it, and their cap."""


def compile_give(give: Give, getters: Getters) -> Giving:
    """Return a give as a function."""
    return _units(give, getters), give.max


def _units(give: Give, getters: Getters) -> Callable[[int, Rates], int]:
    form = give.form
    if isinstance(form, Rate):
        return _rate(form, give.round)
    if isinstance(form, Fixed):
        fixed = form.points
        return lambda _net, _rates: fixed
    if isinstance(form, Step):
        return _step(form, give.round)
    if isinstance(form, Bands):
        bands, above = form.bands, form.above
        return lambda net, _rates: next((found for upto, found in bands if net <= upto), above)
    if isinstance(form, Unit):
        return _unit(form, give.round, getters)
    return _multiple(form, give.round)


def _rate(form: Rate, rounding: Rounding) -> Callable[[int, Rates], int]:
    over, under = form.ratio.over, form.ratio.under
    if rounding is Rounding.FLOOR:
        return lambda net, _rates: net * over // under
    return lambda net, _rates: divide(net * over, under, rounding)


def _step(form: Step, rounding: Rounding) -> Callable[[int, Rates], int]:
    step, over, under = form.step, form.points.over, form.points.under
    if under == 1:
        return lambda net, _rates: net // step * over
    return lambda net, _rates: divide(net // step * over, under, rounding)


def _unit(form: Unit, rounding: Rounding, getters: Getters) -> Callable[[int, Rates], int]:
    get, least, points = getters.measured(form.field), form.least, form.points

    def units(net: int, rates: Rates) -> int:
        del net
        seen = number(get(rates.context)) or Decimal(0)
        over, under = seen.as_integer_ratio()
        if over * least.under < least.over * under:
            over, under = least.over, least.under
        return divide(over * points.over, under * points.under, rounding)

    return units


def _multiple(form: Of, rounding: Rounding) -> Callable[[int, Rates], int]:
    names, over, under = form.rules, form.times.over, form.times.under
    if rounding is Rounding.FLOOR:
        return lambda _net, rates: rates.paid_by(names) * over // under
    return lambda _net, rates: divide(rates.paid_by(names) * over, under, rounding)
