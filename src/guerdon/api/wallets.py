"""Wallets: the kinds of units a program has, and what a member holds of each.

The rule: amounts have exactly as many digits as the wallet's scale. What may be spent, and in which
order lots are spent, is decided in `core`.
"""

from datetime import datetime
from decimal import Decimal

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Context, Info
from guerdon.api.describe import field, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount, maybe_datetime, to_datetime
from guerdon.api.nodes import Node
from guerdon.api.standings import shown
from guerdon.core import lots as core_lots
from guerdon.core import program as core
from guerdon.core.activity import Instant
from guerdon.core.views import View


@noun
class WalletKind:
    """A kind of units that the program gives, such as Stars or Miles."""

    slug: str = says("The wallet's short name in the program.")
    name: str = says("What members call the units.")
    scale: int = says("How many digits behind the point amounts of it have.")


@noun
class Lot:
    """Units that came together and expire together."""

    left: Decimal = says("What is left of them.")
    granted: Decimal = says("How many they were at first.")
    pending: bool = says("Whether they cannot be spent yet.")
    earned_at: datetime = says("When the activity happened that earned them.")
    expires_at: datetime | None = says(
        "The first instant at which they are gone; null where they stay, and where the whole wallet"
        " expires by inactivity (`nextExpiry` then says when)."
    )
    activity_id: str = says("What they came from: an activity's id, or what the program gave.")
    rule: str = says("The rule that gave them.")


@noun
class Wallet(Node):
    """What a member holds of one kind of units, as of now."""

    slug: str = says("The wallet's short name in the program.")
    name: str = says("What members call the units.")
    spendable: Decimal = says("What can be spent now.")
    pending: Decimal = says("What has been earned and cannot be spent yet.")
    debt: Decimal = says("What is owed after refunds of units already spent; new ones pay it.")
    earned: Decimal = says("All that was ever granted, less what was taken back.")
    redeemed: Decimal = says("All that was ever spent.")
    expired: Decimal = says("All that ever expired.")
    member_id: strawberry.Private[str]
    scale: strawberry.Private[int]

    @field
    async def lots(self, info: Info) -> list[Lot]:
        """The living lots, in the order in which they will be spent."""
        found = await shown(info.context, self.member_id, lambda view: view.lots(self.slug))
        return [_lot_noun(lot, self.scale) for lot in found]

    @field
    async def next_expiry(self, info: Info) -> Lot | None:
        """The lot that expires next; null where none will."""
        found = await shown(info.context, self.member_id, lambda view: _next_lot(view, self.slug))
        return _lot_noun(found, self.scale) if found else None


def wallet_kind(wallet: core.Wallet) -> WalletKind:
    """Return a kind of units as the API shows it."""
    return WalletKind(slug=wallet.id, name=wallet.name, scale=wallet.scale)


async def wallets_of(context: Context, member_id: str) -> list[Wallet]:
    """Return all wallets of a member: those of the program, and others that still hold figures."""
    catalogue = await context.catalogue()

    def show(view: View) -> list[Wallet]:
        slugs = dict.fromkeys([*catalogue.program.wallets, *view.standing.wallets])
        return [_wallet_noun(catalogue, view, slug) for slug in slugs]

    return await shown(context, member_id, show)


async def wallet_of(context: Context, member_id: str, slug: str) -> Wallet | None:
    """Return one wallet of a member, None where there is none of that name."""
    catalogue = await context.catalogue()
    if catalogue.wallet(slug) is None:
        return None
    return await shown(context, member_id, lambda view: _wallet_noun(catalogue, view, slug))


def _wallet_noun(catalogue: Catalogue, view: View, slug: str) -> Wallet:
    wallet = catalogue.rulebook.wallet(slug)
    state, scale, member_id = view.wallet(slug), wallet.scale, view.standing.member
    return Wallet(
        id=strawberry.ID(global_id("Wallet", catalogue.id, member_id, slug)),
        slug=slug,
        name=wallet.name,
        spendable=amount(state.spendable, scale),
        pending=amount(state.pending, scale),
        debt=amount(state.debt, scale),
        earned=amount(state.earned, scale),
        redeemed=amount(state.redeemed, scale),
        expired=amount(state.expired, scale),
        member_id=member_id,
        scale=scale,
    )


def _lot_noun(lot: core_lots.Lot, scale: int) -> Lot:
    return Lot(
        left=amount(lot.left, scale),
        granted=amount(lot.granted, scale),
        pending=lot.release is not None,
        earned_at=to_datetime(lot.at),
        expires_at=maybe_datetime(lot.expires),
        activity_id=lot.source,
        rule=lot.rule,
    )


def _next_lot(view: View, slug: str) -> core_lots.Lot | None:
    """Return the lot that expires next, with its date even where that is the wallet's."""
    soonest = view.next_expiry(slug)
    if soonest is None:
        return None
    at: Instant = soonest[0]
    lots = view.lots(slug)
    own = next((lot for lot in lots if lot.expires == at), None)
    return own or next(lot for lot in lots if not lot.fixed)._replace(expires=at)
