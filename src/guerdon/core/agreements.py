"""Agreements: how much a partner may issue and honour, and which units it paid for in advance.

Rule: what is left is shared by all members and therefore claimed like stock: what was got is taken,
and where that is too little the agreement says whether the activity is refused (`exhausted`) or
goes on, and is billed. Units that a block paid for come out of the account `prepaid`, so that they
are issued and not owed again. Of what an activity issued that is taken back first which was taken
last: what is billed, then the blocks, the last one first; so returning in part costs what buying
the rest would have. What other activities took is not decided again.

Units of all wallets count together, in millionths, because wallets have different digits. What a
partner's activity brings a referrer is decided elsewhere: it is billed, and no allowance is asked.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from guerdon.core.accounting import PREPAID
from guerdon.core.activity import Activity, Instant
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Claim
from guerdon.core.errors import Rejected
from guerdon.core.program import Allowance, Exhausted, Partner, Per, Program
from guerdon.core.rulebook import Version
from guerdon.core.windows import per_key

KIND = "agreement"
EXHAUSTED = "partner_exhausted"
MILLION = 1_000_000
_DIGITS = 6

Record = dict[str, Any]


class Left(NamedTuple):
    """One thing of which something may be left: a direction's limit, or its blocks together."""

    direction: str
    of: str
    claims: tuple[Claim, ...]
    low: int | None


def issue(d: Deciding, version: Version, activity: Activity, record: Record) -> None:
    """Take what an activity issues in a partner's name from the partner's allowance.

    Raises:
        Rejected: Too little is left, and the agreement refuses what goes beyond it.
    """
    partner = version.program.partners.get(activity.partner or "")
    if partner is None or partner.issues is None:
        return
    allowance = partner.issues
    issued = _issued(d, partner.id)
    total = sum(amount * _step(version.program, slug) for slug, amount in issued.items())
    if total <= 0:
        return
    day = d.rulebook.calendar.day(activity.at)
    capped = _take_cap(d, partner, "issues", allowance, total, day)
    blocks = _take_blocks(d, version.program, partner, issued, activity.at)
    record[KIND] = {"partner": partner.id, "issued": issued, "cap": capped, "blocks": blocks}
    for _, slug, amount in blocks:
        d.post(slug, PREPAID, "issued", amount, partner=partner.id)


def redeem(
    d: Deciding, version: Version, slug: str, wallet: str, cost: int, at: Instant
) -> list[Claim]:
    """Take what is redeemed with a partner from its allowance, and return what was taken.

    Raises:
        Rejected: Too little is left, and the agreement refuses what goes beyond it.
    """
    partner = version.program.partners.get(slug)
    if partner is None or partner.redeems is None:
        return []
    total = cost * _step(version.program, wallet)
    day = d.rulebook.calendar.day(at)
    taken = _take_cap(d, partner, "redeems", partner.redeems, total, day)
    return [Claim(KIND, key, amount) for key, amount in taken]


def give_back(d: Deciding, version: Version, record: Record) -> None:
    """Give back what an original had taken, as far as this decision takes its units back.

    The record is changed; whoever read it saves it.
    """
    noted = record.get(KIND)
    if noted is None:
        return
    partner = noted["partner"]
    before = dict(noted["issued"])
    after = {slug: before.get(slug, 0) + more for slug, more in _issued(d, partner).items()}
    issued = {slug: max(amount, 0) for slug, amount in (before | after).items()}
    blocks = _shrunk(d, version.program, partner, noted["blocks"], issued)
    total = sum(amount * _step(version.program, slug) for slug, amount in issued.items())
    cap = []
    for key, held in noted["cap"]:
        kept = min(held, total)
        _release(d, key, held - kept)
        cap.append([key, kept])
    record[KIND] = {"partner": partner, "issued": issued, "cap": cap, "blocks": blocks}


def lefts(program: Program, slug: str, at: Instant, day: int) -> Iterator[Left]:
    """Yield what may be left of a partner's agreement at an instant, as claims to look at."""
    partner = program.partners[slug]
    for direction, allowance in (("issues", partner.issues), ("redeems", partner.redeems)):
        if allowance is None:
            continue
        if allowance.limit is not None:
            claim = _cap(partner, direction, allowance, 0, day)
            yield Left(direction, "limit", (claim._replace(peek=True),), allowance.low)
        blocks = tuple(claim._replace(peek=True) for claim in _blocks(partner, allowance, at))
        if allowance.prepaid:
            yield Left(direction, PREPAID, blocks, allowance.low)


