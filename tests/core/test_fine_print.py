"""How an activity is decided, by the fine print: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_a_prize_comes_before_ladders_which_are_read_twice_before_missions_and_badges() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: silver, activity: purchase, when: {status: silver}, wallet: points, give: {fixed: 500}}
  draws:
    wheel: {activity: purchase, when: {net: {gte: 10}}, seed: s, wallet: points,
      table: [{id: win, p: 1, fixed: 15}]}
  counters: {pts: {sum: "points:points", window: lifetime}}
  ladders:
    status:
      counter: pts
      keep: {}
      tiers:
        - {id: basic, at: 0}
        - {id: silver, at: 30, on_enter: [{wallet: points, fixed: 20}]}
        - {id: gold, at: 50, on_enter: [{wallet: points, fixed: 7}]}
        - {id: top, at: 57, on_enter: [{wallet: points, fixed: 1}]}
  missions: {climb: {counter: pts, goal: 55, grant: [{wallet: points, fixed: 3}]}}
  badges: {sixty: {counter: pts, at: 60}, climber: {mission: climb}, golden: {ladder: status,
   tier: gold}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", received: "2026-03-05T09:00:00Z", type: purchase,
     member: ada, amount: 15}
  - {id: p2, at: "2026-03-06T09:00:00Z", type: purchase, member: ada, amount: 4}
  - {id: r1, at: "2026-03-07T09:00:00Z", type: refund, member: ada, of: p1, amount: 6}
  - {id: i1, at: "2026-03-08T09:00:00Z", type: ineligible, member: ada, of: p1}
expect:
  - at: "2026-03-05T09:00:00Z"
    member: ada
    wallets: {points: {spendable: 60}}
    ladders: {status: {tier: gold, since: "2026-03-05T09:00:00Z"}}
    badges: {sixty: 2026-03-02, climber: 2026-03-02, golden: 2026-03-02}
    lots:
      points:
        - {from: p1.base, left: 15, earned: "2026-03-02T09:00:00Z"}
        - {from: p1.draw, left: 15}
        - {from: "status:silver.bonus", left: 20, earned: "2026-03-02T09:00:00Z"}
        - {from: "status:gold.bonus", left: 7}
        - {from: "mission:climb.bonus", left: 3}
  - at: "2026-03-06T12:00:00Z"
    member: ada
    wallets: {points: {spendable: 65}}
    ladders: {status: {tier: top, since: "2026-03-06T09:00:00Z", until: null}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {spendable: 59}},
     ladders: {status: {tier: top}}}
  - {at: "2026-03-08T12:00:00Z", member: ada, wallets: {points: {spendable: 35}},
     counters: {pts: 35}, ladders: {status: {tier: top}}, missions: {climb: {state: completed,
     progress: 35}}}
""")


def test_conditions_read_the_business_day_or_the_clock_and_fail_on_what_is_missing() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  money: {unit: EUR, scale: 2}
  day_start: "06:00"
  wallets: {points: {}}
  rules:
    - {id: sat, activity: purchase, when: {weekday: sat}, wallet: points, give: {fixed: 1}}
    - {id: sun, activity: purchase, when: {weekday: sun}, wallet: points, give: {fixed: 10}}
    - {id: early, activity: purchase, when: {time: {from: "03:00", to: "03:30"}}, wallet: points,
       give: {fixed: 100}}
    - {id: date, activity: purchase, when: {date: {from: "2026-03-28", to: "2026-03-28"}},
       wallet: points, give: {fixed: 1000}}
    - {id: noweb, activity: purchase, when: {channel: {ne: web}}, wallet: points,
       give: {fixed: 10000}}
    - {id: none, activity: purchase, when: {channel: {exists: false}}, wallet: points,
       give: {fixed: 100000}}
    - {id: km, activity: purchase, when: {km: {lt: 5}}, wallet: points, give: {fixed: 1000000}}
    - {id: bday, activity: purchase, when: {birthday: "true"}, wallet: points,
       give: {fixed: 10000000}}
    - {id: days, activity: purchase, when: {days_since_enrollment: 1}, wallet: points,
       give: {fixed: 100000000}}
    - {id: not, activity: purchase, when: {channel: {not_in: [web, app], ne: tv},
       month_day: {from: "03-29", to: "03-31"}}, wallet: points, give: {fixed: 1000000000}}
