"""Allowances in Redis: one key each, holding the instant at which the bucket is full again (GCRA).

Rule: the server's clock decides, so that processes whose clocks differ count alike; a bucket that
is full has no key. Asking is one round trip, whatever comes of it.
"""

from guerdon.engine.records import Rate, Taken
from guerdon.live.client import Live, Scripts

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local burst, need, want = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local unit = 1000000 / tonumber(ARGV[1])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - ARGV[5] * unit, now)
local left = math.floor(burst - (full - now) / unit + 0.000001)
local taken, wait = 0, 0
if left >= need then
  taken = math.min(math.max(want, need), left)
  full = full + taken * unit
else
  wait = (need - burst) * unit + full - now
end
if full > now then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
return {taken, left - taken, math.ceil(wait)}
"""


class LiveRates:
    """See `engine.live_ports.Rates`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._scripts = Scripts(live, take=_TAKE)

    async def take(self, name: str, rate: Rate, *, need: int, want: int, back: int = 0) -> Taken:
        """Give `back` units back (take them, if negative), then take `need` to `want`, or none.

        Raises:
            LiveDown: Redis does not answer.
        """
        key = f"{self._live.namespace}:rate:{name}"
        taken, left, micros = await self._scripts.run(
            lambda client: client.evalsha(
                self._scripts.hash("take"), 1, key, rate.per_second, rate.burst, need, want, back
            )
        )
        return Taken(int(taken), int(left), int(micros) / 1_000_000)
