"""What the paper says of last days, first people, numbers, vouchers and refunds.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_terms_are_rounded_to_days_quarters_and_years_that_begin_at_six_in_the_morning() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  day_start: "06:00"
  wallets:
    q: {expiry: {mode: after, period: P3M, round: quarter}}
    y: {expiry: {mode: after, period: P1Y, round: year}}
    m: {expiry: {mode: after, period: P18M}}
    d: {expiry: {mode: date, month_day: "02-29", years: 1}}
    n: {expiry: {mode: never}}
  rules:
    - {id: q, activity: x, wallet: q, give: {fixed: 1}}
    - {id: y, activity: x, wallet: y, give: {fixed: 1}}
    - {id: m, activity: x, wallet: m, give: {fixed: 1}}
    - {id: d, activity: x, wallet: d, give: {fixed: 1}}
    - {id: n, activity: x, wallet: n, give: {fixed: 1}, expiry: {mode: date, month_day: "12-31"}}
activities:
  - {id: e1, at: "2025-12-01T08:00:00Z", type: enrollment, member: ada}
  - {id: x1, at: "2026-01-01T04:59:00Z", type: x, member: ada}
  - {id: x2, at: "2026-01-01T05:00:00Z", type: x, member: ada}
  - {id: x3, at: "2026-08-31T12:00:00Z", type: x, member: ada}
expect:
  - {at: "2026-01-01T04:59:30Z", member: ada, lots: {n: [{from: x1.n, left: 1,
     expires: "2026-01-01T06:00:00+01:00"}]}}
  - at: "2026-01-01T12:00:00Z"
    member: ada
    wallets: {n: {spendable: 1, expired: 1}}
    lots:
      q: [{from: x1.q, expires: "2026-04-01T06:00:00+02:00"}, {from: x2.q,
        expires: "2026-07-01T06:00:00+02:00"}]
      y: [{from: x1.y, expires: "2027-01-01T06:00:00+01:00"}, {from: x2.y,
        expires: "2028-01-01T06:00:00+01:00"}]
      m: [{from: x1.m, expires: "2027-07-01T06:00:00+02:00"}, {from: x2.m,
        expires: "2027-07-02T06:00:00+02:00"}]
      d: [{from: x1.d, expires: "2026-03-01T06:00:00+01:00"}, {from: x2.d,
        expires: "2027-03-01T06:00:00+01:00"}]
      n: [{from: x2.n, expires: "2027-01-01T06:00:00+01:00"}]
  - {at: "2027-07-02T05:00:00Z", member: ada, lots: {m: [{from: x3.m,
     expires: "2028-03-01T06:00:00+01:00"}]}}
""")


def test_an_unknown_person_is_enrolled_first_by_whatever_they_do() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  enroll: auto
  wallets: {points: {}}
  accept: [{activity: purchase, when: {country: AT}, reason: abroad}]
  rules:
    - {id: welcome, activity: enrollment, wallet: points, give: {fixed: 10}}
    - {id: first, activity: purchase, when: {nth: 1}, wallet: points, give: {fixed: 5}}
    - {id: early, activity: purchase, when: {days_since_enrollment: {lt: 0}}, wallet: points,
       give: {fixed: 1000}}
  rewards: {tea: {wallet: points, cost: 5}, mug: {wallet: points, cost: 50}}
activities:
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 5, country: AT}
  - {id: p0, at: "2026-03-01T09:00:00Z", received: "2026-03-03T09:00:00Z", type: purchase,
     member: ada, amount: 5, country: AT}
  - {id: d1, at: "2026-03-04T09:00:00Z", type: redemption, member: zoe, item: tea}
  - {id: d2, at: "2026-03-04T09:00:00Z", type: redemption, member: yan, item: mug}
  - {id: p2, at: "2026-03-04T10:00:00Z", type: purchase, member: xia, amount: 5, country: DE}
  - {id: p3, at: "2026-03-04T11:00:00Z", type: purchase, member: xia, amount: 5, country: AT}
