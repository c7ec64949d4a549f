"""Background processes of a stack: start, find again after this process has ended, stop."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from trunkline.dev.errors import DevError
from trunkline.dev.state import State

# Those that this very process started: it is the one that has to reap them.
_children: dict[int, subprocess.Popen[bytes]] = {}
_POLL_S = 0.05
_TERM_S = 10


def start(state: State, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Start `argv` detached from this process; its output goes to `data/log/NAME.log`.

    `env` is added to a small environment of our own: what the caller's shell happens to export does not leak in.
    """
    log = state.data / "log" / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            env=_environment() | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=state.data,
        )
    _children[process.pid] = process
    record = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
    _record(state, name).write_text(json.dumps(record))


def find(state: State, name: str) -> psutil.Process | None:
    """The live process that `start` made under this name. A recycled pid is not mistaken for it."""
    try:
        record = json.loads(_record(state, name).read_text())
        if child := _children.get(record["pid"]):
            child.poll()
        process = psutil.Process(record["pid"])
        if process.create_time() == record["started"] and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except (FileNotFoundError, psutil.NoSuchProcess):
        pass
    return None


def started(state: State) -> list[str]:
    """The names under which processes were started and not stopped."""
    return [path.stem for path in state.runtime.glob("*.pid")]


def stop(state: State, name: str, signal_number: int = signal.SIGTERM) -> bool:
    """Stop the process and all its descendants; true when there was one."""
    process = find(state, name)
    if process is not None:
        family = [process, *process.children(recursive=True)]
        process.send_signal(signal_number)
        _gone, alive = psutil.wait_procs(family, timeout=_TERM_S)
        for survivor in alive:
            survivor.kill()
        psutil.wait_procs(alive, timeout=_TERM_S)
        if child := _children.pop(process.pid, None):
            child.wait(_TERM_S)
    _record(state, name).unlink(missing_ok=True)
    return process is not None


def wait_ready(state: State, name: str, ready: Callable[[], bool], timeout_s: float) -> None:
    """Wait until `ready()`; a process that ends first, or the time-out, is an error with the end of its log."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if find(state, name) is None:
            raise DevError(f"{name} ended while it started:\n{log_tail(state, name)}")
        if time.monotonic() > deadline:
            raise DevError(f"{name} was not ready after {timeout_s:.0f} s:\n{log_tail(state, name)}")
        time.sleep(_POLL_S)


def log_tail(state: State, name: str, lines: int = 15) -> str:
    """The last lines of the process's log, indented, with the path of the whole."""
    path = state.data / "log" / f"{name}.log"
    tail = path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []
    return "\n".join([*(f"    {line}" for line in tail), f"    (all of it: {path})"])


def _record(state: State, name: str) -> Path:
    return state.runtime / f"{name}.pid"


def _environment() -> dict[str, str]:
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "TMPDIR")
    return {key: os.environ[key] for key in keep if key in os.environ}
