"""The command line answers at once, and refuses with sentences."""

import os
import subprocess
import sys

HEAVY = ("dramatiq", "motor", "pymongo", "redis", "starlette", "strawberry", "uvicorn")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        env=clean | environment,
    )


def test_help_names_the_commands_and_imports_nothing_heavy() -> None:
    answered = run("-m", "guerdon", "--help")
    imported = run("-c", "import guerdon.cli, sys; print(*sys.modules)").stdout.split()

    assert {"demo", "serve", "work", "schedule"} <= set(answered.stdout.split())
    assert set(imported).isdisjoint(HEAVY)


def test_commands_without_their_servers_name_the_settings_and_exit_with_2() -> None:
    for command in ("serve", "work", "schedule"):
        refused = run("-m", "guerdon", command)

        assert refused.returncode == 2
        assert "GUERDON_MONGO_URL: is not set." in refused.stderr
        assert "GUERDON_REDIS_URL: is not set." in refused.stderr
        assert "Traceback" not in refused.stderr
