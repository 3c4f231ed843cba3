"""Running totals, limits, friends and leaderboards: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_what_multiplies_a_running_total_follows_it_to_another_activity() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, lines: {category: {ne: gift}}, wallet: points,
       give: {step: 2.50, points: 3, remainder: carry}, pending: {for: P7D}}
    - {id: twice, activity: purchase, when: {net: {gte: 5}}, wallet: points, give: {of: [base],
       times: 1}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, lines: [{category: a,
     amount: 2.40}, {category: gift, amount: 100}]}
  - {id: p2, at: "2026-01-03T09:00:00Z", type: purchase, member: ada, amount: 5.10}
  - {id: r1, at: "2026-01-04T09:00:00Z", type: refund, member: ada, of: p1, lines: [{category: a,
     amount: 0.10}]}
  - {id: r2, at: "2026-01-05T09:00:00Z", type: refund, member: ada, of: p2, amount: 0.11}
expect:
  - {at: "2026-01-02T12:00:00Z", member: ada, wallets: {points: {pending: 0, earned: 0}}}
  - {at: "2026-01-03T12:00:00Z", member: ada, wallets: {points: {pending: 9, spendable: 9}}}
  - {at: "2026-01-04T12:00:00Z", member: ada, wallets: {points: {pending: 6, spendable: 6}}}
  - {at: "2026-01-05T12:00:00Z", member: ada, wallets: {points: {pending: 6, spendable: 0}}}
  - {at: "2026-01-10T00:00:00Z", member: ada, wallets: {points: {pending: 0, spendable: 6}}}
""")


def test_a_limit_lets_a_part_through_and_frees_what_went_back() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {scale: 1}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 0.15, round: half_even},
       limit: {points: 10, per: month}}
    - {id: extra, activity: purchase, wallet: points, give: {rate: 0.25, round: half_up, max: 4},
       limit: {times: 2, per: week}}
    - {id: neg, activity: purchase, wallet: points, give: {rate: 0.07, round: ceil}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 3.00}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 63.00}
  - {id: p3, at: "2026-03-08T23:59:59Z", type: purchase, member: ada, amount: 10.00}
  - {id: r2, at: "2026-03-09T09:00:00Z", type: refund, member: ada, of: p2, amount: 60.00}
  - {id: p4, at: "2026-03-08T10:00:00Z", received: "2026-03-09T10:00:00Z", type: purchase,
     member: ada, amount: 1.00}
  - {id: r3, at: "2026-03-09T11:00:00Z", type: refund, member: ada, of: p3, amount: 5.00}
  - {id: i1, at: "2026-03-09T12:00:00Z", type: ineligible, member: ada, of: p1}
  - {id: p5, at: "2026-03-08T10:00:00Z", received: "2026-03-09T13:00:00Z", type: purchase,
     member: ada, amount: 1.00}
expect:
  - at: "2026-03-02T12:00:00Z"
    member: ada
    why: 0.45 to the even tenth 0.4, 0.75 up 0.8, 0.21 up 0.3
    wallets: {points: {earned: 1.5}}
  - at: "2026-03-03T12:00:00Z"
    member: ada
    why: 9.45 to 9.4 and 9.6 are left of ten; at most 4; 4.41 up 4.5
    wallets: {points: {earned: 19.4}}
  - at: "2026-03-08T23:59:59Z"
    member: ada
    why: 1.5, of which 0.2 are left; the week has had its two; 0.7
    wallets: {points: {earned: 20.3}}
  - at: "2026-03-09T09:00:00Z"
    member: ada
    why: 3 are left of 63, so 0.4 and 0.8 and 0.3 as for the first
    wallets: {points: {earned: 3.9}}
  - at: "2026-03-09T10:00:00Z"
    member: ada
    why: 0.15 to 0.2, and no third of the week; 0.07 up 0.1
    wallets: {points: {earned: 4.2}}
  - at: "2026-03-09T11:00:00Z"
    member: ada
    why: 0.75 would be due of what is left, but 0.2 were given; 0.4 instead of 0.7
    wallets: {points: {earned: 3.9}}
  - at: "2026-03-09T12:00:00Z"
    member: ada
    wallets: {points: {earned: 2.4}}
  - at: "2026-03-09T13:00:00Z"
    member: ada
    why: the first one's place of the week is free again
    wallets: {points: {earned: 3.0}}
