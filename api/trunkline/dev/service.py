"""The Trunkline service of a stack: its database, its API process and a token for it."""

import http.client
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from trunkline.dev import postgres, process
from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT, State

NAME = "api"
_DATABASE = "trunkline"
_START_TIMEOUT_S = 60


def up(state: State, port: int, env: Mapping[str, str]) -> None:
    """Migrate the database and start the API with a worker inside. `env`: how NetBox and the devices are reached."""
    if process.find(state, NAME):
        return
    postgres.ensure_database(state, _DATABASE)
    _trunkline(state, "db", "upgrade")
    argv = [str(_program()), "serve", "--host", "127.0.0.1", "--port", str(port)]
    process.start(state, NAME, argv, _environment(state) | dict(env))
    process.wait_ready(state, NAME, lambda: _live(port), _START_TIMEOUT_S)


def down(state: State) -> None:
    """Stop the API; runs under way are taken up again by the next start."""
    process.stop(state, NAME)


def database_url(state: State) -> str:
    """The database of the stack's service."""
    return postgres.url(state, _DATABASE)


def make_token(state: State) -> str:
    """A token for the one who started the stack."""
    return _trunkline(state, "tokens", "create", "demo", "--replace").splitlines()[-1]


def _live(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/v1/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _trunkline(state: State, *arguments: str) -> str:
    result = subprocess.run(
        [str(_program()), *arguments],
        # What launches playbooks is the service's affair, not that of its one-off commands.
        env=os.environ | _environment(state) | {"TRUNKLINE_LAUNCHER": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise DevError(f"trunkline {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout.strip()


def _environment(state: State) -> dict[str, str]:
    return {"TRUNKLINE_DATABASE_URL": database_url(state), "TRUNKLINE_PROJECT_DIR": str(PROJECT)}


def _program() -> Path:
    return Path(sys.executable).parent / "trunkline"
