"""The table of promises names tests that exist."""

import re
from pathlib import Path


def test_every_test_that_a_promise_names_exists(root: Path) -> None:
    table = (root / "docs" / "promises.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", table))
    written = {
        name
        for file in (root / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", file.read_text())
    }

    assert len(named) > 20
    assert named - written == set()


def test_every_row_of_the_table_names_a_test_or_says_why_not(root: Path) -> None:
    rows = [
        row.split(" | ")
        for row in (root / "docs" / "promises.md").read_text().splitlines()
        if re.match(r"\| [A-Z]\d", row)
    ]

    assert len(rows) > 20
    for name, _, held in rows:
        assert "`" in held or held.startswith("not") or "the same test" in held, name
