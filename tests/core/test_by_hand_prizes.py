"""What the paper says of draws, rewards, referrals, tiers and merges, one program a story.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_units_that_wait_pay_what_is_owed_once_they_are_released() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}, pending: {until: confirmed}}
    - {id: thanks, activity: purchase, wallet: points, give: {fixed: 5}, pending: {for: P14D}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: a1, at: "2026-03-03T09:00:00Z", type: adjustment, member: ada, wallet: points,
     points: -10}
  - {id: c1, at: "2026-03-20T09:00:00Z", type: confirmation, member: ada, of: p1}
  - {id: r1, at: "2026-03-21T09:00:00Z", type: refund, member: ada, of: p1, amount: 12}
  - {id: p2, at: "2026-03-22T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: r2, at: "2026-03-23T09:00:00Z", type: refund, member: ada, of: p2}
  - {id: c2, at: "2026-03-24T09:00:00Z", type: confirmation, member: ada, of: p2}
expect:
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {spendable: 0, pending: 35,
     debt: 10, earned: 35}}}
  - {at: "2026-03-15T23:59:59Z", member: ada, wallets: {points: {spendable: 0, pending: 35,
     debt: 10}}}
  - {at: "2026-03-16T00:00:00Z", member: ada, wallets: {points: {spendable: 0, pending: 30,
     debt: 5}}}
  - {at: "2026-03-20T12:00:00Z", member: ada, wallets: {points: {spendable: 25, pending: 0,
     debt: 0}}}
  - {at: "2026-03-21T12:00:00Z", member: ada, wallets: {points: {spendable: 13, earned: 23}},
     lots: {points: [{from: p1.base, left: 13}]}}
  - {at: "2026-03-22T12:00:00Z", member: ada, wallets: {points: {spendable: 13, pending: 15}}}
  - {at: "2026-03-24T12:00:00Z", member: ada, wallets: {points: {spendable: 13, pending: 0,
     earned: 23, debt: 0}}}
""")


def test_what_merged_accounts_reach_together_brings_what_their_new_tier_is_promised() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net}, visits: {activity: visit}}
  ladders: {status: {counter: spend, tiers: [{id: low, at: 0}, {id: top, at: 100}], keep: {}}}
  missions: {two: {counter: visits, goal: 2, grant: [{voucher: treat, valid: {low: P1D,
    top: P10D}, ladder: status}]}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 60}
  - {id: p2, at: "2026-03-02T09:00:00Z", type: purchase, member: bob, amount: 40}
  - {id: v1, at: "2026-03-03T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-03-04T09:00:00Z", type: visit, member: bob}
  - {id: v3, at: "2026-03-04T09:00:00Z", type: visit, member: cyd}
  - {id: v4, at: "2026-03-05T09:00:00Z", type: visit, member: cyd}
  - {id: m1, at: "2026-03-10T09:00:00Z", type: member_merged, member: bob, into: ada}
expect:
  - {at: "2026-03-05T12:00:00Z", member: cyd, vouchers: {"mission:two": {kind: treat,
     state: issued, until: "2026-03-07T00:00:00Z"}}}
  - {at: "2026-03-10T12:00:00Z", member: ada, ladders: {status: {tier: top,
     since: "2026-03-10T09:00:00Z", until: null}}, missions: {two: {state: completed,
     progress: 2}}, vouchers: {"mission:two": {kind: treat, state: issued,
     until: "2026-03-21T00:00:00Z"}}}
