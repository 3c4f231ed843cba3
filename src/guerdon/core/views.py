"""What readers show of a standing: balances, tiers, missions, counters, vouchers, offers.

Rule: a reader settles first and then reads; nothing here changes anything. Where entries lie
outside the head, `Needed` asks for their pages, as deciding does.
"""

from collections.abc import Collection
from dataclasses import dataclass

from guerdon.core import counters, missions, rungs
from guerdon.core.activity import Activity, Instant
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Given, Needed
from guerdon.core.lots import Lot, lapse_of, lot_of, order_of, policy_of
from guerdon.core.program import Ladder, Mission, Reward, Rung, WindowKind
from guerdon.core.rewards import closed_at, matches
from guerdon.core.rulebook import Rulebook, Version
from guerdon.core.standing import PageRef, Plain, Standing, WalletState
from guerdon.core.vouchers import Voucher, voucher_of
from guerdon.core.windows import per_key


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """The tier shown on a ladder; `missing` is in the counter's minor units, None at the top."""

    ladder: Ladder
    tier: Rung
    since: Instant | None
    until: Instant | None
    next: Rung | None
    missing: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionView:
    """Where a member stands in a mission: available, active, completed or expired."""

    mission: Mission
    state: str
    progress: int
    completed_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """A reward as this member sees it.

    `cost` is None where the member names the value; `availability` is available,
    insufficient_points, limit, not_eligible, not_yet or ended (stock is added by who knows it);
    `missing` units.
    """

    reward: Reward
    wallet: str
    cost: int | None
    availability: str
    missing: int | None


