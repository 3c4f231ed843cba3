"""The leash: no child outlives its supervisor, however that one ends.

Run as a script, in a bare interpreter (standard library only, no site packages), in two roles:

`leash.py start FD SUPERVISOR COMMAND...` becomes COMMAND, after it has reported its process id on
the pipe FD and, on Linux, has asked the kernel to be killed with its parent.

`leash.py watch FD` reads the other end of that pipe. When it ends, the supervisor is gone, and
every process group still on the list is killed: children of children as well, and where the
kernel offers no such favour. Children report themselves, before they become what they are: a
supervisor killed between starting a child and noting it down leaves none behind.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def start(report: int, supervisor: int, command: list[str]) -> None:
    """Become `command`, on the leash. The report pipe closes by itself as the command begins."""
    os.set_inheritable(report, False)
    os.write(report, b"+%d\n" % os.getpid())
    if sys.platform == "linux":
        # The favour is granted by the thread that started us: supervisors start children from
        # their main thread, which lives as long as they do.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:  # it went before we could ask
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted here


def watch(report: int) -> None:
    """Keep the list of living groups until the pipe ends, then kill what is left."""
    groups: set[int] = set()
    with os.fdopen(report) as lines:
        for line in lines:
            change, group = line[0], int(line[1:])
            groups.add(group) if change == "+" else groups.discard(group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        # Ends with the pipe and not with the terminal's Ctrl-C.
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        watch(int(sys.argv[2]))
    else:
        start(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
