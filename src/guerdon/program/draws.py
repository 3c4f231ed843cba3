"""The section `draws`: random rewards with published odds."""

from decimal import Decimal
from typing import Any

from guerdon.core.amounts import Ratio
from guerdon.core.program import Draw, Per, Prize
from guerdon.program.conditions import LINES, WHEN
from guerdon.program.grants import PER
from guerdon.program.numbers import POINTS, Fraction, Number, Whole
from guerdon.program.presentation import looks, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import ID, WALLET, WORD, judge_id
from guerdon.program.shapes import MapOf, Shape, UniqueListOf
from guerdon.program.wallets import activities, with_units

_PRIZE = Record(
    what="a prize",
    keys=(
        Key(name="id", shape=ID, about="Names the prize.", example="jackpot", required=True),
        Key(
            name="p",
            shape=Fraction(Number(most=Decimal(1))),
            about="Its probability; all of a table together at most 1.",
            example="0.10",
            required=True,
        ),
        Key(name="fixed", shape=POINTS, about="How many units.", example="500", required=True),
    ),
    build=lambda fields: Prize(fields["id"], fields["p"], fields["fixed"]),
)
_PITY = Record(
    what="`pity`",
    keys=(
        Key(name="id", shape=ID, about="Names the prize.", example="consolation", default="pity"),
        Key(
            name="after",
            shape=Whole(least=1),
            about="Which miss in a row pays: 3 is the third.",
            example="3",
            required=True,
        ),
        Key(name="fixed", shape=POINTS, about="How many units.", example="25", required=True),
    ),
    build=lambda fields: (
        Prize(fields["id"], Ratio(0, 1), fields["fixed"]),
        fields["after"],
    ),
)
_BUDGET = Record(
    what="a budget",
    keys=(
        Key(
            name="points",
            shape=POINTS,
            about="How many units all members together can win.",
            example="600",
            required=True,
        ),
        Key(
            name="per",
            shape=PER,
            about="In which window; default: ever.",
            example="day",
            default=Per.LIFETIME,
        ),
    ),
    build=lambda fields: (fields["points"], fields["per"]),
)


def _draw(fields: Fields) -> Draw:
    name = fields.spot.name
    table: tuple[Prize, ...] = fields["table"]
    over, under = 0, 1
    for prize in table:
        over, under = (
            over * prize.odds.under + prize.odds.over * under,
            under * prize.odds.under,
        )
    if over > under:
        raise fields.at("table").wrong(
            "The odds of this table are more than 1 together.",
            "Lower them; what is left of 1 wins nothing.",
        )
    pity, after = fields["pity"] or (None, 0)
    budget, per = fields["budget"] or (None, Per.LIFETIME)
    own: dict[str, Any] = fields.without("name", "description", "image", "pity", "budget")
    return Draw(
        id=name,
        **looks(fields, name),
        pity=pity,
        pity_after=after,
        budget=budget,
        budget_per=per,
        **own,
    )


DRAWS: Shape[dict[str, Draw]] = MapOf(
    Record(
        what="a draw",
        keys=(
            *shown("Mystery bonus"),
            activities("The types of activity that draw."),
            WHEN,
            LINES,
            Key(
                name="seed",
                shape=WORD,
                about="With the activity's id it gives the number drawn, so anybody can check it.",
                example="mystery-2026",
                required=True,
            ),
            Key(
                name="wallet",
                shape=WALLET,
                about="Where prizes go.",
                example="points",
                required=True,
            ),
            Key(
                name="table",
                shape=UniqueListOf(_PRIZE, least=1),
                about="The prizes and their odds.",
                example="[{id: jackpot, p: 0.01, fixed: 500}]",
                required=True,
            ),
            Key(
                name="pity",
                shape=_PITY,
                about="A prize after so many misses in a row.",
                example="{after: 3, fixed: 25}",
            ),
            Key(
                name="budget",
                shape=_BUDGET,
                about="What can be won in a window; beyond it a win pays nothing.",
                example="{points: 600, per: day}",
            ),
        ),
        build=_draw,
        scope=with_units,
        about="A random reward.",
    ),
    judge_id,
)