""")


def test_rolling_windows_go_by_the_clock_of_the_zone_and_fixed_ones_by_instants() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: America/New_York
  counters:
    r1: {activity: x, window: {rolling: P1D}}
    d: {activity: x, distinct: kind, each: {sum: km, gte: 10}, window: week}
    f: {activity: x, sum: km, window: {from: "2026-03-08T07:00:00Z", to: "2026-03-08T14:00:00Z"}}
    o: {activity: x, once_per: day, window: {rolling: P7D}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: x1, at: "2026-03-07T15:00:00Z", type: x, member: ada, kind: a, km: 6.5}
  - {id: x2, at: "2026-03-08T06:59:59Z", type: x, member: ada, kind: a, km: 3.5}
  - {id: x3, at: "2026-03-08T07:00:00Z", type: x, member: ada, kind: b, km: 10}
  - {id: x4, at: "2026-03-08T14:00:00Z", type: x, member: ada, kind: c, km: 9.999999}
  - {id: x5, at: "2026-03-09T04:00:00Z", type: x, member: ada, kind: a, km: 10}
  - {id: y1, at: "2026-10-31T14:00:00Z", type: x, member: ada, kind: a, km: 10}
expect:
  - {at: "2026-03-08T13:59:59Z", member: ada, counters: {r1: 3, d: 2, f: 10, o: 2}}
  - {at: "2026-03-08T14:00:00Z", member: ada, counters: {r1: 3, d: 2, f: 10, o: 2}}
  - {at: "2026-03-09T04:00:00Z", member: ada, counters: {r1: 4, d: 1, f: 10, o: 3}}
  - {at: "2026-03-09T05:59:58Z", member: ada, counters: {r1: 4}}
  - {at: "2026-03-09T05:59:59Z", member: ada, counters: {r1: 3}}
  - {at: "2026-03-09T07:00:00Z", member: ada, counters: {r1: 2}}
  - {at: "2026-03-14T14:00:00Z", member: ada, counters: {o: 2}}
  - {at: "2026-11-01T14:59:59Z", member: ada, counters: {r1: 1}}
  - {at: "2026-11-01T15:00:00Z", member: ada, counters: {r1: 0}}
""")


def test_a_budget_pays_wins_and_consolations_and_what_it_refuses_is_a_miss() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {}}
  draws:
    wheel: {activity: x, when: {}, seed: s, wallet: points, table: [{id: big, p: 0.3, fixed: 5},
      {id: small, p: 0.2, fixed: 2}], pity: {after: 3, fixed: 1, id: sorry}, budget: {points: 6,
      per: day}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: x10, at: "2026-03-02T09:00:00Z", type: x, member: ada}
  - {id: x7, at: "2026-03-02T09:01:00Z", type: x, member: ada}
  - {id: x1, at: "2026-03-02T09:02:00Z", type: x, member: ada}
  - {id: x8, at: "2026-03-02T09:03:00Z", type: x, member: ada}
  - {id: x2, at: "2026-03-02T09:04:00Z", type: x, member: ada}
  - {id: x3, at: "2026-03-02T09:05:00Z", type: x, member: ada}
  - {id: x4, at: "2026-03-02T23:59:59Z", type: x, member: ada}
  - {id: x5, at: "2026-03-03T00:00:00Z", type: x, member: ada}
  - {id: x14, at: "2026-03-03T09:00:00Z", type: x, member: ada}
  - {id: i1, at: "2026-03-03T10:00:00Z", type: ineligible, member: ada, of: x14}
  - {id: x13, at: "2026-03-03T11:00:00Z", type: x, member: ada}
expect:
  - {at: "2026-03-02T23:59:59Z", member: ada, wallets: {points: {earned: 6}}}
  - {at: "2026-03-02T23:59:59Z", draws: {x10: {u: 0.078785, result: won, prize: big},
     x7: {result: budget}, x1: {result: none}, x8: {result: pity, prize: sorry},
     x4: {result: none}}}
  - {at: "2026-03-03T09:30:00Z", member: ada, wallets: {points: {earned: 12}}}
  - {at: "2026-03-03T09:30:00Z", draws: {x5: {result: pity, prize: sorry}, x14: {result: won,
     prize: big}}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {earned: 9}},
     lots: {points: [{from: x10.draw, left: 5}, {from: x8.draw, left: 1}, {from: x5.draw,
     left: 1}, {from: x13.draw, left: 2}]}}
