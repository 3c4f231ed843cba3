"""Settlement, windows, vouchers and plans: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_a_partner_settles_what_names_it_and_nothing_that_tiers_bring() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, cash: {scale: 2}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: friend, activity: purchase, to: referrer, wallet: cash, give: {rate: 0.10,
       round: half_up}}
  draws:
    luck: {activity: purchase, seed: s, wallet: points, table: [{id: win, p: 1, fixed: 10}]}
  counters: {spend: {activity: purchase, sum: net}}
  ladders: {status: {counter: spend, keep: {}, tiers: [{id: base, at: 0}, {id: gold, at: 50,
   on_enter: [{wallet: points, fixed: 70}]}]}}
  rewards: {cake: {wallet: points, cost: 30, partner: cafe, stock: 3}, tea: {wallet: points,
   any: {points: 7, value: 3}, partner: shop2}}
  partners: {cafe: {pays_per_point: 0.10, is_paid_per_point: 0.05}, shop2: {pays_per_point: 0.03,
   is_paid_per_point: 0.005}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: bob, amount: 60.45, partner: cafe}
  - {id: a1, at: "2026-03-03T09:00:00Z", type: adjustment, member: bob, wallet: points, points: 5,
     partner: cafe}
  - {id: d1, at: "2026-03-04T09:00:00Z", type: redemption, member: bob, item: cake, qty: 2}
  - {id: d2, at: "2026-03-05T09:00:00Z", type: redemption, member: bob, item: tea, value: 10}
  - {id: r1, at: "2026-03-06T09:00:00Z", type: refund, member: bob, of: p1, amount: 20.45}
  - {id: i1, at: "2026-03-07T09:00:00Z", type: ineligible, member: bob, of: p1}
  - {id: c1, at: "2026-03-08T09:00:00Z", type: redemption_cancelled, member: bob, of: d1}
  - {id: p2, at: "2026-03-09T09:00:00Z", type: purchase, member: bob, amount: 1}
  - {id: r2, at: "2026-03-10T09:00:00Z", type: refund, member: bob, of: p2, as: cash,
     partner: cafe}
expect:
  - at: "2026-03-02T12:00:00Z"
    why: 60 and 10 points and 6.05 of cash were issued by the cafe, the 70 were not
    book: {"partner:cafe": 7.61, "partner:shop2": 0}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {cash: {spendable: 6.05}}}
  - {at: "2026-03-03T12:00:00Z", book: {"partner:cafe": 8.11}}
  - {at: "2026-03-04T12:00:00Z", book: {"partner:cafe": 5.11}}
  - {at: "2026-03-04T12:00:00Z", stock: {cake: 1}}
  - {at: "2026-03-05T12:00:00Z", member: bob, wallets: {points: {spendable: 61, redeemed: 84}}}
  - {at: "2026-03-05T12:00:00Z", book: {"partner:shop2": -0.12}}
  - at: "2026-03-06T12:00:00Z"
    why: 40 and 10 and 5 points and 4.00 of cash, less 60 redeemed
    book: {"partner:cafe": 2.90}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {cash: {spendable: 4}}}
  - {at: "2026-03-07T12:00:00Z", member: bob, wallets: {points: {earned: 75, redeemed: 84,
     spendable: 0, debt: 9}}}
  - {at: "2026-03-07T12:00:00Z", book: {"partner:cafe": -2.50}}
  - {at: "2026-03-08T12:00:00Z", book: {"partner:cafe": 0.50}}
  - {at: "2026-03-08T12:00:00Z", member: bob, wallets: {points: {earned: 75, redeemed: 24,
     spendable: 51, debt: 0}}}
  - {at: "2026-03-08T12:00:00Z", stock: {cake: 3}}
  - {at: "2026-03-10T12:00:00Z", member: bob, wallets: {cash: {spendable: 1},
     points: {spendable: 61}}}
  - at: "2026-03-10T12:00:00Z"
    why: the cafe brought the credit of 1.00, though not the purchase
    book: {"partner:cafe": 0.60}
""")


