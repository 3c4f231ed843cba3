"""An earlier activity as it stands now: with its record, its own context and its own version.

Rule: a record is read as its member counts lots now, also after a merge; what is changed in it is
kept with `save`. What is done to an original is in `core.amend` and `core.referrals`.
"""

from collections.abc import Sequence
from typing import Any

from guerdon.core import expiries, holdings, wallets
from guerdon.core.activity import Activity
from guerdon.core.conditions import text
from guerdon.core.context import Context
from guerdon.core.deciding import Deciding
from guerdon.core.errors import Rejected
from guerdon.core.plain import activity_from_plain, kept_from_plain
from guerdon.core.program import Rule
from guerdon.core.rulebook import Version
from guerdon.core.rules import Record
from guerdon.core.windows import FAR


def origin_key(activity: Activity) -> str:
    """Return the key of the activity that another one names in `of`."""
    resolved = activity.data.get("of_key")
    if isinstance(resolved, str):
        return resolved
    return f"{activity.reporter}/{text(activity.data.get('of'))}"


def is_own(d: Deciding, found: Record) -> bool:
    """Tell whether a record is this member's: its own, or of somebody merged into it."""
    member = found.get("member")
    return member == d.standing.member or member in d.standing.absorbed


def shifted(found: Record, shift: int) -> Record:
    """Return a record of a merged member with its lots renumbered as the survivor counts them."""
    grants = {}
    for rule, note in found["grants"].items():
        moved = dict(note)
        if "lot" in moved:
            moved["lot"] += shift
        if "lots" in moved:
            moved["lots"] = [[no + shift, amount] for no, amount in moved["lots"]]
        grants[rule] = moved
    draws = {
        name: {**note, "lot": note["lot"] + shift} for name, note in found.get("draws", {}).items()
    }
    return {**found, "grants": grants, **({"draws": draws} if draws else {})}


class Original:
    """An earlier earning activity with its record, as it stands now."""

    __slots__ = ("activity", "key", "record", "version")

    def __init__(self, d: Deciding, key: str) -> None:
        found = d.look("record", key)
        if found is None or "left" not in found or not is_own(d, found):
            raise Rejected("unknown_original")
        self.key = key
        shift = d.standing.absorbed.get(found.get("member", ""), 0)
        self.record: Record = shifted(found, shift) if shift else dict(found)
        self.record["grants"] = dict(self.record["grants"])
        self.record["kept"] = kept_from_plain(self.record["kept"])
        self.record["member"] = d.standing.member
        self.activity: Activity = activity_from_plain(found["activity"])
        self.version: Version = d.rulebook.at(self.activity.at)

    def context(self, d: Deciding, left: Sequence[int]) -> Context:
        """Return the activity's context with so much left of its lines."""
        return Context(
            self.activity,
            calendar=d.rulebook.calendar,
            scale=self.version.program.money_scale,
            kept=self.record["kept"],
            left=left,
        )

    def save(self, d: Deciding) -> None:
        """Keep the record as it is now."""
        d.put("record", self.key, self.record)


def take_back(d: Deciding, rule: Rule, note: dict[str, Any], points: int) -> None:
    """Reverse units of a rule: those granted by an earlier refund first, newest first."""
    extra = [list(pair) for pair in note.get("lots", [])]
    while extra and points:
        lot, amount = extra.pop()
        part = min(points, amount, holdings.find(d, rule.wallet, lot).worth)
        wallets.reverse(d, rule.wallet, lot, part)
        points -= part
        if amount > part and not points:
            extra.append([lot, amount - part])
    if "lots" in note:
        note["lots"] = extra
    if points and "lot" in note:
        wallets.reverse(d, rule.wallet, note["lot"], points)


def lots_of(note: dict[str, Any]) -> list[int]:
    """Return the numbers of all lots that a rule made for an activity."""
    lots = [no for no, _ in note.get("lots", [])]
    return [note["lot"], *lots] if "lot" in note else lots


def release_confirmed(d: Deciding, rule: Rule, note: dict[str, Any]) -> None:
    """Make units spendable that waited for a confirmation."""
    for no in lots_of(note):
        lot = holdings.find(d, rule.wallet, no)
        if lot.release == FAR:
            expiries.release(d, rule.wallet, lot)
