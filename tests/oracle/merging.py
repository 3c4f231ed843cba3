"""Two accounts of one person become one (S22).

Rule: the survivor holds what one account would hold, had both been one from the start; only what
was refused stays refused, and tiers are those of the moment.
"""

from collections import Counter
from datetime import date, timedelta

from guerdon.core.activity import Activity
from guerdon.core.program import Expiry, GrantPoints, GrantVoucher, Inactivity, Per, Rule
from oracle import earning, purse
from oracle.calendar import plus
from oracle.deciding import follow_on
from oracle.granting import effects_of
from oracle.reading import context_of, own_field
from oracle.world import Award, Climb, Happened, Lot, Person, World


def merge(world: World, donor: Person, into: Person, activity: Activity) -> None:
    """Move everything of the donor to the survivor."""
    apart = _running_totals(world, donor), _running_totals(world, into)
    brought = tuple[Happened | Lot, ...]([*world.history_of(donor), *world.lots_of(donor)])
    _unite_turns(world, donor, into)
    policies = {
        wallet.id: purse.policy_now(world, donor, wallet, None)
        for wallet in world.program.wallets.values()
    }
    _lapse_for_good(world, donor, into, policies, activity.received)
    for wallet in donor.used - into.used:
        into.kept[wallet] = donor.kept.get(wallet, policies[wallet])
    world.survivors[donor.name] = into.name
    for attrs in (into.attrs, donor.attrs):
        if world.survivor(str(attrs.get("referrer"))) == into.name:
            del attrs["referrer"]
    for name, value in donor.attrs.items():
        into.attrs.setdefault(name, value)
    into.enrolled_at = min(into.enrolled_at, donor.enrolled_at)
    into.debts += donor.debts
    into.uses += donor.uses
    for ladder, climb in donor.climbs.items():
        mine = into.climbs.setdefault(ladder, Climb())
        mine.results += climb.results
        granted = [
            (rank, end)
            for rank, end in filter(None, (mine.granted, climb.granted))
            if end is None or end > activity.received
        ]
        mine.granted = max(granted, key=lambda it: (it[0], it[1] or purse.NEVER), default=None)
    for mission, at in donor.joined.items():
        into.joined[mission] = min(at, into.joined.get(mission, at))
        after = donor.joined_after[mission]
        into.joined_after[mission] = min(after, into.joined_after.get(mission, after))
    for badge, at in donor.badges.items():
        into.badges[badge] = min(at, into.badges.get(badge, at))
    for plan, terms in donor.terms.items():
        into.terms[plan] = sorted(
            [*into.terms.get(plan, []), *terms], key=lambda term: (term[0], term[1] or purse.NEVER)
        )
    now = activity.received
    _unite_months(donor, into)
    _forget_self_referrals(world, into, now)
    _reverse_beyond_limits(world, into)
    _reverse_second_grants(world, into)
    _unite_vouchers(world, donor, into)
    happened = Happened(activity, into.name, context_of(world, into, activity))
    for rule_id, owed in _running_totals(world, into).items():
        more = owed - sum(total.get(rule_id, 0) for total in apart)
        rule = next(rule for rule in world.program.rules if rule.id == rule_id)
        if more > 0:
            earning.award(world, happened, rule, into, more, now)
    world.history.append(happened)
    into.paid |= donor.paid
    into.used |= donor.used
    for mission, at in donor.completed.items():
        into.completed[mission] = min(at, into.completed.get(mission, at))
    # What was under no inactivity comes under the tier's own only where the tier stays.
    wallets = world.program.wallets
    calm = {it for it, policy in policies.items() if not isinstance(policy, Inactivity)}
    turned = dict(into.turned)
    purse.bring_to_life(world, into, now, but=calm)
    follow_on(world, into, activity, brought=brought)
    stays = {it for it in calm if into.turned.get(it) == turned.get(it)}
    purse.bring_to_life(world, into, now, but=wallets.keys() - stays)