""")


def test_a_prize_of_nothing_is_won_and_a_draw_of_a_seed_that_is_a_number() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {}}
  draws:
    wheel: {activity: x, seed: 7, wallet: points, table: [{id: zero, p: 1, fixed: 0}],
      pity: {after: 1, fixed: 5}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: x10, at: "2026-03-02T09:00:00Z", type: x, member: ada}
  - {id: i1, at: "2026-03-03T10:00:00Z", type: ineligible, member: ada, of: x10}
expect:
  - {at: "2026-03-02T23:59:59Z", member: ada, wallets: {points: {earned: 0}}, lots: {points: []}}
  - {at: "2026-03-02T23:59:59Z", draws: {x10: {result: won, prize: zero}}}
  - {at: "2026-03-03T23:59:59Z", member: ada, wallets: {points: {earned: 0}}, lots: {points: []}}
""")


def test_whoever_refers_gets_as_much_as_friends_keep_up_to_a_number_a_month() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: friend, activity: purchase, to: referrer, when: {nth: 1, net: {gte: 20}},
       wallet: points, give: {fixed: 10}, limit: {times: 2, per: month, by: beneficiary},
       pending: {for: P14D}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, referrer: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd, referrer: ada}
  - {id: e4, at: "2026-03-01T09:00:00Z", type: enrollment, member: dan, referrer: ada}
  - {id: e5, at: "2026-03-01T09:00:00Z", type: enrollment, member: eva, referrer: ada}
  - {id: p0, at: "2026-03-01T09:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: bp, at: "2026-03-02T09:00:00Z", type: purchase, member: bob, amount: 30}
  - {id: cp, at: "2026-03-03T09:00:00Z", type: purchase, member: cyd, amount: 20}
  - {id: dp, at: "2026-03-04T09:00:00Z", type: purchase, member: dan, amount: 30}
  - {id: r1, at: "2026-03-05T09:00:00Z", type: refund, member: bob, of: bp, amount: 10.01}
  - {id: d2, at: "2026-03-05T10:00:00Z", type: purchase, member: dan, amount: 30}
  - {id: ep, at: "2026-03-06T09:00:00Z", type: purchase, member: eva, amount: 30}
expect:
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {pending: 20, spendable: 0}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {pending: 10}}}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {pending: 20, earned: 20}}}
  - {at: "2026-03-16T12:00:00Z", member: ada, wallets: {points: {pending: 20, spendable: 0}}}
  - {at: "2026-03-17T00:00:00Z", member: ada, wallets: {points: {pending: 10, spendable: 10}},
     lots: {points: [{from: cp.friend}, {from: ep.friend}]}}
  - {at: "2026-03-20T00:00:00Z", member: ada, wallets: {points: {pending: 0, spendable: 20}}}
""")


def test_prices_by_value_are_rounded_up_and_free_rewards_are_there_once_a_week() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, cash: {scale: 2}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders: {status: {counter: spend, tiers: [{id: low, at: 0}, {id: top, at: 100}], keep: {}}}
  rewards:
    pay: {wallet: points, any: {points: 130, value: 1.00}}
    coin: {wallet: cash, any: {points: 0.10, value: 3}}
    free: {wallet: points, cost: 0, when: {status: top}, per_member: {times: 1, per: week}}
    tea: {wallet: cash, cost: 0.96}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: adjustment, member: ada, wallet: points,
     points: 140}
  - {id: a2, at: "2026-03-01T09:00:00Z", type: adjustment, member: ada, wallet: cash, points: 1}
  - {id: d1, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: pay, value: 0.99}
  - {id: d2, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: pay, value: 0.09}
  - {id: d3, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: pay, value: 0.08}
  - {id: d4, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: coin, value: 1}
  - {id: d5, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: free}
  - {id: g1, at: "2026-03-03T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: top, until: "2026-03-20T00:00:00Z"}
  - {id: d6, at: "2026-03-08T23:59:59Z", type: redemption, member: ada, item: free}
  - {id: d7, at: "2026-03-08T23:59:59Z", type: redemption, member: ada, item: free}
  - {id: d8, at: "2026-03-09T00:00:00Z", type: redemption, member: ada, item: free}
  - {id: c6, at: "2026-03-09T12:00:00Z", type: redemption_cancelled, member: ada, of: d6}
  - {id: d9, at: "2026-03-08T12:00:00Z", received: "2026-03-10T09:00:00Z", type: redemption,
     member: ada, item: free}
  - {id: d10, at: "2026-03-20T00:00:00Z", type: redemption, member: ada, item: free}
expect:
  - {activity: d2, result: rejected, reason: insufficient_points}
  - {activity: d3, result: accepted}
  - {activity: d5, result: rejected, reason: not_eligible}
  - {activity: d7, result: rejected, reason: limit}
  - {activity: d8, result: accepted}
  - {activity: d9, result: accepted}
  - {activity: d10, result: rejected, reason: not_eligible}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {spendable: 0, redeemed: 140},
     cash: {spendable: 0.96, redeemed: 0.04}}, rewards: [tea]}
  - {at: "2026-03-08T23:59:59Z", member: ada, rewards: [free, tea]}
  - {at: "2026-03-20T00:00:00Z", member: ada, rewards: [tea]}
""")