expect:
  - {activity: d1, result: accepted}
  - {activity: d2, result: rejected, reason: insufficient_points}
  - {activity: p2, result: rejected, reason: abroad}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {spendable: 15}},
     lots: {points: [{from: p1.enroll.welcome, left: 10}, {from: p1.first, left: 5}]}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {spendable: 1015}}}
  - {at: "2026-03-04T12:00:00Z", member: zoe, wallets: {points: {spendable: 5}},
     lots: {points: [{from: d1.enroll.welcome, left: 5}]}}
  - {at: "2026-03-04T12:00:00Z", member: yan, wallets: {points: {spendable: 10}}, rewards: [tea]}
  - {at: "2026-03-04T12:00:00Z", member: xia, wallets: {points: {spendable: 15}}}
""")


def test_a_voucher_is_good_through_its_last_day_by_when_it_is_shown() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  rewards:
    cup: {wallet: points, cost: 5, voucher: {valid: P2D}}
    pin: {wallet: points, cost: 5, voucher: {valid: P0D}}
    mug: {wallet: points, cost: 5, voucher: {}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T08:00:00Z", type: enrollment, member: bob}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: adjustment, member: ada, wallet: points, points: 15}
  - {id: d1, at: "2026-03-01T10:00:00Z", type: redemption, member: ada, item: cup}
  - {id: d2, at: "2026-03-01T10:00:00Z", type: redemption, member: ada, item: pin}
  - {id: d3, at: "2026-03-01T10:00:00Z", type: redemption, member: ada, item: mug}
  - {id: p0, at: "2026-03-01T11:00:00Z", type: purchase, member: bob, amount: 1, vouchers: [d1]}
  - {id: p3, at: "2026-03-02T00:00:00Z", type: purchase, member: ada, amount: 1, vouchers: [d2],
     ref: t1}
  - {id: p4, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10, ref: t1}
  - {id: p5, at: "2026-03-02T10:00:00Z", type: purchase, member: ada, amount: 100, vouchers: [d3,
     d3]}
  - {id: p1, at: "2026-03-03T23:59:59Z", type: purchase, member: ada, amount: 1000, vouchers: d1}
  - {id: p2, at: "2026-03-04T00:00:00Z", type: purchase, member: ada, amount: 1, vouchers: [d1,
     d3]}
  - {id: p6, at: "2026-03-04T10:00:00Z", type: purchase, member: ada, amount: 10000,
     vouchers: [d3]}
  - {id: p7, at: "2026-03-01T23:59:59Z", received: "2026-03-05T10:00:00Z", type: purchase,
     member: ada, amount: 20000, vouchers: [d2]}
  - {id: c1, at: "2026-03-06T10:00:00Z", type: redemption_cancelled, member: ada, of: d2}
expect:
  - {activity: p0, result: rejected, reason: voucher_used}
  - {activity: p3, result: rejected, reason: voucher_used}
  - {activity: p4, result: accepted}
  - {activity: p5, result: rejected, reason: voucher_used}
  - {activity: p1, result: accepted}
  - {activity: p2, result: rejected, reason: voucher_used}
  - {activity: p7, result: accepted}
  - {activity: c1, result: rejected, reason: voucher_used}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {spendable: 10}},
     vouchers: {d1: {state: issued, until: "2026-03-04T00:00:00Z"}, d2: {state: expired,
     until: "2026-03-02T00:00:00Z"}, d3: {state: issued, until: null}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 11010}},
     vouchers: {d1: {state: used}, d3: {state: used}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 31010}},
     vouchers: {d2: {state: used}}}
""")


