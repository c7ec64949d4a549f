"""The service as a process of its own, on a real PostgreSQL, with playbooks whose network is a directory of files.

Files in that directory make trouble: `fail-plan`, `fail-apply-ROLE`, `fail-terminate` fail a task, `hold` stops the
apply (`hold-terminate` a removal) until it is removed, `cut-off` adds a router that does not answer, `away` is a NetBox
that does not.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from tests.waiting import wait_until
from trunkline.access.tokens import create_token
from trunkline.db.migrate import upgrade
from trunkline.db.session import make_engine, make_sessions
from trunkline.settings import Settings

PROGRAM = Path(sys.executable).parent / "trunkline"
PLAYBOOKS = Path(__file__).parent / "playbooks"
SECRET = "nbt_Key12345.TheSecretHalfOfTheToken"
_STARTS_WITHIN_S = 60
_ENDS_WITHIN_S = 90
_GONE_WITHIN_S = 5


@dataclass
class Service:
    """The service's process and a client for it."""

    environment: dict[str, str]
    network: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(default_factory=Path)
    token: str = ""
    client: httpx.Client = field(init=False)

    @property
    def url(self) -> str:
        """The root of the REST API."""
        return f"http://127.0.0.1:{self.port}/api/v1"

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command of the service's command line."""
        return subprocess.run(
            [str(PROGRAM), *arguments], env=self.environment, capture_output=True, text=True, check=check
        )

    def sql(self, statement: str) -> None:
        """One statement on the service's database."""
        with psycopg.connect(Settings(database_url=self.environment["TRUNKLINE_DATABASE_URL"]).libpq_url) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def without_worker(self) -> Iterator[None]:
        """The API runs alone, while the block runs."""
        self.stop()
        self.environment["TRUNKLINE_WORKER_IN_API"] = "false"
        self.start()
        try:
            yield
        finally:
            self.stop()
            del self.environment["TRUNKLINE_WORKER_IN_API"]
            self.start()

    @contextlib.contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker in a process of its own, while the block runs; one that is still there then ends in good order."""
        with self.log.open("ab") as log:
            process = subprocess.Popen([str(PROGRAM), "worker"], env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                assert process.wait(timeout=60) == 0, self.log.read_text()

    @contextlib.contextmanager
    def environment_of(self, **variables: str) -> Iterator[None]:
        """What is started while the block runs has these variables as well."""
        before = dict(self.environment)
        self.environment.update(variables)
        try:
            yield
        finally:
            self.environment.clear()
            self.environment.update(before)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), "serve", "--port", str(self.port)], env=self.environment, stdout=log, stderr=log
            )
        wait_until(self.answers, _STARTS_WITHIN_S)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process and wait for its end."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)
            self.process = None

    def processes(self) -> list[str]:
        """The command lines of all that runs for this service: itself, its workers, its playbooks and theirs."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("TEST_NETWORK") == str(self.network):
                    found.append(" ".join(process.cmdline()))
        return found

    def run_directories(self) -> list[Path]:
        """The directories of playbooks, in memory: those that run, and those of workers that were killed."""
        return list(Path(self.environment["TRUNKLINE_RUNTIME_DIR"]).glob("trunkline-run-*"))

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/health/live").is_success
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, expect: int, **more: Any) -> Any:
        """One request whose status must be `expect`; returns the decoded body."""
        response = self.client.request(method, path, **more)
        assert response.status_code == expect, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def order_node(self, name: str, expect: int = 202, **more: Any) -> Any:
        """Order a node; its management address follows from its name."""
        return self.call("POST", "/subscriptions", expect, json=_node(name) | more)

    def order_node_with(self, headers: dict[str, str], name: str) -> httpx.Response:
        """The same with headers of one's own, and the answer as it is."""
        return self.client.post("/subscriptions", json=_node(name), headers=headers)

    def order_circuit(self, a: str, z: str, expect: int = 202, **more: Any) -> Any:
        """Order a circuit between "node:interface" and "node:interface"."""
        ends = [dict(zip(("node", "interface"), end.rsplit(":", 1), strict=True)) for end in (a, z)]
        body = {"product": "core-circuit-10g", "customer": "noc", "input": {"a": ends[0], "z": ends[1]}} | more
        return self.call("POST", "/subscriptions", expect, json=body)

    def events(self, run: Any, after: int | None = None) -> Iterator[dict[str, Any]]:
        """The run's events as they come, until its end."""
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        with self.client.stream("GET", f"/runs/{run['id']}/events", headers=headers, timeout=_ENDS_WITHIN_S) as stream:
            kind = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    if kind == "end":
                        return
                    yield json.loads(line.removeprefix("data: "))

    def until_held(self, run: Any, stage: str = "apply") -> None:
        """Follow the run until the trouble `hold` (or `hold-terminate`) holds its playbook in this stage."""
        for event in self.events(run):
            if event["task"] == "Hold until released" and event["stage"] == stage:
                return
        raise AssertionError(f"run {run['id']} ended before its {stage} was held")

    def wait_for(self, run: Any, status: str) -> Any:
        """Follow the run until it has this status (or has ended otherwise); returns it."""
        for event in self.events(run):
            if status in ("awaiting-approval", "held") and event["payload"].get("status") == status:
                break
        run = self.call("GET", f"/runs/{run['id']}", 200)
        assert run["status"] == status, json.dumps(run, indent=1)
        return run

    @contextlib.contextmanager
    def policy(self, name: str, **rule: Any) -> Iterator[None]:
        """A policy, while the block runs."""
        self.call("PUT", f"/policies/{name}", 201, json=rule)
        try:
            yield
        finally:
            self.call("DELETE", f"/policies/{name}", 204)

    def done(self, run: Any) -> Any:
        """Wait for the run to complete."""
        return self.wait_for(run, "completed")

    def thing(self, subscription: Any) -> Path:
        """The subscription's file in the network."""
        return self.network / str(subscription["id"])

    @contextlib.contextmanager
    def trouble(self, name: str) -> Iterator[None]:
        """Trouble in the network, while the block runs."""
        (self.network / name).touch()
        try:
            yield
        finally:
            (self.network / name).unlink(missing_ok=True)


