"""From samples to medians, ratios and verdicts: pure functions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Sample:
    """What one command took: seconds of wall time, HTTP requests that NetBox received, how many of those wrote."""

    seconds: float
    requests: int
    writes: int


@dataclass(frozen=True)
class Measured:
    """The median of `rounds` samples. `extrapolated` from how many objects, or 0 when it was measured as it stands."""

    seconds: float
    requests: int
    writes: int
    rounds: int
    extrapolated: int = 0


def measured(samples: Sequence[Sample]) -> Measured:
    """The medians of the samples, of which there must be at least one."""
    return Measured(
        seconds=median(sample.seconds for sample in samples),
        requests=round(median(sample.requests for sample in samples)),
        writes=round(median(sample.writes for sample in samples)),
        rounds=len(samples),
    )


def extrapolated(known: Measured, of: int, to: int) -> Measured:
    """What `to` objects would take when each takes what it took among `of`."""
    factor = to / of
    return Measured(
        seconds=known.seconds * factor,
        requests=round(known.requests * factor),
        writes=round(known.writes * factor),
        rounds=known.rounds,
        extrapolated=of,
    )


def another_round(done: int, seconds: float, rounds: int, budget_s: float) -> bool:
    """Whether a measurement of which `done` rounds took `seconds` together is repeated: always once, and up to
    `rounds` while the next one is expected to end within the budget.
    """
    return done == 0 or (done < rounds and seconds + seconds / done <= budget_s)


@dataclass(frozen=True)
class Figure:
    """A figure that is to be reached: `value` at most (or, with `at_least`, at least) `bound`."""

    name: str
    value: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def verdict(self) -> str:
        """In one word."""
        return "met" if self.met else "missed"

    def record(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "met": self.met}


def ratio(other: float, ours: float) -> float:
    """How many times ours the other is. Nothing against nothing is 1."""
    if ours == 0:
        return 1.0 if other == 0 else float("inf")
    return other / ours
