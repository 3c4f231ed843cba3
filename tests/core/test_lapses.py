"""Wallets that lapse through inactivity, by when things happened and not by when they were told.

Each case is told in two orders: late, and in time; both end alike.
"""

import pytest

from builders import Life, a_member, a_program, a_town

PROGRAM = """
    wallets:
      points: {expiry: {mode: inactivity, period: P6M, activity: [purchase]}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: quiz, activity: quiz, wallet: points, give: {fixed: 50}}
    rewards: {mug: {wallet: points, cost: 5}}
    """
NOW = "2026-09-02"

Told = tuple[str, str, int]
"""Id, when it happened, and the money; nothing for a quiz."""


def told(*reports: Told, received: str | None = None) -> Life:
    """Return whoever reported the last one at that time, the others when they happened."""
    life = a_member(PROGRAM)
    for number, (name, at, amount) in enumerate(reports, 1):
        when = received if number == len(reports) and received else at
        if amount:
            life.buys(amount, at, id=name, received=when)
        else:
            life.does("quiz", at, id=name, received=when)
    return life


@pytest.mark.parametrize(
    ("late", "others", "left"),
    [
        pytest.param(
            ("p", "2026-01-10", 30),
            [("q", "2026-02-01", 0), ("r", "2026-09-01", 0)],
            {"r.quiz": 50},
            id="the lapse it tells of takes what was earned before and spares what came since",
        ),
        pytest.param(
            ("p", "2026-01-10", 30),
            [("q", "2026-08-01", 20)],
            {"q.base": 20},
            id="its own units were gone before the wallet woke",
        ),
        pytest.param(
            ("q", "2026-02-01", 0),
            [("p", "2026-01-10", 30), ("r", "2026-08-01", 20)],
            {"r.base": 20},
            id="units earned before a lapse are gone though the wallet woke since",
        ),
        pytest.param(
            ("p", "2026-07-20", 10),
            [("o", "2026-01-10", 30), ("q", "2026-07-15", 0), ("r", "2026-08-30", 5)],
            {"q.quiz": 50, "p.base": 10, "r.base": 5},
            id="the wallet woke earlier than was known",
        ),
        pytest.param(
            ("p", "2026-01-20", 10),
            [("o", "2026-01-10", 30), ("q", "2026-07-15", 0), ("r", "2026-08-30", 5)],
            {"r.base": 5},
            id="a lapse that it puts off takes what was earned meanwhile",
        ),
        pytest.param(
            ("p", "2026-03-01", 10),
            [("o", "2026-01-10", 30), ("r", "2026-08-30", 5)],
            {"o.base": 30, "p.base": 10, "r.base": 5},
            id="it shows that the wallet never lapsed",
        ),
    ],
)
def test_a_late_report_leaves_what_would_be_left_had_it_come_in_time(
    late: Told, others: list[Told], left: dict[str, int]
) -> None:
    in_time = told(*sorted([late, *others], key=lambda one: one[1]))

    assert told(*others, late, received=NOW).left(NOW) == in_time.left(NOW) == left


def test_the_wallet_lapsed_also_where_nothing_was_left_in_it_to_expire() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-01-10", id="p")
    life.redeems("mug", "2026-01-11")
    life.buys(3, "2026-08-01", id="q")

    life.does("quiz", "2026-02-01", received=NOW)

    assert life.left(NOW) == {"q.base": 3}
    assert life.wallet(NOW).expired == 50


def test_two_lapses_that_late_reports_undo_one_after_the_other_bring_everything_back() -> None:
    life = told(("p", "2024-01-10", 30), ("q", "2025-01-10", 20), ("r", "2026-01-10", 10))
    assert life.left("2026-03-01") == {"r.base": 10}

    life.buys(1, "2025-07-10", id="s", received="2026-03-01")
    assert life.left("2026-03-01") == {"q.base": 20, "s.base": 1, "r.base": 10}

    life.buys(2, "2024-07-10", id="t", received="2026-03-02")
    assert life.left("2026-03-02") == {
        "p.base": 30,
        "t.base": 2,
        "q.base": 20,
        "s.base": 1,
        "r.base": 10,
    }


def test_a_standing_remembers_so_many_lapses_and_no_more() -> None:
    life = told(*((f"p{year}", f"{year}-01-10", 1) for year in range(2005, 2027)))

    assert len(life.standing.wallets["points"].lapses) == 8

    life.buys(1, "2004-01-10", id="late", received="2026-03-01")
    assert life.left("2026-03-01") == {"p2026.base": 1}
    assert len(life.standing.wallets["points"].lapses) == 8


