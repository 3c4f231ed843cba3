"""What the paper says of levels, milestones, multipliers and merged accounts, one program a story.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_levels_over_points_and_milestones_of_each_day_bring_what_they_say_once() -> None:
    both_meet("""\
scenario: 1
program:
  id: game
  timezone: UTC
  wallets: {xp: {}, gems: {}}
  rules: [{id: play, activity: play, wallet: xp, give: {unit: score, points: 0.1,
    round: half_even, max: 50}}]
  counters:
    xp: {sum: "points:xp:play,gift"}
    won: {activity: play, when: {won: true}, window: day}
    run: {activity: play, streak: day, window: calendar_month}
  ladders:
    level: {counter: xp, tiers: [{id: one, at: 0, on_enter: [{wallet: gems, fixed: 1}]}, {id: two,
      at: 10, on_enter: [{wallet: xp, fixed: 3, as: gift}, {wallet: gems, fixed: 2,
      expiry: {mode: after, period: P1D}}]}, {id: three, at: 15, on_enter: [{wallet: gems,
      fixed: 4, pending: {for: P1D}}]}], on_refund: recheck}
    daily: {counter: won, window: day, tiers: [{id: bronze, at: 1, on_enter: [{wallet: gems,
      fixed: 10, per: day}]}, {id: silver, at: 2, on_enter: [{wallet: gems, fixed: 20,
      per: week}]}], keep: {until: end_of_window}}
  badges:
    hot: {counter: run, at: 3, grant: [{wallet: gems, fixed: 100}]}
    third: {ladder: level, tier: three}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: play, member: ada, score: 105, won: true}
  - {id: a2, at: "2026-03-01T10:00:00Z", type: play, member: ada, score: 25, won: "true"}
  - {id: a3, at: "2026-03-02T00:00:00Z", type: play, member: ada, score: 4.9, won: yes}
  - {id: a4, at: "2026-03-03T10:00:00Z", type: play, member: ada, score: 9999, won: true}
  - {id: i4, at: "2026-03-04T10:00:00Z", type: ineligible, member: ada, of: a4}
  - {id: a5, at: "2026-03-03T23:59:59Z", received: "2026-03-04T11:00:00Z", type: play,
     member: ada, score: 15, won: true}
  - {id: a6, at: "2026-03-04T12:00:00Z", type: play, member: ada, won: false}
expect:
  - {at: "2026-03-01T08:00:00Z", member: ada, wallets: {gems: {spendable: 1}},
     ladders: {level: {tier: one}, daily: {tier: null}}}
  - {at: "2026-03-01T09:30:00Z", member: ada, wallets: {xp: {spendable: 13},
     gems: {spendable: 13}}, counters: {xp: 13, won: 1, run: 1}, ladders: {level: {tier: two,
     until: null}, daily: {tier: bronze, until: "2026-03-02T00:00:00Z"}}}
  - {at: "2026-03-01T10:30:00Z", member: ada, wallets: {xp: {spendable: 15}, gems: {spendable: 33,
     pending: 4}}, badges: {third: 2026-03-01}, ladders: {level: {tier: three},
     daily: {tier: silver}}}
  - {at: "2026-03-02T00:00:00Z", member: ada, wallets: {xp: {spendable: 15}, gems: {spendable: 37,
     pending: 0}}, counters: {won: 0, run: 2}, ladders: {daily: {tier: null, until: null,
     since: "2026-03-02T00:00:00Z"}}}
  - {at: "2026-03-03T00:00:00Z", member: ada, wallets: {gems: {spendable: 35, expired: 2}}}
  - {at: "2026-03-03T10:30:00Z", member: ada, wallets: {xp: {spendable: 65},
     gems: {spendable: 145}}, badges: {third: 2026-03-01, hot: 2026-03-03}, counters: {run: 3,
     won: 1}}
  - {at: "2026-03-04T10:30:00Z", member: ada, wallets: {xp: {spendable: 15, debt: 0},
     gems: {spendable: 145}}, counters: {run: 2, xp: 15}, badges: {third: 2026-03-01,
     hot: 2026-03-03}}
  - {at: "2026-03-04T11:30:00Z", member: ada, wallets: {xp: {spendable: 17},
     gems: {spendable: 145}}, counters: {run: 3, won: 0}}
  - {at: "2026-03-04T12:30:00Z", member: ada, wallets: {xp: {spendable: 17}}, counters: {run: 4}}
