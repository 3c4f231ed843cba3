"""What time does to lots and tiers, and what undoes it: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_units_are_taken_back_from_the_lot_then_the_dead_then_others_then_owed() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: after, period: P1M, round: day}}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: slow, activity: visit, wallet: points, give: {fixed: 20}, pending: {until: confirmed}}
  rewards: {mug: {wallet: points, cost: 30}, cup: {wallet: points, cost: 12}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 100}
  - {id: d1, at: "2026-03-03T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: v1, at: "2026-04-02T09:00:00Z", type: visit, member: ada}
  - {id: p2, at: "2026-04-02T10:00:00Z", type: purchase, member: ada, amount: 4}
  - {id: p3, at: "2026-04-04T10:00:00Z", type: purchase, member: ada, amount: 3}
  - {id: r1, at: "2026-04-05T09:00:00Z", type: refund, member: ada, of: p1, amount: 60}
  - {id: r2, at: "2026-04-05T10:00:00Z", type: refund, member: ada, of: p1, amount: 15}
  - {id: r3, at: "2026-04-05T11:00:00Z", type: refund, member: ada, of: p1, amount: 25.01}
  - {id: r4, at: "2026-04-05T12:00:00Z", type: refund, member: ada, of: p1}
  - {id: r5, at: "2026-04-05T12:00:00Z", type: refund, member: ada, of: r1}
  - {id: d2, at: "2026-04-06T09:00:00Z", type: redemption, member: ada, item: cup}
  - {id: k1, at: "2026-04-06T10:00:00Z", type: confirmation, member: ada, of: v1}
  - {id: p4, at: "2026-04-07T10:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: p5, at: "2026-03-01T10:00:00Z", received: "2026-04-08T10:00:00Z", type: purchase,
     member: ada, amount: 50}
  - {id: c1, at: "2026-04-09T09:00:00Z", type: redemption_cancelled, member: ada, of: d1}
expect:
  - {activity: r3, result: rejected, reason: refund_exceeds}
  - {activity: r5, result: rejected, reason: unknown_original}
  - {activity: d2, result: rejected, reason: insufficient_points}
  - {at: "2026-04-03T00:00:00Z", member: ada, wallets: {points: {spendable: 4, pending: 20,
     expired: 70, redeemed: 30, earned: 124}}}
  - {at: "2026-04-05T09:30:00Z", member: ada, wallets: {points: {spendable: 7, expired: 10,
     redeemed: 30, earned: 67, debt: 0}}}
  - at: "2026-04-05T10:30:00Z"
    member: ada
    why: 10 had expired, 4 and 1 come from the others in spending order
    wallets: {points: {spendable: 2, pending: 20, expired: 0, redeemed: 30, earned: 52, debt: 0}}
    lots: {points: [{from: v1.slow, left: 20, pending: "true"}, {from: p3.base, left: 2,
     spent: 1}]}
  - {at: "2026-04-05T12:30:00Z", member: ada, wallets: {points: {spendable: 0, pending: 20,
     redeemed: 30, earned: 27, debt: 23}}}
  - {at: "2026-04-06T12:00:00Z", member: ada, wallets: {points: {spendable: 0, pending: 0,
     debt: 3, earned: 27}}}
  - {at: "2026-04-07T12:00:00Z", member: ada, wallets: {points: {spendable: 4, debt: 0,
     earned: 34}}}
  - {at: "2026-04-08T12:00:00Z", member: ada, wallets: {points: {spendable: 4, debt: 0,
     earned: 84, expired: 50}}}
""")


