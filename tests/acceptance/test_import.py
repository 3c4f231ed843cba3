"""A file is imported through a whole running guerdon, and every figure is reckoned a second time.

The small file is made here, out of everything that is special: equal lines, ties, purchases of
nothing, points that have expired, months and years that are just over. The large one is real.
"""

from pathlib import Path

import pytest

from acceptance.store import Store, made, said, today
from running import running

REAL = Path(__file__).parents[3] / "shared" / "data" / "cdnow_sample.csv"


def import_twice(store: Store, path: Path) -> None:
    """Import a file two times; after each, everything must be as the oracle says."""
    lines = len(path.read_text().splitlines()) - 1

    assert f"{lines:,} accepted" in said(store.take(path))
    store.compare(path)
    assert f"{lines:,} duplicates" in said(store.take(path))
    store.compare(path)


def test_a_made_file_gives_exactly_what_an_independent_reckoning_gives(tmp_path: Path) -> None:
    with running(tmp_path) as guerdon:
        path = made(tmp_path / "made.csv", members=40, lines=300, newest=today())
        import_twice(Store(tmp_path, guerdon), path)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real purchases lie in ../shared/data")
def test_real_purchases_give_exactly_what_an_independent_reckoning_gives(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as guerdon:
        import_twice(Store(tmp_path, guerdon), REAL)
