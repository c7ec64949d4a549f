"""The REST API and the command line with many subscriptions: docs/benchmarks.md says what is measured."""

import json
import subprocess
import time
from dataclasses import asdict
from statistics import median

from rich.console import Console
from rich.table import Table

from trunkline.dev.bench import machine
from trunkline.dev.bench.api import ours
from trunkline.dev.bench.api.load import Side, Timing, measure
from trunkline.dev.bench.figures import Figure
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.world import embedded_postgres
from trunkline.dev.state import PROJECT

SUBSCRIPTIONS = 100_000
_REQUESTS = 300
_SECONDS = 5.0
_COMMANDS = 9
_RESULTS = PROJECT / ".trunkline" / "bench" / "api.json"


def run(options: Options, console: Console) -> None:
    """Fill, start, measure, print; results as JSON beside the other benchmarks'."""
    with embedded_postgres(console) as state:
        console.print(f"Filling a database with {SUBSCRIPTIONS:,} subscriptions")
        with ours.running(state, SUBSCRIPTIONS) as side:
            timings = timings_of(side, _REQUESTS * max(options.rounds, 1))
            command_s = _command_s(side)
            memory_mb = side.memory_mb()
            figures = [
                Figure("list, p50", timings["list"].p50_ms, 15, "ms"),
                Figure("detail with dependencies, p50", timings["detail"].p50_ms, 5, "ms"),
                Figure("memory of the API process", memory_mb, 200, "MB"),
                Figure("start", side.start_s, 2, "s"),
                Figure("command, median", command_s, 0.5, "s"),
            ]
    _print(timings, figures, console)
    record = {
        "machine": machine.describe(),
        "subscriptions": SUBSCRIPTIONS,
        "timings": {name: asdict(timing) for name, timing in timings.items()},
        "figures": [figure.record() for figure in figures],
    }
    _RESULTS.parent.mkdir(parents=True, exist_ok=True)
    _RESULTS.write_text(json.dumps(record, indent=2))


def timings_of(side: Side, requests: int) -> dict[str, Timing]:
    """The three kinds of request, as every side answers them."""
    kinds = {"list": side.list_path, "search": side.search_path, "detail": side.detail_path}
    return {name: measure(side, path, requests, _SECONDS) for name, path in kinds.items()}


def _command_s(side: ours.Ours) -> float:
    samples = []
    for _ in range(_COMMANDS):
        before = time.perf_counter()
        subprocess.run(side.command(), env=side.environment, check=True, capture_output=True)
        samples.append(time.perf_counter() - before)
    return median(samples)


def _print(timings: dict[str, Timing], figures: list[Figure], console: Console) -> None:
    table = Table("request", "p50 ms", "p95 ms", "a second, 8 at once", title=f"{SUBSCRIPTIONS:,} subscriptions")
    for name, timing in timings.items():
        table.add_row(name, f"{timing.p50_ms:.1f}", f"{timing.p95_ms:.1f}", f"{timing.a_second:.0f}")
    console.print(table)
    for figure in figures:
        console.print(f"{figure.name}: {figure.value:.2f} {figure.unit} (at most {figure.bound:g}): {figure.verdict}")
