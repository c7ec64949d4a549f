"""Run a command and measure it from outside."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from trunkline.dev.bench.figures import Sample
from trunkline.dev.errors import DevError

_READS = ("GET", "HEAD", "OPTIONS")
# What would make the two sides differ in anything but their modules, or cost a compilation each time.
_FOREIGN = ("ANSIBLE_", "NETBOX_", "PYTHON", "TRUNKLINE_", "VIRTUAL_ENV")
_TERM_S = 10


class RequestLog:
    """The requests that NetBox has received, as its own server notes them before it answers: `METHOD path` lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def mark(self) -> int:
        """The place up to which it is written now."""
        return self.path.stat().st_size

    def since(self, mark: int) -> list[tuple[str, str]]:
        """What was received after the mark: (method, path)."""
        with self.path.open() as log:
            log.seek(mark)
            return [(method, path) for method, path in (line.split() for line in log)]


def is_write(method: str, path: str) -> bool:
    """Whether a request can change something; GraphQL only reads in NetBox."""
    return method not in _READS and path != "/graphql/"


def measure(argv: Sequence[str], env: Mapping[str, str], folder: Path, log: RequestLog) -> Sample:
    """Run the command in `folder`; wall time of the whole, and what NetBox received meanwhile.

    Raises DevError with the end of the output when the command fails.
    """
    mark, started = log.mark(), time.perf_counter()
    code, output = _run(argv, env, folder)
    seconds = time.perf_counter() - started
    if code != 0:
        tail = "\n".join(f"    {line}" for line in output.splitlines()[-40:])
        raise DevError(f"{' '.join(argv)} ended with {code}:\n{tail}")
    requests = log.since(mark)
    return Sample(seconds, len(requests), sum(is_write(method, path) for method, path in requests))


def _run(argv: Sequence[str], env: Mapping[str, str], folder: Path) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    process = subprocess.Popen(
        argv,
        env=clean | dict(env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate()
    except BaseException:
        # Ansible's forks are in the command's own session: all of them go.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_TERM_S)
        raise
    return process.returncode, output
