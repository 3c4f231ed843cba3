"""The program's books: what it owes, who settles what with whom, and revenue under IFRS 15.

Rule: sums are exact; they are rounded to the money's digits once, when they are shown. Nothing
here is on the way of a decision: it reads totals, postings and sales that decisions left.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from guerdon.core.amounts import Ratio, Rounding, divide
from guerdon.core.decision import Posting, Sale
from guerdon.core.program import Program
from guerdon.core.standing import Standing


@dataclass(slots=True)
class Totals:
    """Minor units of one wallet over all members.

    Units that members sent each other were earned by both, and are among `transferred`.
    """

    spendable: int = 0
    pending: int = 0
    earned: int = 0
    transferred: int = 0
    redeemed: int = 0


def totals(standings: Iterable[Standing]) -> dict[str, Totals]:
    """Return the totals of each wallet over the members."""
    found: dict[str, Totals] = {}
    for standing in standings:
        for slug, state in standing.wallets.items():
            total = found.setdefault(slug, Totals())
            total.spendable += state.spendable
            total.pending += state.pending
            total.earned += state.earned
            total.transferred += state.transferred
            total.redeemed += state.redeemed
    return found


def shown(value: Fraction, digits: int) -> int:
    """Return exact money in minor units, halves away from zero."""
    scaled = value * 10**digits
    return divide(scaled.numerator, scaled.denominator, Rounding.HALF_UP)


def exact(ratio: Ratio) -> Fraction:
    """Return a ratio for summing."""
    return Fraction(ratio.over, ratio.under)


def units(program: Program, wallet: str, amount: int) -> Fraction:
    """Return minor units of a wallet as whole ones; a wallet that is gone had no digits."""
    held = program.wallets.get(wallet)
    return Fraction(amount, 10 ** (held.scale if held is not None else 0))


def liability(program: Program, held: Mapping[str, Totals], rate: Fraction) -> Fraction:
    """Return what the members' units will cost: those spendable or pending, times value and rate.

    `rate` is the share that is expected to be redeemed now (`Contract.expected`). Debts do not
    lower what is owed, because nobody is sure to repay them.
    """
    worth = sum(
        (
            units(program, slug, held[slug].spendable + held[slug].pending) * exact(value)
            for slug, value in program.book.value.items()
            if slug in held
        ),
        Fraction(0),
    )
    return worth * rate


# ---------------------------------------------------------------- partners

PREPAID = "prepaid"
"""The account that units come out of which a partner paid for in advance."""


@dataclass(slots=True)
class Settlement:
    """Units issued by a partner's activities and redeemed with it, by (partner, wallet).

    `prepaid` are those of the issued ones that the partner had paid for in advance.
    """

    issued: dict[tuple[str, str], int] = field(default_factory=dict)
    redeemed: dict[tuple[str, str], int] = field(default_factory=dict)
    prepaid: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, postings: Iterable[Posting]) -> None:
        """Add the postings of a decision; what was reversed or given back counts against."""
        for posting in postings:
            if not posting.partner:
                continue
            key = (posting.partner, posting.wallet)
            if PREPAID in (posting.source, posting.target):
                drawn = posting.amount if posting.source == PREPAID else -posting.amount
                self.prepaid[key] = self.prepaid.get(key, 0) + drawn
                continue
            for account, sums in self._accounts():
                sign = (posting.source == account) - (posting.target == account)
                if account == "redeemed":
                    sign = -sign
                if sign:
                    sums[key] = sums.get(key, 0) + sign * posting.amount

    def _accounts(self) -> Iterator[tuple[str, dict[tuple[str, str], int]]]:
        """Yield the accounts that are settled; a correction in a partner's name is issued by it."""
        yield "issued", self.issued
        yield "adjusted", self.issued
        yield "redeemed", self.redeemed