""")


def test_a_friend_counts_while_the_order_is_large_enough_and_the_place_is_free() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  enroll: auto
  wallets: {points: {debt: write_off}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: friend, activity: purchase, when: {nth: 1, net: {gte: 20}}, to: referrer,
       wallet: points, give: {fixed: 50}, limit: {times: 2, per: lifetime, by: beneficiary}}
    - {id: welcome, activity: enrollment, when: {member.referrer: {exists: true}}, wallet: points,
       give: {fixed: 7}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, referrer: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd, referrer: nobody}
  - {id: e4, at: "2026-03-01T09:00:00Z", type: enrollment, member: dan, referrer: ada}
  - {id: e5, at: "2026-03-01T09:00:00Z", type: enrollment, member: eva, referrer: ada}
  - {id: p0, at: "2026-03-02T09:00:00Z", type: purchase, member: fay, amount: 100}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: bob, amount: 25}
  - {id: p2, at: "2026-03-02T09:00:00Z", type: purchase, member: cyd, amount: 25}
  - {id: p3, at: "2026-03-03T09:00:00Z", type: purchase, member: dan, amount: 20}
  - {id: p4, at: "2026-03-04T09:00:00Z", type: purchase, member: eva, amount: 20}
  - {id: a1, at: "2026-03-05T09:00:00Z", type: adjustment, member: ada, wallet: points,
     points: -90}
  - {id: r1, at: "2026-03-06T09:00:00Z", type: refund, member: bob, of: p1, amount: 5.01}
  - {id: r2, at: "2026-03-07T09:00:00Z", type: refund, member: dan, of: p3, amount: 0.01}
  - {id: p5, at: "2026-03-08T09:00:00Z", type: purchase, member: eva, amount: 40}
  - {id: e6, at: "2026-03-09T09:00:00Z", type: enrollment, member: gus, referrer: ada}
  - {id: p6, at: "2026-03-09T10:00:00Z", type: purchase, member: gus, amount: 20}
expect:
  - {at: "2026-03-01T12:00:00Z", member: ada, wallets: {points: {earned: 0}}}
  - {at: "2026-03-01T12:00:00Z", member: bob, wallets: {points: {earned: 7}}}
  - {at: "2026-03-01T12:00:00Z", member: cyd, wallets: {points: {earned: 0}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {earned: 100, spendable: 100}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {earned: 100, spendable: 10}}}
  - at: "2026-03-06T12:00:00Z"
    member: ada
    why: the 50 of bob go, of which 10 are there, and 40 are written off
    wallets: {points: {earned: 50, spendable: 0, debt: 0}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {earned: 0, spendable: 0,
     debt: 0}}}
  - {at: "2026-03-08T12:00:00Z", member: ada, wallets: {points: {earned: 0}}}
  - {at: "2026-03-09T12:00:00Z", member: ada, wallets: {points: {earned: 50, spendable: 50}}}
  - {at: "2026-03-09T12:00:00Z", member: fay, wallets: {points: {spendable: 100}}}
""")


def test_leaderboards_follow_late_and_refunded_activities_and_no_spending() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: bonus, activity: visit, wallet: points, give: {fixed: 5}}
  counters:
    got: {sum: "points:points", window: calendar_month}
    based: {sum: "points:points:base", window: calendar_month}
  leaderboards:
    march: {counter: got, window: calendar_month, ties: shared, asof: "2026-03-15T00:00:00Z"}
    now: {counter: based, window: calendar_month, ties: earliest,
     eligible: {member.team: {ne: out}}}
  rewards: {mug: {wallet: points, cost: 10}}
