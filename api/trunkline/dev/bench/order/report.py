"""The results as a table, as verdicts on the figures of the project, and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from trunkline.dev.bench.figures import Figure, ratio
from trunkline.dev.bench.order.contest import Contest
from trunkline.dev.bench.order.doors import BARE
from trunkline.dev.bench.order.timeline import typical

_VERIFIED_S = 5
_FLOOR_RATIO = 1.25


def figures(contest: Contest) -> list[Figure]:
    """The figures that the project wants."""
    bare = contest.other(BARE)
    same_work_s = (bare.plan_s or 0) + bare.apply_s
    return [
        Figure("a new circuit, from POST to verified", contest.verified_s, _VERIFIED_S, " s"),
        Figure("plan and apply / by a bare ansible-playbook", contest.completed_s / same_work_s, _FLOOR_RATIO, "x"),
    ]


def table(contest: Contest) -> Table:
    """What the run did when, and for how long."""
    shown = Table(title="One circuit, from POST to the end of its run", box=SIMPLE)
    for name in ("stage", "", "began s", "took s"):
        shown.add_column(name, justify="right" if name.endswith(" s") else "left", no_wrap=True)
    spans = typical([one.spans for one in contest.lives])
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        last = following is None or following.stage != span.stage
        shown.add_row(span.stage, span.name, f"{span.begin_s:.2f}", f"{span.seconds:.2f}", end_section=last)
    shown.add_row("", "both routers have proved it", f"{contest.verified_s:.2f}", "")
    shown.add_row("", "completed", f"{contest.completed_s:.2f}", "")
    shown.caption = (
        f"medians of {len(contest.lives)} orders; an ansible-playbook with one task that does nothing takes "
        f"{contest.launch_s:.2f} s here"
    )
    return shown


def doors(contest: Contest) -> Table:
    """The same playbook through each door, and how many times ours it takes."""
    shown = Table(title="The same circuit through other doors", box=SIMPLE)
    for name in ("", "plan s", "apply s", "both s", "apply, times ours"):
        shown.add_column(name, justify="right" if name else "left", no_wrap=True)
    ours_s = contest.applied_s
    plan_s, both_s = contest.completed_s - ours_s, contest.completed_s
    shown.add_row("Trunkline, from POST to completed", f"{plan_s:.2f}", f"{ours_s:.2f}", f"{both_s:.2f}", "1.00x")
    for name in contest.others:
        one = contest.other(name)
        plan, both = (f"{one.plan_s:.2f}", f"{one.plan_s + one.apply_s:.2f}") if one.plan_s else ("", "")
        shown.add_row(name, plan, f"{one.apply_s:.2f}", both, f"{ratio(one.apply_s, ours_s):.2f}x")
    shown.caption = (
        "ansible-playbook, the floor: queues, records and tells nothing. LSO: from the request to its callback"
    )
    return shown


def document(machine: Mapping[str, Any], contest: Contest, wanted: Sequence[Figure]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "bench": "run",
        "machine": machine,
        "launches_s": contest.launches_s,
        "lives": [asdict(one) for one in contest.lives],
        "others": {name: [asdict(one) for one in found] for name, found in contest.others.items()},
        "figures": [one.record() for one in wanted],
    }
