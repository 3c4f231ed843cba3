"""Effects in the document: what missions, badges, tiers and jobs give."""

from typing import Any

from guerdon.core.activity import Instant
from guerdon.core.program import (
    Grant,
    GrantBadge,
    GrantPoints,
    GrantTier,
    GrantVoucher,
    Pending,
    Per,
    Period,
)
from guerdon.program.numbers import POSITIVE_POINTS
from guerdon.program.records import ByForm, ByKey, Fields, Key, Record
from guerdon.program.scalars import (
    BADGE,
    ID,
    LADDER,
    PERIOD,
    TIER,
    WALLET,
    instant,
    judge_tier,
    period,
)
from guerdon.program.shapes import Choice, ListOf, MapOf, Parsed, Shape
from guerdon.program.wallets import EXPIRY_KEY, with_ladder, with_units

PER: Shape[Per] = Choice({per.value: per for per in Per})
_ONCE_PER = Key(
    name="per",
    shape=PER,
    about="At most once in this window.",
    example="year",
)

PENDING: Shape[Pending] = ByKey(
    what="Pending",
    variants={
        "for": Record(
            what="pending",
            keys=(
                Key(
                    name="for",
                    shape=PERIOD,
                    about="Released when this period is over.",
                    example="P14D",
                    required=True,
                ),
            ),
            build=lambda fields: Pending(fields["for"]),
        ),
        "until": Record(
            what="pending",
            keys=(
                Key(
                    name="until",
                    shape=Choice({"confirmed": None}),
                    about="Released by a `confirmation` of the activity.",
                    example="confirmed",
                    required=True,
                ),
            ),
            build=lambda _: Pending(),
        ),
    },
)
PENDING_KEY = Key(
    name="pending",
    shape=PENDING,
    about="Units wait before they can be spent.",
    example="{for: P14D}",
)


def _until(text: str) -> Instant | Period:
    return period(text) if text.startswith("P") else instant(text)


def _points(fields: Fields) -> Grant:
    return GrantPoints(
        wallet=fields["wallet"],
        points=fields["fixed"],
        as_name=fields["as"],
        per=fields["per"],
        expiry=fields["expiry"],
        pending=fields["pending"],
    )


def _voucher(fields: Fields) -> Grant:
    valid: Any = fields["valid"]
    if isinstance(valid, dict) and fields["ladder"] is None:
        raise fields.at("valid").wrong(
            "`valid` differs by tier, but no ladder is named.", "Add `ladder: NAME` beside it."
        )
    return GrantVoucher(
        kind=fields["voucher"], valid=valid, ladder=fields["ladder"], per=fields["per"]
    )


_POINTS: Record[Grant] = Record(
    what="an effect that gives points",
    keys=(
        Key(
            name="wallet",
            shape=WALLET,
            about="Where the units go.",
            example="points",
            required=True,
        ),
        Key(
            name="fixed",
            shape=POSITIVE_POINTS,
            about="How many units.",
            example="50",
            required=True,
        ),
        Key(
            name="as",
            shape=ID,
            about="The name of the lot, shown after its source.",
            example="welcome",
            default="bonus",
        ),
        _ONCE_PER,
        EXPIRY_KEY,
        PENDING_KEY,
    ),
    build=_points,
    scope=with_units,
)
_BADGE: Record[Grant] = Record(
    what="an effect that gives a badge",
    keys=(
        Key(name="badge", shape=BADGE, about="The badge.", example="founder", required=True),
        _ONCE_PER,
    ),
    build=lambda fields: GrantBadge(badge=fields["badge"], per=fields["per"]),
)
_VOUCHER: Record[Grant] = Record(
    what="an effect that gives a voucher",
    keys=(
        Key(
            name="voucher",
            shape=ID,
            about="The kind of voucher.",
            example="free_coffee",
            required=True,
        ),
        Key(
            name="valid",
            shape=ByForm(value=PERIOD, map=MapOf(PERIOD, judge_tier)),
            about="Usable through the last day of this period; it may differ by tier.",
            example="P30D",
        ),
        Key(
            name="ladder",
            shape=LADDER,
            about="Whose tier decides how long it is valid.",
            example="status",
        ),
        _ONCE_PER,
    ),
    build=_voucher,
    scope=with_ladder,
)
_TIER: Record[Grant] = Record(
    what="an effect that gives a tier",
    keys=(
        Key(name="ladder", shape=LADDER, about="The ladder.", example="status", required=True),
        Key(name="tier", shape=TIER, about="The tier.", example="gold", required=True),
        Key(
            name="until",
            shape=Parsed(
                "an instant or a period",
                'Write it like "2027-01-01T00:00:00Z" or P6M.',
                _until,
            ),
            about="The first instant without it, or how long it is held.",
            example="P6M",
        ),
        _ONCE_PER,
    ),
    build=lambda fields: GrantTier(
        ladder=fields["ladder"], tier=fields["tier"], until=fields["until"], per=fields["per"]
    ),
    scope=with_ladder,
)

EFFECT: Shape[Grant] = ByKey(
    what="An effect",
    variants={"wallet": _POINTS, "badge": _BADGE, "voucher": _VOUCHER, "tier": _TIER},
)
EFFECTS: Shape[tuple[Grant, ...]] = ListOf(EFFECT)


def effects(name: str, about: str) -> Key:
    """Return the key of a list of effects."""
    return Key(
        name=name, shape=EFFECTS, about=about, example="[{wallet: points, fixed: 50}]", default=()
    )
