"""From text to a program: `load` returns the program, or every mistake in it.

Rule: a program comes back only when nothing is wrong; warnings do not keep it back.
"""

from dataclasses import dataclass

from guerdon.core.program import Program
from guerdon.program.check import warnings
from guerdon.program.document import PROGRAM
from guerdon.program.draft import Spot, Unreadable, gather
from guerdon.program.mistakes import Enough, Mistake, Severity, did_you_mean, errors, note
from guerdon.program.shapes import kind_of
from guerdon.program.yaml_source import Mapping, Node, Place, parse

VOCABULARY = "1"
TOP_KEYS = ("scenario", "program", "activities", "expect")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program, or None and the mistakes; the mistakes are in the document's order."""

    program: Program | None
    mistakes: list[Mistake]


def load(text: str, name: str = "program") -> Loaded:
    """Return the program of a document; `name` is the document's name for messages without place.

    A scenario file is a program file too: its activities and expectations are passed over.
    """
    del name
    root, mistakes = parse(text)
    if root is None:
        return Loaded(None, mistakes)
    try:
        program = read_program(root, mistakes)
    except Enough:
        program = None
    ordered = sorted(mistakes)
    return Loaded(None if errors(ordered) else program, ordered)


def read_program(root: Node, mistakes: list[Mistake]) -> Program | None:
    """Return the program under the document's top, adding what is wrong to `mistakes`."""
    node = top(root, mistakes)
    if node is None:
        return None
    draft = gather(node)
    draft.mistakes = mistakes
    try:
        program = PROGRAM.read(Spot(node, "program", "program", draft))
    except Unreadable:
        return None
    mistakes += warnings(program, node)
    return program


def top(root: Node, mistakes: list[Mistake]) -> Node | None:
    """Return the value of the key `program`, judging its siblings."""
    if not isinstance(root, Mapping):
        note(
            mistakes,
            _at(
                root.place,
                "",
                f"The document is {kind_of(root)}, not a map.",
                "Begin with `program:`.",
            ),
        )
        return None
    for key, node in root.entries:
        if key.text not in TOP_KEYS:
            note(
                mistakes,
                _at(
                    key.place,
                    key.text,
                    f"`{key.text}` is no key of a document.",
                    did_you_mean(key.text, TOP_KEYS, otherwise="Indent it beneath `program:`."),
                ),
            )
        if key.text == "scenario" and getattr(node, "text", None) != VOCABULARY:
            note(
                mistakes,
                _at(
                    node.place,
                    key.text,
                    "This version of the vocabulary is not known.",
                    f"Write `scenario: {VOCABULARY}`.",
                ),
            )
    found = root.get("program")
    if found is None:
        note(
            mistakes,
            _at(root.place, "", "`program` is missing.", "Put the program beneath `program:`."),
        )
    return found


def _at(place: Place, path: str, message: str, remedy: str) -> Mistake:
    return Mistake(place.line, place.column, path, message, remedy, Severity.ERROR)