def test_at_one_instant_lots_die_then_wait_no_more_then_tiers_end_then_jobs_run() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {expiry: {mode: after, period: P1M, round: month}}
    cash: {scale: 2}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}, pending: {for: P31D},
       expiry: {mode: after, period: P1M}}
    - {id: fast, activity: visit, wallet: points, give: {fixed: 10}}
    - {id: gold, activity: visit, when: {status: gold}, wallet: points, give: {fixed: 1000}}
    - {id: money, activity: sale, wallet: cash, give: {rate: 0.1, round: half_up},
       pending: {for: P31D}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_month}}
  ladders: {status: {counter: spend, window: calendar_month, keep: {until: end_of_window},
   tiers: [{id: base, at: 0}, {id: gold, at: 20}]}}
  schedule:
    gift: {monthly: "1", grant: [{wallet: cash, fixed: 0.05}]}
    out: {monthly: "1", payout: {wallet: cash, min: 3.00}}
    late: {monthly: "1", grant: [{wallet: cash, fixed: 0.01}], when: {member.kind: [a, b]}}
activities:
  - {id: e1, at: "2026-02-01T00:00:00Z", type: enrollment, member: ada, attrs: {kind: b}}
  - {id: v1, at: "2026-02-28T09:00:00Z", type: visit, member: ada}
  - {id: p1, at: "2026-03-01T09:00:00Z", type: purchase, member: ada, amount: 25}
  - {id: s1, at: "2026-03-01T09:00:00Z", type: sale, member: ada, amount: 29.45}
  - {id: v2, at: "2026-03-31T23:59:59.999Z", type: visit, member: ada}
  - {id: v3, at: "2026-04-01T00:00:00Z", type: visit, member: ada}
  - {id: e2, at: "2026-04-01T00:00:00Z", type: enrollment, member: bob, attrs: {kind: a}}
expect:
  - {at: "2026-02-01T00:00:00Z", member: ada, wallets: {cash: {spendable: 0}}}
  - {at: "2026-03-01T00:00:00Z", member: ada, wallets: {cash: {spendable: 0.06},
     points: {spendable: 10}}}
  - {at: "2026-03-31T23:59:59.999Z", member: ada, wallets: {points: {spendable: 1020,
     pending: 25}, cash: {pending: 2.95, spendable: 0.06}}, ladders: {status: {tier: gold,
     until: "2026-04-01T00:00:00Z"}}}
  - at: "2026-04-01T00:00:00Z"
    member: ada
    why: v1's are gone, p1's are released for a day,
     the tier is over before the visit; 0.06 and 2.95 and 0.05 are paid
    wallets: {points: {spendable: 1045, pending: 0, expired: 10}, cash: {spendable: 0.01,
     redeemed: 3.06}}
    ladders: {status: {tier: base}}
    lots: {points: [{from: p1.base, left: 25, expires: "2026-04-02T00:00:00Z"}, {from: v2.fast,
     left: 10}, {from: v2.gold, left: 1000}, {from: v3.fast, left: 10,
     expires: "2026-06-01T00:00:00Z"}]}
  - {at: "2026-04-01T00:00:00Z", payouts: [[ada, 2026-04-01, 3.06]]}
  - {at: "2026-04-01T12:00:00Z", member: bob, wallets: {cash: {spendable: 0}}}
  - {at: "2026-04-02T00:00:00Z", member: ada, wallets: {points: {spendable: 1020, expired: 35}}}
""")


def test_a_wallet_sleeps_after_its_last_day_and_a_late_report_wakes_it() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: inactivity, period: P6M, activity: [purchase]}}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: gift, activity: visit, wallet: points, give: {fixed: 3}}
  rewards: {mug: {wallet: points, cost: 10}}
activities:
  - {id: e1, at: "2025-12-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2025-12-02T09:00:00Z", type: visit, member: ada}
  - {id: p1, at: "2026-01-01T00:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: d1, at: "2026-06-30T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: v2, at: "2026-07-02T00:00:00Z", type: visit, member: ada}
  - {id: r1, at: "2026-07-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 25}
  - {id: p2, at: "2026-07-01T23:59:59Z", received: "2026-07-04T09:00:00Z", type: purchase,
     member: ada, amount: 7}
expect:
  - {at: "2026-07-01T23:59:59Z", member: ada, wallets: {points: {spendable: 23, expired: 0}},
     lots: {points: [{from: p1.base, left: 23, expires: null}]}}
  - {at: "2026-07-02T00:00:00Z", member: ada, wallets: {points: {spendable: 3, expired: 23}}}
  - {at: "2026-07-03T12:00:00Z", member: ada, wallets: {points: {spendable: 1, expired: 0,
     earned: 11, redeemed: 10}}}
  - {at: "2026-07-04T12:00:00Z", member: ada, wallets: {points: {spendable: 8, expired: 0,
     earned: 18}}}
""")


