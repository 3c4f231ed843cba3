"""What the paper says of rules, conditions, lots and counters, one program a story.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_rounding_at_exact_halves_in_two_scales_by_what_is_left() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: JPY, scale: 0}
  wallets: {points: {}, cents: {scale: 2}}
  rules:
    - {id: down, activity: purchase, wallet: points, give: {rate: 0.5}}
    - {id: up, activity: purchase, wallet: points, give: {rate: 0.5, round: ceil}}
    - {id: half, activity: purchase, wallet: points, give: {rate: 0.5, round: half_up}}
    - {id: even, activity: purchase, wallet: points, give: {rate: 0.5, round: half_even}}
    - {id: twice, activity: purchase, wallet: points, give: {of: up, times: 0.5, round: half_up}}
    - {id: most, activity: purchase, wallet: points, give: {rate: 0.9, round: ceil, max: 4}}
    - {id: cent_even, activity: purchase, wallet: cents, give: {rate: 0.125, round: half_even}}
    - {id: cent_half, activity: purchase, wallet: cents, give: {rate: 0.125, round: half_up}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 5}
  - {id: r1, at: "2026-03-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 2}
  - {id: p2, at: "2026-03-04T09:00:00Z", type: purchase, member: ada, amount: 0}
  - {id: r2, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p1, amount: 3}
  - {id: r3, at: "2026-03-05T10:00:00Z", type: refund, member: ada, of: p1, amount: 1}
expect:
  - {activity: r3, result: rejected, reason: refund_exceeds}
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {earned: 16},
     cents: {earned: 1.25}}, lots: {points: [{from: p1.down, left: 2}, {from: p1.up, left: 3},
     {from: p1.half, left: 3}, {from: p1.even, left: 2}, {from: p1.twice, left: 2},
     {from: p1.most, left: 4}]}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {earned: 11},
     cents: {earned: 0.76}}}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {earned: 11}}}
  - {at: "2026-03-05T12:00:00Z", member: ada, wallets: {points: {earned: 0, spendable: 0},
     cents: {earned: 0}}}
""")


def test_every_operator_with_a_field_and_without() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {}}
  rules:
    - {id: r1, activity: x, wallet: points, give: {fixed: 1}, when: {channel: web}}
    - {id: r2, activity: x, wallet: points, give: {fixed: 2}, when: {channel: [web, app]}}
    - {id: r3, activity: x, wallet: points, give: {fixed: 4}, when: {channel: {in: [till]}}}
    - {id: r4, activity: x, wallet: points, give: {fixed: 8}, when: {channel: {not_in: [till]}}}
    - {id: r5, activity: x, wallet: points, give: {fixed: 16}, when: {channel: {ne: web}}}
    - {id: r6, activity: x, wallet: points, give: {fixed: 32}, when: {channel: {exists: true}}}
    - {id: r7, activity: x, wallet: points, give: {fixed: 64}, when: {channel: {exists: false}}}
    - {id: r8, activity: x, wallet: points, give: {fixed: 128}, when: {size: {gte: 10}}}
    - {id: r9, activity: x, wallet: points, give: {fixed: 256}, when: {size: {gt: 9.5}}}
    - {id: r10, activity: x, wallet: points, give: {fixed: 512}, when: {size: {lte: 10.00}}}
    - {id: r11, activity: x, wallet: points, give: {fixed: 1024}, when: {size: {lt: "9"}}}
    - {id: r12, activity: x, wallet: points, give: {fixed: 2048}, when: {size: {from: 5, to: 10}}}
    - {id: r13, activity: x, wallet: points, give: {fixed: 4096}, when: {size: 10.0}}
    - {id: r14, activity: x, wallet: points, give: {fixed: 8192}, when: {channel: {ne: till,
       exists: true}}}
    - {id: r15, activity: x, wallet: points, give: {fixed: 16384}, when: {channel: {gte: v}}}
    - {id: r16, activity: x, wallet: points, give: {fixed: 32768}, when: {member.vip: true}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob, attrs: {vip: "true"}}
  - {id: e3, at: "2026-03-01T09:00:00Z", type: enrollment, member: cyd, attrs: {vip: "yes"}}
  - {id: x1, at: "2026-03-02T09:00:00Z", type: x, member: ada, channel: web, size: "10"}
  - {id: x2, at: "2026-03-02T09:00:00Z", type: x, member: bob}
  - {id: x3, at: "2026-03-02T09:00:00Z", type: x, member: cyd, channel: till, size: 9}
