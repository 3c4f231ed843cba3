"""The scenario files that tests play: examples, stories of the tests' own, and ../shared's."""

from pathlib import Path

from guerdon.program.scenario import Scenario, load_scenario

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.scenario.yaml"))
STORIES = sorted((ROOT / "tests" / "program" / "scenarios").glob("*.yaml"))
SHARED = sorted((ROOT.parent / "shared" / "scenarios").glob("*.yaml"))
"""None where that folder is not there."""


def by_name(*paths: Path) -> list[Path]:
    """Return files in the order of their names, whichever folder they lie in."""
    return sorted(paths, key=lambda path: path.name)


def scenario_of(path: Path) -> Scenario:
    """Read a scenario; the program may be a file of its own beside it."""

    def read(other: str) -> str:
        return (path.parent / other).read_text(encoding="utf-8")

    return load_scenario(path.read_text(encoding="utf-8"), path.name, read=read)
