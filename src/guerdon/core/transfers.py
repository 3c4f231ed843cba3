"""Units that change hands: transfers between members, and corrections by an operator.

Rule: units on their way lie in the account `transit`; the recipient's side is an activity of its
own, decided in the recipient's lane.
"""

import json
from datetime import date

from guerdon.core import granting, wallets
from guerdon.core.activity import Activity, Instant
from guerdon.core.amounts import to_decimal, to_minor
from guerdon.core.conditions import number, text
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, PointsEffect
from guerdon.core.errors import Rejected
from guerdon.core.holdings import find
from guerdon.core.program import After, Expiry, Never, OnDate
from guerdon.core.windows import parse_period


def transfer(d: Deciding, activity: Activity) -> None:
    """Send units to another member."""
    to = text(activity.data.get("to"))
    slug = text(activity.data.get("wallet"))
    points = _points(d, activity, slug)
    if to == d.standing.member:
        raise Rejected("self_transfer")
    if points <= 0 or _arriving(d, slug, points) is None:
        raise Rejected("invalid_points")
    if not d.claim(Claim("member", to, 1, peek=True)):
        raise Rejected("unknown_member")
    held = d.standing.wallets.get(slug)
    if held is None or held.spendable < points:
        raise Rejected("insufficient_points")
    portions = wallets.take(d, slug, points, target="transit")
    d.wallet(slug).transferred += points
    d.effect(PointsEffect(slug, "sent", -points, "transfer", activity.id, activity.at))
    pieces = []
    for no, amount in portions:
        lot = find(d, slug, no)
        pieces.append([lot.source, lot.rule, amount, lot.expires, lot.at, lot.fixed, lot.partner])
    d.decision.follow_ups.append(
        Activity(
            id=f"{activity.id}.transfer",
            type="transfer_received",
            at=activity.at,
            received=activity.received,
            member=to,
            reporter=activity.reporter,
            data={
                "source": activity.id,
                "wallet": slug,
                "points": str(points),
                "pieces": json.dumps(pieces),
                "sender": d.standing.member,
            },
        )
    )


def _arriving(d: Deciding, slug: str, points: int) -> int | None:
    """Return minor units as those of the wallet in which they arrive, one unit for each.

    None where that wallet has too few digits for them: a part of a unit is nobody's to lose.
    """
    wallet = d.state.wallet(slug)
    if wallet.transfer_to is None:
        return points
    sent = to_decimal(points, wallet.scale)
    try:
        return to_minor(sent, d.state.wallet(wallet.transfer_to).scale)
    except ValueError:
        return None


def receive(d: Deciding, activity: Activity) -> None:
    """Take in what another member sent: one new lot under `transfer_to`, else the very lots."""
    slug = text(activity.data["wallet"])
    source = text(activity.data["source"])
    wallet = d.state.wallet(slug)
    if wallet.transfer_to is not None:
        granting.grant(
            d,
            wallet.transfer_to,
            _arriving(d, slug, int(text(activity.data["points"]))) or 0,
            granting.Origin(source, "received", activity.at, activity.key),
            granting.Terms(how="received", account="transit"),
        )
        return
    for origin, rule, amount, expires, at, fixed, partner in json.loads(
        text(activity.data["pieces"])
    ):
        granting.grant(
            d,
            slug,
            amount,
            granting.Origin(origin, f"xfer.{rule}", Instant(at), activity.key, partner),
            granting.Terms(
                dated=True,
                expires=None if expires is None else Instant(expires),
                fixed=fixed,
                how="received",
                account="transit",
                silent=True,
                since=activity.at,
            ),
        )


def adjust(d: Deciding, activity: Activity) -> None:
    """Correct a balance: up with a lot of its own, down in spending order and then into debt."""
    slug = text(activity.data.get("wallet"))
    points = _points(d, activity, slug)
    if points >= 0:
        granting.grant(
            d,
            slug,
            points,
            granting.Origin(
                activity.id, "adjustment", activity.at, activity.key, activity.partner or ""
            ),
            granting.Terms(expiry=_expiry(activity), how="adjusted", account="adjusted"),
        )
        return
    held = d.wallet(slug)
    part = min(-points, held.spendable)
    wallets.take(d, slug, part, target="adjusted")
    held.adjusted -= points
    if part < -points:
        wallets.owe(d, slug, -points - part, target="adjusted")
    d.effect(PointsEffect(slug, "adjusted", points, "adjustment", activity.id, activity.at))


def _points(d: Deciding, activity: Activity, slug: str) -> int:
    if slug not in d.program.wallets:
        raise Rejected("unknown_wallet")
    value = number(activity.data.get("points"))
    if value is None:
        raise Rejected("invalid_points")
    try:
        return to_minor(value, d.program.wallets[slug].scale)
    except ValueError:
        raise Rejected("invalid_points") from None


def _expiry(activity: Activity) -> Expiry | None:
    """Return the policy an adjustment names, None where it names none."""
    try:
        return _policy(activity)
    except ValueError:
        raise Rejected("invalid_expiry") from None


_ROUNDINGS = ("day", "month", "quarter", "year")


def _policy(activity: Activity) -> Expiry | None:
    """Read `expiry`: a map as everywhere in the language, or in short `never` or a period.

    The map's keys arrive as data `expiry.mode`, `expiry.period` and so on.
    """
    data = activity.data
    short = text(data.get("expiry"))
    mode = text(data.get("expiry.mode")) or {"": "", "never": "never"}.get(short, "after")
    if not mode:
        return None
    if mode == "never":
        return Never()
    if mode == "date":
        month, day = text(data.get("expiry.month_day")).split("-")
        on = date(2024, int(month), int(day))
        return OnDate(on.month, on.day, int(number(data.get("expiry.years")) or 0))
    rounding = text(data.get("expiry.round")) or "day"
    if mode != "after" or rounding not in _ROUNDINGS:
        raise ValueError(mode)
    return After(parse_period(text(data.get("expiry.period")) or short), rounding)
