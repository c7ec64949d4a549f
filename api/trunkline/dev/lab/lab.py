"""A lab: up, down, and a way into its routers."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from trunkline.dev.lab import network, node, processes, topology
from trunkline.dev.lab.errors import LabError
from trunkline.dev.lab.keys import Keys
from trunkline.dev.lab.locks import exclusive
from trunkline.dev.lab.topology import Topology
from trunkline.dev.system import missing_packages

# Debian package: a program of it that the lab runs.

_NO_ROOT = (
    "The native lab makes network namespaces and needs root: run it as root, or deploy the same topology file with "
    "containerlab and Docker."
)
# A Unix socket's path has room for 107 bytes (unix(7)); ssh puts one here for each connection that it keeps open.
_RUNTIME_LENGTH = 60


class Lab:
    """Routers in network namespaces of this host, as a containerlab topology file describes them.

    One lab of a name runs on a host at a time. What runs is found by the name itself, so a lab can be taken down
    after its controller was killed and after its runtime folder was lost.
    """

    def __init__(self, layout: Topology, runtime: Path, saved: Path | None = None) -> None:
        self.topology = layout
        self.runtime = runtime
        self._keys = Keys(runtime / "ssh")
        self._record = runtime / "topology.json"
        self._unsaved = runtime / "frr"
        self._files = {
            name: node.NodeFiles(runtime / "nodes" / name, (saved or self._unsaved) / name) for name in layout.nodes
        }

    @classmethod
    def load(
        cls,
        path: Path,
        runtime: Path,
        name: str | None = None,
        bridge: str | None = None,
        subnet: str | None = None,
        saved: Path | None = None,
    ) -> Self:
        """Read the topology file at `path`; the lab's keys and logs will lie in `runtime`.

        The routers' saved configurations lie there, too, unless `saved` names a folder that outlives the lab: then they
        start with what they had when they went down, as routers do.
        `name`, `bridge` and `subnet` take the place of the file's, for a second lab of the same file. Starts nothing.
        Raises LabError naming the field that is wrong and the remedy.
        """
        runtime = runtime.absolute()
        if len(os.fsencode(runtime)) > _RUNTIME_LENGTH:
            raise LabError(f"runtime folder {runtime}: longer than {_RUNTIME_LENGTH} bytes, too long for sockets in it")
        return cls(topology.load(path, name, bridge, subnet), runtime, saved.absolute() if saved else None)

    @property
    def name(self) -> str:
        """The lab's name; a node's namespace is `clab-NAME-NODE`."""
        return self.topology.name

    @property
    def nodes(self) -> dict[str, str]:
        """Each node's management address."""
        return {name: str(entry.address) for name, entry in self.topology.nodes.items()}

    def preflight(self) -> list[str]:
        """What keeps the lab from being started on this host, each with the remedy; empty when nothing does."""
        if os.geteuid() != 0:
            return [_NO_ROOT]
        if missing := missing_packages():
            return [f"The lab needs {', '.join(missing)}: `apt-get install {' '.join(missing)}`."]
        return self._elsewhere() or network.conflicts(self.topology)

    def is_up(self) -> bool:
        """Whether every node lives and the management bridge is there, all of them from this runtime folder."""
        alive = {process.node for process in self._inits() if process.runtime == self.runtime}
        return alive == set(self.topology.nodes) and self._record.exists() and network.has_bridge(self.topology)

    def up(self) -> list[str]:
        """Start the nodes that do not run and wait until they are ready; returns their names.

        Nodes that run are left alone. When something fails, what this call started is removed again.
        """
        with exclusive(f"lab {self.name}"):
            if problems := self.preflight():
                raise LabError("\n".join(problems))
            alive = {process.node for process in self._inits()}
            if not self._record.exists():
                # Nodes without their runtime folder have lost their keys: they cannot be joined any more.
                self._remove(self.topology)
                alive = set()
            elif (recorded := self._recorded()) != self.topology:
                if alive:
                    raise LabError(
                        f"lab {self.name}: it runs with another topology than the file's; take it down first"
                    )
                self._remove(recorded or self.topology)
            missing = [name for name in self.topology.nodes if name not in alive]
            try:
                self._start(missing)
            except BaseException:
                # Also on Ctrl-C.
                if alive:
                    self._remove_nodes(self.topology, missing)
                else:
                    self._remove(self.topology)
                raise
            return missing

    def down(self) -> bool:
        """End all processes of the lab and remove all that it made; true when there was something."""
        if os.geteuid() != 0:
            raise LabError(_NO_ROOT)
        with exclusive(f"lab {self.name}"):
            if problems := self._elsewhere():
                raise LabError("\n".join(problems))
            recorded = self._recorded()
            # The file may have been changed since the lab was started.
            found = [self._remove(layout) for layout in (recorded, self.topology) if layout]
            return any(found)

    def exec(self, name: str, argv: Sequence[str], timeout_s: float = 30) -> str:
        """Run `argv` as root on a router and return its output; LabError with the command's own words if it fails."""
        if name not in self.topology.nodes:
            raise LabError(f"{name}: no such node; the lab has {', '.join(self.topology.nodes)}")
        return node.execute(self.name, name, argv, timeout_s)

    def ping(self, name: str, destination: str, timeout_s: int = 2) -> bool:
        """Whether `destination` answers one ping from a router in time."""
        try:
            self.exec(name, ["ping", "-n", "-q", "-c", "1", "-W", str(timeout_s), destination], timeout_s + 5)
        except LabError:
            return False
        return True

    @property
    def known_hosts(self) -> Path:
        """The file with the routers' host keys."""
        return self._keys.known_hosts

    def ansible_env(self) -> dict[str, str]:
        """The environment with which Ansible gets into the routers over ssh; host keys are checked."""
        return {
            "ANSIBLE_PRIVATE_KEY_FILE": str(self._keys.client),
            "ANSIBLE_SSH_COMMON_ARGS": self._keys.common_args(),
            # A connection that is kept open ends with the lab: the next lab has other keys under the same address.
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._keys.control),
        }

    def _start(self, names: list[str]) -> None:
        if not self._record.exists():
            self.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._keys.make({entry.name: entry.address for entry in self.topology.nodes.values()})
            self._record.write_text(self.topology.model_dump_json(by_alias=True))
        # Of a node that died its network is left; and what a start that was killed had made so far.
        self._remove_nodes(self.topology, names)
        network.build(self.topology, names)
        for name in names:
            entry, files = self.topology.nodes[name], self._files[name]
            files.make(entry, self._keys)
            node.start(self.name, entry, self.topology.management.subnet.prefixlen, files, self.runtime)
        node.wait_ready(self.name, self.topology.nodes.values(), self._files)

    def _remove(self, layout: Topology) -> bool:
        self._keys.close_connections()
        left = {process.node for process in processes.find(self.name)}
        found = self._remove_nodes(layout, sorted(left.union(layout.nodes)))
        found = network.clear_bridge(self.name) or found
        network.tidy()
        return self._remove_files() or found

    def _remove_nodes(self, layout: Topology, names: Sequence[str]) -> bool:
        killed = processes.kill(self.name, names)
        return network.clear(layout, names) or killed

    def _remove_files(self) -> bool:
        # By name, not the whole folder: the caller may have named one that holds other things, too.
        folders = [folder for folder in (self.runtime / "nodes", self._unsaved, self._keys.folder) if folder.exists()]
        found = bool(folders) or self._record.exists()
        for folder in folders:
            shutil.rmtree(folder)
        self._record.unlink(missing_ok=True)
        if self.runtime.is_dir() and not any(self.runtime.iterdir()):
            self.runtime.rmdir()
        return found

    def _inits(self) -> list[processes.NodeProcess]:
        return [process for process in processes.find(self.name) if process.is_init]

    def _recorded(self) -> Topology | None:
        """What the lab was started with; None when it was not, or when another version of this code wrote it."""
        try:
            return Topology.model_validate_json(self._record.read_text())
        except (FileNotFoundError, ValidationError):
            return None

    def _elsewhere(self) -> list[str]:
        """Runtime folders from which this lab already runs and which are not ours, as problems."""
        others = {process.runtime for process in self._inits()} - {self.runtime}
        return [
            f"lab {self.name}: it already runs, with the runtime folder {other}; take that one down first, or choose "
            "another name in the topology file"
            for other in sorted(others)
            if (other / self._record.name).exists()
        ]
