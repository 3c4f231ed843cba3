"""How activities arrive in a rehearsal, and how a mismatch is told."""

import pytest

from guerdon.core.activity import Activity
from guerdon.core.decision import Decision
from guerdon.program.memory import Memory
from guerdon.program.rehearse import Report, rehearse, told
from guerdon.program.scenario import load_scenario

PROGRAM = """\
scenario: 1
program:
  id: shop
  timezone: Europe/Berlin
  claim_window: P30D
  money: {unit: EUR, scale: 2}
  wallets: {points: {scale: 0, expiry: {mode: after, period: P1Y}}}
  accept:
    - {activity: purchase, when: {channel: {ne: elsewhere}}, reason: not_here}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: friend, activity: purchase, when: {nth: 1}, to: referrer, wallet: points,
     give: {fixed: 5}}
  counters: {spend: {activity: purchase, sum: net}}
  leaderboards: {top: {counter: spend, ties: shared}}
  rewards: {mug: {wallet: points, cost: 10, stock: 1}, ticket: {wallet: points, cost: 1}}
"""


def play(activities: str, expect: str, program: str = PROGRAM) -> Report:
    scenario = load_scenario(f"{program}activities:\n{activities}\nexpect:\n{expect}\n")
    assert scenario.program is not None, scenario.mistakes
    return rehearse(scenario)


def failures(report: Report) -> str:
    return "\n".join(line for mismatch in report.mismatches for line in told(mismatch))


def holds(activities: str, expect: str, program: str = PROGRAM) -> None:
    report = play(activities, expect, program)
    assert report.is_ok, failures(report)


ENROLLED = """\
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-01-01T09:01:00Z", type: enrollment, member: ben, referrer: ada}
"""


def test_a_repeat_is_a_duplicate_and_other_content_a_conflict() -> None:
    holds(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: a1, at: "2026-01-02T09:00:00Z", received: "2026-01-02T09:05:00Z", type: purchase,
     member: ada, amount: 20}
  - {id: a1, at: "2026-01-02T09:00:00Z", received: "2026-01-02T09:06:00Z", type: purchase,
     member: ada, amount: 21}
""",
        """\
  - {activity: a1, result: accepted}
  - {activity: a1, copy: 2, result: duplicate}
  - {activity: a1, copy: 3, result: conflict, reason: payload_differs}
  - {at: "2026-01-03T00:00:00Z", member: ada, wallets: {points: {spendable: 20}}}
""",
    )


def test_a_rejected_activity_frees_its_ref() -> None:
    holds(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20, ref: R1,
     channel: elsewhere}
  - {id: a2, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20, ref: R1}
  - {id: a3, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20, ref: R1}
  - {id: a4, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20, ref: R1,
     partner: cafe}
""",
        """\
  - {activity: a1, result: rejected, reason: not_here}
  - {activity: a2, result: accepted}
  - {activity: a3, result: duplicate, reason: ref}
  - {activity: a4, result: accepted}
""",
    )


def test_an_unknown_member_is_rejected() -> None:
    holds(
        '  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: zoe, amount: 20}',
        """\
  - {activity: a1, result: rejected, reason: unknown_member}
  - {at: "2026-01-03T00:00:00Z", leaderboard: top, ranks: []}
""",
    )


def test_an_unknown_person_is_enrolled_first_where_the_program_says_so() -> None:
    holds(
        '  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: zoe, amount: 20}',
        """\
  - {activity: a1.enroll, result: accepted}
  - {activity: a1, result: accepted}
  - {at: "2026-01-03T00:00:00Z", member: zoe, wallets: {points: {spendable: 20}}}
""",
        PROGRAM.replace("  claim_window", "  enroll: auto\n  claim_window"),
    )


def test_an_unknown_number_waits_until_it_is_linked_and_keeps_its_date() -> None:
    holds(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, external: {scheme: card, value: 7},
     amount: 20}
  - {id: a2, at: "2026-01-02T09:00:00Z", type: purchase, external: {scheme: card, value: 8},
     amount: 20}
  - {id: a3, at: "2026-01-02T09:00:00Z", type: purchase, external: {scheme: card, value: 9},
     amount: 20}
  - {id: l1, at: "2026-02-01T22:59:59Z", type: identity_linked, member: ada, scheme: card, value: 7}
  - {id: l2, at: "2026-02-01T23:00:00Z", type: identity_linked, member: ada, scheme: card, value: 8}
  - {id: l3, at: "2026-02-02T09:00:00Z", type: identity_linked, member: ben, scheme: card, value: 7}
  - {id: a4, at: "2026-02-03T09:00:00Z", type: purchase, external: {scheme: card, value: 7},
     amount: 1}
""",
        """\
  - {activity: a1, result: accepted}
  - {activity: a2, result: rejected, reason: claim_window}
  - {activity: a3, result: parked, reason: unknown_identity}
  - {activity: l3, result: rejected, reason: identity_taken}
  - at: "2026-02-04T00:00:00Z"
    member: ada
    why: the window of thirty days ends with the day of 1 February in Berlin
    wallets: {points: {spendable: 21}}
    lots:
      points:
        - {from: a1.base, left: 20, expires: "2027-01-02T23:00:00Z"}
        - {from: a4.base, left: 1}
