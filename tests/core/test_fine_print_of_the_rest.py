"""Rewards, jobs, draws, merges and the book: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_cancellations_are_refused_in_order_and_redemptions_limited_by_their_own_month() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rewards:
    mug: {wallet: points, cost: 10, voucher: {valid: P14D}, on_cancel: final}
    cup: {wallet: points, cost: 20, voucher: {valid: P14D}, cancel_within: P3D,
     per_member: {times: 2, per: month}}
    pot: {wallet: points, cost: 5, voucher: {valid: P2D}}
    card: {wallet: points, any: {points: 3, value: 2.00}, voucher: {valid: P14D}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: adjustment, member: ada, wallet: points,
     points: 200}
  - {id: d1, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: d2, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: d3, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: cup}
  - {id: d4, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: cup}
  - {id: d5, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: cup}
  - {id: d6, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: pot}
  - {id: d7, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: card, value: 4.01}
  - {id: p1, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 1, vouchers: [d1]}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 1, vouchers: [d1]}
  - {id: p3, at: "2026-03-05T00:00:00Z", type: purchase, member: ada, amount: 1, vouchers: [d6]}
  - {id: c3, at: "2026-03-05T23:59:59Z", type: redemption_cancelled, member: ada, of: d3}
  - {id: c4, at: "2026-03-06T00:00:00Z", type: redemption_cancelled, member: ada, of: d4}
  - {id: c1, at: "2026-03-10T00:00:00Z", type: redemption_cancelled, member: ada, of: d1}
  - {id: c2, at: "2026-03-10T00:00:00Z", type: redemption_cancelled, member: ada, of: d2}
  - {id: c9, at: "2026-03-10T00:00:00Z", type: redemption_cancelled, member: ada, of: d5}
  - {id: d8, at: "2026-03-11T00:00:00Z", type: redemption, member: ada, item: cup}
  - {id: d9, at: "2026-03-31T23:00:00Z", received: "2026-04-01T00:00:00Z", type: redemption,
     member: ada, item: cup}
  - {id: d10, at: "2026-04-01T00:00:00Z", type: redemption, member: ada, item: cup}
expect:
  - {activity: d5, result: rejected, reason: limit}
  - {activity: p2, result: rejected, reason: voucher_used}
  - {activity: p3, result: rejected, reason: voucher_used}
  - {activity: c3, result: accepted}
  - {activity: c4, result: rejected, reason: cancel_window}
  - {activity: c1, result: rejected, reason: voucher_used}
  - {activity: c2, result: rejected, reason: final}
  - {activity: c9, result: rejected, reason: not_redeemed}
  - {activity: d8, result: accepted}
  - {activity: d9, result: rejected, reason: limit}
  - {activity: d10, result: accepted}
  - {at: "2026-03-02T12:00:00Z", member: ada, rewards: [cup, mug, pot],
     wallets: {points: {spendable: 128, redeemed: 72}}, vouchers: {d6: {state: issued,
     until: "2026-03-05T00:00:00Z"}, d7: {state: issued, until: "2026-03-17T00:00:00Z"}}}
  - {at: "2026-03-05T00:00:00Z", member: ada, vouchers: {d1: {state: used}, d6: {state: expired},
     d3: {state: issued}}}
  - {at: "2026-03-06T12:00:00Z", member: ada, vouchers: {d3: {state: void}},
     wallets: {points: {spendable: 148, redeemed: 52}}}
  - {at: "2026-04-01T12:00:00Z", member: ada, wallets: {points: {spendable: 108, redeemed: 92}}}
""")


def test_what_is_paid_out_is_final_and_a_return_burdens_the_year_in_which_it_happens() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {cash: {scale: 2}}
  counters:
    spend: {activity: purchase, sum: net, window: calendar_year, refunds: when_refunded}
    old: {activity: purchase, sum: net, window: lifetime}
  schedule:
    out: {yearly: ["02-15"], payout: {wallet: cash, min: 2.00}}
    share: {yearly: ["02-15"], dividend: {counter: spend, rate: 0.05, round: half_even,
     wallet: cash, min: 1.00}}
    more: {yearly: ["02-16"], dividend: {counter: old, rate: 0.01, round: floor, wallet: cash,
     min: 0.01}, when: {member.kind: owner}}
    early: {yearly: ["01-01"], payout: {wallet: cash, min: 9.00}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada, attrs: {kind: owner}}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 100.50}
  - {id: p2, at: "2026-12-31T23:59:59Z", type: purchase, member: ada, amount: 0.40}
  - {id: e2, at: "2027-02-15T00:00:00Z", type: enrollment, member: bob}
  - {id: r1, at: "2027-03-01T09:00:00Z", type: refund, member: ada, of: p1, amount: 50}
  - {id: p3, at: "2027-05-01T09:00:00Z", type: purchase, member: ada, amount: 80}
  - {id: i2, at: "2028-02-15T00:00:00Z", type: ineligible, member: ada, of: p3}
