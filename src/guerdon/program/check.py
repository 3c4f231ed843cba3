"""What is legal and surely not meant, as warnings with places.

Rule: a warning is said only of what can be proved from the document: a tier that no counter value
reaches, a rule that no activity meets, a counter that nobody reads. Mistakes that keep a program
from being used are found while it is read.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from guerdon.core.activity import OWN_TYPES
from guerdon.core.amounts import plain, to_decimal
from guerdon.core.program import (
    Condition,
    Fixed,
    Give,
    Grant,
    GrantBadge,
    GrantTier,
    KeepKind,
    Measure,
    Mission,
    Of,
    Program,
    Rate,
    Rule,
    Step,
    Window,
    WindowKind,
)
from guerdon.program.contradictions import never_holds
from guerdon.program.mistakes import Mistake, Severity
from guerdon.program.yaml_source import Mapping, Node, Sequence

Path = tuple[str | int, ...]
Warned = tuple[Path, str, str]
"""Where, the fact, and the remedy."""


def warnings(program: Program, node: Node) -> list[Mistake]:
    """Return the warnings of a program, placed in its document."""
    found = chain(
        _rules(program),
        _accept(program),
        _counters(program),
        _ladders(program),
        _missions(program),
        _badges(program),
        _leaderboards(program),
        _rewards(program),
        _draws(program),
        _jobs(program),
        _book(program),
    )
    return [_placed(node, *warned) for warned in found]


def _placed(root: Node, path: Path, message: str, remedy: str) -> Mistake:
    place, written = root.place, "program"
    node: Node | None = root
    for part in path:
        written += f"[{part}]" if isinstance(part, int) else f".{part}"
        node = _below(node, part)
        if node is not None:
            place = node.place
    return Mistake(place.line, place.column, written, message, remedy, Severity.WARNING)


def _below(node: Node | None, part: str | int) -> Node | None:
    if isinstance(part, int):
        items = node.items if isinstance(node, Sequence) else ()
        return items[part] if part < len(items) else None
    return node.get(part) if isinstance(node, Mapping) else None


# ---------------------------------------------------------------- conditions


def _contradiction(
    path: Path, key: str, condition: Condition, *others: Condition
) -> Iterator[Warned]:
    field = never_holds(condition, *others)
    if field is not None:
        yield (
            (*path, key, field),
            f"`{key}` can never hold: no value of `{field}` meets it.",
            "Loosen the comparison.",
        )


def _about_members(path: Path, key: str, condition: Condition) -> Iterator[Warned]:
    """Warn of fields that can never be seen where only the member's attributes are."""
    for test in condition.tests:
        if not test.field.startswith("member."):
            yield (
                (*path, key, test.field),
                f"`{test.field}` is never seen here: only attributes of the member are.",
                f"Write `member.{test.field}` if it is one.",
            )
    yield from _contradiction(path, key, condition)


# ---------------------------------------------------------------- rules


def _rules(program: Program) -> Iterator[Warned]:
    for i, rule in enumerate(program.rules):
        path: Path = ("rules", i)
        yield from _unheard(path, rule.activity)
        yield from _contradiction(path, "when", rule.when)
        yield from _contradiction(path, "lines", rule.lines)
        yield from _refused(program, path, rule)
        if rule.limit is not None and (rule.limit.times == 0 or rule.limit.points == 0):
            yield (
                (*path, "limit"),
                "This limit lets nothing through.",
                "Raise it, or remove the rule.",
            )
        if isinstance(rule.give, Give):
            yield from _worthless(program, path, rule, rule.give)
        elif not rule.give.tiers:
            yield ((*path, "by_tier", "tiers"), "No tier gets anything.", "Add a tier.")


def _unheard(path: Path, activity: Iterable[str]) -> Iterator[Warned]:
    for kind in activity:
        if kind in OWN_TYPES and kind != "enrollment":
            yield (
                (*path, "activity"),
                f"`{kind}` is no earning activity, so this never applies to it.",
                "Listen to activities that members earn by, such as `purchase`.",
            )


def _refused(program: Program, path: Path, rule: Rule) -> Iterator[Warned]:
    """Warn where accept rules refuse all that the rule asks for."""
    if never_holds(rule.when) is not None:
        return
    refused = []
    for kind in rule.activity:
        gates = [one.when for one in program.accept if kind in one.activity]
        refused.append(bool(gates) and never_holds(rule.when, *gates) is not None)
    if refused and all(refused):
        yield (
            (*path, "when"),
            "This rule can never apply: `accept` refuses every activity that it asks for.",
            "Change one of the two.",
        )