def test_a_tier_that_changes_gives_living_lots_the_date_of_its_own_policy() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry:
        by_tier:
          ladder: status
          tiers: {base: {mode: after, period: P1M}, gold: {mode: date, month_day: "06-30",
           years: 1}}
          else: {mode: never}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: own, activity: purchase, wallet: points, give: {fixed: 2}, expiry: {mode: after,
       period: P2M}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders: {status: {counter: spend, keep: {}, tiers: [{id: base, at: 0}, {id: gold, at: 100},
   {id: top, at: 1000}]}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-31T09:00:00Z", type: purchase, member: ada, amount: 25}
  - {id: p2, at: "2026-02-28T23:59:59Z", type: purchase, member: ada, amount: 80}
  - {id: p3, at: "2026-02-10T09:00:00Z", received: "2026-03-05T09:00:00Z", type: purchase,
     member: ada, amount: 3}
  - {id: g1, at: "2026-03-10T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: top, until: "2026-12-01T00:00:00Z"}
expect:
  - {at: "2026-02-27T23:59:59Z", member: ada, lots: {points: [{from: p1.base,
     expires: "2026-03-01T00:00:00Z"}, {from: p1.own, expires: "2026-04-01T00:00:00Z"}]}}
  - at: "2026-03-01T00:00:00Z"
    member: ada
    lots:
      points:
        - {from: p1.own, expires: "2026-04-01T00:00:00Z"}
        - {from: p2.own, expires: "2026-04-29T00:00:00Z"}
        - {from: p1.base, expires: "2027-07-01T00:00:00Z"}
        - {from: p2.base, expires: "2027-07-01T00:00:00Z"}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 114}}}
  - {at: "2026-03-10T12:00:00Z", member: ada, lots: {points: [{from: p1.own,
     expires: "2026-04-01T00:00:00Z"}, {from: p3.own, expires: "2026-04-11T00:00:00Z"},
     {from: p2.own}, {from: p1.base, expires: null}, {from: p3.base, expires: null},
     {from: p2.base, expires: null}]}}
  - {at: "2026-12-01T00:00:00Z", member: ada, lots: {points: [{from: p1.base,
     expires: "2027-07-01T00:00:00Z"}, {from: p3.base}, {from: p2.base}]}}
