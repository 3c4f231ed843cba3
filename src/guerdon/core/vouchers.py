"""Vouchers: what a member holds and shows at the till.

Rule: a voucher is named by what it came from (a redemption's id, `mission:x`, `ladder:tier`,
`job:date`); whether it has expired is read off its date, so nothing has to happen when it does.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from guerdon.core.activity import Instant
from guerdon.core.context import tier_at
from guerdon.core.deciding import Deciding
from guerdon.core.decision import VoucherEffect
from guerdon.core.program import GrantVoucher, Period
from guerdon.core.standing import Plain
from guerdon.core.windows import add

PARTNER = "partner:"
"""What the reporter begins with where it is a partner."""


class Voucher(NamedTuple):
    """`state` is issued, used or void; an issued one is expired once `until` has come.

    `origin` is the member and name that it was issued under, where a merger gave it another home:
    its code, which is made of these, stays the one that was printed. `codes` is "" or the
    pool that its code comes from, its place among those taken, and the key of who took them.
    """

    kind: str
    state: str
    until: Instant | None
    issued_at: Instant
    redemption: str = ""
    origin: str = ""
    codes: str = ""

    def shown(self, now: int) -> str:
        """Return the state a reader sees at an instant."""
        if self.state == "issued" and self.until is not None and self.until <= now:
            return "expired"
        return self.state


def voucher_of(value: Plain) -> Voucher:
    """Return a voucher as it was stored."""
    return value if type(value) is Voucher else Voucher(*value)


def origin_of(member: str, name: str, voucher: Voucher) -> str:
    """Return the member and name under which a voucher was issued, as one text."""
    return voucher.origin or f"{member}/{name}"


def held(d: Deciding, member: str, redemption: str, names: Sequence[str]) -> list[str]:
    """Return what vouchers of a member's redemption are called here; those elsewhere left out.

    Where they stem from is not read off their names: ids may be written with `#`, too.
    """
    d.expect("voucher", names)
    origins = {f"{member}/{name}" for name in names}
    return [
        here
        for here, voucher in of_source(d, redemption)
        if origin_of(d.standing.member, here, voucher) in origins
    ]


def named(source: str, copy: int) -> str:
    """Return the name of one of the vouchers that stem from one source, counted from 1."""
    return source if copy == 1 else f"{source}#{copy}"


def of_source(d: Deciding, source: str) -> Iterator[tuple[str, Voucher]]:
    """Yield the vouchers that stem from one source, with their names; the first has its own."""
    copy = 1
    while (value := d.look("voucher", named(source, copy))) is not None:
        yield named(source, copy), voucher_of(value)
        copy += 1


def source_of(name: str, voucher: Voucher) -> str:
    """Return what a voucher stems from: the inverse of `named`, where ids may hold `#`, too."""
    return voucher.redemption or name.partition("#")[0]


def issue(
    d: Deciding,
    kind: str,
    *,
    source: str,
    at: Instant,
    valid: Period | None,
    redemption: str = "",
    codes: str = "",
    copy: int = 1,
) -> str:
    """Give the member a voucher, valid through its last day, and return its name.

    `copy` is the first number that may be free: those before are known to be taken.
    """
    calendar = d.rulebook.calendar
    until = None if valid is None else calendar.through(add(calendar.day(at), valid))
    name = named(source, copy)
    while (held := d.look("voucher", name)) is not None and voucher_of(held).state != "void":
        copy += 1
        name = named(source, copy)
    voucher = Voucher(kind, "issued", until, at, redemption, codes=codes)
    d.put("voucher", name, voucher)
    d.effect(VoucherEffect(name, kind, "issued", until, d.now, redemption))
    return name


def validity(d: Deciding, grant: GrantVoucher) -> Period | None:
    """Return how long a granted voucher is valid, by the tier held now where the program says so.

    The tier is not that of the voucher's date: a late report that lifts a member to the top brings
    what the top is promised.
    """
    if isinstance(grant.valid, Mapping):
        ladder = grant.ladder or next(iter(d.program.ladders))
        return grant.valid.get(tier_at(d.program, d.standing, ladder, d.now))
    return grant.valid


def use(d: Deciding, name: str) -> bool:
    """Mark a voucher used; False where it cannot be used, or is not honoured by who asks.

    Whether it was still valid goes by when it was shown, whenever that is reported. A partner
    honours what its own rewards brought, and nothing else.
    """
    value = d.look("voucher", name)
    shown_at = d.now if d.activity is None else d.activity.at
    if value is None or voucher_of(value).shown(shown_at) != "issued":
        return False
    reporter = "" if d.activity is None else d.activity.reporter
    honoured_by = d.rulebook.partner_of(voucher_of(value).kind)
    if reporter.startswith(PARTNER) and reporter != f"{PARTNER}{honoured_by}":
        return False
    voucher = voucher_of(value)._replace(state="used")
    d.put("voucher", name, voucher)
    d.effect(_effect(d, name, voucher))
    return True


def _effect(d: Deciding, name: str, voucher: Voucher) -> VoucherEffect:
    return VoucherEffect(
        name, voucher.kind, voucher.state, voucher.until, d.now, voucher.redemption
    )


def cancel(d: Deciding, name: str) -> None:
    """Make a voucher void."""
    voucher = voucher_of(d.look("voucher", name))._replace(state="void")
    d.put("voucher", name, voucher)
    d.effect(_effect(d, name, voucher))
