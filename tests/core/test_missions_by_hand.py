"""Missions with late reports, and tiers of a year: figures worked out from the paper alone."""

from oracle.rehearsal import both_meet


def test_late_closes_each_month_and_week_of_a_mission_for_reports() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  day_start: "06:00"
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_month}}
  missions:
    big: {activity: purchase, sum: net, goal: 100, window: calendar_month, late: P2D,
     grant: [{wallet: points, fixed: 10}], reverse: "true"}
    sums: {counter: spend, goal: 100, window: calendar_month, late: P2D, grant: [{wallet: points,
     fixed: 1000}], reverse: "true"}
    weeks: {activity: purchase, goal: 2, window: week, late: P1D, grant: [{badge: week}]}
  badges: {week: {}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: q1, at: "2026-03-31T09:00:00Z", type: purchase, member: bob, amount: 60}
  - {id: p1, at: "2026-04-01T05:59:59Z", type: purchase, member: ada, amount: 60}
  - {id: q2, at: "2026-03-31T10:00:00Z", received: "2026-04-03T05:59:59Z", type: purchase,
     member: bob, amount: 40}
  - {id: p2, at: "2026-03-31T10:00:00Z", received: "2026-04-03T06:00:00Z", type: purchase,
     member: ada, amount: 40}
  - {id: p3, at: "2026-04-07T09:00:00Z", type: purchase, member: ada, amount: 100}
  - {id: r1, at: "2026-04-08T09:00:00Z", type: refund, member: ada, of: p1, amount: 60}
  - {id: p4, at: "2026-04-08T10:00:00Z", received: "2026-04-14T06:00:00Z", type: purchase,
     member: ada, amount: 1}
  - {id: p5, at: "2026-04-14T07:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p6, at: "2026-04-19T07:00:00Z", received: "2026-04-21T05:59:59Z", type: purchase,
     member: ada, amount: 1}
  - {id: r3, at: "2026-04-22T09:00:00Z", type: refund, member: ada, of: p3, amount: 4}
expect:
  - {at: "2026-04-03T05:59:59Z", member: bob, wallets: {points: {spendable: 1010}},
     badges: {week: 2026-03-31}}
  - {at: "2026-04-03T06:00:00Z", member: ada, wallets: {points: {spendable: 0}},
     badges: {week: 2026-03-31}}
  - {at: "2026-04-07T12:00:00Z", member: ada, wallets: {points: {spendable: 1010}}}
  - {at: "2026-04-08T12:00:00Z", member: ada, wallets: {points: {spendable: 1010}}}
  - {at: "2026-04-21T06:00:00Z", member: ada, missions: {weeks: {state: completed}}}
  - at: "2026-04-22T12:00:00Z"
    member: ada
    why: 96 and 1 and 1 and 1 are 99 in April
    wallets: {points: {spendable: 0}}
    missions: {big: {state: active, progress: 99}, sums: {state: active, progress: 99}}