activities:
  - {id: e1, at: "2026-03-28T04:59:00Z", type: enrollment, member: ada, attrs: {birthday: "03-28"}}
  - {id: p1, at: "2026-03-29T01:30:59Z", type: purchase, member: ada, amount: 1}
  - {id: p3, at: "2026-03-29T03:59:59Z", type: purchase, member: ada, amount: 1, channel: web,
     km: 5}
  - {id: p2, at: "2026-03-29T04:00:00Z", type: purchase, member: ada, amount: 1, channel: app,
     km: 4.99}
  - {id: p4, at: "2026-03-30T01:31:00Z", type: purchase, member: ada, amount: 1, km: -1}
  - {id: p5, at: "2026-03-30T01:31:00Z", type: purchase, member: ada, amount: 1, channel: tv}
expect:
  - {at: "2026-03-29T01:31:00Z", member: ada, wallets: {points: {spendable: 110111101}}}
  - {at: "2026-03-29T03:59:59Z", member: ada, wallets: {points: {spendable: 220112102}}}
  - {at: "2026-03-29T04:00:00Z", member: ada, wallets: {points: {spendable: 221122112}}}
  - {at: "2026-03-30T02:00:00Z", member: ada, wallets: {points: {spendable: 1222242132}}}
""")


def test_nth_counts_what_was_refunded_but_not_what_was_refused_or_voided() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  accept: [{activity: purchase, when: {net: {gte: 1}}, reason: small}]
  rules:
    - {id: first, activity: purchase, when: {nth: 1}, wallet: points, give: {fixed: 100}}
    - {id: third, activity: purchase, when: {nth: 3}, wallet: points, give: {fixed: 1000}}
    - {id: fourth, activity: purchase, when: {nth: 4}, wallet: points, give: {fixed: 5000}}
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: x1, at: "2026-03-02T10:00:00Z", type: purchase, member: ada, amount: 0.99}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: i2, at: "2026-03-05T09:00:00Z", type: ineligible, member: ada, of: p2}
  - {id: p3, at: "2026-03-06T09:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: p4, at: "2026-03-01T10:00:00Z", received: "2026-03-07T09:00:00Z", type: purchase,
     member: ada, amount: 40}
  - {id: i1, at: "2026-03-08T09:00:00Z", type: ineligible, member: ada, of: p1}
  - {id: r4, at: "2026-03-09T09:00:00Z", type: refund, member: ada, of: p4, amount: 39}
  - {id: p5, at: "2026-03-10T09:00:00Z", type: purchase, member: ada, amount: 50}
  - {id: q1, at: "2026-03-10T10:00:00Z", type: purchase, member: bob, amount: 2}
  - {id: m1, at: "2026-03-11T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: p6, at: "2026-03-12T09:00:00Z", type: purchase, member: ada, amount: 60}
expect:
  - {activity: i1, result: accepted}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {spendable: 110}}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {spendable: 130}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 20}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {spendable: 30}}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {spendable: 1070}}}
  - {at: "2026-03-08T12:00:00Z", member: ada, wallets: {points: {spendable: 1070}}}
  - {at: "2026-03-09T12:00:00Z", member: ada, wallets: {points: {spendable: 1031}}}
  - {at: "2026-03-10T12:00:00Z", member: ada, wallets: {points: {spendable: 2081}}}
  - {at: "2026-03-11T12:00:00Z", member: ada, wallets: {points: {spendable: 2183}}}
  - {at: "2026-03-12T12:00:00Z", member: ada, wallets: {points: {spendable: 2243}}}
""")


