"""What the paper of the language says, one program a story, with figures worked out by hand.

None of them was copied from what the core, or the naive evaluator, came to.
"""

from oracle.rehearsal import both_meet


def test_the_best_of_two_after_a_refund_and_a_prize_that_only_a_void_takes_back() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: bonus, activity: purchase, when: {net: {gte: 50}}, wallet: points, give: {fixed: 20},
       best_of: extra}
    - {id: sum, activity: purchase, wallet: points, give: {rate: 0.5, max: 30}, best_of: extra}
  draws:
    wheel: {activity: purchase, when: {net: {gte: 1}}, seed: s, wallet: points, table: [{id: win,
      p: 1, fixed: 10}], budget: {points: 25, per: month}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-31T23:59:59Z", received: "2026-04-02T09:00:00Z", type: purchase,
     member: ada, amount: 50}
  - {id: p2, at: "2026-04-02T09:00:00Z", type: purchase, member: ada, amount: 38}
  - {id: p3, at: "2026-04-03T09:00:00Z", type: purchase, member: ada, amount: 61}
  - {id: p4, at: "2026-04-04T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: r1, at: "2026-04-05T09:00:00Z", type: refund, member: ada, of: p1, amount: 1}
  - {id: i1, at: "2026-04-06T09:00:00Z", type: ineligible, member: ada, of: p2}
  - {id: p5, at: "2026-04-07T09:00:00Z", type: purchase, member: ada, amount: 1}
expect:
  - at: "2026-04-02T09:00:00Z"
    member: ada
    why: 50 and the better of 20 and 25 and 10; 38 and 19 and 10
    wallets: {points: {spendable: 152}}
  - {at: "2026-04-03T12:00:00Z", member: ada, wallets: {points: {spendable: 253}}}
  - {at: "2026-04-04T12:00:00Z", draws: {p1: {result: won, prize: win}, p4: {result: budget}}}
  - {at: "2026-04-04T12:00:00Z", member: ada, wallets: {points: {spendable: 254}}}
  - at: "2026-04-05T12:00:00Z"
    member: ada
    why: 49 are below 50, and 24 are half of it; the prize stays
    wallets: {points: {spendable: 252}}
  - {at: "2026-04-06T12:00:00Z", member: ada, wallets: {points: {spendable: 185}}}
  - {at: "2026-04-07T12:00:00Z", member: ada, wallets: {points: {spendable: 196}}}
""")


def test_with_when_refunded_whatever_is_counted_is_lost_in_the_window_of_the_refund() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters:
    visits: {activity: visit, window: calendar_month, refunds: when_refunded}
    brands: {activity: purchase, distinct: brand, window: {rolling: P30D}, refunds: when_refunded}
    days: {activity: purchase, streak: day, window: {rolling: P30D}, refunds: when_refunded}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-03-02T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-04-02T09:00:00Z", type: visit, member: ada}
  - {id: p1, at: "2026-04-02T09:00:00Z", type: purchase, member: ada, amount: 5, brand: a}
  - {id: r1, at: "2026-04-03T09:00:00Z", type: refund, member: ada, of: v1}
  - {id: r2, at: "2026-04-05T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: i1, at: "2026-04-20T09:00:00Z", type: ineligible, member: ada, of: v1}
  - {id: p2, at: "2026-05-06T09:00:00Z", type: purchase, member: ada, amount: 5, brand: a}
expect:
  - {at: "2026-03-02T12:00:00Z", member: ada, counters: {visits: 1}}
  - {at: "2026-04-02T12:00:00Z", member: ada, counters: {visits: 1, brands: 1, days: 1}}
  - {at: "2026-04-03T12:00:00Z", member: ada, counters: {visits: 0}}
  - {at: "2026-04-05T12:00:00Z", member: ada, counters: {brands: 0, days: 0}}
  - {at: "2026-04-20T12:00:00Z", member: ada, counters: {visits: 1}}
  - {at: "2026-05-06T12:00:00Z", member: ada, counters: {visits: 0, brands: 1, days: 1}}
""")


def test_limits_by_subject_by_anyone_and_by_who_gets_it_are_decided_at_arrival() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: answer, activity: survey, wallet: points, give: {fixed: 4}, limit: {times: 2,
       per: week, by: subject, subject: topic}}
    - {id: town, activity: survey, when: {topic: town}, wallet: points, give: {fixed: 6},
       limit: {points: 15, per: month, by: anyone}}
    - {id: double, activity: survey, wallet: points, give: {of: [answer, town], times: 0.5}}
    - {id: friend, activity: survey, to: referrer, wallet: points, give: {fixed: 3},
       limit: {times: 2, per: day, by: beneficiary}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd, referrer: ada}
  - {id: s1, at: "2026-03-02T09:00:00Z", type: survey, member: bob, topic: town}
  - {id: s2, at: "2026-03-02T10:00:00Z", type: survey, member: bob, topic: town}
  - {id: s3, at: "2026-03-02T11:00:00Z", type: survey, member: cyd, topic: town}
  - {id: s4, at: "2026-03-08T23:00:00Z", type: survey, member: bob, topic: town}
  - {id: i1, at: "2026-03-08T23:30:00Z", type: ineligible, member: bob, of: s1}
  - {id: s5, at: "2026-03-08T23:40:00Z", type: survey, member: bob, topic: town}
  - {id: s6, at: "2026-03-08T23:50:00Z", type: survey, member: bob, topic: park}
  - {id: s7, at: "2026-03-09T00:00:00Z", type: survey, member: bob, topic: town}
  - {id: s8, at: "2026-04-01T00:00:00Z", type: survey, member: cyd, topic: town}
