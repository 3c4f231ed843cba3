"""Which number an effect has among those of its cause, wherever versions put it.

Rule: what happens at most once in a window is remembered under its number, so that an effect keeps
the number that it had in the first version that has it. One that another of the same sort stands in
for hands its number on: who had the one has had the other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from guerdon.core.program import Grant, GrantBadge, GrantPoints, GrantVoucher, Program

Name = tuple[str, ...]
"""The sort of an effect, what it gives, and which one of several alike it is."""


class Numbers:
    """The numbers of the effects of tiers, missions and badges, by all versions of a program."""

    def __init__(self, versions: Iterable[Program]) -> None:
        self._known: dict[str, dict[Name, int]] = {}
        held: dict[str, list[Name]] = {}
        for program in versions:
            for source, effects in _causes(program):
                names = _names(effects)
                self._add(self._known.setdefault(source, {}), held.get(source, []), names)
                held[source] = names

    @staticmethod
    def _add(known: dict[Name, int], before: Sequence[Name], names: Sequence[Name]) -> None:
        gone = [name for name in before if name not in names]
        for name in names:
            if name in known:
                continue
            follows = next((each for each in gone if each[0] == name[0]), None)
            if follows is None:
                known[name] = max(known.values(), default=-1) + 1
            else:
                gone.remove(follows)
                known[name] = known[follows]

    def of(self, source: str, effects: Sequence[Grant]) -> Sequence[int]:
        """Return the number of each effect of a cause; jobs, whose runs are causes, count them."""
        known = self._known.get(source)
        return range(len(effects)) if known is None else [known[one] for one in _names(effects)]


def _causes(program: Program) -> Iterator[tuple[str, tuple[Grant, ...]]]:
    for ladder in program.ladders.values():
        yield from ((f"{ladder.id}:{rung.id}", rung.on_enter) for rung in ladder.tiers)
    for mission in program.missions.values():
        yield f"mission:{mission.id}", mission.grant
    for badge in program.badges.values():
        yield f"badge:{badge.id}", badge.grant


def _names(effects: Sequence[Grant]) -> list[Name]:
    names = []
    seen: Counter[Name] = Counter()
    for effect in effects:
        name = _name(effect)
        names.append((*name, str(seen[name])))
        seen[name] += 1
    return names


def _name(effect: Grant) -> Name:
    if isinstance(effect, GrantPoints):
        return "points", effect.wallet, effect.as_name
    if isinstance(effect, GrantVoucher):
        return "voucher", effect.kind
    if isinstance(effect, GrantBadge):
        return "badge", effect.badge
    return "tier", effect.ladder, effect.tier