class View:
    """A reader of one settled standing at the instant it was settled to."""

    __slots__ = ("_d", "program", "rulebook", "standing")

    def __init__(self, rulebook: Rulebook, standing: Standing, given: Given | None = None) -> None:
        self._d = Deciding(rulebook, standing, now=standing.settled_at, given=given or Given())
        self.rulebook = rulebook
        self.standing = standing
        self.program = self._d.program

    @property
    def now(self) -> Instant:
        """The instant the standing was settled to."""
        return self._d.now

    def wallet(self, slug: str) -> WalletState:
        """Return a wallet's totals; zeros for one that never moved."""
        return self.standing.wallets.get(slug) or WalletState()

    def lots(self, slug: str) -> list[Lot]:
        """Return every living lot in spending order, pending ones included."""
        wallet = self._d.state.wallet(slug)
        found = [
            lot_of(value)
            for shelf in ("lots", "pending")
            for value in self._d.everything(f"{shelf}:{slug}").values()
        ]
        return sorted(found, key=order_of(wallet))

    def next_expiry(self, slug: str) -> tuple[Instant, int] | None:
        """Return when units of the wallet next expire and how many do then; None if none will.

        Reads the head only: what lies outside it expires later, or the wallet says so itself.
        """
        lots = [
            lot_of(value)
            for name in ("lots", "pending")
            if (shelf := self.standing.shelves.get(f"{name}:{slug}")) is not None
            for value in shelf.items.values()
        ]
        wallet = self._d.state.wallet(slug)
        policy = policy_of(self.program, wallet, self.standing, self.now)
        lapse = lapse_of(policy, self.rulebook.calendar, self.wallet(slug).active_on)
        dated = [
            (expires, lot.left)
            for lot in lots
            if (expires := lot.expires if lot.fixed or lapse is None else lapse) is not None
        ]
        if not dated:
            return None
        soonest = min(expires for expires, _ in dated)
        return soonest, sum(left for expires, left in dated if expires == soonest)

    def has_ladder(self, slug: str) -> bool:
        """Tell whether there is such a ladder, or was one on which the member stands."""
        return slug in self.program.ladders or self._stood_on(slug)

    def _stood_on(self, slug: str) -> bool:
        state = self.standing.ladders.get(slug)
        return state is not None and bool(state.history)

    def has_counter(self, slug: str) -> bool:
        """Tell whether there is such a counter, or was one."""
        return self._last_with("counters", slug) is not None

    def _last_with(self, nouns: str, slug: str) -> Version | None:
        return self.rulebook.last_with(nouns, slug, self._d.state)

    def tier(self, slug: str) -> TierView:
        """Return the tier shown on a ladder and what is missing to the next one.

        On a ladder that is gone, what it showed last: nobody moves on it any more.
        """
        version = self._last_with("ladders", slug)
        if version is None:
            raise KeyError(slug)
        ladder = version.program.ladders[slug]
        state = self.standing.ladders.get(slug)
        since, index, until = None, 0, None
        if state is not None and state.history:
            _, index, until = state.history[-1]
            since = rungs.held_since(self._d.rulebook, slug, state.history)
        climbs = version is self._d.state and index + 1 < len(ladder.tiers)
        following = ladder.tiers[index + 1] if climbs else None
        missing = None
        if following is not None:
            reading = self._d.state.ladder_readings[slug]
            missing = max(following.at - counters.value(self._d, reading, self.now), 0)
        return TierView(
            ladder=ladder,
            tier=ladder.tiers[index],
            since=since,
            until=until,
            next=following,
            missing=missing,
        )

    def mission(self, slug: str) -> MissionView:
        """Return the state and progress of a mission."""
        state = self.standing.missions.get(slug)
        mission = missions.as_given(self.rulebook, state, self.program.missions[slug])
        completed = state.completed_at if state is not None else None
        joined = state is not None and state.joined_at is not None
        ends = mission.window.end
        if mission.window.kind is WindowKind.JOINED and mission.measure is not None:
            ends = counters.joined_end(self._d, missions.reading_for(self._d, mission))
        if completed is not None:
            name = "completed"
        elif ends is not None and ends <= self.now:
            name = "expired"
        elif mission.opt_in and not joined:
            name = "available"
        else:
            name = "active"
        at = self.now
        if name == "completed" and completed is not None and mission.counter is None:
            at = max(completed, self.now) if _still_open(mission) else completed
        return MissionView(
            mission=mission,
            state=name,
            progress=missions.progress(self._d, mission, at),
            completed_at=completed,
        )

    def counter(self, slug: str) -> int:
        """Return a counter's value in its current window, in its minor units.

        One that is gone stands where it stopped.
        """
        version = self._last_with("counters", slug)
        if version is None:
            raise KeyError(slug)
        return counters.value(self._d, version.readings[slug], self.now)

    def vouchers(self) -> dict[str, Voucher]:
        """Return every voucher by name."""
        return {name: voucher_of(value) for name, value in self._d.everything("voucher").items()}

    def voucher(self, name: str) -> Voucher | None:
        """Return one voucher; None where there is none of that name."""
        value = self._d.look("voucher", name)
        return None if value is None else voucher_of(value)

    def redemptions(self, keys: Collection[str]) -> dict[str, Plain]:
        """Return what is kept of redemptions by their activities' keys, asked for at once."""
        asked = [PageRef("record", "one", key) for key in keys]
        missing = tuple(ref for ref in asked if ref not in self._d.given.loaded)
        if missing:
            raise Needed(missing)
        found = {key: self.redemption(key) for key in keys}
        return {key: record for key, record in found.items() if record is not None}

    def redemption(self, key: str) -> Plain | None:
        """Return what is kept of a redemption by its activity's key; None where it is none."""
        found = self._d.look("record", key)
        return found if found is not None and "reward" in found else None

    def plans(self) -> dict[str, Instant | None]:
        """Return the end of the last term of each plan; None for life."""
        return {slug: terms[-1][1] for slug, terms in self.standing.plans.items() if terms}

    def offers(self) -> list[OfferView]:
        """Return every visible reward with its price and whether this member can take it now."""
        return [
            self._offer(reward)
            for reward in self.program.rewards.values()
            if reward.visible.place(self.now) == 0
        ]

    def _offer(self, reward: Reward) -> OfferView:
        asking = Activity(
            id="", type="redemption", at=self.now, received=self.now, member=self.standing.member
        )
        version = self.rulebook.at(self.now)
        wallet, cost = self._price(reward, asking, reward.wallet)
        held = self.wallet(wallet).spendable
        name = "available"
        if closed := closed_at(reward, self.now):
            name = closed
        elif not matches(self._d, version, reward.when, asking):
            name = "not_eligible"
        elif reward.per_member_times is not None and self._taken(reward) >= reward.per_member_times:
            name = "limit"
        elif (cost is not None and held < cost) or (cost is None and held <= 0):
            name = "insufficient_points"
        missing = None if cost is None else max(cost - held, 0)
        return OfferView(
            reward=reward, wallet=wallet, cost=cost, availability=name, missing=missing
        )

    def price(self, slug: str, wallet: str | None = None) -> tuple[str, int | None]:
        """Return which wallet pays for a reward, and how much it pays for one.

        The price is None where the member names the value.
        """
        asking = Activity(
            id="", type="redemption", at=self.now, received=self.now, member=self.standing.member
        )
        reward = self.program.rewards[slug]
        return self._price(reward, asking, wallet or reward.wallet)

    def _price(self, reward: Reward, asking: Activity, wallet: str) -> tuple[str, int | None]:
        version = self.rulebook.at(self.now)
        for offered in reward.prices:
            if offered.wallet == wallet and matches(self._d, version, offered.when, asking):
                return wallet, offered.cost
        return wallet, reward.cost if wallet == reward.wallet else None

    def _taken(self, reward: Reward) -> int:
        window = per_key(reward.per_member_per, self.rulebook.calendar.day(self.now))
        return self._d.look(f"taken:{reward.id}", window) or 0


def _still_open(mission: Mission) -> bool:
    return mission.window.kind in (WindowKind.LIFETIME, WindowKind.FIXED, WindowKind.JOINED)