expect:
  - at: "2026-03-02T12:00:00Z"
    member: bob
    why: 4 and 6 and half of it, twice
    wallets: {points: {earned: 30}}
  - at: "2026-03-02T12:00:00Z"
    member: cyd
    why: 4, the 3 of 15 that are left to anyone, and half of it rounded down
    wallets: {points: {earned: 10}}
  - at: "2026-03-02T12:00:00Z"
    member: ada
    why: two of three on one day
    wallets: {points: {earned: 6}}
  - {at: "2026-03-08T23:10:00Z", member: bob, wallets: {points: {earned: 30}}}
  - {at: "2026-03-08T23:10:00Z", member: ada, wallets: {points: {earned: 9}}}
  - {at: "2026-03-08T23:35:00Z", member: bob, wallets: {points: {earned: 15}}}
  - {at: "2026-03-08T23:35:00Z", member: ada, wallets: {points: {earned: 6}}}
  - {at: "2026-03-08T23:45:00Z", member: bob, wallets: {points: {earned: 30}}}
  - {at: "2026-03-08T23:55:00Z", member: bob, wallets: {points: {earned: 36}}}
  - {at: "2026-03-08T23:55:00Z", member: ada, wallets: {points: {earned: 9}}}
  - {at: "2026-03-09T00:10:00Z", member: bob, wallets: {points: {earned: 42}}}
  - {at: "2026-04-01T00:10:00Z", member: cyd, wallets: {points: {earned: 25}}}
""")


def test_jobs_plans_and_birthdays_go_by_the_calendar_of_the_programs_zone() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: America/New_York
  leap_birthday: mar1
  money: {unit: USD, scale: 2}
  wallets: {points: {}, cash: {scale: 2}}
  plans: {plus: {period: P1M, fee: 5}, life: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: plus, activity: purchase, when: {plan.plus: "true"}, wallet: points,
       give: {of: [base], times: 1}}
    - {id: bday, activity: purchase, when: {birthday_month: "true",
       days_since_enrollment: {gte: 59}}, wallet: points, give: {fixed: 1}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_year}}
  schedule:
    cake: {birthday: [{wallet: points, fixed: 100, as: cake}]}
    end: {monthly: "31", grant: [{wallet: points, fixed: 1000}]}
    share: {yearly: ["02-15"], dividend: {counter: spend, rate: 0.035, round: half_up,
      wallet: cash, min: 1.00}}
    out: {yearly: ["02-15"], payout: {wallet: cash, min: 1.00}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada,
     attrs: {birthday: "02-29"}}
  - {id: b1, at: "2026-01-31T20:00:00Z", type: plan_purchased, member: ada, plan: plus}
  - {id: b2, at: "2026-02-10T20:00:00Z", type: plan_purchased, member: ada, plan: plus}
  - {id: p1, at: "2026-02-28T20:00:00Z", type: purchase, member: ada, amount: 10.99}
  - {id: p2, at: "2026-03-29T03:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: b3, at: "2026-03-30T20:00:00Z", type: plan_purchased, member: ada, plan: life}
  - {id: b4, at: "2026-03-30T20:00:00Z", received: "2026-03-30T21:00:00Z", type: plan_purchased,
     member: ada, plan: life}
  - {id: p3, at: "2026-04-01T04:00:00Z", type: purchase, member: ada, amount: 18}
  - {id: r1, at: "2027-03-01T20:00:00Z", type: refund, member: ada, of: p2}
expect:
  - {activity: b4, result: rejected, reason: already_for_life}
  - {at: "2026-01-31T04:59:59Z", member: ada, wallets: {points: {earned: 0}}}
  - {at: "2026-01-31T05:00:00Z", member: ada, wallets: {points: {earned: 1000}}}
  - {at: "2026-02-11T00:00:00Z", member: ada, plans: {plus: "2026-04-01T00:00:00-04:00"}}
  - at: "2026-02-28T21:00:00Z"
    member: ada
    why: 10 and 10 again; the birthday of a common year is on 1 March, so February is not its month
    wallets: {points: {earned: 1020}}
  - {at: "2026-03-01T05:00:00Z", member: ada, wallets: {points: {earned: 1120}}}
  - at: "2026-03-29T03:30:00Z"
    member: ada
    why: it is still 28 March in New York
    wallets: {points: {earned: 1161}}
  - {at: "2026-04-01T04:30:00Z", member: ada, wallets: {points: {earned: 2179}}}
  - at: "2027-02-15T05:00:00Z"
    member: ada
    why: 3.5 of a hundred of 48.99 are 1.71465, and are paid out at once
    wallets: {cash: {earned: 1.71, redeemed: 1.71, spendable: 0}}
  - {at: "2027-02-15T05:00:00Z", payouts: [[ada, 2027-02-15, 1.71]]}
""")


