"""What publishing a document would change here: against the version that it follows, in figures.

Rule: it reads and changes nothing, and it says what `publish` will say, because both call it. How
many members a change concerns is counted over at most `COUNTED_MAX` of them, so that asking costs
a bounded time, and the sentence says so where there are more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from guerdon.core import rungs
from guerdon.core.activity import Instant
from guerdon.core.plain import standing_from_plain
from guerdon.core.program import Program
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing
from guerdon.engine.epochs import locate
from guerdon.engine.world import World
from guerdon.program import plan as comparison
from guerdon.program.plan import Change

COUNTED_MAX = 5_000
_AT_ONCE = 500

Concerns = Callable[[Standing], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A change that concerns members: whom, and how that is said of a number of them."""

    concerns: Concerns
    saying: str


async def changes(world: World, history: Sequence[Program], after: Program) -> list[Change]:
    """Return what `after` would change from its `begin` on, with how many members that concerns.

    `history` are the published versions. What any of them meant by an id may not mean something
    else now, also where the version in between lacks it.
    """
    before = in_force(history, after.begin)
    found = comparison.plan(before, after)
    said = {change.path for change in found if change.is_refused}
    for earlier in history:
        for change in comparison.plan(earlier, after):
            if change.is_refused and change.path not in said:
                said.add(change.path)
                found.append(change)
    return found if before is None else await _counted(world, (before, after), found)


def in_force(history: Sequence[Program], at: Instant) -> Program | None:
    """Return the version that holds at an instant; the first one before any began."""
    if not history:
        return None
    ordered = sorted(history, key=lambda each: (each.begin, each.version))
    begun = [each for each in ordered if each.begin <= at]
    return begun[-1] if begun else ordered[0]


async def _counted(
    world: World, versions: tuple[Program, Program], found: list[Change]
) -> list[Change]:
    """Say of each change between two versions how many members it concerns."""
    before, after_ = versions
    rulebook = await world.rulebooks.fresh(before.id)
    places = _Places(rulebook, before)
    figures = {change.path: _figure(places, after_, change) for change in found}
    asked = {path: figure for path, figure in figures.items() if figure is not None}
    if not asked:
        return found
    counts = dict.fromkeys(asked, 0)
    total = await world.members.total(before.id)
    layout = await world.rulebooks.layout(before.id)
    after: str | None = None
    for _ in range(COUNTED_MAX // _AT_ONCE):
        page = await world.members.page(
            before.id, limit=_AT_ONCE, after=after, before=None, search=None
        )
        located = await locate(world, before.id, [each.id for each in page], layout)
        for _, plain in located.values():
            standing = None if plain is None else standing_from_plain(plain)
            if standing is not None and standing.status != "merged":
                for path, figure in asked.items():
                    counts[path] += figure.concerns(standing)
        if len(page) < _AT_ONCE:
            break
        after = page[-1].external_id
    some = f" of the first {COUNTED_MAX:,}" if total > COUNTED_MAX else ""
    return [
        replace(change, sentence=_told(change, counts.get(change.path), asked, some))
        for change in found
    ]


def _told(change: Change, count: int | None, asked: dict[str, Figure], some: str) -> str:
    if count is None:
        return change.sentence
    who = "1 member" if count == 1 else f"{count:,} members"
    return f"{change.sentence} {asked[change.path].saying.format(who=who + some)}"


@dataclass(frozen=True, slots=True)
class _Places:
    """Which tiers members hold, by their places in the version that a plan is against."""

    rulebook: Rulebook
    before: Program

    def tier(self, standing: Standing, ladder: str) -> int:
        """Return the place of the tier that a member held when last looked at."""
        state = standing.ladders.get(ladder)
        if state is None or not state.history:
            return 0
        held = rungs.rungs_of(self.rulebook, ladder, standing)
        here = [each.id for each in self.before.ladders[ladder].tiers]
        return rungs.places(held, here)[state.history[-1][1]]


def _figure(places: _Places, after: Program, change: Change) -> Figure | None:
    """Return whom a change concerns who holds something; None where that cannot be counted."""
    before = places.before
    _, section, name, *rest = (*change.path.split("."), "", "")
    if section == "ladders" and rest[:1] == ["tiers"] and change.before is None:
        return _below(places, after, name, rest[1])
    if change.before is None:
        return None
    if section == "wallets" and name in before.wallets:
        return Figure(
            concerns=lambda standing: _holds(standing, name),
            saying="Units of it are held by {who}.",
        )
    if section == "ladders" and name in before.ladders:
        return _of_ladder(places, name, rest[1] if rest[:1] == ["tiers"] else "")
    if section == "missions" and name in before.missions:
        return Figure(
            concerns=lambda standing: _is_on_the_way(standing, name),
            saying="Joined and not completed by {who}.",
        )
    if section == "badges" and name in before.badges:
        return Figure(concerns=lambda standing: name in standing.badges, saying="Had by {who}.")
    if section == "plans" and name in before.plans:
        return Figure(
            concerns=lambda standing: bool(standing.plans.get(name)), saying="Bought by {who}."
        )
    return None


def _of_ladder(places: _Places, name: str, tier: str) -> Figure | None:
    """Return who holds a tier or a higher one; of the whole ladder, anything above its first."""
    ids = [each.id for each in places.before.ladders[name].tiers]
    if tier and tier not in ids:
        return None
    least = ids.index(tier) if tier else 1
    return Figure(
        concerns=lambda standing: places.tier(standing, name) >= least,
        saying="Held by {who}, or a higher one." if tier else "Above its first tier: {who}.",
    )


def _below(places: _Places, after: Program, name: str, tier: str) -> Figure | None:
    """Return who holds the tier below a new one; None where there was none."""
    old, new = ([each.id for each in it.ladders[name].tiers] for it in (places.before, after))
    lower = [each for each in new[: new.index(tier)] if each in old]
    if tier in old or not lower:
        return None
    place = old.index(lower[-1])
    return Figure(
        concerns=lambda standing: places.tier(standing, name) == place,
        saying=f"{lower[-1].capitalize()} is held by {{who}}.",
    )


def _holds(standing: Standing, wallet: str) -> bool:
    state = standing.wallets.get(wallet)
    return state is not None and bool(state.spendable or state.pending)


def _is_on_the_way(standing: Standing, mission: str) -> bool:
    state = standing.missions.get(mission)
    return state is not None and state.joined_at is not None and state.completed_at is None
