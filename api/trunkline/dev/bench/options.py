"""What one may choose about a benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How thorough a benchmark is.

    `rounds`: how often each measurement is repeated; the median counts. `sizes`: how many objects in one command,
    subscriptions in the database, or nodes; None: those that the comparison is made for.
    `whole`: also measure what takes many minutes, and is else extrapolated and marked as such.
    `docs`: write the pages in docs that are computed from what was measured.
    """

    rounds: int = 3
    sizes: tuple[int, ...] | None = None
    whole: bool = False
    docs: bool = False