def _worthless(program: Program, path: Path, rule: Rule, give: Give) -> Iterator[Warned]:
    form = give.form
    if (
        (isinstance(form, Fixed) and not form.points)
        or (isinstance(form, Rate) and not form.ratio.over)
        or (isinstance(form, Step) and not form.points)
    ):
        yield ((*path, "give"), "This rule gives nothing.", "Write how much it gives.")
    if isinstance(form, Of):
        for name in form.rules:
            other = next(one for one in program.rules if one.id == name)
            if not set(other.activity) & set(rule.activity):
                yield (
                    (*path, "give", "of"),
                    f"`{name}` never applies to the activities of this rule.",
                    "Listen to the same activity.",
                )


def _accept(program: Program) -> Iterator[Warned]:
    for i, rule in enumerate(program.accept):
        path: Path = ("accept", i)
        yield from _unheard(path, rule.activity)
        yield from _contradiction(path, "when", rule.when)
        if not rule.when:
            yield ((*path, "when"), "This accepts everything.", "Add what must match.")


# ---------------------------------------------------------------- counters


def _counters(program: Program) -> Iterator[Warned]:
    read = {
        *(ladder.counter for ladder in program.ladders.values()),
        *(mission.counter for mission in program.missions.values()),
        *(badge.counter for badge in program.badges.values()),
        *(board.counter for board in program.leaderboards.values()),
        *(job.dividend.counter for job in program.jobs.values() if job.dividend is not None),
    }
    for name, counter in program.counters.items():
        path: Path = ("counters", name)
        if name not in read:
            yield (
                path,
                f"Nobody reads the counter `{name}`.",
                "Use it in a ladder, mission, badge or leaderboard, or remove it.",
            )
        yield from _measured(path, counter.measure)


def _measured(path: Path, measure: Measure) -> Iterator[Warned]:
    yield from _contradiction(path, "when", measure.when)
    yield from _contradiction(path, "lines", measure.lines)


_DAYS = {WindowKind.DAY: 1, WindowKind.WEEK: 7, WindowKind.MONTH: 31, WindowKind.YEAR: 366}
_WEEKS = {WindowKind.DAY: 1, WindowKind.WEEK: 1, WindowKind.MONTH: 6, WindowKind.YEAR: 54}


def _most(measure: Measure, window: Window) -> int | None:
    """Return the greatest value that a measure can have in a window, None where there is none."""
    if measure.streak == "week":
        return _WEEKS.get(window.kind)
    if measure.streak == "day" or measure.once_per_day:
        return _DAYS.get(window.kind)
    return None


def _beyond(path: Path, least: int, measure: Measure, window: Window) -> Iterator[Warned]:
    most = _most(measure, window)
    if most is not None and least > most:
        yield (
            path,
            f"{least} can never be reached: the window holds at most {most}.",
            "Lower it, or choose a longer window.",
        )


# ---------------------------------------------------------------- ladders, missions, badges


def _ladders(program: Program) -> Iterator[Warned]:
    for name, ladder in program.ladders.items():
        path: Path = ("ladders", name)
        counter = program.counters[ladder.counter]
        for i, rung in enumerate(ladder.tiers):
            tier: Path = (*path, "tiers", i)
            yield from _beyond((*tier, "at"), rung.at, counter.measure, ladder.window)
            yield from _effects((*tier, "on_enter"), rung.on_enter)
        lowest = ladder.tiers[0]
        if lowest.at > 0:
            shown = plain(to_decimal(lowest.at, counter.measure.scale))
            yield (
                (*path, "tiers", 0, "at"),
                f"The lowest tier is held by everybody, so its `at: {shown}` has no effect.",
                "Write 0, or put a tier below it.",
            )
        endless = ladder.window.kind in (WindowKind.LIFETIME, WindowKind.ROLLING)
        if ladder.keep.kind is KeepKind.END_OF_WINDOW and endless:
            yield (
                (*path, "keep", "until"),
                "This window never ends, so tiers are kept for ever.",
                "Choose a calendar window, or {for: P12M}.",
            )
        for i, floor in enumerate(ladder.floors):
            yield from _about_members((*path, "floors", i), "when", floor.when)


def _missions(program: Program) -> Iterator[Warned]:
    for name, mission in program.missions.items():
        path: Path = ("missions", name)
        measure = mission.measure
        if measure is not None:
            yield from _measured(path, measure)
            yield from _beyond((*path, "goal"), mission.goal, measure, mission.window)
        else:
            counter = program.counters[mission.counter or ""]
            yield from _beyond((*path, "goal"), mission.goal, counter.measure, counter.window)
        yield from _about_members(path, "eligible", mission.eligible)
        yield from _mission_window(path, mission)
        yield from _effects((*path, "grant"), mission.grant)


def _mission_window(path: Path, mission: Mission) -> Iterator[Warned]:
    kind = mission.window.kind
    if kind is WindowKind.JOINED and not mission.opt_in:
        yield (
            (*path, "window"),
            "This window opens when a member joins, but nobody can: `opt_in` is missing.",
            "Add `opt_in: true`.",
        )
    if mission.late is not None and kind not in (WindowKind.FIXED, WindowKind.JOINED):
        yield (
            (*path, "late"),
            "`late` has no effect: this window has no end of its own.",
            "Remove it, or write a window {from, to}.",
        )


