"""A NetBox of its own for a benchmark: started by it, and gone when it ends, however it ends."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from trunkline.dev import netbox, postgres, process, redis
from trunkline.dev.bench.command import RequestLog
from trunkline.dev.secrets import Secrets
from trunkline.dev.state import State

_PREFIX = "bench-"


@dataclass(frozen=True)
class World:
    """A running NetBox that notes each request it receives."""

    url: str
    token: str
    log: RequestLog
    state: State

    @property
    def folder(self) -> Path:
        """Where its files and those of the benchmark are."""
        return self.state.data

    @property
    def env(self) -> dict[str, str]:
        """What lets a client in."""
        return {"NETBOX_URL": self.url, "NETBOX_TOKEN": self.token}


@contextmanager
def own_state(called: str = "") -> Iterator[State]:
    """Where a benchmark's services live; they are stopped, and all of it is removed, at the end.

    One that needs several at a time gives each a name.
    """
    _remove_abandoned()
    state = State.of(f"{_PREFIX}{os.getpid()}" + (f"-{called}" if called else ""))
    state.create()
    try:
        yield state
    finally:
        with _uninterrupted():
            _remove(state)


@contextmanager
def embedded_netbox(console: Console, called: str = "") -> Iterator[World]:
    """An empty NetBox on a free port; stopped and removed at the end. `called`: as `own_state` has it."""
    with own_state(called) as state:
        secrets, port = Secrets.make(), free_port()
        secrets.save(state)
        log = RequestLog(state.data / "requests.log")
        with console.status("Starting NetBox"):
            postgres.up(state)
            redis.up(state)
            netbox.up(state, secrets, port, request_log=log.path)
            netbox.wait_ready(state, secrets, port)
        yield World(f"http://127.0.0.1:{port}", secrets.netbox_token, log, state)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _remove_abandoned() -> None:
    """A benchmark that was killed could not stop what it had started."""
    for state in State.started():
        pid = state.name.removeprefix(_PREFIX).partition("-")[0]
        if state.name.startswith(_PREFIX) and not psutil.pid_exists(int(pid)):
            _remove(state)


def _remove(state: State) -> None:
    redis.down(state)
    for name in set(process.started(state)) - {postgres.NAME}:
        process.stop(state, name)
    postgres.down(state)
    state.remove_runtime()
    shutil.rmtree(state.data, ignore_errors=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C does not leave half of it running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        with suppress(TypeError):  # a handler that was not set from Python
            signal.signal(signal.SIGINT, before)