def balances(program: Program, settlement: Settlement) -> dict[str, Fraction]:
    """Return what each partner owes the program; below zero what the program owes the partner."""
    found = dict.fromkeys(program.partners, Fraction(0))
    for name, partner in program.partners.items():
        for (owner, slug), amount in settlement.issued.items():
            if owner == name:
                found[name] += units(program, slug, amount) * exact(partner.pays_per_point)
        for (owner, slug), amount in settlement.prepaid.items():
            if owner == name:
                found[name] -= units(program, slug, amount) * exact(partner.pays_per_point)
        for (owner, slug), amount in settlement.redeemed.items():
            if owner == name:
                found[name] -= units(program, slug, amount) * exact(partner.is_paid_per_point)
    return found


# ---------------------------------------------------------------- IFRS 15


@dataclass(slots=True)
class Contract:
    """Sales with units as a performance obligation: what was sold, and what of it awaits.

    Sales and estimates of one instant are told apart by which was added first: `newest` are the
    sales of the `last` instant, `before` those that estimates of their own instant followed, with
    how many estimates there had been.
    """

    sold: Fraction = Fraction(0)
    allocated: Fraction = Fraction(0)
    rates: list[tuple[int, Fraction]] = field(default_factory=list)
    last: int = 0
    newest: set[str] = field(default_factory=set)
    before: dict[str, int] = field(default_factory=dict)

    def add(self, program: Program, sale: Sale) -> None:
        """Add a sale, take one back, or change the rate at which units will be redeemed.

        The price is divided between goods and units by their stand-alone prices; a later estimate
        does not divide earlier sales anew, so a return is divided as its sale was.
        """
        at = int(sale.figures["at"])
        if sale.kind == "estimate":
            for of in self.newest if self.last == at else ():
                self.before.setdefault(of, len(self.rates))
            self.rates.append((at, Fraction(Decimal(str(sale.figures["redemption_rate"])))))
            return
        of = sale.figures["of"]
        if at > self.last:
            self.last, self.newest = at, set()
        if at == self.last:
            self.newest.add(of)
        sign = -1 if sale.kind == "return" else 1
        price = Fraction(int(sale.figures["net"]), 10**program.money_scale)
        granted = sum(
            (units(program, slug, amount) for slug, amount in sale.figures["points"].items()),
            Fraction(0),
        )
        worth = granted * exact(program.book.point_value) * self._expected_of(program, at, of)
        self.sold += sign * price
        if price + worth:
            self.allocated += sign * price * worth / (price + worth)

    def expected(self, program: Program) -> Fraction:
        """Return the share of units that will be redeemed, as it is estimated now."""
        return self.rates[-1][1] if self.rates else exact(program.book.redemption_rate)

    def _expected_of(self, program: Program, at: int, of: str) -> Fraction:
        """Return the share that was expected when an activity arrived, whatever it is now."""
        known = [rate for since, rate in self.rates[: self.before.get(of)] if since <= at]
        return known[-1] if known else exact(program.book.redemption_rate)

    def figures(self, program: Program, held: Mapping[str, Totals]) -> dict[str, Fraction]:
        """Return the figures of the book now.

        Revenue of the units grows with what was redeemed of what is expected to be; once nothing
        is outstanding the rest is revenue too, because nothing can be claimed any more. What one
        member sent another was granted once.
        """
        granted = redeemed = outstanding = Fraction(0)
        for slug, total in held.items():
            granted += units(program, slug, total.earned - total.transferred)
            redeemed += units(program, slug, total.redeemed)
            outstanding += units(program, slug, total.spendable + total.pending)
        expected = granted * self.expected(program)
        part = min(Fraction(1), redeemed / expected) if expected > 0 else Fraction(1)
        revenue = self.allocated * (part if outstanding else Fraction(1))
        return {
            "allocated_to_points": self.allocated,
            "revenue_goods": self.sold - self.allocated,
            "revenue_points": revenue,
            "contract_liability": self.allocated - revenue,
            "point_value": exact(program.book.point_value),
        }
