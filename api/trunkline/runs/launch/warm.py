"""A process beside the worker that has Ansible loaded, and runs playbooks in forks of itself."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from trunkline.runs.launch import warm_client

# Not imported: that would load Ansible.
_SERVER = Path(__file__).with_name("warm_server.py")
_State = tuple[Mapping[str, str], Path, frozenset[tuple[Path, int]]]


class WarmAnsible:
    """Starts the process when it is first needed, and anew when it is gone or what it has read is no longer so.

    Its socket lies in `directory`; its launches end when `lease`, a file of `trunkline.runs.lease`, runs out. `close`
    it. May be used by several threads.
    """

    def __init__(self, directory: Path, lease: int) -> None:
        self._socket = directory / "ansible"
        self._lease = lease
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_as: _State | None = None

    def command(
        self, environment: Mapping[str, str], directory: Path, pid_file: Path, arguments: list[str]
    ) -> list[str]:
        """The command that is ansible-playbook with these arguments, for a child of this process.

        `environment` is what all launches have in common, `directory` where they run. SIGTERM to the process named in
        `pid_file` ends the launch with all that it started.
        """
        self.ensure(environment, directory)
        python = (sys.executable, "-I", "-S", warm_client.__file__)
        return [*python, str(os.getpid()), str(pid_file), str(self._socket), *arguments]

    def ensure(self, environment: Mapping[str, str], directory: Path) -> None:
        """Have the process running; it need not have loaded Ansible yet."""
        state = (dict(environment), directory, _read_once(environment))
        with self._lock:
            if self._process is None or self._process.poll() is not None or state != self._started_as:
                self._stop()
                self._start(environment, directory)
                self._started_as = state

    def close(self) -> None:
        """End the process; launches that it has begun end with their clients."""
        with self._lock:
            self._stop()

    def _start(self, environment: Mapping[str, str], directory: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            parent = os.open(self._socket.parent, os.O_PATH)
            listener.bind(f"/proc/self/fd/{parent}/{self._socket.name}")
            os.close(parent)
            # Clients may come before Ansible is loaded: they wait.
            listener.listen()
            self._process = subprocess.Popen(
                [sys.executable, str(_SERVER), str(listener.fileno()), str(os.getpid()), str(self._lease)],
                # Its temporary files go with the directory that the socket is in.
                env={**environment, "ANSIBLE_LOCAL_TEMP": str(self._socket.parent)},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                pass_fds=[listener.fileno(), self._lease],
                start_new_session=True,
            )

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._socket.unlink(missing_ok=True)


def _read_once(environment: Mapping[str, str]) -> frozenset[tuple[Path, int]]:
    """The files that the process reads once for all launches, with the times of their last change.

    These are Ansible's configuration and what modules are built of. An installed collection changes with its manifest.
    """
    files = [Path(environment.get("ANSIBLE_CONFIG", ""))]
    for root in environment.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep):
        for collection in Path(root).glob("ansible_collections/*/*"):
            manifest = collection / "MANIFEST.json"
            files += [manifest] if manifest.is_file() else collection.glob("plugins/**/*.py")
    return frozenset((path, path.stat().st_mtime_ns) for path in files if path.is_file())
