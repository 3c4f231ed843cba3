"""The image itself: built by docker or podman, and run as the manifests and compose.yaml run it.

Needs Linux, an engine and the images that the Dockerfile stands on, and for compose.yaml the ones
that it names; `make image-test` runs it.
`BUILD_OPTIONS` goes on to the build, for whoever reaches package indexes in a way of their own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from deploy.dockerfile import stages
from deploy.engine import Compose, Container, Engine, NoEngine
from deploy.story import tell
from guerdon import __version__
from guerdon.cli import app
from guerdon.embedded.ports import free_ports

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(sys.platform != "linux", reason="a container shares the host's network"),
]

IMAGE = f"guerdon:{__version__}"
MEGABYTES_MAX = 250
GRACE_SECONDS = 30
"""What compose.yaml and the manifests give a process to end in."""
PROGRAM = "/opt/guerdon/examples/record-store.yaml"
ROLES = ("serve", "work", "schedule")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        engine = Engine.find()
    except NoEngine as missing:
        pytest.skip(str(missing))
    yield engine
    for container in engine.containers:
        container.remove()


@pytest.fixture(scope="module")
def image(root: Path, engine: Engine) -> str:
    for stage in stages(root / "Dockerfile"):
        if not engine.has(stage.image):
            pytest.skip(f"needs the image {stage.image} at hand: {engine.command} pull it first")
    never = ["--pull=never"] if engine.is_podman else []
    options = os.environ.get("BUILD_OPTIONS", "").split()
    environment = {**os.environ, "ENGINE": engine.command}
    command = [str(root / "scripts" / "image"), *never, *options]
    subprocess.run(command, cwd=root, env=environment, check=True)
    return IMAGE


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> dict[str, str]:
    return {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": mongo_url,
        "GUERDON_MONGO_DATABASE": mongo_database,
        "GUERDON_REDIS_URL": redis_url,
    }


def shell(engine: Engine, image: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the image, as whoever it runs as."""
    options = ("--entrypoint=sh",)
    return engine.once(image, "-c", script, environment={}, options=options)


EVERY_HELP = """
from typer.main import get_command
from guerdon.cli import app

def walk(command, path):
    get_command(app).main([*path, "--help"], standalone_mode=False)
    for name, inner in getattr(command, "commands", {}).items():
        walk(inner, [*path, name])

walk(get_command(app), [])
"""


def test_it_is_small_and_runs_as_nobody(engine: Engine, image: str) -> None:
    (found,) = json.loads(engine.do("image", "inspect", image).stdout)

    assert found["Size"] < MEGABYTES_MAX * 1_000_000
    assert found["Config"]["User"] == "10001:10001"
    assert found["Config"]["StopSignal"] == "SIGTERM"
    check = found.get("Healthcheck") or found["Config"]["Healthcheck"]  # podman's, or docker's
    assert check["Test"][:2] == ["CMD", "python"]
    assert shell(engine, image, "id -u").stdout.strip() == "10001"


def test_it_holds_neither_build_tools_nor_what_brings_them(engine: Engine, image: str) -> None:
    script = "for tool in cc gcc g++ ld as strip make pip pip3; do command -v $tool; done; true"
    modules = "for module in pip ensurepip pytest hatchling; do python -m $module --help; done"

    assert shell(engine, image, script).stdout == ""
    done = shell(engine, image, modules)
    assert done.stdout == ""
    assert done.stderr.count("No module named") == 4, done.stderr


def test_nothing_but_its_folder_for_scratch_can_be_written(engine: Engine, image: str) -> None:
    script = "for place in / /opt/guerdon /usr /var /var/tmp /run /home; do touch $place/x; done"
    done = shell(engine, image, f"{script}; cd /tmp && touch x && echo scratch")

    assert done.stdout == "scratch\n"
    assert done.stderr.count("Read-only file system") == 7, done.stderr


def test_every_command_answers_in_it(engine: Engine, image: str) -> None:
    options = ("--entrypoint=python",)
    done = engine.once(image, "-c", EVERY_HELP, environment={}, options=options)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" Usage: ") == len(commands(get_command(app))) > 50


