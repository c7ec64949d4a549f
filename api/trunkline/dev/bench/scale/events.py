"""Events a second: stored as a worker stores them, and streamed to those who follow the run."""

import asyncio
import threading
import time
from dataclasses import dataclass
from itertools import batched
from statistics import median
from uuid import UUID

from trunkline.db.models import JsonObject
from trunkline.db.session import make_engine, make_sessions
from trunkline.dev.bench.scale.queue import Service
from trunkline.dev.errors import DevError
from trunkline.runs.record import add_events
from trunkline.runs.recorder import MAX_BATCH

EVENTS = 5000
FOLLOWERS = (1, 10)
# What a task of one of our playbooks leaves: a line of Ansible's, and a few fields.
_PAYLOAD: JsonObject = {"stdout": "changed: [ams-pe] => " + "x" * 400, "message": "", "duration_s": 0.031}


@dataclass(frozen=True)
class Stream:
    """Events of one run: how many a second were stored, and were read by so many followers together."""

    followers: int
    stored: float
    streamed: float


def measure(service: Service, rounds: int) -> list[Stream]:
    """Store events for a run that has ended, and let followers read them from the beginning. Raises DevError."""
    run = UUID(service.sql("SELECT id FROM runs WHERE finished_at IS NOT NULL ORDER BY created_at LIMIT 1"))
    stored = median(asyncio.run(_store(service, run)) for _ in range(rounds))
    there = int(service.sql(f"SELECT count(*) FROM events WHERE run_id = '{run}'"))  # noqa: S608 (our own id)
    return [
        Stream(followers, stored, median(_stream(service, run, there, followers) for _ in range(rounds)))
        for followers in FOLLOWERS
    ]


async def _store(service: Service, run: UUID) -> float:
    engine = make_engine(service.environment["TRUNKLINE_DATABASE_URL"])
    sessions = make_sessions(engine)
    rows: list[JsonObject] = [
        {"stage": "apply", "kind": "changed", "host": "ams-pe", "task": f"Task {number}", "payload": _PAYLOAD}
        for number in range(EVENTS)
    ]
    began = time.perf_counter()
    for batch in batched(rows, MAX_BATCH):
        async with sessions.begin() as session:
            await add_events(session, run, batch)
    seconds = time.perf_counter() - began
    await engine.dispose()
    return EVENTS / seconds


def _stream(service: Service, run: UUID, events: int, followers: int) -> float:
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(_follow(service, run))) for _ in range(followers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if counts != [events] * followers:
        raise DevError(f"{events} events were stored, the followers read {counts}.")
    return events * followers / seconds


def _follow(service: Service, run: UUID) -> int:
    """How many events came until the run's end."""
    headers, count = {"Accept": "text/event-stream"}, 0
    with service.client() as client, client.stream("GET", f"/runs/{run}/events", headers=headers) as stream:
        for line in stream.iter_lines():
            count += line.startswith("data: ")
            if line == "event: end":
                return count
    return count