expect:
  - at: "2027-02-15T00:00:00Z"
    member: ada
    why: 5 in a hundred of 100.90 are 5.045, half even 5.04; the payout came first
    wallets: {cash: {spendable: 5.04}}
  - {at: "2027-02-16T00:00:00Z", member: ada, wallets: {cash: {spendable: 6.04}}}
  - {at: "2028-01-01T00:00:00Z", member: ada, wallets: {cash: {spendable: 6.04}}}
  - at: "2028-02-15T00:00:00Z"
    member: ada
    why: the payout of 6.04, and then 5 in a hundred of 30
    wallets: {cash: {spendable: 1.50, redeemed: 6.04, earned: 7.54}}
    lots: {cash: [{from: "share:2028-02-15.dividend", left: 1.50}]}
  - {at: "2028-02-16T00:00:00Z", member: ada, wallets: {cash: {spendable: 1.50}}}
  - {at: "2028-02-16T00:00:00Z", payouts: [[ada, 2028-02-15, 6.04]]}
""")


def test_bad_luck_is_paid_for_and_a_win_beyond_the_budget_is_a_miss() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  draws:
    luck: {activity: purchase, when: {channel: {ne: web}}, seed: s, wallet: points,
     table: [{id: small, p: 0, fixed: 3}], pity: {id: sorry, after: 3, fixed: 5},
     budget: {points: 12, per: month}}
    sure: {activity: visit, seed: t, wallet: points, table: [{id: gain, p: 1, fixed: 8}],
     pity: {id: sorry, after: 2, fixed: 4}, budget: {points: 20, per: month}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p2, at: "2026-03-02T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: w1, at: "2026-03-02T11:00:00Z", type: purchase, member: ada, amount: 1, channel: web}
  - {id: p3, at: "2026-03-02T12:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: r3, at: "2026-03-02T13:00:00Z", type: refund, member: ada, of: p3}
  - {id: p4, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p5, at: "2026-03-03T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p6, at: "2026-03-03T11:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: i3, at: "2026-03-04T09:00:00Z", type: ineligible, member: ada, of: p3}
  - {id: v1, at: "2026-03-05T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-03-05T10:00:00Z", type: visit, member: ada}
  - {id: v3, at: "2026-03-05T11:00:00Z", type: visit, member: ada}
  - {id: v4, at: "2026-03-05T12:00:00Z", type: visit, member: ada}
  - {id: v5, at: "2026-03-05T13:00:00Z", type: visit, member: ada}
  - {id: i1, at: "2026-03-05T14:00:00Z", type: ineligible, member: ada, of: v1}
  - {id: v6, at: "2026-03-05T15:00:00Z", type: visit, member: ada}
  - {id: v7, at: "2026-04-01T00:00:00Z", type: visit, member: ada}
expect:
  - {at: "2026-03-02T14:00:00Z", draws: {p1: {result: none}, p2: {result: none, prize: null},
     p3: {result: pity, prize: sorry}, w1: null}}
  - {at: "2026-03-02T14:00:00Z", member: ada, wallets: {points: {spendable: 5}}}
  - {at: "2026-03-03T12:00:00Z", draws: {p4: {result: none}, p5: {result: none},
     p6: {result: pity}}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 5}}}
  - {at: "2026-03-05T13:30:00Z", member: ada, wallets: {points: {spendable: 25}}}
  - {at: "2026-03-05T14:30:00Z", member: ada, wallets: {points: {spendable: 17}}}
  - {at: "2026-03-05T15:30:00Z", draws: {v1: {result: won}, v2: {result: won, prize: gain},
     v3: {result: budget}, v4: {result: pity, prize: sorry}, v5: {result: budget},
     v6: {result: won}}}
  - {at: "2026-03-05T15:30:00Z", member: ada, wallets: {points: {spendable: 25}}}
  - {at: "2026-04-01T00:00:00Z", member: ada, wallets: {points: {spendable: 33}}}
""")


def test_two_accounts_that_are_one_keep_the_older_grant_and_count_together() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: after, period: P12M, round: month}}}
  rules:
    - {id: hello, activity: enrollment, wallet: points, give: {fixed: 100}, limit: {times: 1,
       per: lifetime}}
    - {id: friend, activity: purchase, when: {nth: 1}, to: referrer, wallet: points,
       give: {fixed: 50}}
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: daily, activity: visit, wallet: points, give: {fixed: 1}, limit: {times: 1, per: day}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_year}, days: {activity: visit,
   streak: day}}
  ladders: {status: {counter: spend, window: calendar_year, keep: {until: end_of_next_year},
   tiers: [{id: base, at: 0}, {id: gold, at: 100, on_enter: [{wallet: points, fixed: 1000}]}]}}
  badges: {first: {counter: spend, at: 10}, week: {counter: days, at: 3}}
  leaderboards: {top: {counter: spend, window: calendar_year, ties: earliest}}
  rewards: {mug: {wallet: points, cost: 120}}
