"""From a circuit's order over REST to its proof on the routers, stage by stage; and the same through other doors."""

import json
from pathlib import Path

from rich.console import Console

from trunkline.dev.bench import machine
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.order import report
from trunkline.dev.bench.order.contest import Contest
from trunkline.dev.bench.verdicts import verdicts
from trunkline.dev.state import PROJECT

RESULTS = Path(".trunkline/bench/run.json")
_WIDTH = 120


def run(options: Options, console: Console) -> None:
    """Measure, print the table and the figures, and write them to RESULTS. Raises DevError."""
    contest = Contest(options, console)
    contest.run()
    figures = report.figures(contest)
    wide = Console(width=max(console.width, _WIDTH))
    for table in (report.table(contest), report.doors(contest), verdicts(figures)):
        wide.print(table)
    path = PROJECT / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.document(machine.describe(), contest, figures), indent=2) + "\n")
    console.print(f"All of it, round by round: {path}")
