"""The stand-in for AWX of a stack: for TRUNKLINE_LAUNCHER=awx, and only from a checkout, whose tests bring it along."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from trunkline.dev import process
from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT, State

NAME = "awx"
_STAND_IN = PROJECT / "tests" / "awx" / "standin"
_START_TIMEOUT_S = 30


def require_checkout() -> None:
    """Raises DevError where there is no stand-in."""
    if not (_STAND_IN / "__main__.py").is_file():
        raise DevError(f"TRUNKLINE_LAUNCHER=awx needs the stand-in for AWX in {_STAND_IN}: run it from a checkout.")


def up(state: State, port: int, token: str) -> None:
    """Start it, unless it runs; what it knows lies in memory and goes with the stack."""
    if process.find(state, NAME):
        return
    argv = ["--port", str(port), "--data", str(state.runtime / NAME), "--projects", str(PROJECT.parent)]
    environment = {"PYTHONPATH": str(PROJECT), "AWX_STANDIN_TOKEN": token}
    process.start(state, NAME, [sys.executable, "-m", "tests.awx.standin", *argv], environment)
    process.wait_ready(state, NAME, lambda: _answers(port), _START_TIMEOUT_S)


def down(state: State) -> None:
    """Stop it with its jobs."""
    process.stop(state, NAME)


def service_environment(port: int, token: str) -> dict[str, str]:
    """How the service launches through it."""
    url = f"http://127.0.0.1:{port}"
    return {
        "TRUNKLINE_LAUNCHER": "awx",
        "TRUNKLINE_AWX_URL": url,
        "TRUNKLINE_AWX_TOKEN": token,
        "TRUNKLINE_AWX_POLL_S": "0.3",
    }


def set_up(environment: Mapping[str, str], known_hosts: Path) -> None:
    """Run the playbook that anyone would run with an AWX of their own."""
    variables = {
        "awx_project_source": {"scm_type": "", "local_path": PROJECT.name},
        "awx_known_hosts_file": str(known_hosts),
    }
    argv = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "playbooks/awx_setup.yml",
        "-e",
        json.dumps(variables),
    ]
    result = subprocess.run(
        argv, cwd=PROJECT, env=os.environ | dict(environment), capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise DevError(f"playbooks/awx_setup.yml failed:\n{result.stdout}{result.stderr}")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/v2/ping/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