def test_units_live_as_their_wallet_or_their_rule_says_and_a_month_behind_each_purchase() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {expiry: {mode: after, period: P12M, round: month}, extend: {activity: [purchase],
      when: {net: {gte: 5}}, through_month: P2M}}
    stars: {expiry: {mode: date, month_day: "03-31", years: 1}}
    miles: {expiry: {mode: after, period: P1Y, round: quarter}, spend: fifo, debt: write_off}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {step: 10, points: 3}}
    - {id: bands, activity: purchase, wallet: stars, give: {bands: [[10, 1], [50, 2]], above: 5,
       max: 4}}
    - {id: fly, activity: flight, wallet: miles, give: {unit: miles, points: 2, min: 100}}
    - {id: short, activity: flight, when: {fare: promo}, wallet: miles, give: {fixed: 7},
       expiry: {mode: after, period: P1M}}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2025-01-15T09:00:00Z", type: purchase, member: ada, amount: 50}
  - {id: p2, at: "2025-01-16T09:00:00Z", type: purchase, member: ada, amount: 50.01}
  - {id: f1, at: "2025-02-10T09:00:00Z", type: flight, member: ada, miles: 30, fare: promo}
  - {id: a1, at: "2025-02-11T09:00:00Z", type: adjustment, member: ada, wallet: miles,
     points: -203}
  - {id: f2, at: "2025-02-12T09:00:00Z", type: flight, member: ada, miles: 250.5}
  - {id: i1, at: "2025-02-13T09:00:00Z", type: ineligible, member: ada, of: f1}
  - {id: r1, at: "2025-03-01T09:00:00Z", type: refund, member: ada, of: p2, amount: 40.01}
  - {id: p3, at: "2026-01-31T23:59:00Z", type: purchase, member: ada, amount: 4.99}
  - {id: p4, at: "2026-01-31T23:59:30Z", type: purchase, member: ada, amount: 5}
expect:
  - at: "2025-01-17T00:00:00Z"
    member: ada
    lots:
      points:
        - {from: p1.base, left: 15, expires: "2026-02-01T00:00:00Z"}
        - {from: p2.base, left: 15, expires: "2026-02-01T00:00:00Z"}
      stars:
        - {from: p1.bands, left: 2, expires: "2026-04-01T00:00:00Z"}
        - {from: p2.bands, left: 4, expires: "2026-04-01T00:00:00Z"}
  - at: "2025-02-11T12:00:00Z"
    member: ada
    lots: {miles: [{from: f1.short, left: 4, expires: "2025-03-11T00:00:00Z"}]}
  - {at: "2025-02-12T12:00:00Z", member: ada, wallets: {miles: {spendable: 505}}}
  - at: "2025-02-13T12:00:00Z"
    member: ada
    why: of the 207 miles of the flight 203 are taken from the other one's
    wallets: {miles: {spendable: 298, earned: 501, debt: 0}}
    lots: {miles: [{from: f2.fly, left: 298, expires: "2026-04-01T00:00:00Z"}]}
  - at: "2025-03-01T12:00:00Z"
    member: ada
    wallets: {points: {spendable: 18}, stars: {spendable: 3}}
  - at: "2026-02-01T00:00:00Z"
    member: ada
    wallets: {points: {spendable: 18}}
    lots:
      points:
        - {from: p1.base, left: 15, expires: "2026-03-01T00:00:00Z"}
        - {from: p2.base, left: 3, expires: "2026-03-01T00:00:00Z"}
  - {at: "2026-03-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 18}}}
""")


def test_a_month_of_two_leaderboards_a_badge_and_a_mug_that_is_there_once() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  counters: {spend: {activity: purchase, sum: net, window: calendar_month},
    back: {activity: purchase, sum: net, window: calendar_month, refunds: when_refunded}}
  leaderboards:
    first: {counter: spend, window: calendar_month, ties: earliest}
    shared: {counter: spend, window: calendar_month, ties: shared}
  badges: {big: {counter: spend, at: 50, grant: [{wallet: points, fixed: 3}]}}
  rewards: {mug: {wallet: points, cost: 10, stock: 1, per_member: {times: 1, per: month},
    voucher: {valid: P14D}}, pin: {wallet: points, cost: 2, when: {member.vip: "yes"}}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd, attrs: {vip: "yes"}}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: cyd, amount: 40}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: bob, amount: 60}
  - {id: p3, at: "2026-03-04T09:00:00Z", type: purchase, member: ada, amount: 40}
  - {id: d1, at: "2026-03-05T09:00:00Z", type: redemption, member: bob, item: mug}
  - {id: d2, at: "2026-03-05T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: d3, at: "2026-03-05T09:00:00Z", type: redemption, member: ada, item: pin}
  - {id: c1, at: "2026-03-06T09:00:00Z", type: redemption_cancelled, member: bob, of: d1}
  - {id: d4, at: "2026-03-07T09:00:00Z", type: redemption, member: bob, item: mug}
  - {id: d5, at: "2026-03-08T09:00:00Z", type: redemption, member: bob, item: mug}
  - {id: u1, at: "2026-03-21T23:59:59Z", type: purchase, member: bob, amount: 1, vouchers: [d4]}
  - {id: r1, at: "2026-04-02T09:00:00Z", type: refund, member: bob, of: p2, amount: 21}
  - {id: c2, at: "2026-04-03T09:00:00Z", type: redemption_cancelled, member: bob, of: d4}
  - {id: p4, at: "2026-03-01T10:00:00Z", received: "2026-04-04T09:00:00Z", type: purchase,
     member: ada, amount: 10}
expect:
  - {activity: d2, result: rejected, reason: out_of_stock}
  - {activity: d3, result: rejected, reason: not_eligible}
  - {activity: d5, result: rejected, reason: limit}
  - {activity: c2, result: rejected, reason: voucher_used}
  - {at: "2026-03-04T12:00:00Z", leaderboard: first, ranks: [[1, bob, 60], [2, cyd, 40], [3, ada,
     40]]}
  - {at: "2026-03-04T12:00:00Z", leaderboard: shared, ranks: [[1, bob, 60], [2, cyd, 40], [2,
     ada, 40]]}
  - {at: "2026-03-04T12:00:00Z", member: bob, badges: {big: 2026-03-03},
     wallets: {points: {spendable: 63}}}
  - {at: "2026-03-04T12:00:00Z", member: cyd, rewards: [mug, pin]}
  - {at: "2026-03-05T12:00:00Z", member: cyd, rewards: [pin]}
  - {at: "2026-03-05T12:00:00Z", stock: {mug: 0}}
  - {at: "2026-03-06T12:00:00Z", member: bob, vouchers: {d1: {state: void}},
     wallets: {points: {spendable: 63, redeemed: 0}}}
  - {at: "2026-03-21T23:59:59Z", member: bob, vouchers: {d4: {state: used,
     until: "2026-03-22T00:00:00Z"}}, wallets: {points: {spendable: 54}}}
  - {at: "2026-04-02T12:00:00Z", member: bob, badges: {big: 2026-03-03}, counters: {spend: 0,
     back: -21}, wallets: {points: {spendable: 33}}}
  - {at: "2026-04-04T12:00:00Z", member: ada, badges: {big: 2026-03-01},
     wallets: {points: {spendable: 53}}}
""")


