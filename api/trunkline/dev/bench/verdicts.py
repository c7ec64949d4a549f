"""What is printed of each comparison alike."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table

from trunkline.dev.bench.figures import Figure


def verdicts(wanted: Sequence[Figure]) -> Table:
    """Each figure with its bound and whether it is met."""
    shown = Table(title="Figures", box=SIMPLE)
    for name in ("figure", "measured", "wanted", ""):
        shown.add_column(name, justify="left" if name in ("figure", "") else "right", no_wrap=True)
    for one in wanted:
        bound = f"{'>=' if one.at_least else '<='} {one.bound:g}{one.unit}"
        style = "green" if one.met else "red"
        shown.add_row(one.name, f"{one.value:.3g}{one.unit}", bound, f"[{style}]{one.verdict}[/]")
    return shown