def test_what_goes_back_reduces_the_lines_that_are_named_or_the_first() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, credit: {scale: 2, expiry: {mode: after, period: P1D}}}
  rules:
    - {id: food, activity: purchase, lines: {category: food}, wallet: points, give: {step: 5,
       points: 10}}
    - {id: big, activity: purchase, when: {net: {gte: 40}}, wallet: points, give: {fixed: 1000}}
    - {id: two, activity: purchase, lines: {amount: {gte: 10}}, wallet: points, give: {rate: 1}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-01T09:00:00Z", type: purchase, member: ada, lines: [{sku: a,
     category: food, amount: 12}, {sku: b, category: food, amount: 8}, {sku: c, category: toys,
     amount: 30}]}
  - {id: r1, at: "2026-03-02T09:00:00Z", type: refund, member: ada, of: p1, amount: 12.01}
  - {id: r2, at: "2026-03-02T10:00:00Z", type: refund, member: ada, of: p1, amount: 2}
  - {id: r3, at: "2026-03-02T11:00:00Z", type: refund, member: ada, of: p1,
     lines: [{category: food, amount: 11}]}
  - {id: r4, at: "2026-03-02T12:00:00Z", type: refund, member: ada, of: p1, lines: [{sku: b,
     amount: 8}]}
  - {id: r5, at: "2026-03-02T13:00:00Z", type: refund, member: ada, of: p1, as: credit}
  - {id: r6, at: "2026-03-02T14:00:00Z", type: refund, member: ada, of: p1}
  - {id: r7, at: "2026-03-02T15:00:00Z", type: refund, member: ada, of: nope}
expect:
  - {activity: r1, result: rejected, reason: refund_exceeds}
  - {activity: r4, result: rejected, reason: refund_exceeds}
  - {activity: r6, result: rejected, reason: refund_exceeds}
  - {activity: r7, result: rejected, reason: unknown_original}
  - {at: "2026-03-01T12:00:00Z", member: ada, wallets: {points: {earned: 1082}}}
  - {at: "2026-03-02T10:30:00Z", member: ada, wallets: {points: {earned: 1070}}}
  - {at: "2026-03-02T11:30:00Z", member: ada, wallets: {points: {earned: 40}}}
  - {at: "2026-03-02T13:30:00Z", member: ada, wallets: {points: {earned: 0},
     credit: {spendable: 37}}, lots: {credit: [{from: r5.refund, left: 37, expires: null}]}}
""")


def test_the_same_is_a_duplicate_and_another_content_a_conflict_under_numbers_too() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  claim_window: P7D
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}, limit: {times: 2,
    per: day, by: subject, subject: shop}}]
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-01T09:00:00Z", type: purchase, external: {scheme: card, value: "7"},
     amount: 1, shop: a, ref: r1}
  - {id: p1, at: "2026-03-01T09:00:00Z", received: "2026-03-02T09:00:00Z", type: purchase,
     external: {scheme: card, value: "7"}, amount: 1.00, shop: a, ref: r1}
  - {id: p1, at: "2026-03-01T09:00:00Z", received: "2026-03-02T10:00:00Z", type: purchase,
     external: {scheme: card, value: "7"}, amount: 1.01, shop: a, ref: r1}
  - {id: p2, at: "2026-03-01T09:30:00Z", received: "2026-03-02T11:00:00Z", type: purchase,
     external: {scheme: app, value: "7"}, amount: 2, shop: a}
  - {id: p3, at: "2026-03-01T09:40:00Z", received: "2026-03-02T12:00:00Z", type: purchase,
     member: ada, amount: 4, shop: a, ref: r1}
  - {id: p4, at: "2026-03-01T09:50:00Z", received: "2026-03-02T13:00:00Z", type: purchase,
     member: ada, amount: 8, shop: a}
  - {id: l1, at: "2026-03-08T23:59:59Z", type: identity_linked, member: ada, scheme: card,
     value: "7"}
  - {id: l2, at: "2026-03-09T00:00:00Z", type: identity_linked, member: ada, scheme: app,
     value: "7"}
  - {id: p5, at: "2026-03-01T23:59:59Z", received: "2026-03-09T09:00:00Z", type: purchase,
     external: {scheme: app, value: "7"}, amount: 16, shop: a}
  - {id: p6, at: "2026-03-01T23:59:59Z", received: "2026-03-09T10:00:00Z", type: purchase,
     member: ada, amount: 32, shop: b, ref: r1}
  - {id: p7, at: "2026-03-01T23:59:59Z", received: "2026-03-09T10:30:00Z", type: visit,
     member: ada, ref: r1}
expect:
  - {activity: p1, result: accepted}
  - {activity: p1, copy: 2, result: duplicate}
  - {activity: p1, copy: 3, result: conflict, reason: payload_differs}
  - {activity: p2, result: rejected, reason: claim_window}
  - {activity: p3, result: duplicate, reason: ref}
  - {activity: p6, result: duplicate, reason: ref}
  - {activity: p7, result: accepted}
  - {at: "2026-03-02T14:00:00Z", member: ada, wallets: {points: {earned: 8}}}
  - {at: "2026-03-08T23:59:59Z", member: ada, wallets: {points: {earned: 9}},
     lots: {points: [{from: p1.base, left: 1, earned: "2026-03-01T09:00:00Z"}, {from: p4.base,
     left: 8}]}}
  - {at: "2026-03-09T12:00:00Z", member: ada, wallets: {points: {earned: 9}}}
""")