def commands(command: object) -> list[object]:
    """Return a command and all below it."""
    inner = getattr(command, "commands", {}).values()
    return [command, *(found for each in inner for found in commands(each))]


def test_a_story_passes_against_it(
    engine: Engine, image: str, settings: dict[str, str], owner_url: str, root: Path
) -> None:
    refused = engine.once(image, "serve", environment=settings)
    assert refused.returncode == 1
    assert "guerdon migrate" in refused.stderr
    owner = {**settings, "GUERDON_MONGO_OWNER_URL": owner_url}
    migrated = engine.once(image, "migrate", environment=owner)
    assert migrated.returncode == 0, migrated.stderr
    created = engine.once(image, "program", "create", PROGRAM, environment=settings)
    assert created.returncode == 0, created.stderr
    admin = created.stdout.split()[-1]
    port, *posts = free_ports(1 + len(ROLES))
    containers: dict[str, Container] = {}
    for role, post in zip(ROLES, posts, strict=True):
        own = {"GUERDON_PORT": str(port), "GUERDON_METRICS_PORT": str(post)}
        containers[role] = engine.start(image, role, environment={**settings, **own})
    for container in containers.values():
        container.await_health()
    tell(f"127.0.0.1:{port}", admin, (root / "examples" / "record-store.yaml").read_text())
    _operate(engine, image, settings)
    endings = {
        role: container.stop(patience_seconds=GRACE_SECONDS)
        for role, container in containers.items()
    }
    logs = {role: container.log for role, container in containers.items()}

    assert {role: code for role, (code, _) in endings.items()} == dict.fromkeys(ROLES, 0), logs
    assert all(took < GRACE_SECONDS for _, took in endings.values())
    assert {role: it.changed for role, it in containers.items()} == {role: [] for role in ROLES}
    assert not [text for text in logs.values() if "Read-only" in text or "Traceback" in text]


def _operate(engine: Engine, image: str, settings: dict[str, str]) -> None:
    """Do what an operator does beside a running installation, each in a container of its own."""
    slug = "record_store"
    for line, says in (
        ("doctor", "0 wrong"),
        ("verify", "in order"),
        ("settings", "GUERDON_MONGO_URL"),
        ("keys list", "till"),
        ("lanes list", slug),
        ("rebuild leaderboards --dry-run", slug),
        ("export balances", '"ann"'),
        ("rehearse /opt/guerdon/examples/record-store.scenario.yaml", "checks"),
        ("backup copy", "documents"),
    ):
        options = ("--workdir=/tmp",)
        done = engine.once(image, *line.split(), environment=settings, options=options)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert says in done.stdout + done.stderr, f"{line}: {done.stdout} {done.stderr}"


@pytest.fixture
def compose(root: Path, engine: Engine, image: str) -> Iterator[Compose]:
    if engine.run("compose", "version").returncode != 0:
        pytest.skip(f"needs {engine.command} compose")
    parts = YAML(typ="safe").load(root / "compose.yaml")["services"]
    for needed in sorted({part["image"] for part in parts.values()} - {image}):
        if not engine.has(needed):
            pytest.skip(f"needs the image {needed} at hand: {engine.command} pull it first")
    compose = Compose(engine, root, port=free_ports(1)[0])
    yield compose
    compose.run("down", "--volumes")


def test_compose_brings_everything_up_and_the_story_passes(compose: Compose, root: Path) -> None:
    compose.do("up", "--detach", "--no-build")
    compose.await_health("api", "worker", "scheduler")
    program = root / "examples" / "record-store.yaml"
    made = compose.do(
        *("run", "--rm", "-T", "--no-deps", f"--volume={program}:/cafe.yaml:ro"),
        *("api", "program", "create", "/cafe.yaml"),
    )
    tell(f"127.0.0.1:{compose.port}", made.split()[-1], program.read_text())
    compose.do("stop")

    assert compose.endings() == dict.fromkeys(
        ("api", "migrate", "mongo", "scheduler", "valkey", "worker"), 0
    )
