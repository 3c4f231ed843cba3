"""The sections `plans` and `partners`: paid memberships, and other brands that take part."""

from typing import Any

from guerdon.core.amounts import Ratio
from guerdon.core.program import Allowance, Block, Cap, Exhausted, Partner, Per, Plan, Span
from guerdon.program.grants import PER
from guerdon.program.numbers import MONEY, Fraction, Whole
from guerdon.program.presentation import looks, readable, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import INSTANT, LINE, LINK, PERIOD, PROSE, judge_id
from guerdon.program.shapes import Choice, MapOf, Shape


def _plan(fields: Fields) -> Plan:
    name = fields.spot.name
    return Plan(id=name, **looks(fields, name), period=fields["period"], fee=fields["fee"])


PLANS: Shape[dict[str, Plan]] = MapOf(
    Record(
        what="a plan",
        keys=(
            *shown("Plus"),
            Key(
                name="period",
                shape=PERIOD,
                about="How long one purchase lasts; default: for life.",
                example="P1Y",
            ),
            Key(name="fee", shape=MONEY, about="What it costs.", example="29.00"),
        ),
        build=_plan,
        about="A paid membership.",
    ),
    judge_id,
)


_UNITS = Whole(least=1, most=1_000_000_000_000)
"""Whole units: in millionths they still fit 64 bits."""

_BLOCK = Record(
    what="a block",
    keys=(
        Key(
            name="points",
            shape=_UNITS,
            about="How many units were paid for.",
            example="50000",
            required=True,
        ),
        Key(
            name="from",
            shape=INSTANT,
            about="The first instant that it is good for; default: always.",
            example='"2026-01-01T00:00:00Z"',
        ),
        Key(
            name="to",
            shape=INSTANT,
            about="The first instant that it is no longer good for; default: for good.",
            example='"2027-01-01T00:00:00Z"',
        ),
    ),
    build=lambda fields: Block(points=fields["points"], span=Span(fields["from"], fields["to"])),
    about="Units that the partner paid for in advance.",
)
_CAP = Record(
    what="a partner's limit",
    keys=(
        Key(
            name="points",
            shape=_UNITS,
            about="How many units, of all wallets and members together.",
            example="20000",
            required=True,
        ),
        Key(
            name="per",
            shape=PER,
            about="In which window; default: ever.",
            example="month",
            default=Per.LIFETIME,
        ),
    ),
    build=lambda fields: Cap(points=fields["points"], per=fields["per"]),
)
_LIMIT = Key(
    name="limit",
    shape=_CAP,
    about="The most in a window; default: without end.",
    example="{points: 20000, per: month}",
)
_LOW = Key(
    name="low",
    shape=_UNITS,
    about="At how many units left somebody is told; default: at none.",
    example="1000",
)
_EXHAUSTED = Key(
    name="exhausted",
    shape=Choice({each.value: each for each in Exhausted}),
    about="What happens to an activity for which too little is left: it is refused "
    "(`partner_exhausted`), or goes on and is billed.",
    example="go_on",
    default=Exhausted.REFUSE,
)
_ISSUES = Record(
    what="`issues`",
    keys=(
        Key(
            name="prepaid",
            shape=MapOf(_BLOCK, judge_id),
            about="Blocks of units paid for in advance; default: every unit is billed.",
            example="{spring: {points: 50000}}",
            default={},
        ),
        _LIMIT,
        _LOW,
        _EXHAUSTED,
    ),
    build=lambda fields: Allowance(
        prepaid=fields["prepaid"],
        limit=fields["limit"],
        low=fields["low"],
        exhausted=fields["exhausted"],
    ),
    about="How many units the partner may issue, and which it has paid for.",
)
_REDEEMS = Record(
    what="`redeems`",
    keys=(_LIMIT, _LOW, _EXHAUSTED),
    build=lambda fields: Allowance(
        limit=fields["limit"], low=fields["low"], exhausted=fields["exhausted"]
    ),
    about="How many units may be redeemed with the partner.",
)


def _partner(fields: Fields) -> Partner:
    name = fields.spot.name
    own: dict[str, Any] = fields.without("name", "logo")
    return Partner(id=name, name=fields["name"] or readable(name), logo_url=fields["logo"], **own)


PARTNERS: Shape[dict[str, Partner]] = MapOf(
    Record(
        what="a partner",
        keys=(
            Key(
                name="name",
                shape=LINE,
                about="What members read; default: the id.",
                example="The bakery",
            ),
            Key(
                name="description",
                shape=PROSE,
                about="A sentence or two for members.",
                example="Bread since 1904.",
            ),
            Key(
                name="logo",
                shape=LINK,
                about="Address of its logo.",
                example="https://example.com/logo.png",
            ),
            Key(
                name="pays_per_point",
                shape=Fraction(),
                about="Money it pays for each unit issued at its tills.",
                example="0.012",
                default=Ratio(0, 1),
            ),
            Key(
                name="is_paid_per_point",
                shape=Fraction(),
                about="Money it is paid for each unit redeemed with it.",
                example="0.010",
                default=Ratio(0, 1),
            ),
            Key(
                name="issues",
                shape=_ISSUES,
                about="How many units it may issue, and which it has paid for; default: any.",
                example="{limit: {points: 20000, per: month}}",
            ),
            Key(
                name="redeems",
                shape=_REDEEMS,
                about="How many units may be redeemed with it; default: any.",
                example="{limit: {points: 20000, per: month}}",
            ),
        ),
        build=_partner,
        about="Another brand.",
    ),
    judge_id,
)