""")


def test_a_mission_that_a_late_report_completes_grants_what_it_has_from_then_on() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  day_start: "06:00"
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  counters: {net: {activity: purchase, sum: net, window: calendar_month}}
  missions:
    big: {counter: net, goal: 100, window: calendar_month, late: P2D, grant: [{wallet: points,
     fixed: 10}, {badge: b}, {ladder: st, tier: gold, until: "2026-06-01T06:00:00Z"}],
     reverse: "true"}
    city: {activity: purchase, goal: 2, eligible: {member.city: [rome, oslo]},
     grant: [{wallet: points, fixed: 1000, as: city}]}
    streak: {activity: visit, streak: day, goal: 3, window: {from: "2026-03-01T06:00:00Z",
     to: "2026-04-01T06:00:00Z"}, grant: [{wallet: points, fixed: 100}]}
  badges: {b: {grant: [{wallet: points, fixed: 5}]}}
  ladders: {st: {counter: net, window: calendar_month, keep: {for: P1M}, tiers: [{id: low, at: 0},
   {id: gold, at: 1000}]}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, attrs: {city: bonn}}
  - {id: p1, at: "2026-04-01T05:59:59Z", type: purchase, member: ada, amount: 60}
  - {id: p2, at: "2026-04-01T06:00:00Z", type: purchase, member: ada, amount: 70}
  - {id: p3, at: "2026-03-31T09:00:00Z", received: "2026-04-03T05:59:59Z", type: purchase,
     member: ada, amount: 40}
  - {id: u1, at: "2026-04-03T07:00:00Z", type: member_updated, member: ada, attrs: {city: rome}}
  - {id: v1, at: "2026-03-30T06:00:00Z", received: "2026-04-04T09:00:00Z", type: visit,
     member: ada}
  - {id: v3, at: "2026-04-01T05:00:00Z", received: "2026-04-04T10:00:00Z", type: visit,
     member: ada}
  - {id: v2, at: "2026-03-29T07:00:00Z", received: "2026-04-20T09:00:00Z", type: visit,
     member: ada}
  - {id: r1, at: "2026-04-21T09:00:00Z", type: refund, member: ada, of: p1, amount: 1}
expect:
  - {at: "2026-04-01T05:59:59Z", member: ada, missions: {big: {state: active, progress: 60}}}
  - {at: "2026-04-01T06:00:00Z", member: ada, missions: {big: {state: active, progress: 70},
     city: {state: active, progress: 2}}, wallets: {points: {spendable: 130}}}
  - at: "2026-04-03T05:59:59Z"
    member: ada
    why: 40 and the 10 and 5 of March's mission, which took reports until the third began
    wallets: {points: {spendable: 185}}
    badges: {b: 2026-03-31}
    ladders: {st: {tier: gold, since: "2026-04-03T05:59:59Z", until: "2026-06-01T06:00:00Z"}}
  - {at: "2026-04-04T12:00:00Z", member: ada, missions: {streak: {state: expired, progress: 2}}}
  - {at: "2026-04-20T12:00:00Z", member: ada, missions: {streak: {state: completed, progress: 3}}}
  - {at: "2026-06-01T06:00:00Z", member: ada, ladders: {st: {tier: low,
     since: "2026-06-01T06:00:00Z"}}, badges: {b: 2026-03-31}}
""")


def test_a_years_tier_falls_by_one_rung_a_year_and_waits_for_its_review() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net, window: calendar_year}}
  ladders: {s: {counter: spend, window: calendar_year, keep: {until: end_of_next_year},
   drop: one_rung, on_refund: keep, tiers: [{id: a, at: 0}, {id: b, at: 10}, {id: c, at: 20},
   {id: d, at: 30}]}}
activities:
  - {id: e1, at: "2024-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2024-05-01T09:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: r1, at: "2024-06-01T09:00:00Z", type: refund, member: ada, of: p1, amount: 25}
  - {id: p2, at: "2026-03-01T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: p3, at: "2027-03-01T09:00:00Z", type: purchase, member: ada, amount: 29.99}
expect:
  - {at: "2024-06-02T00:00:00Z", member: ada, ladders: {s: {tier: d,
     until: "2026-01-01T00:00:00Z"}}}
  - {at: "2025-12-31T23:59:59Z", member: ada, ladders: {s: {tier: d}}}
  - at: "2026-01-01T00:00:00Z"
    member: ada
    why: nothing is earned, so one rung down, to the end of the year that begins
    ladders: {s: {tier: c, since: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z"}}
  - {at: "2026-03-01T12:00:00Z", member: ada, ladders: {s: {tier: c,
     until: "2027-01-01T00:00:00Z"}}}
  - at: "2027-01-01T00:00:00Z"
    member: ada
    why: one rung down is what the year before earned as well
    ladders: {s: {tier: b, since: "2027-01-01T00:00:00Z", until: "2028-01-01T00:00:00Z"}}
  - {at: "2027-03-01T12:00:00Z", member: ada, ladders: {s: {tier: c,
     since: "2027-03-01T09:00:00Z", until: "2029-01-01T00:00:00Z"}}}
  - {at: "2029-01-01T00:00:00Z", member: ada, ladders: {s: {tier: b,
     until: "2030-01-01T00:00:00Z"}}}
  - {at: "2030-01-01T00:00:00Z", member: ada, ladders: {s: {tier: a, until: null}}}
""")