def test_units_that_somebody_sends_to_a_wallet_that_lapsed_before_are_there() -> None:
    town = a_town(PROGRAM)
    ana, bob = a_member(town), a_member(town, name="bob")
    bob.buys(30, "2026-01-10")
    ana.buys(5, "2026-03-01", id="p")
    ana.buys(5, "2026-07-20", id="q")

    ana.does("transfer", "2026-08-01", to="bob", wallet="points", points=7)

    assert bob.left("2026-08-01") == {"p.xfer.base": 5, "q.xfer.base": 2}
    bob.buys(1, "2026-08-02", id="r")
    assert bob.balance("2027-02-02") == 8
    assert bob.balance("2027-02-03") == 0


def test_units_of_a_wallet_that_was_alive_again_come_back_alive() -> None:
    """What was left of them was taken back meanwhile, so that nothing was there to revive."""
    life = a_member(PROGRAM)
    life.buys(8, "2026-01-10", id="p")
    life.redeems("mug", "2026-01-11", id="r")
    life.waits("2026-08-01")
    life.refunds("p", "2026-08-01", amount="3")
    life.buys(1, "2026-03-01", id="q", received="2026-08-02")

    life.does("redemption_cancelled", "2026-08-03", of="r")

    assert life.left("2026-08-03") == {"p.base": 5, "q.base": 1}


def test_units_that_come_back_to_an_empty_wallet_lapse_with_it() -> None:
    life = a_member(PROGRAM)
    life.buys(5, "2026-01-10", id="p")
    life.redeems("mug", "2026-02-01", id="r")
    life.does("purchase", "2026-03-01")
    life.waits("2026-07-20")  # looked at in July, when nothing was there to lapse

    life.does("redemption_cancelled", "2026-08-01", of="r")

    assert life.balance("2026-09-01") == 5
    assert life.balance("2026-09-02") == 0


def test_units_that_come_back_to_life_pay_a_debt_in_the_order_in_which_they_are_spent() -> None:
    life = a_member(PROGRAM)
    life.buys(10, "2026-01-12", id="later")
    life.buys(10, "2026-01-11", id="sooner", received="2026-01-13")
    life.waits("2026-08-01")
    life.does("adjustment", "2026-08-01", wallet="points", points=-5)

    life.does("purchase", "2026-03-01", received="2026-08-02")

    assert life.left("2026-08-02") == {"sooner.base": 5, "later.base": 10}


def test_two_accounts_were_active_when_either_was_and_lapsed_when_neither_was() -> None:
    town = a_town(PROGRAM)
    ana, bob = a_member(town), a_member(town, name="bob")
    ana.buys(10, "2024-01-10", id="p")
    bob.buys(20, "2024-05-10", id="q")
    ana.buys(30, "2025-01-10", id="r")
    bob.buys(40, "2025-05-10", id="s")
    ana.buys(50, "2025-09-10", id="t")

    bob.does("member_merged", "2025-10-01", into="ana")

    assert ana.left("2025-10-01") == {"r.base": 30, "s.base": 40, "t.base": 50}
    assert ana.balance("2026-03-10") == 120
    assert ana.balance("2026-03-11") == 0


BY_TIER = """
    wallets:
      points:
        expiry:
          by_tier:
            ladder: status
            tiers: {low: {mode: inactivity, period: P1M, activity: [purchase]}}
            else: {mode: never}
    counters: {visits: {activity: visit, window: calendar_month}}
    ladders:
      status:
        counter: visits
        tiers: [{id: low, at: 0}, {id: top, at: 1}]
        keep: {until: end_of_window}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
    """


def test_a_tier_that_brings_inactivity_lets_it_count_from_that_instant() -> None:
    life = a_member(BY_TIER)
    life.does("visit", "2026-03-01")
    life.buys(10, "2026-03-01", id="p")
    life.does("visit", "2026-04-01")
    life.buys(2, "2026-04-02", id="q")
    life.does("visit", "2026-05-01")

    assert life.tier("2026-06-01") == "low"
    assert life.balance("2026-07-01") == 12
    assert life.balance("2026-07-02") == 0


TWO_TERMS = BY_TIER.replace(
    "else: {mode: never}", "else: {mode: inactivity, period: P6M, activity: [purchase, quiz]}"
).replace("window: calendar_month}}", "window: calendar_year}}")
NO_TERMS = BY_TIER.replace("window: calendar_month}}", "window: calendar_year}}")


