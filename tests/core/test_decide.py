"""What one activity means: who is refused, in which order things happen, and what never changes."""

import json

import pytest

from builders import Life, Town, a_line, a_member, a_program, a_town, an_activity, instant
from guerdon.core.activity import OWN_TYPES, Activity
from guerdon.core.decide import decide, prefetch
from guerdon.core.decision import Claim, Given, Needed
from guerdon.core.errors import GuerdonError, ProgramMistake, Rejected
from guerdon.core.plain import decision_to_plain, standing_to_plain
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import PageRef, Standing

BASIC = """
    wallets: {points: {}}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
    """


def outcome(life: Life, kind: str, at: str, **fields: str) -> tuple[str, str | None]:
    decision = life.does(kind, at, **fields)
    return decision.result, decision.reason


class TestWhoIsRefused:
    def test_nobody_is_known_before_they_enrolled(self) -> None:
        ghost = Life(a_town(BASIC), "ghost")

        assert outcome(ghost, "purchase", "2026-03-02") == ("rejected", "unknown_member")

    def test_who_is_enrolled_cannot_enroll_again(self) -> None:
        life = a_member(BASIC)

        assert outcome(life, "enrollment", "2026-03-02") == ("rejected", "already_enrolled")

    def test_what_is_too_old_on_arrival_is_refused(self) -> None:
        """`max_age` is over when the business day of `at` plus the period is over."""
        life = a_member(f"{BASIC}\n    max_age: P10D")

        late = {"received": "2026-03-12 23:59:59"}
        assert outcome(life, "purchase", "2026-03-02 09:00", **late) == ("accepted", None)
        too_late = {"received": "2026-03-13"}
        assert outcome(life, "purchase", "2026-03-02 09:00", **too_late) == ("rejected", "too_old")
        assert outcome(life, "enrollment", "2026-03-02", **too_late) == ("rejected", "too_old")

    def test_too_old_comes_before_unknown_member(self) -> None:
        ghost = Life(a_town(f"{BASIC}\n    max_age: P10D"), "ghost")

        assert outcome(ghost, "purchase", "2026-03-02", received="2027-03-13")[1] == "too_old"

    def test_what_concerns_the_whole_program_needs_no_member(self) -> None:
        town = a_town(BASIC)

        for kind in ("estimate", "clock"):
            decision = town.decide(an_activity(kind, member=None, id=kind, redemption_rate="0.9"))
            assert decision.result == "accepted"

    def test_an_activity_that_the_program_does_not_accept_counts_for_nothing(self) -> None:
        life = a_member(f"""{BASIC}
    counters: {{orders: {{activity: purchase}}}}
    accept:
      - {{activity: purchase, when: {{shop: ours}}, reason: other_shop}}
      - {{activity: purchase, when: {{net: {{gte: 5}}}}, reason: too_small}}
    """)

        assert outcome(life, "purchase", "2026-03-02", shop="theirs") == ("rejected", "other_shop")
        assert life.buys(4, "2026-03-02", shop="ours").reason == "too_small"
        assert life.buys(5, "2026-03-02", shop="ours").result == "accepted"
        assert life.counter("2026-03-03", "orders") == 1
        assert life.standing.counts["purchase"] == 1

    def test_a_refusal_leaves_no_trace_but_time(self) -> None:
        life = a_member("""
    wallets: {points: {expiry: {mode: after, period: P1M}}}
    rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
    rewards: {mug: {wallet: points, cost: 1, voucher: {valid: P1M}}}
    """)
        life.buys(5, "2026-03-02")

        decision = life.redeems("mug", "2026-04-03")  # all of it expired on the day

        assert decision.reason == "insufficient_points"
        assert life.wallet("2026-04-03").expired == 5
        assert decision.record is None
        assert life.vouchers("2026-04-03") == {}


class TestOrder:
    def test_what_an_activity_says_follows_in_order(self) -> None:
        """Rules, history and counters, draws, ladders, missions, badges."""
        life = a_member("""
            wallets: {points: {}}
            counters: {orders: {activity: purchase}}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
            draws: {wheel: {activity: purchase, seed: s, wallet: points,
                            table: [{id: all, p: 1, fixed: 2}]}}
            ladders: {status: {counter: orders, keep: {},
                               tiers: [{id: basic, at: 0}, {id: gold, at: 1}]}}
            missions: {m: {counter: orders, goal: 1}}
            badges: {b: {counter: orders, at: 1}}
            """)

        decision = life.buys(1, "2026-03-02")

        assert [effect.tag for effect in decision.effects] == [
            "points",
            "draw",
            "points",
            "tier",
            "mission",
            "badge",
        ]

    def test_a_tick_does_nothing_but_settle(self) -> None:
        life = a_member("""
            wallets: {points: {expiry: {mode: after, period: P1M}}}
            counters: {ticks: {activity: tick}}
            rules: [{id: base, activity: [purchase, tick], wallet: points, give: {fixed: 1}}]
            """)
        life.buys(1, "2026-03-02")

        decision = life.does("tick", "2026-04-03")

        assert [effect.tag for effect in decision.effects] == ["points"]
        assert life.wallet("2026-04-03").expired == 1
        assert life.counter("2026-04-03", "ticks") == 0
        assert life.balance("2026-04-03") == 0

    def test_time_never_goes_back(self) -> None:
        life = a_member(BASIC)
        life.waits("2026-06-01")

        life.buys(1, "2026-03-02", received="2026-03-03")

        assert life.standing.settled_at == instant("2026-06-01")
        assert life.balance("2026-06-01") == 1


