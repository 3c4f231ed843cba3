"""What the paper says of bounds and ends that are reached exactly, one program a story.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_what_is_reached_exactly_is_reached_and_what_is_beyond_it_is_not() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  accept: [{activity: purchase, when: {net: {gt: 0, lte: 500}, channel: {not_in: [web]}},
    reason: not_here}, {activity: [purchase, visit], when: {day: {ne: closed}}, reason: closed}]
  rules:
    - {id: band, activity: purchase, wallet: points, give: {bands: [[0, 7], [9.99, 1], [20, 2]],
       above: 4}}
    - {id: min, activity: visit, wallet: points, give: {unit: minutes, points: 2, min: 10.5,
       round: ceil}}
    - {id: best1, activity: visit, wallet: points, give: {unit: minutes, points: 0.1}, best_of: b}
    - {id: best2, activity: visit, wallet: points, give: {fixed: 3}, best_of: b}
  counters: {n: {activity: visit, window: {from: "2026-03-05T00:00:00Z"}},
    early: {activity: visit, window: {to: "2026-03-05T00:00:00Z"}}}
  badges: {zero: {counter: n, at: 0}, two: {counter: early, at: 2}}
  rewards: {all: {wallet: points, cost: 30, stock: 2, per_member: {times: 2}}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 0}
  - {id: p2, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 9.99}
  - {id: p3, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: p4, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 20.00}
  - {id: p5, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 500}
  - {id: p6, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 500.01, day: closed}
  - {id: p7, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 5, channel: web}
  - {id: v0, at: "2026-03-02T09:00:00Z", type: visit, member: ada, day: closed}
  - {id: v1, at: "2026-03-04T23:59:59Z", type: visit, member: ada}
  - {id: v2, at: "2026-03-04T23:59:59.999Z", type: visit, member: ada, minutes: 10.49}
  - {id: v3, at: "2026-03-05T00:00:00Z", type: visit, member: ada, minutes: 30}
  - {id: v4, at: "2026-03-05T00:00:00Z", type: visit, member: ada, minutes: 40}
  - {id: a0, at: "2026-03-05T09:00:00Z", type: adjustment, member: ada, wallet: points,
     points: -144}
  - {id: d1, at: "2026-03-05T10:00:00Z", type: redemption, member: ada, item: all, qty: 2}
  - {id: d2, at: "2026-03-05T11:00:00Z", type: redemption, member: ada, item: all}
  - {id: c1, at: "2026-03-05T12:00:00Z", type: redemption_cancelled, member: ada, of: d1}
  - {id: a1, at: "2026-03-05T12:30:00Z", type: adjustment, member: ada, wallet: points,
     points: -31}
  - {id: d3, at: "2026-03-05T13:00:00Z", type: redemption, member: ada, item: all}
  - {id: a2, at: "2026-03-05T13:30:00Z", type: adjustment, member: ada, wallet: points, points: 1}
  - {id: d4, at: "2026-03-05T14:00:00Z", type: redemption, member: ada, item: all}
expect:
  - {activity: p1, result: rejected, reason: not_here}
  - {activity: p6, result: rejected, reason: not_here}
  - {activity: p7, result: rejected, reason: not_here}
  - {activity: v0, result: rejected, reason: closed}
  - {activity: d2, result: rejected, reason: limit}
  - {activity: d3, result: rejected, reason: insufficient_points}
  - {activity: d4, result: accepted}
  - {at: "2026-03-01T09:00:00Z", member: ada, badges: {zero: 2026-03-01}}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {earned: 9}},
     badges: {zero: 2026-03-01}}
  - {at: "2026-03-04T23:59:59.999Z", member: ada, wallets: {points: {earned: 57}},
     counters: {early: 2, n: 0}, badges: {two: 2026-03-04, zero: 2026-03-01}}
  - {at: "2026-03-05T00:30:00Z", member: ada, wallets: {points: {earned: 204}},
     counters: {early: 2, n: 2}, badges: {two: 2026-03-04, zero: 2026-03-01}}
  - {at: "2026-03-05T10:30:00Z", member: ada, wallets: {points: {spendable: 0, redeemed: 60}}}
  - {at: "2026-03-05T12:30:00Z", member: ada, wallets: {points: {spendable: 29}}}
  - {at: "2026-03-05T14:30:00Z", member: ada, wallets: {points: {spendable: 0}}}
""")


