"""What grows with the network and with the load: NetBox with many objects, the queue, events, memory."""

import json
from pathlib import Path

from rich.console import Console

from trunkline.dev.bench import machine
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.scale import capacity, report
from trunkline.dev.bench.scale.contest import Contest
from trunkline.dev.bench.verdicts import verdicts
from trunkline.dev.state import PROJECT

RESULTS = Path(".trunkline/bench/scale.json")
_WIDTH = 120


def run(options: Options, console: Console) -> None:
    """Measure, print the tables and the figures, and write them to RESULTS; and what they mean for larger networks.

    Raises DevError.
    """
    contest = Contest(options, console)
    contest.run()
    figures = report.figures(contest)
    wide = Console(width=max(console.width, _WIDTH))
    for table in (*report.tables(contest), verdicts(figures)):
        wide.print(table)
    path = PROJECT / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.document(machine.describe(), contest, figures), indent=2) + "\n")
    console.print(f"All of it: {path}")
    page = capacity.write(json.loads(path.read_text()), PROJECT / "docs" if options.docs else path.parent)
    console.print(f"What it means for 10,000 nodes: {page}")
