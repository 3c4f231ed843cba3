"""The terms of a reward: its spans, voucher, and what comes with it.

The reward itself is in `rewards`.
"""

import re
from typing import NamedTuple

from guerdon.core.program import Per, Period, Span, Wording
from guerdon.program.draft import Spot
from guerdon.program.grants import PER
from guerdon.program.numbers import POSITIVE_POINTS, Whole
from guerdon.program.presentation import shown
from guerdon.program.records import Key, Record
from guerdon.program.scalars import DURATION, ID, INSTANT, PERIOD, WALLET
from guerdon.program.shapes import shortened
from guerdon.program.wallets import with_units

PER_MEMBER = Record(
    what="`per_member`",
    keys=(
        Key(name="times", shape=Whole(), about="How often.", example="1", required=True),
        Key(
            name="per",
            shape=PER,
            about="In which window; default: ever.",
            example="year",
            default=Per.LIFETIME,
        ),
    ),
    build=lambda fields: (fields["times"], fields["per"]),
)


SPAN = Record(
    what="a span",
    keys=(
        Key(
            name="from",
            shape=INSTANT,
            about="The first instant; default: always.",
            example='"2026-05-01T00:00:00Z"',
        ),
        Key(
            name="to",
            shape=INSTANT,
            about="The first instant after it; default: for good.",
            example='"2026-06-01T00:00:00Z"',
        ),
    ),
    build=lambda fields: Span(fields["from"], fields["to"]),
)
STOCK_PER = Record(
    what="`stock_per`",
    keys=(
        Key(name="times", shape=Whole(), about="How many.", example="10", required=True),
        Key(
            name="per",
            shape=PER,
            about="In which window.",
            example="day",
            default=Per.DAY,
        ),
    ),
    build=lambda fields: (fields["times"], fields["per"]),
)
GIVES = Record(
    what="`gives`",
    keys=(
        Key(
            name="wallet",
            shape=WALLET,
            about="The wallet they come into.",
            example="cash",
            required=True,
        ),
        Key(
            name="points",
            shape=POSITIVE_POINTS,
            about="How many for each.",
            example="100",
            required=True,
        ),
    ),
    build=lambda fields: (fields["wallet"], fields["points"]),
    scope=with_units,
)


WORDING = Record(
    what="a text",
    keys=(*shown("Gratiskaffee"),),
    build=lambda fields: Wording(fields["name"], fields["description"], fields["image"]),
)


def judge_language(spot: Spot, text: str) -> None:
    """Say that a key is no language, where it is none."""
    if not _LANGUAGE.fullmatch(text):
        raise spot.wrong(
            f"`{shortened(text)}` is no language.", "Write a tag like `de` or `pt-BR`."
        )


_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class VoucherTerms(NamedTuple):
    """How long a voucher is valid, the pool of its code, and when that runs low."""

    valid: Period | None
    codes: str | None
    low: int | None


VOUCHER = Record(
    what="a voucher",
    keys=(
        Key(
            name="valid",
            shape=PERIOD,
            about="Usable through the last day of this period; default: without end.",
            example="P30D",
        ),
        Key(
            name="codes",
            shape=ID,
            about="The pool that its code is taken from (`guerdon codes`); default: made here.",
            example="summer",
        ),
        Key(
            name="low",
            shape=Whole(),
            about="At how many codes left somebody is told; default: at none.",
            example="100",
        ),
    ),
    build=lambda fields: VoucherTerms(fields["valid"], fields["codes"], fields["low"]),
)


FULFIL = Record(
    what="`fulfil`",
    keys=(
        Key(
            name="within",
            shape=DURATION,
            about="How long the partner has, from when the redemption arrives.",
            example="PT24H",
            required=True,
        ),
    ),
    build=lambda fields: fields["within"],
)
