"""What a difference between two versions means, in a sentence, and whether anybody is worse off.

Rule: a figure that is known to be a benefit or a price is judged by its direction, how nouns look
is judged harmless, and anything else counts as making somebody worse off. What keeps members' state
in its meaning (scale, measure, window) may not change under one id, because figures of two meanings
would be added up. Finding the differences is `plan`.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from guerdon.core.program import Condition, GrantPoints, Never
from guerdon.program.directions import figure, is_for_the_better
from guerdon.program.portrait import Scope

Verdict = tuple[str, bool]


class Noun(NamedTuple):
    """Of what a sentence speaks.

    `within` are the keys inside that lead to the field, `shape` is the type that has the field.
    """

    kind: str
    id: str
    within: tuple[str, ...] = ()
    shape: str = ""

    def __str__(self) -> str:
        """Return it as it is named in a sentence."""
        return f"{self.kind[:1].upper()}{self.kind[1:]} {self.id}".strip()


NOUNS = {
    "wallets": "wallet",
    "rules": "rule",
    "accept": "accept rule",
    "counters": "counter",
    "ladders": "ladder",
    "missions": "mission",
    "badges": "badge",
    "leaderboards": "leaderboard",
    "rewards": "reward",
    "draws": "draw",
    "plans": "plan",
    "jobs": "job",
    "partners": "partner",
}
"""The sections of a program that hold nouns by id."""

KEYS = {
    "enroll_auto": "enroll",
    "leap_birthday_march": "leap_birthday",
    "day_start_minutes": "day_start",
    "money_unit": "money.unit",
    "money_scale": "money.scale",
    "jobs": "schedule",
    "to_referrer": "to",
    "otherwise": "else",
    "one_rung": "drop",
    "recheck": "on_refund",
    "image_url": "image",
    "logo_url": "logo",
    "per_member_times": "per_member.times",
    "per_member_per": "per_member.per",
    "period_stock": "stock_per.times",
    "period_stock_per": "stock_per.per",
    "gives_wallet": "gives.wallet",
    "gives_points": "gives.points",
    "codes": "voucher.codes",
    "codes_low": "voucher.low",
    "fulfil_within": "fulfil.within",
    "stocked_by_partner": "stocked_by",
    "any_points": "any.points",
    "any_value": "any.value",
    "least": "min",
}
"""Fields that the document calls otherwise."""

_IN_SHAPES = {
    ("Fixed", "points"): "fixed",
    ("GrantPoints", "points"): "fixed",
    ("Prize", "points"): "fixed",
    ("Rate", "ratio"): "rate",
    ("Unit", "field"): "unit",
    ("Of", "rules"): "of",
    ("Prize", "odds"): "p",
}


def key_of(shape: str, field: str) -> str:
    """Return what the document calls a field."""
    return _IN_SHAPES.get((shape, field)) or KEYS.get(field, field)


_LOOKS = frozenset({"name", "description", "image_url", "logo_url", "perks"})

_REMOVED = {
    "wallet": "Nothing is earned into it any more; what members hold stays readable and expires "
    "as promised.",
    "rule": "Nothing is earned by it from then on; what it gave stays.",
    "counter": "It stops where it is and stays readable.",
    "ladder": "Nobody moves on it any more; what members reached stays readable.",
    "tier": "Nobody reaches it any more; who holds it is shown the next one below.",
    "mission": "Nobody can complete it any more; what was completed stays.",
    "badge": "Nobody earns it any more; who has it keeps it.",
    "leaderboard": "It stops where it is and stays readable.",
    "reward": "Nobody can take it any more; vouchers that were issued stay good.",
    "draw": "It is not played any more.",
    "prize": "Nobody wins it any more.",
    "plan": "Nobody can buy it any more; terms that were bought run to their end.",
    "job": "It does not run any more.",
    "accept rule": "What it refused is accepted.",
    "partner": "It takes part no more; what is owed stays in the book.",
}
_ADDED = {
    "counter": "It counts what happens from then on.",
    "mission": "It counts what happens from then on.",
    "rule": "Members earn by it from then on.",
    "tier": "Who reaches it holds the one below no more, and gets nothing that is for that one.",
    "accept rule": "What does not match is rejected from then on.",
}
_TAKING = frozenset({"accept rule", "tier"})
"""Nouns that may take something from somebody by being new."""

_FILLED = "It counts what the journal holds of the time before, too."
_HARMLESS_REMOVED = frozenset({"accept rule", "partner"})
_REFUSED = {
    "wallet": {"scale"},
    "counter": {"measure", "window", "since"},
    "ladder": {"counter", "window"},
    "leaderboard": {"counter", "window"},
    "mission": {"measure", "counter", "window", "scale"},
    "program": {"money_scale", "money_unit", "timezone", "day_start_minutes"},
}
_NONE_IS_BEST = frozenset(
    {
        *("limit", "pending", "best_of", "partner", "fulfil_within", "late", "budget"),
        *("voucher_valid", "cancel_within"),
    }
)
_NONE_IS_BEST_IN = frozenset({("Plan", "period")})  # for life


def vanishing(noun: Noun) -> Verdict:
    """Return what it means that a noun is gone."""
    return f"{noun} is removed. {_REMOVED[noun.kind]}", noun.kind not in _HARMLESS_REMOVED


def appearing(noun: Noun, *, is_filled: bool = False) -> Verdict:
    """Return what it means that a noun is new; `is_filled` from what the journal holds."""
    meaning = _FILLED if is_filled else _ADDED.get(noun.kind, "")
    return f"{noun} is new. {meaning}".strip(), noun.kind in _TAKING


def refusal(noun: Noun, field: str) -> str | None:
    """Return why a field may not change under this id, with the remedy; None where it may."""
    if noun.within or field not in _REFUSED.get(noun.kind, ()):
        return None
    if noun.kind == "program":
        return (
            f"The program's {KEYS.get(field, field)} cannot change, because what members hold is "
            "reckoned in it. Publish another program."
        )
    return (
        f"{noun} cannot change its {KEYS.get(field, field)}, because its figures so far mean "
        f"something else. Take a new id for the changed {noun.kind}, and remove this one."
    )


def changed(
    noun: Noun,
    field: str,
    values: tuple[Any, Any],
    shows: tuple[Any, Any],
    scopes: tuple[Scope, Scope],
) -> Verdict:
    """Return what it means that a field differs."""
    if noun.shape and field in _LOOKS:
        return f"{noun} is shown otherwise: its {key_of(noun.shape, field)} changes.", False
    worse_off = _worse_off(noun, field, values, shows)
    special = _SENTENCES.get((noun.kind, field)) if noun.shape else None
    if special is not None and "limit" not in noun.within and None not in values:
        return special(noun, shows, scopes), worse_off
    return _plainly(noun, field, values, shows), worse_off


def _worse_off(noun: Noun, field: str, values: tuple[Any, Any], shows: tuple[Any, Any]) -> bool:
    before, after = values
    if (
        field in ("stocked_by_partner", "codes_low")
        or noun.kind == "partner"
        or "book" in (field, *noun.within[:1])
    ):
        return False  # what concerns the books and who runs them concerns no member
    if not noun.shape:  # an entry of a map, whose name is no field's, whatever it is
        is_beside = noun.within[-2:] == ("give", "tiers") and before is None
        return noun.within[-1:] != ("texts",) and not is_beside
    if isinstance(before, Condition) and isinstance(after, Condition):
        return not set(after.tests) <= set(before.tests)
    if after is None and (field in _NONE_IS_BEST or (noun.shape, field) in _NONE_IS_BEST_IN):
        return False
    if field in ("grant", "on_enter"):
        return not _brings_all(before, after)
    judged = _without_figures(noun, field, before, after)
    if judged is not None:
        return judged
    old, new = figure(before, shows[0], field), figure(after, shows[1], field)
    return not is_for_the_better(noun.shape, field, old, new)


def _without_figures(noun: Noun, field: str, before: Any, after: Any) -> bool | None:
    """Tell of what is there or not, or a set or a date, whether it is for the worse; else None."""
    if field in ("enroll_auto", "to_referrer", "has_voucher"):
        return bool(before)
    if field in ("final", "opt_in"):
        return bool(after)
    if field in ("pity", "pity_after") and not (before and after):
        return bool(before)
    if isinstance(after, Never):
        return False
    if field == "activity" and (noun.kind in ("rule", "draw") or noun.shape == "Inactivity"):
        return not set(before) <= set(after)
    if noun.shape == "Span":
        if before is None or after is None:
            return before is None
        return bool(after > before if field == "begin" else after < before)
    return None


def _brings_all(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    """Tell whether every effect is still there, with as many units or more."""
    if len(after) < len(before):
        return False
    return all(
        old == new
        or (
            isinstance(old, GrantPoints)
            and isinstance(new, GrantPoints)
            and new.points >= old.points
            and replace(old, points=new.points) == new
        )
        for old, new in zip(before, after, strict=False)
    )


# ---------------------------------------------------------------- sentences


def _plainly(noun: Noun, field: str, values: tuple[Any, Any], shows: tuple[Any, Any]) -> str:
    where = "`" + ".".join([*noun.within, key_of(noun.shape, field)]) + "`"
    if values[0] is None:
        return f"{noun}: {where} is new, {_text(shows[1])}."
    if values[1] is None:
        return f"{noun}: {where} is removed, it was {_text(shows[0])}."
    return f"{noun}: {where} becomes {_text(shows[1])} instead of {_text(shows[0])}."


def _text(show: Any) -> str:
    if isinstance(show, dict):
        return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in show.items()) + "}"
    if isinstance(show, list):
        return "[" + ", ".join(_text(value) for value in show) + "]"
    if isinstance(show, bool):
        return "true" if show else "false"
    return "nothing" if show is None else str(show)


def by_how_much(before: Fraction, after: Fraction) -> str:
    """Return a change in words: "a third less", "twice as much", "12 % more"."""
    if not before:
        return "where it was nothing"
    part = abs(after - before) / before
    side = "more" if after > before else "less"
    if after and after / before in _TIMES:
        return _TIMES[after / before]
    if part in _PARTS:
        return f"{_PARTS[part]} {side}"
    percent = f"{float(part * 100):.1f}".removesuffix(".0")
    return "nothing any more" if not after else f"{percent} % {side}"


_PARTS = {
    Fraction(1, 3): "a third",
    Fraction(2, 3): "two thirds",
    Fraction(1, 4): "a quarter",
    Fraction(3, 4): "three quarters",
    Fraction(1, 5): "a fifth",
    Fraction(1, 10): "a tenth",
}
_TIMES = {
    Fraction(1, 2): "half as much",
    Fraction(2): "twice as much",
    Fraction(3): "three times as much",
}


Shows = tuple[Any, Any]
Scopes = tuple[Scope, Scope]


def _earning(noun: Noun, shows: Shows, scopes: Scopes) -> str:
    """Tell of a rule that gives another figure for the same."""
    each = f" per {scopes[1].program.money_unit}" if noun.shape == "Rate" else ""
    name = scopes[1].name
    return f"{_who(noun)} gives {shows[1]} {name}{each} instead of {shows[0]}: {_so(shows)}"


def _step(noun: Noun, shows: Shows, scopes: Scopes) -> str:
    money = scopes[1].program.money_unit
    return f"{_who(noun)} gives its units for every {shows[1]} {money} instead of {shows[0]}."


def _lasting(noun: Noun, shows: Shows, scopes: Scopes) -> str:
    """Tell of another period: lots keep their dates, except where the whole wallet expires."""
    del scopes
    if noun.shape == "Inactivity":
        return f"{noun} expires as a whole after {shows[1]} without activity instead of {shows[0]}."
    return (
        f"{noun}: units earned from then on last {shows[1]} instead of {shows[0]}; those that "
        "members hold keep their dates."
    )


def _so(shows: tuple[Any, Any]) -> str:
    much = by_how_much(Fraction(Decimal(shows[0])), Fraction(Decimal(shows[1])))
    return f"members earn {much} from then on."


def _who(noun: Noun) -> str:
    tier = noun.within[noun.within.index("tiers") + 1] if "tiers" in noun.within else None
    return str(noun) if tier is None else f"{noun}, for tier {tier},"


def _threshold(noun: Noun, shows: Shows, scopes: Scopes) -> str:
    del scopes
    then = "More members reach it."
    if Fraction(Decimal(shows[1])) > Fraction(Decimal(shows[0])):
        then = "Fewer members reach it."
        if noun.kind == "tier":
            then = "Who holds it keeps it until the next review."
    return f"{noun} needs {shows[1]} instead of {shows[0]}. {then}"


def _price(noun: Noun, shows: Shows, scopes: Scopes) -> str:
    much = by_how_much(Fraction(Decimal(shows[0])), Fraction(Decimal(shows[1])))
    return f"{noun} costs {shows[1]} {scopes[1].name} instead of {shows[0]}: {much}."


_SENTENCES: dict[tuple[str, str], Callable[[Noun, Shows, Scopes], str]] = {
    ("rule", "ratio"): _earning,
    ("rule", "points"): _earning,
    ("rule", "step"): _step,
    ("wallet", "period"): _lasting,
    ("tier", "at"): _threshold,
    ("badge", "at"): _threshold,
    ("mission", "goal"): _threshold,
    ("reward", "cost"): _price,
}
