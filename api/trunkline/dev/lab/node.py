"""One node of the lab: its files, its start, and what it says when it is ready."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trunkline.dev.lab import processes
from trunkline.dev.lab.commands import run
from trunkline.dev.lab.errors import LabError
from trunkline.dev.lab.keys import Keys
from trunkline.dev.lab.network import NAMESPACES, namespace
from trunkline.dev.lab.topology import FRR_FOLDER, Node

_SCRIPT = Path(__file__).with_name("node.sh")
_START_S = 5
_READY_S = 30
_POLL_S = 0.05
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

_SSHD_CONFIG = """\
ListenAddress {address}
HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys
AllowUsers root
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class NodeFiles:
    """A node's folder in the runtime folder, and its /etc/frr; node.sh binds them over the host's."""

    folder: Path
    frr: Path

    @property
    def console(self) -> Path:
        """What the node's start script and watchfrr print."""
        return self.folder / "console.log"

    def make(self, node: Node, keys: Keys) -> None:
        """Write what is not there yet: a node that is started again keeps its saved configuration."""
        if self.folder.exists():
            return
        # Under another name until it is whole: a start that was cut off leaves no half a node.
        draft = self.folder.with_name(f".{self.folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        for name in ("log", "ssh"):
            (draft / name).mkdir(parents=True)
        self._write_frr(node)
        _give_to_frr(draft / "log", 0o750)
        (draft / "ssh/sshd_config").write_text(_SSHD_CONFIG.format(address=node.address))
        (draft / "ssh/authorized_keys").write_bytes(keys.client.with_suffix(".pub").read_bytes())
        shutil.copyfile(keys.host_key(node.name), draft / "ssh/host_key")
        (draft / "ssh/host_key").chmod(0o600)
        # No password opens a node; an account that the host has locked ("!") would be closed to keys, too.
        (draft / "shadow").write_text("root:*:20000::::::\n")
        (draft / "shadow").chmod(0o600)
        draft.rename(self.folder)

    def _write_frr(self, node: Node) -> None:
        self.frr.mkdir(parents=True, exist_ok=True)
        # What the file does not bind is as the package has it, like in a container.
        package = {name: Path(FRR_FOLDER, name) for name in ("daemons", "vtysh.conf")}
        for name, source in (package | node.binds).items():
            (self.frr / name).write_bytes(source.read_bytes())
        config = self.frr / "frr.conf"
        if not config.exists():
            config.write_text(f"hostname {node.name}\n")
        _give_to_frr(self.frr, 0o750)
        for path in self.frr.iterdir():
            _give_to_frr(path, 0o640)


def _give_to_frr(path: Path, mode: int) -> None:
    os.chown(path, pwd.getpwnam("frr").pw_uid, grp.getgrnam("frr").gr_gid)
    path.chmod(mode)


def start(lab: str, node: Node, prefix: int, files: NodeFiles, runtime: Path) -> None:
    """Start the node's processes inside its network namespace, detached from this process."""
    environment = {
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "LAB_HOSTNAME": node.name,
        "LAB_ADDRESS": f"{node.address}/{prefix}",
        "LAB_FILES": str(files.folder),
        "LAB_FRR": str(files.frr),
        processes.MARK: processes.mark(lab, node.name, runtime),
    }
    argv = [
        # Nobody's child: it outlives this process, and the system's pid 1 reaps it.
        *("setsid", "--fork", "nsenter", f"--net={NAMESPACES / namespace(lab, node.name)}", "--"),
        *("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc"),
        # The host's unmounts reach the node (else it would keep every file system busy), the node's mounts stay inside.
        *("--propagation", "slave", "--", "tini", "--", "bash", str(_SCRIPT)),
    ]
    with files.console.open("ab") as console:
        nothing = subprocess.DEVNULL
        subprocess.run(argv, env=environment, stdin=nothing, stdout=console, stderr=console, cwd="/", check=True)


def init_pids(lab: str) -> dict[str, int]:
    """The pid of each live node's pid 1, as the host counts."""
    return {process.node: process.pid for process in processes.find(lab) if process.is_init}


def execute(lab: str, node: str, argv: Sequence[str], timeout_s: float) -> str:
    """Run `argv` as root inside a node and return its output; LabError when it fails."""
    pid = init_pids(lab).get(node)
    if pid is None:
        raise LabError(f"{node}: not running; start the lab with `up`")
    inside = ["nsenter", "--target", str(pid), "--mount", "--net", "--pid", "--uts", "--ipc", "--", *argv]
    try:
        return run(inside, timeout_s=timeout_s)
    except LabError as error:
        raise LabError(f"{node}: {error}") from error


def wait_ready(lab: str, nodes: Iterable[Node], files: dict[str, NodeFiles]) -> None:
    """Wait until sshd and every FRR daemon of each node answer; LabError with the node's own words if one does not."""
    began = time.monotonic()
    seen: set[str] = set()
    for node in nodes:
        # FRR first: a connection that is tried before eth0 is up would wait a second for its next ARP request.
        while not (_frr_answers(lab, node) and _sshd_answers(node)):
            waited_s = time.monotonic() - began
            alive = init_pids(lab).keys()
            seen |= alive
            if node.name not in alive and (node.name in seen or waited_s > _START_S):
                raise LabError(f"{node.name}: it ended while it started:\n{_tail(files[node.name].console)}")
            if waited_s > _READY_S:
                raise LabError(
                    f"{node.name}: it runs, but FRR or sshd does not answer after {_READY_S} s; take the lab down and "
                    f"up again. It says:\n{_tail(files[node.name].console)}"
                )
            time.sleep(_POLL_S)


def _sshd_answers(node: Node) -> bool:
    try:
        with socket.create_connection((str(node.address), 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _frr_answers(lab: str, node: Node) -> bool:
    try:
        status = execute(lab, node.name, ["vtysh", "-d", "watchfrr", "-c", "show watchfrr"], timeout_s=5)
    except LabError:
        return False
    # watchfrr's first job starts the daemons and ends with `vtysh -b`, which loads the saved configuration.
    if "running, pid" in status:
        return False
    daemons = [line.split() for line in status.splitlines() if line.startswith("  ") and len(line.split()) == 2]
    return bool(daemons) and all(state == "Up" for _, state in daemons)


def _tail(path: Path, lines: int = 15) -> str:
    text = path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []
    return "\n".join(f"    {line}" for line in text or ["(it said nothing)"])