def test_an_extension_lets_nothing_die_before_the_month_it_names_whatever_it_waits_for() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Vienna
  money: {unit: EUR, scale: 2}
  wallets: {points: {spend: fifo, expiry: {mode: after, period: P1M},
    extend: {activity: [purchase, redemption], when: {channel: {ne: web}}, through_month: P2M}}}
  rules:
    - {id: base, activity: [purchase, visit], wallet: points, give: {fixed: 10}}
    - {id: wait, activity: visit, wallet: points, give: {fixed: 3}, pending: {for: P40D}}
    - {id: own, activity: visit, wallet: points, give: {fixed: 1}, expiry: {mode: after,
       period: P2M, round: month}}
  rewards: {tea: {wallet: points, cost: 4}}
activities:
  - {id: e1, at: "2026-01-01T08:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-01-10T09:00:00Z", type: visit, member: ada}
  - {id: p1, at: "2026-01-31T22:59:59Z", type: purchase, member: ada, channel: web}
  - {id: p2, at: "2026-01-31T22:59:59Z", received: "2026-02-01T09:00:00Z", type: purchase,
     member: ada}
  - {id: d1, at: "2026-02-28T22:59:59Z", type: redemption, member: ada, item: tea}
  - {id: r2, at: "2026-03-02T09:00:00Z", type: refund, member: ada, of: p2}
expect:
  - {at: "2026-01-31T23:00:00Z", member: ada, lots: {points: [{from: v1.base, left: 10,
     expires: "2026-02-11T00:00:00+01:00"}, {from: v1.wait, left: 3,
     expires: "2026-02-11T00:00:00+01:00"}, {from: v1.own, left: 1,
     expires: "2026-04-01T00:00:00+02:00"}, {from: p1.base, left: 10,
     expires: "2026-03-01T00:00:00+01:00"}]}}
  - {at: "2026-02-01T10:00:00Z", member: ada, wallets: {points: {spendable: 31, pending: 3}},
     lots: {points: [{from: v1.base, expires: "2026-03-01T00:00:00+01:00"}, {from: v1.wait,
     expires: "2026-03-01T00:00:00+01:00"}, {from: v1.own, expires: "2026-04-01T00:00:00+02:00"},
     {from: p1.base, expires: "2026-03-01T00:00:00+01:00"}, {from: p2.base,
     expires: "2026-03-01T00:00:00+01:00"}]}}
  - {at: "2026-02-19T00:00:00+01:00", member: ada, wallets: {points: {spendable: 34, pending: 0}}}
  - {at: "2026-02-28T23:30:00Z", member: ada, wallets: {points: {spendable: 30, redeemed: 4}},
     lots: {points: [{from: v1.base, left: 6, expires: "2026-04-01T00:00:00+02:00"},
     {from: v1.wait, left: 3, expires: "2026-04-01T00:00:00+02:00"}, {from: v1.own,
     expires: "2026-04-01T00:00:00+02:00"}, {from: p1.base, expires: "2026-04-01T00:00:00+02:00"},
     {from: p2.base, expires: "2026-04-01T00:00:00+02:00"}]}}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {spendable: 20, earned: 24}}}
  - {at: "2026-03-31T22:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 20,
     redeemed: 4}}}
""")
