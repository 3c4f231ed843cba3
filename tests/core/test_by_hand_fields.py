"""What the paper says of the fields of activities and members, one program a story.

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