""")


def test_units_that_arrive_in_another_wallet_are_new_and_those_that_wait_keep_their_date() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    gifts: {expiry: {mode: after, period: P1M, round: day}, transfer_to: points}
    points: {expiry: {mode: after, period: P3M, round: month}}
    credit: {scale: 2, expiry: {mode: after, period: P1M}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}, pending: {for: P60D}}
    - {id: gift, activity: purchase, wallet: gifts, give: {rate: 0.5, round: half_up}}
  counters:
    got: {sum: "points:points", window: calendar_month}
    based: {sum: "points:points:base", window: lifetime}
    all: {sum: "points:points", window: lifetime}
  ladders:
    months:
      counter: got
      window: calendar_month
      keep: {until: end_of_window}
      tiers: [{id: none0, at: 0}, {id: ten, at: 10, on_enter: [{wallet: credit, fixed: 1.25,
       per: month, as: thanks}]}]
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-01-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-01-31T09:00:00Z", type: purchase, member: ada, lines: [{sku: a,
     amount: 12.50}, {sku: b, amount: 8.50}]}
  - {id: t1, at: "2026-02-27T09:00:00Z", type: transfer, member: ada, to: bob, wallet: gifts,
     points: 11}
  - {id: r1, at: "2026-02-28T09:00:00Z", type: refund, member: ada, of: p1, amount: 2.50,
     as: credit}
expect:
  - at: "2026-01-31T12:00:00Z"
    member: ada
    wallets: {points: {pending: 21, spendable: 0, earned: 21}, gifts: {spendable: 11},
     credit: {spendable: 1.25}}
    counters: {got: 21, based: 21}
    ladders: {months: {tier: ten, until: "2026-02-01T00:00:00Z"}}
    lots: {gifts: [{from: p1.gift, left: 11, expires: "2026-03-01T00:00:00Z"}],
     credit: [{from: "months:ten.thanks", earned: "2026-01-31T09:00:00Z",
     expires: "2026-03-01T00:00:00Z"}], points: [{from: p1.base, pending: "true",
     expires: "2026-05-01T00:00:00Z"}]}
  - at: "2026-02-27T12:00:00Z"
    member: bob
    wallets: {points: {spendable: 11, earned: 11}, gifts: {spendable: 0},
     credit: {spendable: 1.25}}
    counters: {got: 11, based: 0, all: 11}
    lots: {points: [{from: t1.received, left: 11, earned: "2026-02-27T09:00:00Z",
     expires: "2026-06-01T00:00:00Z"}]}
  - {at: "2026-02-27T12:00:00Z", member: ada, wallets: {gifts: {spendable: 0, redeemed: 0,
     earned: 11}}}
  - at: "2026-02-28T12:00:00Z"
    member: ada
    why: 18.50 give 18, and 9.25 gifts are 9; two gifts are owed
    wallets: {points: {pending: 18, earned: 18}, gifts: {spendable: 0, debt: 2, earned: 9},
     credit: {spendable: 3.75}}
    counters: {got: 0, all: 18}
    lots: {credit: [{from: "months:ten.thanks", left: 1.25}, {from: r1.refund, left: 2.50,
     expires: null}]}
  - {at: "2026-03-01T00:00:00Z", member: ada, wallets: {credit: {spendable: 2.50, expired: 1.25}}}
  - {at: "2026-03-31T23:59:59Z", member: ada, wallets: {points: {pending: 18, spendable: 0}}}
  - {at: "2026-04-01T00:00:00Z", member: ada, wallets: {points: {pending: 0, spendable: 18}}}
  - {at: "2026-05-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 18}},
     counters: {all: 18}}
""")


def test_a_term_of_twelve_months_ends_with_its_day_and_falls_by_one_rung_for_another() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net, window: {rolling: P12M}}}
  ladders:
    status:
      counter: spend
      keep: {for: P12M}
      drop: one_rung
      tiers: [{id: a, at: 0}, {id: b, at: 100}, {id: c, at: 200}, {id: d, at: 300}]
activities:
  - {id: e1, at: "2024-02-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2024-02-29T10:00:00Z", type: purchase, member: ada, amount: 350}
  - {id: p2, at: "2024-06-01T10:00:00Z", type: purchase, member: ada, amount: 120}
  - {id: p3, at: "2026-03-01T00:00:00Z", type: purchase, member: ada, amount: 200}
expect:
  - {at: "2024-03-01T00:00:00Z", member: ada, ladders: {status: {tier: d,
     since: "2024-02-29T10:00:00Z", until: "2025-03-01T00:00:00Z"}}}
  - {at: "2025-02-28T09:59:59Z", member: ada, counters: {spend: 470}}
  - {at: "2025-02-28T23:59:59Z", member: ada, counters: {spend: 470}, ladders: {status: {tier: d}}}
  - {at: "2025-03-01T00:00:00Z", member: ada, ladders: {status: {tier: c,
     since: "2025-03-01T00:00:00Z", until: "2026-03-01T00:00:00Z"}}}
  - {at: "2026-02-28T23:59:59Z", member: ada, ladders: {status: {tier: c}}}
  - {at: "2026-03-01T00:00:00Z", member: ada, ladders: {status: {tier: c,
     since: "2026-03-01T00:00:00Z", until: "2027-03-02T00:00:00Z"}}}
  - {at: "2027-03-01T23:59:59Z", member: ada, counters: {spend: 0}, ladders: {status: {tier: c}}}
  - {at: "2027-03-02T00:00:00Z", member: ada, ladders: {status: {tier: b,
     until: "2028-03-02T00:00:00Z"}}}
  - {at: "2028-03-02T00:00:00Z", member: ada, ladders: {status: {tier: a,
     since: "2028-03-02T00:00:00Z", until: null}}}