def _node(name: str) -> dict[str, Any]:
    address = f"172.20.{sum(name.encode()) % 250}.{len(name) + 1}/24"
    values = {"name": name, "site": "ams", "role": "pe", "management": address}
    return {"product": "node-frr", "customer": "noc", "input": values}


async def make_token(database_url: str) -> str:
    """A token that opens the API on this database."""
    engine = make_engine(database_url)
    async with make_sessions(engine).begin() as session:
        token = (await create_token(session, "tests", ["admin"])).token
    await engine.dispose()
    return token


def make_service(folder: Path, database_url: str, **settings: str) -> Service:
    """A service on its own database, migrated, with a token and a customer; not yet started."""
    network, runtime = folder / "network", folder / "runtime"
    network.mkdir()
    runtime.mkdir(mode=0o700)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRUNKLINE_", "NETBOX_"))}
    environment |= {
        "TRUNKLINE_DATABASE_URL": database_url,
        "TRUNKLINE_PLAYBOOKS_DIR": str(PLAYBOOKS),
        "TRUNKLINE_RUNTIME_DIR": str(runtime),
        "TRUNKLINE_HEARTBEAT_S": "0.5",
        "TRUNKLINE_STALLED_AFTER_S": "6",
        "TRUNKLINE_DRAIN_S": "0",
        "TEST_NETWORK": str(network),
        "NETBOX_TOKEN": SECRET,
        "ANSIBLE_INVENTORY": os.devnull,
    } | settings
    service = Service(environment, network, port, log=folder / "service.log")
    upgrade(Settings(database_url=database_url))
    service.token = asyncio.run(make_token(database_url))
    service.client = httpx.Client(
        base_url=service.url, headers={"Authorization": f"Bearer {service.token}"}, timeout=30
    )
    return service


@contextlib.contextmanager
def running(service: Service) -> Iterator[Service]:
    """The service runs while the block does, and has a customer `noc`."""
    service.start()
    try:
        service.call("POST", "/customers", 201, json={"shortcode": "noc", "name": "NREN NOC"})
        yield service
    finally:
        service.stop()
        service.client.close()
    wait_until(lambda: service.processes() == [], _GONE_WITHIN_S)
