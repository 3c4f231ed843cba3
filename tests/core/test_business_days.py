"""Days, jobs and prices: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_a_day_begins_once_where_clocks_change_and_jobs_pay_as_it_does() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Berlin
  money: {unit: EUR, scale: 2}
  day_start: "02:30"
  leap_birthday: feb28
  wallets: {points: {expiry: {mode: after, period: P1M}}, cash: {scale: 2, debt: allow}}
  counters: {days: {activity: visit, window: calendar_month, once_per: day},
   spend: {activity: purchase, sum: net, window: calendar_year}}
  rules: [{id: back, activity: purchase, wallet: cash, give: {rate: 0.1}}]
  schedule:
    m: {monthly: "29", grant: [{wallet: points, fixed: 1}]}
    o: {monthly: "25", grant: [{wallet: points, fixed: 100, as: gift}], when: {member.vip: "true"}}
    b: {birthday: [{wallet: points, fixed: 1000}]}
    first: {monthly: "1", payout: {wallet: cash, min: 5.00}}
activities:
  - {id: e1, at: "2024-01-29T01:29:59Z", type: enrollment, member: ada, attrs: {birthday: "02-29",
     vip: true}}
  - {id: p0, at: "2024-02-01T01:29:59Z", type: purchase, member: ada, amount: 49.90}
  - {id: p1, at: "2024-02-01T01:30:00Z", type: purchase, member: ada, amount: 0.10}
  - {id: r1, at: "2024-03-05T01:30:00Z", type: refund, member: ada, of: p0}
  - {id: p2, at: "2024-03-06T01:30:00Z", type: purchase, member: ada, amount: 120}
  - {id: u1, at: "2026-03-25T01:30:00Z", type: member_updated, member: ada, attrs: {vip: null}}
  - {id: v1, at: "2026-03-29T01:29:59Z", type: visit, member: ada}
  - {id: v2, at: "2026-03-29T01:30:00Z", type: visit, member: ada}
  - {id: v3, at: "2026-03-30T00:29:59Z", type: visit, member: ada}
  - {id: v4, at: "2026-10-25T00:29:59Z", type: visit, member: ada}
  - {id: v5, at: "2026-10-25T00:30:00Z", type: visit, member: ada}
  - {id: v6, at: "2026-10-25T01:30:00Z", type: visit, member: ada}
expect:
  - {at: "2024-01-29T01:29:59Z", member: ada, wallets: {points: {earned: 0}}}
  - {at: "2024-01-29T01:30:00Z", member: ada, wallets: {points: {earned: 1}}}
  - {at: "2024-02-01T01:30:00Z", member: ada, wallets: {cash: {earned: 5.00, redeemed: 0,
     spendable: 5.00}}}
  - {at: "2024-02-29T01:29:59Z", member: ada, wallets: {points: {earned: 101}}}
  - at: "2024-02-29T01:30:00Z"
    member: ada
    why: the 29th and the birthday in a leap year; January's lived through its day a month later
    wallets: {points: {earned: 1102, expired: 0}}
  - {at: "2024-03-01T01:30:00Z", payouts: [[ada, 2024-03-01, 5.00]]}
  - {at: "2024-03-01T01:30:00Z", member: ada, wallets: {points: {expired: 1}}}
  - {at: "2024-03-05T12:00:00Z", member: ada, wallets: {cash: {debt: 4.99, spendable: 0,
     redeemed: 5.00}}}
  - {at: "2024-03-06T12:00:00Z", member: ada, wallets: {cash: {debt: 0, spendable: 7.01}}}
  - {at: "2024-04-01T00:30:00Z", payouts: [[ada, 2024-03-01, 5.00], [ada, 2024-04-01, 7.01]]}
  - {at: "2026-03-29T01:29:59Z", member: ada, counters: {days: 1}}
  - {at: "2026-03-29T01:30:00Z", member: ada, counters: {days: 2}}
  - {at: "2026-03-30T00:30:00Z", member: ada, counters: {days: 2}}
  - {at: "2026-10-25T12:00:00Z", member: ada, counters: {days: 2}}
""")


def test_values_are_priced_upwards_and_multiples_taken_of_what_was_rounded() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {a: {scale: 2}, b: {}}
  rules:
    - {id: x, activity: purchase, wallet: a, give: {rate: 0.005, round: ceil}}
    - {id: y, activity: purchase, wallet: b, give: {step: 1.50, points: 0.5, round: half_up}}
    - {id: z, activity: [purchase], wallet: b, give: {of: [y], times: 0.5, round: half_even}}
    - {id: h, activity: purchase, wallet: a, give: {of: [x], times: 1.5}}
  rewards:
    v: {wallet: a, any: {points: 3, value: 7.00}}
    w: {wallet: b, cost: 4, when: {member.city: rome, time: {from: "09:00", to: "09:59"}},
     stock: 1, per_member: {times: 1, per: lifetime}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, attrs: {city: rome}}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 22.50}
  - {id: d1, at: "2026-03-02T10:00:00Z", type: redemption, member: ada, item: v, value: 0.30}
  - {id: d2, at: "2026-03-02T10:00:00Z", type: redemption, member: ada, item: v, value: 100}
  - {id: d3, at: "2026-03-02T10:00:00Z", type: redemption, member: ada, item: w}
  - {id: d4, at: "2026-03-02T09:59:59Z", received: "2026-03-02T10:30:00Z", type: redemption,
     member: ada, item: w}
  - {id: d5, at: "2026-03-03T09:00:00Z", type: redemption, member: ada, item: w}
  - {id: c4, at: "2026-03-03T10:00:00Z", type: redemption_cancelled, member: ada, of: d4}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1, amount: 3.01}
expect:
  - {activity: d2, result: rejected, reason: insufficient_points}
  - {activity: d3, result: rejected, reason: not_eligible}
  - {activity: d4, result: accepted}
  - {activity: d5, result: rejected, reason: limit}
  - at: "2026-03-02T09:30:00Z"
    member: ada
    why: 0.1125 up to 0.12; 15 steps are 7.5, so 8; half of it is 4; 0.12 x 1.5 are 0.18
    wallets: {a: {spendable: 0.30}, b: {spendable: 12}}
  - at: "2026-03-02T10:00:00Z"
    member: ada
    why: 0.30 x 3 / 7 = 0.12857, up to 0.13
    wallets: {a: {spendable: 0.17}}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {b: {spendable: 8}}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {b: {spendable: 12}}}
  - at: "2026-03-04T12:00:00Z"
    member: ada
    why: 19.49 are left; 0.09745 to 0.10; 12 steps are 6; 3; 0.15
    wallets: {a: {spendable: 0.12, earned: 0.25, redeemed: 0.13}, b: {spendable: 9}}
""")
