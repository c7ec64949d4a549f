"""The results as a table, as verdicts on the figures of the project, and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from trunkline.dev.bench.figures import Figure
from trunkline.dev.bench.order.contest import Contest
from trunkline.dev.bench.order.timeline import typical

_VERIFIED_S = 5


def figures(contest: Contest) -> list[Figure]:
    """The figures that the project wants."""
    return [Figure("a new circuit, from POST to verified", contest.verified_s, _VERIFIED_S, " s")]


def table(contest: Contest) -> Table:
    """What the run did when, and for how long."""
    shown = Table(title="One circuit, from POST to the end of its run", box=SIMPLE)
    for name in ("stage", "", "began s", "took s"):
        shown.add_column(name, justify="right" if name.endswith(" s") else "left", no_wrap=True)
    spans = typical([one.spans for one in contest.rounds])
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        last = following is None or following.stage != span.stage
        shown.add_row(span.stage, span.name, f"{span.begin_s:.2f}", f"{span.seconds:.2f}", end_section=last)
    shown.add_row("", "both routers have proved it", f"{contest.verified_s:.2f}", "")
    shown.add_row("", "completed", f"{contest.completed_s:.2f}", "")
    shown.caption = (
        f"medians of {len(contest.rounds)} rounds; an ansible-playbook with one task that does nothing takes "
        f"{contest.launch_s:.2f} s here"
    )
    return shown


def document(machine: Mapping[str, Any], contest: Contest, wanted: Sequence[Figure]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "bench": "run",
        "machine": machine,
        "launches_s": contest.launches_s,
        "rounds": [asdict(one) for one in contest.rounds],
        "figures": [one.record() for one in wanted],
    }
