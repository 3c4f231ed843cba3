"""Statements add up: any months in a row are the partner accounts of the ledger, to the cent."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from builders import a_program, instant
from guerdon.core.accounting import Settlement, balances, shown
from guerdon.core.decision import Posting
from guerdon.core.rulebook import Rulebook
from guerdon.core.statements import lines_of, summed

PROGRAM = a_program("""
    wallets: {points: {}, miles: {scale: 2}}
    partners:
      cafe: {pays_per_point: 0.0127, is_paid_per_point: 0.0093}
      deli: {pays_per_point: 0.011}
    """)
RULEBOOK = Rulebook([PROGRAM])
AT = instant("2026-03-01")

ACCOUNTS = [
    ("issued", "spendable"),
    ("issued", "pending"),
    ("spendable", "issued"),
    ("spendable", "redeemed"),
    ("redeemed", "spendable"),
    ("spendable", "expired"),
]
POSTINGS = st.builds(
    lambda wallet, accounts, amount, partner: Posting(
        wallet, accounts[0], accounts[1], amount, 1, partner
    ),
    st.sampled_from(["points", "miles"]),
    st.sampled_from(ACCOUNTS),
    st.integers(1, 10**7),
    st.sampled_from(["cafe", "deli", ""]),
)
YEARS = st.lists(st.lists(st.lists(POSTINGS, max_size=4), max_size=6), min_size=12, max_size=12)


@given(YEARS)
def test_the_statements_of_a_random_year_add_up_to_the_ledger_to_the_cent(
    year: list[list[list[Posting]]],
) -> None:
    ledger = Settlement()
    for postings in (each for month in year for each in month):
        ledger.add(postings)
    for partner in ("cafe", "deli"):
        before, balance = Fraction(0), 0
        issued: Fraction = Fraction(0)
        redeemed: Fraction = Fraction(0)
        for month in year:
            lines = [line for it in month for line in lines_of(RULEBOOK, partner, it, AT)]
            sums = summed(lines, before, 2)
            before, balance = sums.until, balance + sums.balance
            issued, redeemed = issued + sums.issued, redeemed + sums.redeemed
        scales = {"points": 1, "miles": 100}

        assert balance == shown(balances(PROGRAM, ledger)[partner], 2)
        assert issued == sum(
            Fraction(amount, scales[slug])
            for (who, slug), amount in ledger.issued.items()
            if who == partner
        )
        assert redeemed == sum(
            Fraction(amount, scales[slug])
            for (who, slug), amount in ledger.redeemed.items()
            if who == partner
        )


def test_a_line_has_the_rates_of_the_version_in_force_when_it_happened() -> None:
    later = a_program(
        """
        wallets: {points: {}}
        partners: {cafe: {pays_per_point: 0.02}}
        """,
        version=2,
        begin="2026-04-01",
    )
    rulebook = Rulebook([PROGRAM, later])
    posting = Posting("points", "issued", "spendable", 1_000, 1, "cafe")
    (first,) = lines_of(rulebook, "cafe", [posting], instant("2026-03-31"))
    (second,) = lines_of(rulebook, "cafe", [posting], instant("2026-04-01"))

    assert (first.amount, second.amount) == (Fraction("12.7"), Fraction(20))
    assert lines_of(rulebook, "deli", [posting], AT) == []


def test_a_partner_who_left_is_shown_what_moved_and_owes_nothing_for_it() -> None:
    later = a_program("wallets: {points: {}}", version=2, begin="2026-04-01")
    posting = Posting("points", "issued", "spendable", 1_000, 1, "cafe")
    (line,) = lines_of(Rulebook([PROGRAM, later]), "cafe", [posting], instant("2026-04-01"))

    assert [line.issued, line.redeemed, line.amount] == [Fraction(1_000), Fraction(0), Fraction(0)]


def test_a_wallet_that_is_gone_keeps_its_digits() -> None:
    later = a_program("wallets: {points: {}}\npartners: {cafe: {pays_per_point: 0.02}}",
                      version=2, begin="2026-04-01")  # fmt: skip
    back = Posting("miles", "spendable", "issued", 1_250, 1, "cafe")
    (line,) = lines_of(Rulebook([PROGRAM, later]), "cafe", [back], instant("2026-04-01"))

    assert (line.issued, line.amount) == (Fraction("-12.5"), Fraction("-0.25"))


def test_what_came_and_went_at_once_is_no_line() -> None:
    there = Posting("points", "issued", "spendable", 1_000, 1, "cafe")
    back = Posting("points", "spendable", "issued", 1_000, 1, "cafe")

    assert lines_of(RULEBOOK, "cafe", [there, back], AT) == []