""",
    )


def test_what_an_activity_brings_to_another_member_follows_it_directly() -> None:
    holds(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ben, amount: 20}
  - {id: r1, at: "2026-01-02T09:00:00Z", type: redemption, member: ada, item: ticket}
""",
        """\
  - {activity: r1, result: accepted}
  - {at: "2026-01-02T09:00:00Z", member: ada, wallets: {points: {spendable: 4, earned: 5}}}
""",
    )


def test_the_last_item_goes_to_who_asks_first() -> None:
    holds(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: a2, at: "2026-01-02T09:00:00Z", type: purchase, member: ben, amount: 20}
  - {id: r1, at: "2026-01-03T09:00:00Z", type: redemption, member: ben, item: mug}
  - {id: r2, at: "2026-01-03T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: c1, at: "2026-01-04T09:00:00Z", type: redemption_cancelled, member: ben, of: r1}
  - {id: r3, at: "2026-01-05T09:00:00Z", type: redemption, member: ada, item: mug}
""",
        """\
  - {activity: r1, result: accepted}
  - {activity: r2, result: rejected, reason: out_of_stock}
  - {activity: r3, result: accepted}
  - {at: "2026-01-03T12:00:00Z", stock: {mug: 0}}
  - {at: "2026-01-04T12:00:00Z", stock: {mug: 1}}
  - {at: "2026-01-05T12:00:00Z", stock: {mug: 0}}
""",
    )


def test_members_with_equal_values_share_a_rank() -> None:
    holds(
        ENROLLED
        + """\
  - {id: e3, at: "2026-01-01T09:02:00Z", type: enrollment, member: cyd}
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ben, amount: 20}
  - {id: a2, at: "2026-01-02T10:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: a3, at: "2026-01-02T11:00:00Z", type: purchase, member: cyd, amount: 10}
""",
        """\
  - at: "2026-01-03T00:00:00Z"
    leaderboard: top
    ranks: [[1, ben, 20], [1, ada, 20], [3, cyd, 10]]
""",
    )


def test_a_raffle_can_be_drawn_again_by_anybody() -> None:
    holds(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: a2, at: "2026-01-02T09:00:00Z", type: purchase, member: ben, amount: 20}
  - {id: r1, at: "2026-01-03T09:00:00Z", type: redemption, member: ada, item: ticket, qty: 3}
  - {id: r2, at: "2026-01-03T09:00:00Z", type: redemption, member: ben, item: ticket}
  - {id: w1, at: "2026-01-04T09:00:00Z", type: raffle, item: ticket, winners: 2, seed: s}
  - {id: w2, at: "2026-01-04T09:00:00Z", type: raffle, item: tiket, winners: 2, seed: s}
""",
        # By sha256sum of "s|<entry>": r1#2 0d21..., r1#3 2794..., r2#1 5850..., r1#1 98c3...; ada
        # wins once.
        """\
  - {activity: w2, result: rejected, reason: unknown_reward}
  - {at: "2026-01-05T00:00:00Z", raffle: {w1: [["r1#2", ada], ["r2#1", ben]]}}
""",
    )


def test_a_mismatch_names_line_expected_found_and_what_led_there() -> None:
    report = play(
        ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20}
""",
        """\
  - at: "2026-01-03T00:00:00Z"
    member: ada
    why: one point a euro
    wallets:
      points: {spendable: 21}
""",
    )
    (mismatch,) = report.mismatches
    assert mismatch.line == 27
    lines = list(told(mismatch))
    assert lines[0] == "line 27, 2026-01-03T00:00:00Z: ada.wallets.points.spendable"
    assert lines[1:3] == ["  expected 21, found 20", "  because one point a euro"]
    assert lines[-1].startswith("  - 2026-01-02 10:00:00+01:00 a1: +20 Points")


def test_an_id_that_never_arrived_is_told() -> None:
    (mismatch,) = play("", "  - {activity: a9, result: accepted}").mismatches
    assert (mismatch.expected, mismatch.found) == ("accepted", "no such activity")


def test_a_scenario_with_mistakes_is_not_played() -> None:
    scenario = load_scenario("program: {id: x}\nactivities: [{id: a1}]")
    with pytest.raises(ValueError, match="has mistakes"):
        rehearse(scenario)


def test_what_guerdon_itself_cannot_decide_fails_alone_and_is_told() -> None:
    class Breaking(Memory):
        def decide(self, activity: Activity) -> Decision:
            if activity.id == "a1":
                raise ZeroDivisionError("broken on purpose")
            return super().decide(activity)

    scenario = load_scenario(
        PROGRAM
        + "activities:\n"
        + ENROLLED
        + """\
  - {id: a1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: a2, at: "2026-01-03T09:00:00Z", type: purchase, member: ada, amount: 7}
expect:
  - {at: "2026-01-04T00:00:00Z", member: ada, wallets: {points: {spendable: 7}}}
"""
    )
    report = rehearse(scenario, Breaking)
    (mismatch,) = report.mismatches
    assert mismatch.about == "a1"
    assert mismatch.found == "a bug in guerdon: ZeroDivisionError('broken on purpose')"
