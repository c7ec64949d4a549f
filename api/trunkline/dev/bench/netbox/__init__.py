"""Nodes and circuits in NetBox: trunkline.network / netbox.netbox / a pynetbox script, on one NetBox, in turn."""

import json
from pathlib import Path

from rich.console import Console

from trunkline.dev.bench import machine
from trunkline.dev.bench.netbox import report
from trunkline.dev.bench.netbox.contest import Contest
from trunkline.dev.bench.netbox.orders import SCENARIO
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.verdicts import verdicts
from trunkline.dev.bench.world import embedded_netbox
from trunkline.dev.stack import bootstrap_netbox
from trunkline.dev.state import PROJECT

RESULTS = Path(".trunkline/bench/netbox.json")
_WIDTH = 120


def run(options: Options, console: Console) -> None:
    """Measure, print the table and the figures, and write them to RESULTS. Raises DevError."""
    with embedded_netbox(console) as world:
        scenario = world.folder / "scenario.json"
        scenario.write_text(json.dumps(SCENARIO))
        bootstrap_netbox(scenario, world.env)
        contest = Contest(world, options, console)
        contest.run()
    results = contest.results()
    figures = report.figures(results, contest.launch())
    # A table that is wider than the terminal is still better than one with its words cut.
    wide = Console(width=max(console.width, _WIDTH))
    wide.print(report.table(results))
    wide.print(verdicts(figures))
    path = PROJECT / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.document(machine.describe(), contest, results, figures), indent=2) + "\n")
    console.print(f"All of it, sample by sample: {path}")
