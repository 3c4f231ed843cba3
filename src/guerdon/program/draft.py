"""A document being read: where each value stands, what is declared in it, and what is wrong so far.

Rule: a reader that meets a mistake notes it and raises `Unreadable`; whoever reads the siblings
goes on. Names and scales are gathered before anything is read, so that the order of the sections
does not matter. What the keys mean is not here.
"""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace

from guerdon.core.amounts import COUNTER_SCALE
from guerdon.core.program import LIFETIME, Window
from guerdon.program.mistakes import Mistake, Severity, did_you_mean, note
from guerdon.program.yaml_source import Mapping, Node, Scalar, Sequence, is_null, number

SCALE_MAX = 9
"""Digits behind the point that a wallet can have at most."""


class Unreadable(Exception):
    """The mistake is noted already; the value cannot be used."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many digits behind the point an amount may have, and whose amount it is."""

    digits: int
    of: str


@dataclass(slots=True)
class Draft:
    """The mistakes so far, and what the document declares: names by kind, tiers by ladder.

    `windows` holds those of the counters, which are read before whatever reads them; `words` all
    that stands in the program, where it matters whether something was ever mentioned.
    """

    mistakes: list[Mistake] = field(default_factory=list)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tiers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wallets: dict[str, Scale] = field(default_factory=dict)
    counters: dict[str, Scale] = field(default_factory=dict)
    rules: dict[str, Scale] = field(default_factory=dict)
    money: Scale = Scale(2, "money")
    windows: dict[str, Window] = field(default_factory=dict)
    words: frozenset[str] = frozenset()

    def window_of(self, counter: str) -> Window:
        """Return the window of a counter that was read, for nouns that name none."""
        return self.windows.get(counter, LIFETIME)


@dataclass(frozen=True, slots=True)
class Spot:
    """A node, its path, and the scales of the amounts beneath it (None: not known)."""

    node: Node
    path: str
    name: str
    draft: Draft
    units: Scale | None = None
    reading: Scale | None = None
    ladder: str | None = None

    def key(self, name: str, node: Node) -> "Spot":
        """Return the spot of a value beneath this one."""
        path = f"{self.path}.{name}" if self.path else name
        return replace(self, node=node, path=path, name=name)

    def item(self, index: int, node: Node) -> "Spot":
        """Return the spot of an item of this list."""
        return replace(self, node=node, path=f"{self.path}[{index}]", name=f"{self.name}[{index}]")

    def note(self, message: str, remedy: str = "", *, severity: Severity = Severity.ERROR) -> None:
        """Note a mistake at this place."""
        place = self.node.place
        found = Mistake(place.line, place.column, self.path, message, remedy, severity)
        note(self.draft.mistakes, found)

    def wrong(self, message: str, remedy: str = "") -> Unreadable:
        """Note a mistake and return what to raise."""
        self.note(message, remedy)
        return Unreadable(message)

    def refer(self, kind: str, name: str) -> str:
        """Return the name of something declared in this document, or note that it is not."""
        known = self.draft.names.get(kind, ())
        if name in known:
            return name
        raise self.wrong(
            f"There is no {kind} `{name}`.",
            did_you_mean(name, known, otherwise="" if known else f"Declare the {kind} first."),
        )

    def refer_tier(self, ladder: str, name: str) -> str:
        """Return the name of a tier of a ladder, or note that there is none."""
        known = self.draft.tiers.get(ladder)
        if known is None or name in known:
            # An unknown ladder is noted where it is named.
            return name
        raise self.wrong(f"The ladder `{ladder}` has no tier `{name}`.", did_you_mean(name, known))


def child(node: Node | None, name: str) -> Node | None:
    """Return the value of a key where the node is a map that has it."""
    return node.get(name) if isinstance(node, Mapping) else None


def written(node: Node | None) -> str | None:
    """Return the text of a scalar, None for anything else."""
    return node.text if isinstance(node, Scalar) and not is_null(node) else None


_SECTIONS: MappingOf[str, str] = {
    "wallets": "wallet",
    "counters": "counter",
    "ladders": "ladder",
    "missions": "mission",
    "badges": "badge",
    "leaderboards": "leaderboard",
    "rewards": "reward",
    "draws": "draw",
    "plans": "plan",
    "partners": "partner",
    "schedule": "job",
}


def gather(program: Node | None) -> Draft:
    """Return a draft that knows what the program declares, as far as it can be made out."""
    draft = Draft()
    for section, kind in _SECTIONS.items():
        draft.names[kind] = _keys(child(program, section))
    draft.names["rule"] = _ids(child(program, "rules"))
    draft.names["lot"] = (*draft.names["rule"], *_lot_names(program), *_OWN_LOTS)
    digits = _digits(child(child(program, "money"), "scale"), default=2)
    draft.money = Scale(digits, "the program's money")
    wallets = child(program, "wallets")
    for name in draft.names["wallet"]:
        digits = _digits(child(child(wallets, name), "scale"), default=0)
        draft.wallets[name] = Scale(digits, f"the wallet `{name}`")
    counters = child(program, "counters")
    for name in draft.names["counter"]:
        digits = reading_scale(child(counters, name), draft).digits
        draft.counters[name] = Scale(digits, f"the counter `{name}`")
    rules = child(program, "rules")
    for rule in rules.items if isinstance(rules, Sequence) else ():
        scale = draft.wallets.get(written(child(rule, "wallet")) or "")
        if scale is not None:
            draft.rules[written(child(rule, "id")) or ""] = scale
    ladders = child(program, "ladders")
    for name in draft.names["ladder"]:
        draft.tiers[name] = _ids(child(child(ladders, name), "tiers"))
    return draft


def reading_scale(measure: Node | None, draft: Draft) -> Scale:
    """Return the scale of what a counter or mission measures.

    Money keeps its own scale and points their wallet's; what is counted is whole; any other field
    that is summed has six digits.
    """
    counter = written(child(measure, "counter"))
    if counter is not None and counter in draft.counters:
        return draft.counters[counter]
    summed = written(child(measure, "sum"))
    if summed is None:
        return Scale(0, "what is counted here")
    if summed.startswith("points:"):
        return draft.wallets.get(summed.split(":")[1], Scale(0, "the wallet"))
    return field_scale(summed, draft)


def field_scale(name: str, draft: Draft) -> Scale:
    """Return the scale in which a field of activities is summed."""
    if name == "net":
        return draft.money
    return Scale(COUNTER_SCALE, f"the field `{name}`")


_OWN_LOTS = ("bonus", "refund", "dividend", "adjustment", "draw", "received", "returned")


def _lot_names(node: Node | None) -> tuple[str, ...]:
    """Return what effects call their lots, wherever an effect may stand."""
    if isinstance(node, Sequence):
        return tuple(name for item in node.items for name in _lot_names(item))
    if not isinstance(node, Mapping):
        return ()
    own = written(node.get("as"))
    below = tuple(name for _, inner in node.entries for name in _lot_names(inner))
    return below if own is None else (own, *below)


def _digits(node: Node | None, *, default: int) -> int:
    found = number(written(node) or "")
    return int(found) if found is not None and 0 <= found <= SCALE_MAX else default


def _keys(node: Node | None) -> tuple[str, ...]:
    return tuple(key.text for key, _ in node.entries) if isinstance(node, Mapping) else ()


def _ids(node: Node | None) -> tuple[str, ...]:
    items = node.items if isinstance(node, Sequence) else ()
    found = (written(child(item, "id")) for item in items)
    return tuple(name for name in found if name is not None)
