"""The same circuit through other doors: a bare `ansible-playbook`, and the Workflow Orchestrator's launcher, LSO.

Both run our own playbook. `ansible-playbook` runs it twice, as a check (the plan) and then for good, since that is what
a run of ours does; LSO knows no check mode, and only applies.
"""

import http.server
import json
import os
import queue
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import yaml

from trunkline.catalog import PRODUCTS
from trunkline.dev import process
from trunkline.dev.bench.world import free_port
from trunkline.dev.errors import DevError
from trunkline.dev.orders import Order
from trunkline.dev.stack import Stack
from trunkline.dev.state import PROJECT

BARE, LSO = "ansible-playbook", "orchestrator-lso 2.4"
_LSO_BIN = PROJECT / ".trunkline/bench-lso-venv/bin"
_NAME = "lso"
_START_TIMEOUT_S = 60
_PLAYBOOK_TIMEOUT_S = 300


@dataclass(frozen=True)
class Launches:
    """Seconds of the launch that planned, if there was one, and of the one that did it."""

    plan_s: float | None
    apply_s: float


@dataclass(frozen=True)
class Doors:
    """Both, on a stack; LSO runs."""

    environment: Mapping[str, str]
    lso: "_Lso"

    def bare(self, circuit: Order, customer: str) -> Launches:
        """By `ansible-playbook`; the circuit is gone again afterwards. Raises DevError."""
        given = _subscription(circuit, customer)
        taken = Launches(
            self._playbook("circuit_provision", given, "--check", "--diff"), self._playbook("circuit_provision", given)
        )
        self._playbook("circuit_terminate", given)
        return taken

    def by_lso(self, circuit: Order, customer: str) -> Launches:
        """By LSO, from the request until its callback; the circuit is gone again afterwards. Raises DevError."""
        given = _subscription(circuit, customer)
        taken = Launches(None, self.lso.play("circuit_provision.yml", given))
        self._playbook("circuit_terminate", given)
        return taken

    def _playbook(self, name: str, given: dict[str, Any], *options: str) -> float:
        argv = [str(Path(sys.executable).with_name("ansible-playbook")), f"playbooks/{name}.yml", *options]
        began = time.perf_counter()
        done = subprocess.run(
            [*argv, "-e", json.dumps(given)],
            cwd=PROJECT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DevError(f"{name} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        return time.perf_counter() - began


@contextmanager
def doors(stack: Stack) -> Iterator[Doors]:
    """Both, while the block runs. Raises DevError when LSO is not installed."""
    # Reports to the order book are no part of the work that is compared.
    kept = {name: value for name, value in stack.exports().items() if not name.startswith("TRUNKLINE_")}
    environment = kept | {
        "TRUNKLINE_URL": "",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / "collections"),
        "ANSIBLE_NOCOLOR": "1",
    }
    with _Lso.running(stack, environment) as lso:
        yield Doors(environment, lso)


class _Lso:
    """LSO's process, and the server that it calls back."""

    def __init__(self, url: str, callback: str, said: "queue.Queue[dict[str, Any]]") -> None:
        self._url, self._callback, self._said = url, callback, said

    @classmethod
    @contextmanager
    def running(cls, stack: Stack, environment: dict[str, str]) -> Iterator["_Lso"]:
        if not (_LSO_BIN / "uvicorn").exists():
            raise DevError(f"orchestrator-lso is not installed ({_LSO_BIN} is missing); `make bench` installs it.")
        port = free_port()
        argv = [str(_LSO_BIN / "uvicorn"), "lso.app:app", "--host", "127.0.0.1", "--port", str(port)]
        own = {"ANSIBLE_PLAYBOOKS_ROOT_DIR": str(PROJECT / "playbooks"), "PATH": f"{_LSO_BIN}:{os.environ['PATH']}"}
        process.start(stack.state, _NAME, argv, environment | own)
        try:
            process.wait_ready(stack.state, _NAME, lambda: _answers(port), _START_TIMEOUT_S)
            with _callbacks() as (callback, said):
                yield cls(f"http://127.0.0.1:{port}", callback, said)
        finally:
            process.stop(stack.state, _NAME)

    def play(self, playbook: str, given: dict[str, Any]) -> float:
        """Seconds from the request until the callback says that it went well. Raises DevError."""
        body = {"playbook_name": playbook, "callback": self._callback, "inventory": _inventory(), "extra_vars": given}
        began = time.perf_counter()
        httpx.post(f"{self._url}/api/playbook/", json=body, timeout=30, trust_env=False).raise_for_status()
        said = self._said.get(timeout=_PLAYBOOK_TIMEOUT_S)
        seconds = time.perf_counter() - began
        if said["return_code"] != 0:
            raise DevError(f"{playbook} launched by {LSO} failed:\n" + "\n".join(said["output"][-40:]))
        return seconds


@contextmanager
def _callbacks() -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    """An address, and what is posted to it."""
    said: queue.Queue[dict[str, Any]] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(http.HTTPStatus.OK)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing is told."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _inventory() -> dict[str, Any]:
    """What inventory/ says, in the form that LSO takes."""
    routers = yaml.safe_load((PROJECT / "inventory/group_vars/frr.yml").read_text())
    here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {"all": {"hosts": {"localhost": here}, "children": {"frr": {"vars": routers}}}}


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/openapi.json", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _subscription(circuit: Order, customer: str) -> dict[str, Any]:
    """What the playbooks take, under an id of its own."""
    block = PRODUCTS[circuit.product].for_playbook({"under_maintenance": False, "isis_metric": 10} | circuit.input)
    return {
        "subscription": {
            "id": str(uuid.uuid4()),
            "product": circuit.product,
            "status": "provisioning",
            "customer": customer,
            "block": block,
        }
    }
