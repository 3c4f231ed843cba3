"""What is legal and surely not meant, as warnings with places.

Rule: a warning is said only of what can be proved from the document: a tier that no counter value
reaches, a rule that no activity meets, a counter that nobody reads. Mistakes that keep a program
from being used are found while it is read.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from guerdon.core.activity import OWN_TYPES
from guerdon.core.program import (
    Fixed,
    Give,
    Of,
    Program,
    Rate,
    Rule,
    Step,
)
from guerdon.program import check_readings
from guerdon.program.contradictions import (
    Path,
    Warned,
    about_lines,
    about_members,
    contradiction,
    never_holds,
)
from guerdon.program.mistakes import Mistake, Severity
from guerdon.program.yaml_source import Mapping, Node, Sequence


def warnings(program: Program, node: Node) -> list[Mistake]:
    """Return the warnings of a program, placed in its document."""
    found = chain(
        _rules(program),
        _accept(program),
        check_readings.counters(program),
        check_readings.ladders(program),
        check_readings.missions(program),
        check_readings.badges(program),
        check_readings.leaderboards(program),
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


# ---------------------------------------------------------------- rules


def _rules(program: Program) -> Iterator[Warned]:
    for i, rule in enumerate(program.rules):
        path: Path = ("rules", i)
        yield from _unheard(path, rule.activity)
        yield from contradiction(path, "when", rule.when)
        yield from about_lines(path, rule.lines)
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
        or (isinstance(form, Step) and not form.points.over)
        or (isinstance(form, Of) and not form.times.over)
        or give.max == 0
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
        yield from contradiction(path, "when", rule.when)
        if not rule.when:
            yield ((*path, "when"), "This accepts everything.", "Add what must match.")


# ---------------------------------------------------------------- the rest


def _rewards(program: Program) -> Iterator[Warned]:
    for name, reward in program.rewards.items():
        path: Path = ("rewards", name)
        yield from contradiction(path, "when", reward.when)
        if reward.stock == 0 and not reward.stocked_by_partner:
            yield ((*path, "stock"), "There are none, so nobody can take it.", "Raise the stock.")
        if reward.period_stock == 0:
            yield ((*path, "stock_per"), "Nobody can take it.", "Raise `times`.")
        for key, span in (("visible", reward.visible), ("redeemable", reward.redeemable)):
            if span.begin is not None and span.end is not None and span.end <= span.begin:
                yield ((*path, key), "It ends before it begins.", "Swap `from` and `to`.")
        for i, price in enumerate(reward.prices):
            yield from contradiction((*path, "prices", i), "when", price.when)
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
        yield from contradiction(path, "when", draw.when)
        yield from about_lines(path, draw.lines)
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
        yield from about_members(path, "when", job.when)
        yield from check_readings.effects(
            (*path, "birthday" if job.birthday else "grant"), job.grant
        )
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
