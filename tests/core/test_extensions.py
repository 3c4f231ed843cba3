"""Activities that let lots live longer, reported late: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_a_late_report_of_what_extends_brings_back_what_died_without_it() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {expiry: {mode: after, period: P1M, round: month}, extend: {activity: [visit],
     through_month: P2M}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-10T09:00:00Z", type: purchase, member: ada, amount: 25}
  - {id: v1, at: "2026-02-20T09:00:00Z", received: "2026-03-10T09:00:00Z", type: visit,
     member: ada}
expect:
  - {at: "2026-03-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 25}}}
  - {at: "2026-03-10T09:00:00Z", member: ada, wallets: {points: {spendable: 25, expired: 0}}}
  - {at: "2026-04-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 25}}}
""")


def test_what_a_late_report_brings_back_lives_on_by_what_happened_meanwhile() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {expiry: {mode: after, period: P1M, round: day}, extend: {activity: [visit],
     when: {shop: main}, through_month: P2M}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  rewards: {mug: {wallet: points, cost: 10}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-20T09:00:00Z", type: purchase, member: ada, amount: 25}
  - {id: d1, at: "2026-01-21T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: r1, at: "2026-02-22T09:00:00Z", type: refund, member: ada, of: p1, amount: 13}
  - {id: v2, at: "2026-03-30T09:00:00Z", type: visit, member: ada, shop: main}
  - {id: v0, at: "2026-02-20T23:59:59Z", received: "2026-04-02T09:00:00Z", type: visit,
     member: ada, shop: kiosk}
  - {id: v1, at: "2026-02-20T23:59:59Z", received: "2026-04-03T09:00:00Z", type: visit,
     member: ada, shop: main}
  - {id: p2, at: "2026-02-19T09:00:00Z", received: "2026-04-04T09:00:00Z", type: purchase,
     member: ada, amount: 40}
  - {id: p3, at: "2026-01-15T09:00:00Z", received: "2026-04-05T09:00:00Z", type: purchase,
     member: ada, amount: 100}
expect:
  - {at: "2026-02-21T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 15}}}
  - at: "2026-02-22T12:00:00Z"
    member: ada
    why: 13 of the 15 dead ones are taken back
    wallets: {points: {earned: 12, expired: 2, redeemed: 10, debt: 0}}
  - {at: "2026-04-02T12:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 2}}}
  - at: "2026-04-03T12:00:00Z"
    member: ada
    why: February's visit carries them to April, and so March's to May
    wallets: {points: {spendable: 2, expired: 0}}
    lots: {points: [{from: p1.base, left: 2, expires: "2026-05-01T00:00:00Z"}]}
  - {at: "2026-04-04T12:00:00Z", member: ada, wallets: {points: {spendable: 42}},
     lots: {points: [{from: p1.base}, {from: p2.base, expires: "2026-05-01T00:00:00Z"}]}}
  - at: "2026-04-05T12:00:00Z"
    member: ada
    why: it was dead on 16 February, before anything let it live longer
    wallets: {points: {spendable: 42, expired: 100}}
""")


def test_what_a_late_report_would_have_kept_until_a_day_that_is_over_too_died_on_that_day() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {expiry: {mode: after, period: P1M, round: month}, extend: {activity: [visit],
     through_month: P2M}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-10T09:00:00Z", type: purchase, member: ada, amount: 25}
  - {id: v1, at: "2026-02-20T09:00:00Z", received: "2026-04-10T09:00:00Z", type: visit,
     member: ada}
  - {id: v2, at: "2026-03-15T09:00:00Z", received: "2026-04-11T09:00:00Z", type: visit,
     member: ada}
expect:
  - {at: "2026-03-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 25}}}
  - at: "2026-04-10T12:00:00Z"
    member: ada
    why: the first visit keeps them through March, which is over as well
    wallets: {points: {spendable: 0, expired: 25}}
  - at: "2026-04-11T12:00:00Z"
    member: ada
    why: but in March they lived, and the second visit keeps them through April
    wallets: {points: {spendable: 25, expired: 0}}
  - {at: "2026-05-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 25}}}
""")
