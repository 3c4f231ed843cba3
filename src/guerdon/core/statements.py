"""Statements: what a partner and the program owe each other for a month, line by line.

Rule: a line is what one decision moved in the partner's accounts, at the rates of the version in
force when its activity happened. A month holds what was decided in it, so that a correction comes
in the statement of its own month, and one that was issued never changes. Money is kept exact and
rounded once: a balance is the rounded sum of everything up to the month's end, less that up to its
beginning; so the balances of any months in a row add up to the ledger, to the cent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from guerdon.core.accounting import Settlement, exact, shown
from guerdon.core.activity import Instant
from guerdon.core.decision import Posting
from guerdon.core.rulebook import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one decision moved.

    Whole units that were issued (less reversed) and redeemed (less given back), and the money that
    the partner owes for them; below zero it is owed. `prepaid` of those issued are not owed again.
    """

    wallet: str
    issued: Fraction
    redeemed: Fraction
    amount: Fraction
    prepaid: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The totals of a statement; `balance` in minor units of money, `until` exact and cumulated."""

    issued: Fraction
    redeemed: Fraction
    prepaid: Fraction
    balance: int
    until: Fraction


def lines_of(
    rulebook: Rulebook, partner: str, postings: Iterable[Posting], at: Instant
) -> list[Line]:
    """Return what a decision's postings mean for a partner, a line a wallet; none for nothing."""
    own = Settlement()
    own.add(posting for posting in postings if posting.partner == partner)
    terms = rulebook.at(at).program.partners.get(partner)
    found = []
    for slug in sorted({slug for _, slug in (*own.issued, *own.redeemed, *own.prepaid)}):
        whole = 10 ** rulebook.wallet(slug).scale  # also of a wallet that is gone by then
        issued = Fraction(own.issued.get((partner, slug), 0), whole)
        redeemed = Fraction(own.redeemed.get((partner, slug), 0), whole)
        prepaid = Fraction(own.prepaid.get((partner, slug), 0), whole)
        amount = Fraction(0)
        if terms is not None:
            amount += (issued - prepaid) * exact(terms.pays_per_point)
            amount -= redeemed * exact(terms.is_paid_per_point)
        if issued or redeemed or prepaid:
            found.append(
                Line(wallet=slug, issued=issued, redeemed=redeemed, amount=amount, prepaid=prepaid)
            )
    return found


def summed(lines: Sequence[Line], before: Fraction, digits: int) -> Sums:
    """Return the totals of a month's lines, given the exact sum of all months before."""
    until = before + sum((line.amount for line in lines), Fraction(0))
    return Sums(
        issued=sum((line.issued for line in lines), Fraction(0)),
        redeemed=sum((line.redeemed for line in lines), Fraction(0)),
        prepaid=sum((line.prepaid for line in lines), Fraction(0)),
        balance=shown(until, digits) - shown(before, digits),
        until=until,
    )
