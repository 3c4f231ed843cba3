"""What an activity earns, and what of it remains right after a refund.

Rule: the same function says how much an activity earns when it arrives and how much it would
have earned had only the rest been bought; a refund takes the difference (S5, S8, S9).
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from guerdon.core.activity import Value
from guerdon.core.program import (
    Bands,
    Fixed,
    Give,
    GiveByTier,
    Of,
    Rate,
    Rule,
    Step,
    Unit,
)
from oracle import purse
from oracle.reading import holds, is_gone, matching, number, own_field, reported, seen
from oracle.world import Award, Happened, Lot, Person, World


def fraction(ratio: object) -> Fraction:
    """Return a ratio as a fraction."""
    return Fraction(ratio.over, ratio.under)  # type: ignore[attr-defined]


@dataclass
class Rating:
    """Rates one activity, with `left` of its lines; `again` where it was decided before."""

    world: World
    happened: Happened
    left: list[int]
    again: bool = False

    def rules(self) -> list[Rule]:
        """Return the rules that listen to the activity in the program's order.

        None stands before the rules that it multiplies.
        """
        kind = self.happened.activity.type
        waiting, found = list(self.world.rules_at(self.happened.activity.at).rules), []
        while waiting:
            names = [rule.id for rule in waiting]
            ready = [one for one in waiting if not any(of in names for of in _multiplied(one))]
            found.append(ready[0])
            waiting.remove(ready[0])
        return [rule for rule in found if kind in rule.activity]

    def net(self, rule: Rule) -> int | None:
        """Return the money that the rule looks at; None where the rule does not apply."""
        activity = self.happened.activity
        if self.happened.is_out or beneficiary_of(self.world, rule, self.happened) is None:
            return None
        look = seen(self.world, self.happened, sum(self.left))
        places = matching(self.world, activity, rule.lines, self.left)
        if (rule.lines and not places) or not holds(rule.when, look):
            return None
        return sum(self.left[place] for place in places)

    def give(self, rule: Rule) -> Give | None:
        """Return what the rule gives, for the tier held at the time."""
        if isinstance(rule.give, GiveByTier):
            tier = self.happened.context.tiers.get(rule.give.ladder)
            return rule.give.tiers.get(tier) if tier else None
        return rule.give

    def raw(self, rule: Rule) -> int:
        """Return the rounded points before `best_of` and limits."""
        net, give = self.net(rule), self.give(rule)
        if net is None or give is None:
            return 0
        places = matching(self.world, self.happened.activity, rule.lines, self.left)
        follows = isinstance(give.form, Step) and give.form.carry
        if not follows and (net < 0 or is_gone(self.happened.activity, self.left, places)):
            return 0
        points = purse.rounded(self._exact(rule, give, net), give.round)
        return points if give.max is None else min(points, give.max)

    def _exact(self, rule: Rule, give: Give, net: int) -> Fraction:
        form, activity = give.form, self.happened.activity
        if isinstance(form, Rate):
            return net * fraction(form.ratio)
        if isinstance(form, Of):
            parts = [max(self.awarded(one), 0) for one in self.rules() if one.id in form.rules]
            return sum(parts) * fraction(form.times)
        if isinstance(form, Step):
            if form.carry:
                return Fraction(self._carried(rule, give, form))
            return net // form.step * fraction(form.points)
        if isinstance(form, Fixed):
            return Fraction(form.points)
        if isinstance(form, Unit):
            own = own_field(activity, form.field)
            if form.field == "amount":
                own = reported(activity, self.world.program.money_scale)
            units = number(own) or 0
            return max(Fraction(units), fraction(form.least)) * fraction(form.points)
        assert isinstance(form, Bands)
        for upto, points in form.bands:
            if net <= upto:
                return Fraction(points)
        return Fraction(form.above)

    def _carried(self, rule: Rule, give: Give, form: Step) -> int:
        """Return by how much this activity lifts what the running total owes."""
        person = self.world.person(self.happened.member)
        assert person is not None
        before = 0
        for other in self.world.history_of(person):
            if (
                other is not self.happened
                and rule in (other_rating := rating(self.world, other)).rules()
            ):
                before += other_rating.net(rule) or 0
        own = self.net(rule) or 0
        return running(give, form, before + own) - running(give, form, before)

    def awarded(self, rule: Rule) -> int:
        """Return the points that the rule pays, after `best_of` and what its limit left.

        A rule that follows a running total pays what it already holds for this activity.
        """
        held = [one.lot for one in self.happened.awards if one.rule == rule.id]
        if (held or self.again) and _carries(self, rule):
            return sum(lot.worth for lot in held)
        points = self.raw(rule)
        if rule.best_of is not None:
            group = [one for one in self.rules() if one.best_of == rule.best_of]
            best = max(self.raw(one) for one in group)
            if next(one for one in group if self.raw(one) == best) is not rule:
                return 0
        room = self.happened.rooms.get(rule.id)
        return points if room is None else min(points, room)


def _multiplied(rule: Rule) -> list[str]:
    gives = rule.give.tiers.values() if isinstance(rule.give, GiveByTier) else [rule.give]
    return [name for give in gives if isinstance(give.form, Of) for name in give.form.rules]


def rating(world: World, happened: Happened) -> Rating:
    """Rate an activity as it stands now."""
    return Rating(world, happened, happened.remaining())


# ---------------------------------------------------------------- limits


def room_of(world: World, rule: Rule, happened: Happened, beneficiary: Person) -> int | None:
    """Return how many points the rule's limit leaves for this activity; None: no limit."""
    limit = rule.limit
    if limit is None:
        return None
    actor = world.survivor(happened.member)
    subject = own_field(happened.activity, limit.subject) if limit.subject else None
    span = world.calendar.span(limit.per, happened.activity.at)
    taken: list[int] = []
    for other in world.history:
        for award in other.awards:
            if award.rule != rule.id or award.lot.worth <= 0:
                continue
            if span is not None and not span[0] <= other.activity.at < span[1]:
                continue
            mine = world.survivor(other.member) == actor
            same_subject = _same_subject(limit.subject, other, subject)
            counts = {
                "member": mine,
                "subject": mine and same_subject,
                "beneficiary": world.survivor(award.lot.owner) == beneficiary.name,
                "anyone": same_subject,
            }[limit.by]
            if counts:
                taken.append(award.lot.worth)
    if limit.times is not None:
        return None if len(taken) < limit.times else 0
    assert limit.points is not None
    return max(limit.points - sum(taken), 0)