""")


def test_a_ladder_may_read_a_counter_over_another_window_and_what_it_multiplies_follows() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: America/New_York
  money: {unit: USD, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net}, nights: {activity: stay, sum: nights,
    window: lifetime}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {step: 10, points: 1.5, round: half_up}}
    - {id: elite, activity: purchase, wallet: points, give: {of: [base], times: 0.25,
       round: ceil}, when: {status: [mid, top]}}
    - {id: more, activity: purchase, wallet: points, by_tier: {ladder: life,
       tiers: {l1: {fixed: 100}, l2: {rate: 2, max: 150}}}, lines: {brand: {exists: true}}}
  ladders:
    status: {counter: spend, window: calendar_year, tiers: [{id: low, at: 0}, {id: mid,
      at: 100.50}, {id: top, at: 500}], keep: {until: end_of_next_year}}
    life: {counter: nights, tiers: [{id: l1, at: 1.5}, {id: l2, at: 3}]}
activities:
  - {id: e1, at: "2026-01-01T12:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-01T04:59:59Z", received: "2026-01-01T13:00:00Z", type: purchase,
     member: ada, amount: 60}
  - {id: p2, at: "2026-01-01T14:00:00Z", type: purchase, member: ada, amount: 100.49, brand: x}
  - {id: s1, at: "2026-01-02T14:00:00Z", type: stay, member: ada, nights: 1.4}
  - {id: p3, at: "2026-01-03T14:00:00Z", type: purchase, member: ada, amount: 0.01, brand: x}
  - {id: s2, at: "2026-01-04T14:00:00Z", type: stay, member: ada, nights: 0.1}
  - {id: p4, at: "2026-01-05T14:00:00Z", type: purchase, member: ada, lines: [{amount: 30},
     {brand: y, amount: 9.99}]}
  - {id: s3, at: "2026-01-06T14:00:00Z", type: stay, member: ada, nights: 1.5}
  - {id: p5, at: "2026-01-07T14:00:00Z", type: purchase, member: ada, lines: [{amount: 30},
     {brand: y, amount: 80}]}
  - {id: r5, at: "2026-02-07T14:00:00Z", type: refund, member: ada, of: p5, lines: [{brand: y,
     amount: 10}]}
  - {id: p6, at: "2027-12-31T14:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: p7, at: "2028-01-01T05:00:00Z", type: purchase, member: ada, amount: 10}
expect:
  - {at: "2026-01-01T13:30:00Z", member: ada, wallets: {points: {earned: 9}},
     ladders: {status: {tier: low}, life: {tier: null}}}
  - {at: "2026-01-01T14:30:00Z", member: ada, wallets: {points: {earned: 24}},
     ladders: {status: {tier: low}}}
  - {at: "2026-01-03T14:30:00Z", member: ada, wallets: {points: {earned: 24}},
     ladders: {status: {tier: mid, until: "2028-01-01T00:00:00-05:00"}, life: {tier: null}}}
  - {at: "2026-01-05T14:30:00Z", member: ada, wallets: {points: {earned: 131}},
     ladders: {life: {tier: l1, until: null}}}
  - {at: "2026-01-07T14:30:00Z", member: ada, wallets: {points: {earned: 303}},
     counters: {spend: 310.49}}
  - {at: "2026-02-07T14:30:00Z", member: ada, wallets: {points: {earned: 290}}}
  - {at: "2027-12-31T14:30:00Z", member: ada, wallets: {points: {earned: 293}},
     ladders: {status: {tier: mid}}}
  - {at: "2028-01-01T05:00:00Z", member: ada, wallets: {points: {earned: 295}},
     ladders: {status: {tier: low, since: "2028-01-01T00:00:00-05:00"}}}
""")


def test_two_accounts_become_one_with_their_transfers_plans_limits_and_running_totals() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, gifts: {scale: 2, transfer_to: points}}
  plans: {plus: {period: P1M}}
  counters: {kinds: {activity: purchase, distinct: category}, spend: {activity: purchase,
    sum: net, window: calendar_month}, days: {activity: purchase, streak: day}}
  rules:
    - {id: carry, activity: purchase, wallet: points, give: {step: 10, points: 1,
       remainder: carry}}
    - {id: week, activity: purchase, wallet: points, give: {fixed: 100}, limit: {times: 1,
       per: week}}
    - {id: plus, activity: purchase, when: {plan.plus: true}, wallet: points, give: {fixed: 1000}}
  badges: {three: {counter: days, at: 3}}
  leaderboards: {month: {counter: spend, window: calendar_month, ties: earliest}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 9, category: a}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: bob, amount: 9, category: b}
  - {id: p3, at: "2026-03-04T09:00:00Z", type: purchase, member: ada, amount: 3, category: b}
  - {id: c1, at: "2026-03-04T10:00:00Z", type: purchase, member: cyd, amount: 21, category: b}
  - {id: b1, at: "2026-03-04T11:00:00Z", type: plan_purchased, member: bob, plan: plus}
  - {id: g1, at: "2026-03-05T09:00:00Z", type: adjustment, member: cyd, wallet: gifts,
     points: 7.50}
  - {id: t1, at: "2026-03-05T10:00:00Z", type: transfer, member: cyd, to: bob, wallet: gifts,
     points: 5.00}
  - {id: m1, at: "2026-03-06T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: p4, at: "2026-03-07T09:00:00Z", type: purchase, member: bob, amount: 1, category: c}
  - {id: t2, at: "2026-03-07T10:00:00Z", type: transfer, member: cyd, to: bob, wallet: gifts,
     points: 2.00}
  - {id: t3, at: "2026-03-07T11:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 1}
  - {id: r2, at: "2026-03-08T09:00:00Z", type: refund, member: bob, of: p2, amount: 2}
expect:
  - {activity: t3, result: rejected, reason: self_transfer}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {earned: 101}},
     counters: {kinds: 2, spend: 12, days: 1}}
  - {at: "2026-03-05T12:00:00Z", member: bob, wallets: {points: {earned: 105}},
     plans: {plus: "2026-04-05T00:00:00Z"}}
  - {at: "2026-03-05T12:00:00Z", leaderboard: month, ranks: [[1, cyd, 21], [2, ada, 12], [3, bob,
     9]]}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {earned: 107, spendable: 107}},
     counters: {kinds: 2, spend: 21, days: 3}, badges: {three: 2026-03-04},
     plans: {plus: "2026-04-05T00:00:00Z"}}
  - {at: "2026-03-06T12:00:00Z", leaderboard: month, ranks: [[1, ada, 21], [2, cyd, 21]]}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {earned: 1109}},
     counters: {kinds: 3, spend: 22, days: 3}}
  - {at: "2026-03-08T12:00:00Z", member: ada, wallets: {points: {earned: 1109}},
     counters: {spend: 20}}
""")
