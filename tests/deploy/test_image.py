"""The image, as far as its Dockerfile says; `make image-test` builds and runs what it says."""

import ast
import fnmatch
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from deploy.dockerfile import Stage, stages
from guerdon.cli import app
from guerdon.settings import PREFIX, Settings

COMMANDS = ("serve", "work", "schedule", "migrate")


@pytest.fixture
def image(root: Path) -> list[Stage]:
    return stages(root / "Dockerfile")


@pytest.fixture
def compose(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(root / "compose.yaml")
    return found


def cli() -> set[str]:
    """Return the commands that there are."""
    return set(get_command(app).commands)  # type: ignore[attr-defined]


def is_sent(path: str, root: Path) -> bool:
    """Tell whether .dockerignore lets a path go to the builder."""
    sent = True
    for line in (root / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            bare = pattern.lstrip("!").removeprefix("**/")
            if any(fnmatch.fnmatch(part, bare) for part in (path, path.partition("/")[0])):
                sent = pattern.startswith("!")
    return sent


def settings_of(environment: dict[str, Any]) -> dict[str, Any]:
    """Return an environment by the names of settings; every name must be one."""
    found = {}
    for variable, value in environment.items():
        assert variable.startswith(PREFIX), f"{variable} is nothing that guerdon reads"
        name = variable.removeprefix(PREFIX).lower()
        assert name.removesuffix("_file") in Settings.model_fields, f"{variable} is no setting"
        found[name] = value
    return found


def test_every_copied_file_exists_and_is_sent_to_the_builder(
    image: list[Stage], root: Path
) -> None:
    copied = [
        source
        for stage in image
        for copy in stage.all("COPY")
        if "--from=" not in copy
        for source in copy.split()[:-1]
    ]

    assert len(copied) >= 5
    for source in copied:
        assert (root / source).exists(), f"COPY {source}"
        assert is_sent(source, root), f".dockerignore keeps {source} back"
    for secret in (".git", ".env", "tests", ".venv", "data"):
        assert not is_sent(secret, root), f"{secret} would be sent to the builder"


def test_images_that_it_stands_on_are_debian_slim_of_one_version(image: list[Stage]) -> None:
    assert len(image) == 2
    for stage in image:
        assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", stage.image), stage.image


def test_the_result_runs_as_nobody_in_particular_and_holds_no_build_tools(
    image: list[Stage],
) -> None:
    result = image[-1]
    (account,) = result.all("USER")
    runs = " ".join(result.all("RUN"))

    uid, gid = account.split(":")
    assert int(uid) >= 10_000
    assert int(gid) >= 10_000
    assert not re.search(r"apt|gcc|build-essential|curl|pip install", runs)
    assert "pip uninstall" in runs
    assert [copy.split()[0] for copy in result.all("COPY")] == ["--from=build"]
    words = [each.word for each in result.instructions]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :], "nothing is done after the account changes"


def test_what_is_installed_is_locked_and_nothing_is_compiled(image: list[Stage]) -> None:
    installs = [
        command
        for run in image[0].all("RUN")
        for command in run.split("&&")
        if " install " in command and "apt-get" not in command
    ]
    brought = re.findall(r"apt-get install [^;&|]*", " ".join(image[0].all("RUN")))

    assert [command.split()[-1] for command in brought] == ["binutils"], "nothing that compiles"
    assert len(installs) == 3
    for command in installs:
        if "dist/*.whl" in command:
            assert "--no-deps" in command
        else:
            assert "--only-binary :all:" in command
            assert "--require-hashes" in command


def test_its_commands_are_guerdons(image: list[Stage]) -> None:
    result = image[-1]

    assert json.loads(result.all("ENTRYPOINT")[0]) == ["guerdon"]
    assert json.loads(result.all("CMD")[0])[0] in cli()
    assert set(COMMANDS) <= cli()
    assert result.all("STOPSIGNAL") == ["SIGTERM"]


def test_its_environment_is_made_of_settings_and_its_ports_are_theirs(image: list[Stage]) -> None:
    words = shlex.split(" ".join(image[-1].all("ENV")))
    environment = dict(word.split("=", 1) for word in words if word.startswith(PREFIX))
    settings = Settings.load(
        mongo_url="mongodb://db", redis_url="redis://c", **settings_of(environment)
    )

    exposed = {int(port) for port in image[-1].all("EXPOSE")[0].split()}
    assert exposed == {settings.port, settings.metrics_port}


def test_its_health_check_is_python_that_compiles_and_asks_the_port_for_metrics(
    image: list[Stage],
) -> None:
    (check,) = image[-1].all("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])

    assert command[:2] == ["python", "-c"]
    ast.parse(command[2])
    assert "GUERDON_METRICS_PORT" in command[2]
    assert "/healthz" in command[2]


def test_compose_runs_every_part_after_the_migration_with_settings_that_load(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    ours = {name: part for name, part in services.items() if part["image"].startswith("guerdon:")}

    assert {part["command"][0] for part in ours.values()} == set(COMMANDS)
    for name, part in ours.items():
        Settings.load(**settings_of(part["environment"]))
        assert part["read_only"] is True
        assert part["tmpfs"] == ["/tmp"]
        assert int(part["stop_grace_period"].removesuffix("s")) > 20
        if name != "migrate":
            assert part["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_compose_reaches_the_servers_that_it_starts(compose: dict[str, Any]) -> None:
    services = compose["services"]
    environment = services["api"]["environment"]

    assert environment["GUERDON_MONGO_URL"] == "mongodb://mongo:27017/?replicaSet=guerdon"
    assert "--replSet=guerdon" in services["mongo"]["command"]
    assert environment["GUERDON_REDIS_URL"] == "redis://valkey:6379"
    assert "noeviction" in services["valkey"]["command"]
    for name, part in services.items():
        tag = part["image"].rpartition(":")[2]
        assert re.match(r"\d", tag), f"{name} runs {part['image']}, which may change"
        assert "healthcheck" in part or part["image"].startswith("guerdon:")
