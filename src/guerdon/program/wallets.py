"""The section `wallets`: point currencies, when their lots expire, and which are spent first."""

from dataclasses import replace
from typing import Any

from guerdon.core.program import (
    After,
    Expiry,
    ExpiryByTier,
    Extend,
    Inactivity,
    Never,
    OnDate,
    Period,
    Wallet,
)
from guerdon.program.conditions import matching
from guerdon.program.draft import SCALE_MAX, Spot, child, written
from guerdon.program.numbers import Whole
from guerdon.program.presentation import looks, shown
from guerdon.program.records import ByKey, ByWord, Fields, Key, Record
from guerdon.program.scalars import (
    ID,
    LADDER,
    MONTH_DAY,
    PERIOD,
    WALLET,
    WORD,
    judge_id,
    judge_tier,
)
from guerdon.program.shapes import Choice, ListOf, MapOf, Shape

ACTIVITIES = ListOf(ID, lone=True, least=1)


def activities(about: str, *, required: bool = True) -> Key:
    """Return the key that names the types of activity listened to."""
    return Key(
        name="activity",
        shape=ACTIVITIES,
        about=about,
        example="purchase",
        required=required,
        default=(),
    )


def with_ladder(spot: Spot) -> Spot:
    """Return the spot with the ladder that the record names, for the tiers beneath."""
    return replace(spot, ladder=written(child(spot.node, "ladder")))


def with_units(spot: Spot) -> Spot:
    """Return the spot with the scale of the wallet that the record names."""
    return replace(spot, units=spot.draft.wallets.get(written(child(spot.node, "wallet")) or ""))


def _mode(word: str) -> Key:
    return Key(
        name="mode",
        shape=WORD,
        about="How lots expire: never, after, date or inactivity.",
        example=word,
        required=True,
    )


_NEVER: Record[Expiry] = Record(
    what="the expiry `never`", keys=(_mode("never"),), build=lambda _: Never()
)
_AFTER: Record[Expiry] = Record(
    what="the expiry `after`",
    keys=(
        _mode("after"),
        Key(
            name="period",
            shape=PERIOD,
            about="How long after it was earned a lot can be used.",
            example="P12M",
            required=True,
        ),
        Key(
            name="round",
            shape=Choice({word: word for word in ("day", "month", "quarter", "year")}),
            about="Usable through the anniversary day, or its whole month, quarter or year.",
            example="month",
            default="day",
        ),
    ),
    build=lambda fields: After(fields["period"], fields["round"]),
)
_DATE: Record[Expiry] = Record(
    what="the expiry `date`",
    keys=(
        _mode("date"),
        Key(
            name="month_day",
            shape=MONTH_DAY,
            about="The last day on which a lot can be used.",
            example='"12-31"',
            required=True,
        ),
        Key(
            name="years",
            shape=Whole(most=100),
            about="Years after the year in which it was earned.",
            example="1",
            default=0,
        ),
    ),
    build=lambda fields: OnDate(
        month=fields["month_day"][0], day=fields["month_day"][1], years=fields["years"]
    ),
)
_INACTIVITY: Record[Expiry] = Record(
    what="the expiry `inactivity`",
    keys=(
        _mode("inactivity"),
        Key(
            name="period",
            shape=PERIOD,
            about="The whole wallet expires this long after the last activity.",
            example="P18M",
            required=True,
        ),
        activities("Which activities keep the wallet alive."),
    ),
    build=lambda fields: Inactivity(fields["period"], fields["activity"]),
)
_SIMPLE: Shape[Expiry] = ByWord(
    what="an expiry",
    key="mode",
    variants={"never": _NEVER, "after": _AFTER, "date": _DATE, "inactivity": _INACTIVITY},
)


def _by_tier(fields: Fields) -> Expiry:
    found: ExpiryByTier = fields["by_tier"]
    return found


