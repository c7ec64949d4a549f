"""The measurements: each side in turn answers the same requests, round after round."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from rich.console import Console

from trunkline.dev import postgres
from trunkline.dev.bench.api.load import Answers, measure
from trunkline.dev.bench.api.sides import CASES, OURS, PEER, Server, ours, peer
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.world import own_state
from trunkline.dev.errors import DevError
from trunkline.dev.state import State

SIZES = (10_000, 100_000)
# The peer's search view takes minutes to build with more.
PEER_AT_MOST = 10_000
SECONDS = 4.0
COMMANDS = 3


class Key(NamedTuple):
    """What a measurement is of."""

    case: str
    subscriptions: int
    side: str


@dataclass
class Process:
    """What one side's processes cost: seconds to start, MiB after the measurements, seconds a command."""

    start_s: float
    memory_mb: float
    command_s: list[float] = field(default_factory=list)


@dataclass
class Contest:
    """All measurements on one PostgreSQL server; `run` takes them."""

    options: Options
    console: Console
    answers: dict[Key, list[Answers]] = field(default_factory=dict)
    processes: dict[tuple[int, str], Process] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many subscriptions."""
        return self.options.sizes or SIZES

    def run(self) -> None:
        """Take all measurements. Raises DevError when a side cannot be started, or refuses a request."""
        with own_state() as state:
            postgres.up(state)
            for size in self.sizes:
                with self._sides(state, size) as servers:
                    self._measure(size, servers)

    def answer(self, key: Key) -> tuple[float, float] | None:
        """(p50 in milliseconds, answers a second): medians of the rounds."""
        found = self.answers.get(key)
        if not found:
            return None
        return median(one.p50 for one in found), median(one.per_second for one in found)

    @contextmanager
    def _sides(self, state: State, size: int) -> Iterator[list[Server]]:
        with ExitStack() as stack:
            servers = []
            for name, side in ((OURS, ours), (PEER, peer)):
                if name == PEER and size > PEER_AT_MOST and not self.options.whole:
                    continue
                with self.console.status(f"{name}: {size} subscriptions are made"):
                    servers.append(stack.enter_context(side(state, size)))
            yield servers

    def _measure(self, size: int, servers: list[Server]) -> None:
        for number in range(self.options.rounds):
            # Who begins has no advantage: the other one each round.
            for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
                for case in CASES:
                    with self.console.status(f"Round {number + 1}: {case} of {size} by {server.name}"):
                        found = measure(server.url, server.headers, server.asks[case], SECONDS)
                    self.answers.setdefault(Key(case, size, server.name), []).append(found)
        for server in servers:
            self.processes[size, server.name] = Process(
                server.start_s, server.memory_mb, [_command(server) for _ in range(COMMANDS)]
            )


def _command(server: Server) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        server.command,
        env=os.environ | dict(server.env),
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DevError(f"{' '.join(server.command)} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return time.perf_counter() - started