class TestPurity:
    def test_the_same_arguments_give_the_same_decision_and_none_is_changed(self) -> None:
        rulebook = Rulebook([a_program(BASIC)])
        standing = Standing("ana", status="active", enrolled_at=instant("2026-01-01"))
        activity = an_activity(amount=10, vouchers=None)
        before = json.dumps(standing_to_plain(standing))

        first, second = (decide(rulebook, standing, activity) for _ in range(2))

        assert decision_to_plain(first) == decision_to_plain(second)
        assert standing_to_plain(first.standing) == standing_to_plain(second.standing)
        assert json.dumps(standing_to_plain(standing)) == before
        assert first.standing is not standing

    def test_what_is_needed_is_asked_for_and_told_apart(self) -> None:
        rulebook = Rulebook([a_program(BASIC)])
        standing = Standing("ana", status="active", enrolled_at=instant("2026-01-01"))
        refund = an_activity("refund", of="p")

        with pytest.raises(Needed) as raised:
            decide(rulebook, standing, refund)

        assert raised.value.pages == (PageRef("record", "one", "service/p"),)
        assert prefetch(rulebook, standing, refund).pages == raised.value.pages
        assert prefetch(rulebook, standing, an_activity()).pages == ()
        nothing = Given(entries={("record", "service/p"): None})
        assert decide(rulebook, standing, refund, nothing).reason == "unknown_original"

    def test_a_claim_is_asked_for_before_anything_is_decided_on_it(self) -> None:
        rulebook = Rulebook([a_program("name: Shop")])
        activity = an_activity("enrollment", referrer="bob")

        with pytest.raises(Needed) as raised:
            decide(rulebook, Standing("ana"), activity)

        assert raised.value.claims == (Claim("member", "bob", 1, peek=True),)
        assert "decide needs" in str(raised.value)


class TestMembers:
    def test_an_update_sets_and_removes_attributes(self) -> None:
        life = a_member(BASIC, city="Rome")

        life.does("member_updated", "2026-03-02", attrs__city=None, attrs__club="gold", note="x")

        assert life.standing.attrs == {"club": "gold"}

    def test_an_update_may_bring_a_member_onto_a_leaderboard_or_off_it(self) -> None:
        life = a_member("""
            counters: {orders: {activity: purchase}, spring: {activity: purchase,
              window: {from: "2026-03-01T00:00:00Z", to: "2026-06-01T00:00:00Z"}}}
            leaderboards:
              all: {counter: orders, window: lifetime}
              fair: {counter: orders, window: calendar_month, eligible: {member.club: gold}}
              past: {counter: spring, eligible: {member.club: gold},
                     window: {from: "2026-03-01T00:00:00Z", to: "2026-06-01T00:00:00Z"}}
            """)
        decision = life.does("purchase", "2026-03-02")
        assert {s.leaderboard: s.eligible for s in decision.scores} == {
            "all": True,
            "fair": False,
            "past": False,
        }

        decision = life.does("member_updated", "2026-03-03", attrs__club="gold")
        assert {s.leaderboard: (s.value, s.eligible) for s in decision.scores} == {
            "fair": (1, True),
            "past": (1, True),
        }
        spring = next(s for s in decision.scores if s.leaderboard == "past")
        assert (spring.period, spring.ends) == (instant("2026-03-01"), instant("2026-06-01"))

        decision = life.does("member_updated", "2026-07-01", attrs__club="none")
        assert {s.leaderboard: s.eligible for s in decision.scores} == {
            "fair": False,
            "past": False,
        }

    def test_a_value_that_is_not_above_nothing_is_not_shown(self) -> None:
        life = a_member("""
            counters: {orders: {activity: purchase}}
            leaderboards: {all: {counter: orders, window: lifetime}}
            """)
        life.buys(5, "2026-03-02", id="p")

        (score,) = life.refunds("p", "2026-03-03").scores

        assert (score.value, score.eligible) == (0, False)

    def test_a_link_is_an_activity_that_changes_nothing_here(self) -> None:
        life = a_member(BASIC)

        assert outcome(life, "identity_linked", "2026-03-02", scheme="card", value="1")[0] == (
            "accepted"
        )
        assert life.standing.counts["identity_linked"] == 1