def test_a_closed_window_pays_its_milestone_once_and_the_best_of_a_group_may_be_refused() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: America/New_York
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: a, activity: visit, wallet: points, give: {fixed: 10}, best_of: g, limit: {times: 1,
       per: month}}
    - {id: b, activity: visit, wallet: points, give: {fixed: 7}, best_of: g}
  counters:
    km: {activity: run, sum: km, window: week}
    best: {activity: run, streak: day, window: {rolling: P7D}}
    shops: {activity: purchase, distinct: shop, each: {sum: net, gte: 10}, window: calendar_month}
  ladders:
    weekly:
      counter: km
      window: week
      keep: {until: end_of_window}
      tiers: [{id: rest, at: 0}, {id: ten, at: 10, on_enter: [{wallet: points, fixed: 100,
       per: week}]}, {id: twenty, at: 20.5, on_enter: [{wallet: points, fixed: 1000}]}]
  badges: {shopper: {counter: shops, at: 2}}
activities:
  - {id: e1, at: "2026-02-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-03-01T04:59:59Z", type: visit, member: ada}
  - {id: v2, at: "2026-03-01T05:00:00Z", type: visit, member: ada}
  - {id: v3, at: "2026-03-31T23:00:00Z", type: visit, member: ada}
  - {id: r1, at: "2026-04-06T03:59:59Z", type: run, member: ada, km: 10}
  - {id: r2, at: "2026-04-06T04:00:00Z", type: run, member: ada, km: 9.999999}
  - {id: r3, at: "2026-04-05T20:00:00Z", received: "2026-04-07T09:00:00Z", type: run, member: ada,
     km: 10.5}
  - {id: r4, at: "2026-04-07T09:00:01Z", type: run, member: ada, km: 11}
  - {id: i1, at: "2026-04-07T10:00:00Z", type: ineligible, member: ada, of: r4}
  - {id: r5, at: "2026-04-08T09:00:00Z", type: run, member: ada, km: 0.000001}
  - {id: p1, at: "2026-04-10T09:00:00Z", type: purchase, member: ada, amount: 6, shop: x}
  - {id: p2, at: "2026-04-11T09:00:00Z", type: purchase, member: ada, amount: 4, shop: x}
  - {id: p3, at: "2026-04-30T09:00:00Z", type: purchase, member: ada, amount: 9.99, shop: y}
  - {id: p4, at: "2026-04-30T10:00:00Z", received: "2026-05-02T09:00:00Z", type: purchase,
     member: ada, amount: 0.01, shop: y}
  - {id: f1, at: "2026-05-03T09:00:00Z", type: refund, member: ada, of: p1}
expect:
  - {at: "2026-03-01T12:00:00Z", member: ada, wallets: {points: {spendable: 20}}}
  - at: "2026-04-01T00:00:00Z"
    member: ada
    why: the best of the group was refused by its limit, and no other pays
    wallets: {points: {spendable: 20}}
  - {at: "2026-04-06T03:59:59Z", member: ada, wallets: {points: {spendable: 120}},
     counters: {km: 10, best: 1}, ladders: {weekly: {tier: ten,
     until: "2026-04-06T00:00:00-04:00"}}}
  - {at: "2026-04-06T04:00:00Z", member: ada, wallets: {points: {spendable: 120}},
     counters: {km: 9.999999, best: 2}, ladders: {weekly: {tier: rest}}}
  - {at: "2026-04-07T09:00:00Z", member: ada, wallets: {points: {spendable: 1120}},
     ladders: {weekly: {tier: rest}}}
  - {at: "2026-04-07T09:00:01Z", member: ada, wallets: {points: {spendable: 1220}},
     counters: {km: 20.999999, best: 3}, ladders: {weekly: {tier: twenty,
     since: "2026-04-07T09:00:01Z"}}}
  - {at: "2026-04-08T09:00:00Z", member: ada, wallets: {points: {spendable: 1220}},
     counters: {km: 10, best: 2}}
  - {at: "2026-04-30T12:00:00Z", member: ada, counters: {shops: 1}, badges: {}}
  - {at: "2026-05-02T12:00:00Z", member: ada, counters: {shops: 0}, badges: {shopper: 2026-04-30}}
  - {at: "2026-05-03T12:00:00Z", member: ada, counters: {shops: 0}, badges: {shopper: 2026-04-30}}
