"""What the naive evaluator finds, in the words of `expect`.

Rule: every figure is a sum over the lists of one play, taken when it is asked for.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from guerdon.core.activity import OWN_TYPES, Activity
from guerdon.core.amounts import Rounding
from guerdon.core.program import NO_TIER, Leaderboard, Mission
from guerdon.program.comparison import Full, Moment, Rounded
from oracle import agreeing, climbing, counting, purse
from oracle.arrivals import Play
from oracle.calendar import CALENDAR_WINDOWS
from oracle.deciding import closed_at, is_priced, price_of, stocks_left
from oracle.earning import fraction
from oracle.granting import progress, state_of
from oracle.reading import activity_look, context_of, holds, member_look
from oracle.world import Lot, Person

Found = Any


class Look:
    """Looks at one play as of its end."""

    def __init__(self, play: Play, at: int) -> None:
        self.play = play
        self.world = play.world
        self.program = play.world.program
        self.at = at

    def member(self, name: str, fact: str) -> Found:
        """Return a fact about a member; an old id shows the account to which it leads."""
        person = self.world.person(name)
        if person is None:
            return None
        return getattr(self, fact)(person)

    def whole(self, fact: str) -> Found:
        """Return a fact about the whole program."""
        return getattr(self, fact)()

    def moment(self, at: int | None) -> Moment | None:
        """Return an instant as it is compared."""
        return None if at is None else Moment(at, self.program.timezone)

    def units(self, wallet: str, minor: int) -> Decimal:
        """Write minor units of a wallet."""
        return Decimal(minor).scaleb(-self.program.wallets[wallet].scale)

    # ------------------------------------------------------------ of a member

    def wallets(self, person: Person) -> Found:
        """Return the totals of each wallet."""
        found = {}
        for slug in self.program.wallets:
            lots = self.world.lots_of(person, slug)
            used = [
                use
                for wallet, use in person.uses
                if wallet == slug and use.kind in ("redemption", "payout")
            ]
            figures = {
                "spendable": purse.spendable(self.world, person, slug),
                "pending": sum(lot.left for lot in lots if lot.is_pending),
                "debt": purse.owed(person, slug),
                "earned": sum(lot.net for lot in lots),
                "redeemed": sum(use.amount - use.cancelled for use in used),
                "expired": sum(lot.expired for lot in lots),
            }
            found[slug] = {name: self.units(slug, minor) for name, minor in figures.items()}
        return found

    def lots(self, person: Person) -> Found:
        """Return the living lots in spending order."""
        return {
            slug: [self._lot(lot) for lot in purse.spending_order(self.world, person, slug)]
            for slug in self.program.wallets
        }

    def _lot(self, lot: Lot) -> Found:
        figures = {
            "left": lot.left,
            "granted": lot.granted,
            "spent": lot.spent,
            "expired": lot.expired,
            "reversed": lot.reversed,
        }
        return {
            "from": f"{lot.source}.{lot.rule}",
            **{name: self.units(lot.wallet, minor) for name, minor in figures.items()},
            "earned": self.moment(lot.at),
            "expires": self.moment(lot.expires),
            "pending": "true" if lot.is_pending else "false",
        }

    def ladders(self, person: Person) -> Found:
        """Return the tier shown on each ladder."""
        found = {}
        for slug, ladder in self.program.ladders.items():
            climb = person.climbs[slug]
            rank = climb.rank
            since = None
            for begun, shown in reversed(climb.spells):
                if shown != rank:
                    break
                since = begun
            found[slug] = {
                "tier": None
                if rank < 0 or ladder.tiers[rank] == NO_TIER
                else ladder.tiers[rank].id,
                "since": self.moment(since),
                "until": self.moment(climbing.shown_until(person, climb, ladder, self.at)),
            }
        return found

    def counters(self, person: Person) -> Found:
        """Return each counter in its window now."""
        return {
            slug: Decimal(counting.counter_value(self.world, person, slug, self.at)).scaleb(
                -counter.measure.scale
            )
            for slug, counter in self.program.counters.items()
        }

    def badges(self, person: Person) -> Found:
        """Return the business day of each badge."""
        return Full(
            {slug: self.world.calendar.day(at).isoformat() for slug, at in person.badges.items()}
        )

    def missions(self, person: Person) -> Found:
        """Return state and progress of each mission."""
        return {
            slug: {
                "state": state_of(self.world, person, mission, self.at),
                "progress": Decimal(self._progress(person, mission)).scaleb(-mission.scale),
            }
            for slug, mission in self.program.missions.items()
        }

    def _progress(self, person: Person, mission: Mission) -> int:
        """A completed mission shows the window in which it was completed."""
        at = self.at
        if mission.counter is None and mission.window.kind in CALENDAR_WINDOWS:
            at = person.completed.get(mission.id, at)
        return progress(self.world, person, mission, at)

    def vouchers(self, person: Person) -> Found:
        """Return each voucher."""
        return {
            name: {
                "kind": voucher.kind,
                "state": voucher.shown(self.at),
                "until": self.moment(voucher.until),
            }
            for name, voucher in person.vouchers.items()
        }

    def rewards(self, person: Person) -> Found:
        """Return what the member can pay, in stock and open to him."""
        asking = Activity(id="", type="redemption", at=self.at, received=self.at)  # type: ignore[arg-type]
        context = context_of(self.world, person, asking)
        look = activity_look(self.world, asking, context, 0)
        return sorted(
            slug
            for slug, reward in self.program.rewards.items()
            if is_priced(reward, look)
            and price_of(self.world, reward, asking, look, 1)[1]
            <= purse.spendable(self.world, person, reward.wallet)
            and 0 not in stocks_left(self.world, reward, self.at)
            and not closed_at(reward, self.at)
            and slug not in self.world.off_sale
            and holds(reward.when, look)
        )

    def plans(self, person: Person) -> Found:
        """Return the end of each plan."""
        return {
            slug: self.moment(terms[-1][1] if terms else None)
            for slug, terms in person.terms.items()
        }

    # ------------------------------------------------------------ of the program

    def ranks(self, slug: str) -> list[Found]:
        """Return [rank, member, value] of a leaderboard."""
        board = self.program.leaderboards[slug]
        rows = sorted(self._row(board, person) for person in self.world.members())
        rows = [row for row in rows if row[0] < 0]
        measure = self.program.counters[board.counter].measure
        found = []
        for place, (value, _, name) in enumerate(rows, 1):
            rank = place
            if board.shared_ranks:
                rank = 1 + sum(other[0] < value for other in rows)
            found.append([Decimal(rank), name, Decimal(-value).scaleb(-measure.scale)])
        return found

    def _row(self, board: Leaderboard, person: Person) -> tuple[int, int, str]:
        measure = self.program.counters[board.counter].measure
        inside = self.world.calendar.inside(
            board.window, self.at if board.asof is None else board.asof
        )
        value = counting.value(self.world, person, measure, inside)
        if not holds(board.eligible, member_look(person.attrs)):
            value = 0
        return -value, counting.last_at(self.world, person, measure, inside), person.name

    def stock(self) -> Found:
        """Return how many of each limited reward are left."""
        return {
            slug: Decimal(stocks_left(self.world, reward, self.at)[0])
            for slug, reward in self.program.rewards.items()
            if reward.stock is not None
        }

    def book(self) -> Found:
        """Return the figures of the book, rounded once."""
        figures = {"liability": self._liability()}
        for partner in self.program.partners:
            figures[f"partner:{partner}"] = self._settlement(partner)
        if self.program.book.ifrs15:
            figures.update(self._contract())
        scale = self.program.money_scale
        return {
            name: Decimal(purse.rounded(value * 10**scale, Rounding.HALF_UP)).scaleb(-scale)
            for name, value in figures.items()
        }

    def _major(self, wallet: str, minor: int) -> Fraction:
        return Fraction(minor, 10 ** self.program.wallets[wallet].scale)

    def _liability(self) -> Fraction:
        book = self.program.book
        total = Fraction(0)
        for wallet, value in book.value.items():
            held = sum(lot.left for lot in self.world.lots if lot.wallet == wallet)
            total += self._major(wallet, held) * fraction(value)
        changes = self.world.rate_changes
        return total * (fraction(changes[-1][1]) if changes else fraction(book.redemption_rate))

    def _settlement(self, name: str) -> Fraction:
        partner = self.program.partners[name]
        issued = sum(
            (self._major(lot.wallet, lot.worth) for lot in self.world.lots if lot.partner == name),
            Fraction(0),
        )
        redeemed = sum(
            (
                self._major(one.wallet, one.use.amount - one.use.cancelled)
                for one in self.world.redemptions
                if one.partner == name and one.waits is None
            ),
            Fraction(0),
        )
        billed = issued - agreeing.prepaid(self.world, name)
        return billed * fraction(partner.pays_per_point) - redeemed * fraction(
            partner.is_paid_per_point
        )

    def _contract(self) -> dict[str, Fraction]:
        """IFRS 15: part of each sale is for its points, and becomes revenue as they are used."""
        book, scale = self.program.book, self.program.money_scale
        price_all = allocated = granted = Fraction(0)
        rate = fraction(book.redemption_rate)
        changes = self.world.rate_changes
        for place, happened in enumerate(self.world.history):
            rules = self.world.rules_at(happened.activity.at).rules
            referring = {rule.id for rule in rules if rule.to_referrer}
            points = sum(
                (
                    self._major(one.lot.wallet, one.lot.worth)
                    for one in happened.awards
                    if one.rule not in referring
                ),
                Fraction(0),
            )
            if happened.is_out or happened.activity.type in OWN_TYPES:
                continue
            then = rate
            for before, changed in changes:
                if before <= place:
                    then = fraction(changed)
            price = Fraction(sum(happened.remaining()), 10**scale)
            worth = points * fraction(book.point_value) * then
            if price + worth:
                allocated += price * worth / (price + worth)
            price_all += price
        lots = self.world.lots
        granted = sum(
            (
                self._major(lot.wallet, lot.net)
                for lot in lots
                if not lot.moved and lot.rule != "received"
            ),
            Fraction(0),
        )
        left = sum(lot.left for lot in lots)
        redeemed = sum(
            (
                self._major(wallet, use.amount - use.cancelled)
                for person in self.world.members()
                for wallet, use in person.uses
                if use.kind in ("redemption", "payout")
            ),
            Fraction(0),
        )
        now_rate = fraction(changes[-1][1]) if changes else rate
        used = redeemed / (granted * now_rate) if granted and now_rate else Fraction(1)
        revenue = allocated if left == 0 else allocated * min(Fraction(1), used)
        return {
            "allocated_to_points": allocated,
            "revenue_goods": price_all - allocated,
            "revenue_points": revenue,
            "contract_liability": allocated - revenue,
            "point_value": fraction(book.point_value),
        }

    def payouts(self) -> Found:
        """Return [member, date, amount] of each payout in order of time."""
        return [
            [
                name,
                self.world.calendar.day(at).isoformat(),
                self.units(wallet, amount),
            ]
            for name, wallet, at, amount in sorted(
                self.world.payouts, key=lambda one: (one[2], one[0])
            )
        ]

    def draws(self) -> Found:
        """Return what was drawn by each activity."""
        return {
            one.activity: {
                "u": Rounded(Fraction(one.u, 2**64)),
                "result": one.result,
                "prize": one.prize,
            }
            for one in self.world.draws
        }

    def raffle(self) -> Found:
        """Return the winners of each raffle."""
        return {
            name: [[entry, member] for entry, member in won]
            for name, won in self.play.raffles.items()
        }