expect:
  - {at: "2026-03-02T12:00:00Z", member: ada, wallets: {points: {earned: 31659}}}
  - {at: "2026-03-02T12:00:00Z", member: bob, wallets: {points: {earned: 32856}}}
  - {at: "2026-03-02T12:00:00Z", member: cyd, wallets: {points: {earned: 2612}}}
""")


def test_the_calendar_in_conditions_on_the_night_when_clocks_change() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: America/New_York
  day_start: "06:00"
  wallets: {points: {}}
  rules:
    - {id: r1, activity: x, wallet: points, give: {fixed: 1}, when: {date: 2026-03-07}}
    - {id: r2, activity: x, wallet: points, give: {fixed: 2}, when: {weekday: sat}}
    - {id: r3, activity: x, wallet: points, give: {fixed: 4}, when: {time: {from: "05:30",
       to: "05:30"}}}
    - {id: r4, activity: x, wallet: points, give: {fixed: 8}, when: {month_day: {gte: "03-08"}}}
    - {id: r5, activity: x, wallet: points, give: {fixed: 16}, when: {date: {from: "2026-03-08",
       to: "2026-03-08"}}}
    - {id: r6, activity: x, wallet: points, give: {fixed: 32}, when: {weekday: {in: [sun]}}}
    - {id: r7, activity: x, wallet: points, give: {fixed: 64}, when: {time: {lt: "06:00"}}}
    - {id: r8, activity: x, wallet: points, give: {fixed: 128}, when: {days_since_enrollment: 0}}
    - {id: r9, activity: x, wallet: points, give: {fixed: 256},
       when: {days_since_enrollment: {gte: 1}}}
  counters:
    days: {activity: x, streak: day, window: week}
    sat: {activity: x, window: day}
activities:
  - {id: e1, at: "2026-03-07T11:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-07T10:59:59Z", type: enrollment, member: bob}
  - {id: x1, at: "2026-03-08T09:30:00Z", type: x, member: ada}
  - {id: x3, at: "2026-03-08T09:30:00Z", type: x, member: bob}
  - {id: x2, at: "2026-03-08T10:00:00Z", type: x, member: ada}
  - {id: x4, at: "2026-03-09T09:59:00Z", type: x, member: ada}
expect:
  - {at: "2026-03-08T09:45:00Z", member: ada, wallets: {points: {earned: 199}},
     counters: {days: 1, sat: 1}}
  - {at: "2026-03-08T09:45:00Z", member: bob, wallets: {points: {earned: 327}}}
  - {at: "2026-03-08T10:30:00Z", member: ada, wallets: {points: {earned: 511}},
     counters: {days: 2, sat: 1}}
  - {at: "2026-03-09T09:59:30Z", member: ada, wallets: {points: {earned: 887}},
     counters: {days: 2, sat: 2}}
  - {at: "2026-03-09T10:00:00Z", member: ada, counters: {days: 0, sat: 0}}
""")


def test_birthdays_of_the_leap_day_and_an_attribute_that_is_given_later() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {}}
  rules:
    - {id: day, activity: x, wallet: points, give: {fixed: 1}, when: {birthday: true}}
    - {id: month, activity: x, wallet: points, give: {fixed: 10}, when: {birthday_month: "true"}}
    - {id: not, activity: x, wallet: points, give: {fixed: 100}, when: {birthday: false}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, attrs: {birthday: "02-29"}}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: x1, at: "2027-02-28T23:59:59Z", type: x, member: ada}
  - {id: x2, at: "2027-03-01T00:00:00Z", type: x, member: ada}
  - {id: y1, at: "2027-03-01T00:00:00Z", type: x, member: bob}
  - {id: x3, at: "2028-02-28T12:00:00Z", type: x, member: ada}
  - {id: x4, at: "2028-02-29T12:00:00Z", type: x, member: ada}
  - {id: u1, at: "2028-02-29T13:00:00Z", type: member_updated, member: bob,
     attrs: {birthday: "02-29"}}
  - {id: y2, at: "2028-02-29T14:00:00Z", type: x, member: bob}
  - {id: y3, at: "2028-02-29T12:30:00Z", received: "2028-02-29T15:00:00Z", type: x, member: bob}
