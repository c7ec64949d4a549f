"""What one may choose about a benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How thorough a benchmark is.

    `rounds`: how often each measurement is repeated; the median counts. `sizes`: how many objects in one command.
    `whole`: also measure what takes many minutes, and is else extrapolated and marked as such.
    """

    rounds: int = 3
    sizes: tuple[int, ...] = (1, 10, 100)
    whole: bool = False