def test_a_counter_counts_the_lines_that_match_by_what_is_left_of_them() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: welcome, activity: enrollment, wallet: points, give: {fixed: 7}}
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
  counters:
    food: {activity: purchase, lines: {category: food}, when: {net: {gte: 10}}, sum: net,
      window: calendar_month}
    brands: {activity: purchase, distinct: brand, window: lifetime}
    days: {activity: purchase, once_per: day, window: lifetime}
    weeks: {activity: visit, streak: week, window: calendar_year}
    earned: {sum: "points:points:base", window: calendar_month}
    all: {sum: "points:points", window: lifetime}
activities:
  - {id: e1, at: "2025-12-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2025-12-29T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-01-05T09:00:00Z", type: visit, member: ada}
  - {id: v3, at: "2026-01-18T23:00:00Z", type: visit, member: ada}
  - {id: v4, at: "2026-01-02T09:00:00Z", received: "2026-01-20T09:00:00Z", type: visit,
     member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, lines: [{category: food,
     brand: a, amount: 8}, {category: toys, brand: b, amount: 20}]}
  - {id: p2, at: "2026-03-02T10:00:00Z", type: purchase, member: ada, lines: [{category: food,
     brand: a, amount: 12}]}
  - {id: p3, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 30, category: food,
     brand: c}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1,
     lines: [{category: toys, amount: 20}]}
  - {id: r2, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p2, amount: 3}
  - {id: i1, at: "2026-03-06T09:00:00Z", type: ineligible, member: ada, of: p1}
  - {id: r3, at: "2026-04-05T09:00:00Z", type: refund, member: ada, of: p2}
expect:
  - {at: "2026-01-19T00:00:00Z", member: ada, counters: {weeks: 2}}
  - {at: "2026-01-21T00:00:00Z", member: ada, counters: {weeks: 3}}
  - {at: "2026-03-03T12:00:00Z", member: ada, counters: {food: 42, brands: 3, days: 2,
     earned: 70, all: 77}}
  - {at: "2026-03-04T12:00:00Z", member: ada, counters: {food: 42, brands: 2, days: 2,
     earned: 50, all: 57}}
  - {at: "2026-03-05T12:00:00Z", member: ada, counters: {food: 30, brands: 2, days: 2,
     earned: 47, all: 54}}
  - {at: "2026-03-06T12:00:00Z", member: ada, counters: {food: 30, brands: 2, days: 2,
     earned: 39, all: 46}}
  - {at: "2026-04-05T12:00:00Z", member: ada, counters: {food: 0, brands: 1, days: 1, earned: 0,
     all: 37}}
