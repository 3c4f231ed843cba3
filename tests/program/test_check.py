"""What is legal and surely not meant: warned of with its place, and no reason to refuse."""

import pytest

from guerdon.program.load import load
from guerdon.program.mistakes import Severity
from program.documents import PROGRAM, changed

RULE = "give: {rate: 1}}"
CASES = [
    # rules
    (
        RULE,
        "when: {net: «{gte: 10, lt: 10}}, give: {rate: 1}}",
        "rules[0].when.net",
        "can never hold",
    ),
    (
        RULE,
        "when: {channel: «{in: [web], ne: web}}, give: {rate: 1}}",
        "rules[0].when.channel",
        "no value of `channel`",
    ),
    (
        RULE,
        'when: {date: «{from: "2026-02-01", to: "2026-01-31"}}, give: {rate: 1}}',
        "rules[0].when.date",
        "no value of `date`",
    ),
    (
        RULE,
        "when: {sku: «{exists: false, gte: 1}}, give: {rate: 1}}",
        "rules[0].when.sku",
        "no value of `sku`",
    ),
    (
        RULE,
        "limit: «{times: 0, per: day}, give: {rate: 1}}",
        "rules[0].limit",
        "lets nothing through",
    ),
    (RULE, "give: «{rate: 0}}", "rules[0].give", "This rule gives nothing."),
    (
        RULE,
        "by_tier: {ladder: status, tiers: «{}}}",
        "rules[0].by_tier.tiers",
        "No tier gets anything.",
    ),
    (
        "  counters:\n",
        "  accept:\n    - {activity: purchase, when: «{}, reason: no}\n  counters:\n",
        "accept[0].when",
        "accepts everything",
    ),
    # counters, ladders, missions, badges
    (
        "    orders: {activity: purchase}",
        "    orders: {activity: purchase}\n    visits: «{activity: visit}",
        "counters.visits",
        "Nobody reads the counter `visits`.",
    ),
    (
        "    orders: {activity: purchase}",
        "    orders: {activity: purchase, when: {net: «{lt: 1, gt: 2}}}",
        "counters.orders.when.net",
        "can never hold",
    ),
    (
        "keep: {for: P12M}",
        "window: lifetime\n      keep: {until: «end_of_window}",
        "ladders.status.keep.until",
        "This window never ends",
    ),
    (
        "keep: {for: P12M}",
        "floors: [{when: {card: «gold}, tier: gold}]",
        "ladders.status.floors[0].when.card",
        "`card` is never seen here",
    ),
    (
        "counter: orders, goal: 3,",
        "activity: purchase, streak: day, window: calendar_month, goal: «32,",
        "missions.three.goal",
        "32 can never be reached: the window holds at most 31.",
    ),
    (
        "counter: orders, goal: 3,",
        "activity: purchase, window: «{for: P7D}, goal: 3,",
        "missions.three.window",
        "`opt_in` is missing",
    ),
    (
        "counter: orders, goal: 3,",
        "counter: orders, late: «P1D, goal: 3,",
        "missions.three.late",
        "`late` has no effect",
    ),
    (
        "counter: orders, goal: 3,",
        "counter: orders, eligible: {region: «north}, goal: 3,",
        "missions.three.eligible.region",
        "only attributes of the member",
    ),
    (
        "first: {counter: orders, at: 1}",
        "first: {counter: orders, at: «0}",
        "badges.first.at",
        "from the start",
    ),
    ("first: {counter: orders, at: 1}", "first: «{}", "badges.first", "only an operator can"),
    (
        "window: calendar_month}",
        'window: {to: "2026-06-01T00:00:00Z"}, asof: «"2026-06-01T00:00:00Z"}',
        "leaderboards.top.asof",
        "the same at any instant",
    ),
    # rewards, draws, jobs, book
    ("cost: 10}", "cost: 10, stock: «0}", "rewards.mug.stock", "nobody can take it"),
    (
        "cost: 10}",
        "cost: 10, per_member: «{times: 0}}",
        "rewards.mug.per_member",
        "Nobody may take it.",
    ),
    (
        "cost: 10}",
        "cost: 10, on_cancel: final, grace: «P5D}",
        "rewards.mug.grace",
        "The reward is final",
    ),
    ("p: 0.1, fixed: 5}]", "p: «0, fixed: 5}]", "draws.wheel.table[0].p", "Nobody ever wins this."),
    (
        "p: 0.1, fixed: 5}]",
        "p: 0.1, fixed: «5}], budget: {points: 4, per: day}",
        "draws.wheel.table[0].fixed",
        "The budget never suffices",
    ),
    (
        "p: 0.1, fixed: 5}]",
        "p: 0.1, fixed: 0}], budget: {points: «0}",
        "draws.wheel.budget.points",
        "A budget of 0",
    ),
    (
        'bonus: {yearly: ["03-01"], grant: [{wallet: points, fixed: 50}]}',
        'bonus: «{yearly: ["03-01"], grant: []}',
        "schedule.bonus",
        "This job does nothing.",
    ),
    (
        "redemption_rate: 1}",
        "redemption_rate: 1, method: «ifrs15}",
        "book.method",
        "Without a `point_value`",
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "path", "message"), CASES, ids=[case[1][:50] for case in CASES]
)
def test_what_is_surely_not_meant_is_warned_of(
    before: str, after: str, path: str, message: str
) -> None:
    text, line, column = changed(before, after)
    loaded = load(text)
    assert loaded.program is not None
    (warning,) = [one for one in loaded.mistakes if message in one.message]
    assert warning.severity is Severity.WARNING
    assert (warning.line, warning.column) == (line, column)
    assert warning.path == f"program.{path}"
    assert warning.remedy