def test_plans_of_days_and_for_life_end_and_begin_with_business_days() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Pacific/Apia
  day_start: "05:00"
  money: {unit: WST, scale: 0}
  wallets: {points: {}}
  plans: {week: {period: P1W, fee: 3}, life: {}}
  rules:
    - {id: in, activity: x, when: {plan.week: true}, wallet: points, give: {fixed: 1}}
    - {id: out, activity: x, when: {plan.week: {ne: true}, plan.life: false}, wallet: points,
       give: {fixed: 10}}
    - {id: life, activity: x, when: {plan.life: [true]}, wallet: points, give: {fixed: 100}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00+13:00", type: enrollment, member: ada}
  - {id: b1, at: "2026-03-02T04:59:59+13:00", type: plan_purchased, member: ada, plan: week}
  - {id: x1, at: "2026-03-09T04:59:59+13:00", type: x, member: ada}
  - {id: x2, at: "2026-03-09T05:00:00+13:00", type: x, member: ada}
  - {id: b2, at: "2026-03-10T12:00:00+13:00", type: plan_purchased, member: ada, plan: week}
  - {id: b3, at: "2026-03-18T04:00:00+13:00", type: plan_purchased, member: ada, plan: week}
  - {id: x3, at: "2026-03-10T11:59:59+13:00", received: "2026-03-18T06:00:00+13:00", type: x,
     member: ada}
  - {id: x4, at: "2026-03-25T04:59:59+13:00", type: x, member: ada}
  - {id: c1, at: "2026-03-25T04:59:59.500+13:00", type: plan_cancelled, member: ada, plan: week}
  - {id: c2, at: "2026-03-26T05:00:00+13:00", type: plan_cancelled, member: ada, plan: week}
  - {id: b4, at: "2026-03-26T06:00:00+13:00", type: plan_purchased, member: ada, plan: life}
  - {id: b5, at: "2026-03-26T07:00:00+13:00", type: plan_purchased, member: ada, plan: life}
  - {id: x5, at: "2026-03-26T08:00:00+13:00", type: x, member: ada}
  - {id: c3, at: "2026-03-27T08:00:00+13:00", type: plan_cancelled, member: ada, plan: life}
  - {id: x6, at: "2026-03-27T08:00:00+13:00", type: x, member: ada}
  - {id: b6, at: "2026-03-28T07:00:00+13:00", type: plan_purchased, member: ada, plan: gold}
expect:
  - {activity: b4, result: accepted}
  - {activity: b5, result: rejected, reason: already_for_life}
  - {activity: b6, result: rejected, reason: unknown_plan}
  - {at: "2026-03-02T12:00:00+13:00", member: ada, plans: {week: "2026-03-09T05:00:00+13:00"}}
  - {at: "2026-03-09T12:00:00+13:00", member: ada, wallets: {points: {earned: 11}}}
  - {at: "2026-03-18T06:00:00+13:00", member: ada, wallets: {points: {earned: 21}},
     plans: {week: "2026-03-25T05:00:00+13:00"}}
  - {at: "2026-03-25T04:59:59.500+13:00", member: ada, wallets: {points: {earned: 22}},
     plans: {week: "2026-03-25T04:59:59.500+13:00"}}
  - {at: "2026-03-26T12:00:00+13:00", member: ada, wallets: {points: {earned: 122}},
     plans: {life: null}}
  - {at: "2026-03-27T12:00:00+13:00", member: ada, wallets: {points: {earned: 132}}}
""")