""")


def test_what_a_number_did_before_it_was_linked_counts_with_its_own_date_once_it_is() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  day_start: "06:00"
  money: {unit: EUR, scale: 2}
  enroll: auto
  claim_window: P14D
  wallets: {points: {expiry: {mode: after, period: P1M, round: day}}}
  accept: [{activity: purchase, when: {channel: {ne: web}}, reason: other_shop}]
  rules:
    - {id: first, activity: purchase, when: {nth: 1}, wallet: points, give: {fixed: 100}}
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
activities:
  - {id: p1, at: "2026-03-02T03:00:00Z", type: purchase, external: {scheme: card, value: "1"},
     amount: 10}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, external: {scheme: card, value: "1"},
     amount: 20}
  - {id: p3, at: "2026-03-01T04:59:00Z", received: "2026-03-04T09:00:00Z", type: purchase,
     external: {scheme: card, value: "1"}, amount: 40}
  - {id: x1, at: "2026-03-05T09:00:00Z", type: purchase, member: ada, amount: 5, channel: web,
     ref: till1}
  - {id: x2, at: "2026-03-05T10:00:00Z", type: purchase, member: bob, amount: 5, ref: till1}
  - {id: x3, at: "2026-03-05T11:00:00Z", type: purchase, member: cyd, amount: 5, ref: till1}
  - {id: l1, at: "2026-03-16T04:59:00Z", type: identity_linked, member: ada, scheme: card,
     value: "1"}
  - {id: l2, at: "2026-03-17T04:59:00Z", type: identity_linked, member: bob, scheme: card,
     value: "1"}
  - {id: p4, at: "2026-03-18T09:00:00Z", type: purchase, external: {scheme: card, value: "1"},
     amount: 1}
  - {id: m1, at: "2026-03-19T09:00:00Z", type: member_merged, member: ada, into: bob}
  - {id: p5, at: "2026-03-20T09:00:00Z", type: purchase, external: {scheme: card, value: "1"},
     amount: 2}
  - {id: p6, at: "2026-03-20T09:00:00Z", type: purchase, member: ada, amount: 3}
expect:
  - {activity: p1, result: accepted}
  - {activity: p3, result: rejected, reason: claim_window}
  - {activity: x1, result: rejected, reason: other_shop}
  - {activity: x2, result: accepted}
  - {activity: x3, result: duplicate, reason: ref}
  - {activity: l2, result: rejected, reason: identity_taken}
  - at: "2026-03-16T12:00:00Z"
    member: ada
    wallets: {points: {spendable: 130, earned: 130}}
    lots:
      points:
        - {from: p1.first, left: 100, expires: "2026-04-02T06:00:00+02:00"}
        - {from: p1.base, left: 10, expires: "2026-04-02T06:00:00+02:00"}
        - {from: p2.base, left: 20, expires: "2026-04-04T06:00:00+02:00"}
  - {at: "2026-03-18T12:00:00Z", member: ada, wallets: {points: {spendable: 131}}}
  - {at: "2026-03-20T12:00:00Z", member: bob, wallets: {points: {spendable: 241}}}
""")


