"""Limits per person after a merge: what was taken back beyond them is gone for what comes later."""

from oracle.rehearsal import both_meet


def test_what_a_merge_takes_beyond_a_limit_is_no_part_of_its_purchase_any_more() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1},
       limit: {points: 10, per: lifetime}}
  book: {method: ifrs15, point_value: 0.10, redemption_rate: 1}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 8}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: bob, amount: 8}
  - {id: m1, at: "2026-03-04T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: r1, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p2, amount: 4}
  - {id: r2, at: "2026-03-06T09:00:00Z", type: refund, member: ada, of: p2, amount: 4}
  - {id: p3, at: "2026-03-07T09:00:00Z", type: purchase, member: ada, amount: 8}
expect:
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - at: "2026-03-04T12:00:00Z"
    why: 8.00 with 8 points of 0.10 allocate 0.727, 8.00 with 2 points 0.195
    book: {allocated_to_points: 0.92, revenue_goods: 15.08}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - at: "2026-03-05T12:00:00Z"
    why: 4.00 are due 4 points, of which there are 2, which allocate 0.190
    book: {allocated_to_points: 0.92, revenue_goods: 11.08}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {spendable: 8}}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
""")


def test_a_refund_of_what_a_merge_took_as_a_whole_frees_no_place() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1},
       limit: {times: 1, per: lifetime}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 8}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: bob, amount: 8}
  - {id: m1, at: "2026-03-04T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: r1, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p2, amount: 4}
  - {id: r2, at: "2026-03-06T09:00:00Z", type: refund, member: ada, of: p2, amount: 4}
  - {id: p3, at: "2026-03-07T09:00:00Z", type: purchase, member: ada, amount: 8}
expect:
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 8}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 8}}}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {spendable: 8}}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {spendable: 8}}}
""")


def test_friends_that_are_one_take_nothing_of_what_they_got_for_friends_of_their_own() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: bring, activity: purchase, wallet: points, to: referrer, give: {fixed: 10},
       limit: {times: 1, per: lifetime, by: member}}
activities:
  - {id: e0, at: "2026-03-01T08:00:00Z", type: enrollment, member: carl}
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, referrer: carl}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: carl}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: dave, referrer: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 8}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: bob, amount: 8}
  - {id: p3, at: "2026-03-03T10:00:00Z", type: purchase, member: dave, amount: 8}
  - {id: m1, at: "2026-03-04T09:00:00Z", type: member_merged, member: bob, into: ada}
expect:
  - {at: "2026-03-04T12:00:00Z", member: carl, wallets: {points: {spendable: 10}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
""")


def test_what_a_merge_takes_of_a_referral_beyond_a_limit_stays_taken() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: bring, activity: purchase, wallet: points, to: referrer, give: {rate: 1},
       limit: {points: 10, per: lifetime, by: beneficiary}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T08:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: fay, referrer: ada}
  - {id: e4, at: "2026-03-01T09:00:00Z", type: enrollment, member: gil, referrer: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: fay, amount: 8}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: gil, amount: 8}
  - {id: m1, at: "2026-03-04T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: r1, at: "2026-03-05T09:00:00Z", type: refund, member: gil, of: p2, amount: 4}
  - {id: r2, at: "2026-03-06T09:00:00Z", type: refund, member: gil, of: p2, amount: 4}
  - {id: p3, at: "2026-03-07T09:00:00Z", type: purchase, member: fay, amount: 8}
expect:
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2026-03-06T12:00:00Z", member: ada, wallets: {points: {spendable: 8}}}
  - {at: "2026-03-07T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
""")


def test_what_a_merge_takes_because_nobody_referred_any_more_is_no_part_of_its_sale() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: invited, activity: purchase, when: {member.referrer: {exists: true}},
       wallet: points, give: {rate: 1}}
  book: {method: ifrs15, point_value: 0.10, redemption_rate: 1}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, referrer: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: bob, amount: 10}
  - {id: m1, at: "2026-03-04T09:00:00Z", type: member_merged, member: bob, into: ada}
expect:
  - {at: "2026-03-02T12:00:00Z", member: bob, wallets: {points: {spendable: 10}}}
  - {at: "2026-03-02T12:00:00Z", book: {allocated_to_points: 0.91, revenue_goods: 9.09}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
  - {at: "2026-03-04T12:00:00Z", book: {allocated_to_points: 0.00, revenue_goods: 10.00}}
""")
