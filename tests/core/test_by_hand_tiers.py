"""What the paper says of tiers, terms, running totals and missions, one program a story.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_a_term_ends_with_a_business_day_and_falls_one_rung_at_a_time() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  day_start: "06:00"
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net, window: {rolling: P12M}}}
  ladders: {status: {counter: spend, tiers: [{id: low, at: 0}, {id: mid, at: 100,
    on_enter: [{wallet: points, fixed: 1}]}, {id: top, at: 300, on_enter: [{wallet: points,
    fixed: 10, per: year}]}], keep: {for: P12M}, drop: one_rung}}
  badges: {high: {ladder: status, tier: mid}}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2025-03-10T04:30:00Z", type: purchase, member: ada, amount: 300}
  - {id: p2, at: "2025-06-01T09:00:00Z", type: purchase, member: ada, amount: 50}
expect:
  - {at: "2025-03-10T04:30:00Z", member: ada, wallets: {points: {spendable: 11}},
     badges: {high: 2025-03-09}, ladders: {status: {tier: top, since: "2025-03-10T05:30:00+01:00",
     until: "2026-03-10T06:00:00+01:00"}}}
  - {at: "2026-03-10T04:59:59Z", member: ada, counters: {spend: 50},
     ladders: {status: {tier: top}}}
  - {at: "2026-03-10T05:00:00Z", member: ada, counters: {spend: 50}, ladders: {status: {tier: mid,
     since: "2026-03-10T06:00:00+01:00", until: "2027-03-10T06:00:00+01:00"}}}
  - {at: "2027-03-10T05:00:00Z", member: ada, wallets: {points: {spendable: 11}},
     badges: {high: 2025-03-09}, ladders: {status: {tier: low, since: "2027-03-10T06:00:00+01:00",
     until: null}}}
""")


def test_of_a_tier_that_is_granted_and_one_of_a_card_the_higher_is_shown() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_year}}
  ladders:
    status:
      counter: spend
      keep: {until: end_of_next_year}
      tiers: [{id: low, at: 0}, {id: mid, at: 100, on_enter: [{wallet: points, fixed: 1}]},
        {id: top, at: 300, on_enter: [{wallet: points, fixed: 10, per: year}, {badge: peak}]}]
      floors: [{when: {member.card: [silver, gold]}, tier: mid}, {when: {member.card: gold},
        tier: top}]
  badges: {peak: {grant: [{wallet: points, fixed: 100}]}}
  rules: [{id: base, activity: purchase, wallet: points, by_tier: {ladder: status,
    tiers: {mid: {fixed: 1000}, top: {fixed: 2000}}}}]
