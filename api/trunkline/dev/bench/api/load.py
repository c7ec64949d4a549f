"""Requests against one side, and how long they take."""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Protocol
from urllib.parse import urlsplit

from trunkline.dev.errors import DevError

_WARM_UP = 20


class Side(Protocol):
    """A system that is measured. Each of the four gives the path of the n-th request of its kind, with its query.

    Another system (orchestrator-core) is another class with these: `up` fills it with as many subscriptions.
    """

    name: str
    url: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""

    def list_path(self, number: int) -> str:
        """A first page of 50, filtered and sorted."""

    def search_path(self, number: int) -> str:
        """A full-text search."""

    def detail_path(self, number: int) -> str:
        """One subscription with what it depends on and what depends on it."""

    def command(self) -> Sequence[str]:
        """A command of its command line that lists subscriptions."""


@dataclass(frozen=True)
class Timing:
    """Of one kind of request: milliseconds one after the other, and how many a second with eight at once."""

    p50_ms: float
    p95_ms: float
    a_second: float


def measure(side: Side, path: Callable[[int], str], requests: int, seconds: float) -> Timing:
    """`requests` one after the other, then for `seconds` eight at once. Raises DevError unless all are answered."""
    connection = _Connection(side)
    for number in range(_WARM_UP):
        connection.get(path(number))
    samples = []
    for number in range(requests):
        before = time.perf_counter()
        connection.get(path(_WARM_UP + number))
        samples.append(1000 * (time.perf_counter() - before))
    connection.close()
    return Timing(median(samples), quantiles(samples, n=20)[-1], _a_second(side, path, seconds))


def _a_second(side: Side, path: Callable[[int], str], seconds: float, clients: int = 8) -> float:
    end = time.perf_counter() + seconds

    def ask(client: int) -> int:
        connection, done = _Connection(side), 0
        while time.perf_counter() < end:
            connection.get(path(client * 1000 + done))
            done += 1
        connection.close()
        return done

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(ask, range(clients))) / seconds


class _Connection:
    """One kept-alive connection. The plain client: what it costs itself is part of what is measured."""

    def __init__(self, side: Side) -> None:
        place = urlsplit(side.url)
        self._headers = side.headers
        self._http = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)

    def get(self, path: str) -> None:
        self._http.request("GET", path, headers=self._headers)
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise DevError(f"GET {path}: {answer.status} {body[:300]!r}")

    def close(self) -> None:
        self._http.close()
