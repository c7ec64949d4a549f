"""What the engine itself costs: a run's seconds beside those of its launches alone; how soon what is queued begins."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median

import httpx

from trunkline.db.models import JsonObject
from trunkline.dev.bench.scale.launches import Launches
from trunkline.dev.bench.scale.queue import Service
from trunkline.dev.errors import DevError

RUNS = 10
"""Runs, and pairs of launches, in a round."""
_TIMEOUT_S = 600
_LOOK_S = 0.1
_SECONDS = "SELECT extract(epoch FROM finished_at - created_at) FROM runs WHERE id = '{run}'"
_FIRST = "SELECT extract(epoch FROM min(started_at)) FROM runs WHERE id IN ({runs})"
_LAST = "SELECT extract(epoch FROM max(finished_at)) FROM runs WHERE id IN ({runs})"


@dataclass(frozen=True)
class Overhead:
    """Medians of a workflow that does next to nothing, planned and applied.

    `run_s`: from the order to the run's end. `launches_s`: its two launches by the worker's launcher alone.
    `per_second`: pairs of launches a second, as many at once as a worker has.
    """

    run_s: float
    launches_s: float
    per_second: float

    @property
    def seconds(self) -> float:
        """What the engine adds."""
        return self.run_s - self.launches_s


@dataclass(frozen=True)
class Burst:
    """Orders in one request, while a worker has nothing to do: seconds from sending it until it was answered, until the
    first was worked on, and until the last was done.
    """

    orders: int
    answered_s: float
    begun_s: float
    done_s: float


def overhead(service: Service, rounds: int) -> Overhead:
    """Runs and bare launches in turn, with one worker. Raises DevError when one fails."""
    runs: list[float] = []
    pairs: list[float] = []
    rates: list[float] = []
    for _ in range(rounds):
        with service.workers(1), service.client() as client:
            # The first one waits for the worker's start.
            runs += [_carry_out(service, client, order) for order in service.orders(RUNS + 1)][1:]
        launched = _launches(service)
        pairs += launched.pairs_s
        rates.append(launched.per_second)
    return Overhead(median(runs), median(pairs), median(rates))


def burst(service: Service, many: int) -> Burst:
    """Place so many orders in one request. Raises DevError when one fails."""
    with service.workers(1), service.client() as client:
        _carry_out(service, client, service.orders(1)[0])
        sent = time.time()
        answer = client.post("/subscriptions/batch", json={"orders": service.orders(many)}, timeout=_TIMEOUT_S)
        answered = time.time()
        answer.raise_for_status()
        batches = answer.json()["batches"]
        for run in batches:
            _follow(client, run)
        ids = ", ".join(f"'{run}'" for run in batches)
        first, last = (float(service.sql(query.format(runs=ids))) for query in (_FIRST, _LAST))
    return Burst(many, answered - sent, first - sent, last - sent)


def _carry_out(service: Service, client: httpx.Client, order: JsonObject) -> float:
    """Seconds of its run, by the database's clock."""
    answer = client.post("/subscriptions", json=order)
    answer.raise_for_status()
    run = str(answer.json()["id"])
    _follow(client, run)
    return float(service.sql(_SECONDS.format(run=run)))


def _follow(client: httpx.Client, run: str) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while (found := client.get(f"/runs/{run}").raise_for_status().json())["finished_at"] is None:
        if time.monotonic() > deadline:
            raise DevError(f"run {run} is still {found['status']} after {_TIMEOUT_S} s")
        time.sleep(_LOOK_S)
    if found["status"] != "completed":
        raise DevError(f"run {run} {found['status']}: {found['error']}")


def _launches(service: Service) -> Launches:
    done = subprocess.run(
        [sys.executable, "-m", "trunkline.dev.bench.scale.launches", str(RUNS), str(service.concurrency)],
        env=os.environ | service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DevError(f"the launches failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Launches(**json.loads(done.stdout))