def test_a_rule_that_accept_refuses_altogether_is_warned_of() -> None:
    text = PROGRAM.replace(
        "  rules:\n",
        "  accept: [{activity: purchase, when: {channel: [web, app]}, reason: no}]\n  rules:\n",
    ).replace(RULE, "when: {channel: shop}, give: {rate: 1}}")
    (warning,) = load(text).mistakes
    assert warning.message.startswith("This rule can never apply: `accept` refuses")
    assert (warning.line, warning.path) == (10, "program.rules[0].when")


def test_a_rule_that_multiplies_one_of_another_activity_is_warned_of() -> None:
    loaded = load(
        PROGRAM.replace("- {id: extra, activity: purchase,", "- {id: extra, activity: run,")
    )
    (warning,) = loaded.mistakes
    assert warning.message == "`base` never applies to the activities of this rule."


def test_a_rule_that_listens_to_what_never_earns_is_warned_of() -> None:
    loaded = load(
        PROGRAM.replace("- {id: base, activity: purchase,", "- {id: base, activity: redemption,")
    )
    assert "`redemption` is no earning activity" in loaded.mistakes[0].message


HEAD = "program:\n  id: x\n  wallets: {points: {}}\n"
PAID = "goal: 9, grant: [{wallet: points, fixed: 1}]"
GIVES = "wallet: points, give: {fixed: 1}"
WHOLE = [
    (f"missions: {{m: {{opt_in: true, activity: a, once_per: day, window: {{for: P2D}}, {PAID}}}}}",
     "missions.m.goal", "at most 3"),
    (('missions: {m: {activity: a, streak: day, window: {from: "2026-01-01T00:00:00Z", '
     f'to: "2026-01-03T00:00:00Z"}}, {PAID}}}}}'), "missions.m.goal", "at most 2"),
    (f"missions: {{m: {{activity: a, once_per: day, window: {{rolling: P7D}}, {PAID}}}}}",
     "missions.m.goal", "at most 8"),
    (f"rules: [{{id: r, activity: a, when: {{nth: 0}}, {GIVES}}}]", "rules[0].when.nth", "never"),
    (f"rules: [{{id: r, activity: a, when: {{nth: {{lt: 1}}}}, {GIVES}}}]",
     "rules[0].when.nth", "never"),
    (f'rules: [{{id: r, activity: a, when: {{date: "2026-03-02", weekday: sun}}, {GIVES}}}]',
     "rules[0].when.weekday", "never"),
    (f'rules: [{{id: r, activity: a, when: {{date: "2026-02-29"}}, {GIVES}}}]',
     "rules[0].when.date", "never"),
    (f'rules: [{{id: r, activity: a, when: {{month_day: "02-30"}}, {GIVES}}}]',
     "rules[0].when.month_day", "never"),
    ((f'rules: [{{id: r, activity: a, when: {{date: ["2026-03-02", "2026-03-03"], '
     f'month_day: {{gt: "03-03"}}}}, {GIVES}}}]'), "rules[0].when.date", "never"),
    (f"rules: [{{id: r, activity: a, lines: {{net: {{gte: 5}}}}, {GIVES}}}]",
     "rules[0].lines.net", "no field of a line"),
    (f"rules: [{{id: r, activity: a, lines: {{member.card: gold}}, {GIVES}}}]",
     "rules[0].lines.member.card", "no field of a line"),
    ("rules: [{id: r, activity: a, wallet: points, give: {rate: 1, max: 0}}]",
     "rules[0].give", "gives nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "path", "message"), WHOLE, ids=[case[0][:70] for case in WHOLE])
def test_what_can_never_be_is_warned_of(body: str, path: str, message: str) -> None:
    loaded = load(f"{HEAD}  {body}\n")
    assert loaded.program is not None, loaded.mistakes
    (warning,) = loaded.mistakes
    assert message in warning.message
    assert warning.path == f"program.{path}"


MEANT = [
    f'rules: [{{id: r, activity: a, when: {{date: ["2026-03-01", "2026-03-02"], weekday: sun}}, {GIVES}}}]',  # noqa: E501
    f'rules: [{{id: r, activity: a, when: {{month_day: ["02-29", "02-30"]}}, {GIVES}}}]',
    f"rules: [{{id: r, activity: a, when: {{nth: {{lte: 1}}, net: {{lt: 0}}}}, {GIVES}}}]",
    (
        "missions: {m: {opt_in: true, activity: a, once_per: day, window: {for: P8D}, "
        "goal: 9, grant: [{wallet: points, fixed: 1}]}}"
    ),
    f"rules: [{{id: r, activity: a, lines: {{amount: {{gte: 5}}, colour: red}}, {GIVES}}}]",
    f'missions: {{m: {{activity: a, window: {{to: "2026-06-01T00:00:00Z"}}, {PAID}}}}}',
    "rules: [{id: r, activity: a, wallet: points, give: {bands: [[0, 0], [9.99, 1]], above: 2}}]",
]


@pytest.mark.parametrize("body", MEANT)
def test_what_may_well_be_is_not_warned_of(body: str) -> None:
    loaded = load(f"{HEAD}  {body}\n")
    assert loaded.program is not None
    assert loaded.mistakes == []


def test_a_plan_that_is_neither_running_nor_not_is_a_mistake() -> None:
    rules = f"rules: [{{id: r, activity: a, when: {{plan.plus: on}}, {GIVES}}}]"
    (mistake,) = load(f"{HEAD}  plans: {{plus: {{}}}}\n  {rules}\n").mistakes
    assert mistake.message == "`plan.plus` never reads `on`."
