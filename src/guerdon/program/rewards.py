"""The section `rewards`: what units buy, and on which terms."""

from typing import Any, NamedTuple

from guerdon.core.program import Per, Period, Reward
from guerdon.program.conditions import matching
from guerdon.program.grants import PER
from guerdon.program.numbers import POSITIVE_MONEY, POSITIVE_POINTS, Whole
from guerdon.program.presentation import looks, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import PERIOD, WALLET, Reference, judge_id
from guerdon.program.shapes import Choice, MapOf, Shape
from guerdon.program.wallets import with_units

_ANY = Record(
    what="`any`",
    keys=(
        Key(
            name="points",
            shape=POSITIVE_POINTS,
            about="So many units...",
            example="130",
            required=True,
        ),
        Key(
            name="value",
            shape=POSITIVE_MONEY,
            about="...for so much value.",
            example="1.00",
            required=True,
        ),
    ),
    build=lambda fields: (fields["points"], fields["value"]),
)
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


class _VoucherTerms(NamedTuple):
    valid: Period | None


_VOUCHER = Record(
    what="a voucher",
    keys=(
        Key(
            name="valid",
            shape=PERIOD,
            about="Usable through the last day of this period; default: without end.",
            example="P30D",
        ),
    ),
    build=lambda fields: _VoucherTerms(fields["valid"]),
)


def _reward(fields: Fields) -> Reward:
    name = fields.spot.name
    if fields.given("cost") == fields.given("any"):
        both = fields.given("cost")
        raise fields.at("any").wrong(
            "A reward has both `cost` and `any`." if both else "`cost` is missing in a reward.",
            "Keep one of them."
            if both
            else "Add it, for example `cost: 100`, or `any: {points: 1, value: 1.00}`.",
        )
    points, value = fields["any"] or (0, 0)
    times, per = fields["per_member"] or (None, Per.LIFETIME)
    voucher: _VoucherTerms | None = fields["voucher"]
    taken = ("name", "description", "image", "any", "per_member", "voucher", "on_cancel")
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
        final=fields["on_cancel"],
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
            Key(name="cost", shape=POSITIVE_POINTS, about="What it costs.", example="100"),
            Key(
                name="any",
                shape=_ANY,
                about="Instead of a cost: any value, at this price, rounded up.",
                example="{points: 130, value: 1.00}",
            ),
            Key(
                name="stock",
                shape=Whole(),
                about="How many there are; default: without end.",
                example="50",
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
        ),
        build=_reward,
        scope=with_units,
        about="What units buy.",
    ),
    judge_id,
)