""")


def test_vouchers_live_as_their_tier_says_and_are_void_where_a_mission_is_reopened() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {visits: {activity: visit, window: calendar_month}}
  ladders:
    status: {counter: visits, window: calendar_month, keep: {for: P1M}, tiers: [{id: base, at: 0},
     {id: gold, at: 2}], floors: [{when: {member.card: silver}, tier: base},
     {when: {member.card: gold}, tier: gold}]}
  missions:
    trip: {activity: visit, goal: 2, window: calendar_month, grant: [{voucher: trip,
     valid: {base: P1M, gold: P1Y}, ladder: status}], reverse: "true",
     eligible: {member.city: rome}}
    tour: {activity: visit, once_per: day, goal: 2, grant: [{voucher: tour, valid: P1D}]}
  schedule:
    bday: {birthday: [{voucher: cake, valid: {base: P7D, gold: P1M}, ladder: status},
     {wallet: points, fixed: 3, as: gift}]}
  rewards: {ticket: {wallet: points, cost: 1, voucher: {valid: P1D}}}
activities:
  - {id: e1, at: "2026-02-27T09:00:00Z", type: enrollment, member: ada,
     attrs: {birthday: "2000-02-29", city: rome}}
  - {id: e2, at: "2026-02-28T00:00:00Z", type: enrollment, member: bob, attrs: {birthday: "02-28",
     city: oslo, card: gold}}
  - {id: v1, at: "2026-03-01T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-03-01T10:00:00Z", type: visit, member: ada}
  - {id: i1, at: "2026-03-02T09:00:00Z", type: ineligible, member: ada, of: v1}
  - {id: v3, at: "2026-03-31T09:00:00Z", type: visit, member: ada, vouchers: ["bday:2026-02-28"]}
  - {id: w1, at: "2026-03-03T09:00:00Z", type: visit, member: bob}
  - {id: w2, at: "2026-03-03T10:00:00Z", type: visit, member: bob}
  - {id: u2, at: "2026-03-03T11:00:00Z", type: member_updated, member: bob, attrs: {city: rome}}
  - {id: d1, at: "2026-03-04T09:00:00Z", type: redemption, member: ada, item: ticket, qty: 2}
  - {id: v4, at: "2026-03-04T10:00:00Z", type: visit, member: ada, vouchers: [d1]}
  - {id: f4, at: "2026-03-04T11:00:00Z", type: refund, member: ada, of: v4}
  - {id: c1, at: "2026-03-04T12:00:00Z", type: redemption_cancelled, member: ada, of: d1}
expect:
  - {activity: v3, result: rejected, reason: voucher_used}
  - {activity: c1, result: rejected, reason: voucher_used}
  - {at: "2026-02-28T12:00:00Z", member: ada, wallets: {points: {spendable: 3}},
     vouchers: {"bday:2026-02-28": {state: issued, until: "2026-03-08T00:00:00Z", kind: cake}}}
  - {at: "2026-02-28T12:00:00Z", member: bob, wallets: {points: {spendable: 0}},
     ladders: {status: {tier: gold}}}
  - at: "2026-03-01T12:00:00Z"
    member: ada
    why: gold is held once ladders were read, before missions
    vouchers: {"mission:trip": {state: issued, until: "2027-03-02T00:00:00Z"}}
    missions: {trip: {state: completed, progress: 2}, tour: {state: active, progress: 1}}
  - {at: "2026-03-02T12:00:00Z", member: ada, vouchers: {"mission:trip": {state: void}},
     missions: {trip: {state: active, progress: 1}}, ladders: {status: {tier: gold,
     until: "2026-04-02T00:00:00Z"}}}
  - {at: "2026-03-03T10:30:00Z", member: bob, missions: {trip: {state: active, progress: 2}}}
  - {at: "2026-03-04T11:30:00Z", member: ada, vouchers: {d1: {state: used},
     "d1#2": {state: issued, until: "2026-03-06T00:00:00Z"}}, wallets: {points: {spendable: 1}}}
""")


