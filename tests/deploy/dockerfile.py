"""The Dockerfile as data: stages of instructions, continued lines joined."""

import re
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    """One instruction: its word in capitals, and all behind it."""

    word: str
    rest: str


class Stage(NamedTuple):
    """What follows one FROM."""

    image: str
    name: str | None
    instructions: list[Instruction]

    def all(self, word: str) -> list[str]:
        """Return what stands behind each instruction of a kind."""
        return [each.rest for each in self.instructions if each.word == word]


def stages(path: Path) -> list[Stage]:
    """Read a Dockerfile."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    found: list[Stage] = []
    arguments: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "ARG" and not found:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif word == "FROM":
            image, _, name = rest.partition(" AS ")
            known = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], image)
            found.append(Stage(known, name or None, []))
        else:
            found[-1].instructions.append(Instruction(word, rest.strip()))
    return found