def test_units_follow_the_terms_of_the_tier_held_now_or_their_own() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {expiry: {by_tier: {ladder: status, tiers: {top: {mode: never},
    mid: {mode: after, period: P3M, round: month}}, else: {mode: after, period: P1M}}}}}
  counters: {n: {activity: x}}
  ladders: {status: {counter: n, tiers: [{id: low, at: 0}, {id: mid, at: 2}, {id: top, at: 3}],
    keep: {}, on_refund: recheck}}
  rules:
    - {id: base, activity: x, wallet: points, give: {fixed: 10}}
    - {id: short, activity: x, wallet: points, give: {fixed: 1}, expiry: {mode: after,
       period: P1D}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: x1, at: "2026-01-31T10:00:00Z", type: x, member: ada}
  - {id: x2, at: "2026-02-10T10:00:00Z", type: x, member: ada}
  - {id: x3, at: "2026-05-31T23:59:59Z", type: x, member: ada}
  - {id: i3, at: "2026-06-30T12:00:00Z", type: ineligible, member: ada, of: x3}
expect:
  - {at: "2026-01-31T12:00:00Z", member: ada, lots: {points: [{from: x1.short, left: 1,
     expires: "2026-02-02T00:00:00Z"}, {from: x1.base, left: 10,
     expires: "2026-03-01T00:00:00Z"}]}}
  - {at: "2026-02-10T12:00:00Z", member: ada, lots: {points: [{from: x2.short, left: 1,
     expires: "2026-02-12T00:00:00Z"}, {from: x1.base, left: 10, expires: "2026-06-01T00:00:00Z"},
     {from: x2.base, left: 10, expires: "2026-06-01T00:00:00Z"}]}}
  - {at: "2026-06-01T00:00:00Z", member: ada, lots: {points: [{from: x3.short, left: 1,
     expires: "2026-06-02T00:00:00Z"}, {from: x1.base, left: 10, expires: null}, {from: x2.base,
     left: 10, expires: null}, {from: x3.base, left: 10, expires: null}]}}
  - {at: "2026-06-30T12:00:00Z", member: ada, wallets: {points: {spendable: 20, expired: 2}},
     lots: {points: [{from: x1.base, left: 10, expires: "2026-10-01T00:00:00Z"}, {from: x2.base,
     left: 10, expires: "2026-10-01T00:00:00Z"}]}}
""")


def test_large_figures_are_exact() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, fine: {scale: 9}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 3.333333333333333,
       round: half_up}}
    - {id: fine, activity: purchase, wallet: fine, give: {rate: 0.000000001}}
  counters: {spend: {activity: purchase, sum: net}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-31T10:00:00Z", type: purchase, member: ada, amount: 9999999999.99}
  - {id: p2, at: "2026-01-31T10:00:00Z", type: purchase, member: ada, amount: 0.01}
expect:
  - {at: "2026-01-31T12:00:00Z", member: ada, wallets: {points: {earned: 33333333333},
     fine: {earned: 9.999999999}}, counters: {spend: 10000000000}}
""")
