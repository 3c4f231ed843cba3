"""The sections `plans` and `partners`: paid memberships, and other brands that take part."""

from typing import Any

from guerdon.core.amounts import Ratio
from guerdon.core.program import Partner, Plan
from guerdon.program.numbers import MONEY, Fraction
from guerdon.program.presentation import looks, readable, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import LINE, LINK, PERIOD, PROSE, judge_id
from guerdon.program.shapes import MapOf, Shape


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
        ),
        build=_partner,
        about="Another brand.",
    ),
    judge_id,
)
