"""What becomes of a redemption: fulfilled or refused by its partner, failed in time, cancelled.

Rule: whatever ends a redemption that gave nothing yet gives everything back: units to their own
lots, stock, the codes that nobody has seen, the place in the member's limit. A partner
answers for its own rewards only (`not_pending` otherwise, as where there is none). A cancellation
is refused in a fixed order: `not_redeemed`, `voucher_used`, `final`, `cancel_window`; of what is
pending the program's owner may cancel anything.
"""

from collections.abc import Sequence
from typing import Any

from guerdon.core import fulfilments, holdings, returns, vouchers, wallets
from guerdon.core.activity import Activity, Instant
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim, RedemptionEffect
from guerdon.core.errors import Rejected
from guerdon.core.originals import is_own, origin_key
from guerdon.core.program import Reward
from guerdon.core.rewards import HELD, deliver
from guerdon.core.vouchers import PARTNER
from guerdon.core.windows import add

Record = dict[str, Any]

CODE = "code"
UNSEEN = "unseen_code"
"""The kind of a claim that is given back of codes that were taken and shown to nobody."""
REASON_MAX = 200
OVERDUE = "deadline"


def fulfil(d: Deciding, activity: Activity) -> None:
    """Give what a partner has fulfilled; from now on the units are redeemed with the partner."""
    key, record = _pending(d, activity)
    reward = _reward(d, record)
    for lot, amount in record["taken"]:
        d.post(record["wallet"], HELD, "redeemed", amount, lot=lot, partner=record["partner"])
    record |= deliver(d, reward, key, record["quantity"], activity.at)
    record["state"] = "issued"
    d.put("record", key, record)
    fulfilments.end(d, key)
    d.effect(_effect(reward, key, record, activity.at))


def refuse(d: Deciding, activity: Activity) -> None:
    """Let a redemption fail that a partner cannot fulfil, for the reason that it says."""
    reason = text(activity.data.get("reason")).strip()
    if not 1 <= len(reason) <= REASON_MAX or not reason.isprintable():
        raise Rejected("invalid_reason")
    key, record = _pending(d, activity)
    _fail(d, key, record, reason=reason, at=activity.at)


def fail_overdue(d: Deciding) -> None:
    """Let fail what was not fulfilled in time."""
    while keys := fulfilments.overdue(d):
        _expect(d, keys)
        for key in keys:
            _fail(d, key, _own(d, key), reason=OVERDUE, at=d.now)


def fail_all(d: Deciding, reason: str) -> None:
    """Let fail whatever waits, because there is nobody any more to fulfil it for."""
    keys = list(fulfilments.waiting(d))
    _expect(d, keys)
    for key in keys:
        _fail(d, key, _own(d, key), reason=reason, at=d.now)


def _expect(d: Deciding, keys: Sequence[str]) -> None:
    """Ask at once for what all of these need to fail; each by itself would decide all anew."""
    d.expect("record", keys)
    lots: dict[str, list[str]] = {}
    for key in keys:
        record = _own(d, key)
        lots.setdefault(record["wallet"], []).extend(str(no) for no, _ in record["taken"] if no)
    for slug, numbers in lots.items():
        for prefix in holdings.SHELVES:
            d.expect(f"{prefix}:{slug}", numbers)


def _pending(d: Deciding, activity: Activity) -> tuple[str, Record]:
    """Return the waiting redemption that a partner, or the program's owner, answers for."""
    named = text(activity.data.get("of"))
    for key in sorted(fulfilments.waiting(d)):
        if key.partition("/")[2] == named:
            record = _own(d, key)
            partner = d.rulebook.partner_of(record["reward"])
            reporter = activity.reporter
            if not reporter.startswith(PARTNER) or reporter == f"{PARTNER}{partner}":
                return key, record
    raise Rejected("not_pending")


def _own(d: Deciding, key: str) -> Record:
    """Return a redemption's record, its lots numbered as this member counts them."""
    record = dict(d.look("record", key))
    shift = d.standing.absorbed.get(record["member"], 0)
    record["taken"] = [[no + shift if no else 0, amount] for no, amount in record["taken"]]
    if record.get("lot"):
        record["lot"] += shift
    record["member"] = d.standing.member
    return record


