"""How much a rule gives: fixed, by rate, step, band or unit, or a multiple of other rules.

Rule: exactly one form; amounts are read in the units of the wallet that the rule names.
"""

from itertools import pairwise

from guerdon.core.amounts import Ratio, Rounding, divide
from guerdon.core.program import (
    Bands,
    Fixed,
    Give,
    GiveByTier,
    Of,
    Rate,
    Rule,
    Step,
    Unit,
)
from guerdon.program.draft import Spot
from guerdon.program.numbers import MONEY, POINTS, POSITIVE_MONEY, Fraction
from guerdon.program.records import ByKey, Fields, Key, Record
from guerdon.program.scalars import LADDER, RULE, WORD, judge_tier
from guerdon.program.shapes import Choice, ListOf, MapOf, Schema, Shape
from guerdon.program.wallets import with_ladder
from guerdon.program.yaml_source import Sequence

ROUNDING: Shape[Rounding] = Choice({rounding.value: rounding for rounding in Rounding})
_TAIL = (
    Key(
        name="round",
        shape=ROUNDING,
        about="How a figure between two units is rounded.",
        example="half_up",
        default=Rounding.FLOOR,
    ),
    Key(
        name="max",
        shape=POINTS,
        about="Never more than this for one activity.",
        example="500",
    ),
)


def _scaled(ratio: Ratio, spot: Spot) -> Ratio:
    """Return points per money as minor units per minor unit."""
    units = spot.units.digits if spot.units is not None else 0
    return ratio.scaled(units - spot.draft.money.digits)


def _per_unit(ratio: Ratio, spot: Spot) -> Ratio:
    return ratio.scaled(spot.units.digits if spot.units is not None else 0)


def _rounded(ratio: Ratio, fields: Fields) -> int:
    """Return units in minor units, rounded as the rule says: what never changes is rounded once."""
    exact = _per_unit(ratio, fields.spot)
    return divide(exact.over, exact.under, fields["round"])


class _Band(Shape[tuple[int, Ratio]]):
    """A pair: money up to and including, and the points for it."""

    def read(self, spot: Spot) -> tuple[int, Ratio]:
        """Return the money in minor units and the points as written."""
        node = spot.node
        if not isinstance(node, Sequence) or len(node.items) != 2:  # noqa: PLR2004 - a pair
            raise spot.wrong(
                "A band is a pair: money up to and including, and points.",
                "Write it like [30.00, 2].",
            )
        upto, points = (spot.item(i, item) for i, item in enumerate(node.items))
        return MONEY.read(upto), Fraction().read(points)

    def schema(self) -> Schema:
        """Return a pair of numbers."""
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def _bands(fields: Fields) -> Give:
    bands: tuple[tuple[int, Ratio], ...] = fields["bands"]
    for earlier, later in pairwise(bands):
        if later[0] <= earlier[0]:
            raise fields.at("bands").wrong(
                "The bands do not ascend.", "Order them by their upper ends."
            )
    points = tuple((upto, _rounded(ratio, fields)) for upto, ratio in bands)
    return _give(fields, Bands(points, _rounded(fields["above"], fields)))


def _give(fields: Fields, form: Fixed | Rate | Step | Bands | Unit | Of) -> Give:
    return Give(form=form, round=fields["round"], max=fields["max"])


def _of(fields: Fields) -> Give:
    """Return a multiple of other rules, in the units of this rule's wallet."""
    spot = fields.spot
    names: tuple[str, ...] = fields["of"]
    scales = {spot.draft.rules[name].digits for name in names if name in spot.draft.rules}
    if len(scales) > 1:
        raise fields.at("of").wrong(
            "These rules give units with different digits behind the point.",
            "Make one rule for each wallet that is multiplied.",
        )
    own = spot.units.digits if spot.units is not None else 0
    times: Ratio = fields["times"]
    return _give(fields, Of(names, times.scaled(own - next(iter(scales), own))))


