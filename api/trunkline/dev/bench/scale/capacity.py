"""The page that says what the measured figures mean for a network of 10,000 nodes and 100,000 circuits."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trunkline.dev.bench.scale import model
from trunkline.dev.bench.scale.svg import plot
from trunkline.dev.state import PROJECT

_OF_RUN = PROJECT / ".trunkline/bench/run.json"
_PAGE, _PICTURE = "capacity.md", Path("images/capacity.svg")
_SHOWN = ("one_more", "fabric", "inventory", "validate")
_TEXT = """# Capacity

<!-- Written by `make bench BENCH=scale ARGS=--docs`: change api/trunkline/dev/bench/scale/capacity.py instead. -->

What {nodes:,} nodes and {circuits:,} circuits need, computed from what was measured with up to {measured_nodes:,} nodes
and {measured_circuits:,} circuits ({date}, commit {commit}, {cores} cores of {processor}, load {load} at its end).
From the points that were measured to the numbers below leads a straight line: measure again with larger `--sizes`
before you rely on it.

![Seconds that grow with NetBox]({picture})

| {nodes:,} nodes, {circuits:,} circuits | needs | computed from |
|---|---|---|
{rows}

**The first wall**: {wall}, at {wall_objects:,.0f} nodes and circuits ({patience} s is as long as somebody may wait for
one answer).

| measured: seconds · requests | {heads} |
|---|{dashes}
{table}

- **one circuit more**: one `ansible-playbook` that makes one circuit in NetBox, start of Ansible included.
- **compare all with NetBox**: all nodes and all circuits in check mode, in two tasks.
- **network.yml**: all of {routers} real routers and {links} circuits in one file, NetBox and the proof of each circuit
  included: {made} s from nothing, {again} s when nothing is to be done, {changed} s with another metric on one circuit.
- **a run of its own**: of a workflow that does next to nothing, so what counts is queue, worker, launch and records.
  What NetBox and routers take comes on top, and is waiting: it takes no core of the worker.
- Batches share one launch, one look at NetBox and bulk requests; see [benchmarks](benchmarks.md) for the other figures.
"""


def write(document: Mapping[str, Any], folder: Path) -> Path:
    """Write the page and its picture into the folder; the page's path."""
    pushes = json.loads(_OF_RUN.read_text()) if _OF_RUN.exists() else None
    grown = model.lines(document)
    objects = model.NODES + model.CIRCUITS
    looks, machine = document["looks"], document["machine"]
    wall, at = model.first_wall(document)
    table = [f"| {grown[key].name} | " + " | ".join(_cell(look[key]) for look in looks) + " |" for key in _SHOWN]
    text = _TEXT.format(
        nodes=model.NODES, circuits=model.CIRCUITS, patience=model.PATIENCE_S, picture=_PICTURE,
        measured_nodes=looks[-1]["nodes"], measured_circuits=looks[-1]["circuits"],
        date=machine["date"][:10], commit=machine["commit"], cores=machine["cores"], processor=machine["processor"],
        load=machine["load"][1],
        rows="\n".join(f"| {need.what} | {need.value} | {need.how} |" for need in model.needs(document, pushes)),
        wall=wall, wall_objects=at,
        **_fleet(document["fleets"][-1]),
        heads=" | ".join(f"{look['nodes']:,} nodes, {look['circuits']:,} circuits" for look in looks),
        dashes="---|" * len(looks), table="\n".join(table),
    )  # fmt: skip
    (folder / _PICTURE).parent.mkdir(parents=True, exist_ok=True)
    shown = [grown[key] for key in _SHOWN]
    (folder / _PICTURE).write_text(plot(shown, 2 * objects, objects, "10,000 nodes, 100,000 circuits"))
    (folder / _PAGE).write_text(text)
    return folder / _PAGE


def _fleet(fleet: Mapping[str, Any]) -> dict[str, str]:
    seconds = {name: f"{fleet[name]['seconds']:.0f}" for name in ("made", "again", "changed")}
    return {"routers": str(fleet["routers"]), "links": str(fleet["circuits"]), **seconds}


def _cell(measured: Mapping[str, Any]) -> str:
    return f"{measured['seconds']:.1f} s · {measured['requests']}"
