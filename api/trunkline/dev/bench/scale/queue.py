"""Queued runs with a workflow that does next to nothing: how many a second, on how many workers, with what memory."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console

from trunkline.db.models import JsonObject
from trunkline.dev import postgres, process
from trunkline.dev.bench.scale.launches import PRODUCT, node
from trunkline.dev.bench.scale.memory import memory_mb
from trunkline.dev.bench.world import free_port, own_state
from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT, State

_PROGRAM = str(Path(sys.executable).parent / "trunkline")
_PLAYBOOKS = Path(__file__).parent / "playbooks"
_CUSTOMER = "noc"
_DATABASE, _API = "scale", "scale-api"
_START_TIMEOUT_S = 60
_LOOK_S = 0.25
# A run takes a second or two of one core; whatever is slower by far has stopped.
_STUCK_AFTER_S = 120
_ENDED = "SELECT count(*) FROM runs WHERE finished_at IS NOT NULL"
_WHY = "SELECT error FROM runs WHERE finished_at IS NOT NULL AND status <> 'completed' LIMIT 1"
_FAILED = "SELECT count(*) FROM runs WHERE finished_at IS NOT NULL AND status <> 'completed'"


@dataclass(frozen=True)
class Load:
    """So many runs that waited, worked off by so many workers."""

    runs: int
    workers: int
    concurrency: int
    ordered_s: float
    seconds: float
    worker_mb: float
    api_mb: float
    database_mb: float

    @property
    def per_second(self) -> float:
        """Runs a second, each with a plan and an apply."""
        return self.runs / self.seconds


@dataclass
class Service:
    """An API without a worker inside, on a database of its own."""

    state: State
    console: Console
    port: int
    environment: dict[str, str]
    token: str
    ordered: int = 0
    concurrency: int = field(default=2, init=False)

    @property
    def url(self) -> str:
        """The root of its REST API."""
        return f"http://127.0.0.1:{self.port}/api/v1"

    def client(self) -> httpx.Client:
        """One that may do everything."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def orders(self, many: int) -> list[JsonObject]:
        """So many orders that nobody has placed yet."""
        numbers = range(self.ordered, self.ordered + many)
        self.ordered += many
        return [{"product": PRODUCT.slug, "customer": _CUSTOMER, "input": node(number)} for number in numbers]

    @contextmanager
    def workers(self, many: int) -> Iterator[list[str]]:
        """So many workers, by the names of their processes, while the block runs."""
        names = [f"scale-worker-{number}" for number in range(many)]
        for name in names:
            process.start(self.state, name, [_PROGRAM, "worker"], self.environment)
        try:
            yield names
        finally:
            for name in names:
                process.stop(self.state, name)

    def sql(self, statement: str) -> str:
        """One statement on its database."""
        return postgres.sql(self.state, statement, _DATABASE)

    def work_off(self, runs: int, workers: int) -> Load:
        """Order so many nodes, then start the workers and wait until all is done. Raises DevError."""
        with self.console.status(f"{runs} orders are placed") as status:
            ordered_s = self._order(runs)
            began, before = time.perf_counter(), int(self.sql(_ENDED))
            with self.workers(workers) as names:
                worker_mb = 0.0
                moved, done = time.perf_counter(), 0
                while done < runs:
                    time.sleep(_LOOK_S)
                    now = int(self.sql(_ENDED)) - before
                    moved, done = (time.perf_counter(), now) if now > done else (moved, done)
                    status.update(f"{workers} workers: {done} of {runs} runs")
                    worker_mb = max(worker_mb, memory_mb(self.state, names[0]))
                    if time.perf_counter() - moved > _STUCK_AFTER_S:
                        raise DevError(f"{done} of {runs} runs are done:\n{process.log_tail(self.state, names[0])}")
                seconds = time.perf_counter() - began
                memory = {name: memory_mb(self.state, name) for name in (_API, postgres.NAME)}
        if failed := int(self.sql(_FAILED)):
            raise DevError(f"{failed} runs did not complete: {self.sql(_WHY)}")
        return Load(runs, workers, self.concurrency, ordered_s, seconds, worker_mb, memory[_API], memory[postgres.NAME])

    def _order(self, runs: int) -> float:
        began = time.perf_counter()
        with self.client() as client:
            for order in self.orders(runs):
                client.post("/subscriptions", json=order).raise_for_status()
        return time.perf_counter() - began


@contextmanager
def service(console: Console) -> Iterator[Service]:
    """One with a customer; stopped and removed at the end."""
    with own_state() as state:
        postgres.up(state)
        postgres.ensure_database(state, _DATABASE)
        environment = {
            "TRUNKLINE_DATABASE_URL": postgres.url(state, _DATABASE),
            "TRUNKLINE_PROJECT_DIR": str(PROJECT),
            "TRUNKLINE_PLAYBOOKS_DIR": str(_PLAYBOOKS),
            "TRUNKLINE_WORKER_IN_API": "false",
            "TRUNKLINE_REQUESTS_PER_MINUTE": "0",
            "ANSIBLE_INVENTORY": os.devnull,
        }
        _trunkline(environment, "db", "upgrade")
        token = _trunkline(environment, "tokens", "create", "bench").splitlines()[-1]
        made = Service(state, console, free_port(), environment, token)
        process.start(state, _API, [_PROGRAM, "serve", "--host", "127.0.0.1", "--port", str(made.port)], environment)
        process.wait_ready(state, _API, lambda: _live(made.url), _START_TIMEOUT_S)
        with made.client() as client:
            client.post("/customers", json={"shortcode": _CUSTOMER, "name": "NOC"}).raise_for_status()
        yield made


def _live(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _trunkline(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [_PROGRAM, *arguments], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DevError(f"trunkline {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()
