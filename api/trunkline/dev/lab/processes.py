"""The processes of a lab's nodes, found by what they carry with them and not by a file that may be gone."""

import os
import select
import signal
import time
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

from trunkline.dev.lab.errors import LabError

# In the environment of every process of a node: "<lab> <node> <runtime folder>".
MARK = "TRUNKLINE_LAB_NODE"

_KILL_S = 10

Identity = tuple[int, int]  # device and inode number


@dataclass(frozen=True)
class NodeProcess:
    """A live process inside a node's network namespace."""

    pid: int
    lab: str
    node: str
    runtime: Path
    space: Identity  # the network namespace
    is_init: bool  # pid 1 of the node: with it the node lives and dies


def mark(lab: str, node: str, runtime: Path) -> str:
    """The value of MARK for a node."""
    return f"{lab} {node} {runtime}"


def find(lab: str) -> list[NodeProcess]:
    """All live processes of the lab's nodes, whoever started them and whatever became of the runtime folder."""
    # A variable can be exported by anyone; only a process that is not in the host's namespace can be a node's.
    host = _network_namespace(os.getpid())
    spaces = {pid: space for pid in _pids() if (space := _network_namespace(pid)) not in (None, host)}
    marked = [process for pid, space in spaces.items() if (process := _inspect(pid, space)) and process.lab == lab]
    owners = {process.space: process for process in marked}
    # sshd overwrites its environment, and a person may have started something there: they go with the node.
    others = spaces.keys() - {process.pid for process in marked}
    return [
        *marked,
        *(replace(owners[spaces[pid]], pid=pid, is_init=False) for pid in others if spaces[pid] in owners),
    ]


def in_namespace(namespace: Path) -> list[int]:
    """The pids of the processes inside a named network namespace."""
    wanted = _identity(namespace)
    return [pid for pid in _pids() if _network_namespace(pid) == wanted]


def kill(lab: str, nodes: Container[str]) -> bool:
    """End the nodes with all their processes and wait until they are gone; true when there was one."""
    found = False
    deadline = time.monotonic() + _KILL_S
    while alive := [process for process in find(lab) if process.node in nodes]:
        found = True
        for process in alive:
            _kill(process, deadline)
        if time.monotonic() > deadline:
            pids = " ".join(str(process.pid) for process in alive)
            raise LabError(f"lab {lab}: processes that do not end; look at them with `ps -o pid,stat,wchan {pids}`")
    return found


def _kill(process: NodeProcess, deadline: float) -> None:
    try:
        # A pidfd means one process for ever: what is compared after opening it is what gets the signal, even if
        # the number has gone to another process in between, which a comparison of start times cannot promise.
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if _network_namespace(process.pid) == process.space:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            ended.poll(max(0, deadline - time.monotonic()) * 1000)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)


def _inspect(pid: int, space: Identity) -> NodeProcess | None:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        marks = [entry for entry in environment.split(b"\0") if entry.startswith(MARK.encode() + b"=")]
        if not marks:
            return None
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    match os.fsdecode(marks[0]).partition("=")[2].split(" ", 2):
        case [lab, node, runtime]:
            return NodeProcess(pid, lab, node, Path(runtime), space, is_init=_is_init(status))
    return None


def _is_init(status: str) -> bool:
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
    return len(numbers) > 1 and numbers[-1] == "1"


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _network_namespace(pid: int) -> Identity | None:
    try:
        return _identity(Path(f"/proc/{pid}/ns/net"))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None


def _identity(namespace: Path) -> Identity:
    status = namespace.stat()
    return status.st_dev, status.st_ino
