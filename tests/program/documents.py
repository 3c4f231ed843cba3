"""A small valid program for tests, and the place that a mark in a text stands for."""

MARK = "«"

PROGRAM = """\
program:
  id: shop
  money: {unit: USD, scale: 2}
  timezone: Europe/Berlin
  wallets:
    points: {scale: 0, expiry: {mode: after, period: P12M}}
    cash: {scale: 2}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: extra, activity: purchase, wallet: points, give: {of: base, times: 1}}
  counters:
    spend: {activity: purchase, sum: net, window: calendar_year}
    orders: {activity: purchase}
  ladders:
    status:
      counter: spend
      tiers: [{id: basic, at: 0}, {id: gold, at: 100}]
      keep: {for: P12M}
  missions:
    three: {counter: orders, goal: 3, grant: [{wallet: points, fixed: 50}]}
  badges:
    first: {counter: orders, at: 1}
  leaderboards:
    top: {counter: spend, window: calendar_month}
  rewards:
    mug: {wallet: points, cost: 10}
  draws:
    wheel: {activity: purchase, seed: s, wallet: points, table: [{id: big, p: 0.1, fixed: 5}]}
  plans:
    plus: {period: P1Y, fee: 29.00}
  schedule:
    bonus: {yearly: ["03-01"], grant: [{wallet: points, fixed: 50}]}
  partners:
    cafe: {pays_per_point: 0.012}
  book: {value: {points: 0.01}, redemption_rate: 1}
"""


def changed(before: str, after: str, text: str = PROGRAM) -> tuple[str, int, int]:
    """Return the document with one change, and the line and column that the mark stood at."""
    assert text.count(before) == 1, f"{before!r} must stand once in the document"
    assert after.count(MARK) == 1, f"{after!r} needs one mark"
    marked = text.replace(before, after)
    ahead = marked[: marked.index(MARK)]
    return marked.replace(MARK, ""), ahead.count("\n") + 1, len(ahead) - ahead.rfind("\n")
