"""The results as tables, as verdicts on the figures of the project, and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from trunkline.dev.bench.api.contest import Contest, Key
from trunkline.dev.bench.api.sides import CASES, OURS, PEER
from trunkline.dev.bench.figures import Figure, ratio

_BIG, _SIDE_BY_SIDE = 100_000, 10_000
_MS = (("list", 15.0), ("detail", 5.0))
_TIMES = (("list", 20.0), ("search", 20.0), ("detail", 4.0))


def figures(contest: Contest) -> list[Figure]:
    """The figures that the project wants, as far as their sizes were measured."""
    wanted = []
    for case, bound in _MS:
        if found := contest.answer(Key(case, _BIG, OURS)):
            wanted.append(Figure(f"{case} of {_BIG:,}: p50", found[0], bound, " ms"))
    for case, bound in _TIMES:
        own, other = (contest.answer(Key(case, _SIDE_BY_SIDE, side)) for side in (OURS, PEER))
        if own and other:
            times = ratio(own[1], other[1])
            wanted.append(Figure(f"{case} of {_SIDE_BY_SIDE:,}: times the peer's", times, bound, "x", at_least=True))
    if process := contest.processes.get((_BIG, OURS)):
        wanted += [
            Figure("memory of the API", process.memory_mb, 200, " MiB"),
            Figure("start of the API", process.start_s, 2, " s"),
            Figure("a command", median(process.command_s), 0.5, " s"),
        ]
    return wanted


def answers(contest: Contest) -> Table:
    """Answer time and answers a second of each side, and how many times the peer's ours are."""
    shown = Table(title="REST: one worker, requests of one client (p50) and of two (answers a second)", box=SIMPLE)
    shown.add_column("subscriptions", justify="right")
    shown.add_column("")
    for side in (OURS, PEER):
        shown.add_column(f"{side}\np50 ms", justify="right")
        shown.add_column("\na second", justify="right")
    shown.add_column("\ntimes", justify="right")
    for size in contest.sizes:
        for case in CASES:
            own, other = (contest.answer(Key(case, size, side)) for side in (OURS, PEER))
            cells = [f"{value:.1f}" if one else "" for one in (own, other) for value in (one or (0, 0))]
            times = f"{ratio(own[1], other[1]):.1f}x" if own and other else ""
            shown.add_row(f"{size:,}", case, *cells, times, end_section=case == CASES[-1])
    shown.caption = f"medians of {contest.options.rounds} rounds"
    return shown


def processes(contest: Contest) -> Table:
    """Start, memory and commands of each side."""
    shown = Table(title="Processes", box=SIMPLE)
    for name in ("subscriptions", "", "start s", "memory MiB", "a command s"):
        shown.add_column(name, justify="left" if not name else "right")
    for (size, side), one in contest.processes.items():
        shown.add_row(f"{size:,}", side, f"{one.start_s:.1f}", f"{one.memory_mb:.0f}", f"{median(one.command_s):.2f}")
    return shown


def document(machine: Mapping[str, Any], contest: Contest, wanted: list[Figure]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "bench": "api",
        "machine": machine,
        "answers": [
            {**key._asdict(), "p50_ms": [one.p50 for one in found], "per_second": [one.per_second for one in found]}
            for key, found in contest.answers.items()
        ],
        "processes": [
            {"subscriptions": size, "side": side, **asdict(one)} for (size, side), one in contest.processes.items()
        ],
        "figures": [one.record() for one in wanted],
    }
