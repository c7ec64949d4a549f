"""Run a command so that nothing of it outlives its caller.

Usage: python supervise.py PARENT_PID PID_FILE COMMAND [ARG ...]

ansible-playbook starts workers in sessions of their own: a signal to its process group misses them, and they finish
their task when it has long been killed. This process is a child subreaper (prctl(2)): all of them are its descendants,
wherever they go, and it kills them all when the command has ended, when it is sent SIGTERM, and when its parent dies.
Only then does it end itself, so who waits for it waits for the whole tree.

A script of the standard library, not an import of the service: it starts in 30 ms.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def main(parent: int, pid_file: Path, command: list[str]) -> int:
    """Run `command` to its end or to ours; its exit status, 128 + signal number when one ended it."""
    signals = _STOP | {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_CHILD_SUBREAPER, 1), (_PR_SET_PDEATHSIG, signal.SIGTERM)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    if os.getppid() != parent:
        return 128 + signal.SIGTERM  # it died before we asked to be told
    pid_file.write_text(str(os.getpid()))
    child = os.posix_spawnp(command[0], command, os.environ, setsigmask=[])
    try:
        return _wait(child, signals)
    finally:
        _kill_descendants()


def _wait(child: int, signals: set[signal.Signals]) -> int:
    while True:
        number = signal.sigwait(signals)
        if number in _STOP:
            return 128 + number
        # One SIGCHLD may stand for several: orphans of the command are ours to reap, too.
        while ended := _reap():
            if ended[0] == child:
                code = os.waitstatus_to_exitcode(ended[1])
                return code if code >= 0 else 128 - code


def _reap() -> tuple[int, int] | None:
    pid, status = os.waitpid(-1, os.WNOHANG)
    return (pid, status) if pid else None


def _kill_descendants() -> None:
    """Kill children until there are none: those of a killed child become ours."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while True:
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