def _unite_months(donor: Person, into: Person) -> None:
    """Let what either did have let the lots of both live longer, as far as they are dated anew."""
    for wallet, months in donor.extended.items():
        mine = into.extended.setdefault(wallet, {})
        for bound, (first, last) in months.items():
            known = mine.get(bound, (first, last))
            mine[bound] = min(known[0], first), max(known[1], last)


def _unite_turns(world: World, donor: Person, into: Person) -> None:
    """Let the last turn of either close what was before, but for lapses in which nobody was active.

    Until it turned, and but for the lapse that was known then, an account was active throughout.
    """
    for wallet in {**into.turned, **donor.turned}:
        begins, lapses = [], []
        for one, other in ((into, donor), (donor, into)):
            begin, lapsed = one.turned.get(wallet, (None, None))
            begins += [] if begin is None else [begin]
            if lapsed is not None:
                day = world.calendar.day(lapsed)
                policy = purse.policy_now(world, into, world.program.wallets[wallet], None)
                spans = _active_days(world, other, wallet, policy)
                if not any(first < day <= last for first, last in spans):
                    lapses.append(lapsed)
        into.turned[wallet] = max(begins), max(lapses, default=None)


def _lapse_for_good(
    world: World, donor: Person, into: Person, policies: dict[str, Expiry], now: int
) -> None:
    """Let what lapsed under the donor's policy stay so, where the survivor's is another."""
    for slug, lapses in donor.lapsed_apart.items():
        into.lapsed_apart.setdefault(slug, []).extend(lapses)
    for wallet, policy in policies.items():
        mine = purse.policy_now(world, into, world.program.wallets[wallet], None)
        if not isinstance(policy, Inactivity) or policy == mine:
            continue
        lapsed = [end for end in purse.deaths(world, donor, wallet, policy) if end <= now]
        if not lapsed:
            continue
        if not isinstance(mine, Inactivity):
            begin, before = into.turned.get(wallet, (into.enrolled_at, None))
            into.turned[wallet] = begin, max(*lapsed, before or 0)
        else:
            last = max(at for at in purse.activities(world, donor, wallet) if at < max(lapsed))
            into.lapsed_apart.setdefault(wallet, []).append((last, max(lapsed)))


def _active_days(
    world: World, person: Person, wallet: str, policy: Expiry
) -> list[tuple[date, date]]:
    """Return the spans of days between which a wallet never lapsed."""
    begin, lapsed = person.turned.get(wallet, (None, None))
    day = world.calendar.day
    spans: list[tuple[date, date]] = []
    if begin is not None and lapsed is not None:
        spans = [(date.min, day(lapsed) - timedelta(days=1)), (day(lapsed), day(begin))]
    elif begin is not None:
        spans = [(date.min, day(begin))]
    ats = sorted(
        one.activity.at
        for one in world.history_of(person)
        if wallet in one.kept_alive and (begin is None or one.activity.at > begin)
    )
    for at in ats:
        if spans and (
            not isinstance(policy, Inactivity) or day(at) <= plus(spans[-1][1], policy.period)
        ):
            spans[-1] = (spans[-1][0], day(at))
        else:
            spans.append((day(at), day(at)))
    return spans


def _running_totals(world: World, person: Person) -> dict[str, int]:
    """Return what each rule with a running total owes for everything that somebody did."""
    found: dict[str, int] = {}
    for happened in world.history_of(person):
        found.update(earning.owed_in_total(world, happened))
    return found


def _forget_self_referrals(world: World, person: Person, now: int) -> None:
    """A referral between the two was one of oneself, and gives nothing to either side."""
    for happened in world.history_of(person):
        referrer = happened.context.attrs.get("referrer")
        if isinstance(referrer, str) and world.survivor(referrer) == person.name:
            owed = earning.owed_in_total(world, happened)
            del happened.context.attrs["referrer"]
            for award in happened.awards:
                rule = _rule(world, award)
                if rule.to_referrer and award.lot.worth:
                    purse.take_back(world, person, award.lot, award.lot.worth)
            earning.rerate(world, happened, now, owed)


def _rule(world: World, award: Award) -> Rule:
    return next(rule for rule in world.program.rules if rule.id == award.rule)


