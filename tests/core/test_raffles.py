from builders import a_program, a_town, an_activity
from guerdon.core.raffles import Ticket, winners

# printf 's|r1#2' | sha256sum and so on: r1#2 0d21..., r1#3 2794..., r2#1 5850..., r1#1 98c3...
TICKETS = [Ticket("r1", "ada", 3), Ticket("r2", "ben", 1)]


def test_entries_win_in_the_order_of_their_hashes_and_a_member_once() -> None:
    assert winners("s", TICKETS, 2) == [("r1#2", "ada"), ("r2#1", "ben")]


def test_there_are_no_more_winners_than_members_or_places() -> None:
    assert winners("s", TICKETS, 1) == [("r1#2", "ada")]
    assert len(winners("s", TICKETS, 9)) == 2
    assert winners("s", [], 3) == []


def test_the_order_of_tickets_changes_nothing() -> None:
    assert winners("s", TICKETS[::-1], 2) == winners("s", TICKETS, 2)


def test_a_raffle_of_a_reward_that_was_never_there_is_refused() -> None:
    rewards = "wallets: {points: {}}\nrewards: {ticket: {wallet: points, cost: 1}}"
    town = a_town(
        a_program(rewards), a_program("wallets: {points: {}}", version=2, begin="2026-06-01")
    )

    def drawn(item: str, at: str) -> str | None:
        raffle = an_activity("raffle", at, id=f"{item} {at}", member=None, item=item, seed="s")
        return town.decide(raffle).reason

    assert drawn("ticket", "2026-03-01") is None
    assert drawn("ticket", "2026-07-01") is None, "what was sold before may still be drawn for"
    assert drawn("tiket", "2026-07-01") == "unknown_reward"