def _same_subject(field: str | None, other: Happened, subject: Value) -> bool:
    return field is None or own_field(other.activity, field) == subject


def beneficiary_of(world: World, rule: Rule, happened: Happened) -> Person | None:
    """Return who gets what the rule gives."""
    if not rule.to_referrer:
        return world.person(happened.member)
    referrer = happened.context.attrs.get("referrer")
    return world.person(referrer) if isinstance(referrer, str) else None


# ---------------------------------------------------------------- awarding and re-rating


def earn(world: World, happened: Happened, now: int) -> None:
    """Let all rules pay for an activity that just arrived."""
    first = rating(world, happened)
    for rule in first.rules():
        person = beneficiary_of(world, rule, happened)
        happened.rooms[rule.id] = 0 if person is None else room_of(world, rule, happened, person)
        points = first.awarded(rule)
        if points > 0 and person is not None:
            award(world, happened, rule, person, points, now)
        elif points < 0 and person is not None:
            _take_newest(world, person, rule, -points)


def award(
    world: World, happened: Happened, rule: Rule, person: Person, points: int, now: int
) -> None:
    """Grant what a rule gives for an activity."""
    activity = happened.activity
    lot = Lot(
        owner=person.name,
        wallet=rule.wallet,
        source=activity.id,
        rule=rule.id,
        granted=points,
        at=activity.at,
        policy=rule.expiry,
        activity=activity.key,
        partner=activity.partner,
    )
    purse.grant(world, person, lot, now=now, pending=rule.pending)
    happened.awards.append(Award(rule.id, lot, happened.rooms.get(rule.id)))


