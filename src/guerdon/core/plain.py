"""The core's values as JSON-like ones and back: what the journal and the pages keep.

Rule: printing and reading are inverse, and nothing is lost: decimals travel as text under the key
`n`, instants and amounts as integers. Maps whose keys are free become lists of pairs, because
field names of a database are not.
"""

from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from guerdon.core.activity import Activity, Instant, Line, Value
from guerdon.core.amounts import plain
from guerdon.core.decision import (
    BadgeEffect,
    Decision,
    DrawEffect,
    Effect,
    Explanation,
    MissionEffect,
    PointsEffect,
    Posting,
    RedemptionEffect,
    TierEffect,
    VoucherEffect,
)
from guerdon.core.standing import (
    LadderState,
    MissionState,
    PageWrite,
    Plain,
    Shelf,
    Standing,
    WalletState,
    make,
)

# ---------------------------------------------------------------- values and activities


def value_to_plain(value: Value) -> Plain:
    """Return one value of an activity or attribute."""
    if isinstance(value, Decimal):
        return {"n": plain(value)}
    if isinstance(value, tuple):
        return [value_to_plain(item) for item in value]
    return value


def value_from_plain(found: Plain) -> Value:
    """Return the value that was printed."""
    if isinstance(found, dict):
        return Decimal(found["n"])
    if isinstance(found, list):
        return tuple(value_from_plain(item) for item in found)
    return found  # type: ignore[no-any-return]


def _pairs(values: Mapping[str, Value]) -> Plain:
    return [[name, value_to_plain(value)] for name, value in values.items()]


def _values(pairs: Plain) -> dict[str, Value]:
    return {name: value_from_plain(value) for name, value in pairs}


def activity_to_plain(activity: Activity) -> Plain:
    """Return an activity; what is absent is left out."""
    found: dict[str, Plain] = {
        "id": activity.id,
        "type": activity.type,
        "at": activity.at,
        "received": activity.received,
        "reporter": activity.reporter,
    }
    for name in ("member", "ref", "partner"):
        value = getattr(activity, name)
        if value is not None:
            found[name] = value
    if activity.lines:
        found["lines"] = [[line.amount, _pairs(line.fields), line.whole] for line in activity.lines]
    if activity.data:
        found["data"] = _pairs(activity.data)
    return found


def activity_from_plain(found: Plain) -> Activity:
    """Return the activity that was printed."""
    return Activity(
        id=found["id"],
        type=found["type"],
        at=Instant(found["at"]),
        received=Instant(found["received"]),
        reporter=found["reporter"],
        member=found.get("member"),
        ref=found.get("ref"),
        partner=found.get("partner"),
        lines=tuple(
            Line(amount=amount, fields=_values(fields), whole=whole)
            for amount, fields, whole in found.get("lines", ())
        ),
        data=_values(found.get("data", ())),
    )


# ---------------------------------------------------------------- decisions

_EFFECTS: dict[str, Any] = {
    "points": PointsEffect,
    "tier": TierEffect,
    "mission": MissionEffect,
    "badge": BadgeEffect,
    "voucher": VoucherEffect,
    "redemption": RedemptionEffect,
    "draw": DrawEffect,
}


def effect_to_plain(effect: Effect) -> Plain:
    """Return an effect as a list that begins with its tag; a drawn number is text (64 bits).

    What only redemptions have that a partner fulfils is left out of others.
    """
    found: list[Plain] = [effect[-1], *effect[:-1]]
    if found[0] == "draw":
        found[2] = str(found[2])
    elif found[0] == "redemption":
        while len(found) > _REDEMPTION_LEAST and found[-1] in ("", None):
            found.pop()
    return found


_REDEMPTION_LEAST = 8
"""The tag, and the fields up to the wallet."""


def effects_from_plain(found: Plain) -> list[Effect]:
    """Return the effects that were printed."""
    effects: list[Effect] = []
    for tag, *fields in found:
        if tag == "draw":
            fields[1] = int(fields[1])
        effects.append(_EFFECTS[tag](*fields))
    return effects


def explanations_from_plain(found: Plain) -> list[Explanation]:
    """Return the explanations that were printed."""
    return [Explanation(*fields) for fields in found]


def postings_from_plain(found: Plain) -> list[Posting]:
    """Return the postings that were printed."""
    return [Posting(*fields) for fields in found]


def record_to_plain(record: Plain) -> Plain:
    """Return a record, or any page value, with decimals as text."""
    if type(record) in _SCALARS:
        return record
    if isinstance(record, Decimal):
        return {"n": plain(record)}
    if isinstance(record, dict):
        return {
            name: value if type(value) in _SCALARS else record_to_plain(value)
            for name, value in record.items()
        }
    if isinstance(record, list | tuple):
        return [value if type(value) in _SCALARS else record_to_plain(value) for value in record]
    return record


_SCALARS = frozenset({str, int, bool, type(None)})
"""Types that print as they are."""


def page_to_plain(page: PageWrite) -> PageWrite:
    """Return a page with its value as it is stored."""
    return make(PageWrite, (*page[:3], record_to_plain(page.value)))