_WHAT = "a `give`"
GIVE: Shape[Give] = ByKey(
    what="A `give`",
    variants={
        "fixed": Record(
            what=_WHAT,
            keys=(
                Key(
                    name="fixed",
                    shape=Fraction(),
                    about="So many units, whatever the amount; rounded like any other figure.",
                    example="50",
                    required=True,
                ),
                *_TAIL,
            ),
            build=lambda fields: _give(fields, Fixed(_rounded(fields["fixed"], fields))),
        ),
        "rate": Record(
            what=_WHAT,
            keys=(
                Key(
                    name="rate",
                    shape=Fraction(),
                    about="Units for each unit of money.",
                    example="1.5",
                    required=True,
                ),
                *_TAIL,
            ),
            build=lambda fields: _give(fields, Rate(_scaled(fields["rate"], fields.spot))),
        ),
        "step": Record(
            what=_WHAT,
            keys=(
                Key(
                    name="step",
                    shape=POSITIVE_MONEY,
                    about="For each full step of money.",
                    example="5.00",
                    required=True,
                ),
                Key(
                    name="points",
                    shape=Fraction(),
                    about="Units for one step.",
                    example="1",
                    required=True,
                ),
                Key(
                    name="remainder",
                    shape=Choice({"drop": False, "carry": True}),
                    about="What is left of a step is dropped, or carried to the next activity.",
                    example="carry",
                    default=False,
                ),
                *_TAIL,
            ),
            build=lambda fields: _give(
                fields,
                Step(fields["step"], _per_unit(fields["points"], fields.spot), fields["remainder"]),
            ),
        ),
        "bands": Record(
            what=_WHAT,
            keys=(
                Key(
                    name="bands",
                    shape=ListOf(_Band(), least=1),
                    about="Pairs of money (up to and including) and units, ascending.",
                    example="[[30.00, 2], [60.00, 6]]",
                    required=True,
                ),
                Key(
                    name="above",
                    shape=Fraction(),
                    about="Units above the last band.",
                    example="16",
                    required=True,
                ),
                *_TAIL,
            ),
            build=_bands,
        ),
        "unit": Record(
            what=_WHAT,
            keys=(
                Key(
                    name="unit",
                    shape=WORD,
                    about="A field of the activity that is counted in units, such as miles.",
                    example="miles",
                    required=True,
                ),
                Key(
                    name="points",
                    shape=Fraction(),
                    about="Units for each unit of the field.",
                    example="5",
                    required=True,
                ),
                Key(
                    name="min",
                    shape=Fraction(),
                    about="At least so many units of the field are counted.",
                    example="500",
                    default=Ratio(0, 1),
                ),
                *_TAIL,
            ),
            build=lambda fields: _give(
                fields,
                Unit(fields["unit"], _per_unit(fields["points"], fields.spot), fields["min"]),
            ),
        ),
        "of": Record(
            what=_WHAT,
            keys=(
                Key(
                    name="of",
                    shape=ListOf(RULE, lone=True, least=1),
                    about="Rules whose rounded units of this activity are multiplied.",
                    example="[base]",
                    required=True,
                ),
                Key(
                    name="times",
                    shape=Fraction(),
                    about="How often they are given once more: 1 doubles, 2 triples.",
                    example="1",
                    required=True,
                ),
                *_TAIL,
            ),
            build=_of,
        ),
    },
)

BY_TIER: Shape[GiveByTier] = Record(
    what="a give by tier",
    keys=(
        Key(
            name="ladder",
            shape=LADDER,
            about="Whose tier decides, held when the activity happened.",
            example="status",
            required=True,
        ),
        Key(
            name="tiers",
            shape=MapOf(GIVE, judge_tier),
            about="A `give` for each tier; tiers that are not named get nothing.",
            example="{green: {rate: 1}, gold: {rate: 1.2}}",
            required=True,
        ),
    ),
    build=lambda fields: GiveByTier(fields["ladder"], fields["tiers"]),
    scope=with_ladder,
)


def multiplied(rule: Rule) -> tuple[str, ...]:
    """Return the rules whose units a rule multiplies."""
    give = rule.give
    gives = give.tiers.values() if isinstance(give, GiveByTier) else (give,)
    return tuple(name for one in gives if isinstance(one.form, Of) for name in one.form.rules)