activities:
  - {id: e1, at: "2026-03-01T00:00:00Z", type: enrollment, member: zoe}
  - {id: e2, at: "2026-03-01T00:00:00Z", type: enrollment, member: bob, attrs: {team: out}}
  - {id: e3, at: "2026-03-01T00:00:00Z", type: enrollment, member: ada, attrs: {team: in}}
  - {id: p1, at: "2026-03-10T09:00:00Z", type: purchase, member: zoe, amount: 30}
  - {id: p2, at: "2026-03-11T09:00:00Z", type: purchase, member: bob, amount: 35}
  - {id: p3, at: "2026-03-12T09:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: v1, at: "2026-03-13T09:00:00Z", type: visit, member: zoe}
  - {id: d1, at: "2026-03-14T09:00:00Z", type: redemption, member: zoe, item: mug}
  - {id: u1, at: "2026-03-15T09:00:00Z", type: member_updated, member: bob, attrs: {team: in}}
  - {id: p4, at: "2026-04-01T00:00:00Z", type: purchase, member: ada, amount: 7}
  - {id: p5, at: "2026-03-09T09:00:00Z", received: "2026-04-02T09:00:00Z", type: purchase,
     member: ada, amount: 5}
  - {id: r2, at: "2026-04-03T09:00:00Z", type: refund, member: bob, of: p2}
  - {id: a1, at: "2026-04-04T09:00:00Z", type: adjustment, member: bob, wallet: points, points: 9}
  - {id: t1, at: "2026-04-05T09:00:00Z", type: transfer, member: ada, to: zoe, wallet: points,
     points: 40}
expect:
  - {at: "2026-03-14T12:00:00Z", leaderboard: now, ranks: [[1, zoe, 30], [2, ada, 30]]}
  - {at: "2026-03-14T12:00:00Z", leaderboard: march, ranks: [[1, bob, 35], [1, zoe, 35], [3, ada,
     30]]}
  - {at: "2026-03-15T12:00:00Z", leaderboard: now, ranks: [[1, bob, 35], [2, zoe, 30], [3, ada,
     30]]}
  - {at: "2026-04-01T00:00:00Z", leaderboard: now, ranks: [[1, ada, 7]]}
  - {at: "2026-04-02T12:00:00Z", leaderboard: march, ranks: [[1, bob, 35], [1, ada, 35], [1, zoe,
     35]]}
  - {at: "2026-04-03T12:00:00Z", leaderboard: march, ranks: [[1, ada, 35], [1, zoe, 35]]}
  - {at: "2026-04-04T12:00:00Z", member: bob, counters: {got: 9, based: 0}}
  - {at: "2026-04-05T12:00:00Z", leaderboard: march, ranks: [[1, ada, 35], [1, zoe, 35]]}
  - {at: "2026-04-05T12:00:00Z", leaderboard: now, ranks: [[1, ada, 7]]}
""")


def test_whatever_is_void_sells_and_multiplies_nothing_more_when_its_units_are_taken() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  book: {point_value: 0.50, redemption_rate: 0.8, method: ifrs15}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {step: 100, points: 1,
       remainder: carry}}
    - {id: twice, activity: purchase, wallet: points, give: {of: [base], times: 1}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada, amount: 150}
  - {id: p2, at: "2026-01-03T09:00:00Z", type: purchase, member: ada, amount: 150}
  - {id: i2, at: "2026-01-04T09:00:00Z", type: ineligible, member: ada, of: p2}
  - {id: p3, at: "2026-01-05T09:00:00Z", type: purchase, member: ada, amount: 60}
  - {id: i1, at: "2026-01-06T09:00:00Z", type: ineligible, member: ada, of: p1}
expect:
  - {at: "2026-01-03T12:00:00Z", member: ada, wallets: {points: {spendable: 6}}}
  - {at: "2026-01-04T12:00:00Z", member: ada, wallets: {points: {spendable: 2}}}
  - {at: "2026-01-05T12:00:00Z", member: ada, wallets: {points: {spendable: 4}}}
  - {at: "2026-01-06T12:00:00Z", member: ada, wallets: {points: {spendable: 0, debt: 0}}}
""")