def test_a_plan_is_read_as_of_what_happened_and_kept_with_it_when_it_is_cancelled_late() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  plans: {plus: {period: P1M, fee: 5}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: plus, activity: purchase, when: {plan.plus: "true"}, wallet: points, give: {of: [base],
       times: 1}}
    - {id: none, activity: purchase, when: {plan.plus: "false"}, wallet: points,
       give: {fixed: 1000}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: b1, at: "2026-01-31T09:00:00Z", type: plan_purchased, member: ada, plan: plus}
  - {id: b2, at: "2026-02-28T23:59:59Z", type: plan_purchased, member: ada, plan: plus}
  - {id: p1, at: "2026-03-29T10:00:00Z", type: purchase, member: ada, amount: 5}
  - {id: p2, at: "2026-01-31T08:59:59Z", received: "2026-03-29T11:00:00Z", type: purchase,
     member: ada, amount: 7}
  - {id: x1, at: "2026-03-20T09:00:00Z", received: "2026-03-29T12:00:00Z", type: plan_cancelled,
     member: ada, plan: plus}
  - {id: p3, at: "2026-03-19T10:00:00Z", received: "2026-03-29T13:00:00Z", type: purchase,
     member: ada, amount: 11}
  - {id: p4, at: "2026-03-20T09:00:00Z", received: "2026-03-29T13:00:00Z", type: purchase,
     member: ada, amount: 13}
  - {id: f1, at: "2026-03-29T14:00:00Z", type: refund, member: ada, of: p1, amount: 1}
  - {id: x2, at: "2026-03-30T09:00:00Z", type: plan_cancelled, member: ada, plan: plus}
  - {id: b3, at: "2026-04-01T09:00:00Z", type: plan_purchased, member: ada, plan: plus}
expect:
  - {activity: x2, result: rejected, reason: not_eligible}
  - {at: "2026-01-31T12:00:00Z", member: ada, plans: {plus: "2026-03-01T00:00:00Z"}}
  - {at: "2026-03-01T00:00:00Z", member: ada, plans: {plus: "2026-04-01T00:00:00Z"}}
  - {at: "2026-03-29T10:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2026-03-29T11:00:00Z", member: ada, wallets: {points: {spendable: 1017}}}
  - {at: "2026-03-29T12:00:00Z", member: ada, plans: {plus: "2026-03-20T09:00:00Z"}}
  - {at: "2026-03-29T13:00:00Z", member: ada, wallets: {points: {spendable: 2052}}}
  - {at: "2026-03-29T14:00:00Z", member: ada, wallets: {points: {spendable: 2050}}}
  - {at: "2026-04-01T12:00:00Z", member: ada, plans: {plus: "2026-05-02T00:00:00Z"}}
""")


def test_what_concerns_nobody_and_credit_for_no_wallet_are_refused() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, "5": {scale: 2}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: n1, at: "2026-03-01T10:00:00Z", type: purchase, amount: 5}
  - {id: k1, at: "2026-03-01T11:00:00Z", type: clock}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: r1, at: "2026-03-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 1, as: gone}
  - {id: r2, at: "2026-03-03T10:00:00Z", type: refund, member: ada, of: p1, amount: 2.50, as: 5}
expect:
  - {activity: n1, result: rejected, reason: unknown_member}
  - {activity: k1, result: accepted}
  - {activity: r1, result: rejected, reason: unknown_wallet}
  - {activity: r2, result: accepted}
  - {at: "2026-03-03T09:30:00Z", member: ada, wallets: {points: {spendable: 10},
     "5": {spendable: 0}}}
  - {at: "2026-03-03T10:30:00Z", member: ada, wallets: {points: {spendable: 7},
     "5": {spendable: 2.50}}}
""")