def test_what_is_cancelled_too_late_for_its_lot_lives_for_the_time_of_grace() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: after, period: P1M, round: day}}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
  rewards:
    mug: {wallet: points, cost: 30, grace: P30D}
    cup: {wallet: points, cost: 30, cancel_within: P3D, grace: P30D}
    pot: {wallet: points, cost: 10}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-01T09:00:00Z", type: purchase, member: ada, amount: 50}
  - {id: d1, at: "2026-03-15T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: c1, at: "2026-04-10T09:00:00Z", type: redemption_cancelled, member: ada, of: d1}
  - {id: c2, at: "2026-04-11T09:00:00Z", type: redemption_cancelled, member: ada, of: d1}
  - {id: r1, at: "2026-04-12T09:00:00Z", type: refund, member: ada, of: p1, amount: 25}
  - {id: p2, at: "2026-05-10T09:00:00Z", type: purchase, member: ada, amount: 40}
  - {id: d2, at: "2026-05-10T10:00:00Z", type: redemption, member: ada, item: cup}
  - {id: d3, at: "2026-05-10T10:00:00Z", type: redemption, member: ada, item: pot}
  - {id: c3, at: "2026-05-14T00:00:00Z", type: redemption_cancelled, member: ada, of: d2}
  - {id: c4, at: "2026-06-11T00:00:00Z", type: redemption_cancelled, member: ada, of: d3}
expect:
  - {activity: c2, result: rejected, reason: not_redeemed}
  - {activity: c3, result: rejected, reason: cancel_window}
  - {activity: c4, result: accepted}
  - {at: "2026-04-01T23:59:59Z", member: ada, wallets: {points: {spendable: 20, expired: 0}}}
  - {at: "2026-04-02T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 20}}}
  - at: "2026-04-10T12:00:00Z"
    member: ada
    wallets: {points: {spendable: 30, earned: 50, expired: 20, redeemed: 0}}
    lots: {points: [{from: c1.returned, left: 30, expires: "2026-05-11T00:00:00Z"}]}
  - at: "2026-04-12T12:00:00Z"
    member: ada
    wallets: {points: {spendable: 25, earned: 25, expired: 0, redeemed: 0, debt: 0}}
  - {at: "2026-05-11T00:00:00Z", member: ada, wallets: {points: {spendable: 25, earned: 65,
     expired: 0, redeemed: 40}}}
  - {at: "2026-06-11T00:00:00Z", member: ada, wallets: {points: {spendable: 0, earned: 65,
     expired: 35, redeemed: 30}}}
""")


def test_a_year_holds_a_tier_to_the_end_of_the_next_and_late_reports_lift_it_from_arrival() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, miles: {}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_year}}
  rules:
    - {id: base, activity: purchase, wallet: points,
       by_tier: {ladder: status, tiers: {silver: {rate: 1}, gold: {rate: 2}}}}
  ladders:
    status:
      counter: spend
      window: calendar_year
      keep: {until: end_of_next_year, grace: "01-31"}
      drop: one_rung
      on_refund: recheck
      tiers:
        - {id: blue, at: 0}
        - {id: silver, at: 100}
        - {id: gold, at: 300, on_enter: [{wallet: miles, fixed: 5, per: year}]}
activities:
  - {id: e1, at: "2024-01-10T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2024-05-01T09:00:00Z", type: purchase, member: ada, amount: 350}
  - {id: p2, at: "2025-06-01T09:00:00Z", type: purchase, member: ada, amount: 120}
  - {id: p3, at: "2025-12-31T22:30:00Z", received: "2026-02-10T09:00:00Z", type: purchase,
     member: ada, amount: 200}
  - {id: p4, at: "2026-02-05T09:00:00Z", received: "2026-02-11T09:00:00Z", type: purchase,
     member: ada, amount: 7}
  - {id: p5, at: "2025-12-31T23:00:00Z", received: "2026-02-12T09:00:00Z", type: purchase,
     member: ada, amount: 3}
  - {id: p6, at: "2026-02-13T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: r1, at: "2026-03-01T09:00:00Z", type: refund, member: ada, of: p3, amount: 20.01}
  - {id: p7, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10}
expect:
  - {at: "2024-05-01T12:00:00Z", member: ada, wallets: {points: {spendable: 0},
     miles: {spendable: 5}}, ladders: {status: {tier: gold, until: "2026-02-01T00:00:00+01:00"}}}
  - {at: "2025-06-02T00:00:00Z", member: ada, wallets: {points: {spendable: 240}},
     ladders: {status: {tier: gold, until: "2026-02-01T00:00:00+01:00"}}}
  - {at: "2026-01-31T22:59:59Z", member: ada, ladders: {status: {tier: gold}}}
  - {at: "2026-01-31T23:00:00Z", member: ada, ladders: {status: {tier: silver,
     since: "2026-02-01T00:00:00+01:00", until: "2027-02-01T00:00:00+01:00"}}}
  - {at: "2026-02-10T12:00:00Z", member: ada, wallets: {points: {spendable: 640},
     miles: {spendable: 10}}, ladders: {status: {tier: gold, since: "2026-02-10T10:00:00+01:00",
     until: "2027-02-01T00:00:00+01:00"}}}
  - {at: "2026-02-11T12:00:00Z", member: ada, wallets: {points: {spendable: 647}}}
  - {at: "2026-02-12T12:00:00Z", member: ada, counters: {spend: 10},
     wallets: {points: {spendable: 653}}}
  - {at: "2026-02-13T12:00:00Z", member: ada, wallets: {points: {spendable: 673}}}
  - {at: "2026-03-01T12:00:00Z", member: ada, wallets: {points: {spendable: 632}},
     ladders: {status: {tier: silver, since: "2026-03-01T10:00:00+01:00",
     until: "2027-02-01T00:00:00+01:00"}}}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {spendable: 642},
     miles: {spendable: 10}}}
""")


def test_a_mission_from_joining_takes_reports_of_one_day_after_its_end() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  missions:
    runs: {opt_in: true, activity: run, goal: 3, window: {for: P7D}, late: P1D, reverse: "true",
           grant: [{wallet: points, fixed: 50}, {badge: runner}]}
    month: {activity: purchase, sum: net, when: {net: {gte: 10}}, lines: {category: food},
      goal: 100, window: calendar_month, grant: [{wallet: points, fixed: 5, as: food}]}
  badges: {runner: {}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: a0, at: "2026-03-02T09:00:00Z", type: run, member: ada}
  - {id: j1, at: "2026-03-02T10:00:00Z", type: mission_joined, member: ada, mission: runs}
  - {id: j2, at: "2026-03-02T10:00:00Z", type: mission_joined, member: bob, mission: runs}
  - {id: a1, at: "2026-03-03T09:00:00Z", type: run, member: ada}
  - {id: b1, at: "2026-03-03T09:00:00Z", type: run, member: bob}
  - {id: a2, at: "2026-03-04T09:00:00Z", type: run, member: ada}
  - {id: b2, at: "2026-03-04T09:00:00Z", type: run, member: bob}
  - {id: b3, at: "2026-03-10T00:00:00Z", type: run, member: bob}
  - {id: a3, at: "2026-03-09T23:00:00Z", received: "2026-03-10T23:59:00Z", type: run, member: ada}
  - {id: b4, at: "2026-03-09T23:00:00Z", received: "2026-03-11T00:00:00Z", type: run, member: bob}
  - {id: i1, at: "2026-03-12T09:00:00Z", type: ineligible, member: ada, of: a1}
  - {id: p1, at: "2026-03-20T09:00:00Z", type: purchase, member: ada, lines: [{category: food,
     amount: 9}, {category: toys, amount: 50}]}
  - {id: p2, at: "2026-03-21T09:00:00Z", type: purchase, member: ada, lines: [{category: food,
     amount: 95}, {category: toys, amount: 50}]}
  - {id: p3, at: "2026-03-22T09:00:00Z", type: purchase, member: ada, lines: [{category: food,
     amount: 4}, {category: food, amount: 6}]}
  - {id: r1, at: "2026-03-23T09:00:00Z", type: refund, member: ada, of: p3}
expect:
  - {at: "2026-03-09T12:00:00Z", member: ada, missions: {runs: {state: active, progress: 2}}}
  - {at: "2026-03-10T12:00:00Z", member: bob, missions: {runs: {state: expired, progress: 2}}}
  - {at: "2026-03-10T23:59:30Z", member: ada, missions: {runs: {state: completed, progress: 3}},
     wallets: {points: {spendable: 50}}, badges: {runner: 2026-03-09}}
  - {at: "2026-03-11T12:00:00Z", member: bob, missions: {runs: {state: expired, progress: 2}}}
  - {at: "2026-03-12T12:00:00Z", member: ada, missions: {runs: {state: expired, progress: 2}},
     wallets: {points: {spendable: 0}}, badges: {runner: 2026-03-09}}
  - {at: "2026-03-21T12:00:00Z", member: ada, missions: {month: {state: active, progress: 95}}}
  - {at: "2026-03-22T12:00:00Z", member: ada, missions: {month: {state: completed,
     progress: 105}}, wallets: {points: {spendable: 5}}}
  - {at: "2026-03-23T12:00:00Z", member: ada, missions: {month: {state: completed,
     progress: 95}}, wallets: {points: {spendable: 5}}}
""")


def test_a_partner_settles_what_its_activities_issued_and_no_bonuses() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, cash: {scale: 2}}
  rules:
    - {id: base, activity: [purchase, coffee], wallet: points, give: {rate: 1},
       pending: {for: P14D}}
    - {id: friend, activity: coffee, to: referrer, wallet: points, give: {fixed: 10}}
  counters: {coffees: {activity: coffee, window: lifetime}}
  missions: {three: {counter: coffees, goal: 1, grant: [{wallet: points, fixed: 100}]}}
  rewards: {cake: {wallet: points, cost: 8, partner: cafe}, tea: {wallet: points, cost: 5}}
  schedule: {out: {monthly: "1", payout: {wallet: cash, min: 3.00}}}
  partners: {cafe: {pays_per_point: 0.012, is_paid_per_point: 0.01}}
  book: {value: {points: 0.015, cash: 1}, redemption_rate: 0.9, method: ifrs15, point_value: 0.02}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: k1, at: "2026-03-02T09:00:00Z", type: coffee, member: bob, amount: 25, partner: cafe}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: bob, amount: 40}
  - {id: d1, at: "2026-03-03T09:00:00Z", type: redemption, member: ada, item: cake}
  - {id: d2, at: "2026-03-03T09:00:00Z", type: redemption, member: bob, item: tea}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: bob, of: k1, amount: 5}
  - {id: t1, at: "2026-03-05T09:00:00Z", type: transfer, member: bob, to: ada, wallet: points,
     points: 20}
  - {id: c1, at: "2026-03-06T09:00:00Z", type: redemption_cancelled, member: ada, of: d1}
  - {id: a1, at: "2026-03-07T09:00:00Z", type: adjustment, member: ada, wallet: cash,
     points: 4.50}
  - {id: a2, at: "2026-03-07T09:00:00Z", type: adjustment, member: bob, wallet: cash,
     points: 2.99}
  - {id: a3, at: "2026-04-02T09:00:00Z", type: adjustment, member: ada, wallet: cash,
     points: -1.00}
  - {id: i1, at: "2026-04-03T09:00:00Z", type: ineligible, member: bob, of: k1}
expect:
  - at: "2026-03-02T12:00:00Z"
    why: 25 + 10 + 40 + 100 points of 0.015 at 0.9; the cafe paid for 35
    book: {liability: 2.36, "partner:cafe": 0.42}
  - {at: "2026-03-02T12:00:00Z", member: bob, wallets: {points: {pending: 65, spendable: 100,
     earned: 165}}}
  - {at: "2026-03-03T12:00:00Z", book: {liability: 2.19, "partner:cafe": 0.34}}
  - {at: "2026-03-04T12:00:00Z", book: {liability: 2.12, "partner:cafe": 0.28}}
  - {at: "2026-03-06T12:00:00Z", book: {liability: 2.23, "partner:cafe": 0.36}}
  - at: "2026-03-06T12:00:00Z"
    why: >-
      20.00 with 20 points of 0.02 at 0.9 allocate 0.3536, 40.00 with 40 points 0.7073;
      of 170 points that were granted 5 are redeemed
    book: {allocated_to_points: 1.06, revenue_goods: 58.94, revenue_points: 0.03}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {spendable: 30}},
     counters: {coffees: 0}}
  - {at: "2026-03-15T23:59:59Z", member: bob, wallets: {points: {pending: 60, spendable: 75}}}
  - {at: "2026-03-16T00:00:00Z", member: bob, wallets: {points: {pending: 0, spendable: 135}}}
  - {at: "2026-04-02T12:00:00Z", payouts: [[ada, 2026-04-01, 4.50]]}
  - {at: "2026-04-02T12:00:00Z", member: ada, wallets: {cash: {spendable: 0, redeemed: 4.50,
     debt: 1.00}}}
  - {at: "2026-04-02T12:00:00Z", member: bob, wallets: {cash: {spendable: 2.99}}}
  - {at: "2026-04-03T12:00:00Z", member: bob, wallets: {points: {spendable: 115}}}
  - {at: "2026-04-03T12:00:00Z", member: ada, wallets: {points: {spendable: 20, debt: 0}}}
  - {at: "2026-04-03T12:00:00Z", book: {"partner:cafe": 0.00}}
""")


