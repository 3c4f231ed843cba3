"""The product: what one activity means for one member.

`decide(rulebook, standing, activity, given)` is pure: the same arguments always give the same
decision, and none of them is changed. It settles time first, then lets the activity do what its
type says, then looks at tiers, missions and badges. Who may report what, duplicates, lanes and
storage are the engine's matter.
"""

from collections.abc import Callable

from guerdon.core import (
    agreements,
    amend,
    board_rows,
    counters,
    draws,
    erasure,
    extensions,
    grants,
    lapses,
    merge,
    missions,
    offering,
    plans,
    redemptions,
    referrals,
    rewards,
    rules,
    transfers,
    vouchers,
)
from guerdon.core.activity import Activity, Instant, Value
from guerdon.core.conditions import number, text
from guerdon.core.context import Context, holds_all
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, Decision, Given, Needed, Sale, sale
from guerdon.core.errors import Rejected
from guerdon.core.originals import origin_key
from guerdon.core.rulebook import Rulebook
from guerdon.core.settle import conclude, follow, settle_to
from guerdon.core.standing import ERASED, PageRef, Standing
from guerdon.core.windows import add, parse_instant


def decide(
    rulebook: Rulebook, standing: Standing, activity: Activity, given: Given | None = None
) -> Decision:
    """Return what the activity means for the member whose standing this is.

    Raises:
        Needed: Pages or claims are asked for; give them and call again with the same arguments.
    """
    given = given or Given()
    now = Instant(max(activity.received, standing.settled_at))
    d = _begin(rulebook, standing, activity, now, given)
    if activity.type == "tick":
        return _finish(d)
    try:
        _admit(d, activity)
        _carry_out(d, activity)
    except Rejected as refusal:
        d = _begin(rulebook, standing, activity, now, given)
        d.decision.result = "rejected"
        d.decision.reason = refusal.reason
    return _finish(d)


def prefetch(rulebook: Rulebook, standing: Standing, activity: Activity) -> Needed:
    """Return what deciding this activity will surely ask for, so that a batch reads it at once."""
    del rulebook, standing
    if activity.type in _NEEDS_ORIGINAL:
        return Needed((PageRef("record", "one", origin_key(activity)),))
    return Needed()


_NEEDS_ORIGINAL = frozenset({"refund", "ineligible", "confirmation", "redemption_cancelled"})


def _begin(
    rulebook: Rulebook, standing: Standing, activity: Activity, now: Instant, given: Given
) -> Deciding:
    d = Deciding(rulebook, standing, now=standing.settled_at, given=given, activity=activity)
    settle_to(d, now)
    return d


def _finish(d: Deciding) -> Decision:
    conclude(d)
    return d.finished()


def _admit(d: Deciding, activity: Activity) -> None:
    """Refuse what is too old, and what concerns nobody."""
    if activity.type in _FOLLOW_UPS:
        return
    age = d.rulebook.at(activity.at).program.max_age
    calendar = d.rulebook.calendar
    if age is not None and activity.received >= calendar.through(
        add(calendar.day(activity.at), age)
    ):
        raise Rejected("too_old")
    if activity.member is None or activity.type == "enrollment":
        return
    if d.standing.enrolled_at is None or d.standing.status == ERASED:
        raise Rejected("unknown_member")


_FOLLOW_UPS = frozenset(
    {"referral_changed", "transfer_received", "member_absorbed", "absorbed_erased"}
)


def _carry_out(d: Deciding, activity: Activity) -> None:
    own = _OWN.get(activity.type)
    if own is not None:
        own(d, activity)
    if d.standing.status == ERASED:
        erasure.forget(d, activity)
        return
    if activity.type == "absorbed_erased":
        return
    if own is None or activity.type == "enrollment":
        _earn(d, activity)
    else:
        _join_history(d, activity, _context(d, activity))
    if d.lessened:
        amend.follow_lessened(d)
    follow(d, activity.at, after_refund=activity.type in ("refund", "ineligible"))
    if d.standing.merged_into is not None:
        board_rows.leave(d)


# ---------------------------------------------------------------- earning


def _context(d: Deciding, activity: Activity) -> Context:
    """Return the activity's context, with the member's state as it is before the activity."""
    version = d.rulebook.at(activity.at)
    calendar, standing = d.rulebook.calendar, d.standing
    kept: dict[str, Value] = {
        field: read(calendar, standing, activity)
        for field, read in version.kept_fields(activity.type)
    }
    if version is not d.state:
        for field, read in d.state.kept_fields(activity.type):
            if field not in kept:
                kept[field] = read(calendar, standing, activity)
    scale = version.program.money_scale
    return Context(activity, calendar=calendar, scale=scale, kept=kept)


def _earn(d: Deciding, activity: Activity) -> None:
    """Decide an earning activity: accept rules, vouchers, rules, history, draws."""
    version = d.rulebook.at(activity.at)
    context = _context(d, activity)
    for accept in version.accept_by_type.get(activity.type, ()):
        context.net = context.whole.net
        if not holds_all(version.bound(accept.when), context):
            raise Rejected(accept.reason)
    _use_vouchers(d, activity)
    record = rules.new_record(context)
    if apart := missions.unjoined(d, activity.type):
        record["apart"] = apart
    rules.earn(d, version, context, record)
    _join_history(d, activity, context)
    draws.play(d, version, context, record)
    agreements.issue(d, version, activity, record)
    d.decision.record = record
    if version.program.book.ifrs15:
        d.decision.sales.append(sale(context.whole.net, rules.granted(version, record), activity))