def _reverse_beyond_limits(world: World, person: Person) -> None:
    """Grants beyond a limit of the one person are taken back, the newest first."""
    for rule in world.program.rules:
        limit = rule.limit
        if limit is None or limit.by == "anyone":
            continue
        groups: dict[object, list[tuple[Happened, Award]]] = {}
        for happened in world.history:
            for award in happened.awards:
                who = award.lot.owner if limit.by == "beneficiary" else happened.member
                if award.rule != rule.id or world.survivor(who) != person.name:
                    continue
                if not award.lot.worth:
                    continue
                subject = (
                    own_field(happened.activity, limit.subject)
                    if limit.subject and limit.by == "subject"
                    else None
                )
                span = world.calendar.span(limit.per, happened.activity.at)
                groups.setdefault((span, subject), []).append((happened, award))
        for group in groups.values():
            _reverse_newest(world, rule, group)


def _reverse_newest(world: World, rule: Rule, group: list[tuple[Happened, Award]]) -> None:
    limit = rule.limit
    assert limit is not None
    newest = sorted(group, key=lambda one: one[0].activity.at, reverse=True)
    if limit.times is not None:
        for _, award in newest[: max(len(newest) - limit.times, 0)]:
            purse.take_back(world, earning.owner(world, award.lot), award.lot, award.lot.worth)
        return
    assert limit.points is not None
    excess = sum(award.lot.worth for _, award in group) - limit.points
    for _, award in newest:
        part = min(excess, award.lot.worth)
        if part > 0:
            purse.take_back(world, earning.owner(world, award.lot), award.lot, part)
            excess -= part


def _reverse_second_grants(world: World, into: Person) -> None:
    """What an effect gives once, and gave to both, is taken back where it was newer."""
    seen: Counter[object] = Counter()
    for lot in sorted(world.lots_of(into), key=lambda one: (one.at, one.owner != into.name)):
        effects = [
            one
            for one in effects_of(world.program, lot.source)
            if isinstance(one, GrantPoints) and (one.wallet, one.as_name) == (lot.wallet, lot.rule)
        ]
        if not effects or not lot.worth:
            continue
        place = (lot.source, lot.wallet, lot.rule, _span(world, effects[0].per, lot.at))
        seen[place] += 1
        if seen[place] > len(effects):
            purse.take_back(world, into, lot, lot.worth)


def _unite_vouchers(world: World, donor: Person, into: Person) -> None:
    """Every voucher stays but those that one person would have had once: the newer is void."""
    for name, voucher in donor.vouchers.items():
        fresh, copy, source = name, 1, name.partition("#")[0]
        while fresh in into.vouchers:
            copy += 1
            fresh = f"{source}#{copy}"
        into.vouchers[fresh] = voucher
    groups: dict[tuple[str, str, object, int], list[tuple[int, str]]] = {}
    for name, voucher in into.vouchers.items():
        source = name.partition("#")[0]
        effects = [
            one
            for one in effects_of(world.program, source)
            if isinstance(one, GrantVoucher) and one.kind == voucher.kind
        ]
        if effects and voucher.state != "void":
            span = _span(world, effects[0].per, voucher.at)
            group = groups.setdefault((source, voucher.kind, span, len(effects)), [])
            group.append((voucher.at, name))
    for (source, _, _, times), group in groups.items():
        _void_newest(into, source, group, len(group) - times)


def _void_newest(into: Person, source: str, group: list[tuple[int, str]], extra: int) -> None:
    """Make the newest unused ones void; one that stays has the source's plain name."""
    held = into.vouchers
    unused = [name for _, name in sorted(group, reverse=True) if held[name].state == "issued"]
    for name in unused[: max(extra, 0)]:
        held[name].state = "void"
    living = [name for _, name in group if held[name].state != "void"]
    if source in [name for _, name in group] and source not in living and living:
        held[source], held[living[0]] = held[living[0]], held[source]


def _span(world: World, per: Per | None, at: int) -> object:
    return None if per is None else world.calendar.span(per, at)
