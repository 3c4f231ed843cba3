"""docker or podman, whichever is there: what tests ask of a container engine.

Rule: nothing is pulled. Whoever has neither an engine nor the images that a test names is told so,
in the reason for which the test is skipped.
"""

import json
import os
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

STRICT = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=host",
)
"""As the manifests run it. The host's network, because the tests' servers listen there."""

WAIT_SECONDS = 60


class NoEngine(Exception):
    """There is none that can be used here; the message says why."""


@dataclass
class Container:
    """One container that runs, until `stop`."""

    engine: "Engine"
    name: str

    def stop(self, *, patience_seconds: int) -> tuple[int, float]:
        """Ask it to end, and return its exit code (137 where it had to be killed) and seconds."""
        began = time.monotonic()
        self.engine.do("stop", f"--time={patience_seconds}", self.name)
        took = time.monotonic() - began
        return self.inspected["State"]["ExitCode"], took

    @property
    def inspected(self) -> dict[str, Any]:
        """All that the engine knows of it."""
        found: dict[str, Any] = json.loads(self.engine.do("inspect", self.name).stdout)[0]
        return found

    @property
    def log(self) -> str:
        """What it has written to its outputs."""
        done = self.engine.do("logs", self.name)
        return done.stdout + done.stderr

    @property
    def changed(self) -> list[str]:
        """Paths of its root that differ from the image's, without what engines put there."""
        lines = self.engine.do("diff", self.name).stdout.splitlines()
        paths = [line.split(maxsplit=1)[1] for line in lines if line.strip()]
        return [path for path in paths if path.split("/")[1] not in {"etc", "run", "dev", "proc"}]

    def await_health(self) -> None:
        """Wait until the image's own health check says that it is well."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._is_healthy():
            state = self.inspected["State"]["Status"]
            assert state == "running", self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.2)

    def _is_healthy(self) -> bool:
        if self.engine.is_podman:  # its timers are systemd's, which need not be there
            return self.engine.run("healthcheck", "run", self.name).returncode == 0
        return bool(self.inspected["State"]["Health"]["Status"] == "healthy")

    def remove(self) -> None:
        """Take it away, whatever it does."""
        self.engine.run("rm", "--force", self.name)


@dataclass
class Engine:
    """The engine's command line."""

    command: str
    containers: list[Container] = field(default_factory=list)

    @classmethod
    def find(cls) -> "Engine":
        """Return the one that answers; ENGINE names one, as it does for `make image`.

        Raises:
            NoEngine: There is none.
        """
        names = os.environ.get("ENGINE", "docker podman").split()
        for name in filter(shutil.which, names):
            engine = cls(name)
            if engine.run("info").returncode == 0:
                return engine
        raise NoEngine(f"needs a container engine that answers: {' or '.join(names)}")

    @cached_property
    def is_podman(self) -> bool:
        """Whether it is podman, which differs from docker in little."""
        return "podman" in self.do("--version").stdout

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run one of its commands, whatever comes of it."""
        # podman complains of missing timers where no systemd is, on the output of what it runs.
        command = [self.command, "--log-level=fatal", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, **options)

    def do(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run one of its commands, which must succeed."""
        done = self.run(*words, **options)
        assert done.returncode == 0, f"{self.command} {' '.join(words)}: {done.stderr}"
        return done

    def has(self, image: str) -> bool:
        """Tell whether an image is at hand."""
        return self.run("image", "inspect", image).returncode == 0

    def arguments(self, environment: dict[str, str]) -> list[str]:
        """Return what a container is started with, as strictly as the manifests do."""
        # podman would by itself let more than /tmp be written.
        own = ["--read-only-tmpfs=false"] if self.is_podman else []
        given = [f"--env={name}={value}" for name, value in environment.items()]
        return [*STRICT, *own, *given]

    def once(
        self, image: str, *words: str, environment: dict[str, str], options: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a container of its own, and wait for its end."""
        return self.run(
            "run", "--rm", "--pull=never", *self.arguments(environment), *options, image, *words
        )

    def start(self, image: str, *words: str, environment: dict[str, str]) -> Container:
        """Start a container that stays."""
        name = f"guerdon-{words[0]}-{uuid.uuid4().hex[:8]}"
        arguments = self.arguments(environment)
        self.do("run", "--detach", "--pull=never", f"--name={name}", *arguments, image, *words)
        self.containers.append(Container(self, name))
        return self.containers[-1]


@dataclass
class Compose:
    """The project of a folder's compose.yaml, under a name and a port of its own."""

    engine: Engine
    folder: Path
    port: int
    name: str = field(default_factory=lambda: f"guerdon-{uuid.uuid4().hex[:8]}")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands, whatever comes of it."""
        return self.engine.run(*self._command(*words), cwd=self.folder, env=self._environment)

    def do(self, *words: str) -> str:
        """Run one of its commands, which must succeed, and return what it printed."""
        options = {"cwd": self.folder, "env": self._environment}
        return self.engine.do(*self._command(*words), **options).stdout

    def _command(self, *words: str) -> tuple[str, ...]:
        return ("compose", f"--project-name={self.name}", *words)

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PORT": str(self.port)}

    def containers(self) -> dict[str, Container]:
        """Return what there is of each service, which runs or has ended."""
        found = {}
        for identity in self.do("ps", "--all", "--quiet").split():
            container = Container(self.engine, identity)
            labels = container.inspected["Config"]["Labels"]
            found[labels["com.docker.compose.service"]] = container
        return found

    def await_health(self, *services: str) -> None:
        """Wait until the health checks of these say that they are well."""
        found = self.containers()
        for service in services:
            found[service].await_health()

    def endings(self) -> dict[str, int]:
        """Return the exit code of each service."""
        found = self.containers()
        return {name: found[name].inspected["State"]["ExitCode"] for name in sorted(found)}