expect:
  - {at: "2027-02-28T23:59:59Z", member: ada, wallets: {points: {earned: 11}}}
  - {at: "2027-03-01T12:00:00Z", member: ada, wallets: {points: {earned: 111}}}
  - {at: "2027-03-01T12:00:00Z", member: bob, wallets: {points: {earned: 100}}}
  - {at: "2028-02-28T13:00:00Z", member: ada, wallets: {points: {earned: 221}}}
  - {at: "2028-02-29T13:00:00Z", member: ada, wallets: {points: {earned: 232}}}
  - {at: "2028-02-29T14:30:00Z", member: bob, wallets: {points: {earned: 111}}}
  - {at: "2028-02-29T15:30:00Z", member: bob, wallets: {points: {earned: 122}}}
""")


def test_units_sent_into_a_wallet_with_other_digits_are_as_many() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    cash: {scale: 2, transfer_to: points, expiry: {mode: after, period: P1M}}
    points: {transfer_to: cash, expiry: {mode: date, month_day: "12-31"}}
  rules:
    - {id: back, activity: purchase, wallet: cash, give: {rate: 0.1}}
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
  counters: {got: {sum: "points:points", window: calendar_month},
    in: {sum: "points:cash:received"}}
  book: {value: {cash: 1, points: 0.01}, redemption_rate: 1}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 35}
  - {id: t1, at: "2026-03-03T09:00:00Z", type: transfer, member: ada, to: bob, wallet: cash,
     points: 1.50}
  - {id: t2, at: "2026-03-03T09:00:00Z", type: transfer, member: ada, to: bob, wallet: cash,
     points: 3.00}
  - {id: t3, at: "2026-03-03T09:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 30}
expect:
  - {activity: t1, result: rejected, reason: invalid_points}
  - {activity: t2, result: accepted}
  - {at: "2026-03-02T12:00:00Z", book: {liability: 3.85}}
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {cash: {spendable: 0.50, earned: 3.50},
     points: {spendable: 5}}}
  - at: "2026-03-03T12:00:00Z"
    member: bob
    wallets: {points: {spendable: 3, earned: 3}, cash: {spendable: 30, earned: 30}}
    counters: {got: 3, in: 30}
    lots: {points: [{from: t2.received, left: 3, expires: "2027-01-01T00:00:00Z"}],
      cash: [{from: t3.received, left: 30, expires: "2026-04-04T00:00:00Z"}]}
  - {at: "2026-03-03T12:00:00Z", book: {liability: 30.58}}
""")


def test_what_was_parked_is_as_old_as_when_it_is_linked() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  max_age: P10D
  claim_window: P30D
  wallets: {points: {}}
  rules: [{id: base, activity: visit, wallet: points, give: {fixed: 10}}]
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-03-01T10:00:00Z", type: visit, external: {scheme: card, value: "1"}}
  - {id: v2, at: "2026-03-21T10:00:00Z", type: visit, external: {scheme: card, value: "1"}}
  - {id: v3, at: "2026-03-22T10:00:00Z", type: visit, external: {scheme: card, value: "1"}}
  - {id: l1, at: "2026-04-01T09:00:00Z", type: identity_linked, member: ada, scheme: card,
     value: "1"}
  - {id: v4, at: "2026-03-21T10:00:00Z", received: "2026-04-01T10:00:00Z", type: visit,
     member: ada}
  - {id: v5, at: "2026-03-22T00:00:00Z", received: "2026-04-01T23:59:59Z", type: visit,
     member: ada}
expect:
  - {activity: v1, result: rejected, reason: claim_window}
  - {activity: v2, result: rejected, reason: too_old}
  - {activity: v3, result: accepted}
  - {activity: v4, result: rejected, reason: too_old}
  - {activity: v5, result: accepted}
  - {at: "2026-04-01T09:30:00Z", member: ada, wallets: {points: {earned: 10}}}
  - {at: "2026-04-02T00:00:00Z", member: ada, wallets: {points: {earned: 20}}}
""")
