"""The section `schedule`: what time alone brings; every job runs as its business day begins."""

from typing import Any

from guerdon.core.amounts import Ratio, Rounding
from guerdon.core.program import Dividend, Job, Payout
from guerdon.program.conditions import matching
from guerdon.program.draft import Spot
from guerdon.program.gives import ROUNDING
from guerdon.program.grants import EFFECTS, effects
from guerdon.program.numbers import POINTS, POSITIVE, Fraction, Whole
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import COUNTER, MONTH_DAY, WALLET, judge_id
from guerdon.program.shapes import ListOf, MapOf, Shape
from guerdon.program.wallets import with_units

_PAYOUT = Record(
    what="a payout",
    keys=(
        Key(
            name="wallet",
            shape=WALLET,
            about="Its whole spendable balance is paid out.",
            example="cash",
            required=True,
        ),
        Key(
            name="min",
            shape=POINTS,
            about="Only from this balance on.",
            example="10.00",
            default=0,
        ),
    ),
    build=lambda fields: Payout(wallet=fields["wallet"], least=fields["min"]),
    scope=with_units,
)


def _dividend(fields: Fields) -> Dividend:
    rate: Ratio = fields["rate"]
    spot = fields.spot
    units = spot.units.digits if spot.units is not None else 0
    reading = spot.draft.counters.get(fields["counter"])
    return Dividend(
        counter=fields["counter"],
        rate=rate.scaled(units - (reading.digits if reading is not None else 0)),
        wallet=fields["wallet"],
        round=fields["round"],
        least=fields["min"],
    )


_DIVIDEND = Record(
    what="a dividend",
    keys=(
        Key(
            name="counter",
            shape=COUNTER,
            about="Its value over the previous calendar year...",
            example="spend_year",
            required=True,
        ),
        Key(
            name="rate",
            shape=Fraction(POSITIVE),
            about="...times this rate.",
            example="0.10",
            required=True,
        ),
        Key(
            name="round",
            shape=ROUNDING,
            about="How it is rounded to the wallet's units.",
            example="half_up",
            default=Rounding.FLOOR,
        ),
        Key(
            name="wallet",
            shape=WALLET,
            about="Where it goes.",
            example="reward",
            required=True,
        ),
        Key(
            name="min",
            shape=POINTS,
            about="Less than this is not paid.",
            example="0.01",
            default=0,
        ),
    ),
    build=_dividend,
    scope=with_units,
)

_DAYS = ("yearly", "monthly", "birthday")
_WHAT = ("grant", "payout", "dividend")


def _one_of(spot: Spot, fields: Fields, names: tuple[str, ...], like: str) -> str:
    found = [name for name in names if fields.given(name)]
    listed = ", ".join(f"`{name}`" for name in names)
    if not found:
        raise spot.wrong(f"A job needs one of {listed}.", f"Add one, for example `{like}`.")
    if len(found) > 1:
        raise fields.at(found[1]).wrong(
            f"A job has one of {listed}; here are `{found[0]}` and `{found[1]}`.",
            "Make two jobs.",
        )
    return found[0]


def _job(fields: Fields) -> Job:
    spot = fields.spot
    day = _one_of(spot, fields, _DAYS, 'yearly: ["03-01"]')
    if day == "birthday":
        for other in _WHAT:
            if fields.given(other):
                raise fields.at(other).wrong(
                    "A birthday job lists its effects beneath `birthday`.",
                    f"Move them there, or remove `{other}`.",
                )
    else:
        _one_of(spot, fields, _WHAT, "grant: [{wallet: points, fixed: 50}]")
    own: dict[str, Any] = fields.without("birthday", "grant")
    return Job(
        id=spot.name,
        **own,
        birthday=day == "birthday",
        grant=fields["birthday"] or fields["grant"],
    )


JOBS: Shape[dict[str, Job]] = MapOf(
    Record(
        what="a job",
        keys=(
            Key(
                name="yearly",
                shape=ListOf(MONTH_DAY, lone=True, least=1),
                about="On these days of each year.",
                example='["03-01"]',
                default=(),
            ),
            Key(
                name="monthly",
                shape=ListOf(Whole(least=1, most=31), lone=True, least=1),
                about="On this day, or these days, of each month that has it.",
                example='"1"',
                default=(),
            ),
            Key(
                name="birthday",
                shape=EFFECTS,
                about="These effects on the member's birthday.",
                example="[{voucher: treat, valid: P0D}]",
                default=(),
            ),
            matching(
                "when",
                "Attributes of the member (`member.x`) that must match.",
                "{member.plan: lifetime}",
            ),
            effects("grant", "What each member gets."),
            Key(
                name="payout",
                shape=_PAYOUT,
                about="Pays a wallet out in money.",
                example="{wallet: cash, min: 10.00}",
            ),
            Key(
                name="dividend",
                shape=_DIVIDEND,
                about="A share of a counter's value over the previous calendar year.",
                example="{counter: spend_year, rate: 0.10, wallet: reward}",
            ),
        ),
        build=_job,
        about="Something that happens by the calendar.",
    ),
    judge_id,
)