_BY_TIER: Record[Expiry] = Record(
    what="an expiry",
    keys=(
        Key(
            name="by_tier",
            shape=Record(
                what="an expiry by tier",
                keys=(
                    Key(
                        name="ladder",
                        shape=LADDER,
                        about="Whose tier decides.",
                        example="status",
                        required=True,
                    ),
                    Key(
                        name="tiers",
                        shape=MapOf(_SIMPLE, judge_tier),
                        about="The expiry of each tier, by the tier held now.",
                        example="{green: {mode: after, period: P6M}}",
                        required=True,
                    ),
                    Key(
                        name="else",
                        shape=_SIMPLE,
                        about="The expiry of the other tiers.",
                        example="{mode: never}",
                        default=Never(),
                    ),
                ),
                build=lambda fields: ExpiryByTier(
                    fields["ladder"], fields["tiers"], fields["else"]
                ),
                scope=with_ladder,
            ),
            about="An expiry for each tier.",
            example="{ladder: status, tiers: {green: {mode: after, period: P6M}}}",
            required=True,
        ),
    ),
    build=_by_tier,
)


class _EitherExpiry(ByKey[Expiry]):
    """`by_tier`, or a `mode`; without either the `mode` is missed."""

    def read(self, spot: Spot) -> Expiry:
        """Return the policy."""
        if child(spot.node, "by_tier") is not None:
            return _BY_TIER.read(spot)
        return _SIMPLE.read(spot)

    def schema(self) -> dict[str, Any]:
        """Return all modes."""
        return {"oneOf": [*_SIMPLE.schema()["oneOf"], _BY_TIER.schema()]}


EXPIRY: Shape[Expiry] = _EitherExpiry(what="An expiry")
EXPIRY_KEY = Key(
    name="expiry",
    shape=EXPIRY,
    about="When units expire; default: the wallet's expiry.",
    example="{mode: after, period: P30D}",
)


def _extend(fields: Fields) -> Extend:
    through: Period = fields["through_month"]
    if through.days or not through.months:
        raise fields.at("through_month").wrong(
            "`through_month` counts whole months.", "Write it like P1M or P2M."
        )
    return Extend(activity=fields["activity"], through=through, when=fields["when"])


_EXTEND = Record(
    what="an extension",
    keys=(
        activities("Which activities lengthen the life of lots."),
        matching("when", "Fields that must match.", "{status: green}"),
        Key(
            name="through_month",
            shape=PERIOD,
            about="P2M: an activity in March lets no lot die before 1 May.",
            example="P2M",
            required=True,
        ),
    ),
    build=_extend,
)


def _wallet(fields: Fields) -> Wallet:
    name = fields.spot.name
    return Wallet(
        id=name,
        **looks(fields, name),
        scale=fields["scale"],
        spend=fields["spend"],
        debt=fields["debt"],
        expiry=fields["expiry"],
        extend=fields["extend"],
        transfer_to=fields["transfer_to"],
    )


WALLETS = MapOf(
    Record(
        what="a wallet",
        keys=(
            *shown("Stars"),
            Key(
                name="scale",
                shape=Whole(most=SCALE_MAX),
                about="Digits behind the point: 0 for whole points, 2 for cents.",
                example="0",
                default=0,
            ),
            Key(
                name="spend",
                shape=Choice({"fefo": "fefo", "fifo": "fifo"}),
                about="Spent first: what expires first (fefo), or what was earned first (fifo).",
                example="fefo",
                default="fefo",
            ),
            Key(
                name="debt",
                shape=Choice({"allow": "allow", "write_off": "write_off"}),
                about="What a refund cannot take back becomes a debt, or is written off.",
                example="allow",
                default="allow",
            ),
            Key(
                name="expiry",
                shape=EXPIRY,
                about="When lots expire.",
                example="{mode: after, period: P12M, round: month}",
                default=Never(),
            ),
            Key(
                name="extend",
                shape=_EXTEND,
                about="Activities that make lots live longer.",
                example="{activity: purchase, through_month: P2M}",
            ),
            Key(
                name="transfer_to",
                shape=WALLET,
                about="Transferred units arrive in this wallet.",
                example="received",
            ),
        ),
        build=_wallet,
        about="A kind of units that members hold.",
    ),
    judge_id,
)
