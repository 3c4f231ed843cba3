"""The section `rewards`: what units buy, and on which terms."""

from dataclasses import replace
from typing import Any

from guerdon.core.program import WHENEVER, Per, Reward
from guerdon.program.conditions import matching
from guerdon.program.numbers import POINTS, Whole
from guerdon.program.presentation import looks, shown
from guerdon.program.prices import ANY, PRICE
from guerdon.program.records import Fields, Key, Record
from guerdon.program.reward_terms import (
    FULFIL,
    GIVES,
    PER_MEMBER,
    SPAN,
    STOCK_PER,
    VOUCHER,
    WORDING,
    VoucherTerms,
    judge_language,
)
from guerdon.program.scalars import PERIOD, WALLET, Reference, judge_id
from guerdon.program.shapes import Choice, ListOf, MapOf, Shape
from guerdon.program.wallets import with_units

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


def _judge(fields: Fields) -> None:
    """Say what a reward lacks, or has twice."""
    both = fields.given("cost") and fields.given("any")
    neither = not (fields.given("cost") or fields.given("any") or fields["prices"])
    if both or neither:
        raise fields.at("any").wrong(
            "A reward has both `cost` and `any`." if both else "`cost` is missing in a reward.",
            "Keep one of them."
            if both
            else "Add it, for example `cost: 100`, or `any: {points: 1, value: 1.00}`.",
        )
    if fields.given("fulfil") and not fields.given("partner"):
        raise fields.at("fulfil").wrong(
            "Nobody is there to fulfil this reward.", "Name its `partner`, or remove `fulfil`."
        )
    if fields["stocked_by"] and not (fields.given("partner") and fields.given("stock")):
        raise fields.at("stocked_by").wrong(
            "There is no stock that a partner could add to.",
            "Name the `partner` and the `stock` that it begins with, such as `stock: 0`.",
        )


def _reward(fields: Fields) -> Reward:
    _judge(fields)
    name = fields.spot.name
    wallet = fields["wallet"]
    prices = tuple(replace(price, wallet=price.wallet or wallet) for price in fields["prices"])
    points, value = fields["any"] or (0, 0)
    times, per = fields["per_member"] or (None, Per.LIFETIME)
    voucher: VoucherTerms | None = fields["voucher"]
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
        "stocked_by",
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
        stocked_by_partner=fields["stocked_by"],
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
                shape=STOCK_PER,
                about="How many there are in each period, besides.",
                example="{times: 10, per: day}",
            ),
            Key(
                name="visible",
                shape=SPAN,
                about="When members see it, and can take it; default: always.",
                example='{from: "2026-05-01T00:00:00Z"}',
                default=WHENEVER,
            ),
            Key(
                name="redeemable",
                shape=SPAN,
                about="When it can be taken, while it is visible; default: always.",
                example='{to: "2026-06-01T00:00:00Z"}',
                default=WHENEVER,
            ),
            Key(
                name="gives",
                shape=GIVES,
                about="Units of a wallet that come with it.",
                example="{wallet: points, points: 10}",
            ),
            Key(
                name="texts",
                shape=MapOf(WORDING, judge_language),
                about="Name, description and image in other languages, by tag.",
                example="{de: {name: Gratiskaffee}}",
                default={},
            ),
            matching("when", "Who may take it, and when.", "{status: [gold, reserve]}"),
            Key(
                name="per_member",
                shape=PER_MEMBER,
                about="How often one member may take it.",
                example="{times: 1, per: year}",
            ),
            Key(
                name="voucher",
                shape=VOUCHER,
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
                name="stocked_by",
                shape=Choice({"program": False, "partner": True}),
                about="Who may add to the `stock`: `partner` lets its partner do so. Taking back, "
                "and taking it off sale, every partner may.",
                example="partner",
                default=False,
            ),
            Key(
                name="fulfil",
                shape=FULFIL,
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
