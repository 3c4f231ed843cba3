"""What the paper says of fields that are asked, summed and counted, one program a story.

The figures were worked out by hand from the paper of the language.
"""

from oracle.rehearsal import both_meet


def test_fields_of_an_activity_that_are_called_like_figures_of_the_calendar() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: secs, activity: run, wallet: points, give: {unit: time, points: 1}}
    - {id: early, activity: run, when: {time: {lt: "12:00"}}, wallet: points, give: {fixed: 10000}}
    - {id: amt, activity: purchase, wallet: points, give: {unit: amount, points: 1}}
  counters:
    t: {activity: run, sum: time}
    d: {activity: run, distinct: date}
    w: {activity: run, distinct: weekday}
    a: {activity: purchase, sum: amount}
    v: {activity: visit, sum: amount}
    p: {activity: [purchase, run], distinct: type}
    e: {activity: [purchase, run], distinct: weekday, each: {sum: net, gte: 12.50}, window: week}
    q: {activity: purchase, sum: qty}
    x: {activity: purchase, distinct: date}
    y: {activity: run, distinct: tags, each: {sum: time, gte: 100}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada, attrs: {team: red}}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: run, member: ada, time: 3600, date: x, tags: [a, b]}
  - {id: a2, at: "2026-03-02T09:00:00Z", type: run, member: ada, time: 60, date: y, tags: b}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 12.5}
  - {id: p2, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, lines: [{amount: 2, qty: 2,
     date: a}, {amount: 3.25, qty: 2.5, date: b}]}
  - {id: r1, at: "2026-03-02T10:00:00Z", type: refund, member: ada, of: p1, amount: 2.5}
expect:
  - {at: "2026-03-02T09:00:00Z", member: ada, wallets: {points: {earned: 23677}},
     counters: {t: 3660, d: 2, a: 17.75, p: 2, e: 1, x: 3, y: 2}}
  - {at: "2026-03-02T10:00:00Z", member: ada, wallets: {points: {earned: 23677}},
     counters: {a: 15.25, w: 2, e: 1, q: 4.5, x: 3, y: 2}}
""")


def test_attributes_that_are_lists_numbers_nested_or_taken_away() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  wallets: {points: {}}
  rules:
    - {id: r1, activity: x, wallet: points, give: {fixed: 1}, when: {member.likes: tea}}
    - {id: r2, activity: x, wallet: points, give: {fixed: 10},
       when: {member.likes: {not_in: [tea]}}}
    - {id: r3, activity: x, wallet: points, give: {fixed: 100}, when: {member.age: {gte: 18}}}
    - {id: r4, activity: x, wallet: points, give: {fixed: 1000}, when: {member.home.city: Graz}}
    - {id: r5, activity: x, wallet: points, give: {fixed: 10000},
       when: {member.vip: {exists: false}}}
    - {id: r6, activity: x, wallet: points, give: {fixed: 100000}, when: {tags: {in: [a, z]}}}
    - {id: r7, activity: x, wallet: points, give: {fixed: 1000000}, when: {seat.row: {lte: 3}}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada, attrs: {likes: [tea,
     milk], age: 17.5, home: {city: Graz}, vip: true}}
  - {id: a1, at: "2026-03-01T09:00:00Z", type: x, member: ada, tags: [b, z], seat: {row: 3}}
  - {id: u1, at: "2026-03-01T10:00:00Z", type: member_updated, member: ada, attrs: {likes: milk,
     age: "18", home: {city: null}, vip: null}}
  - {id: a2, at: "2026-03-01T11:00:00Z", type: x, member: ada, tags: b, seat: {row: 4}}
expect:
  - {at: "2026-03-01T09:00:00Z", member: ada, wallets: {points: {earned: 1101001}}}
  - {at: "2026-03-01T11:00:00Z", member: ada, wallets: {points: {earned: 1111111}}}
""")


def test_counters_over_redemptions_and_refunds_and_streaks_of_weeks() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: Europe/Berlin
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  rewards: {tea: {wallet: points, cost: 1}}
  counters:
    taken: {activity: redemption, window: calendar_month}
    back: {activity: refund, sum: net, window: lifetime}
    weeks: {activity: purchase, streak: week, window: {rolling: P3M}, when: {net: {gte: 5}}}
    food: {activity: purchase, lines: {category: [food, drink]}, when: {net: {gte: 5}},
      distinct: category, window: week}
    gain: {sum: "points:points:base", window: {rolling: P7D}}
  missions: {sip: {counter: taken, goal: 2, grant: [{wallet: points, fixed: 100}]}}
activities:
  - {id: e1, at: "2026-03-01T08:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-22T22:59:59Z", type: purchase, member: ada, lines: [{category: food,
     amount: 3}, {category: drink, amount: 2}]}
  - {id: p2, at: "2026-03-22T23:00:00Z", type: purchase, member: ada, amount: 5, category: food}
  - {id: p3, at: "2026-03-29T22:00:00Z", type: purchase, member: ada, amount: 9, category: toys}
  - {id: d1, at: "2026-03-31T21:59:59Z", type: redemption, member: ada, item: tea}
  - {id: d2, at: "2026-03-31T22:00:00Z", type: redemption, member: ada, item: tea}
  - {id: r1, at: "2026-04-01T09:00:00Z", type: refund, member: ada, of: p2, amount: 0.01}
  - {id: c1, at: "2026-04-01T10:00:00Z", type: redemption_cancelled, member: ada, of: d2}
  - {id: d3, at: "2026-04-02T09:00:00Z", type: redemption, member: ada, item: tea}
expect:
  - {at: "2026-03-22T22:59:59Z", member: ada, counters: {weeks: 1, food: 2, gain: 5}}
  - {at: "2026-03-22T23:00:00Z", member: ada, counters: {weeks: 2, food: 1, gain: 10}}
  - {at: "2026-03-29T21:59:58Z", member: ada, counters: {gain: 10}}
  - {at: "2026-03-29T21:59:59Z", member: ada, counters: {gain: 5}}
  - {at: "2026-03-29T22:00:00Z", member: ada, counters: {weeks: 3, food: 0, gain: 9}}
  - {at: "2026-03-31T21:59:59Z", member: ada, counters: {taken: 1}}
  - {at: "2026-03-31T22:00:00Z", member: ada, counters: {taken: 1},
     wallets: {points: {spendable: 17}}}
  - {at: "2026-04-01T09:30:00Z", member: ada, counters: {weeks: 1, gain: 9, back: 0.01}}
  - {at: "2026-04-02T12:00:00Z", member: ada, counters: {taken: 2},
     missions: {sip: {state: completed}}, wallets: {points: {spendable: 116}}}
  - {at: "2026-06-22T21:59:58Z", member: ada, counters: {weeks: 1}}
""")
