"""What the paper says of waiting units, limits, leaderboards and missions by window.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_what_waits_longer_than_it_lives_is_gone_before_it_can_be_spent() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: after, period: P10D}}, slow: {expiry: {mode: inactivity,
    period: P10D, activity: [visit]}}}
  rules:
    - {id: late, activity: purchase, wallet: points, give: {rate: 1}, pending: {for: P14D}}
    - {id: just, activity: purchase, wallet: points, give: {fixed: 3}, pending: {for: P10D}}
    - {id: slow, activity: purchase, wallet: slow, give: {fixed: 5}, pending: {until: confirmed}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-03-01T09:30:00Z", type: visit, member: ada}
  - {id: p1, at: "2026-03-01T10:00:00Z", type: purchase, member: ada, amount: 8}
  - {id: a1, at: "2026-03-02T09:00:00Z", type: adjustment, member: ada, wallet: points, points: -2}
  - {id: r1, at: "2026-03-20T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: c1, at: "2026-03-21T09:00:00Z", type: confirmation, member: ada, of: p1}
expect:
  - {at: "2026-03-10T23:59:59Z", member: ada, wallets: {points: {pending: 11, spendable: 0,
     debt: 2, earned: 11}}}
  - {at: "2026-03-11T00:00:00Z", member: ada, wallets: {points: {pending: 8, spendable: 1,
     debt: 0}}}
  - {at: "2026-03-11T23:59:59Z", member: ada, wallets: {points: {pending: 8, spendable: 1},
     slow: {pending: 5}}}
  - {at: "2026-03-12T00:00:00Z", member: ada, wallets: {points: {pending: 0, spendable: 0,
     expired: 9, earned: 11}, slow: {pending: 0, expired: 5}}, lots: {points: [], slow: []}}
  - {at: "2026-03-20T12:00:00Z", member: ada, wallets: {points: {expired: 0, earned: 0, debt: 2},
     slow: {expired: 0, earned: 0}}}
  - {at: "2026-03-21T12:00:00Z", member: ada, wallets: {points: {expired: 0, spendable: 0,
     debt: 2}, slow: {spendable: 0}}}
""")


def test_a_limit_of_points_gives_what_is_left_of_it_in_a_week_that_begins_late() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: America/Sao_Paulo
  day_start: "04:00"
  money: {unit: BRL, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}, limit: {points: 10,
       per: week}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T07:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: p3, at: "2026-03-03T10:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1, amount: 4}
  - {id: r2, at: "2026-03-04T10:00:00Z", type: refund, member: ada, of: p2, amount: 3}
  - {id: p4, at: "2026-03-09T06:59:59Z", type: purchase, member: ada, amount: 9}
  - {id: p5, at: "2026-03-09T07:00:00Z", type: purchase, member: ada, amount: 12}
  - {id: p6, at: "2026-03-02T06:59:59Z", received: "2026-03-10T09:00:00Z", type: purchase,
     member: ada, amount: 11}
expect:
  - {at: "2026-03-03T09:30:00Z", member: ada, wallets: {points: {earned: 10}}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {earned: 10}}}
  - {at: "2026-03-04T09:30:00Z", member: ada, wallets: {points: {earned: 6}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {earned: 6}}}
  - {at: "2026-03-09T06:59:59Z", member: ada, wallets: {points: {earned: 10}}}
  - {at: "2026-03-09T12:00:00Z", member: ada, wallets: {points: {earned: 20}}}
  - {at: "2026-03-10T12:00:00Z", member: ada, wallets: {points: {earned: 30}}}
