"""The section `book`: what units are worth, and how they are accounted for."""

from decimal import Decimal

from guerdon.core.amounts import Ratio
from guerdon.core.program import Book
from guerdon.program.draft import Spot
from guerdon.program.numbers import Fraction, Number
from guerdon.program.records import Fields, Key, Record
from guerdon.program.shapes import Choice, MapOf


def _judge_wallet(spot: Spot, text: str) -> None:
    spot.refer("wallet", text)


def _book(fields: Fields) -> Book:
    return Book(
        value=fields["value"],
        redemption_rate=fields["redemption_rate"],
        ifrs15=fields["method"],
        point_value=fields["point_value"],
    )


BOOK = Record(
    what="the book",
    keys=(
        Key(
            name="value",
            shape=MapOf(Fraction(), _judge_wallet),
            about="Money that a unit of each wallet is worth.",
            example="{points: 0.01}",
            default={},
        ),
        Key(
            name="redemption_rate",
            shape=Fraction(Number(most=Decimal(1))),
            about="The share of units that will be redeemed, from 0 to 1.",
            example="0.9",
            default=Ratio(1, 1),
        ),
        Key(
            name="method",
            shape=Choice({"ifrs15": True}),
            about="Units as a performance obligation: part of each sale is revenue of later.",
            example="ifrs15",
            default=False,
        ),
        Key(
            name="point_value",
            shape=Fraction(),
            about="With ifrs15: the stand-alone price of a unit.",
            example="0.01",
            default=Ratio(0, 1),
        ),
    ),
    build=_book,
    about="What the program owes, and how it is settled.",
)