def _use_vouchers(d: Deciding, activity: Activity) -> None:
    named = activity.data.get("vouchers")
    if named is None:
        return
    for name in named if isinstance(named, tuple) else (named,):
        if not vouchers.use(d, text(name)):
            raise Rejected("voucher_used")


def _join_history(d: Deciding, activity: Activity, context: Context) -> None:
    """Let the activity count: its number, the counters, inactivity and extensions."""
    if activity.type in _FOLLOW_UPS:
        return
    counts = d.standing.counts
    counts[activity.type] = counts.get(activity.type, 0) + 1
    counters.count(d, context)
    calendar = d.rulebook.calendar
    for wallet in d.state.active_by_type.get(activity.type, ()):
        lapses.active(d, wallet, activity.type, context.day)
    for wallet in d.state.extends_by_type.get(activity.type, ()):
        extend = wallet.extend
        assert extend is not None
        context.net = context.whole.net
        if holds_all(d.state.bound(extend.when), context):
            month = calendar.month_begin(context.day, extend.through)
            extensions.extend(d, wallet.id, activity.at, month)


# ---------------------------------------------------------------- types of their own


def _enroll(d: Deciding, activity: Activity) -> None:
    standing = d.standing
    if standing.enrolled_at is not None:
        raise Rejected("already_enrolled")
    standing.enrolled_at = activity.at
    standing.status = "active"
    _set_attributes(d, activity)
    referrer = activity.data.get("referrer")
    if referrer is None or referrer == standing.member:
        return
    if d.claim(Claim("member", text(referrer), 1, peek=True)):
        standing.referrer = text(referrer)


def _update(d: Deciding, activity: Activity) -> None:
    _set_attributes(d, activity)
    board_rows.ask_anew(d)


def _set_attributes(d: Deciding, activity: Activity) -> None:
    for name, value in activity.data.items():
        if name.startswith("attrs."):
            if value is None:
                d.standing.attrs.pop(name[6:], None)
            else:
                d.standing.attrs[name[6:]] = value


def _redeem(d: Deciding, activity: Activity) -> None:
    d.decision.record = rewards.redeem(d, activity)


def _use_voucher(d: Deciding, activity: Activity) -> None:
    if not vouchers.use(d, text(activity.data.get("voucher"))):
        raise Rejected("voucher_used")


def _grant_tier(d: Deciding, activity: Activity) -> None:
    slug = text(activity.data.get("ladder")) or next(iter(d.program.ladders), "")
    ladder = d.program.ladders.get(slug)
    tier = text(activity.data.get("tier"))
    if ladder is None or all(rung.id != tier for rung in ladder.tiers):
        raise Rejected("unknown_tier")
    until = activity.data.get("until")
    try:
        ends = None if until is None else parse_instant(text(until))
    except ValueError:
        raise Rejected("invalid_until") from None
    grants.hold(d, slug, tier, ends)


def _award_badge(d: Deciding, activity: Activity) -> None:
    slug = text(activity.data.get("badge"))
    if slug not in d.program.badges:
        raise Rejected("unknown_badge")
    grants.award(d, slug, activity.at)


def _estimate(d: Deciding, activity: Activity) -> None:
    rate = number(activity.data.get("redemption_rate"))
    if rate is None or not 0 <= rate <= 1:
        raise Rejected("invalid_rate")
    figures = {"redemption_rate": text(rate), "at": activity.received}
    d.decision.sales.append(Sale("estimate", figures))


def _raffle(d: Deciding, activity: Activity) -> None:
    """Refuse what no version until now had; who won is worked out from the seed (`raffles`)."""
    item = text(activity.data.get("item"))
    if not any(
        item in version.program.rewards
        for version in d.rulebook.versions
        if version is d.state or version.program.begin <= d.now
    ):
        raise Rejected("unknown_reward")


def _nothing(d: Deciding, activity: Activity) -> None:
    del d, activity


_OWN: dict[str, Callable[[Deciding, Activity], None]] = {
    "enrollment": _enroll,
    "member_updated": _update,
    "identity_linked": _nothing,
    "member_merged": merge.give_up,
    "member_absorbed": merge.absorb,
    "member_erased": erasure.erase,
    "absorbed_erased": erasure.erase_absorbed,
    "mission_joined": missions.join,
    "tier_granted": _grant_tier,
    "badge_awarded": _award_badge,
    "plan_purchased": plans.purchase,
    "plan_cancelled": plans.cancel,
    "refund": amend.refund,
    "confirmation": amend.confirm,
    "ineligible": amend.void,
    "redemption": _redeem,
    "redemption_cancelled": redemptions.cancel,
    "redemption_fulfilled": redemptions.fulfil,
    "redemption_refused": redemptions.refuse,
    "reward_stocked": offering.stock,
    "reward_offered": offering.offer,
    "voucher_used": _use_voucher,
    "adjustment": transfers.adjust,
    "transfer": transfers.transfer,
    "transfer_received": transfers.receive,
    "referral_changed": referrals.referral_changed,
    "estimate": _estimate,
    "raffle": _raffle,
    "clock": _nothing,
    "partner_low": _nothing,
}