""")


def test_a_granted_tier_replaces_the_one_before_and_enters_tiers_as_a_floor_does() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      keep: {}
      tiers: [{id: base, at: 0}, {id: silver, at: 100, on_enter: [{wallet: points, fixed: 10}]},
       {id: gold, at: 200, on_enter: [{wallet: points, fixed: 20, per: year}]}]
      floors: [{when: {member.card: "yes"}, tier: silver}]
activities:
  - {id: e1, at: "2026-02-01T09:00:00Z", type: enrollment, member: ada, attrs: {card: "yes"}}
  - {id: g1, at: "2026-03-01T10:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: gold, until: "2026-06-01T00:00:00Z"}
  - {id: g2, at: "2026-07-01T10:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: gold, until: "2026-12-01T00:00:00Z"}
  - {id: g3, at: "2026-08-01T10:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: base, until: "2027-12-01T00:00:00Z"}
  - {id: u1, at: "2026-09-01T10:00:00Z", type: member_updated, member: ada, attrs: {card: "no"}}
  - {id: u2, at: "2026-09-02T10:00:00Z", type: member_updated, member: ada, attrs: {card: "yes"}}
  - {id: p1, at: "2027-01-01T00:00:00Z", type: purchase, member: ada, amount: 200}
  - {id: g4, at: "2028-07-01T10:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: gold, until: "2028-12-01T00:00:00Z"}
expect:
  - {at: "2026-02-01T10:00:00Z", member: ada, wallets: {points: {spendable: 10}},
     ladders: {status: {tier: silver, since: "2026-02-01T09:00:00Z"}}}
  - {at: "2026-03-01T12:00:00Z", member: ada, wallets: {points: {spendable: 30}},
     ladders: {status: {tier: gold, since: "2026-03-01T10:00:00Z", until: "2026-06-01T00:00:00Z"}}}
  - {at: "2026-05-31T23:59:59Z", member: ada, ladders: {status: {tier: gold}}}
  - {at: "2026-06-01T00:00:00Z", member: ada, ladders: {status: {tier: silver,
     since: "2026-06-01T00:00:00Z"}}}
  - {at: "2026-07-01T12:00:00Z", member: ada, wallets: {points: {spendable: 30}},
     ladders: {status: {tier: gold, since: "2026-07-01T10:00:00Z"}}}
  - {at: "2026-08-01T12:00:00Z", member: ada, wallets: {points: {spendable: 30}},
     ladders: {status: {tier: silver, since: "2026-08-01T10:00:00Z"}}}
  - {at: "2026-09-01T12:00:00Z", member: ada, wallets: {points: {spendable: 30}},
     ladders: {status: {tier: base, since: "2026-09-01T10:00:00Z"}}}
  - {at: "2026-09-02T12:00:00Z", member: ada, wallets: {points: {spendable: 30}},
     ladders: {status: {tier: silver}}}
  - {at: "2027-01-01T00:00:00Z", member: ada, wallets: {points: {spendable: 50}},
     ladders: {status: {tier: gold, since: "2027-01-01T00:00:00Z", until: null}}}
  - {at: "2028-07-01T12:00:00Z", member: ada, wallets: {points: {spendable: 50}},
     ladders: {status: {tier: gold, since: "2027-01-01T00:00:00Z", until: null}}}
""")