def test_what_was_sent_keeps_its_dates_and_what_it_came_from_is_owed_by_the_sender() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {expiry: {mode: after, period: P3M, round: month}}
    gift: {expiry: {mode: date, month_day: "12-31", years: 1}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  counters:
    got: {sum: "points:points", window: calendar_month}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-31T22:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: p2, at: "2026-04-01T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: t1, at: "2026-04-02T09:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 35}
  - {id: t2, at: "2026-04-02T09:00:00Z", type: transfer, member: ada, to: ada, wallet: points,
     points: 1}
  - {id: t3, at: "2026-04-02T09:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 16}
  - {id: t4, at: "2026-04-02T09:00:00Z", type: transfer, member: ada, to: nobody, wallet: points,
     points: 1}
  - {id: r1, at: "2026-04-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 18}
  - {id: a1, at: "2026-04-04T09:00:00Z", type: adjustment, member: bob, wallet: points,
     points: -40}
  - {id: p3, at: "2026-04-05T09:00:00Z", type: purchase, member: bob, amount: 11}
expect:
  - {activity: t2, result: rejected, reason: self_transfer}
  - {activity: t3, result: rejected, reason: insufficient_points}
  - {activity: t4, result: rejected, reason: unknown_member}
  - at: "2026-04-02T12:00:00Z"
    member: bob
    wallets: {points: {spendable: 35}}
    counters: {got: 0}
    lots:
      points:
        - {from: p1.xfer.base, left: 30, earned: "2026-03-31T22:00:00Z",
           expires: "2026-07-01T00:00:00Z"}
        - {from: p2.xfer.base, left: 5, earned: "2026-04-01T09:00:00Z",
           expires: "2026-08-01T00:00:00Z"}
  - {at: "2026-04-03T12:00:00Z", member: ada, wallets: {points: {spendable: 0, debt: 3,
     earned: 32}}, counters: {got: 20}}
  - {at: "2026-04-04T12:00:00Z", member: bob, wallets: {points: {spendable: 0, debt: 5}}}
  - {at: "2026-04-05T12:00:00Z", member: bob, wallets: {points: {spendable: 6, debt: 0}},
     counters: {got: 11}}
""")


def test_refused_activities_keep_no_wallet_alive_and_redemptions_that_are_listed_do() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: inactivity, period: P6M, activity: [purchase, redemption,
    visit]}}}
  accept: [{activity: purchase, when: {net: {gte: 1}}, reason: too_small}]
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  rewards: {mug: {wallet: points, cost: 30}, cup: {wallet: points, cost: 500}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: a1, at: "2026-01-01T09:00:00Z", type: adjustment, member: ada, wallet: points,
     points: 40}
  - {id: p1, at: "2027-08-31T09:00:00Z", type: purchase, member: ada, amount: 60}
  - {id: d2, at: "2028-02-20T09:00:00Z", type: redemption, member: ada, item: cup}
  - {id: x1, at: "2028-02-21T09:00:00Z", type: purchase, member: ada, amount: 0.50}
  - {id: d1, at: "2028-02-29T23:00:00Z", type: redemption, member: ada, item: mug}
  - {id: v1, at: "2028-08-29T23:00:00Z", received: "2028-09-05T09:00:00Z", type: visit,
     member: ada}
  - {id: v2, at: "2029-03-05T09:00:00Z", type: visit, member: ada}
expect:
  - {activity: x1, result: rejected, reason: too_small}
  - {at: "2027-08-30T12:00:00Z", member: ada, wallets: {points: {spendable: 40}}}
  - {at: "2028-02-29T12:00:00Z", member: ada, wallets: {points: {spendable: 100}}}
  - {at: "2028-08-29T23:59:59Z", member: ada, wallets: {points: {spendable: 70, expired: 0}}}
  - {at: "2028-08-30T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 70}}}
  - {at: "2028-09-05T12:00:00Z", member: ada, wallets: {points: {spendable: 70, expired: 0,
     redeemed: 30}}}
  - {at: "2029-02-28T23:59:59Z", member: ada, wallets: {points: {spendable: 70}}}
  - {at: "2029-03-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 70}}}
  - {at: "2029-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 70}}}
""")


def test_units_that_members_sent_each_other_were_granted_once() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, gifts: {transfer_to: points}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: gift, activity: purchase, when: {kind: gift}, wallet: gifts, give: {fixed: 100}}
  rewards: {mug: {wallet: points, cost: 90}}
  book: {method: ifrs15, point_value: 0.10, redemption_rate: 0.5}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 200}
  - {id: t1, at: "2026-03-03T09:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 100}
  - {id: d1, at: "2026-03-04T09:00:00Z", type: redemption, member: bob, item: mug}
  - {id: p2, at: "2026-03-05T09:00:00Z", type: purchase, member: bob, amount: 100, kind: gift}
  - {id: t2, at: "2026-03-06T09:00:00Z", type: transfer, member: bob, to: ada, wallet: gifts,
     points: 100}
expect:
  - at: "2026-03-04T12:00:00Z"
    why: 200 points of 0.10 at 0.5 allocate 9.52; 90 of the 100 expected ones are redeemed
    book: {allocated_to_points: 9.52, revenue_goods: 190.48, revenue_points: 8.57}
  - at: "2026-03-06T12:00:00Z"
    why: 100.00 with 200 points allocate 9.09; 90 of the 200 expected ones are redeemed
    book: {allocated_to_points: 18.61, revenue_goods: 281.39, revenue_points: 8.38}
""")