""")


def test_leaderboards_of_rolling_windows_and_of_spans_lose_what_leaves_them() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {}}
  rules: [{id: base, activity: x, wallet: points, give: {unit: km, points: 1}}]
  counters:
    n: {activity: x, window: {rolling: P2D}}
    km: {activity: x, sum: km, window: lifetime}
    got: {sum: "points:points:base,bonus", window: week}
  leaderboards:
    now: {counter: n, ties: shared}
    spring: {counter: km, window: {from: "2026-03-01T12:00:00Z", to: "2026-03-02T12:00:00Z"},
      ties: earliest, eligible: {member.team: {ne: blue}}}
    days: {counter: km, window: day, asof: "2026-03-02T00:00:00Z",
      eligible: {member.team: {ne: red}}}
    got: {counter: got, window: week, ties: earliest}
    then: {counter: n, ties: earliest, asof: "2026-03-03T09:00:00Z"}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T08:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-03-01T08:00:00Z", type: enrollment, member: cyd, attrs: {team: red}}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: x, member: ada, km: 5}
  - {id: a2, at: "2026-03-02T09:00:00Z", type: x, member: ada, km: 2.5}
  - {id: b1, at: "2026-03-02T10:00:00Z", type: x, member: bob, km: 2.5}
  - {id: c1, at: "2026-03-02T11:59:59Z", type: x, member: cyd, km: 7}
  - {id: b2, at: "2026-03-02T12:00:00Z", type: x, member: bob, km: 4}
  - {id: i1, at: "2026-03-03T10:00:00Z", type: ineligible, member: ada, of: a2}
  - {id: u1, at: "2026-03-03T11:00:00Z", type: member_updated, member: cyd, attrs: {team: blue}}
expect:
  - {at: "2026-03-02T13:00:00Z", leaderboard: now, ranks: [[1, ada, 2], [1, bob, 2], [3, cyd, 1]]}
  - {at: "2026-03-02T13:00:00Z", leaderboard: spring, ranks: [[1, cyd, 7], [2, ada, 2.5], [3, bob,
     2.5]]}
  - {at: "2026-03-02T13:00:00Z", leaderboard: days, ranks: [[1, bob, 6.5], [2, ada, 2.5]]}
  - {at: "2026-03-02T13:00:00Z", leaderboard: got, ranks: [[1, cyd, 7], [2, bob, 6], [3, ada, 2]]}
  - {at: "2026-03-03T08:59:59Z", leaderboard: now, ranks: [[1, ada, 2], [1, bob, 2], [3, cyd, 1]]}
  - {at: "2026-03-03T09:00:00Z", leaderboard: now, ranks: [[1, bob, 2], [2, ada, 1], [2, cyd, 1]]}
  - {at: "2026-03-03T10:00:00Z", leaderboard: now, ranks: [[1, bob, 2], [2, cyd, 1]]}
  - {at: "2026-03-03T10:00:00Z", leaderboard: spring, ranks: [[1, cyd, 7], [2, bob, 2.5]]}
  - {at: "2026-03-03T12:00:00Z", leaderboard: spring, ranks: [[1, bob, 2.5]]}
  - {at: "2026-03-03T12:00:00Z", leaderboard: days, ranks: [[1, cyd, 7], [2, bob, 6.5]]}
  - {at: "2026-03-04T10:00:00Z", leaderboard: now, ranks: [[1, cyd, 1], [1, bob, 1]]}
  - {at: "2026-03-04T11:59:59Z", leaderboard: now, ranks: [[1, bob, 1]]}
  - {at: "2026-03-04T12:00:00Z", leaderboard: now, ranks: []}
  - {at: "2026-03-09T00:00:00Z", leaderboard: got, ranks: []}
  - {at: "2026-03-09T00:00:00Z", leaderboard: then, ranks: [[1, bob, 2], [2, cyd, 1]]}
""")


def test_a_mission_over_a_rolling_window_is_reached_by_what_is_in_it_at_one_moment() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  wallets: {points: {}}
  missions:
    three: {activity: run, goal: 3, window: {rolling: P3D}, grant: [{wallet: points, fixed: 5}]}
    week: {activity: run, once_per: day, goal: 2, window: week, grant: [{wallet: points,
      fixed: 7}]}
    once: {activity: run, sum: km, goal: 10.5, window: {from: "2026-03-09T00:00:00+01:00",
      to: "2026-03-10T00:00:00+01:00"}, late: P1D, reverse: true, grant: [{wallet: points,
      fixed: 100}]}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: a1, at: "2026-03-06T09:00:00Z", type: run, member: ada, km: 1}
  - {id: a2, at: "2026-03-08T22:59:59Z", type: run, member: ada, km: 1}
  - {id: a3, at: "2026-03-09T09:00:00Z", type: run, member: ada, km: 5}
  - {id: a4, at: "2026-03-09T22:59:59Z", received: "2026-03-10T22:59:59Z", type: run, member: ada,
     km: 5.5}
  - {id: a5, at: "2026-03-09T22:00:00Z", received: "2026-03-10T23:00:00Z", type: run, member: ada,
     km: 50}
  - {id: i1, at: "2026-03-11T09:00:00Z", type: ineligible, member: ada, of: a3}
expect:
  - {at: "2026-03-08T23:00:00Z", member: ada, missions: {three: {state: active, progress: 2},
     week: {state: completed, progress: 2}}, wallets: {points: {spendable: 7}}}
  - {at: "2026-03-09T09:00:00Z", member: ada, missions: {three: {state: active, progress: 2},
     once: {state: active, progress: 5}}}
  - {at: "2026-03-10T22:30:00Z", member: ada, missions: {once: {state: expired, progress: 5}}}
  - {at: "2026-03-10T22:59:59Z", member: ada, missions: {three: {state: completed, progress: 3},
     once: {state: completed, progress: 10.5}}, wallets: {points: {spendable: 112}}}
  - {at: "2026-03-10T23:30:00Z", member: ada, missions: {three: {state: completed, progress: 4},
     once: {state: completed, progress: 10.5}}}
  - {at: "2026-03-11T12:00:00Z", member: ada, missions: {once: {state: expired, progress: 5.5}},
     wallets: {points: {spendable: 12}}}
""")