def rerate(world: World, happened: Happened, now: int, carried: dict[str, int]) -> None:
    """Take back (or add) what an activity earns less (or more) than it was given.

    `carried` tells for each rule with a running total what it had paid for before.
    """
    after = replace(rating(world, happened), again=True)
    for rule in after.rules():
        awards = [award for award in happened.awards if award.rule == rule.id]
        if _carries(after, rule):
            _settle_running_total(world, happened, rule, carried.get(rule.id, 0), now)
            continue
        given = sum(award.lot.worth for award in awards)
        excess = given - after.awarded(rule)
        for one in awards:
            part = min(excess, one.lot.worth)
            if part > 0:
                purse.take_back(world, owner(world, one.lot), one.lot, part)
                excess -= part
        if excess < 0 and rule.limit is None:  # a limit was decided at arrival
            person = beneficiary_of(world, rule, happened)
            if person is not None:
                award(world, happened, rule, person, -excess, now)


def owner(world: World, lot: Lot) -> Person:
    person = world.person(lot.owner)
    assert person is not None
    return person


def running(give: Give, form: Step, total: int) -> int:
    """Return what a running total is worth in all."""
    return purse.rounded(total // form.step * fraction(form.points), give.round)


def _carries(rated: Rating, rule: Rule) -> bool:
    give = rated.give(rule)
    return give is not None and isinstance(give.form, Step) and give.form.carry


def owed_in_total(world: World, happened: Happened) -> dict[str, int]:
    """Return what each rule with a running total owes for everything the member did."""
    person = world.person(happened.member)
    assert person is not None
    found = {}
    for rule in rating(world, happened).rules():
        give = rating(world, happened).give(rule)
        if give is not None and isinstance(give.form, Step) and give.form.carry:
            total = 0
            for other in world.history_of(person):
                rated = rating(world, other)
                if rule in rated.rules():
                    total += rated.net(rule) or 0
            found[rule.id] = running(give, give.form, total)
    return found


def _settle_running_total(
    world: World, happened: Happened, rule: Rule, before: int, now: int
) -> None:
    """Take back what the running total no longer owes: own lot first, then the newest.

    What it owes more, because the rule did not apply before, is granted with the activity's date.
    """
    excess = before - owed_in_total(world, happened).get(rule.id, 0)
    person = world.person(happened.member)
    assert person is not None
    if excess < 0:
        award(world, happened, rule, person, -excess, now)
        return
    for lot in [award.lot for award in happened.awards if award.rule == rule.id]:
        part = min(excess, lot.worth)
        if part > 0:
            purse.take_back(world, owner(world, lot), lot, part)
            excess -= part
    _take_newest(world, person, rule, excess)


def _take_newest(world: World, person: Person, rule: Rule, points: int) -> None:
    """Take back what a running total no longer owes from the rule's newest lots."""
    for one in reversed(world.history_of(person)):
        before = points
        for lot in [award.lot for award in reversed(one.awards) if award.rule == rule.id]:
            part = min(points, lot.worth)
            if part > 0:
                purse.take_back(world, owner(world, lot), lot, part)
                points -= part
        rules = rating(world, one).rules()
        if points < before and any(rule.id in _multiplied(other) for other in rules):
            world.lessened.append(one)


def rate_multiples(world: World, now: int) -> None:
    """Let rules that multiply others follow what a running total took from these."""
    while world.lessened:
        one = world.lessened.pop(0)
        rerate(world, one, now, owed_in_total(world, one))


def decimal_units(minor: int, scale: int) -> Decimal:
    """Write minor units as a decimal."""
    return Decimal(minor).scaleb(-scale)