class TestActivities:
    def test_a_key_names_reporter_and_id(self) -> None:
        assert an_activity(reporter="partner:cafe", id="x").key == "partner:cafe/x"

    def test_types_of_their_own_earn_nothing_but_may_be_counted(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: any, activity: [redemption, visit], wallet: points, give: {fixed: 1}}]
            counters: {gifts: {activity: redemption, when: {item: mug}}}
            rewards: {mug: {wallet: points, cost: 1}, cup: {wallet: points, cost: 1}}
            """)
        life.does("visit", "2026-03-02")
        life.does("visit", "2026-03-02")

        life.redeems("mug", "2026-03-03")
        life.redeems("cup", "2026-03-03")

        assert life.balance("2026-03-03") == 0
        assert life.counter("2026-03-03", "gifts") == 1
        assert "redemption" in OWN_TYPES

    def test_conditions_of_a_later_version_are_kept_for_what_happened_before_it(self) -> None:
        """Rules follow the version at the activity's own time, counters the one in force now."""
        old = a_program("counters: {c: {activity: purchase}}")
        new = a_program(
            "counters: {c: {activity: purchase}, d: {activity: purchase, when: {nth: {gte: 2}}}}",
            version=2,
            begin="2026-03-10",
        )
        life = a_member(a_town(old, new))
        life.buys(1, "2026-03-09", received="2026-03-11")
        life.buys(1, "2026-03-12")

        assert life.counter("2026-03-12", "c") == 2
        assert life.counter("2026-03-12", "d") == 1


class TestRulebooks:
    def test_a_rulebook_needs_a_version(self) -> None:
        with pytest.raises(ProgramMistake, match="at least one version"):
            Rulebook([])

    def test_the_version_in_force_is_the_last_that_began(self) -> None:
        versions = [
            a_program("name: A"),
            a_program("name: B", version=2, begin="2026-03-01"),
            a_program("name: C", version=3, begin="2026-05-01"),
        ]
        rulebook = Rulebook(list(reversed(versions)))

        names = [
            rulebook.at(instant(each)).program.name
            for each in ("1960-01-01", "2026-02-28 23:59:59", "2026-03-01", "2026-05-01")
        ]
        assert names == ["A", "A", "B", "C"]
        assert rulebook.next_begin(instant("2026-03-01")) == instant("2026-05-01")
        assert rulebook.next_begin(instant("2026-05-01")) is None

    def test_it_knows_to_which_types_a_version_listens(self) -> None:
        version = Rulebook(
            [
                a_program("""
            wallets:
              points: {extend: {activity: [walk], through_month: P1M}}
              idle:
                expiry:
                  by_tier:
                    ladder: status
                    tiers: {gold: {mode: inactivity, period: P1M, activity: [nap]}}
                    else: {mode: never}
            rules: [{id: r, activity: buy, wallet: points, give: {fixed: 1}}]
            accept: [{activity: look, when: {a: b}, reason: no}]
            counters: {c: {activity: run}}
            ladders:
              status: {counter: c, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}
            missions: {m: {activity: swim, goal: 1}}
            draws: {d: {activity: spin, seed: s, wallet: points, table: [{id: x, p: 1, fixed: 1}]}}
            """)
            ]
        ).versions[0]

        assert version.listened == {"walk", "nap", "buy", "look", "run", "swim", "spin"}

    def test_two_readings_of_one_counter_have_names_of_their_own(self) -> None:
        version = Rulebook(
            [
                a_program("""
            counters: {c: {activity: run, window: lifetime}}
            leaderboards:
              one: {counter: c, window: {rolling: P1M}}
              two: {counter: c, window: {from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z"}}
              three: {counter: c, window: lifetime}
            """)
            ]
        ).versions[0]

        assert len(version.readings) == 3
        assert version.reading_of("c", version.program.counters["c"].window).id == "c"


def test_the_tree_of_errors_has_codes() -> None:
    assert (GuerdonError.code, Rejected.code, Needed.code, ProgramMistake.code) == (
        "REFUSED",
        "REJECTED",
        "NEEDED",
        "PROGRAM_MISTAKE",
    )
    assert str(Rejected("limit", rule="x")) == "limit"


@pytest.fixture
def crowd() -> Town:
    return a_town(BASIC)


def test_members_do_not_share_what_is_their_own(crowd: Town) -> None:
    ana, bob = a_member(crowd), a_member(crowd, name="bob")

    ana.buys(10, "2026-03-02", id="same")
    bob.does("purchase", "2026-03-02", id="other", lines=[a_line(7)])

    assert (ana.balance("2026-03-02"), bob.balance("2026-03-02")) == (10, 7)


def test_an_activity_is_a_value() -> None:
    one, other = an_activity(amount=5), an_activity(amount=5)

    assert one == other
    assert isinstance(one, Activity)
