"""What a checkpoint finds: the facts of a member or of the whole program at an instant.

Rule: the same words and units as in `expect`; nothing is kept of what looking needs.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from guerdon.core import accounting, leaderboards
from guerdon.core.activity import Instant
from guerdon.core.amounts import to_decimal
from guerdon.core.offering import ON_SALE
from guerdon.core.program import NO_TIER, Reward
from guerdon.core.rewards import period_of, stock_claims
from guerdon.core.views import View
from guerdon.core.windows import date_of
from guerdon.program.arrivals import Arrivals
from guerdon.program.comparison import Found, Full, Moment, Rounded
from guerdon.program.memory import Memory

WALLET_FIGURES = ("spendable", "pending", "debt", "earned", "redeemed", "expired")
LOT_FIGURES = ("left", "granted", "spent", "expired", "reversed")


class Observer:
    """Looks at a program in memory as of one instant, to which everybody was settled."""

    def __init__(self, arrivals: Arrivals, at: Instant) -> None:
        self.arrivals = arrivals
        self.memory: Memory = arrivals.memory
        self.program = self.memory.program
        self.at = at

    def member(self, name: str, fact: str) -> Found:
        """Return a fact about a member; an old id shows the account it leads to."""
        read = _MEMBER_FACTS[fact]
        return self.memory.view(self.memory.survivor(name), self.at, lambda view: read(self, view))

    def whole(self, fact: str) -> Found:
        """Return a fact about the whole program."""
        return _PROGRAM_FACTS[fact](self)

    def moment(self, at: Instant | None) -> Moment | None:
        """Return an instant as it is compared and shown."""
        return None if at is None else Moment(at, self.program.timezone)

    def date(self, at: Instant) -> str:
        """Return the business day of an instant."""
        return date_of(self.memory.rulebook.calendar.day(at)).isoformat()

    # ------------------------------------------------------------ of a member

    def wallets(self, view: View) -> Found:
        """Return the totals of each wallet."""
        return {
            slug: {
                name: to_decimal(getattr(view.wallet(slug), name), wallet.scale)
                for name in WALLET_FIGURES
            }
            for slug, wallet in self.program.wallets.items()
        }

    def lots(self, view: View) -> Found:
        """Return the living lots of each wallet in spending order."""
        return {
            slug: [
                {
                    "from": lot.name,
                    **{name: to_decimal(getattr(lot, name), wallet.scale) for name in LOT_FIGURES},
                    "earned": self.moment(lot.at),
                    "expires": self.moment(lot.expires),
                    "pending": "true" if lot.release is not None else "false",
                }
                for lot in view.lots(slug)
            ]
            for slug, wallet in self.program.wallets.items()
        }

    def ladders(self, view: View) -> Found:
        """Return the tier shown on each ladder."""
        found = {}
        for slug in self.program.ladders:
            tier = view.tier(slug)
            found[slug] = {
                "tier": None if tier.tier == NO_TIER else tier.tier.id,
                "since": self.moment(tier.since),
                "until": self.moment(tier.until),
            }
        return found

    def counters(self, view: View) -> Found:
        """Return the value of each counter in its window now."""
        return {
            slug: to_decimal(view.counter(slug), counter.measure.scale)
            for slug, counter in self.program.counters.items()
        }

    def badges(self, view: View) -> Found:
        """Return the business day of each badge; all of them."""
        return Full({slug: self.date(at) for slug, at in view.standing.badges.items()})

    def missions(self, view: View) -> Found:
        """Return state and progress of each mission."""
        found = {}
        for slug, mission in self.program.missions.items():
            seen = view.mission(slug)
            progress = to_decimal(seen.progress, mission.scale)
            found[slug] = {"state": seen.state, "progress": progress}
        return found

    def vouchers(self, view: View) -> Found:
        """Return each voucher by name."""
        return {
            name: {
                "kind": voucher.kind,
                "state": voucher.shown(self.at),
                "until": self.moment(voucher.until),
            }
            for name, voucher in view.vouchers().items()
        }

    def rewards(self, view: View) -> Found:
        """Return the rewards that the member can pay, in stock and open to them, sorted."""
        return sorted(
            offer.reward.id
            for offer in view.offers()
            if offer.cost is not None
            and offer.availability in ("available", "limit")
            and offer.cost <= view.wallet(offer.wallet).spendable
            and self._is_in_stock(offer.reward)
            and not self.memory.used.get((ON_SALE, offer.reward.id), 0)
        )

    def _is_in_stock(self, reward: Reward) -> bool:
        window = period_of(reward, self.memory.rulebook.calendar.day(self.at))
        return all(
            claim.capacity is None
            or self.memory.used.get((claim.kind, claim.key), 0) < claim.capacity
            for claim in stock_claims(reward, 1, window)
        )

    def plans(self, view: View) -> Found:
        """Return the end of each plan."""
        return {slug: self.moment(end) for slug, end in view.plans().items()}

    # ------------------------------------------------------------ of the program

    def ranks(self, slug: str) -> list[Found]:
        """Return the rows [rank, member, value] of a leaderboard."""
        board = self.program.leaderboards[slug]
        period = leaderboards.period_of(board, self.memory.rulebook.calendar, self.at)
        scores = self.memory.scores.get((slug, period), {})
        rows = [
            leaderboards.Row(member, score.value, score.at)
            for member, score in scores.items()
            if score.eligible
        ]
        scale = self.program.counters[board.counter].measure.scale
        return [
            [Decimal(place.rank), place.member, to_decimal(place.value, scale)]
            for place in leaderboards.rank(rows, shared=board.shared_ranks)
        ]

    def stock(self) -> dict[str, Decimal]:
        """Return how many of each limited reward are left."""
        return {
            slug: Decimal(reward.stock - self.memory.used.get(("stock", slug), 0))
            for slug, reward in self.program.rewards.items()
            if reward.stock is not None
        }

    def book(self) -> Found:
        """Return the figures of the book, rounded to the money's digits once."""
        held = accounting.totals(self.memory.members())
        rate = self.memory.contract.expected(self.program)
        figures: dict[str, Fraction] = {"liability": accounting.liability(self.program, held, rate)}
        for name, balance in accounting.balances(self.program, self.memory.settlement).items():
            figures[f"partner:{name}"] = balance
        if self.program.book.ifrs15:
            figures.update(self.memory.contract.figures(self.program, held))
        digits = self.program.money_scale
        return {
            name: to_decimal(accounting.shown(value, digits), digits)
            for name, value in figures.items()
        }

    def payouts(self) -> Found:
        """Return [member, date, amount] of each payout in order of time."""
        return [
            [member, self.date(at), to_decimal(amount, self.program.wallets[wallet].scale)]
            for member, wallet, at, amount in sorted(
                self.memory.payouts, key=lambda payout: (payout[2], payout[0])
            )
        ]

    def draws(self) -> Found:
        """Return what was drawn by each activity."""
        return {
            name: {
                "u": Rounded(Fraction(draw.number, 2**64)),
                "result": draw.result,
                "prize": draw.prize,
            }
            for name, draw in self.memory.draws.items()
        }

    def raffle(self) -> Found:
        """Return the winners of each raffle."""
        return {
            name: [[entry, member] for entry, member in won]
            for name, won in self.arrivals.raffles.items()
        }


_MEMBER_FACTS: dict[str, Callable[[Observer, View], Found]] = {
    "wallets": Observer.wallets,
    "lots": Observer.lots,
    "ladders": Observer.ladders,
    "counters": Observer.counters,
    "badges": Observer.badges,
    "missions": Observer.missions,
    "vouchers": Observer.vouchers,
    "rewards": Observer.rewards,
    "plans": Observer.plans,
}
_PROGRAM_FACTS: dict[str, Callable[[Observer], Found]] = {
    "stock": Observer.stock,
    "book": Observer.book,
    "payouts": Observer.payouts,
    "draws": Observer.draws,
    "raffle": Observer.raffle,
}
MEMBER_FACTS = frozenset(_MEMBER_FACTS)
