"""Where a member's lots lie: spendable, pending and closed ones, in the head and outside it.

Rule: a lot lies on exactly one shelf, and the head holds those that are spent next. What happens
to units is decided in `core.granting`, `core.wallets`, `core.expiries` and `core.returns`.
"""

from guerdon.core.deciding import Deciding
from guerdon.core.decision import Needed
from guerdon.core.lots import Lot, Purse, lot_of, order_of
from guerdon.core.program import Wallet
from guerdon.core.standing import PageRef, WalletState
from guerdon.core.windows import FAR

SHELVES = ("lots", "pending", "closed")
LIVING = ("lots", "pending")


def find(d: Deciding, slug: str, no: int) -> Lot:
    """Return a lot by its number, wherever it lies."""
    key = str(no)
    missing: list[PageRef] = []
    for prefix in SHELVES:
        try:
            value = d.look(f"{prefix}:{slug}", key)
        except Needed as needed:
            missing += needed.pages
            continue
        if value is not None:
            return lot_of(value)
    if missing:
        raise Needed(tuple(missing))
    raise KeyError(f"{slug} lot {no}")


def living(d: Deciding, slug: str) -> list[Lot]:
    """Return the spendable lots in the head, in spending order."""
    wallet = d.state.wallet(slug)
    found = d.standing.shelves.get(f"lots:{slug}")
    if found is None:
        return []
    return sorted(map(lot_of, found.items.values()), key=order_of(wallet))


def every_lot(d: Deciding, slug: str) -> list[Lot]:
    """Return all lots of a wallet, dead ones included; asks for those outside the head."""
    return [
        lot_of(value) for prefix in SHELVES for value in d.everything(f"{prefix}:{slug}").values()
    ]


def portions(d: Deciding, slug: str, points: int) -> list[tuple[Lot, int]]:
    """Return the lots that give `points` in spending order; more are asked for when needed."""
    name = f"lots:{slug}"
    lots = living(d, slug)
    while sum(lot.left for lot in lots) < points and d.spilled(name):
        d.pull(name, "front", order_of(d.state.wallet(slug)))
        lots = living(d, slug)
    found: list[tuple[Lot, int]] = []
    for lot in lots:
        if points <= 0:
            break
        part = min(points, lot.left)
        found.append((lot, part))
        points -= part
    return found


def head(d: Deciding, slug: str) -> list[Lot]:
    """Return the living lots in the head, spendable and pending, as they lie."""
    found: list[Lot] = []
    for prefix in ("lots", "pending"):
        shelf = d.standing.shelves.get(f"{prefix}:{slug}")
        if shelf is not None:
            found += map(lot_of, shelf.items.values())
    return sorted(found, key=lambda lot: lot.no)


def home_of(lot: Lot) -> str:
    """Return the kind of shelf on which a lot belongs."""
    if not lot.left:
        return "closed"
    return "lots" if lot.release is None else "pending"


def add(d: Deciding, wallet: Wallet, lot: Lot) -> None:
    """Put a lot that lies on no shelf where it belongs."""
    home = home_of(lot)
    name, key = f"{home}:{wallet.id}", str(lot.no)
    if home == "closed":
        d.put(name, key, lot, key.rjust(12, "0"))
        return
    moved = d.put_ordered(name, key, lot, order_of(wallet))
    if moved is not None:
        note_spill(d.wallet(wallet.id), lot_of(moved))


def add_spendable(d: Deciding, purse: Purse, state: WalletState, lot: Lot) -> None:
    """Put a lot that was never on a shelf among the spendable ones: the usual case."""
    moved = d.put_ordered(purse.lots, str(lot.no), lot, purse.order, fresh=True)
    if moved is not None:
        note_spill(state, lot if moved is lot else lot_of(moved))


def replace(d: Deciding, wallet: Wallet, lot: Lot) -> None:
    """Store a lot anew, on another shelf where it belongs elsewhere now."""
    slug, key = wallet.id, str(lot.no)
    home = home_of(lot)
    for prefix in SHELVES:
        name = f"{prefix}:{slug}"
        shelf = d.standing.shelves.get(name)
        if shelf is None or not (key in shelf.items or d.is_paged(name, key)):
            continue
        if prefix == home and key in shelf.items:
            d.shelf(name).items[key] = lot
            return
        if prefix != home:
            d.drop(name, key)
        break
    add(d, wallet, lot)


def remove(d: Deciding, slug: str, lot: Lot) -> None:
    """Take a lot off its shelf."""
    d.drop(f"{home_of(lot)}:{slug}", str(lot.no))


def redate(d: Deciding, wallet: Wallet, lots: list[Lot]) -> None:
    """Store lots of the head whose dates changed, and with them their place."""
    for lot in lots:
        d.shelf(f"{home_of(lot)}:{wallet.id}").items[str(lot.no)] = lot
    for prefix in LIVING:
        d.sort(f"{prefix}:{wallet.id}", order_of(wallet))


def pull_all(d: Deciding, slug: str) -> None:
    """Bring every living lot into the head."""
    order = order_of(d.state.wallet(slug))
    for prefix in LIVING:
        d.pull(f"{prefix}:{slug}", "all", order)
    d.wallet(slug).spill_due = None


def note_spill(state: WalletState, lot: Lot) -> None:
    """Remember the earliest date outside the head."""
    due, expires, release = state.spill_due, lot.expires, lot.release
    if expires is not None and (due is None or expires < due):
        state.spill_due = due = expires
    if release is not None and release != FAR and (due is None or release < due):
        state.spill_due = release


def evict(d: Deciding, slug: str) -> None:
    """Move what does not fit the head back into pages, last in order first."""
    order = order_of(d.state.wallet(slug))
    for prefix in LIVING:
        name = f"{prefix}:{slug}"
        if name in d.standing.shelves:
            for moved in d.trim(name, order):
                note_spill(d.wallet(slug), lot_of(moved))