def test_only_what_the_tier_held_lists_keeps_a_wallet_alive() -> None:
    life = a_member(TWO_TERMS)
    life.buys(10, "2026-03-01", id="p")

    life.does("quiz", "2026-03-30")

    assert life.balance("2026-04-01") == 10
    assert life.balance("2026-04-02") == 0


def test_a_better_tier_brings_nothing_back_that_lapsed_before_it() -> None:
    life = a_member(TWO_TERMS)
    life.buys(10, "2026-03-01", id="p")
    life.does("visit", "2026-05-01")

    life.buys(1, "2026-03-20", id="late", received="2026-05-02")
    life.buys(2, "2026-05-03", id="q")

    assert life.tier("2026-05-03") == "top"
    assert life.left("2026-05-03") == {"q.base": 2}


def test_a_late_report_that_lifts_the_tier_undoes_a_lapse_first() -> None:
    program = TWO_TERMS.replace("activity: visit", "activity: [visit, purchase]")
    life = a_member(program.replace("at: 1}", "at: 2}"))
    life.buys(10, "2026-03-01", id="p")
    assert life.balance("2026-05-01") == 0

    life.buys(1, "2026-03-20", id="late", received="2026-04-10")

    assert life.tier("2026-04-10") == "top"
    assert life.left("2026-04-10") == {"p.base": 10, "late.base": 1}


def test_what_lapsed_under_one_tier_lives_no_more_under_one_without_inactivity() -> None:
    life = a_member(NO_TERMS)
    life.buys(10, "2026-03-01", id="p")
    life.does("visit", "2026-05-01")

    life.buys(1, "2026-03-20", id="late", received="2026-05-02")

    assert life.left("2026-05-02") == {"late.base": 1}
    assert life.balance("2026-12-31") == 1


def test_a_wallet_lapses_anew_from_the_day_on_which_its_tier_is_lost() -> None:
    life = a_member(NO_TERMS)
    life.buys(10, "2026-03-01", id="p")
    life.waits("2026-04-02")
    life.does("visit", "2026-05-01")
    life.buys(1, "2026-05-02", id="q")

    assert life.tier("2027-01-01") == "low"
    life.buys(2, "2026-03-20", id="late", received="2027-01-02")

    assert life.left("2027-01-02") == {"q.base": 1}
    assert life.balance("2027-02-01") == 1
    assert life.balance("2027-02-02") == 0


def test_the_wallet_had_lapsed_before_a_better_tier_also_where_nothing_was_left_in_it() -> None:
    life = a_member(TWO_TERMS)
    life.buys(1, "2026-03-01", id="p")
    life.refunds("p", "2026-03-02")
    life.does("purchase", "2026-03-20")
    life.does("visit", "2026-05-01")

    life.buys(1, "2026-04-10", id="before", received="2026-05-02")
    life.buys(2, "2026-04-25", id="after", received="2026-05-02")

    assert life.left("2026-05-02") == {"after.base": 2}


def test_a_wallet_in_which_nothing_ever_was_counts_from_its_first_unit() -> None:
    life = a_member(TWO_TERMS)
    life.does("visit", "2026-05-01")
    life.does("adjustment", "2026-05-02", wallet="points", points=5)

    assert life.balance("2026-12-31") == 5


def test_a_wallet_kept_by_an_earlier_release_is_taken_for_active_since_ever() -> None:
    life = told(("p", "2026-01-10", 30))
    life.standing.wallets["points"].active_since = 0

    life.buys(1, "2025-01-10", id="late", received="2026-02-01")

    assert life.left("2026-02-01") == {"late.base": 1, "p.base": 30}


def test_what_lapsed_lives_no_more_under_a_version_without_inactivity() -> None:
    never = PROGRAM.replace("mode: inactivity, period: P6M, activity: [purchase]", "mode: never")
    town = a_town(a_program(PROGRAM), a_program(never, version=2, begin="2026-08-01"))
    life = a_member(town)
    life.buys(10, "2026-01-10", id="p")
    life.redeems("mug", "2026-01-11", id="r")
    life.waits("2026-08-02")

    life.does("quiz", "2026-02-01", id="q", received="2026-08-03")
    life.does("redemption_cancelled", "2026-08-04", of="r")

    assert life.left("2026-08-04") == {"q.quiz": 50}
