"""The shop in the storm: every kind of bookkeeping that a fault could tear apart.

Periods count days, so purchases are reported as of a day ago less a few seconds: units are then
released and expire by the clock while processes die.
"""

PROGRAM = "storm"
WINNERS = 3
PRIZE = 9
MUGS = 40
COST = 10

DOCUMENT = f"""
program:
  id: {PROGRAM}
  name: A shop in a storm
  timezone: UTC
  money: {{unit: USD, scale: 2}}
  enroll: auto
  wallets:
    points: {{name: Points, expiry: {{mode: after, period: P12M}}}}
    slow: {{name: Slow, expiry: {{mode: after, period: P12M}}}}
    fleeting: {{name: Fleeting, expiry: {{mode: after, period: P1D}}}}
  rules:
    - {{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}
    - {{id: slow, activity: purchase, wallet: slow, give: {{fixed: 2}}, pending: {{for: P1D}}}}
    - {{id: brief, activity: purchase, wallet: fleeting, give: {{fixed: 3}}}}
    - {{id: first, activity: race, wallet: points, give: {{fixed: {PRIZE}}},
       limit: {{times: {WINNERS}, per: lifetime, by: anyone}}}}
  counters:
    spent: {{activity: purchase, sum: net}}
  leaderboards:
    all_time: {{counter: spent, window: lifetime, ties: earliest}}
  rewards:
    mug: {{wallet: points, cost: {COST}, stock: {MUGS}}}
"""
