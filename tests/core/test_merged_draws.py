"""Bad luck of two accounts of one person: counted since the last prize of either."""

from hashlib import sha256

from builders import Life, a_member, a_town
from guerdon.core.decision import DrawEffect

WHEEL = """
    wallets: {points: {}}
    draws:
      wheel:
        activity: spin
        seed: s
        wallet: points
        table: [{id: prize, p: 0.5, fixed: 100}]
        pity: {id: comfort, after: 2, fixed: 1}
    """


def named(low: str, high: str, count: int) -> list[str]:
    """Return ids of activities whose number begins with a digit from one up to another."""
    names = (f"x{k}" for k in range(1_000))
    found = (it for it in names if low <= sha256(f"s|{it}".encode()).hexdigest()[0] < high)
    return [next(found) for _ in range(count)]


WIN, OTHER_WIN = named("0", "8", 2)
MISS, SECOND, THIRD, FOURTH, FIFTH, SIXTH = named("8", "g", 6)


def two(program: str = WHEEL) -> tuple[Life, Life]:
    town = a_town(program)
    return a_member(town), a_member(town, name="bob")


def spins(life: Life, name: str, at: str) -> str:
    decision = life.does("spin", at, id=name)
    (found,) = [each for each in decision.effects if isinstance(each, DrawEffect)]
    return found.result


def merge(bob: Life, at: str = "2026-04-01", into: str = "ana") -> None:
    assert bob.does("member_merged", at, id=f"m-{bob.name}", into=into).result == "accepted"


def test_a_prize_of_the_one_ends_the_bad_luck_of_the_other_before_it() -> None:
    ana, bob = two()
    spins(bob, MISS, "2026-03-02")
    spins(ana, WIN, "2026-03-03")

    merge(bob)

    assert spins(ana, SECOND, "2026-04-02") == "none"
    assert spins(ana, THIRD, "2026-04-03") == "pity"


def test_whichever_of_the_two_is_given_up() -> None:
    ana, bob = two()
    spins(ana, MISS, "2026-03-02")
    spins(bob, WIN, "2026-03-03")

    merge(bob)

    assert spins(ana, SECOND, "2026-04-02") == "none"


def test_misses_after_the_last_prize_add_up_as_they_arrived() -> None:
    ana, bob = two(WHEEL.replace("after: 2", "after: 4"))
    spins(ana, MISS, "2026-03-02")
    spins(ana, SECOND, "2026-03-02")
    spins(bob, WIN, "2026-03-03")
    spins(bob, THIRD, "2026-03-04")
    spins(ana, FOURTH, "2026-03-05")

    merge(bob)

    assert spins(ana, FIFTH, "2026-04-02") == "none", "the third since the prize"
    assert spins(ana, SIXTH, "2026-04-02") == "pity"


def test_a_comfort_is_a_prize_and_a_spent_budget_a_miss() -> None:
    program = WHEEL.replace("after: 2", "after: 3").replace(
        "pity:", "budget: {points: 100, per: day}\n        pity:"
    )
    ana, bob = two(program)
    spins(ana, WIN, "2026-03-02")
    assert spins(bob, OTHER_WIN, "2026-03-02") == "budget"
    spins(ana, MISS, "2026-03-03")

    merge(bob)

    assert spins(ana, SECOND, "2026-04-02") == "pity", "what found no budget, and two misses"

    cleo = a_member(ana.town, name="cleo")
    spins(cleo, THIRD, "2026-03-03")
    merge(cleo)
    assert spins(ana, FOURTH, "2026-04-03") == "none", "the comfort came after what cleo missed"


def test_who_never_played_brings_and_takes_nothing() -> None:
    ana, bob = two()
    spins(bob, MISS, "2026-03-02")

    merge(bob)

    assert spins(ana, SECOND, "2026-04-02") == "pity"


def test_accounts_merged_one_after_the_other_count_together() -> None:
    ana, bob = two(WHEEL.replace("after: 2", "after: 4"))
    cleo = a_member(ana.town, name="cleo")
    for life, name in ((ana, MISS), (bob, SECOND), (cleo, THIRD)):
        spins(life, name, "2026-03-02")

    merge(cleo, "2026-04-01", into="bob")
    merge(bob, "2026-04-02")

    assert spins(ana, FOURTH, "2026-04-03") == "pity"
