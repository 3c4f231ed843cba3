"""The section `rewards`: what units buy, and on which terms."""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from guerdon.core.program import WHENEVER, Per, Period, Reward, Span, Wording
from guerdon.program.conditions import matching
from guerdon.program.draft import Spot
from guerdon.program.grants import PER
from guerdon.program.numbers import POINTS, POSITIVE_POINTS, Whole
from guerdon.program.presentation import looks, shown
from guerdon.program.prices import ANY, PRICE
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import DURATION, ID, INSTANT, PERIOD, WALLET, Reference, judge_id
from guerdon.program.shapes import Choice, ListOf, MapOf, Shape, shortened
from guerdon.program.wallets import with_units

_PER_MEMBER = Record(
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


KINDS = (
    "custom",
    "discount_code",
    "gift_card",
    "physical",
    "experience",
    "early_access",
    "cashback",
    "points",
    "partner_offer",
    "donation",
    "draw_ticket",
)
_SPAN = Record(
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
_STOCK_PER = Record(
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
_GIVES = Record(
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


_WORDING = Record(
    what="a text",
    keys=(*shown("Gratiskaffee"),),
    build=lambda fields: Wording(fields["name"], fields["description"], fields["image"]),
)


def _judge_language(spot: Spot, text: str) -> None:
    if not _LANGUAGE.fullmatch(text):
        raise spot.wrong(
            f"`{shortened(text)}` is no language.", "Write a tag like `de` or `pt-BR`."
        )


_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class _VoucherTerms(NamedTuple):
    valid: Period | None
    codes: str | None
    low: int | None


_VOUCHER = Record(
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
    build=lambda fields: _VoucherTerms(fields["valid"], fields["codes"], fields["low"]),
)


_FULFIL = Record(
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


def _reward(fields: Fields) -> Reward:
    name = fields.spot.name
    wallet = fields["wallet"]
    prices = tuple(replace(price, wallet=price.wallet or wallet) for price in fields["prices"])
    if fields.given("cost") == fields.given("any") and not (prices and not fields.given("any")):
        both = fields.given("cost")
        raise fields.at("any").wrong(
            "A reward has both `cost` and `any`." if both else "`cost` is missing in a reward.",
            "Keep one of them."
            if both
            else "Add it, for example `cost: 100`, or `any: {points: 1, value: 1.00}`.",
        )
    points, value = fields["any"] or (0, 0)
    times, per = fields["per_member"] or (None, Per.LIFETIME)
    if fields.given("fulfil") and not fields.given("partner"):
        raise fields.at("fulfil").wrong(
            "Nobody is there to fulfil this reward.", "Name its `partner`, or remove `fulfil`."
        )
    voucher: _VoucherTerms | None = fields["voucher"]
    gives_wallet, gives_points = fields["gives"] or ("", None)
    period_stock, period = fields["stock_per"] or (None, None)
    taken = (
        "name",
        "description",
        "image",
        "any",
        "per_member",
        "voucher",
        "on_cancel",
        "prices",
        "gives",
        "stock_per",
        "fulfil",
    )
    own: dict[str, Any] = fields.without(*taken)
    return Reward(
        id=name,
        **looks(fields, name),
        any_points=points,
        any_value=value,
        per_member_times=times,
        per_member_per=per,
        voucher_valid=voucher.valid if voucher else None,
        has_voucher=voucher is not None,
        codes=voucher.codes if voucher else None,
        codes_low=voucher.low if voucher else None,
        fulfil_within=fields["fulfil"],
        final=fields["on_cancel"],
        prices=prices,
        gives_wallet=gives_wallet,
        gives_points=gives_points,
        period_stock=period_stock,
        period_stock_per=period,
        **own,
    )


REWARDS: Shape[dict[str, Reward]] = MapOf(
    Record(
        what="a reward",
        keys=(
            *shown("Free coffee"),
            Key(
                name="wallet",
                shape=WALLET,
                about="The units that pay for it.",
                example="points",
                required=True,
            ),
            Key(
                name="kind",
                shape=Choice({word: word for word in KINDS}),
                about="What sort of thing it is, for those who deliver it; default: custom.",
                example="experience",
                default="",
            ),
            Key(
                name="cost",
                shape=POINTS,
                about="What it costs; 0: it is free for those who may take it.",
                example="100",
            ),
            Key(
                name="prices",
                shape=ListOf(PRICE),
                about="Other prices, tried first; the first that fits counts. One in another "
                "wallet counts where the redemption names that wallet.",
                example="[{cost: 80, when: {status: gold}}]",
                default=(),
            ),
            Key(
                name="any",
                shape=ANY,
                about="Instead of a cost: any value, at this price, rounded up.",
                example="{points: 130, value: 1.00}",
            ),
            Key(
                name="stock",
                shape=Whole(),
                about="How many there are; default: without end.",
                example="50",
            ),
            Key(
                name="stock_per",
                shape=_STOCK_PER,
                about="How many there are in each period, besides.",
                example="{times: 10, per: day}",
            ),
            Key(
                name="visible",
                shape=_SPAN,
                about="When members see it, and can take it; default: always.",
                example='{from: "2026-05-01T00:00:00Z"}',
                default=WHENEVER,
            ),
            Key(
                name="redeemable",
                shape=_SPAN,
                about="When it can be taken, while it is visible; default: always.",
                example='{to: "2026-06-01T00:00:00Z"}',
                default=WHENEVER,
            ),
            Key(
                name="gives",
                shape=_GIVES,
                about="Units of a wallet that come with it.",
                example="{wallet: points, points: 10}",
            ),
            Key(
                name="texts",
                shape=MapOf(_WORDING, _judge_language),
                about="Name, description and image in other languages, by tag.",
                example="{de: {name: Gratiskaffee}}",
                default={},
            ),
            matching("when", "Who may take it, and when.", "{status: [gold, reserve]}"),
            Key(
                name="per_member",
                shape=_PER_MEMBER,
                about="How often one member may take it.",
                example="{times: 1, per: year}",
            ),
            Key(
                name="voucher",
                shape=_VOUCHER,
                about="A voucher to show at the till.",
                example="{valid: P30D}",
            ),
            Key(
                name="on_cancel",
                shape=Choice({"final": True}),
                about="It cannot be cancelled.",
                example="final",
                default=False,
            ),
            Key(
                name="cancel_within",
                shape=PERIOD,
                about="How long it can be cancelled.",
                example="P14D",
            ),
            Key(
                name="grace",
                shape=PERIOD,
                about="Units that would come back expired live so long.",
                example="P30D",
            ),
            Key(
                name="partner",
                shape=Reference("partner"),
                about="The partner who honours it.",
                example="cafe",
            ),
            Key(
                name="fulfil",
                shape=_FULFIL,
                about="The `partner` has to fulfil each: until then it is pending, and what is "
                "not fulfilled in time gives everything back.",
                example="{within: PT24H}",
            ),
        ),
        build=_reward,
        scope=with_units,
        about="What units buy.",
    ),
    judge_id,
)
