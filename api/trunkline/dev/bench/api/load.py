"""Ask a server the same things again and again, and measure the answers."""

import http.client
import itertools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlsplit

from trunkline.dev.errors import DevError

# One client shows how long an answer takes; two keep a server of one worker busy without a queue of their own.
ALONE, BUSY = 1, 2
WARM_UP = 3


@dataclass(frozen=True)
class Ask:
    """One request. `body` makes it a POST of JSON."""

    path: str
    body: bytes | None = None


@dataclass(frozen=True)
class Answers:
    """What came of it: the time of each answer, in milliseconds, when one waits for the next; answers a second when
    several ask at once.
    """

    milliseconds: Sequence[float]
    per_second: float

    @property
    def p50(self) -> float:
        """The median answer time in milliseconds."""
        return median(self.milliseconds)


@dataclass
class Client:
    """A connection that stays open."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)

    def ask(self, what: Ask) -> bytes:
        """The body of the answer. Raises DevError when it is not a success."""
        headers = {**self.headers, **({"Content-Type": "application/json"} if what.body else {})}
        self._connection.request("POST" if what.body else "GET", what.path, what.body, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK or b'"errors":[' in body:
            raise DevError(f"{self.url}{what.path} answered {answer.status}: {body[:300].decode(errors='replace')}")
        return body

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def measure(url: str, headers: Mapping[str, str], asks: Sequence[Ask], seconds: float) -> Answers:
    """Ask one after the other for `seconds`, then several at once for as long. Each ask is made again and again."""
    with closing(Client(url, headers)) as client:
        for what in asks[:WARM_UP]:
            client.ask(what)
    _elapsed, alone = _rounds(url, headers, itertools.cycle(asks), seconds, ALONE)
    elapsed, busy = _rounds(url, headers, itertools.cycle(asks), seconds, BUSY)
    return Answers(alone, len(busy) / elapsed)


def _rounds(
    url: str, headers: Mapping[str, str], asks: Iterator[Ask], seconds: float, clients: int
) -> tuple[float, list[float]]:
    """Wall seconds, and the milliseconds of each answer."""
    taking = threading.Lock()
    started = time.perf_counter()

    def work() -> list[float]:
        took = list[float]()
        with closing(Client(url, headers)) as client:
            while time.perf_counter() - started < seconds:
                with taking:
                    what = next(asks)
                before = time.perf_counter()
                client.ask(what)
                took.append((time.perf_counter() - before) * 1000)
        return took

    with ThreadPoolExecutor(clients) as threads:
        parts = [future.result() for future in [threads.submit(work) for _ in range(clients)]]
    return time.perf_counter() - started, [one for part in parts for one in part]