activities:
  - {id: e1, at: "2026-01-05T09:00:00Z", type: enrollment, member: ada}
  - {id: g1, at: "2026-01-06T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: top, until: "2026-02-01T00:00:00Z"}
  - {id: g2, at: "2026-01-10T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: mid, until: "2026-03-01T00:00:00Z"}
  - {id: p1, at: "2026-01-09T09:00:00Z", received: "2026-01-11T09:00:00Z", type: purchase,
     member: ada, amount: 1}
  - {id: u1, at: "2026-02-15T09:00:00Z", type: member_updated, member: ada, attrs: {card: silver}}
  - {id: p2, at: "2026-03-01T00:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: u2, at: "2026-03-05T09:00:00Z", type: member_updated, member: ada, attrs: {card: gold}}
  - {id: u3, at: "2026-03-06T09:00:00Z", type: member_updated, member: ada, attrs: {card: none}}
  - {id: p3, at: "2026-03-07T09:00:00Z", type: purchase, member: ada, amount: 98}
  - {id: u4, at: "2027-03-06T09:00:00Z", type: member_updated, member: ada, attrs: {card: gold}}
expect:
  - {at: "2026-01-06T12:00:00Z", member: ada, wallets: {points: {spendable: 111}},
     badges: {peak: 2026-01-06}, ladders: {status: {tier: top, since: "2026-01-06T09:00:00Z",
     until: "2026-02-01T00:00:00Z"}}}
  - {at: "2026-01-10T12:00:00Z", member: ada, wallets: {points: {spendable: 111}},
     ladders: {status: {tier: mid, since: "2026-01-10T09:00:00Z", until: "2026-03-01T00:00:00Z"}}}
  - {at: "2026-01-11T12:00:00Z", member: ada, wallets: {points: {spendable: 2111}}}
  - {at: "2026-02-15T12:00:00Z", member: ada, ladders: {status: {tier: mid,
     since: "2026-01-10T09:00:00Z", until: null}}}
  - {at: "2026-03-01T12:00:00Z", member: ada, wallets: {points: {spendable: 3111}},
     ladders: {status: {tier: mid, since: "2026-01-10T09:00:00Z"}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 3111}},
     ladders: {status: {tier: top, since: "2026-03-05T09:00:00Z", until: null}}}
  - {at: "2026-03-06T12:00:00Z", member: ada, ladders: {status: {tier: low,
     since: "2026-03-06T09:00:00Z", until: null}}}
  - {at: "2026-03-07T12:00:00Z", member: ada, counters: {spend: 100},
     wallets: {points: {spendable: 3111}}, ladders: {status: {tier: mid,
     since: "2026-03-07T09:00:00Z", until: "2028-01-01T00:00:00Z"}}}
  - {at: "2027-03-06T12:00:00Z", member: ada, wallets: {points: {spendable: 3121}},
     ladders: {status: {tier: top, until: null}}}
  - {at: "2028-01-01T00:00:00Z", member: ada, ladders: {status: {tier: top}}}
""")


def test_the_running_total_is_followed_both_ways_and_so_is_what_multiplies_it() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {debt: write_off}}
  rules:
    - {id: base, activity: purchase, lines: {category: {ne: gift}}, when: {channel: {ne: web}},
       wallet: points, give: {step: 10, points: 3, remainder: carry}}
    - {id: again, activity: purchase, wallet: points, give: {of: [base], times: 0.5,
       round: half_up}}
activities:
  - {id: e1, at: "2026-01-05T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-06T09:00:00Z", type: purchase, member: ada, amount: 9.99}
  - {id: p2, at: "2026-01-07T09:00:00Z", type: purchase, member: ada, lines: [{category: gift,
     amount: 50}, {category: food, amount: 10.02}]}
  - {id: p3, at: "2026-01-08T09:00:00Z", type: purchase, member: ada, amount: 100, channel: web}
  - {id: p4, at: "2026-01-09T09:00:00Z", type: purchase, member: ada, amount: 5}
  - {id: r1, at: "2026-01-10T09:00:00Z", type: refund, member: ada, of: p1, amount: 0.02}
  - {id: a1, at: "2026-01-11T09:00:00Z", type: adjustment, member: ada, wallet: points, points: -2}
  - {id: r2, at: "2026-01-12T09:00:00Z", type: refund, member: ada, of: p2,
     lines: [{category: food, amount: 10.02}]}
  - {id: r3, at: "2026-01-13T09:00:00Z", type: refund, member: ada, of: p2}
  - {id: p5, at: "2026-01-14T09:00:00Z", type: purchase, member: ada, amount: 5.03}
expect:
  - {at: "2026-01-06T12:00:00Z", member: ada, wallets: {points: {earned: 0}}}
  - {at: "2026-01-07T12:00:00Z", member: ada, wallets: {points: {earned: 9}}}
  - {at: "2026-01-09T12:00:00Z", member: ada, wallets: {points: {earned: 9}}}
  - {at: "2026-01-10T12:00:00Z", member: ada, wallets: {points: {earned: 9}}}
  - {at: "2026-01-11T12:00:00Z", member: ada, wallets: {points: {spendable: 7}}}
  - {at: "2026-01-12T12:00:00Z", member: ada, wallets: {points: {spendable: 3, earned: 5,
     debt: 0}}}
  - {at: "2026-01-13T12:00:00Z", member: ada, wallets: {points: {earned: 3}}}
  - {at: "2026-01-14T12:00:00Z", member: ada, wallets: {points: {earned: 8}}}
""")


def test_taking_back_what_was_spent_takes_from_other_lots_and_then_is_written_off() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {debt: write_off, expiry: {mode: after, period: P10D}}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  rewards: {mug: {wallet: points, cost: 25}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 20}
  - {id: p2, at: "2026-01-04T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: d1, at: "2026-01-05T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: p3, at: "2026-01-06T09:00:00Z", type: purchase, member: ada, amount: 4}
  - {id: r1, at: "2026-01-07T09:00:00Z", type: refund, member: ada, of: p1, amount: 6}
  - {id: r2, at: "2026-01-08T09:00:00Z", type: refund, member: ada, of: p1, amount: 14}
  - {id: p4, at: "2026-01-09T09:00:00Z", type: purchase, member: ada, amount: 9}
  - {id: r3, at: "2026-01-25T09:00:00Z", type: refund, member: ada, of: p4, amount: 4}
expect:
  - {at: "2026-01-07T12:00:00Z", member: ada, wallets: {points: {spendable: 3, debt: 0}},
     lots: {points: [{from: p3.base, left: 3}]}}
  - {at: "2026-01-08T12:00:00Z", member: ada, wallets: {points: {spendable: 0, debt: 0,
     earned: 14, redeemed: 25}}}
  - {at: "2026-01-09T12:00:00Z", member: ada, wallets: {points: {spendable: 9}}}
  - {at: "2026-01-20T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 9}}}
  - {at: "2026-01-25T12:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 5,
     earned: 19}}}