# ---------------------------------------------------------------- taking


def _issued(d: Deciding, partner: str) -> dict[str, int]:
    """Return what this decision issued in a partner's name so far, less what it took back."""
    found: dict[str, int] = {}
    for posting in d.decision.postings:
        if posting.partner == partner and PREPAID not in (posting.source, posting.target):
            sign = (posting.source == "issued") - (posting.target == "issued")
            found[posting.wallet] = found.get(posting.wallet, 0) + sign * posting.amount
    return dict(sorted(found.items()))


def _step(program: Program, wallet: str) -> int:
    """Return how many millionths one minor unit of a wallet is."""
    held = program.wallets.get(wallet)
    return int(10 ** (_DIGITS - (held.scale if held is not None else 0)))


def _cap(partner: Partner, direction: str, allowance: Allowance, total: int, day: int) -> Claim:
    assert allowance.limit is not None
    window = per_key(allowance.limit.per or Per.LIFETIME, day)
    key = f"{partner.id}|{direction}|{window}"
    return Claim(KIND, key, total, allowance.limit.points * MILLION)


def _blocks(partner: Partner, allowance: Allowance, at: Instant) -> Iterator[Claim]:
    """Yield the blocks that are good at an instant, the one that began first before the others."""
    good = [(name, it) for name, it in allowance.prepaid.items() if it.span.place(at) == 0]
    good.sort(key=lambda each: each[1].span.begin or 0)
    for name, block in good:
        yield Claim(KIND, f"{partner.id}|issues|{PREPAID}|{name}", 0, block.points * MILLION)


def _take_cap(
    d: Deciding, partner: Partner, direction: str, allowance: Allowance, total: int, day: int
) -> list[list[Any]]:
    if allowance.limit is None or total <= 0:
        return []
    claim = _cap(partner, direction, allowance, total, day)
    got = min(d.claim(claim), total)
    if got < total and allowance.exhausted is Exhausted.REFUSE:
        raise Rejected(EXHAUSTED)
    d.confirm(claim, got)
    return [[claim.key, got]] if got else []


def _take_blocks(
    d: Deciding, program: Program, partner: Partner, issued: dict[str, int], at: Instant
) -> list[list[Any]]:
    """Take units from the blocks; return which block paid for how much of which wallet."""
    allowance = partner.issues
    assert allowance is not None
    if not allowance.prepaid:
        return []
    rest = {slug: amount for slug, amount in issued.items() if amount > 0}
    taken: list[list[Any]] = []
    for block in _blocks(partner, allowance, at):
        wanted = sum(amount * _step(program, slug) for slug, amount in rest.items())
        if not wanted:
            break
        claim = block._replace(amount=wanted)
        got = left = min(d.claim(claim), wanted)
        for slug, open_ in rest.items():
            part = min(open_, left // _step(program, slug))
            rest[slug] = open_ - part
            left -= part * _step(program, slug)
            if part:
                taken.append([claim.key, slug, part])
        d.confirm(claim, got - left)
    if any(rest.values()) and allowance.exhausted is Exhausted.REFUSE:
        raise Rejected(EXHAUSTED)
    return taken


def _shrunk(
    d: Deciding, program: Program, partner: str, blocks: list[list[Any]], issued: dict[str, int]
) -> list[list[Any]]:
    """Return what the blocks still pay for; the rest goes back, the last block's first."""
    uncovered = dict(issued)
    kept: list[list[Any]] = []
    for key, slug, held in blocks:
        part = min(held, uncovered.get(slug, 0))
        uncovered[slug] = uncovered.get(slug, 0) - part
        _release(d, key, (held - part) * _step(program, slug))
        d.post(slug, "issued", PREPAID, held - part, partner=partner)
        if part:
            kept.append([key, slug, part])
    return kept


def _release(d: Deciding, key: str, amount: int) -> None:
    if amount:
        d.decision.releases.append(Claim(KIND, key, amount))