activities:
  - {id: e1, at: "2026-01-05T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-02-05T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: v1, at: "2026-02-06T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-02-07T09:00:00Z", type: visit, member: bob}
  - {id: v3, at: "2026-02-07T10:00:00Z", type: visit, member: ada}
  - {id: v4, at: "2026-02-08T10:00:00Z", type: visit, member: bob}
  - {id: p1, at: "2026-02-10T09:00:00Z", type: purchase, member: bob, amount: 60}
  - {id: p2, at: "2026-02-11T09:00:00Z", type: purchase, member: ada, amount: 55}
  - {id: d1, at: "2026-02-12T09:00:00Z", type: redemption, member: bob, item: mug}
  - {id: m1, at: "2026-02-13T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: p3, at: "2026-02-14T09:00:00Z", type: purchase, member: bob, amount: 5}
  - {id: c1, at: "2026-02-15T09:00:00Z", type: redemption_cancelled, member: bob, of: d1}
expect:
  - {at: "2026-02-12T12:00:00Z", member: bob, wallets: {points: {spendable: 42}},
     badges: {first: 2026-02-10}}
  - {at: "2026-02-12T12:00:00Z", member: ada, wallets: {points: {spendable: 207}},
     badges: {first: 2026-02-11}}
  - {at: "2026-02-12T12:00:00Z", leaderboard: top, ranks: [[1, bob, 60], [2, ada, 55]]}
  - at: "2026-02-13T12:00:00Z"
    member: ada
    why: >-
      207 and 42 of bob; less the second welcome of 100, the 50 of the referral,
       and one of the two visits of 7 February;
      and 1000 for gold
    wallets: {points: {earned: 1218, redeemed: 120, spendable: 1098, debt: 0}}
    counters: {spend: 115, days: 3}
    badges: {first: 2026-02-10, week: 2026-02-08}
    ladders: {status: {tier: gold, since: "2026-02-13T09:00:00Z"}}
  - {at: "2026-02-13T12:00:00Z", leaderboard: top, ranks: [[1, ada, 115]]}
  - {at: "2026-02-14T12:00:00Z", member: bob, wallets: {points: {spendable: 1103}},
     counters: {spend: 120}}
  - {at: "2026-02-15T12:00:00Z", member: ada, wallets: {points: {earned: 1223, redeemed: 0,
     spendable: 1223}}}
""")


def test_a_merge_takes_back_the_newest_of_those_without_a_subject_that_are_too_many() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: quiz, activity: quiz, wallet: points, give: {fixed: 50}, limit: {times: 1,
       per: lifetime, by: subject, subject: topic}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: a1, at: "2026-03-02T09:00:00Z", type: quiz, member: ada}
  - {id: b1, at: "2026-03-03T09:00:00Z", type: quiz, member: bob}
  - {id: b2, at: "2026-03-04T09:00:00Z", type: quiz, member: bob, topic: x}
  - {id: a2, at: "2026-03-05T09:00:00Z", type: quiz, member: ada, topic: y}
  - {id: m1, at: "2026-03-06T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: a3, at: "2026-03-07T09:00:00Z", type: quiz, member: ada}
  - {id: a4, at: "2026-03-07T09:00:00Z", type: quiz, member: ada, topic: x}
expect:
  - at: "2026-03-08T00:00:00Z"
    member: ada
    why: of the two without a topic the newer one goes, and no other
    wallets: {points: {earned: 150}}
    lots: {points: [{from: a1.quiz, left: 50}, {from: b2.quiz, left: 50}, {from: a2.quiz,
     left: 50}]}
""")


def test_an_estimate_changes_what_is_owed_and_what_is_revenue_from_then_on() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {expiry: {mode: after, period: P1M}}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 10}}]
  rewards: {mug: {wallet: points, cost: 500}}
  book: {value: {points: 0.01}, redemption_rate: 0.95, method: ifrs15, point_value: 0.01}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 100}
  - {id: d1, at: "2026-01-03T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: k1, at: "2026-01-04T09:00:00Z", type: estimate, redemption_rate: 0.80}
  - {id: p2, at: "2026-01-05T09:00:00Z", type: purchase, member: ada, amount: 50}
  - {id: r2, at: "2026-01-06T09:00:00Z", type: refund, member: ada, of: p2, amount: 25}
expect:
  - {at: "2026-01-02T12:00:00Z", book: {liability: 9.50, allocated_to_points: 8.68,
     revenue_goods: 91.32, revenue_points: 0.00, contract_liability: 8.68}}
  - {at: "2026-01-03T12:00:00Z", book: {liability: 4.75, revenue_points: 4.57,
     contract_liability: 4.11}}
  - {at: "2026-01-04T12:00:00Z", book: {revenue_points: 5.42, contract_liability: 3.25}}
  - {at: "2026-01-05T12:00:00Z", book: {allocated_to_points: 12.38, revenue_goods: 137.62,
     revenue_points: 5.16}}
  - {at: "2026-01-06T12:00:00Z", book: {allocated_to_points: 10.53, revenue_goods: 114.47,
     revenue_points: 5.26}}
  - {at: "2026-02-03T00:00:00Z", book: {liability: 2.00, revenue_points: 5.26,
     contract_liability: 5.26}}
  - {at: "2026-02-06T00:00:00Z", book: {liability: 0.00, revenue_points: 10.53,
     contract_liability: 0.00}}
""")