""")


def test_missions_count_from_joining_and_pay_who_is_eligible_when_the_goal_is_reached() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {earned: {sum: "points:points"}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  missions:
    food: {opt_in: true, activity: purchase, lines: {category: food}, sum: net, goal: 30,
      window: {for: P1D}, eligible: {member.vip: true}, reverse: true, grant: [{wallet: points,
      fixed: 5, as: food}, {voucher: cake, valid: P1D}]}
    rich: {counter: earned, goal: 60, reverse: true, grant: [{badge: rich}, {wallet: points,
      fixed: 7}]}
    kinds: {activity: purchase, distinct: category, each: {sum: net, gte: 10}, goal: 2,
      window: calendar_month, grant: [{wallet: points, fixed: 100, per: year}]}
  badges: {rich: {}, done: {mission: food, grant: [{wallet: points, fixed: 1000}]}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p0, at: "2026-01-02T08:00:00Z", type: purchase, member: ada, amount: 20, category: food}
  - {id: j1, at: "2026-01-02T09:00:00Z", type: mission_joined, member: ada, mission: food}
  - {id: p1, at: "2026-01-02T08:30:00Z", received: "2026-01-02T10:00:00Z", type: purchase,
     member: ada, amount: 9, category: food}
  - {id: p2, at: "2026-01-03T23:59:59Z", type: purchase, member: ada, lines: [{category: food,
     amount: 30}, {category: toys, amount: 9.99}]}
  - {id: u1, at: "2026-01-04T09:00:00Z", type: member_updated, member: ada, attrs: {vip: true}}
  - {id: r1, at: "2026-01-05T09:00:00Z", type: refund, member: ada, of: p2,
     lines: [{category: food, amount: 0.01}]}
  - {id: p3, at: "2026-01-06T09:00:00Z", type: purchase, member: ada, amount: 0.01, category: toys}
expect:
  - {at: "2026-01-02T12:00:00Z", member: ada, missions: {food: {state: active, progress: 0},
     kinds: {progress: 1}}, wallets: {points: {spendable: 29}}}
  - {at: "2026-01-03T23:59:59Z", member: ada, missions: {food: {state: active, progress: 30},
     rich: {state: completed}}, badges: {rich: 2026-01-03}, wallets: {points: {spendable: 75}},
     counters: {earned: 75}}
  - {at: "2026-01-04T12:00:00Z", member: ada, missions: {food: {state: completed}},
     vouchers: {"mission:food": {state: issued, until: "2026-01-06T00:00:00Z"}},
     wallets: {points: {spendable: 1080}}, badges: {rich: 2026-01-03, done: 2026-01-04}}
  - {at: "2026-01-05T12:00:00Z", member: ada, missions: {food: {state: expired, progress: 29.99}},
     vouchers: {"mission:food": {state: void}}, wallets: {points: {spendable: 1075}}}
  - {at: "2026-01-06T12:00:00Z", member: ada, missions: {kinds: {state: completed, progress: 2}},
     wallets: {points: {spendable: 1175}}}
""")
