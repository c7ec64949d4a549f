"""ssh in the lab: one client key a lab, one host key a node, made when the lab starts and gone with it."""

import shlex
import subprocess
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path

from trunkline.dev.lab.errors import LabError


class Keys:
    """The lab's ssh folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = folder / "id_ed25519"
        self.known_hosts = folder / "known_hosts"
        self.control = folder / "control"

    def make(self, nodes: Mapping[str, IPv4Address]) -> None:
        """Make the keys of client and nodes, and the known_hosts file that holds the nodes' to their addresses."""
        self.control.mkdir(parents=True, mode=0o700)
        started = [_generate(self.client, "trunkline lab"), *(_generate(self.host_key(node), node) for node in nodes)]
        for process in started:
            if process.wait(timeout=30) != 0:
                raise LabError(f"ssh-keygen could not make a key in {self.folder}: is the file system full?")
        lines = [f"{address} {' '.join(self._public(node).split()[:2])}\n" for node, address in nodes.items()]
        self.known_hosts.write_text("".join(lines))

    def host_key(self, node: str) -> Path:
        """The private host key of a node; the public one lies beside it."""
        return self.folder / f"{node}.host_key"

    def common_args(self) -> str:
        """The ssh options that let one into the nodes, and into nothing else under their addresses."""
        options = {
            "UserKnownHostsFile": self.known_hosts,
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
        }
        return " ".join(f"-o {shlex.quote(_option(key, str(value)))}" for key, value in options.items())

    def close_connections(self) -> None:
        """End the connections that ssh keeps open (ControlPersist)."""
        for socket in self.control.glob("*") if self.control.is_dir() else ():
            # One whose process was killed has nobody to answer: that, too, is a closed connection.
            subprocess.run(
                ["ssh", "-o", _option("ControlPath", str(socket)), "-O", "exit", "lab"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=10,
                check=False,
            )

    def _public(self, node: str) -> str:
        return self.host_key(node).with_name(f"{node}.host_key.pub").read_text()


def _option(key: str, value: str) -> str:
    return f'{key}="{value}"' if " " in value else f"{key}={value}"


def _generate(path: Path, comment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
