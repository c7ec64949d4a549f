"""The results as tables, as verdicts on the figures of the project, and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from trunkline.dev.bench.figures import Figure, Measured
from trunkline.dev.bench.scale.contest import Contest
from trunkline.dev.bench.scale.growing import Batch, Look

_FULL_CIRCUITS = 3000
_ENGINE_MS, _BEGUN_S = 150, 2
_LAST = 10
"""Of so many batches, made in the fullest NetBox, the median counts."""
_THINGS = (
    ("one_more", "one circuit more"),
    ("one_more_beside", "the same in an empty NetBox, in turn"),
    ("validate", "validate all nodes and circuits"),
    ("fabric", "fabric_info"),
    ("inventory", "inventory"),
)


def figures(contest: Contest) -> list[Figure]:
    """The figures that the project wants; those of one size only where it was measured."""
    full = contest.looks[-1]
    more = full.one_more.requests - full.one_more_beside.requests
    wanted = [
        Figure("one circuit more: requests, full - empty", more, 0, " more"),
        Figure("one circuit more: seconds, full / empty", full.one_more_times, 1.2, "x"),
    ]
    if full.circuits >= _FULL_CIRCUITS:
        wanted.append(Figure(f"validate {full.circuits:,} circuits in NetBox", full.validate.seconds, 60, " s"))
    if batches := [batch for batch in contest.batches if batch.circuits >= 100]:
        fullest = median(batch.seconds for batch in batches[-_LAST:])
        wanted.append(Figure("100 circuits in one batch, without routers, at the end", fullest, 60, " s"))
    wanted += [Figure("the engine adds to a run", one.seconds * 1000, _ENGINE_MS, " ms") for one in contest.overheads]
    wanted += [Figure(f"{one.orders:,} orders: the first begun", one.begun_s, _BEGUN_S, " s") for one in contest.bursts]
    return wanted


def tables(contest: Contest) -> Iterator[Table]:
    """What grows with NetBox, what the batches took, the routers, the queue, events."""
    yield _looks(contest.looks)
    yield _batches(contest.batches)
    yield _fleets(contest)
    yield _engine(contest)
    yield _loads(contest)
    yield _streams(contest)


def _looks(looks: Sequence[Look]) -> Table:
    shown = Table(title="What grows with NetBox: seconds (requests)", box=SIMPLE)
    shown.add_column("")
    for look in looks:
        shown.add_column(f"{look.nodes:,} nodes\n{look.circuits:,} circuits", justify="right")
    for name, called in _THINGS:
        found: list[Measured] = [getattr(look, name) for look in looks]
        shown.add_row(called, *(f"{one.seconds:.2f} ({one.requests})" for one in found))
    shown.add_row("one circuit more, full / empty", *(f"{look.one_more_times:.2f}x" for look in looks))
    shown.add_row("memory of NetBox, MiB", *(f"{look.netbox_mb:.0f}" for look in looks))
    shown.add_row("memory of PostgreSQL, MiB", *(f"{look.database_mb:.0f}" for look in looks))
    shown.caption = "a whole ansible-playbook (ansible-inventory) each; without routers"
    return shown


def _batches(batches: Sequence[Batch]) -> Table:
    shown = Table(title="Circuits in batches, without routers", box=SIMPLE)
    for name in ("circuits before", "made", "seconds", "requests", "ms a circuit"):
        shown.add_column(name, justify="right")
    step = max(1, len(batches) // 8)
    for batch in [*batches[::step][:-1], batches[-1]] if batches else []:
        each = batch.seconds / batch.circuits * 1000
        shown.add_row(
            f"{batch.before:,}", str(batch.circuits), f"{batch.seconds:.1f}", str(batch.requests), f"{each:.0f}"
        )
    if taken := [batch.seconds for batch in batches]:
        shown.caption = f"all {len(taken)}: median {median(taken):.1f} s, {min(taken):.1f} to {max(taken):.1f} s"
    return shown


def _fleets(contest: Contest) -> Table:
    shown = Table(title="One playbook, all routers: playbooks/network.yml, NetBox included", box=SIMPLE)
    columns = ("routers", "circuits", "started s", "MiB a router", "made s", "again s", "one metric changed s")
    for name in columns:
        shown.add_column(name, justify="right")
    for one in contest.fleets:
        shown.add_row(
            str(one.routers), str(one.circuits), f"{one.started_s:.0f}", f"{one.router_mb:.0f}",
            f"{one.made.seconds:.0f}", f"{one.again.seconds:.1f}", f"{one.changed.seconds:.1f}",
        )  # fmt: skip
    shown.caption = "each proves every circuit on its routers"
    return shown


def _loads(contest: Contest) -> Table:
    shown = Table(title="Queued runs of a workflow that does next to nothing (plan and apply each)", box=SIMPLE)
    columns = ("workers", "at a time", "runs", "seconds", "runs a second", "orders a second", "MiB a worker", "MiB API")
    for name in columns:
        shown.add_column(name, justify="right")
    for load in contest.loads:
        shown.add_row(
            str(load.workers), str(load.workers * load.concurrency), f"{load.runs:,}", f"{load.seconds:.0f}",
            f"{load.per_second:.2f}", f"{load.runs / load.ordered_s:.0f}",
            f"{load.worker_mb:.0f}", f"{load.api_mb:.0f}",
        )  # fmt: skip
    shown.caption = "memory: with all children, what is shared in part (PSS)"
    return shown


def _engine(contest: Contest) -> Table:
    shown = Table(title="The engine: a workflow that does next to nothing, planned and applied", box=SIMPLE)
    shown.add_column("")
    shown.add_column("", justify="right")
    for one in contest.overheads:
        shown.add_row("a run, from its order to its end, ms", f"{one.run_s * 1000:.0f}")
        shown.add_row("its two launches alone, ms", f"{one.launches_s * 1000:.0f}")
        shown.add_row("what the engine adds, ms", f"{one.seconds * 1000:.0f}")
        shown.add_row("pairs of launches a second, two at once", f"{one.per_second:.2f}")
    for burst in contest.bursts:
        shown.add_row(f"{burst.orders:,} orders in one request: answered after s", f"{burst.answered_s:.2f}")
        shown.add_row("the first begun after s", f"{burst.begun_s:.2f}")
        shown.add_row("the last done after s", f"{burst.done_s:.1f}")
    return shown


def _streams(contest: Contest) -> Table:
    shown = Table(title="Events a second", box=SIMPLE)
    for name in ("followers", "stored", "streamed to all of them"):
        shown.add_column(name, justify="right")
    for stream in contest.streams:
        shown.add_row(str(stream.followers), f"{stream.stored:,.0f}", f"{stream.streamed:,.0f}")
    return shown


def document(machine: Mapping[str, Any], contest: Contest, wanted: Sequence[Figure]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "bench": "scale",
        "machine": machine,
        "rounds": contest.options.rounds,
        "fleets": [asdict(one) for one in contest.fleets],
        "looks": [asdict(one) for one in contest.looks],
        "batches": [asdict(one) for one in contest.batches],
        "loads": [asdict(one) for one in contest.loads],
        "overheads": [asdict(one) for one in contest.overheads],
        "bursts": [asdict(one) for one in contest.bursts],
        "streams": [asdict(one) for one in contest.streams],
        "figures": [one.record() for one in wanted],
    }
