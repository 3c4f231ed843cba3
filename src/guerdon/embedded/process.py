"""Child processes on a leash: each in its own session, with a log file, gone when we are gone.

A session of its own keeps the terminal's Ctrl-C from the children, so that the supervisor alone
decides the order in which they stop. How they die with a supervisor that is killed is told in
`leash`; who restarts them, in `supervisor`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from guerdon.embedded import leash

# Isolated and without site packages: a leash starts in a hundredth of a second.
_BARE = [sys.executable, "-I", "-S", leash.__file__]


class NotReady(Exception):
    """A part did not become ready; the message ends with the last lines of its log."""


class Kennel:
    """Starts children; its watcher kills what is left of them when this process has died.

    Children must be started from the main thread: see `leash`.
    """

    def __init__(self) -> None:
        reads, self._reports = os.pipe()
        self._watcher = subprocess.Popen(
            [*_BARE, "watch", str(reads)],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[reads],
        )
        os.close(reads)
        self._living: set[int] = set()
        self._lock = threading.Lock()  # ends are noticed on threads of their own

    def start(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        keep: Sequence[int] = (),
    ) -> "Child":
        """Start `command`, its output appended to `log`, the descriptors `keep` handed on."""
        leashed = [*_BARE, "start", str(self._reports), str(os.getpid()), *map(str, command)]
        with log.open("ab") as output:
            popen = subprocess.Popen(
                leashed,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
                pass_fds=[self._reports, *keep],
            )
        with self._lock:
            self._living.add(popen.pid)
        return Child(popen=popen, log=log, release=self._release)

    def _release(self, pid: int) -> None:
        """Take a dead child off the watcher's list, because its id may soon be another's."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            if pid in self._living:
                self._living.remove(pid)
                os.write(self._reports, b"-%d\n" % pid)

    def close(self) -> None:
        """Let the watcher go; it kills whatever child still lives."""
        with self._lock:
            self._living.clear()
            os.close(self._reports)
        self._watcher.wait()


@dataclass(frozen=True, slots=True)
class Child:
    """One running process and its log."""

    popen: subprocess.Popen[bytes]
    log: Path
    release: Callable[[int], None]

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its session and group."""
        return self.popen.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.popen.poll() is None

    def wait(self, timeout_seconds: float | None = None) -> int:
        """Wait for the end and return the exit code, minus the signal's number if it was killed.

        Raises:
            subprocess.TimeoutExpired: It still runs after `timeout_seconds`.
        """
        code = self.popen.wait(timeout_seconds)
        self.release(self.pid)
        return code

    def when_ended(self, tell: Callable[[int], None]) -> None:
        """Call `tell` with the exit code, from another thread, as soon as the process has ended."""
        threading.Thread(target=lambda: tell(self.wait()), daemon=True).start()

    def stop(self, *, patience_seconds: float) -> int:
        """Ask it to end, kill its whole group when it does not, and return the exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        try:
            return self.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            return self.wait()

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log, for whoever has to find out why."""
        with self.log.open(errors="replace") as lines:
            return "".join(deque(lines, maxlen=count)).rstrip()


def how_it_ended(code: int) -> str:
    """Say an exit code in words."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
