"""The whole document: the keys of `program`, and what only all of them together can tell.

Rule: the order of the sections does not matter; names are gathered before anything is read.
"""

from typing import Any

from guerdon.core.leaderboards import pinned
from guerdon.core.program import Book, Program
from guerdon.core.windows import Calendar
from guerdon.program.accounting import BOOK
from guerdon.program.badges import BADGES
from guerdon.program.counters import COUNTERS
from guerdon.program.draws import DRAWS
from guerdon.program.jobs import JOBS
from guerdon.program.ladders import LADDERS
from guerdon.program.leaderboards import LEADERBOARDS
from guerdon.program.missions import MISSIONS
from guerdon.program.numbers import Whole
from guerdon.program.partners import PARTNERS, PLANS
from guerdon.program.presentation import readable
from guerdon.program.records import Fields, Key, Record
from guerdon.program.rewards import REWARDS
from guerdon.program.rules import ACCEPT, RULES
from guerdon.program.scalars import CLOCK, ID, LINE, PERIOD, PROSE, TIMEZONE
from guerdon.program.shapes import Choice
from guerdon.program.wallets import WALLETS

MONEY_SCALE_MAX = 4

_MONEY = Record(
    what="money",
    keys=(
        Key(name="unit", shape=ID, about="The currency.", example="USD", default="USD"),
        Key(
            name="scale",
            shape=Whole(most=MONEY_SCALE_MAX),
            about="Its digits behind the point.",
            example="2",
            default=2,
        ),
    ),
    build=lambda fields: (fields["unit"], fields["scale"]),
)


def _program(fields: Fields) -> Program:
    unit, scale = fields["money"]
    calendar = Calendar(fields["timezone"], fields["day_start"])
    own: dict[str, Any] = fields.without(
        "leaderboards", "name", "day_start", "leap_birthday", "enroll", "money", "schedule"
    )
    return Program(
        **own,
        name=fields["name"] or readable(fields["id"]),
        day_start_minutes=fields["day_start"],
        leap_birthday_march=fields["leap_birthday"],
        enroll_auto=fields["enroll"],
        money_unit=unit,
        money_scale=scale,
        jobs=fields["schedule"],
        leaderboards={
            name: pinned(board, calendar) for name, board in fields["leaderboards"].items()
        },
    )


PROGRAM: Record[Program] = Record(
    what="a program",
    keys=(
        Key(name="id", shape=ID, about="The program's id.", example="record_store", required=True),
        Key(
            name="name",
            shape=LINE,
            about="What members read; default: the id.",
            example="Record store",
        ),
        Key(
            name="description",
            shape=PROSE,
            about="A sentence or two for members.",
            example="Points for every record.",
        ),
        Key(
            name="timezone",
            shape=TIMEZONE,
            about="All calendar arithmetic happens in this zone.",
            example="Europe/Berlin",
            default="UTC",
        ),
        Key(
            name="day_start",
            shape=CLOCK,
            about="When the business day begins; default: midnight.",
            example='"06:00"',
            default=0,
        ),
        Key(
            name="leap_birthday",
            shape=Choice({"feb28": False, "mar1": True}),
            about="When a birthday of 29 February is kept in common years.",
            example="feb28",
            default=False,
        ),
        Key(
            name="max_age",
            shape=PERIOD,
            about="Activities older than this on arrival are refused.",
            example="P365D",
        ),
        Key(
            name="claim_window",
            shape=PERIOD,
            about="How long after an activity its loyalty number can be linked to a member.",
            example="P90D",
        ),
        Key(
            name="enroll",
            shape=Choice({"auto": True}),
            about="An activity of an unknown person enrolls that person first.",
            example="auto",
            default=False,
        ),
        Key(
            name="money",
            shape=_MONEY,
            about="The currency of all amounts.",
            example="{unit: EUR, scale: 2}",
            default=("USD", 2),
        ),
        Key(
            name="wallets",
            shape=WALLETS,
            about="The kinds of units that members hold.",
            example="{points: {scale: 0}}",
            default={},
        ),
        Key(
            name="rules",
            shape=RULES,
            about="What activities earn, in this order.",
            example="[{id: base, activity: purchase, wallet: points, give: {rate: 1}}]",
            default=(),
        ),
        Key(
            name="accept",
            shape=ACCEPT,
            about="Activities that do not match are rejected and count for nothing.",
            example="[{activity: purchase, when: {channel: web}, reason: channel}]",
            default=(),
        ),
        Key(
            name="counters",
            shape=COUNTERS,
            about="Figures about each member.",
            example="{orders: {activity: purchase}}",
            default={},
        ),
        Key(
            name="ladders",
            shape=LADDERS,
            about="Tiers, levels and milestones.",
            example="{status: {counter: spend, tiers: [{id: base, at: 0}]}}",
            default={},
        ),
        Key(
            name="missions",
            shape=MISSIONS,
            about="Goals.",
            example="{visits: {activity: purchase, goal: 3}}",
            default={},
        ),
        Key(
            name="badges",
            shape=BADGES,
            about="Marks that stay.",
            example="{first: {counter: orders, at: 1}}",
            default={},
        ),
        Key(
            name="leaderboards",
            shape=LEADERBOARDS,
            about="Members in order.",
            example="{month: {counter: spend, window: calendar_month}}",
            default={},
        ),
        Key(
            name="rewards",
            shape=REWARDS,
            about="What units buy.",
            example="{coffee: {wallet: points, cost: 100}}",
            default={},
        ),
        Key(
            name="draws",
            shape=DRAWS,
            about="Random rewards.",
            example="{luck: {activity: go, seed: s, wallet: w, table: [{id: a, p: 1, fixed: 9}]}}",
            default={},
        ),
        Key(
            name="plans",
            shape=PLANS,
            about="Paid memberships.",
            example="{plus: {period: P1Y, fee: 29.00}}",
            default={},
        ),
        Key(
            name="schedule",
            shape=JOBS,
            about="What time alone brings.",
            example='{bonus: {yearly: ["03-01"], grant: [{wallet: points, fixed: 50}]}}',
            default={},
        ),
        Key(
            name="partners",
            shape=PARTNERS,
            about="Other brands.",
            example="{bakery: {pays_per_point: 0.012}}",
            default={},
        ),
        Key(
            name="book",
            shape=BOOK,
            about="Accounting.",
            example="{value: {points: 0.01}, redemption_rate: 0.9}",
            default=Book(),
        ),
    ),
    build=_program,
    about="A whole loyalty program.",
)