def _reward(d: Deciding, record: Record) -> Reward:
    """Return the reward as it was taken.

    A version without it may begin before that: it was published while this was decided.
    """
    version = d.rulebook.last_with("rewards", record["reward"], d.rulebook.at(record["at"]))
    assert version is not None, "what was redeemed was a reward of some version"
    return version.program.rewards[record["reward"]]


def _effect(reward: Reward, key: str, record: Record, at: Instant) -> RedemptionEffect:
    return RedemptionEffect(
        key.partition("/")[2],
        reward.id,
        record["state"],
        record["cost"],
        record["quantity"],
        at,
        "" if record["wallet"] == reward.wallet else record["wallet"],
        record.get("reason", ""),
    )


def _fail(d: Deciding, key: str, record: Record, *, reason: str, at: Instant) -> None:
    reward = _reward(d, record)
    fulfilments.end(d, key)
    _give_back(d, reward, record, key, source=key.partition("/")[2], at=at)
    record["state"], record["reason"] = "failed", reason
    d.put("record", key, record)
    d.effect(_effect(reward, key, record, at))


def cancel(d: Deciding, activity: Activity) -> None:
    """Give the units of a redemption back and make its vouchers void."""
    key = origin_key(activity)
    found = d.look("record", key)
    if found is None or "reward" not in found or not is_own(d, found):
        raise Rejected("not_redeemed")
    if found["state"] not in ("issued", "pending"):
        raise Rejected("not_redeemed")
    held = vouchers.held(d, found["member"], key.partition("/")[2], found["vouchers"])
    if any(vouchers.voucher_of(d.look("voucher", name)).state == "used" for name in held):
        raise Rejected("voucher_used")
    record = _own(d, key)
    reward = _reward(d, record)
    is_pending = record["state"] == "pending"
    if not is_pending or activity.reporter.startswith("member:"):
        _judge_terms(d, reward, record, activity)
    if is_pending:
        fulfilments.end(d, key)
    _give_back(d, reward, record, key, source=activity.id, at=activity.at)
    for name in held:
        vouchers.cancel(d, name)
    d.put("record", key, {**found, "state": "cancelled"})
    d.effect(_effect(reward, key, {**record, "state": "cancelled"}, activity.at))


def _judge_terms(d: Deciding, reward: Reward, record: Record, activity: Activity) -> None:
    """Refuse a cancellation that the reward's own terms do not allow."""
    if reward.final:
        raise Rejected("final")
    if reward.cancel_within is not None:
        calendar = d.rulebook.calendar
        ends = calendar.through(add(calendar.day(record["at"]), reward.cancel_within))
        if activity.at >= ends:
            raise Rejected("cancel_window")


def _give_back(
    d: Deciding, reward: Reward, record: Record, key: str, *, source: str, at: Instant
) -> None:
    """Take back what a redemption took and gave."""
    is_pending = record["state"] == "pending"
    slug = record["wallet"]
    portions = [(no, amount) for no, amount in record["taken"]]
    account, partner = (HELD, "") if is_pending else ("redeemed", record["partner"])
    back = returns.Return(account=account, partner=partner, grace=reward.grace)
    d.wallet(slug).redeemed -= record["cost"]
    returns.restore(d, slug, portions, back, source=source, at=at)
    taken = d.look(f"taken:{reward.id}", record["window"]) or 0
    d.put(f"taken:{reward.id}", record["window"], max(taken - record["quantity"], 0))
    for claim in _taken(reward, record):
        if claim.kind != CODE:
            d.decision.releases.append(claim)
            continue
        # A code that was shown is nobody else's any more. It is named with who took it.
        kind = UNSEEN if is_pending else CODE
        d.decision.releases.append(claim._replace(kind=kind, key=f"{claim.key}|{key}"))
    if record.get("lot"):
        brought = (reward.gives_points or 0) * record["quantity"]
        wallets.reverse(d, reward.gives_wallet, record["lot"], brought)


def _taken(reward: Reward, record: Record) -> list[Claim]:
    """Return what a redemption had taken of what members share."""
    if "claims" in record:
        return [Claim(kind, key, amount) for kind, key, amount in record["claims"]]
    taken = Claim("stock", reward.id, record["quantity"], reward.stock)
    return [] if reward.stock is None else [taken]
