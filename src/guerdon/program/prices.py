"""What a reward costs: any value at a price, and prices for some members or in other wallets."""

from decimal import Decimal

from guerdon.core.program import Price
from guerdon.program.conditions import matching
from guerdon.program.draft import Spot
from guerdon.program.numbers import POINTS, POSITIVE
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import WALLET
from guerdon.program.wallets import with_units


def _any(fields: Fields) -> tuple[int, int]:
    """Return points and value in minor units, both ten times as often until both are whole.

    Only their ratio counts, so a point may be worth half a cent.
    """
    spot = fields.spot
    points: Decimal = fields["points"]
    value: Decimal = fields["value"]
    points = points.scaleb(spot.units.digits if spot.units is not None else 0)
    value = value.scaleb(spot.draft.money.digits)
    while points % 1 or value % 1:
        points, value = points.scaleb(1), value.scaleb(1)
    return int(points), int(value)


ANY = Record(
    what="`any`",
    keys=(
        Key(
            name="points",
            shape=POSITIVE,
            about="So many units...",
            example="130",
            required=True,
        ),
        Key(
            name="value",
            shape=POSITIVE,
            about="...for so much value.",
            example="1.00",
            required=True,
        ),
    ),
    build=_any,
)


def _with_units_of(spot: Spot) -> Spot:
    """Return the spot with the scale of the price's own wallet, else of the reward's."""
    named = with_units(spot)
    return spot if named.units is None else named


PRICE = Record(
    what="a price",
    keys=(
        Key(
            name="wallet",
            shape=WALLET,
            about="The units that pay; default: the reward's.",
            example="cash",
        ),
        Key(
            name="cost",
            shape=POINTS,
            about="What it costs.",
            example="80",
            required=True,
        ),
        matching("when", "Whom this price is for.", "{status: gold}"),
    ),
    build=lambda fields: Price(fields["wallet"] or "", fields["cost"], fields["when"]),
    scope=_with_units_of,
)