def _badges(program: Program) -> Iterator[Warned]:
    granted = {
        effect.badge for _, effect in _all_effects(program) if isinstance(effect, GrantBadge)
    }
    for name, badge in program.badges.items():
        path: Path = ("badges", name)
        if badge.counter is not None:
            counter = program.counters[badge.counter]
            yield from _beyond((*path, "at"), badge.at, counter.measure, counter.window)
            if badge.at == 0:
                yield (
                    (*path, "at"),
                    "Everybody has this badge from the start.",
                    "Write a value above 0.",
                )
        elif badge.mission is None and badge.ladder is None and name not in granted:
            yield (
                path,
                f"Nothing gives the badge `{name}`; only an operator can.",
                "Add `counter` and `at`, `mission`, or `ladder` and `tier`.",
            )
        yield from _effects((*path, "grant"), badge.grant)


def _all_effects(program: Program) -> Iterator[tuple[str, Grant]]:
    for ladder in program.ladders.values():
        for rung in ladder.tiers:
            yield from ((ladder.id, effect) for effect in rung.on_enter)
    for mission in program.missions.values():
        yield from ((mission.id, effect) for effect in mission.grant)
    for badge in program.badges.values():
        yield from ((badge.id, effect) for effect in badge.grant)
    for job in program.jobs.values():
        yield from ((job.id, effect) for effect in job.grant)


def _effects(path: Path, effects: Iterable[Grant]) -> Iterator[Warned]:
    for i, effect in enumerate(effects):
        if isinstance(effect, GrantTier) and effect.until is None:
            yield (
                (*path, i),
                f"The tier `{effect.tier}` is given for ever.",
                "Add `until: P12M` if it should end.",
            )


# ---------------------------------------------------------------- the rest


def _leaderboards(program: Program) -> Iterator[Warned]:
    for name, board in program.leaderboards.items():
        path: Path = ("leaderboards", name)
        yield from _about_members(path, "eligible", board.eligible)
        window = board.window
        if window.kind is WindowKind.FIXED and board.asof is not None:
            early = window.begin is not None and board.asof < window.begin
            late = window.end is not None and board.asof >= window.end
            if early or late:
                yield (
                    (*path, "asof"),
                    "This instant is outside the window, so nobody is ever shown.",
                    "Choose an instant within it.",
                )


def _rewards(program: Program) -> Iterator[Warned]:
    for name, reward in program.rewards.items():
        path: Path = ("rewards", name)
        yield from _contradiction(path, "when", reward.when)
        if reward.stock == 0:
            yield ((*path, "stock"), "There are none, so nobody can take it.", "Raise the stock.")
        if reward.per_member_times == 0:
            yield ((*path, "per_member"), "Nobody may take it.", "Raise `times`.")
        if reward.final and (reward.cancel_within is not None or reward.grace is not None):
            key = "grace" if reward.cancel_within is None else "cancel_within"
            yield (
                (*path, key),
                "The reward is final, so this has no effect.",
                "Remove it, or `on_cancel: final`.",
            )


def _draws(program: Program) -> Iterator[Warned]:
    for name, draw in program.draws.items():
        path: Path = ("draws", name)
        yield from _unheard(path, draw.activity)
        yield from _contradiction(path, "when", draw.when)
        yield from _contradiction(path, "lines", draw.lines)
        for i, prize in enumerate(draw.table):
            if not prize.odds.over:
                yield ((*path, "table", i, "p"), "Nobody ever wins this.", "Raise its odds.")
            if draw.budget is not None and prize.points > draw.budget:
                yield (
                    (*path, "table", i, "fixed"),
                    "The budget never suffices for this prize.",
                    "Raise the budget or lower the prize.",
                )
        if draw.budget == 0:
            yield (
                (*path, "budget", "points"),
                "A budget of 0 turns every win into nothing.",
                "Raise it, or remove the budget.",
            )


def _jobs(program: Program) -> Iterator[Warned]:
    for name, job in program.jobs.items():
        path: Path = ("schedule", name)
        yield from _about_members(path, "when", job.when)
        yield from _effects((*path, "birthday" if job.birthday else "grant"), job.grant)
        if not job.grant and job.payout is None and job.dividend is None:
            yield (path, "This job does nothing.", "Add an effect.")


def _book(program: Program) -> Iterator[Warned]:
    book = program.book
    if book.ifrs15 and not book.point_value.over:
        yield (
            ("book", "method"),
            "Without a `point_value` nothing is allocated to the units.",
            "Add the stand-alone price of a unit.",
        )
