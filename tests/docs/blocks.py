"""The YAML blocks of a page: each is a whole document, told apart by its line."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"


class Block(NamedTuple):
    """A fenced block; `line` is that of its first line of text, `heading` what stands above it."""

    page: str
    line: int
    heading: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {self.heading}"


def blocks_of(page: str) -> Iterator[Block]:
    """Yield the YAML blocks of a page in its order."""
    heading, begin = "", 0
    lines: list[str] | None = None
    for number, line in enumerate((DOCS / page).read_text(encoding="utf-8").splitlines(), 1):
        if lines is None:
            if line.startswith("#"):
                heading = line.lstrip("# ")
            if line == "```yaml":
                lines, begin = [], number + 1
        elif line == "```":
            yield Block(page, begin, heading, "\n".join(lines) + "\n")
            lines = None
        else:
            lines.append(line)
    assert lines is None, f"{page}: the block of line {begin} is not closed"
