"""Launches in this machine, with ansible-runner and a process that has Ansible loaded."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from trunkline.db.models import JsonObject
from trunkline.runs.launch.connections import Connections
from trunkline.runs.launch.contract import Call, Ending, Stop
from trunkline.runs.launch.directory import remove_leftovers, temporary_directory
from trunkline.runs.launch.playbook import play, warm_up
from trunkline.runs.launch.warm import WarmAnsible
from trunkline.runs.lease import Lease
from trunkline.settings import Settings


class LocalLauncher:
    """A launch ends with its worker: who begins the stage again launches the playbook again."""

    outlives_worker = False

    def __init__(self, settings: Settings, lease: Lease) -> None:
        self._settings = settings
        remove_leftovers(settings.runtime_dir)
        self._open = ExitStack()
        self._connections = Connections(self._directory("ssh"))
        self._open.callback(self._connections.close)
        self._ansible = WarmAnsible(self._directory("ansible"), lease.file)
        self._open.callback(self._ansible.close)

    def warm_up(self) -> None:
        """Have Ansible loaded."""
        warm_up(self._settings, self._ansible)

    def play(self, call: Call, key: str, on_event: Callable[[JsonObject], None], stop: Stop) -> Ending:  # noqa: ARG002
        """Run the playbook to its end. Raises LaunchError."""
        with self._connections.of(call.run_id) as connections:
            return play(
                self._settings, self._ansible, connections, call, on_event, lambda: stop.cancelled or stop.released
            )

    def close(self) -> None:
        """End the process that has Ansible loaded and what is connected, and remove their directories."""
        self._open.close()

    def _directory(self, purpose: str) -> Path:
        return self._open.enter_context(temporary_directory(self._settings.runtime_dir, purpose))
