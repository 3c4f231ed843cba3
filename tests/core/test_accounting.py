from fractions import Fraction

from guerdon.core.accounting import (
    Contract,
    Settlement,
    Totals,
    balances,
    liability,
    shown,
    totals,
)
from guerdon.core.amounts import Ratio
from guerdon.core.decision import Posting, Sale
from guerdon.core.program import Book, Partner, Program, Wallet
from guerdon.core.standing import Standing, WalletState


def program(book: Book) -> Program:
    return Program(
        id="shop",
        name="Shop",
        wallets={
            "points": Wallet(id="points", name="Points"),
            "cash": Wallet(id="cash", name="Cash", scale=2),
        },
        partners={
            "cafe": Partner(
                id="cafe",
                name="Cafe",
                pays_per_point=Ratio(3, 250),
                is_paid_per_point=Ratio(1, 100),
            ),
            "shop": Partner(id="shop", name="Shop"),
        },
        book=book,
    )


def standing(name: str, spendable: int, pending: int = 0, debt: int = 0) -> Standing:
    state = WalletState(spendable=spendable, pending=pending, debt=debt, earned=spendable + pending)
    return Standing(name, wallets={"points": state})


def test_the_liability_counts_spendable_and_pending_units_and_no_debts() -> None:
    held = totals([standing("ada", 10, 5), standing("ben", 0, debt=100)])
    book = program(Book(value={"points": Ratio(1, 20), "cash": Ratio(1, 1)}))
    assert liability(book, held, Fraction(4, 5)) == Fraction(15) * Fraction(1, 20) * Fraction(4, 5)


def test_units_of_each_wallet_are_read_with_its_own_digits() -> None:
    held = {"cash": Totals(spendable=1234)}
    book = program(Book(value={"cash": Ratio(1, 1)}))
    assert liability(book, held, Fraction(1)) == Fraction(1234, 100)


def test_what_is_shown_is_rounded_once_with_halves_away_from_zero() -> None:
    assert shown(Fraction(1, 200), 2) == 1
    assert shown(Fraction(-1, 200), 2) == -1
    assert shown(Fraction(1, 3), 2) == 33


def test_a_partner_pays_for_what_it_issued_less_what_was_taken_back() -> None:
    settlement = Settlement()
    settlement.add(
        [
            Posting("points", "issued", "spendable", 20, partner="cafe"),
            Posting("points", "spendable", "issued", 5, partner="cafe"),
            Posting("points", "issued", "spendable", 1000),
            Posting("points", "spendable", "redeemed", 60, partner="cafe"),
            Posting("points", "redeemed", "spendable", 10, partner="cafe"),
            Posting("points", "spendable", "expired", 7, partner="cafe"),
        ]
    )
    assert balances(program(Book()), settlement) == {
        "cafe": 15 * Fraction(3, 250) - 50 * Fraction(1, 100),
        "shop": 0,
    }


def sale(net: int, points: int, *, of: str = "p1", at: int = 0, kind: str = "sale") -> Sale:
    return Sale(kind, {"net": net, "points": {"points": points}, "of": of, "at": at})


def estimate(rate: str, at: int) -> Sale:
    return Sale("estimate", {"redemption_rate": rate, "at": at})


BOOK = program(Book(ifrs15=True, point_value=Ratio(1, 1), redemption_rate=Ratio(19, 20)))


def test_the_figures_of_the_standard_itself() -> None:
    """IFRS 15 IE267-IE270, in whole units: 91,324 / 8,676 / 4,110 / 3,493 / 1,073."""
    contract = Contract()
    contract.add(BOOK, sale(10_000_000, 10_000))
    held = {"points": Totals(spendable=5_500, earned=10_000, redeemed=4_500)}
    first = contract.figures(BOOK, held)
    assert round(first["revenue_goods"]) == 91_324
    assert round(first["allocated_to_points"]) == 8_676
    assert round(first["revenue_points"]) == 4_110
    contract.add(BOOK, estimate("0.97", 9))
    held = {"points": Totals(spendable=1_500, earned=10_000, redeemed=8_500)}
    second = contract.figures(BOOK, held)
    assert round(second["revenue_points"] - first["revenue_points"]) == 3_493
    assert round(second["contract_liability"]) == 1_073


def test_once_nothing_is_outstanding_the_rest_is_revenue() -> None:
    contract = Contract()
    contract.add(BOOK, sale(10_000_000, 10_000))
    figures = contract.figures(BOOK, {"points": Totals(earned=10_000, redeemed=8_500)})
    assert figures["contract_liability"] == 0


def test_a_return_is_divided_as_its_sale_was_whatever_was_estimated_since() -> None:
    contract = Contract()
    contract.add(BOOK, sale(10_000, 100, of="a", at=1))
    contract.add(BOOK, sale(5_000, 50, of="b", at=2))
    untouched = contract.allocated
    contract.add(BOOK, sale(700, 7, of="c", at=3))
    contract.add(BOOK, estimate("0.5", 4))
    contract.add(BOOK, sale(700, 7, of="c", at=3, kind="return"))
    assert contract.allocated == untouched
    assert contract.sold == 150


def test_sales_of_the_instant_of_an_estimate_go_by_what_came_first() -> None:
    contract = Contract()
    contract.add(BOOK, sale(9_500, 100, of="early", at=4))
    contract.add(BOOK, estimate("0.5", 4))
    contract.add(BOOK, sale(5_000, 100, of="late", at=4))
    assert contract.allocated == Fraction(95, 2) + Fraction(50, 2)
    contract.add(BOOK, estimate("0.1", 4))
    contract.add(BOOK, sale(9_500, 100, of="early", at=4, kind="return"))
    assert contract.allocated == Fraction(50, 2)
    contract.add(BOOK, sale(5_000, 100, of="late", at=4, kind="return"))
    assert contract.allocated == 0