def decision_to_plain(decision: Decision) -> Plain:
    """Return the part of a decision that the journal keeps; empty lists are left out."""
    found: dict[str, Plain] = {"result": decision.result}
    if decision.reason is not None:
        found["reason"] = decision.reason
    if decision.effects:
        found["effects"] = [effect_to_plain(effect) for effect in decision.effects]
    if decision.explanations:
        found["explanations"] = list(map(list, decision.explanations))
    if decision.postings:
        found["postings"] = list(map(list, decision.postings))
    if decision.sales:
        found["sales"] = [
            [sale.kind, record_to_plain(dict(sale.figures))] for sale in decision.sales
        ]
    if decision.payouts:
        found["payouts"] = [list(payout) for payout in decision.payouts]
    if decision.record is not None:
        record = dict(decision.record)
        if "kept" in record:
            record["kept"] = _pairs(record["kept"])
        found["record"] = record_to_plain(record)
    return found


def kept_from_plain(found: Plain) -> dict[str, Value]:
    """Return the kept state of a record, whether it was printed or not."""
    if isinstance(found, dict):
        return {name: value_from_plain(value) for name, value in found.items()}
    return _values(found)


# ---------------------------------------------------------------- standings

_SIMPLE = (
    "member",
    "version",
    "seq",
    "status",
    "merged_into",
    "enrolled_at",
    "referrer",
    "settled_at",
    "due_at",
    "lots_made",
)
"""The fields of a standing that print as they are: its first ones, in their order."""

_MAPS = ("counts", "badges", "carries", "misses", "absorbed")

_simple = attrgetter(*_SIMPLE)
_values_of = itemgetter(*_SIMPLE)
_maps = attrgetter(*_MAPS)
_wallet = attrgetter(*WalletState.__dataclass_fields__)
_LAST = ("results", "due", "terms")
_tiers = attrgetter(*(name for name in LadderState.__dataclass_fields__ if name not in _LAST))


def standing_to_plain(standing: Standing) -> Plain:
    """Return a standing's head."""
    found: dict[str, Plain] = dict(zip(_SIMPLE, _simple(standing), strict=True))
    if standing.filled:
        found["filled"] = standing.filled
    if standing.follows:
        found["follows"] = standing.follows
    for name, values in zip(_MAPS, _maps(standing), strict=True):
        if values:
            found[name] = [[key, value] for key, value in values.items()]
    if standing.attrs:
        found["attrs"] = _pairs(standing.attrs)
    found["wallets"] = [[slug, *_wallet(state)] for slug, state in standing.wallets.items()]
    found["ladders"] = [_ladder(slug, state) for slug, state in standing.ladders.items()]
    if standing.missions:
        found["missions"] = [
            [slug, state.joined_at, state.completed_at, state.paid, state.lots_before]
            for slug, state in standing.missions.items()
        ]
    if standing.plans:
        found["plans"] = [[slug, terms] for slug, terms in standing.plans.items()]
    if standing.figures:
        found["figures"] = [list(standing.figures), list(standing.figures.values())]
    found["shelves"] = [
        [name, shelf.spilled, list(shelf.items), list(shelf.items.values())]
        for name, shelf in standing.shelves.items()
        if shelf.items or shelf.spilled
    ]
    return found


def _ladder(slug: str, state: LadderState) -> Plain:
    """Return a ladder's fields in their order, the results as pairs."""
    return [slug, *_tiers(state), list(state.results.items()), state.due, state.terms]


def standing_from_plain(found: Plain) -> Standing:
    """Return the standing whose head was printed."""
    standing = Standing(*_values_of(found))
    standing.filled = found.get("filled", 0)
    standing.follows = found.get("follows", 0)
    for name in _MAPS:
        if name in found:
            setattr(standing, name, dict(found[name]))
    if "attrs" in found:
        standing.attrs = _values(found["attrs"])
    for slug, *fields in found["wallets"]:
        state = WalletState(*fields)
        state.lapses = tuple([(a, b, c) for a, b, c in state.lapses])
        state.extended = tuple([(a, b, c) for a, b, c in state.extended])
        standing.wallets[slug] = state
    for slug, *fields in found["ladders"]:
        ladder = LadderState(*fields)
        ladder.history = tuple([(a, b, c) for a, b, c in ladder.history])
        ladder.results = dict(ladder.results)  # printed as pairs
        ladder.terms = tuple([(a, b, c) for a, b, c in ladder.terms])
        standing.ladders[slug] = ladder
    for slug, joined, completed, paid, before in found.get("missions", ()):
        pairs = tuple((wallet, lot) for wallet, lot in paid)
        standing.missions[slug] = MissionState(joined, completed, pairs, before)
    for slug, terms in found.get("plans", ()):
        standing.plans[slug] = tuple((begin, end) for begin, end in terms)
    for name, figure in zip(*found.get("figures", ((), ())), strict=True):
        standing.figures[name] = tuple(figure)
    for name, spilled, keys, values in found["shelves"]:
        standing.shelves[name] = Shelf(dict(zip(keys, values, strict=True)), spilled)
    return standing