def test_a_refund_of_lines_rates_what_is_left_of_each_with_the_rounding_of_its_rule() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: food, activity: purchase, lines: {category: food}, wallet: points, give: {rate: 1.5,
       round: half_even}}
    - {id: full, activity: purchase, lines: {full_price: "true"}, when: {net: {gte: 30}},
       wallet: points, give: {step: 5, points: 2}}
    - {id: band, activity: purchase, lines: {category: toys}, wallet: points, give: {bands: [[10,
       1000], [20, 2000]], above: 3000}}
    - {id: all, activity: purchase, wallet: points, give: {of: [food, full], times: 0.5,
       round: ceil}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, lines: [{sku: a,
     category: food, amount: 9}, {sku: b, category: toys, amount: 20, full_price: true}, {sku: a,
     category: food, amount: 2, full_price: true}]}
  - {id: r1, at: "2026-03-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 0.34}
  - {id: r2, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1, lines: [{sku: b,
     amount: 10}]}
  - {id: r3, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p1, lines: [{sku: a,
     amount: 9}]}
  - {id: r4, at: "2026-03-06T09:00:00Z", type: refund, member: ada, of: p1, lines: [{sku: b,
     amount: 10.01}]}
  - {id: r5, at: "2026-03-07T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: p2, at: "2026-03-08T09:00:00Z", type: purchase, member: ada, amount: 3, category: toys}
  - {id: r6, at: "2026-03-09T09:00:00Z", type: refund, member: ada, of: p2,
     lines: [{category: toys, amount: 3}]}
expect:
  - {activity: r4, result: rejected, reason: refund_exceeds}
  - at: "2026-03-02T12:00:00Z"
    member: ada
    why: 11 x 1.5 = 16.5 -> 16; 22 at full price 4 steps -> 8; toys 2000; 12 more
    wallets: {points: {spendable: 2036}}
  - at: "2026-03-03T12:00:00Z"
    member: ada
    why: 10.66 x 1.5 = 15.99 -> 16; the rest is as it was
    wallets: {points: {spendable: 2036}}
  - at: "2026-03-04T12:00:00Z"
    member: ada
    why: 20.66 are left, less than 30; 16, toys of 10 1000, 8
    wallets: {points: {spendable: 1024}}
  - at: "2026-03-05T12:00:00Z"
    member: ada
    why: 1.66 of food are left, 2.49 -> 2; 1000; 1
    wallets: {points: {spendable: 1003}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
  - {at: "2026-03-08T12:00:00Z", member: ada, wallets: {points: {spendable: 1000}}}
  - {at: "2026-03-09T12:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
""")


def test_a_running_total_takes_from_the_refunded_lot_and_then_from_the_newest() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {step: 10, points: 1,
   remainder: carry}}]
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: p2, at: "2026-01-03T09:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: p3, at: "2026-01-04T09:00:00Z", type: purchase, member: ada, amount: 6}
  - {id: r1, at: "2026-01-05T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: p4, at: "2026-01-06T09:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: i2, at: "2026-01-07T09:00:00Z", type: ineligible, member: ada, of: p2}
  - {id: p5, at: "2026-01-02T10:00:00Z", received: "2026-01-08T09:00:00Z", type: purchase,
     member: ada, amount: 27}
  - {id: r5, at: "2026-01-09T09:00:00Z", type: refund, member: ada, of: p5, amount: 27}
expect:
  - {at: "2026-01-04T12:00:00Z", member: ada, lots: {points: [{from: p2.base, left: 1},
     {from: p3.base, left: 1}]}}
  - {at: "2026-01-05T12:00:00Z", member: ada, lots: {points: [{from: p2.base, left: 1}]}}
  - {at: "2026-01-06T12:00:00Z", member: ada, lots: {points: [{from: p2.base, left: 1},
     {from: p4.base, left: 1}]}}
  - {at: "2026-01-07T12:00:00Z", member: ada, lots: {points: [{from: p4.base, left: 1}]}}
  - {at: "2026-01-08T12:00:00Z", member: ada, lots: {points: [{from: p5.base, left: 3},
     {from: p4.base, left: 1}]}}
  - {at: "2026-01-09T12:00:00Z", member: ada, lots: {points: [{from: p4.base, left: 1}]}}
""")


def test_what_becomes_of_an_activity_goes_by_its_id_its_ref_its_age_and_its_number() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  max_age: P30D
  enroll: auto
  claim_window: P3D
  wallets: {points: {}}
  accept: [{activity: purchase, when: {partner: {ne: rival}}, reason: elsewhere}]
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: hello, activity: enrollment, wallet: points, give: {fixed: 5}}
    - {id: wait, activity: order, wallet: points, give: {rate: 1}, pending: {until: confirmed}}
activities:
  - {id: p1, at: "2026-03-01T09:00:00Z", type: purchase, external: {scheme: card, value: "7"},
     amount: 10, ref: A}
  - {id: p2, at: "2026-03-01T10:00:00Z", type: purchase, member: ada, amount: 11, ref: A}
  - {id: p1, at: "2026-03-01T09:00:00Z", received: "2026-03-01T11:00:00Z", type: purchase,
     external: {scheme: card, value: "7"}, amount: 10, ref: A}
  - {id: p3, at: "2026-03-01T12:00:00Z", type: purchase, member: ada, amount: 12, ref: A,
     partner: cafe}
  - {id: p4, at: "2026-03-01T13:00:00Z", type: visit, member: ada, ref: A}
  - {id: p5, at: "2026-03-01T14:00:00Z", type: purchase, member: ada, amount: 13, ref: B,
     partner: rival}
  - {id: p6, at: "2026-03-01T15:00:00Z", type: purchase, member: ada, amount: 14, ref: B,
     partner: rival}
  - {id: p6, at: "2026-03-01T15:00:00Z", type: purchase, member: ada, amount: 14.00, ref: B,
     partner: rival}
  - {id: p6, at: "2026-03-01T15:00:00Z", type: purchase, member: ada, amount: 14, ref: B}
  - {id: l1, at: "2026-03-05T00:00:00Z", type: identity_linked, member: ada, scheme: card,
     value: "7"}
  - {id: p7, at: "2026-03-05T01:00:00Z", type: purchase, member: ada, amount: 17, ref: A}
  - {id: o1, at: "2026-03-05T02:00:00Z", type: order, member: ada, amount: 100}
  - {id: r1, at: "2026-03-05T03:00:00Z", type: refund, member: ada, of: o1, amount: 30}
  - {id: k1, at: "2026-03-05T04:00:00Z", type: confirmation, member: ada, of: o1}
  - {id: k2, at: "2026-03-05T05:00:00Z", type: confirmation, member: ada, of: o9}
  - {id: r2, at: "2026-03-05T06:00:00Z", type: refund, member: bob, of: o1}
  - {id: i1, at: "2026-03-05T07:00:00Z", type: ineligible, member: ada, of: o1}
  - {id: i2, at: "2026-03-05T08:00:00Z", type: ineligible, member: ada, of: o1}
  - {id: r3, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: o1, amount: 1}
  - {id: q1, at: "2026-02-03T00:00:00Z", received: "2026-03-05T23:59:59Z", type: purchase,
     member: ada, amount: 1}
  - {id: q2, at: "2026-02-03T23:59:59Z", received: "2026-03-06T00:00:00Z", type: purchase,
     member: ada, amount: 1}
  - {id: q3, at: "2026-02-04T00:00:00Z", received: "2026-03-06T00:00:00Z", type: purchase,
     member: ada, amount: 1}
expect:
  - {activity: p1, result: rejected, reason: claim_window}
  - {activity: p2, result: duplicate, reason: ref}
  - {activity: p1, copy: 2, result: duplicate}
  - {activity: p3, result: accepted}
  - {activity: p4, result: accepted}
  - {activity: p5, result: rejected, reason: elsewhere}
  - {activity: p6, result: rejected, reason: elsewhere}
  - {activity: p6, copy: 2, result: duplicate}
  - {activity: p6, copy: 3, result: conflict, reason: payload_differs}
  - {activity: p7, result: accepted}
  - {activity: k2, result: rejected, reason: unknown_original}
  - {activity: r2, result: rejected, reason: unknown_original}
  - {activity: i1, result: accepted}
  - {activity: i2, result: rejected, reason: unknown_original}
  - {activity: r3, result: rejected}
  - {activity: q1, result: accepted}
  - {activity: q2, result: rejected, reason: too_old}
  - {activity: q3, result: accepted}
  - {at: "2026-03-01T12:30:00Z", member: ada, wallets: {points: {spendable: 17}}}
  - {at: "2026-03-05T03:30:00Z", member: ada, wallets: {points: {spendable: 34, pending: 70}}}
  - {at: "2026-03-05T04:30:00Z", member: ada, wallets: {points: {spendable: 104, pending: 0}}}
  - {at: "2026-03-05T07:30:00Z", member: ada, wallets: {points: {spendable: 34, pending: 0}}}
  - {at: "2026-03-06T07:30:00Z", member: ada, wallets: {points: {spendable: 36, pending: 0}}}
""")
