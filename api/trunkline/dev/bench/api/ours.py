"""Trunkline's service with one uvicorn worker, on a database of its own, filled before it starts."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from trunkline.db.migrate import upgrade
from trunkline.dev import postgres
from trunkline.dev.bench.api.seed import fill, identity
from trunkline.dev.bench.world import free_port
from trunkline.dev.errors import DevError
from trunkline.dev.state import State
from trunkline.settings import Settings

_PROGRAM = Path(sys.executable).parent / "trunkline"
_STARTS_WITHIN_S = 60


@dataclass
class Ours:
    """A running service: how long its start took, and its process."""

    url: str
    token: str
    count: int
    start_s: float
    process: psutil.Process
    environment: dict[str, str]
    name: str = "Trunkline"

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}"}

    def list_path(self, number: int) -> str:
        """Another filter and order each time."""
        filters = ("status=active", "product=node-frr", f"customer=customer-{number % 50}", "status=active&insync=true")
        sorts = ("-created_at", "created_at", "-updated_at", "description")
        return f"/api/v1/subscriptions?limit=50&{filters[number % 4]}&sort={sorts[number // 4 % 4]}"

    def search_path(self, number: int) -> str:
        """A node's name: it finds the node and its circuits."""
        return f"/api/v1/subscriptions?limit=50&q=r{number * 37 % (self.count // 5):05d}"

    def detail_path(self, number: int) -> str:
        """Nodes and circuits in turn."""
        kind = ("node", "circuit")[number % 2]
        return f"/api/v1/subscriptions/{identity(kind, number * 37 % (self.count // 5))}"

    def command(self) -> Sequence[str]:
        """The list, as a table."""
        return [str(_PROGRAM), "subscriptions", "list"]

    def memory_mb(self) -> float:
        """Resident memory of the API process, in MB (10^6 bytes)."""
        return float(self.process.memory_info().rss) / 1e6


@contextmanager
def running(state: State, count: int) -> Iterator[Ours]:
    """The service with `count` subscriptions; it ends with the block."""
    name = f"ours_{count}"
    postgres.ensure_database(state, name)
    settings = Settings(database_url=postgres.url(state, name))
    upgrade(settings)
    fill(settings.libpq_url, count)
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TRUNKLINE_", "NETBOX_"))}
    environment |= {"TRUNKLINE_DATABASE_URL": settings.database_url}
    token = subprocess.run(
        [str(_PROGRAM), "tokens", "create", "bench"], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    environment |= {"TRUNKLINE_URL": f"http://127.0.0.1:{port}", "TRUNKLINE_TOKEN": token}
    log = (state.data / "log" / f"{name}.log").open("w")
    before = time.perf_counter()
    serve = [str(_PROGRAM), "serve", "--port", str(port)]
    process = subprocess.Popen(serve, env=environment, stdout=log, stderr=log)
    try:
        _wait(port, process)
        start_s = time.perf_counter() - before
        url = environment["TRUNKLINE_URL"]
        yield Ours(url, token, count, start_s, psutil.Process(process.pid), environment)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.perf_counter() + _STARTS_WITHIN_S
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health/live").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.01)
    raise DevError("the service did not start; its log is in the benchmark's log folder")
