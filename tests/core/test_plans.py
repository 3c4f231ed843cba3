"""Paid memberships: terms, renewals before the end, cancellations."""

from builders import Life, a_member, shown


def member() -> Life:
    return a_member("""
        plans:
          plus: {period: P1Y, fee: 50}
          monthly: {period: P1M}
          life: {fee: 500}
        """)


def buy(life: Life, plan: str, at: str) -> str | None:
    decision = life.does("plan_purchased", at, plan=plan)
    return decision.reason if decision.result == "rejected" else None


def ends(life: Life, at: str) -> dict[str, str | None]:
    return {slug: shown(end) for slug, end in life.view(at).plans().items()}


def test_a_term_runs_through_its_last_day() -> None:
    life = member()

    assert buy(life, "plus", "2026-03-10 15:00") is None

    assert ends(life, "2026-03-10 15:00") == {"plus": "2027-03-11"}


def test_a_renewal_before_the_end_is_appended() -> None:
    life = member()
    buy(life, "plus", "2026-03-10")

    buy(life, "plus", "2027-03-10")

    assert ends(life, "2027-03-10") == {"plus": "2028-03-11"}
    assert len(life.standing.plans["plus"]) == 1


def test_a_renewal_after_the_end_begins_anew() -> None:
    life = member()
    buy(life, "plus", "2026-03-10")

    buy(life, "plus", "2027-03-11")

    assert ends(life, "2027-03-11") == {"plus": "2028-03-12"}
    assert len(life.standing.plans["plus"]) == 2


def test_months_of_a_term_are_clamped() -> None:
    life = member()

    buy(life, "monthly", "2026-01-31")

    assert ends(life, "2026-01-31") == {"monthly": "2026-03-01"}


def test_a_plan_for_life_is_bought_once() -> None:
    life = member()
    buy(life, "life", "2026-03-10")
    assert ends(life, "2026-03-10") == {"life": None}

    assert buy(life, "life", "2030-03-10") == "already_for_life"


def test_a_cancelled_plan_ends_at_that_instant_and_may_be_bought_again() -> None:
    life = member()
    buy(life, "plus", "2026-03-10")
    buy(life, "life", "2026-03-10")

    for plan in ("plus", "life"):
        assert life.does("plan_cancelled", "2026-05-01 09:00", plan=plan).result == "accepted"
    assert ends(life, "2026-05-01 09:00") == {
        "plus": "2026-05-01 09:00",
        "life": "2026-05-01 09:00",
    }

    assert buy(life, "life", "2026-06-01") is None
    assert buy(life, "plus", "2026-06-01") is None
    assert ends(life, "2026-06-01") == {"plus": "2027-06-02", "life": None}


def test_what_does_not_run_cannot_be_cancelled() -> None:
    life = member()
    assert life.does("plan_cancelled", "2026-03-10", plan="plus").reason == "not_eligible"
    buy(life, "plus", "2026-03-10")
    assert life.does("plan_cancelled", "2027-03-11", plan="plus").reason == "not_eligible"


def test_an_unknown_plan_is_refused() -> None:
    assert buy(member(), "gold", "2026-03-10") == "unknown_plan"
