"""Nothing is kept that nobody starts: every module is reached from the command line."""

import grimp
import pytest

from tidy.sources import MODULES, PACKAGE, name_of

# Started by other means, each with the reason.
STARTED_OTHERWISE: dict[str, str] = {}

pytestmark = pytest.mark.skipif(
    not (PACKAGE / "wiring.py").exists(),
    reason="until the parts are wired together, most of them are reached by nobody",
)


def test_every_module_is_reached_from_the_command_line() -> None:
    graph = grimp.build_graph("guerdon", cache_dir=None)
    reached = graph.find_upstream_modules("guerdon.__main__") | {"guerdon.__main__"}
    packages = {name.rpartition(".")[0] for name in reached}
    packages |= {name.rpartition(".")[0] for name in packages}
    dead = {name_of(path) for path in MODULES} - reached - packages - set(STARTED_OTHERWISE)

    assert dead == set()
